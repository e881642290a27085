"""What GitHub holds, as a plain data file describes it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.emulators.emulator import Granting

HERE: Final = Path(__file__).parent
NOW: Final = "2026-11-23T12:00:00Z"
ACME: Final = {"accounts": ["acme"]}
"""What a policy says for the one organization that there is."""


@dataclass(slots=True)
class Tracker:
    """The issues of a repository, as its REST API shows them, each with its ``comments``, and its labels by name.

    ``pushes``: whether the caller may set labels; who may not has them dropped without a word. ``last`` is the number
    that was given last: pull requests and issues share them, and none is given twice.
    """

    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    archived: bool = False
    has_issues: bool = True
    pushes: bool = True
    last: int = 0


@dataclass(slots=True)
class World(Granting):
    """``organization``, ``users`` and ``repositories`` as in the file.

    ``page``: items on a page at most. ``hidden`` are repositories that listings leave out without a word.
    ``selection`` is the App's. ``administers``: whether the caller may edit rulesets. ``trackers`` are repositories of
    which only the issues matter, by name.
    """

    organization: dict[str, Any]
    users: dict[str, dict[str, Any]]
    repositories: dict[str, dict[str, Any]]
    page: int = 100
    hidden: set[str] = field(default_factory=set)
    selection: str = "all"
    suspended: bool = False
    administers: bool = True
    trackers: dict[str, Tracker] = field(default_factory=dict)

    def sufficing(self, permission: str) -> frozenset[str]:
        """See :class:`Granting`; to write is to read as well."""
        return frozenset({permission, permission.replace(":read", ":write")})

    def user(self, name: str | None) -> dict[str, Any] | None:
        """A user by the name that the file gives them; None: the account is deleted."""
        return self.users[name] if name is not None else None


def world() -> World:
    """The organization that the file describes."""
    read = deepcopy(_read())
    return World(read["organization"], read["users"], read["repositories"])


@cache
def _read() -> Any:
    return yaml.safe_load((HERE / "organization.yaml").read_text())
