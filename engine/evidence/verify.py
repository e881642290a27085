"""Verifies a store or a run of it: reads everything in it, and names what is flipped, missing, added, swapped, cut off.

What could not be verified is a problem, never a success. What a killed run left behind is no evidence and no problem:
it is noted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.evidence import anchors, canonical, chain, people, personal, regular, statements, tables
from engine.evidence.anchors import NOT_ANCHORED, Anchor, Anchoring
from engine.evidence.chain import Reading
from engine.evidence.entries import Abandon, Intent, Link, Seal
from engine.evidence.faults import Fault
from engine.evidence.layout import FOLDERS, INDEX, MERGED, Layout, file_fact
from engine.evidence.runs import Reader
from engine.evidence.storage import removals
from engine.evidence.trust import Trust

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEMONSTRATION: Final = "demonstration, not evidence"

State = Literal["sealed", "removed", "abandoned", "unsealed"]
_RUN_FILE: Final = re.compile(r"(?:runs|bodies)/([^/.]+)(?:/(?:findings|ledger)\.parquet|\.parquet)?")
_MERGED: Final = re.compile(rf"{MERGED}/([0-9a-f]{{64}})\.parquet")
_ADDRESSED: Final = re.compile(r"content/([0-9a-f]{64})|private/([0-9a-f]{64})\.json")


@dataclass(frozen=True, slots=True)
class RunState:
    """A run in the chain: when it started, and what became of it. ``records`` is 0 unless it was sealed.

    "removed" is one that was sealed and whose files a tombstone removed: nothing of it can be verified but its seal.
    ``witness`` is the nonce of an auditor who watched it.
    """

    run: str
    kind: str
    state: State
    started_at: str
    records: int = 0
    root: str | None = None
    witness: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What verifying a store, a run or a bundle gave. Nothing is wrong with it where ``problems`` is empty.

    ``anchored`` says by whom it is anchored in time. ``tail`` says that nothing shows where the chain ends, or that a
    run is not anchored though an authority is pinned; None where neither is so. ``lenient`` accepts that.
    """

    problems: tuple[Fault, ...]
    notes: tuple[str, ...]
    head: Link | None
    runs: tuple[RunState, ...]
    demonstration: bool = False
    anchored: str = NOT_ANCHORED
    tail: str | None = None
    lenient: bool = False

    @property
    def verified(self) -> bool:
        """Whether this is evidence, and all of it verified."""
        return not self.problems and not self.demonstration and (self.tail is None or self.lenient)

    @property
    def exit_code(self) -> int:
        """0 where it verified, else 5."""
        return 0 if self.verified else 5

    def lines(self) -> tuple[str, ...]:
        """For a reader: how it is anchored first, then what is wrong, then what is noted, then the outcome."""
        sealed = [run for run in self.runs if run.state == "sealed"]
        intact = "verified" if self.verified else DEMONSTRATION if self.demonstration else "DOES NOT VERIFY"
        outcome = f"{_counted(len(self.problems), 'problem')}: DOES NOT VERIFY" if self.problems else intact
        cut = [] if self.tail is None else [f"{'note' if self.lenient else 'problem'}: {self.tail}"]
        head = f"entry {self.head.sequence}, {self.head.digest}" if self.head else "none"
        removed = sum(run.state == "removed" for run in self.runs)
        gone = f", {_counted(removed, 'run')} not retained" if removed else ""
        return (
            self.anchored,
            *([DEMONSTRATION] if self.demonstration else []),
            *(f"problem: {fault}" for fault in self.problems),
            *cut,
            *(f"note: {note}" for note in self.notes),
            f"{_counted(len(sealed), 'sealed run')}, {_counted(sum(run.records for run in sealed), 'record')}{gone}, "
            f"head {head}: {outcome}",
        )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def verify(store: Path, trust: Trust, run: str | None = None, allow_unanchored: bool = False) -> Report:
    """Verify a store against a trust file that lies outside of it: everything in it, or one run and the whole chain.

    ``allow_unanchored`` accepts that nothing shows where the chain ends, and time stamps of authorities that the trust
    file does not pin.
    """
    layout = Layout(store)
    if not layout.chain.is_dir():
        return Report((Fault(str(store), "is no evidence store: could not verify"),), (), None, ())
    try:
        present = dict(layout.files())
    except OSError as error:
        return Report((Fault(str(store), f"could not be read: {error}"),), (), None, ())
    with tables.connection() as database:
        verification = _Verification(layout, trust, database, present, allow_unanchored)
        return verification.report() if run is None else verification.report_of(run)


