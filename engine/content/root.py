"""Finds the data folders, in a checkout and in an installed package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import engine
from engine.errors import UsageError

_ENGINE: Final = Path(engine.__file__).resolve().parent
# Other packages may put a folder called "checks" beside ours; none has this file.
_SIGN: Final = Path("schemas", "check.schema.json")


@dataclass(frozen=True, slots=True)
class Root:
    """The three data folders, and the list of criteria (the policy folder's own, else the one that comes along)."""

    checks: Path
    policies: Path
    schemas: Path
    criteria: Path

    def schema(self, name: str) -> Path:
        """The file of the schema of a kind of document: "check", "control", ..."""
        return self.schemas / f"{name}.schema.json"


def find(policy: Path | None = None, package: Path = _ENGINE) -> Root:
    """The data folders: those beside ``package`` (a checkout), else those that the wheel carries inside it.

    ``policy`` replaces the policies folder, and nothing else. Raises UsageError where a folder is not there.
    """
    beside = package.parent
    base = beside if (beside / _SIGN).is_file() else package / "_data"
    if not (base / _SIGN).is_file() or not (base / "checks").is_dir():
        raise UsageError(f"reading the checks: {base} does not hold them; install auditreel again")
    policies = base / "policies" if policy is None else policy
    if not policies.is_dir():
        raise UsageError(f"reading the policy: {policies} is not a folder")
    if not (policies / "organization.yaml").is_file():
        raise UsageError(f"reading the policy: {policies} holds no organization.yaml")
    own = policies / "criteria.yaml"
    return Root(base / "checks", policies, base / "schemas", own if own.is_file() else base / "policies" / own.name)
