from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from engine.errors import InputError
from engine.periods import MARKS, CoverageRow, Period
from engine.report import PERIOD_FORMATS, Options, period_counts, period_words
from engine.report.period_counts import Gap, Totals
from tests.golden import periods
from tests.unit.random_periods import random_periods


def test_totals_are_those_counted_by_hand() -> None:
    assert period_counts.totals(periods.every_state()) == Totals(
        criteria=9,
        controls=7,
        controls_with_failures=2,
        failures=12,
        deviations=4,
        undecided=2,
        within_limit=6,
        open=2,
        accepted=2,
        nights=92,
        ran=87,
        partly=1,
        missed=3,
        not_retained=1,
        late=1,
        resumed=1,
        runs=89,
        populations=8,
        items=355,
        incomplete_populations=1,
        waivers=2,
        changes=9,
        weaker_parameters=1,
    )


def test_every_total_has_a_label_of_its_own() -> None:
    labels = [label for label, _ in period_counts.labelled(periods.nothing())]
    assert len(labels) == len(set(labels)) == len(period_counts.LABELS)


@given(random_periods())
@settings(max_examples=30, deadline=None)
def test_totals_add_up(period: Period) -> None:
    found = period_counts.totals(period)
    assert found.deviations + found.undecided + found.within_limit == found.failures
    assert found.ran + found.partly + found.missed + found.not_retained == found.nights


def test_gaps_are_the_planted_ones() -> None:
    ireland = [
        (gap.state, gap.first, gap.last, gap.nights)
        for gap in period_counts.gaps(periods.every_state())
        if (gap.scope, gap.check) == (periods.IRELAND, periods.ENCRYPTED)
    ]
    assert ireland == [
        ("not_retained", "2026-08-02", "2026-08-02", 1),
        ("did_not_run", "2026-08-15", "2026-08-16", 2),
        ("partly", "2026-09-03", "2026-09-03", 1),
        ("did_not_run", "2026-10-04", "2026-10-04", 1),
    ]


def test_nights_before_a_check_was_in_force_are_no_gap() -> None:
    detector = [gap for gap in period_counts.gaps(periods.every_state()) if gap.check == periods.DETECTOR]
    assert detector == [Gap(periods.IRELAND, periods.DETECTOR, "did_not_run", "2026-10-04", "2026-10-04", 1)]


@given(random_periods())
@settings(max_examples=30, deadline=None)
def test_gaps_hold_every_night_that_did_not_run_and_no_other(period: Period) -> None:
    dates = [night.date for night in period.nights]
    told = {
        (gap.scope, gap.check, dates[index])
        for gap in period_counts.gaps(period)
        for index in range(dates.index(gap.first), dates.index(gap.last) + 1)
    }
    lacking = {MARKS["partly"], MARKS["did_not_run"], MARKS["not_retained"]}
    assert told == {
        (row.scope, row.check, date)
        for row in period.coverage
        for date, mark in zip(dates, row.nights, strict=True)
        if mark in lacking
    }
    shared = [part for gap in period_counts.shared_gaps(period) for part in gap.gaps]
    assert sorted(shared, key=repr) == sorted(period_counts.gaps(period), key=repr)


def test_a_gap_of_some_checks_is_not_called_one_of_all() -> None:
    some = {(gap.first, gap.all_) for gap in period_counts.shared_gaps(periods.every_state())}
    assert some == {("2026-08-02", True), ("2026-08-15", True), ("2026-09-03", False), ("2026-10-04", True)}


def test_coverage_that_has_no_nights_has_no_gaps() -> None:
    period = replace(periods.nothing(), nights=(), coverage=(CoverageRow(periods.IRELAND, periods.ENCRYPTED, ""),))
    assert list(period_counts.gaps(period)) == []


def test_failures_are_numbered_in_their_order() -> None:
    numbers = period_counts.numbers(periods.every_state())
    assert list(numbers.values()) == [f"F-{index:03}" for index in range(1, 13)]
    assert numbers[period_counts.key(periods.REPLACED)] == "F-001"


def test_a_failure_of_a_control_that_the_period_does_not_hold_stops_it() -> None:
    period = replace(periods.every_state(), failures=tuple(row for row in periods.FAILURES if row != periods.LONG))
    with pytest.raises(InputError, match=r"Control DP-01 shows a failure .* that the period does not hold"):
        period_counts.numbers(period)


