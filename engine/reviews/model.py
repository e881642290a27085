"""The values of an access review: rights, places that were not seen, decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Word = Literal["keep", "revoke", "elsewhere"]


EVERYBODY: Final = "*"
"""The identity of a gap that may hide anybody."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a reviewer decides on: an identity and something that it may do; or a place where nobody saw who is there.

    ``source`` is the resource type that tells it, ``identity`` the id by which the cloud knows who it is, ``name`` what
    people call them, ``access`` what they may do, in words that are the same from run to run. ``allows`` says more of
    it. ``privileged`` and ``mfa`` are None where nobody can tell; ``last_used`` is a day, "never", or "" where that is
    not known. ``unseen`` says why nobody saw it: the line is a gap then, and no right.
    """

    provider: str
    account: str
    source: str
    identity: str
    access: str
    name: str = ""
    allows: str = ""
    privileged: bool | None = None
    mfa: bool | None = None
    last_used: str = ""
    unseen: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is a gap that may hide anybody at its place."""
        return bool(self.unseen) and self.identity == EVERYBODY

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it was read: a gap at the same place could hide it."""
        return self.provider, self.account, self.source

    @property
    def key(self) -> str:
        """Its id, the same in every run."""
        parts = (*self.place, self.identity, self.access, self.name if self.unseen else "")
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Population:
    """Everything that a snapshot shows of who has what, sorted; ``machines`` counts what is no person, by kind.

    ``places`` are those that were read to their end: what is not listed there is not there, unless a gap is about the
    same identity.
    """

    lines: tuple[Line, ...]
    places: frozenset[tuple[str, str, str]]
    machines: Mapping[str, int] = field(default_factory=dict)

    @property
    def gaps(self) -> tuple[Line, ...]:
        """The lines that stand for what nobody saw."""
        return tuple(line for line in self.lines if line.unseen)

    @property
    def identities(self) -> int:
        """How many identities have a line."""
        return len({(line.provider, line.account, line.identity) for line in self.lines if not line.unseen})


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided of a line: keep it, revoke it, or (of a gap) that it was reviewed elsewhere."""

    word: Word
    by: str
    on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a later run shows of a revocation: "gone", "still_there" or "unseen", and why the last."""

    line: Line
    decision: Decision
    state: Literal["gone", "still_there", "unseen"]
    why: str = ""
