"""What stands beside every answer to a model: whose it is, how it was verified, and what nobody saw.

A model that finds no failure must not take that for a pass: nights without a run, listings that were not complete and
verdicts that are unknown are told with whatever it asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.periods import Frame, NightState, Period
from engine.report import closing
from engine.report.period_counts import shared_gaps
from engine.sealed import SealedRun
from engine.serve.library import AGAIN
from engine.serve.seen import Seen

VERIFIED: Final = (
    "Verified for this answer, or at most "
    f"{AGAIN:.0f} seconds ago with no file of the store touched since: every signature of the chain, the digest of "
    "every file that the runs of the period sealed, and the Merkle root of each run that was opened. Verdicts were not "
    "judged again: `auditreel replay` does that."
)
_GAPS: Final = 20
_NAMED: Final = 10
_ALWAYS: Final = (
    "What the credentials of a run were not shown, and what was so only between two runs, nobody saw. "
    "Where something is not listed as a failure, that is no pass: it passed only where a record says so."
)


@dataclass(frozen=True, slots=True)
class RunTold:
    """A sealed run: when it began to read and was sealed (RFC 3339 UTC), in which entry of the chain, under which root.

    ``resumed_at`` is when it went on after it had stopped, each time.
    ``records`` are below the root, ``shown`` those that may be seen; ``unknown`` counts the unknown verdicts of these
    by reason (access_denied, throttled, ...). ``filtered``: it judged only a part of what was selected.
    """

    run: str
    kind: str
    night: str
    as_of: str
    resumed_at: tuple[str, ...]
    sealed_at: str
    entry: int
    root: str
    records: int
    shown: int
    filtered: bool
    unknown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class GapTold:
    """Nights in a row, both included, on which checks did not run as a whole: partly, did_not_run or not_retained.

    ``everything``: no check that was in force ran. ``checks`` names the first of ``count``.
    """

    state: str
    first: str
    last: str
    nights: int
    everything: bool
    count: int
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotSeen:
    """What was not seen: in sentences (``told``), by nights (the first of ``count`` gaps), and by listing.

    ``unsealed`` are runs that began and were never sealed, with why; ``incomplete`` the checks of which some listing
    was not complete (the first of ``incomplete_count``).
    """

    told: tuple[str, ...]
    nights: int
    without_run: int
    in_part: int
    not_retained: int
    count: int
    gaps: tuple[GapTold, ...]
    unsealed: tuple[tuple[str, str], ...]
    incomplete_count: int
    incomplete: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """Whose an answer is: the store, the period, how its chain is anchored, how it was verified, and what nobody saw.

    ``read`` says when a store in a bucket was read, as the answer does, and so does ``not_seen``; "" for a folder.
    ``run`` is the run that was asked about, else the newest of the period; null where the period has none.
    ``period`` is null where there is no night that may be shown.
    """

    store: str
    period: str | None
    read: str
    organization: str
    demonstration: bool
    anchored: str
    verified: str
    run: RunTold | None
    not_seen: NotSeen


def about(at: Seen, name: str, read: str, run: str | None = None) -> About:
    """What stands beside an answer about a period of the store that is called ``name``, or one of its runs.

    ``read`` is the answer's: the bucket may have been read again since, and nothing newer may be said of the answer.
    Raises NotShownError, VerificationError.
    """
    period = at.period
    frames = {frame.moment.run: frame for frame in period.frames}
    frame = frames[run] if run is not None else next(reversed(frames.values()), None)
    told = None if frame is None else _run(frame, at.run(frame.moment.run))
    return About(
        store=name,
        period=f"{period.starts}--{period.ends}",
        read=read,
        organization=period.organization,
        demonstration=period.demonstration,
        anchored=period.anchored,
        verified=VERIFIED,
        run=told,
        not_seen=_not_seen(period, told, read),
    )


def nothing(name: str, anchored: str, demonstration: bool, read: str) -> About:
    """What stands beside an answer about a store of which there is no night that may be shown."""
    told = (*_as_of(read), "There is no run that may be shown: nothing was seen.", _ALWAYS)
    seen = NotSeen(told, 0, 0, 0, 0, 0, (), (), 0, ())
    return About(name, None, read, "", demonstration, anchored, VERIFIED, None, seen)


def _as_of(read: str) -> tuple[str, ...]:
    return (read,) if read else ()


def _run(frame: Frame, run: SealedRun) -> RunTold:
    unknown = Counter(row.reason or "no reason" for row in run.rows if row.verdict == "unknown")
    return RunTold(
        run=run.run,
        kind=run.kind,
        night=frame.night,
        as_of=run.as_of,
        resumed_at=run.resumed_at,
        sealed_at=run.sealed_at,
        entry=run.sequence,
        root=run.root,
        records=run.total,
        shown=len(run.rows),
        filtered=frame.filtered,
        unknown=dict(unknown.most_common()),
    )


def _not_seen(period: Period, run: RunTold | None, read: str) -> NotSeen:
    states = Counter(night.state for night in period.nights)
    gaps = shared_gaps(period)
    incomplete = sorted({row.check for row in period.populations if not row.complete})
    return NotSeen(
        told=(*_as_of(read), *_told(period, run, states, len(incomplete)), _ALWAYS),
        nights=len(period.nights),
        without_run=states["did_not_run"],
        in_part=states["partly"],
        not_retained=states["not_retained"],
        count=len(gaps),
        gaps=tuple(
            GapTold(
                state=gap.state,
                first=gap.first,
                last=gap.last,
                nights=gap.nights,
                everything=gap.all_,
                count=len(checks),
                checks=tuple(checks[:_NAMED]),
            )
            for gap in gaps[:_GAPS]
            for checks in [sorted({part.check for part in gap.gaps})]
        ),
        unsealed=tuple(row for night in period.nights for row in night.unsealed)[:_GAPS],
        incomplete_count=len(incomplete),
        incomplete=tuple(incomplete[:_NAMED]),
    )


def _told(period: Period, run: RunTold | None, states: Counter[NightState], incomplete: int) -> Iterator[str]:
    if period.demonstration:
        yield closing.WATERMARK
    if run is None:
        yield "No sealed run of this period is at hand: nothing of it was seen."
    for state, said in _STATES.items():
        if states[state]:
            yield f"{said}: {states[state]:,} of {len(period.nights):,}."
    unsealed = sum(len(night.unsealed) for night in period.nights)
    if unsealed:
        yield f"Runs that began and never sealed anything: {unsealed:,}."
    if incomplete:
        yield f"Checks of which a listing was not complete, so that there may be more than is shown: {incomplete:,}."
    if run is not None and run.filtered:
        yield f"Run {run.run} judged only a part of what was selected."
    if run is not None and run.unknown:
        why = ", ".join(f"{reason} {count:,}" for reason, count in run.unknown.items())
        total = sum(run.unknown.values())
        yield f"Verdicts of run {run.run} that are unknown, neither pass nor fail: {total:,} of {run.shown:,} ({why})."


_STATES: Final[Mapping[NightState, str]] = {
    "did_not_run": "Nights without a run",
    "partly": "Nights that were seen in part, since a listing was not complete or a verdict is unknown",
    "not_retained": "Nights that are kept no longer, of which nothing is claimed but counts",
}
