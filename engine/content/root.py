"""Finds the data folders, in a checkout and in an installed package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import engine
from engine.errors import UsageError

_ENGINE: Final = Path(engine.__file__).resolve().parent
PACKAGED: Final = "_data"
"""The folder of an installed package that holds the data folders."""
# Other packages may put a folder called "checks" beside ours; none has this file.
_SIGN: Final = Path("schemas", "check.schema.json")


@dataclass(frozen=True, slots=True)
class Root:
    """The three data folders, and where the criteria and the controls are.

    ``criteria`` is the policy folder's own list, else the one that comes along. ``recorded`` is False for a
    demonstration, whose files no commit of an organisation brought.
    """

    checks: Path
    policies: Path
    schemas: Path
    criteria: Path
    controls: Path
    recorded: bool = True

    @property
    def own_checks(self) -> Path:
        """The folder of the organisation's own checks, beside those that come along; it need not be there."""
        return self.policies / "checks"

    @property
    def tables(self) -> Path:
        """The folder of the listings that are handed in, and of what is said of each."""
        return self.policies / "tables"

    def moved(self, there: Callable[[Path], Path]) -> Root:
        """The same folders at the places that ``there`` gives: those of another commit."""
        return replace(
            self,
            checks=there(self.checks),
            policies=there(self.policies),
            schemas=there(self.schemas),
            criteria=there(self.criteria),
            controls=there(self.controls),
        )

    def schema(self, name: str) -> Path:
        """The file of the schema of a kind of document: "check", "control", ..."""
        return self.schemas / f"{name}.schema.json"


def find(policy: Path | None = None, package: Path = _ENGINE) -> Root:
    """The data folders: those beside ``package`` (a checkout), else those that the wheel carries inside it.

    ``policy`` replaces the policies folder, and nothing else. Raises UsageError where a folder is not there.
    """
    beside = package.parent
    base = beside if (beside / _SIGN).is_file() else package / PACKAGED
    if not (base / _SIGN).is_file() or not (base / "checks").is_dir():
        raise UsageError(f"reading the checks: {base} does not hold them; install auditreel again")
    policies = base / "policies" if policy is None else policy
    if not policies.is_dir():
        raise UsageError(f"reading the policy: {policies} is not a folder")
    if not (policies / "organization.yaml").is_file():
        raise UsageError(f"reading the policy: {policies} holds no organization.yaml")
    own = policies / "criteria.yaml"
    criteria = own if own.is_file() else base / "policies" / own.name
    return Root(base / "checks", policies, base / "schemas", criteria, policies / "controls")


def demonstration(package: Path = _ENGINE) -> Root:
    """The data folders with the fictional company's policy: its own waivers, and the controls that come along."""
    own = find(package=package)
    company = find(package.parent / "providers" / "_demo" / "policy", package)
    return replace(company, controls=own.controls, recorded=False)
