"""The one owner of pace and retries: how many requests a lane may have in flight, and when to send one again.

A lane is what a provider throttles together (for AWS: service and region). Its window halves when the provider says
"too fast" and grows by one for each window of successes (additive increase, multiplicative decrease, as TCP does).
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from providers.base import Failure, Tally

T = TypeVar("T")

START: Final = 16.0
MOST: Final = 32.0
THROTTLED_ATTEMPTS: Final = 14
"""With three requests in ten throttled, one in twenty million is refused this often."""
OTHER_ATTEMPTS: Final = 4
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
LONGEST_WISH: Final = 60.0
"""Seconds for which a provider may tell us to wait (Retry-After); who wants longer gets no further request."""
DEAD_AFTER: Final = 4
"""A lane that failed this often in a row, retries included, gets one attempt a request until one succeeds."""


class Cancelled(Exception):
    """The run was asked to stop while a request waited."""


@dataclass(slots=True)
class _Lane:
    window: float = START
    in_flight: int = 0
    failures: int = 0
    ready: threading.Condition = field(default_factory=threading.Condition)


class Limiter:
    """Runs requests (see :class:`providers.base.Governor`). Safe to call from many threads.

    ``sleep(seconds)`` waits; ``cancelled`` stops waiting requests with :class:`Cancelled`. ``limit`` is how many
    requests may be in flight over all lanes.
    """

    def __init__(self, sleep: Callable[[float], None], cancelled: threading.Event, limit: int = 64) -> None:
        self._sleep, self.cancelled = sleep, cancelled
        self._all = threading.BoundedSemaphore(limit)
        self._lanes: dict[Hashable, _Lane] = {}
        self._lock = threading.Lock()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, decides nothing

    def __call__(
        self, lane: Hashable, request: Callable[[], T], classify: Callable[[Exception], Failure | None], tally: Tally
    ) -> T:
        """The result of ``request``, after as many attempts as its errors deserve."""
        state = self._lane(lane)
        attempts: Counter[str] = Counter()
        while True:
            try:
                return self._once(state, request)
            except Cancelled:
                raise
            except Exception as error:
                failure = classify(error)
                if failure is None:
                    raise
                attempts[failure.reason] += 1
                tally.throttled += failure.reason == "throttled"
                if not self._again(state, failure, attempts[failure.reason]):
                    raise
            tally.retries += 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempts.total() - 1))
            self._sleep(max(failure.retry_after, pause * self._jitter.uniform(0.5, 1.0)))

    def apart(self, sleep: Callable[[float], None] | None = None, cancelled: threading.Event | None = None) -> Limiter:
        """A limiter with lanes of its own below the same limit, for an account: they go when it is done.

        ``sleep`` and ``cancelled`` are those of the account, where it may be stopped alone.
        """
        own = Limiter(sleep or self._sleep, cancelled or self.cancelled)
        own._all = self._all
        return own

    def pause(self, seconds: float) -> None:
        """Wait before a poll; raises :class:`Cancelled` when the run is asked to stop."""
        self._sleep(seconds)
        if self.cancelled.is_set():
            raise Cancelled

    def _lane(self, key: Hashable) -> _Lane:
        with self._lock:
            return self._lanes.setdefault(key, _Lane())

    def _once(self, lane: _Lane, request: Callable[[], T]) -> T:
        with lane.ready:
            while lane.in_flight >= int(lane.window) and not self.cancelled.is_set():
                lane.ready.wait(0.5)
            if self.cancelled.is_set():
                raise Cancelled
            lane.in_flight += 1
        try:
            with self._all:
                result = request()
            self._succeeded(lane)
            return result
        finally:
            with lane.ready:
                lane.in_flight -= 1
                lane.ready.notify()

    def _succeeded(self, lane: _Lane) -> None:
        with lane.ready:
            lane.failures = 0
            lane.window = min(MOST, lane.window + 1.0 / lane.window)

    def _again(self, lane: _Lane, failure: Failure, attempt: int) -> bool:
        if not failure.temporary or failure.retry_after > LONGEST_WISH or self.cancelled.is_set():
            return False
        with lane.ready:
            if failure.reason == "throttled":
                lane.window = max(1.0, lane.window / 2.0)
                return attempt < THROTTLED_ATTEMPTS
            most = 1 if lane.failures >= DEAD_AFTER else OTHER_ATTEMPTS
            if attempt < most:
                return True
            lane.failures += 1
            return False
