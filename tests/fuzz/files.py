"""YAML: the data files of checks and of the policy folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from engine.authoring.examples import mismatches
from engine.content import files
from engine.content.checks import compile_checks, ids, load_check, load_checks
from engine.content.policy import load_policy
from engine.content.resources import load_types
from engine.content.root import Root, find
from engine.errors import ContentError, Problem
from tests.fuzz.fuzzing import Target, Wrong

KINDS: Final = ("check", "organization", "control", "waiver", "document", "table", "remediation", "criteria", "record")
"""What the first line of an input says it is: ``# control access.yaml``, with the file
that it stands for, if there is one. Without such a line it is a check."""
_PLACES: Final = {
    **{"check": "checks/aws/s3/mutated.yaml", "organization": "policies/organization.yaml"},
    **{"control": "policies/controls/mutated.yaml", "waiver": "policies/waivers/mutated.yaml"},
    **{"document": "policies/documents/mutated.md", "table": "policies/tables/mutated.yaml"},
    **{"remediation": "policies/remediation.yaml", "criteria": "policies/criteria.yaml"},
    "record": "policies/records/mutated/record.yaml",
}


def loaded(data: bytes) -> str:
    """A data file is read, or every problem with it has a place in it."""
    kind, path = _place(data)
    problems: list[Problem] = []
    document = files.parse(Path("mutated.yaml"), data, problems)
    _placed(problems, data)
    if (document is None) == (not problems):
        raise Wrong("a document without problems, or the reverse")
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.read_bytes() if path.exists() else None
    path.write_bytes(data)
    try:
        problems = list(_check(path) if kind == "check" else _policy())
    finally:
        path.unlink() if kept is None else path.write_bytes(kept)
    _placed([problem for problem in problems if problem.path == path], data)
    return "refused" if problems else "read"


def _place(data: bytes) -> tuple[str, Path]:
    """What an input is, and where it is put: over the file of its name, else beside the others."""
    words = data.partition(b"\n")[0].removeprefix(b"# ").decode("ascii", "replace").split(" ")
    kind = words[0] if words[0] in KINDS else "check"
    path = _folder() / _PLACES[kind]
    names = [word for word in words[1:2] if re.fullmatch(r"[a-z0-9_]{1,60}\.yaml", word)]
    named = [path.parent / name for name in names if (path.parent / name).is_file()]
    return kind, named[0] if named else path


def _placed(problems: Sequence[Problem], data: bytes) -> None:
    lines = len(data.replace(b"\r", b"\n").split(b"\n")) + data.count("\u2028".encode()) + data.count("\u0085".encode())
    for problem in problems:
        if not (1 <= problem.line <= lines and problem.column >= 1 and problem.message):
            raise Wrong("a problem has no place in its file")
        if not str(problem).replace("\n", "").isprintable():
            raise Wrong("a problem prints what a terminal obeys")


def _check(path: Path) -> Sequence[Problem]:
    problems: list[Problem] = []
    check = load_check(path, _root(), problems)
    quick: list[Problem] = []
    if (load_check(path, _root(), quick, examples=False) is None) and check is not None:
        raise Wrong("a check is good, and not without its examples")
    if check is None or problems:
        return problems or [Problem(path, 1, 1, "", "none")]
    try:
        (compiled,) = compile_checks([check], _types())
    except ContentError as error:
        return error.problems
    return mismatches(compiled, _types())


def _policy() -> Sequence[Problem]:
    problems: list[Problem] = []
    load_policy(_root(), _checks(), _ids(), problems, lambda path: None)
    return problems


@cache
def _folder() -> Path:
    """Data folders that a file can be written into; removed when the process ends."""
    import atexit

    folder = Path(tempfile.mkdtemp(prefix=f"auditreel-fuzz-{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(find().policies, folder / "policies")
    (folder / "checks").mkdir()
    return folder


@cache
def _root() -> Root:
    root, folder = find(), _folder()
    policies = folder / "policies"
    return replace(
        root,
        checks=folder / "checks",
        policies=policies,
        criteria=policies / "criteria.yaml",
        controls=policies / "controls",
    )


@cache
def _types() -> Any:
    return load_types(find().schemas)


@cache
def _checks() -> Any:
    return load_checks(find(), [], examples=False)


@cache
def _ids() -> Any:
    return ids(find())


@cache
def _corpus() -> tuple[bytes, ...]:
    """The checks, controls, criteria, organisation, documents and the demonstration's policy of the checkout."""
    root = find()
    demo = root.checks.parent / "providers" / "_demo" / "policy"
    found = [path.read_bytes() for path in sorted(root.checks.rglob("*.yaml"))]
    for base in (root.policies, demo):
        for path in sorted(base.rglob("*")):
            kind = _kind(path.relative_to(base))
            if kind is not None and path.is_file():
                found += [f"# {kind} {path.name}\n".encode() + path.read_bytes()] * (20 if kind != "control" else 2)
    return (*found, *(_as_json(data) for data in found))


def _as_json(data: bytes) -> bytes:
    """The same document as JSON, which is YAML too, and whose values can be changed one by one."""
    head = data[: data.find(b"\n") + 1] if data.startswith(b"# ") else b""
    return head + json.dumps(yaml.safe_load(data), default=str).encode()


def _kind(path: Path) -> str | None:
    names = {"organization.yaml": "organization", "criteria.yaml": "criteria", "remediation.yaml": "remediation"}
    folders = {"controls": "control", "waivers": "waiver", "tables": "table", "records": "record"}
    return names.get(path.name) or (folders.get(path.parts[0]) if path.suffix == ".yaml" else None)


_SCALARS: Final = st.sampled_from(
    [
        *(
            "a",
            "null",
            "~",
            "yes",
            "0x1",
            "1_000",
            "1e3",
            ".5",
            "-0",
            "00",
            "9007199254740993",
            ".inf",
            "''",
            '"\\x00"',
        ),
        *(
            "&a b",
            "*a",
            "!!str x",
            "!x",
            "|\n  text\n",
            ">-\n  text\n",
            '"\\ud800"',
            "[a, b]",
            "{a: b}",
            "{a: {b: [c]}}",
        ),
        *("2026-01-01", "? x", "- a", "#", "'it''s'", "a: b", "[", "}", "\t", "é", "\u2028", "${resource.name}", "<<"),
    ]
)
_KEYS: Final = st.sampled_from(
    [
        "version",
        "title",
        "criteria",
        "parameters",
        "when",
        "expression",
        "related",
        "examples",
        "a",
        "'b'",
        "? c",
        "<<",
        "1",
    ]
)
_BLOCKS: Final = st.recursive(
    st.builds("{}: {}\n".format, _KEYS, _SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds(lambda key, block: f"{key}:\n" + _indented(block, "  "), _KEYS, inner),
        st.builds(lambda key, block: f"{key}:\n- " + _indented(block, "  ").lstrip(" "), _KEYS, inner),
    ),
    max_leaves=8,
)


def _indented(text: str, by: str) -> str:
    return "".join(by + line for line in text.splitlines(keepends=True))


TARGETS: Final = (
    Target(
        "yaml",
        _corpus,
        loaded,
        st.builds(lambda kind, text: (f"# {kind}\n" + text).encode(), st.sampled_from(KINDS), _BLOCKS),
        (b"aws.s3.*", b"CC6.1", b"resource.", b"\n  - ", b"\nwhen: ", b"{type: list<string>, default: []}"),
    ),
)
