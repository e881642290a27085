"""The stores that are shown, each verified before anything of it is, and again whenever a file of it was touched.

Where a store is read from, and how old that is, is told by :mod:`engine.serve.following`.

What was verified is remembered while the store stays as it was, at most for :data:`AGAIN` seconds. Whether it did is
looked at no more often than each :data:`PAUSE`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.custody import examination, inspection
from engine.errors import AuditreelError
from engine.report import PERIOD_FORMATS, Options
from engine.report.html import pages
from engine.report.html.templating import Served
from engine.sealed import Overview, SealedRun
from engine.serve.following import Folder, Reading, Source

if TYPE_CHECKING:
    from engine.custody.examination import View
    from engine.custody.stores import Moment
    from engine.diffs import Diff
    from engine.evidence.entries import Link
    from engine.evidence.inspecting import Inspected

T = TypeVar("T")
AGAIN: Final = 600.0
PAUSE: Final = 1.0
_MOST: Final = 24
"""Results that are remembered of a store: periods, their pages and files, open runs."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds, and the first and the last night of it (None: no frame)."""

    overview: Overview
    first: date | None
    last: date | None


def _made(make: Callable[[], object]) -> object:
    """What is made, or the error that says why not: neither is tried again while nothing was touched."""
    try:
        return make()
    except AuditreelError as error:
        return error


class Store:
    """A store under the name that it has in addresses."""

    def __init__(
        self, name: str, place: str, config: Path, monotonic: Callable[[], float], source: Source | None = None
    ) -> None:
        self.name, self._config, self._monotonic = name, config, monotonic
        self._source = source or Folder(place)
        self.id = inspection.store_name(place, config)
        self._lock = RLock()
        self._known: OrderedDict[Hashable, Any] = OrderedDict()
        self._state, self._looked, self._since = "", float("-inf"), float("-inf")
        self._where: str | Moment = ""
        self._head: Link | None = None
        self._cut: AuditreelError | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders in which nothing else may be kept: itself, or the copy of its bucket."""
        return self._source.folders

    def start(self) -> None:
        """Look for news from now on, until it is closed."""
        self._source.start()

    def close(self) -> None:
        """Look no more."""
        self._source.close()

    def reading(self) -> Reading:
        """When it was read, in words; nothing of a folder, which is read whenever it is shown."""
        return self._source.reading()

    def read(self, limited: bool) -> str:
        """When it was read, in words, as a reader is told whose link is ``limited`` or not."""
        return self.hidden(self.reading().told(limited))

    def hidden(self, text: str) -> str:
        """A text without the places in which the store and its trust file lie."""
        for place in sorted(self._source.hidden, key=len, reverse=True):
            text = text.replace(place, self.name)
        return text.replace(str(self._config), "...")

    def held(self) -> Held:
        """What it holds. Raises VerificationError, as everything here does where the store does not verify."""
        return self._remembered(("held",), self._held)

    def _held(self) -> Held:
        found = inspection.overview(self._source.where, self._config)
        if found.first is None or found.last is None:
            return Held(found, None, None)
        # Which night a run counts for is the schedule's to say: by UTC it may lie a day beside.
        window = date.fromisoformat(found.first) - _DAY, date.fromisoformat(found.last) + _DAY
        nights = [date.fromisoformat(frame.night) for frame in self.view(*window, None).period.frames]
        return Held(found, min(nights), max(nights))

    def view(self, starts: date, ends: date, criteria: tuple[str, ...] | None) -> View:
        """A period, narrowed to criteria. Raises UsageError where there is no run to show."""

        def made() -> View:
            return examination.view(self._source.where, self._config, (starts, ends), criteria)

        return self._remembered(("view", starts, ends, criteria), made)

    def pages(
        self, starts: date, ends: date, criteria: tuple[str, ...] | None, notices: tuple[str, ...]
    ) -> Mapping[str, bytes]:
        """The pages of a period by name; ``notices`` say what the reader may see."""

        def made() -> Mapping[str, bytes]:
            return pages(self.view(starts, ends, criteria).period, served=Served(notices))

        return self._remembered(("pages", starts, ends, criteria, notices), made)

    def file(self, starts: date, ends: date, criteria: tuple[str, ...] | None, form: str) -> bytes:
        """A period in one of :data:`engine.report.PERIOD_FORMATS`. Raises UsageError without the format's library."""

        def made() -> bytes:
            return PERIOD_FORMATS[form].render(self.view(starts, ends, criteria).period, Options())

        return self._remembered(("file", starts, ends, criteria, form), made)

    def inspected(self, run: str) -> Inspected:
        """A sealed run that is open."""
        return self._remembered(("run", run), lambda: inspection.inspected(run, self._source.where, self._config))

    def run(self, run: str, checks: frozenset[str] | None) -> SealedRun:
        """A sealed run with the records of ``checks`` (None: with all)."""

        def made() -> SealedRun:
            whole = self.inspected(run).run
            rows = whole.rows if checks is None else tuple(row for row in whole.rows if row.check in checks)
            return replace(whole, rows=rows)

        return self._remembered(("run of", run, checks), made)

    def compared(self, before: str, after: str, starts: date, ends: date, criteria: tuple[str, ...] | None) -> Diff:
        """What differs between two runs of a period, narrowed to criteria."""

        def made() -> Diff:
            found = self.view(starts, ends, criteria)
            return examination.compared((before, after), self._source.where, self._config, found)

        return self._remembered(("compared", before, after, starts, ends, criteria), made)

    def _remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        # One thread makes what others wait for: they would make the same.
        with self._lock:
            self._look()
            if self._cut is not None:
                raise self._cut.with_traceback(None)
            if key in self._known:
                self._known.move_to_end(key)
            else:
                self._known[key] = _made(make)
                while len(self._known) > _MOST:
                    self._known.popitem(last=False)
            found: T | AuditreelError = self._known[key]
        if isinstance(found, AuditreelError):
            raise found.with_traceback(None)
        return found

    def _look(self) -> None:
        now, where = self._monotonic(), self._source.where
        # What is said of when a bucket was read is said of this moment: none may be shown under the name of another.
        if where == self._where and now - self._looked < PAUSE:
            return
        state = inspection.state(where, self._config)
        if state != self._state or now - self._since > AGAIN:
            self._known.clear()
            self._state, self._since = state, now
            try:
                # Between two pins of the trust file nothing else remembers how far the chain went.
                self._head, self._cut = inspection.grown(where, self._config, self._head), None
            except AuditreelError as error:
                self._cut = error
        self._looked, self._where = now, where


@contextmanager
def followed(stores: Iterable[Store]) -> Iterator[ExitStack]:
    """Stores that look for news until the end, or until what it gives is closed."""
    with ExitStack() as following:
        for store in stores:
            store.start()
            following.callback(store.close)
        yield following