def with_strangers(report: Report, names: Sequence[str]) -> Report:
    """A report that also names objects of a bucket that no store has, and that are in no copy of it.

    What is derived, or was left by an unfinished write of a folder that was copied into the bucket, is noted.
    """
    derived = [name for name in names if name.startswith((f"{INDEX}/", "tmp/"))]
    faults = [Fault(name, "does not belong to the store: nothing in the chain names it") for name in names]
    notes = [f"{name} is no evidence, and nothing reads it: delete it" for name in derived]
    problems = {*report.problems, *(fault for fault in faults if fault.place not in derived)}
    return replace(report, problems=tuple(sorted(problems)), notes=(*report.notes, *notes))


class _Verification:
    """One pass over a store."""

    def __init__(
        self,
        layout: Layout,
        trust: Trust,
        database: DuckDBPyConnection,
        present: dict[str, os.DirEntry[str]],
        lenient: bool,
    ) -> None:
        self._layout, self._trust, self._present, self._lenient = layout, trust, present, lenient
        self._reading = chain.read(layout, trust)
        self._reader = Reader(layout, database, self._reading)
        self._anchoring = anchors.anchoring(self._reading, trust)
        self._states = run_states(self._reading)
        self._commitments: set[str] = set()
        self._notes: list[str] = []

    def report(self) -> Report:
        for placed, _ in self._reading.of_kind("seal"):
            run = self._reader.read(placed)
            if run is not None:
                self._commitments |= run.commitments()
        for _, intent in self._reading.of_kind("intent"):
            # A run that died may have died before it had stored all of its content.
            self._reader.content(intent.content, complete=self._states[intent.run].state in ("sealed", "removed"))
        self._commitments |= set(_commitments_of(self._reader.bodies)) | set(people.named(self._reading.placed))
        for _, population in self._reading.of_kind("population"):
            self._reader.population(population)
        for placed, close in self._reading.of_kind("close"):
            self._reader.open_failures(close)
            gone = sum(link in self._reader.storage.removed for link in close.seals)
            if gone:
                self._notes.append(
                    f"the period {close.period.starts} to {close.period.ends}, closed by entry "
                    f"{placed.entry.sequence}, lacks {gone} of its {len(close.seals)} runs, which are not retained: "
                    "failures that were open at its end are compared as far as the others show them"
                )
        for _, tombstone in self._reading.of_kind("tombstone"):
            self._reader.summaries(tombstone)
        faults = [*self._chain(), *self._private(), *self._strays()]
        self._note_runs()
        self._note_anchors()
        return self._made(faults, tuple(self._states.values()), self._anchoring.last, None)

    def report_of(self, run: str) -> Report:
        """One run, the bodies that it relies on, and the chain that it stands in."""
        sealed = [placed for placed, _ in self._reading.of_kind("seal")]
        wanted = next((placed for placed in sealed if placed.entry.body.asked.run == run), None)
        faults = [*self._chain()]
        if wanted is None:
            faults.append(Fault(str(self._layout.root), f"could not verify: it holds no sealed run {run}"))
            return self._made(faults, (), None, None)
        removal = self._reader.storage.removed.get(wanted.link)
        if removal is not None:
            faults.append(Fault(f"runs/{run}", f"could not verify: {removal}"))
        for earlier in sealed[: sealed.index(wanted)]:
            self._reader.read_bodies(earlier)
        self._reader.read(wanted)
        anchor = self._anchoring.of(wanted.entry.sequence)
        if anchor is not None:
            self._notes.append(f"entry {anchor.stamped} was time stamped {anchor.lag} after it was recorded")
        return self._made(faults, (self._states[run],), anchor, anchors.wanting(wanted, anchor, self._trust))

    def _made(
        self, faults: list[Fault], runs: tuple[RunState, ...], anchor: Anchor | None, wanting: str | None
    ) -> Report:
        last = self._reading.placed[-1:]
        kinds = {intent.kind for _, intent in self._reading.of_kind("intent")}
        self._notes += [f"run {run.run} was watched: nonce {run.witness}" for run in runs if run.witness is not None]
        return Report(
            problems=tuple(sorted({*faults, *self._reader.faults})),
            notes=tuple(self._notes),
            head=last[0].link if last else None,
            runs=runs,
            demonstration=self._trust.purpose == "demonstration" or "demo" in kinds,
            anchored=anchors.line(anchor),
            tail=wanting or (None if self._trust.head else open_tail(self._reading, self._anchoring)),
            lenient=self._lenient,
        )

    def _chain(self) -> Iterator[Fault]:
        yield from self._reading.faults
        yield from linked(self._reading)
        yield from unvouched(self._anchoring, self._lenient, self._notes)

    def _note_anchors(self) -> None:
        last = self._anchoring.last
        waiting = anchors.pending(self._reading)
        if last is None:
            return
        slowest = max(self._anchoring.anchors, key=lambda anchor: anchor.lag)
        self._notes.append(
            f"{len(self._anchoring.anchors)} time stamps, the last over entry {last.stamped}; "
            f"the longest lag is {slowest.lag}, of entry {slowest.stamped}"
        )
        if waiting is not None and waiting.sequence > last.stamped:
            self._notes.append(f"entries {last.stamped + 1} to {waiting.sequence} are not time stamped yet")

    def _note_runs(self) -> None:
        for placed, tombstone in self._reading.of_kind("tombstone"):
            runs, entry = tombstone.runs, placed.entry
            self._notes.append(
                f"{len(runs)} runs, {sum(run.records.count for run in runs)} records, {runs[0].run} to {runs[-1].run}, "
                f"are not retained: removed at {entry.recorded_at} by entry {entry.sequence} ({tombstone.rule})"
            )
        for run in self._states.values():
            if run.state == "unsealed":
                self._notes.append(f"run {run.run} started at {run.started_at} and was never sealed")
        for placed, abandon in self._reading.of_kind("abandon"):
            self._notes.append(f"run {abandon.run} was abandoned at {placed.entry.recorded_at}: {abandon.reason}")
        if not self._states:
            self._notes.append("the store holds no run")

    def _private(self) -> Iterator[Fault]:
        """Private objects must be those of their names; one that was erased is no fault."""
        erased = 0
        for digest in sorted(self._commitments):
            path = self._layout.private(digest)
            name = self._layout.relative(path)
            self._reader.seen.add(name)
            if name not in self._present:
                erased += 1
                continue
            try:
                personal.opened(digest, regular.read(path))
            except (OSError, ValueError) as error:
                yield Fault(name, f"is not the private object of its name: {error}")
        if erased:
            self._notes.append(f"{erased} private objects were erased: what they hide verifies and cannot be replayed")

    def _strays(self) -> Iterator[Fault]:
        """Whatever is in the store and belongs to nothing."""
        chained = {self._layout.relative(self._layout.entry(found.entry.sequence)) for found in self._reading.placed}
        known = self._reader.seen | chained | {fault.place for fault in self._reading.faults}
        left = self._reader.storage.left()
        published = self._layout.relative(self._layout.tables)
        if any(name.startswith(f"{published}/") for name in self._present):
            self._notes.append(
                f"{published} is derived and no evidence; `auditreel store tables` compares it and makes it anew"
            )
        for name, entry in self._present.items():
            if entry.is_symlink() or not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                yield Fault(name, "is no regular file")
            elif name in known or (name in (*FOLDERS, MERGED) and entry.is_dir()):
                continue
            elif name in left or self._is_unnamed(name):
                self._notes.append(
                    f"{name} was merged or removed and is no evidence; `auditreel store compact` clears it"
                )
            elif name.startswith(f"{published}/"):
                continue
            elif name == INDEX or name.startswith(f"{INDEX}/"):
                self._notes.append(f"{name} is derived and no evidence; `auditreel store rebuild --compare` checks it")
            elif name.startswith("tmp/"):
                self._notes.append(f"{name} was left by an unfinished write and is no evidence")
            elif self._left_by_dead_run(name) or self._is_addressed(name):
                self._notes.append(f"{name} was left by a run or an entry that was not sealed and is no evidence")
            else:
                yield Fault(name, "does not belong to the store: nothing in the chain names it")

    def _is_unnamed(self, name: str) -> bool:
        """Whether a file is one that a merging left which did not come to its end: what its name says, and no more."""
        found = _MERGED.fullmatch(name)
        try:
            return found is not None and file_fact(self._layout.root / name).digest == found[1]
        except OSError:
            return False

    def _left_by_dead_run(self, name: str) -> bool:
        dead = {run.run for run in self._states.values() if run.state not in ("sealed", "removed")}
        found = _RUN_FILE.fullmatch(name)
        return found is not None and found[1] in dead

    def _is_addressed(self, name: str) -> bool:
        """Whether a file is content or a private object, and is what its name says: these come before their entry."""
        found = _ADDRESSED.fullmatch(name)
        if found is None:
            return False
        try:
            data = regular.read(self._layout.root / name)
            if found[2]:
                personal.opened(found[2], data)
            return found[2] is not None or canonical.digest(data) == found[1]
        except (OSError, ValueError):
            return False


