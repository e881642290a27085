"""``auditreel close``: what a period is made of is frozen; the next one follows it and carries what was open."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from engine.custody import examination, verification
from engine.errors import UsageError, VerificationError
from engine.evidence import chain
from engine.evidence.closing import open_failures
from engine.evidence.entries import Close, Span
from engine.model import Clock
from engine.periods import Closed, Moment, Period
from engine.report import PERIOD_FORMATS, Options, period_csv
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import reopened, store_in

Closing = Callable[[int, int], tuple[int, Period]]


def period_pdf_text(period: Period) -> str:
    pages = pypdf.PdfReader(BytesIO(PERIOD_FORMATS["pdf"].render(period, Options()))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


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
def close(folder: Path) -> Closing:
    """Closes a period of June on the tenth."""

    def closed(first: int, last: int) -> tuple[int, Period]:
        where = str(folder / "store"), folder / "config"
        return examination.close(*where, june(first), june(last), clock("2026-06-10"))

    return closed


def test_a_closed_period_verifies_and_is_reported_as_before(folder: Path, close: Closing) -> None:
    where = str(folder / "store"), folder / "config"
    before = examination.period(*where, june(1), june(2))
    _, closed = close(1, 2)
    after = examination.period(*where, june(1), june(2))
    assert after.closed == Closed(after.frames[-1].sequence + 5, "2026-06-10T09:00:00Z")
    assert closed == before == replace(after, closed=None)
    verdict = verification.verify(str(folder / "store"), folder / "config")
    assert verdict.exit_code == 0


def test_closing_again_gives_the_same_entry(close: Closing) -> None:
    assert close(1, 2) == close(1, 2)


def test_the_next_period_starts_on_the_day_after_and_carries_what_was_open(close: Closing) -> None:
    close(1, 2)
    _, following = close(3, 4)
    (failure,) = following.failures
    assert (failure.began, failure.first_bad.as_of) == ("before_the_period", "2026-06-02T01:00:00Z")


@pytest.mark.parametrize(("first", "last"), [(2, 3), (4, 4), (1, 4)])
def test_a_period_that_does_not_follow_the_one_before_is_refused(close: Closing, first: int, last: int) -> None:
    close(1, 2)
    with pytest.raises(UsageError, match="so this one starts on 2026-06-03"):
        close(first, last)


def test_a_period_that_is_not_over_is_refused(close: Closing) -> None:
    with pytest.raises(UsageError, match="which is not over"):
        close(1, 10)


def test_a_run_that_comes_into_a_closed_period_afterwards_is_named_first_in_every_format(
    folder: Path, close: Closing
) -> None:
    sequence, _ = close(1, 4)
    late = recorded(reopened(folder), "2026-06-04T03:00:00Z", {ENCRYPTED: {"a": "pass", "b": "pass"}})
    period = examination.period(str(folder / "store"), folder / "config", june(1), june(4))
    assert period.closed == Closed(sequence, "2026-06-10T09:00:00Z", (Moment("2026-06-04T03:00:00Z", late.run),))
    told = (
        f"NOT AS CLOSED: closed at 2026-06-10T09:00:00Z in entry {sequence} of the chain; sealed after that, and shown "
        f"here too: {late.run} of 2026-06-04T03:00:00Z"
    )
    for form, shown in PERIOD_FORMATS.items():
        if form not in ("pdf", "xlsx", "csv"):
            text = " ".join(html.unescape(shown.render(period, Options()).decode()).replace("`", "").split())
            assert told in text, form
    assert told in period_pdf_text(period)
    assert told in period_csv.files(period, Options())["totals.csv"].decode()
    with pytest.raises(UsageError, match="1 of its runs were sealed since"):
        close(1, 4)


def test_a_closed_period_without_one_of_its_runs_is_not_reported(folder: Path, close: Closing) -> None:
    """The holder of the keys makes a store of the same runs but one, and closes the period with the list of before."""
    _, closed = close(1, 4)
    shorter = folder / "shorter"
    shorter.mkdir()
    store = store_in(shorter)
    for day in (1, 2, 4):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass", "b": "pass" if day < 2 else "fail"}})
    seals = tuple(placed.link for placed, _ in chain.read(store.layout, store.trust).of_kind("seal"))
    span = Span(starts="2026-06-01", ends="2026-06-04", timezone=closed.timezone)
    body = Close(period=span, seals=seals, inputs=closed.digest, open_failures=open_failures(closed.failures))
    store.chain().append("close", body, "2026-06-10T09:00:00Z")
    with pytest.raises(VerificationError, match="closed it with other runs or open failures than it has now"):
        examination.period(str(shorter / "store"), shorter / "config", june(1), june(4))


def test_closing_names_every_seal_of_the_period_by_its_digest(folder: Path, close: Closing) -> None:
    close(1, 2)
    close(3, 4)
    store = reopened(folder)
    reading = chain.read(store.layout, store.trust)
    seals = [placed.link for placed, _ in reading.of_kind("seal")]
    assert [list(body.seals) for _, body in reading.of_kind("close")] == [seals[:2], seals[2:]]
