"""What somebody may see: the store, period and run that are named, where their link covers them.

What is not there and what is not for this link look alike.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.diffs import Diff
from engine.errors import AuditreelError, UsageError
from engine.periods import Failure, Period
from engine.report.html.served import Place
from engine.sealed import SealedRun
from engine.serve.library import Held, Store
from engine.serve.links import NEVER, Link

DOES_NOT_VERIFY: Final = "DOES NOT VERIFY, or could not be verified"
_PERIOD: Final = re.compile(r"(\d{4}-\d\d-\d\d)--(\d{4}-\d\d-\d\d)", re.ASCII)
_LONGEST: Final = 3_660
"""Days of a period: ten years. What is longer is no question, and takes long to say no to."""
_NUMBER: Final = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)


class NotShownError(Exception):
    """There is nothing under an address, or nothing for this link."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A period of a store through a link: only what is of both the link's period and its criteria.

    ``read`` says when the store was read ("" of a folder), as it was before anything of the period was shown: what is
    shown is then not older than is said.
    """

    store: Store
    link: Link
    starts: date
    ends: date
    read: str

    @property
    def period(self) -> Period:
        """The period. Raises NotShownError where no run is to be shown, VerificationError."""
        try:
            return self.store.view(self.starts, self.ends, self.link.criteria).period
        except UsageError as error:
            raise NotShownError from error

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader is told of the limits."""
        return limits(self.link)

    @property
    def head(self) -> tuple[tuple[str, ...], str, str]:
        """What every answer begins with: the limits, when the store was read, and how it is anchored."""
        return self.notices, self.read, self.period.anchored

    @property
    def place(self) -> Place:
        """The period as pages stand in it."""
        return Place(self.period, self.notices)

    def pages(self) -> Mapping[str, bytes]:
        """Its pages by name."""
        if not self.period.frames and not self.period.nights:
            raise NotShownError
        return self.store.pages(self.starts, self.ends, self.link.criteria, self.notices)

    def run(self, name: str) -> SealedRun:
        """A run of the period with the records that may be seen. Raises NotShownError, VerificationError."""
        if all(frame.moment.run != name for frame in self.period.frames):
            raise NotShownError
        return self.store.run(name, self.store.view(self.starts, self.ends, self.link.criteria).checks)

    def compared(self, before: str, after: str) -> Diff:
        """What differs between two runs of the period, the earlier one first. Raises NotShownError."""
        order = [frame.moment.run for frame in self.period.frames]
        if before not in order or after not in order or order.index(before) >= order.index(after):
            raise NotShownError
        return self.store.compared(before, after, self.starts, self.ends, self.link.criteria)

    def index(self, run: SealedRun, text: str) -> int:
        """The place of a record of a run that may be seen. Raises NotShownError."""
        index = number(text)
        if index is not None:
            place = bisect_left(run.rows, index, key=lambda row: row.index)
            if place < len(run.rows) and run.rows[place].index == index:
                return index
        raise NotShownError

    def failure(self, id_: str) -> Failure:
        """A failure of the period by its id. Raises NotShownError."""
        for failure in self.period.failures:
            if failure.id == id_:
                return failure
        raise NotShownError


def seen(link: Link, stores: Mapping[str, Store], name: str, period: str) -> Seen:
    """The ``period`` (FIRST--LAST night) of the store that is served under a name. Raises NotShownError."""
    store = stores.get(name)
    match = _PERIOD.fullmatch(period)
    if store is None or match is None or store.id not in link.stores:
        raise NotShownError
    try:
        starts, ends = date.fromisoformat(match[1]), date.fromisoformat(match[2])
    except ValueError as error:
        raise NotShownError from error
    if not link.covers(starts, ends) or (ends - starts).days > _LONGEST:
        raise NotShownError
    return Seen(store, link, starts, ends, store.read(link.limited))


def span(held: Held, link: Link, now: str) -> tuple[date, date] | None:
    """The first and the last night that a link lets see; None where no run was sealed.

    Up to yesterday, also where runs ceased before: nights that are missing are not left out.
    """
    if held.first is None or held.last is None:
        return None
    until = max(held.last, date.fromisoformat(now[:10]) - timedelta(days=1))
    return link.starts or held.first, min(link.ends or until, until)


def number(text: str) -> int | None:
    """A number of an address; None for any other text."""
    return int(text) if _NUMBER.fullmatch(text) else None


def limits(link: Link) -> tuple[str, ...]:
    """What a link lets see, in a sentence; nothing for one that lets see everything."""
    if not link.limited:
        return ()
    what = ", ".join(link.criteria) if link.criteria is not None else "all criteria"
    when = f"from {link.starts or 'the first night'} to {link.ends or 'the last'}"
    # What whoever runs the server gave it to show has no end of its own.
    who, until = ("This server", "") if link.expires_at == NEVER else ("This link", f", and ends at {link.expires_at}")
    return (f"{who} shows {what} {when}{until}. Of everything else nothing is said here.",)


def problem(error: AuditreelError, store: Store | None, link: Link) -> str:
    """What a reader is told of evidence that does not verify: what, and no path of the machine.

    Who may see a part is told that, and no more: what is wrong may name what lies beyond.
    """
    if link.limited:
        return f"{DOES_NOT_VERIFY}: nothing is shown. Ask who gave you the link to run `auditreel verify`."
    said = str(error) if store is None else store.hidden(str(error))
    return f"{DOES_NOT_VERIFY}: nothing is shown. {said}"
