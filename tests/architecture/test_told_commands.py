"""What we tell people to run is there: in messages, templates, manifests, hooks, the action, policies and checks.

The documents are tried in ``tests/end_to_end/test_documents.py``.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli import VERBS
from tests.architecture.test_options import COMMANDS, declared
from tests.documents import ROOT, wrong

PYTHON = sorted(path for folder in ("engine", "providers") for path in (ROOT / folder).rglob("*.py"))
OTHER = sorted(
    path
    for pattern in ("*.yml", "*.yaml", ".*.yaml", "Dockerfile", "SECURITY.md", "checks/**/*.yaml", "policies/**/*.*",
                    ".github/**/*.*", "engine/**/*.html", "providers/**/*.yaml", "schemas/*.json")
    for path in ROOT.glob(pattern)
    if path.is_file()
)  # fmt: skip
QUOTED = re.compile(r"`((?:auditreel|run-checks) (?![A-Z]+`)[^`]+)`")
PLAIN = re.compile(rf"(?<![\w./@-])((?:auditreel (?:{'|'.join(VERBS)})|run-checks)(?![\w-])[^`;,|&>\n]*)")
"""A call in a sentence can only be told from one by its verb."""
OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*)")
OPTIONS = {name for command in COMMANDS.values() for row in declared(command) for name in row.opts + row.secondary_opts}
OTHERS = {
    "--key": "verify_bundle.py",
    "--allow-unanchored": "verify_bundle.py",
    "--arg": "jq",
    "--enable-continuous-cloudwatch-log": "an argument of a job of Glue",
    "--file": "gcloud",
    "--help": "every command",
    "--organization": "gcloud",
    "--role-definition": "az",
}
"""Options of other programs that our strings name."""
KNOWN = OPTIONS | OTHERS.keys()
STYLED = {"engine/report/reperform.py"}
"""Whose strings are style sheets: variables of CSS begin as options do."""


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module with their lines; what is filled in is a word. Of any other file its lines."""
    text = path.read_text("utf-8")
    if re.search(r"auditreel |run-checks |--[a-z]", text) is None:
        return
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    tree = ast.parse(text)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.lineno, node.value


def told(text: str) -> Iterator[list[str]]:
    """The calls of ours in a text."""
    for match in (*QUOTED.finditer(text), *PLAIN.finditer(re.sub(QUOTED, "", text))):
        yield [word.strip("()[]{}.:'\"") for word in match[1].split()]


def faults(path: Path) -> list[str]:
    name, rows = path.relative_to(ROOT).as_posix(), list(strings(path))
    found = [
        f"{name}:{line}: {why}: {' '.join(words)}"
        for line, text in rows
        for words in told(text)
        if (why := wrong(words)) is not None
    ]
    if path.suffix == ".py" and name not in STYLED:
        # A single word is an argument of some program, not told to anybody.
        named = [(line, word) for line, text in rows if " " in text for word in OPTION.findall(text)]
        found += [f"{name}:{line}: no command has {word}" for line, word in named if word not in KNOWN]
    return found


def test_every_command_and_option_that_we_tell_of_is_there() -> None:
    assert [fault for path in (*PYTHON, *OTHER) for fault in faults(path)] == []


def test_every_extra_that_we_tell_of_is_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    told = {
        (path.relative_to(ROOT).as_posix(), extra)
        for path in (*PYTHON, *OTHER, *ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
        for named in re.findall(r"auditreel\[([a-z,]+)\]", path.read_text("utf-8"))
        for extra in named.split(",")
    }
    assert {row for row in told if row[1] not in extras} == set()
    assert {"aws", "remote", "dask", "serve"} <= {extra for _, extra in told}
    assert {"aws", "azure", "gcp", "xlsx", "pdf", "notify", "remote", "dask", "all", "dev"} <= extras.keys()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run `auditreel verify` and restore it", [None]),
        ("run `auditreel waive add`", ["there is no auditreel waive"]),
        (
            "once allowed, auditreel store compact removes it; auditreel store thin --runs does",
            [None, "there is no auditreel store thin"],
        ),
        ("auditreel says that auditreel serve keeps it", [None]),
        ("`run-checks --demo --criterium CC6`", ["run-checks knows no --criterium"]),
        ("auditreel notify --targets FILE", ["auditreel notify knows no --targets"]),
    ],
)
def test_a_command_that_is_not_there_is_found(text: str, wanted: list[str | None]) -> None:
    assert [wrong(words) for words in told(text)] == wanted
