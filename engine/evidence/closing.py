"""Closes a period: what its report is made of and what was still failing, frozen in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from engine.errors import UsageError, VerificationError
from engine.evidence import canonical
from engine.evidence.chain import Reading
from engine.evidence.entries import Close, Link, Span
from engine.evidence.period.film import Film
from engine.evidence.period.made import inputs
from engine.evidence.seal import Recorder
from engine.evidence.storage import removals
from engine.periods import Closed, Failure, Period


def close(recorder: Recorder, film: Film, reading: Reading, period: Period, now: str) -> Link:
    """Append the entry that closes a period. Asked again for the same, gives the entry that is there.

    Raises UsageError for a period that overlaps one that was closed, or leaves days between, and for one that is not
    over; SealError where the entry cannot be written.
    """
    span = Span(starts=period.starts, ends=period.ends, timezone=period.timezone)
    for placed, earlier in reading.of_kind("close"):
        if earlier.period == span:
            before = closed(reading, film, period)
            if before is not None and before.late:
                raise UsageError(
                    f"closing a period: entry {before.sequence} closed it, and {len(before.late):,} of its runs were "
                    "sealed since; a report of it names them"
                )
            return placed.link
    _refuse_misplaced(reading, span)
    if now[:10] <= period.ends:
        raise UsageError(f"closing a period: it ends on {period.ends}, which is not over")
    window = film.window
    body = Close(
        period=span,
        seals=tuple(frame.placed.link for frame in film.frames[window.begin : window.count]),
        inputs=period.digest,
        open_failures=open_failures(period.failures),
    )
    link = recorder.chain().append("close", body, now)
    recorder.pin(link)
    return link


def closed(reading: Reading, film: Film, period: Period) -> Closed | None:
    """The entry that closed a period, with the frames that were sealed after it; None where none did.

    Raises VerificationError where the period lacks a frame that it was closed with, or has one more that was there.
    """
    removed = min((link.sequence for link in removals(reading)), default=None)
    for placed, body in reading.of_kind("close"):
        if (body.period.starts, body.period.ends) != (period.starts, period.ends) or period.type_ != 2:
            continue
        entry = placed.entry
        every = [*film.frames, *(frame for frame, _ in film.gone)]
        late = [frame for frame in every if frame.placed.entry.sequence > entry.sequence]
        then = inputs(frame for frame in every if frame.placed.entry.sequence < entry.sequence)
        # Of frames that are kept no longer it is known which they were, not since when something failed in them.
        part = removed is not None and removed < entry.sequence
        same = late or part or open_failures(period.failures) == body.open_failures
        if then != body.inputs or not same:
            raise VerificationError(
                f"reading the period {period.starts} to {period.ends}: entry {entry.sequence} closed it with other "
                "runs or open failures than it has now; `auditreel verify` says whether one was removed"
            )
        return Closed(entry.sequence, entry.recorded_at, tuple(frame.moment for frame in late))
    return None


def open_failures(failures: Sequence[Failure]) -> str:
    """The digest of the failures that were open at the end: canonical JSON, one list a failure, sorted."""
    rows = sorted(
        [
            failure.check,
            failure.scope.provider,
            failure.scope.account,
            failure.scope.region,
            failure.subject.type,
            failure.subject.id,
            failure.first_bad.as_of,
            failure.first_bad.run,
        ]
        for failure in failures
        if failure.ended == "open"
    )
    return canonical.digest(canonical.encode(canonical.neutral(rows)))


def _refuse_misplaced(reading: Reading, span: Span) -> None:
    closed = [body.period for _, body in reading.of_kind("close")]
    if not closed:
        return
    last = max(period.ends for period in closed)
    wanted = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    if span.starts != wanted:
        raise UsageError(f"closing a period: the one before ends on {last}, so this one starts on {wanted}")
