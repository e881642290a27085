"""What docs/security.md relies on is there: every test and every module that it names, and one for each attacker."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PATHS = sorted(set(re.findall(r"`((?:engine|providers|docs|tests)/[\w/.-]+\.\w+|[A-Z]+\.md)`", PAGE)))


def defined(path: Path) -> set[str]:
    """The tests of a file."""
    functions = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


def test_every_test_that_the_page_names_exists() -> None:
    assert len(TESTS) > 80
    missing = [
        f"{path}::{name}" for path, name in TESTS if not (ROOT / path).is_file() or name not in defined(ROOT / path)
    ]
    assert missing == []


def test_nothing_that_looks_like_a_test_is_named_otherwise() -> None:
    assert len(re.findall(r"test_\w+\.py::", PAGE)) == len(re.findall(r"`tests/[\w/]+\.py::\w+`", PAGE))


@pytest.mark.parametrize("path", PATHS)
def test_every_file_that_the_page_names_exists(path: str) -> None:
    assert (ROOT / path).is_file()


def test_every_attacker_is_answered_by_tests_and_by_what_remains() -> None:
    parts = re.split(r"^### ", PAGE.split("## Attackers")[1].split("\n## ")[0], flags=re.MULTILINE)[1:]
    assert len(parts) == 6
    for part in parts:
        assert "::test_" in part, part
        assert "*Remains:*" in part, part


def test_the_policy_says_how_to_report_and_names_no_address() -> None:
    policy = (ROOT / "SECURITY.md").read_text()
    for said in ("Report a vulnerability", "Supported versions", "Read-only permissions"):
        assert said in policy
    assert "@" not in policy
