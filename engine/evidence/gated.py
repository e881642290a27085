"""Reads sealed gates and sealed live runs together: what was gated, what is so now, what changed without a gate.

A gate and a live run meet in a resource's id; what a plan was to make stands in its gate under its address, and meets
what was made by type and name. Every run is read with its records and bodies, and what does not verify is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

from engine.errors import VerificationError
from engine.evidence import anchors, canonical, chain, tables
from engine.evidence.layout import Layout
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.trust import Trust
from engine.gate.model import ChangeRequest, Changes, GatedVerdict, Redrawn, SealedGate, Ungated

DAYS: Final = 30
"""How long before a change was seen its gate may have been sealed."""

Place = tuple[str, str, str]
"""Type, account and id of a resource; of one that was only planned, its address for an id."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a sealed run says: its verdicts by check and resource, and its resources by place, with digest and name.

    ``boundary`` is the digest of the written boundary, ``out`` what is out of it.
    """

    id: str
    kind: str
    as_of: str
    asked: Mapping[str, Any]
    verdicts: Mapping[tuple[str, Place], str]
    resources: Mapping[Place, tuple[str, str]]
    boundary: str | None = None
    out: frozenset[Place] = frozenset()


def changes(live: tuple[Path, Trust], gates: Sequence[tuple[Path, Trust]], starts: str, ends: str) -> Changes:
    """What stands in these stores of the days from ``starts`` to ``ends`` (YYYY-MM-DD, UTC, both included).

    Raises VerificationError where a run does not verify.
    """
    frames = [run for run in _runs(*live, "", ends) if run.kind in ("scheduled", "adhoc")]
    inside = [run for run in frames if run.as_of[:10] >= starts]
    earliest = (datetime.fromisoformat(starts) - timedelta(days=DAYS)).date().isoformat()
    found = [run for store in gates for run in _runs(*store, earliest, ends) if run.kind == "gate"]
    found.sort(key=lambda run: (run.as_of, run.id))
    now = inside[-1] if inside else None
    before = [run for run in frames if run.as_of[:10] < starts][-1:]
    return Changes(
        starts=starts,
        ends=ends,
        anchored=_anchored([live, *gates], ends),
        demonstration=any(trust.purpose == "demonstration" for _, trust in (live, *gates)),
        gates=tuple(_gate(run, now) for run in found if run.as_of[:10] >= starts),
        frames=len(inside),
        latest=now.as_of if now is not None else None,
        ungated=tuple(_ungated([*before, *inside], found)),
        redrawn=tuple(_redrawn([*before, *inside])),
    )


def _anchored(told_by: Iterable[tuple[Path, Trust]], ends: str) -> str:
    """By whom the runs of these stores are anchored, the last to be; that they are not where those of one are not."""
    found = []
    for store, trust in told_by:
        reading = chain.read(Layout(store), trust)
        seals = [placed for placed, seal in reading.of_kind("seal") if seal.as_of[:10] <= ends]
        if seals:
            found.append(anchors.anchoring(reading, trust).of(seals[-1].entry.sequence))
    whole = [anchor for anchor in found if anchor is not None]
    return anchors.line(max(whole, key=lambda anchor: anchor.at) if whole and len(whole) == len(found) else None)


def _runs(store: Path, trust: Trust, starts: str, ends: str) -> Iterator[Run]:
    layout = Layout(store)
    reading = chain.read(layout, trust)
    if reading.faults:
        raise VerificationError(f"reading {store}: its chain does not verify ({reading.faults[0]})")
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        for placed, seal in reading.of_kind("seal"):
            if seal.as_of[:10] > ends or (seal.asked.kind == "gate" and seal.as_of[:10] < starts):
                reader.read_bodies(placed)
                continue
            stored = reader.read(placed)
            if placed.link in reader.storage.removed:
                continue
            if stored is None or reader.faults:
                why = f" ({reader.faults[0]})" if reader.faults else ""
                raise VerificationError(f"reading run {seal.asked.run}: it does not verify{why}")
            if seal.source in ("live", "planned"):
                yield _run(stored, reader.bodies)


def _run(stored: StoredRun, bodies: Mapping[str, Any]) -> Run:
    seal = stored.seal
    resources, out = {}, set()
    for row in stored.ledger["resource"]:
        body = bodies[row["body"]]
        named = row.get("id") or row["identity"]
        place = (row["type"], row["scope"]["account"], named)
        resources[place] = (row["body"], str(body.get("name") or ""))
        if "out_of_boundary" in row:
            out.add(place)
    verdicts = {}
    for data in stored.leaves:
        leaf = canonical.decode(data)
        subject = leaf["subject"]
        named = subject.get("id") or subject.get("identity")
        if subject["kind"] == "resource" and named:
            verdicts[leaf["check"]["id"], (subject["type"], leaf["scope"]["account"], named)] = leaf["verdict"]
    asked = seal.asked
    return Run(asked.run, asked.kind, seal.as_of, asked.filters, verdicts, resources, asked.boundary, frozenset(out))


def _gate(run: Run, now: Run | None) -> SealedGate:
    facts = run.asked.get("gate") or {}
    return SealedGate(
        run=run.id,
        as_of=run.as_of,
        plan=str(facts.get("plan") or ""),
        change=ChangeRequest(
            facts.get("base_commit"),
            facts.get("head_commit"),
            facts.get("pull_request"),
            tuple(facts.get("approvers") or ()),
        ),
        verdicts=tuple(_verdicts(run, now)),
    )


def _verdicts(run: Run, now: Run | None) -> Iterator[GatedVerdict]:
    for (check, place), verdict in sorted(run.verdicts.items()):
        met = _met(place, run, now.resources) if now is not None else None
        yield GatedVerdict(
            check=check,
            type=place[0],
            subject=place[2],
            planned=verdict,
            live=met[2] if met is not None else None,
            now=now.verdicts.get((check, met)) if now is not None and met is not None else None,
        )


def _met(place: Place, run: Run, there: Mapping[Place, tuple[str, str]]) -> Place | None:
    """The live resource that a planned one became: the same id, else the only one of its type and name."""
    if place in there:
        return place
    if place not in run.resources or place[2].startswith("arn:"):
        return None
    name = run.resources[place][1]
    same = [key for key, (_, other) in there.items() if key[0] == place[0] and other == name and name]
    return same[0] if len(same) == 1 else None


def _ungated(frames: Sequence[Run], gates: Iterable[Run]) -> Iterator[Ungated]:
    """What differs from one frame to the next and stands in no gate of the days before."""
    known = list(gates)
    for first, second in pairwise(frames):
        for place in sorted(first.resources.keys() | second.resources.keys()):
            was, is_ = first.resources.get(place), second.resources.get(place)
            if was is None and not any(key[0] == place[0] for key in first.resources):
                # A type that was not read before: nothing says that it was not there.
                continue
            if (was and was[0]) != (is_ and is_[0]) and not _gated(place, second, known, (was or is_ or ("", ""))[1]):
                kind: Literal["made", "changed", "deleted"] = (
                    "made" if was is None else "deleted" if is_ is None else "changed"
                )
                yield Ungated(place[0], place[1], place[2], kind, first.as_of, second.as_of)


def _redrawn(frames: Sequence[Run]) -> Iterator[Redrawn]:
    """Where the boundary differs from one frame to the next, or puts out what was judged before."""
    for first, second in pairwise(frames):
        judged = {place for _, place in first.verdicts}
        out = tuple(sorted(place[2] for place in second.out & judged))
        if first.boundary != second.boundary or out:
            yield Redrawn(first.as_of, second.as_of, first.boundary, second.boundary, out)


def _gated(place: Place, seen: Run, gates: Sequence[Run], name: str) -> bool:
    latest = datetime.fromisoformat(seen.as_of)
    for gate in gates:
        sealed = datetime.fromisoformat(gate.as_of)
        if not latest - timedelta(days=DAYS) <= sealed <= latest:
            continue
        planned = (key for key, (_, other) in gate.resources.items() if key[0] == place[0] and other == name and name)
        if any(key[::2] == place[::2] for key in gate.resources) or any(
            not key[2].startswith("arn:") for key in planned
        ):
            return True
    return False
