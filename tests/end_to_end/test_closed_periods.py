"""``auditreel close``: what a period is made of is frozen; the next one follows it and carries what was open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine import pipeline
from engine.errors import UsageError, VerificationError
from engine.model import Clock
from engine.periods import Period
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import reopened, store_in

Close = Callable[[int, int], tuple[int, Period]]


def clock(day: str) -> Clock:
    return Clock(lambda: f"{day}T09:00:00Z", lambda: 0.0, lambda seconds: None)


def june(day: int) -> date:
    return date(2026, 6, day)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = store_in(tmp_path)
    for day in (1, 2, 3, 4):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass", "b": "pass" if day < 2 else "fail"}})
    return tmp_path


@pytest.fixture
def close(folder: Path) -> Close:
    """Closes a period of June on the tenth."""

    def closed(first: int, last: int) -> tuple[int, Period]:
        where = str(folder / "store"), folder / "config"
        return pipeline.close(*where, june(first), june(last), clock("2026-06-10"))

    return closed


def test_a_closed_period_verifies_and_is_reported_as_before(folder: Path, close: Close) -> None:
    where = str(folder / "store"), folder / "config"
    before = pipeline.period(*where, june(1), june(2))
    _, closed = close(1, 2)
    assert closed == before == pipeline.period(*where, june(1), june(2))
    verdict = pipeline.verify(str(folder / "store"), folder / "config")
    assert verdict.exit_code == 0


def test_closing_again_gives_the_same_entry(close: Close) -> None:
    assert close(1, 2) == close(1, 2)


def test_the_next_period_starts_on_the_day_after_and_carries_what_was_open(close: Close) -> None:
    close(1, 2)
    _, following = close(3, 4)
    (failure,) = following.failures
    assert (failure.began, failure.first_bad.as_of) == ("before_the_period", "2026-06-02T01:00:00Z")


@pytest.mark.parametrize(("first", "last"), [(2, 3), (4, 4), (1, 4)])
def test_a_period_that_does_not_follow_the_one_before_is_refused(close: Close, first: int, last: int) -> None:
    close(1, 2)
    with pytest.raises(UsageError, match="so this one starts on 2026-06-03"):
        close(first, last)


def test_a_period_that_is_not_over_is_refused(close: Close) -> None:
    with pytest.raises(UsageError, match="which is not over"):
        close(1, 10)


def test_a_run_that_comes_into_a_closed_period_afterwards_stops_its_report(folder: Path, close: Close) -> None:
    close(1, 4)
    recorded(reopened(folder), "2026-06-04T03:00:00Z", {ENCRYPTED: {"a": "pass", "b": "pass"}})
    with pytest.raises(VerificationError, match="closed it with other runs"):
        pipeline.period(str(folder / "store"), folder / "config", june(1), june(4))
