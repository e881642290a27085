"""Closes a period: what its report is made of and what was still failing, frozen in the chain.

The list of what was failing is a file in ``content/``: the entry names it by its digest. Where runs were removed since,
it can still be compared as far as those that are kept show the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from engine.errors import UsageError, VerificationError
from engine.evidence import canonical, durable, regular
from engine.evidence.chain import Reading
from engine.evidence.entries import Close, Link, Span
from engine.evidence.layout import Layout
from engine.evidence.period.film import Film
from engine.evidence.period.made import inputs
from engine.evidence.seal import Recorder
from engine.periods import Closed, Failure, Moment, Period

_COLUMNS: Final = 8


def close(recorder: Recorder, film: Film, reading: Reading, period: Period, now: str) -> Link:
    """Append the entry that closes a period. Asked again for the same, gives the entry that is there.

    Raises UsageError for a period that overlaps one that was closed, or leaves days between, and for one that is not
    over; SealError where the entry cannot be written.
    """
    span = Span(starts=period.starts, ends=period.ends, timezone=period.timezone)
    for placed, earlier in reading.of_kind("close"):
        if earlier.period == span:
            before = closed(reading, film, period, recorder.layout)
            if before is not None and before.late:
                raise UsageError(
                    f"closing a period: entry {before.sequence} closed it, and {len(before.late):,} of its runs were "
                    "sealed since; a report of it names them"
                )
            return placed.link
    _refuse_misplaced(reading, span)
    if now[:10] <= period.ends:
        raise UsageError(f"closing a period: it ends on {period.ends}, which is not over")
    window, listed = film.window, canonical.encode(_rows(period.failures))
    path = recorder.layout.content(canonical.digest(listed))
    with durable.doing(f"closing a period in {recorder.layout.root}"):
        if not path.exists():
            durable.create(path, listed, recorder.layout.staging)
    body = Close(
        period=span,
        seals=tuple(frame.placed.link for frame in film.frames[window.begin : window.count]),
        inputs=period.digest,
        open_failures=canonical.digest(listed),
    )
    link = recorder.chain().append("close", body, now, after=reading.placed[-1].link)
    recorder.pin(link)
    return link


def closed(reading: Reading, film: Film, period: Period, layout: Layout) -> Closed | None:
    """The entry that closed a period, with the frames that were sealed after it; None where none did.

    Raises VerificationError where the period lacks a frame that it was closed with, or has one more that was there, and
    where what was failing at its end is not what was sealed, as far as the frames that are kept show it.
    """
    for placed, body in reading.of_kind("close"):
        if (body.period.starts, body.period.ends) != (period.starts, period.ends) or period.type_ != 2:
            continue
        entry = placed.entry
        every = [*film.frames, *(frame for frame, _ in film.gone)]
        late = [frame for frame in every if frame.placed.entry.sequence > entry.sequence]
        then = inputs(frame for frame in every if frame.placed.entry.sequence < entry.sequence)
        gone = [frame.moment for frame, _ in film.gone if frame.placed.entry.sequence < entry.sequence]
        sealed, beyond = [], 0
        same = then == body.inputs
        if same and gone and not late:
            sealed = _sealed(body, layout)
            beyond = sum(not _later(row[6], max(gone)) for row in sealed)
            same = _agree(sealed, period.failures, max(gone))
        elif same and not late:
            same = open_failures(period.failures) == body.open_failures
        if not same:
            raise VerificationError(
                f"reading the period {period.starts} to {period.ends}: entry {entry.sequence} closed it with other "
                "runs or open failures than it has now; `auditreel verify` says whether one was removed"
            )
        moments = tuple(frame.moment for frame in late)
        return Closed(entry.sequence, entry.recorded_at, moments, len(gone), len(sealed), beyond)
    return None


def _sealed(body: Close, layout: Layout) -> list[list[str]]:
    """The list of failures that were open when a period was closed."""
    path = layout.content(body.open_failures)
    try:
        data = regular.read(path)
        if canonical.digest(data) != body.open_failures:
            raise ValueError("it was altered")
        return open_list(data)
    except (OSError, ValueError) as error:
        raise VerificationError(f"{path} is not the list that was sealed ({error}); run `auditreel verify`") from error


def open_list(data: bytes) -> list[list[str]]:
    """The list in a file of failures that were open. Raises ValueError for anything else."""
    rows: list[list[str]] = msgspec.convert(canonical.decode(data), list[list[str]])
    if any(len(row) != _COLUMNS for row in rows):
        raise ValueError("no list of failures")
    return rows


def _agree(sealed: Sequence[Sequence[str]], failures: Sequence[Failure], last_gone: Moment) -> bool:
    """Whether what was failing at the end is what was sealed, as far as frames after the last that is gone show it.

    What began after it must be there now, and what fails after it must have been there then; where it also began after
    it, since a frame that passed, with the same beginning.
    """
    shown = [row for row in failures if row.ended == "open"]
    then, now = {tuple(row[:6]): tuple(row[6:]) for row in sealed}, {tuple(_row(row)[:6]) for row in shown}
    if any(place not in now for place, (as_of, _) in then.items() if _later(as_of, last_gone)):
        return False
    for row in shown:
        place, since = tuple(_row(row)[:6]), tuple(_row(row)[6:])
        if not _later(row.last_bad.as_of, last_gone):
            continue
        whole = row.last_good is not None and _later(row.last_good.as_of, last_gone)
        if place not in then or (whole and then[place] != since):
            return False
    return True


def _later(as_of: str, than: Moment) -> bool:
    return as_of.removesuffix("Z") > than.as_of.removesuffix("Z")


def open_failures(failures: Sequence[Failure]) -> str:
    """The digest of the failures that were open at the end: canonical JSON, one list a failure, sorted."""
    return canonical.digest(canonical.encode(_rows(failures)))


def _rows(failures: Sequence[Failure]) -> list[list[str]]:
    return sorted(_row(failure) for failure in failures if failure.ended == "open")


def _row(failure: Failure) -> list[str]:
    scope, subject, first = failure.scope, failure.subject, failure.first_bad
    told = [failure.check, scope.provider, scope.account, scope.region, subject.type, subject.id]
    return [canonical.neutral_text(text) for text in (*told, first.as_of, first.run)]


def _refuse_misplaced(reading: Reading, span: Span) -> None:
    closed = [body.period for _, body in reading.of_kind("close")]
    if not closed:
        return
    last = max(period.ends for period in closed)
    wanted = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    if span.starts != wanted:
        raise UsageError(f"closing a period: the one before ends on {last}, so this one starts on {wanted}")
