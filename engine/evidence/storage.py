"""Where what sealed runs stored stands now: in files of their own, together with others', or no longer.

A seal names the files that a run wrote. Later entries say what became of them: ``compact`` put the rows of several
runs into common files, ``tombstone`` removed them. Nothing but an entry of the chain can, so that a file that is
missing without one stays a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Compact, FileFact, Link, Removed, Seal, Tombstone
from engine.evidence.layout import Layout
from engine.evidence.tables import Table


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the rows of a run stand: the name in the store of the file of each table, and what that file holds.

    ``number`` is that of the run in files of several runs; None where they are its own.
    """

    names: Mapping[Table, str]
    facts: Mapping[str, FileFact]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A run whose files were removed on purpose: by which entry, when (RFC 3339 UTC), and by which rule."""

    sequence: int
    at: str
    rule: str
    run: Removed

    def __str__(self) -> str:
        return f"not retained: removed at {self.at} by entry {self.sequence} ({self.rule})"


def removals(reading: Reading) -> dict[Link, Removal]:
    """The runs that are kept no longer, by their seals."""
    return {
        run.seal: Removal(placed.entry.sequence, placed.entry.recorded_at, body.rule, run)
        for placed, body in reading.of_kind("tombstone")
        for run in body.runs
    }


class Storage:
    """What became of what the runs of a chain stored.

    ``removed`` are the runs that are kept no longer, by their seals; ``kept`` is the file of those of their bodies that
    other runs need, with what it holds.
    """

    def __init__(self, layout: Layout, reading: Reading) -> None:
        self._layout = layout
        self._seals = [placed for placed, _ in reading.of_kind("seal")]
        self._merged: dict[Link, tuple[int, Compact]] = {}
        self.removed = removals(reading)
        self.kept: tuple[str, FileFact] | None = None
        self._named: set[str] = set()
        for placed in reading.placed:
            body = placed.entry.body
            if isinstance(body, Seal):
                self._named |= body.files.keys()
            elif isinstance(body, Compact):
                self.merge(body)
            elif isinstance(body, Tombstone):
                self.kept = (self._name(body.bodies), body.bodies) if body.bodies else None
                self._named |= {self.kept[0]} if self.kept is not None else set()

    def merge(self, body: Compact) -> None:
        """Take the runs of an entry from the files that it names."""
        self._merged |= {link: (number, body) for number, link in enumerate(body.runs)}
        self._named |= {self._name(fact) for fact in (body.findings, body.ledger, body.bodies) if fact is not None}

    def _name(self, fact: FileFact) -> str:
        return self._layout.relative(self._layout.merged(fact.digest))

    def of(self, placed: Placed) -> Stored:
        """Where a run's rows stand, which must not be one that was removed."""
        seal: Seal = placed.entry.body
        if placed.link in self._merged:
            number, body = self._merged[placed.link]
            tables: dict[Table, FileFact | None] = {
                "findings": body.findings,
                "ledger": body.ledger,
                "bodies": body.bodies,
            }
            names = {table: self._name(fact) for table, fact in tables.items() if fact is not None}
            return Stored(names, {names[table]: fact for table, fact in tables.items() if fact is not None}, number)
        run, layout = seal.asked.run, self._layout
        own: dict[Table, str] = {
            "findings": layout.relative(layout.findings(run)),
            "ledger": layout.relative(layout.ledger(run)),
        }
        bodies = layout.relative(layout.bodies(run))
        if bodies in seal.files:
            own["bodies"] = bodies
        return Stored(own, seal.files)

    def is_merged(self, placed: Placed) -> bool:
        """Whether a run's rows stand in files of several runs."""
        return placed.link in self._merged

    def beside(self, placed: Placed) -> tuple[Link, ...]:
        """The runs whose rows stand in one file with those of a run, itself among them."""
        return self._merged[placed.link][1].runs if placed.link in self._merged else (placed.link,)

    def retained(self) -> Iterator[Placed]:
        """The seals of the runs that are kept, in the order of the chain."""
        return (placed for placed in self._seals if placed.link not in self.removed)

    def packs(self) -> dict[str, FileFact]:
        """The files with bodies that are kept, by name."""
        found = {}
        for placed in self.retained():
            stored = self.of(placed)
            name = stored.names.get("bodies")
            if name is not None:
                found[name] = stored.facts[name]
        return found | ({self.kept[0]: self.kept[1]} if self.kept is not None else {})

    def names(self) -> set[str]:
        """The names of all files in which runs stand."""
        return {name for placed in self.retained() for name in self.of(placed).facts} | self.packs().keys()

    def left(self) -> set[str]:
        """The names of files that were replaced or removed: where one still stands, it is no evidence any more."""
        return self._named - self.names()
