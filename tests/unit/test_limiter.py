"""The limiter: attempts, pace, and stopping. Time is injected, so that nothing here waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collection import limiter
from engine.collection.limiter import (
    DEAD_AFTER,
    LONGEST_PAUSE,
    LONGEST_WISH,
    OTHER_ATTEMPTS,
    THROTTLED_ATTEMPTS,
    Cancelled,
    Limiter,
)
from providers.base import Failure, Tally


class Failed(Exception):
    def __init__(self, failure: Failure | None) -> None:
        self.failure = failure
        super().__init__()


def classify(error: Exception) -> Failure | None:
    return error.failure if isinstance(error, Failed) else None


SLOW_DOWN = Failure("throttled", "SlowDown", temporary=True)
BROKEN = Failure("unavailable", "InternalError", temporary=True)
GARBLED = Failure("malformed_response", "unparsable", temporary=True)
DENIED = Failure("access_denied", "AccessDenied")


class Governed:
    """A limiter whose pauses are noted instead of waited."""

    def __init__(self, limit: int = 64) -> None:
        self.pauses: list[float] = []
        self.cancelled = threading.Event()
        self.limiter = Limiter(self.pauses.append, self.cancelled, limit)

    def ask(self, *failures: Failure | None, lane: str = "lane") -> tuple[Any, int]:
        """What comes of a request that fails so and then succeeds, and how often it was sent."""
        left = list(failures)
        sent = 0

        def request() -> str:
            nonlocal sent
            sent += 1
            if left:
                raise Failed(left.pop(0))
            return "answer"

        try:
            return self.limiter(lane, request, classify, Tally()), sent
        except Failed as error:
            return error.failure, sent


@pytest.mark.parametrize(
    ("failures", "answer", "sent"),
    [
        ((), "answer", 1),
        ((SLOW_DOWN,) * (THROTTLED_ATTEMPTS - 1), "answer", THROTTLED_ATTEMPTS),
        ((SLOW_DOWN,) * THROTTLED_ATTEMPTS, SLOW_DOWN, THROTTLED_ATTEMPTS),
        ((BROKEN,) * (OTHER_ATTEMPTS - 1), "answer", OTHER_ATTEMPTS),
        ((BROKEN,) * OTHER_ATTEMPTS, BROKEN, OTHER_ATTEMPTS),
        ((GARBLED,) * OTHER_ATTEMPTS, GARBLED, OTHER_ATTEMPTS),
        ((DENIED,), DENIED, 1),
        ((BROKEN, DENIED), DENIED, 2),
        ((None,), None, 1),
        # Being asked to slow down uses up none of the attempts that an error of the service deserves.
        ((SLOW_DOWN,) * 6 + (BROKEN,), "answer", 8),
        ((BROKEN, BROKEN, BROKEN) + (SLOW_DOWN,) * 6, "answer", 10),
    ],
)
def test_a_request_is_sent_as_often_as_its_errors_deserve(
    failures: Sequence[Failure | None], answer: Any, sent: int
) -> None:
    assert Governed().ask(*failures) == (answer, sent)


def test_retries_are_counted_apart_from_calls() -> None:
    tally = Tally()
    left = [SLOW_DOWN, BROKEN]

    def request() -> None:
        if left:
            raise Failed(left.pop())

    Limiter(lambda seconds: None, threading.Event())("lane", request, classify, tally)

    assert tally == Tally(retries=2, throttled=1)


def test_pauses_grow_to_a_bound_and_are_spread() -> None:
    governed = Governed()
    governed.ask(*(SLOW_DOWN,) * THROTTLED_ATTEMPTS)

    bounds = [min(LONGEST_PAUSE, limiter.FIRST_PAUSE * 2.0**n) for n in range(THROTTLED_ATTEMPTS - 1)]
    assert len(governed.pauses) == len(bounds)
    assert all(most / 2 <= pause <= most for pause, most in zip(governed.pauses, bounds, strict=True))


def test_the_wait_that_a_provider_asks_for_is_kept() -> None:
    governed = Governed()
    asked = Failure("throttled", "TooManyRequests", temporary=True, retry_after=17.0)
    assert governed.ask(asked, asked) == ("answer", 3)
    assert governed.pauses == [17.0, 17.0]


def test_who_asks_for_a_longer_wait_than_a_minute_is_not_asked_again() -> None:
    governed = Governed()
    asked = Failure("throttled", "TooManyRequests", temporary=True, retry_after=LONGEST_WISH + 1)
    assert governed.ask(asked) == (asked, 1)
    assert governed.pauses == []


def test_a_lane_that_only_fails_gets_one_attempt_until_one_succeeds() -> None:
    governed = Governed()
    for _ in range(DEAD_AFTER):
        assert governed.ask(*(BROKEN,) * 9) == (BROKEN, OTHER_ATTEMPTS)

    assert governed.ask(*(BROKEN,) * 9) == (BROKEN, 1)
    assert governed.ask(*(BROKEN,) * 9, lane="another") == (BROKEN, OTHER_ATTEMPTS)
    assert governed.ask() == ("answer", 1)
    assert governed.ask(*(BROKEN,) * 9) == (BROKEN, OTHER_ATTEMPTS)


def test_a_denial_does_not_kill_a_lane() -> None:
    governed = Governed()
    for _ in range(50):
        governed.ask(DENIED)

    assert governed.ask(BROKEN) == ("answer", 2)


def at_once(governed: Governed, tasks: int, lanes: Callable[[int], str] = lambda n: "lane") -> int:
    """The most requests that were ever in flight together, when so many are asked at once."""
    lock = threading.Lock()
    flying = most = 0
    full = threading.Event()

    def request() -> None:
        nonlocal flying, most
        with lock:
            flying += 1
            if flying > most:
                most = flying
        full.wait(0.05)
        with lock:
            flying -= 1

    threads = [
        threading.Thread(target=lambda n=n: governed.limiter(lanes(n), request, classify, Tally()))
        for n in range(tasks)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


def test_a_lane_has_no_more_in_flight_than_its_window() -> None:
    assert at_once(Governed(), 30) <= limiter.MOST


def test_the_window_halves_when_throttled_and_grows_again_by_successes() -> None:
    governed = Governed()
    for _ in range(10):
        governed.ask(SLOW_DOWN)

    # Ten halvings leave a window of one; each success in between adds one over the window.
    assert at_once(governed, 6) <= 3
    for _ in range(2000):
        governed.ask()
    assert 8 <= at_once(governed, 40) <= limiter.MOST


def test_all_lanes_together_have_no_more_in_flight_than_the_limit() -> None:
    assert at_once(Governed(limit=5), 30, lanes=str) <= 5


def test_a_request_that_waits_for_its_lane_ends_when_the_run_is_stopped() -> None:
    governed = Governed()
    governed.ask(*(SLOW_DOWN,) * 9)
    release, flying = threading.Event(), threading.Semaphore(0)
    ended: list[str] = []

    def hold() -> None:
        flying.release()
        release.wait(10)

    def wait() -> None:
        try:
            governed.limiter("lane", hold, classify, Tally())
            ended.append("answered")
        except Cancelled:
            ended.append("cancelled")

    threads = [threading.Thread(target=wait) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert flying.acquire(timeout=10)
    governed.cancelled.set()
    for _ in range(100):
        if ended.count("cancelled") >= 6:
            break
        threading.Event().wait(0.05)
    assert ended.count("cancelled") >= 6
    release.set()
    for thread in threads:
        thread.join(10)
    assert len(ended) == 12


def test_a_stopped_run_sends_nothing_more() -> None:
    governed = Governed()
    governed.cancelled.set()

    with pytest.raises(Cancelled):
        governed.ask()


def test_a_failed_request_is_not_sent_again_once_the_run_is_stopped() -> None:
    governed = Governed()
    sent: list[int] = []

    def request() -> None:
        sent.append(1)
        governed.cancelled.set()
        raise Failed(SLOW_DOWN)

    with pytest.raises(Failed):
        governed.limiter("lane", request, classify, Tally())
    assert sent == [1]


def test_a_pause_waits_and_ends_with_the_run() -> None:
    governed = Governed()
    governed.limiter.pause(2.0)
    assert governed.pauses == [2.0]

    governed.cancelled.set()
    with pytest.raises(Cancelled):
        governed.limiter.pause(2.0)


@given(st.lists(st.sampled_from([SLOW_DOWN, BROKEN, GARBLED, DENIED, None]), max_size=40))
def test_no_request_is_sent_without_end_and_what_it_raises_is_its_last_error(failures: list[Failure | None]) -> None:
    governed = Governed()

    answer, sent = governed.ask(*failures)

    assert sent <= THROTTLED_ATTEMPTS + 2 * OTHER_ATTEMPTS
    assert answer == ([*failures, "answer"][sent - 1])
    assert len(governed.pauses) == sent - 1
