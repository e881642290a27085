"""Where a store that is shown is read from: a folder, or a bucket that is asked for news by a thread of its own.

No request of a reader waits for a bucket, and none makes it be asked: it is asked once in :data:`EVERY` seconds,
however many read. What is shown of it says as of when. Where it cannot be read, or has not answered for
:data:`LATE` seconds, what it last held is still shown, and every page says first that it is not current.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Protocol

from engine.custody import inspection
from engine.custody.stores import Moment
from engine.errors import AuditreelError, VerificationError
from engine.model import Clock

if TYPE_CHECKING:
    from engine.evidence.objects.moments import Moments

EVERY: Final = 60.0
LATE: Final = 180.0
NOT_CURRENT: Final = "NOT CURRENT"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader is told of when a store was read; ``why`` is for who sees all of it. Nothing of a folder."""

    text: str = ""
    why: str = ""
    current: bool = True

    def told(self, limited: bool) -> str:
        """The text for a reader, by whether the link is limited."""
        return self.text if limited or not self.why else f"{self.text} {self.why}"


class Source(Protocol):
    """Where a store is read from."""

    @property
    def where(self) -> str | Moment:
        """What is read. Raises VerificationError where there is nothing yet."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Texts that no reader is told, since they say where it lies."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders in which nothing else may be kept."""

    def reading(self) -> Reading:
        """When it was read, in words."""

    def start(self) -> None:
        """Look for news from now on."""

    def close(self) -> None:
        """Look no more."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, which is looked at whenever somebody reads."""

    where: str

    @property
    def hidden(self) -> tuple[str, ...]:
        """The folder, as it was named and as it is."""
        return self.where, str(Path(self.where).absolute())

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder."""
        return (Path(self.where),)

    def reading(self) -> Reading:
        """Nothing: it is as it is now."""
        return Reading()

    def start(self) -> None:
        """Nothing: whoever reads looks."""

    def close(self) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class _State:
    """What was last read, at which time (RFC 3339 UTC) and by which count of seconds; and since when it fails, why."""

    moment: Moment | None = None
    at: str = ""
    seconds: float = 0.0
    failing: str = ""
    why: str = ""


def source(place: str, config: Path, clock: Clock, tell: Callable[[str], None]) -> Source:
    """Where a store that is named by a folder or a URL is read from; ``config`` has its trust file.

    Raises UsageError for a URL that is none.
    """
    if "://" not in place:
        return Folder(place)
    from engine.evidence.objects.address import parse
    from engine.evidence.objects.moments import Moments

    address = parse(place)
    return Bucket(str(address), config, Moments(address), clock, tell)


class Bucket:
    """A bucket. ``tell`` says to who runs the server when it fails, and when it can be read again."""

    def __init__(self, address: str, config: Path, moments: Moments, clock: Clock, tell: Callable[[str], None]) -> None:
        self._address, self._config, self._moments, self._clock, self._tell = address, config, moments, clock, tell
        self._state = _State()
        self._stop = Event()
        self._thread = Thread(target=self._follow, name=f"following {address}", daemon=True)

    @property
    def where(self) -> Moment:
        """The last state that was read. Raises VerificationError before the first."""
        state = self._state
        if state.moment is None:
            why = state.why or "it is being read for the first time"
            raise VerificationError(f"the store {self._address} could not be read yet: {why}")
        return state.moment

    @property
    def hidden(self) -> tuple[str, ...]:
        """Its address, and where its copy lies."""
        return self._address, str(self._moments.root)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder of its copy."""
        return (self._moments.root,)

    def reading(self) -> Reading:
        """When it was read, and whether that is current."""
        state = self._state
        if state.moment is None:
            return Reading("The object store was not read yet.", current=False)
        if not state.failing and self._clock.monotonic() - state.seconds <= LATE:
            return Reading(f"As the object store was at {state.at}.")
        since = f" since {state.failing}" if state.failing else ""
        text = (
            f"{NOT_CURRENT}: the object store could not be read{since}. What is shown is what it held at {state.at}; "
            "what was recorded, changed or lost there since is not seen."
        )
        return Reading(text, state.why, current=False)

    def start(self) -> None:
        """Ask it from now on."""
        self._thread.start()

    def close(self) -> None:
        """Ask it no more, and remove what was kept of it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1)
        if not self._thread.is_alive():  # else a request is under way; what it leaves the next server removes
            self._moments.close()

    def look(self) -> None:
        """Ask it once. What it then holds is shown; where it cannot be read, what it held before."""
        before, now, seconds = self._state, self._clock.now(), self._clock.monotonic()
        try:
            head = inspection.pinned(self._config)
            self._state = _State(Moment(self._moments.take(), head), now, seconds)
        except AuditreelError as error:
            self._state = replace(before, failing=before.failing or now, why=str(error))
            if not before.failing:
                self._tell(f"{error}; what it held {f'at {before.at}' if before.at else 'is not known'}")
        else:
            if before.failing:
                self._tell(f"the store {self._address} can be read again")

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception as error:  # a thread that ends would leave the last state to be shown for ever
                why = f"reading the store {self._address} failed: {type(error).__name__}"
                self._state = replace(self._state, failing=self._state.failing or self._clock.now(), why=why)
                self._tell(f"{why}: {error}")
            self._stop.wait(EVERY)
