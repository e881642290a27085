"""Loads the data folders: what every command starts with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.content.checks import document_of, ids, load_check, load_checks
from engine.content.policy import Policy, load_policy
from engine.content.provenance import Brought
from engine.content.resources import ResourceSchema, load_types
from engine.content.root import Root
from engine.content.tables import meaningless
from engine.errors import ContentError, Problem, UsageError
from engine.model import Check

_DEPTH: Final = 3
"""Names that a check's id takes from its path: provider, service, name."""


@dataclass(frozen=True, slots=True)
class Content:
    """The data folders, read and validated. Expressions are compiled by ``engine.content.checks.compile_checks``."""

    root: Root
    checks: Mapping[str, Check]
    types: Mapping[str, ResourceSchema]
    policy: Policy


def load(root: Root, examples: bool = False, clouds: Collection[str] | None = None) -> Content:
    """Everything in the data folders; with ``examples`` also those of the checks, which nothing is judged by.

    With ``clouds`` the checks of other providers are left out, which a run would not select. Raises ContentError once,
    with every problem of every file.
    """
    problems: list[Problem] = []
    types: dict[str, ResourceSchema] = {}
    try:
        types = load_types(root.schemas)
    except ContentError as error:
        problems += error.problems
    checks = load_checks(root, problems, examples, clouds)
    policy = load_policy(root, checks, ids(root), problems, Brought() if root.recorded else _unrecorded)
    if policy is not None:
        problems += _unknown_criteria(checks, policy.criteria)
        problems += meaningless(root.tables, policy.tables, types)
    if problems or policy is None:
        raise ContentError(problems)
    return Content(root, checks, types, policy)


def adopted(files: Iterable[Path], content: Content) -> tuple[Check, ...]:
    """The checks in these files, which need not lie in the data folders, held to the same rules.

    A file's last three names are its id, wherever it lies. Raises UsageError for a file that is not there, ContentError
    with every problem of every file.
    """
    problems: list[Problem] = []
    checks: list[Check] = []
    for file in files:
        path = file.absolute()
        if not path.is_file():
            raise UsageError(f"reading checks: there is no file {file}")
        if len(path.parents) <= _DEPTH:
            raise UsageError(f"reading checks: {file} does not lie in <provider>/<service>/, which its id begins with")
        check = load_check(path, replace(content.root, checks=path.parents[_DEPTH - 1]), problems)
        if check is not None:
            checks.append(check)
    problems += _unknown_criteria({check.id: check for check in checks}, content.policy.criteria)
    if problems:
        raise ContentError(problems)
    return tuple(checks)


def _unrecorded(path: Path) -> None:
    """What a repository says of files that are in none."""


def _unknown_criteria(checks: Mapping[str, Check], criteria: Collection[str]) -> Iterator[Problem]:
    for check in checks.values():
        for index, id_ in enumerate(check.criteria):
            if id_ not in criteria:
                yield document_of(check).problem(("criteria", index), f"there is no criterion {id_}")
