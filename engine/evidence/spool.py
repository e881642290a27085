"""What a run records, part by part, on disk until it is sealed, so that a run may be larger than memory.

A part is what was judged together: an account, or a whole stored snapshot. Of its records, ledger rows and bodies it
leaves lines in the staging folder, each file in the order in which it will be stored; in memory stay the hashes of the
records. Parts arrive in any order and are put together in the order of their records.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Final

from engine.errors import SealError
from engine.evidence import canonical, durable, ledger, merkle, record, tables
from engine.evidence.entries import Tree
from engine.evidence.ledger import NOTHING_OUT, Out
from engine.evidence.record import Bodies, Leaf
from engine.evidence.tables import Filed
from engine.model import Finding, Snapshot

MOST_OPEN: Final = 200
"""Files of parts that are read at once."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part left: the first and the last place of its records, their hashes, and its files."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    hashes: bytes
    findings: Path
    rows: Path
    filed: Path
    bodies: Path
    longest: int


class Spool:
    """The parts of one run. ``stored`` are the digests of bodies that earlier runs stored.

    ``verdicts`` and ``listings`` count what was added, ``new_bodies`` the bodies that no earlier run stored.
    """

    def __init__(self, staging: Path, parameters: Mapping[str, str], stored: frozenset[str]) -> None:
        self._staging, self._parameters = staging, parameters
        self._bodies = set(map(bytes.fromhex, stored))
        self._parts: list[_Part] = []
        self._extra: list[Path] = []
        self.new_bodies = 0
        self.verdicts: Counter[str] = Counter()
        self.listings: Counter[str] = Counter()

    def add(self, snapshot: Snapshot, findings: Iterable[Finding], bodies: Bodies, out: Out = NOTHING_OUT) -> None:
        """Take a part, and what of it is ``out`` of the boundary.

        Raises SealError for what evidence cannot hold, or where there is no room.
        """
        leaves = record.leaves(findings, self._parameters, bodies)
        try:
            rows = ledger.rows(snapshot, bodies, out)
        except canonical.NotCanonicalError as error:
            raise SealError(f"recording the ledger: {error}; it holds text, integers, booleans and null") from error
        _refuse_twice((leaf.order for leaf in leaves), "two verdicts of one check on one subject")
        _refuse_twice((row.key for row in rows if row.key), "two resources of one scope, type and id")
        found = ((bytes.fromhex(digest), digest, data) for digest, data in bodies.documents.items())
        new = {digest: data for raw, digest, data in found if raw not in self._bodies}
        self._bodies.update(map(bytes.fromhex, new))
        self.verdicts.update(leaf.finding.verdict for leaf in leaves)
        self.listings.update(row.state for row in snapshot.collections)
        self.new_bodies += len(new)
        self._keep(leaves, rows, new)

    def add_rows(self, rows: Sequence[ledger.Row]) -> None:
        """Take ledger rows of the whole run."""
        self._keep([], rows, {})

    def _keep(self, leaves: Sequence[Leaf], rows: Sequence[ledger.Row], bodies: Mapping[str, bytes]) -> None:
        empty = ("",)
        lines: dict[str, Iterable[bytes]] = {
            "findings": (leaf.data for leaf in sorted(leaves, key=tables.leaf_place)),
            "rows": sorted(row.data for row in rows),
            "ledger": (tables.ledger_line(row.data) for row in sorted(rows, key=itemgetter(0))),
            "bodies": tables.body_lines(bodies),
        }
        paths = {name: durable.staged(self._staging, name) for name in lines}
        self._extra += paths.values()
        with durable.doing(f"keeping what was found in {self._staging}"):
            longest = max(durable.write_lines(paths[name], found) for name, found in lines.items())
        self._parts.append(
            _Part(
                first=leaves[0].order if leaves else empty,
                last=leaves[-1].order if leaves else empty,
                hashes=b"".join(merkle.leaf_digest(leaf.data) for leaf in leaves),
                findings=paths["findings"],
                rows=paths["rows"],
                filed=paths["ledger"],
                bodies=paths["bodies"],
                longest=longest,
            )
        )

    def records(self) -> Tree:
        """How many records there are, and their root. Raises SealError where parts overlap: two were judged apart."""
        parts = [part for part in self._ordered() if part.hashes]
        for before, after in pairwise(parts):
            if before.last >= after.first:
                raise SealError(f"the records of {' '.join(before.first[:2])} are in two parts")
        hashes = b"".join(part.hashes for part in parts)
        return Tree(count=len(hashes) // merkle.SIZE, root=merkle.root_of(hashes))

    def ledger(self) -> Tree:
        """How many ledger rows there are, and their root; their order is that of their bytes."""
        paths = [part.rows for part in self._parts]
        while len(paths) > MOST_OPEN:
            merged = durable.staged(self._staging, "rows")
            self._extra.append(merged)
            with durable.doing(f"merging the ledger in {self._staging}"):
                durable.write_lines(merged, _merged(paths[:MOST_OPEN]))
            paths = [*paths[MOST_OPEN:], merged]
        hashes = b"".join(map(merkle.leaf_digest, _merged(paths)))
        return Tree(count=len(hashes) // merkle.SIZE, root=merkle.root_of(hashes))

    def findings(self) -> Filed:
        """The records as they are stored."""
        return self._filed([part.findings for part in self._ordered()])

    def rows(self) -> Filed:
        """The ledger rows as they are stored."""
        return self._filed([part.filed for part in self._ordered()])

    def bodies(self) -> Filed:
        """The bodies that no earlier run stored, as they are stored."""
        return self._filed([part.bodies for part in self._ordered()])

    def _filed(self, paths: list[Path]) -> Filed:
        return Filed(paths, max((part.longest for part in self._parts), default=0))

    def _ordered(self) -> list[_Part]:
        return sorted(self._parts, key=lambda part: part.first)

    def discard(self) -> None:
        """Remove every file that is left."""
        for path in self._extra:
            durable.discard(path)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def _merged(paths: Iterable[Path]) -> Iterator[bytes]:
    return heapq.merge(*map(_lines, paths))


def _refuse_twice(keys: Iterable[tuple[str, ...]], what: str) -> None:
    """Neither records nor bodies could be told apart later."""
    known = list(keys)
    if len(set(known)) < len(known):
        twice = [key for key, count in Counter(known).items() if count > 1]
        raise SealError(f"the run holds {what}: {' '.join(twice[0])}; the reader that lists it gives it twice")