def _commitments_of(bodies: Mapping[str, Any]) -> Iterator[str]:
    for body in bodies.values():
        if isinstance(body, dict):
            yield from (body[key] for key in ("identity", "private") if key in body)


def open_tail(reading: Reading, anchoring: Anchoring) -> str | None:
    """Why nothing shows where a chain ends; None where a time stamp covers its end.

    It speaks of a chain of which no head is pinned.
    """
    end = next((found.entry.sequence for found in reversed(reading.placed) if found.entry.kind != "timestamp"), 0)
    last = anchoring.last
    if last is not None and last.stamped >= end:
        return None
    since = "what came after the last entry" if last is None else f"what came after entry {last.stamped}"
    return f"tail not anchored: no head is pinned and no time stamp covers the end: {since} could have been cut off"


def unvouched(anchoring: Anchoring, lenient: bool, notes: list[str]) -> Iterator[Fault]:
    """What is wrong with time stamps. Those that nobody pinned could vouch for are noted where that is accepted."""
    yield from anchoring.faults
    if lenient:
        notes += map(str, anchoring.unverified)
    else:
        yield from anchoring.unverified


def run_states(reading: Reading) -> dict[str, RunState]:
    """What became of each run, in the order in which they began."""
    states = {
        intent.run: RunState(intent.run, intent.kind, "unsealed", intent.started_at, witness=intent.witness)
        for _, intent in reading.of_kind("intent")
    }
    for _, seal in reading.of_kind("seal"):
        asked: Intent = seal.asked
        states[asked.run] = RunState(
            asked.run, asked.kind, "sealed", asked.started_at, seal.records.count, seal.records.root, asked.witness
        )
    for _, abandon in reading.of_kind("abandon"):
        begun = states.get(abandon.run)
        if begun is not None and begun.state == "unsealed":
            states[abandon.run] = RunState(begun.run, begun.kind, "abandoned", begun.started_at)
    for removal in removals(reading).values():
        sealed = states.get(removal.run.run)
        if sealed is not None and sealed.state == "sealed":
            states[sealed.run] = replace(sealed, state="removed")
    return states


def linked(reading: Reading) -> Iterator[Fault]:
    """Faults between entries: a run begins once, and ends once at most, with the intent that it names."""
    begun: dict[Link, Intent] = {}
    ended: set[Link] = set()
    # A bundle holds a part of a chain, and the changes of keys before it.
    first = next((found.entry.sequence for found in reading.placed if found.entry.kind != "key"), 1)
    yield from statements.faults(reading)
    for placed in reading.placed:
        body, name = placed.entry.body, f"chain entry {placed.entry.sequence}"
        if isinstance(body, Intent):
            if any(body.run == other.run for other in begun.values()):
                yield Fault(name, f"run {body.run} begins a second time")
            begun[placed.link] = body
        if not isinstance(body, (Seal, Abandon)):
            continue
        run = body.asked.run if isinstance(body, Seal) else body.run
        intent = begun.get(body.intent)
        if intent is None and body.intent.sequence < first:
            continue
        if intent is None or intent.run != run:
            yield Fault(name, f"names no intent of run {run} before it")
        elif isinstance(body, Seal) and intent != body.asked:
            yield Fault(name, f"does not repeat the intent of run {run}")
        if body.intent in ended:
            yield Fault(name, f"run {run} ends a second time")
        ended.add(body.intent)