@pytest.mark.parametrize(
    ("failure", "least", "most", "words"),
    [
        (periods.LONG, timedelta(days=26), timedelta(days=28), "at least 26 d 0 h, at most 28 d 0 h"),
        (periods.FLAPS[0], timedelta(0), timedelta(days=2), "at least 0 h, at most 2 d 0 h"),
        (periods.FORMULA, timedelta(days=6), None, "at least 6 d 0 h"),
        # Across the end of summer time, an hour more.
        (periods.CARRIED, timedelta(days=91, hours=1), None, "at least 91 d 1 h"),
    ],
)
def test_a_failure_lasted_between_its_frames(
    failure: periods.Failure, least: timedelta, most: timedelta | None, words: str
) -> None:
    assert period_counts.least(failure) == least
    assert period_counts.most(failure) == most
    assert period_words.lasted(failure) == words


def test_spans_are_rounded_away_from_a_claim() -> None:
    span = timedelta(hours=25, minutes=30)
    assert (period_words.duration(span), period_words.duration(span, up=True)) == ("1 d 1 h", "1 d 2 h")


ENDS = {
    periods.LONG.ended: "corrected after 2026-09-09T02:00:11Z, by 2026-09-10T02:00:11Z",
    periods.FORMULA.ended: "ended by deletion after 2026-08-26T02:00:11Z, by 2026-08-27T02:00:11Z",
    periods.OLD_TEST.ended: ("ended by test change, not corrected after 2026-09-14T02:00:11Z, by 2026-09-15T02:00:11Z"),
    periods.MOVED.ended: (
        "ended by leaving the boundary, not corrected after 2026-10-19T02:00:11Z, by 2026-10-20T02:00:11Z"
    ),
    periods.PUBLISHED.ended: "ended as not applicable after 2026-09-06T02:00:11Z, by 2026-09-07T02:00:11Z",
    periods.CARRIED.ended: "open; last seen failing at 2026-10-31T03:00:11Z",
}


@pytest.mark.parametrize("failure", periods.FAILURES, ids=lambda row: row.ended)
def test_only_a_correction_is_called_one(failure: periods.Failure) -> None:
    said = period_words.ended(failure)
    assert said.startswith("corrected") == (failure.ended == "corrected")
    if failure in (periods.LONG, periods.FORMULA, periods.OLD_TEST, periods.MOVED, periods.PUBLISHED, periods.CARRIED):
        assert said == ENDS[failure.ended]


@given(random_periods())
@settings(max_examples=30, deadline=None)
def test_words_never_claim_a_time_that_is_no_frame(period: Period) -> None:
    for failure in period.failures:
        moments = (failure.last_good, failure.first_bad, failure.last_bad, failure.first_good)
        known = {moment.as_of for moment in moments if moment is not None}
        said = f"{period_words.began(failure)} {period_words.ended(failure)}"
        assert {word.strip(",;()") for word in said.split() if word[:2] == "20"} <= known


def test_an_incomplete_population_is_shown_beside_failures() -> None:
    row = next(row for row in periods.CONTROLS if row.control.id == "NW-01")
    partial = replace(row, populations=tuple(replace(item, complete=False) for item in row.populations))
    assert (period_words.word(row), period_words.word(partial)) == (
        "failures observed",
        "failures observed, incomplete",
    )
    assert period_words.populations(partial) == (
        "AWS::EC2::SecurityGroup: at least 48 (second source ec2:DescribeAccountAttributes: 48 where 48 were listed at "
        "2026-10-31T03:00:11Z, no difference in 89 runs)"
    )


def test_nothing_seen_of_an_incomplete_listing_is_not_none() -> None:
    row = replace(periods.POPULATIONS[0], complete=False)
    assert period_words.population(row) == "none seen, but not all could be listed"


def test_a_criterion_that_names_a_control_that_is_not_there_is_an_error_in_every_format() -> None:
    period = periods.every_state()
    first = replace(period.criteria[0], controls=("ZZ-99",))
    broken = replace(period, criteria=(first, *period.criteria[1:]))
    for shown in PERIOD_FORMATS.values():
        with pytest.raises(InputError, match="names the control ZZ-99, which the period does not have"):
            shown.render(broken, Options())
