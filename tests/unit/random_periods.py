"""Periods at random, small but of every kind, whose parts fit together as those of the real builder do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

from hypothesis import strategies as st

from engine.model import Scope
from engine.periods import (
    MARKS,
    Began,
    Change,
    ChangeKind,
    CoverageRow,
    Ended,
    Failure,
    Frame,
    Moment,
    Night,
    Period,
)
from tests.golden import periods

SCOPES = (periods.IRELAND, periods.FRANKFURT, Scope("azure", "9d2c", "global"))
NAMES = st.text(st.characters(codec="utf-8"), max_size=24)
"""Whatever a cloud lets someone call a thing, and more."""


def night_of(index: int) -> str:
    return (date(2024, 2, 20) + timedelta(days=index)).isoformat()


def frame_of(index: int) -> Frame:
    """The run of a night; the nights go across a leap day."""
    night = night_of(index)
    return Frame(
        moment=Moment(f"{night}T02:00:00Z", f"run-{index}"),
        kind="scheduled",
        sequence=2 * index + 2,
        started_at=f"{night}T02:00:00Z",
        sealed_at=f"{night}T02:03:00Z",
        night=night,
        records=20,
        root=f"{index:064x}",
        engine="0.4.0",
        caller="arn:aws:iam::111111111111:role/auditreel",
        filtered=False,
    )


@st.composite
def failures(draw: st.DrawFn, check: str, nights: int) -> Failure:
    """A failure of a check from one night to a later one."""
    first = draw(st.integers(0, nights - 1))
    last = draw(st.integers(first, nights - 1))
    subject = periods.bucket(draw(NAMES))
    good = draw(st.booleans())
    return Failure(
        check=check,
        version=draw(st.integers(1, 3)),
        severity=draw(st.sampled_from(("low", "medium", "high", "critical"))),
        scope=draw(st.sampled_from(SCOPES)),
        subject=subject,
        last_good=frame_of(first - 1).moment if first and good else None,
        first_bad=frame_of(first).moment,
        last_bad=frame_of(last).moment,
        first_good=frame_of(last + 1).moment if last + 1 < nights else None,
        began=draw(st.sampled_from(get_args(Began))),
        ended=draw(st.sampled_from(get_args(Ended))),
        frames=last - first + 1,
        unseen=draw(st.integers(0, 3)),
        message=draw(st.none() | NAMES),
        limit=draw(st.none() | st.integers(1, 90)),
        deviation=draw(st.none() | st.booleans()),
        waivers=draw(st.none() | st.just({"WV-2026-03": 1})),
        replaced=draw(st.none() | NAMES),
    )


@st.composite
def random_periods(draw: st.DrawFn) -> Period:
    """A period of up to 20 nights, with failures of up to three checks, gaps and changes."""
    count = draw(st.integers(1, 20))
    states = draw(
        st.lists(st.sampled_from(("ran", "partly", "did_not_run", "not_retained")), min_size=count, max_size=count)
    )
    nights = tuple(
        Night(
            night_of(index),
            f"{night_of(index)}T02:00:00Z",
            state,  # type: ignore[arg-type]
            late=state in ("ran", "partly") and draw(st.booleans()),
            runs=(f"run-{index}",) if state in ("ran", "partly") else (),
        )
        for index, state in enumerate(states)
    )
    controls = list(periods.CONTROLS)
    found: list[Failure] = []
    for index, row in enumerate(controls):
        mine: dict[object, Failure] = {}
        for check in row.control.checks:
            for failure in draw(st.lists(failures(check, count), max_size=3)):
                mine[(check, failure.version, failure.scope, failure.subject, failure.first_bad)] = failure
        known = tuple(mine.values())
        found += known
        controls[index] = replace(row, failures=known, deviations=sum(item.deviation is True for item in known))
    marks = st.text("".join(MARKS.values()), min_size=count, max_size=count)
    return replace(
        periods.every_state(),
        organization=draw(NAMES),
        starts=night_of(0),
        ends=night_of(count - 1),
        demonstration=draw(st.booleans()),
        frames=tuple(frame_of(index) for index, state in enumerate(states) if state in ("ran", "partly")),
        nights=nights,
        coverage=tuple(CoverageRow(scope, periods.ENCRYPTED, draw(marks)) for scope in SCOPES),
        failures=tuple(found),
        controls=tuple(controls),
        changes=tuple(
            Change(kind, draw(NAMES), None, frame_of(0).moment, None, draw(st.none() | NAMES), draw(st.booleans()))
            for kind in draw(st.lists(st.sampled_from(get_args(ChangeKind)), max_size=3))
        ),
        populations=draw(st.lists(st.sampled_from(periods.POPULATIONS), max_size=8, unique=True).map(tuple)),
        waivers=draw(st.lists(st.sampled_from(periods.WAIVERS), max_size=2, unique=True).map(tuple)),
    )
