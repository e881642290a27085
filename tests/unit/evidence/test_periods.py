"""A period of nights that went through the real writer: what ran, what failed and since when, and what nobody saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import UsageError, VerificationError
from engine.evidence.verify import NOT_ANCHORED
from engine.model import Subject
from engine.periods import Change, CoverageRow, Failure, Moment, Night, Period, PeriodPopulation, WaiverInPeriod
from tests.unit.evidence.nightly import (
    CONTROLS,
    ENCRYPTED,
    VERSIONED,
    a_check,
    accepted,
    begun,
    judged,
    made,
    plan,
    recorded,
)
from tests.unit.evidence.synthetic_runs import BUCKET, SCOPE, store_in

STARTS, ENDS = "2026-03-27", "2026-04-03"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight nights around the last Sunday of March, of which two were missed, and the night before them."""
    folder = tmp_path_factory.mktemp("nights")
    store = store_in(folder)
    both = [a_check(ENCRYPTED), a_check(VERSIONED)]
    waived = {"b": accepted("b", both[0])}
    recorded(
        store,
        "2026-03-26T01:05:00Z",
        {ENCRYPTED: {"a": "pass", "b": "fail"}, VERSIONED: {"a": "pass", "b": "pass"}},
        both,
    )
    recorded(
        store,
        "2026-03-27T01:05:00Z",
        {ENCRYPTED: {"a": "pass", "b": "fail"}, VERSIONED: {"a": "pass", "b": "pass"}},
        both,
        accepted=waived,
    )
    recorded(
        store,
        "2026-03-28T01:05:00Z",
        {ENCRYPTED: {"a": "fail", "b": "fail"}, VERSIONED: {"a": "pass", "b": "unknown"}},
        both,
        accepted=waived,
    )
    begun(store, "2026-03-29T00:35:00Z", both)  # died: the night of the clock change
    run = begun(store, "2026-03-30T00:05:00Z", both)
    run.abandon("interrupted", "2026-03-30T00:06:00Z")
    # Neither a stored snapshot nor a gate fills a night.
    recorded(store, "2026-03-30T00:10:00Z", {ENCRYPTED: {"a": "pass"}}, source="recorded")
    recorded(store, "2026-03-30T00:11:00Z", {ENCRYPTED: {"a": "pass"}}, planned=plan("gate"))
    recorded(
        store,
        "2026-03-31T06:30:00Z",
        {ENCRYPTED: {"a": "fail", "b": "pass", "c": "fail"}, VERSIONED: {"a": "fail", "b": "pass", "c": "pass"}},
        both,
    )
    recorded(
        store,
        "2026-04-01T00:05:00Z",
        {ENCRYPTED: {"a": "pass", "b": "pass"}},
        planned=plan("adhoc", checks=[ENCRYPTED]),
    )
    newer = [a_check(ENCRYPTED), a_check(VERSIONED, 2)]
    recorded(
        store,
        "2026-04-02T00:05:00Z",
        {ENCRYPTED: {"a": "pass", "b": "pass"}, VERSIONED: {"a": "pass", "b": "pass"}},
        newer,
        parameters={ENCRYPTED: {"max_days": 90}},
    )
    recorded(
        store,
        "2026-04-03T00:05:00Z",
        {ENCRYPTED: {"a": "pass"}, VERSIONED: {"a": "pass"}},
        newer,
        parameters={ENCRYPTED: {"max_days": 90}},
        listing="failed",
    )
    recorded(store, "2026-04-04T00:05:00Z", {ENCRYPTED: {"a": "fail"}, VERSIONED: {"a": "fail"}}, newer)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Period:
    return made(folder, STARTS, ENDS)


def moment(found: Period, night: str) -> Moment:
    (frame,) = [frame.moment for frame in found.frames if frame.night == night]
    return frame


def bucket(name: str) -> Subject:
    return Subject("resource", BUCKET, f"arn:aws:s3:::{name}", name)


def test_every_night_is_told_and_only_live_runs_are_frames(found: Period) -> None:
    assert [(frame.night, frame.kind, frame.filtered) for frame in found.frames] == [
        ("2026-03-27", "scheduled", False),
        ("2026-03-28", "scheduled", False),
        ("2026-03-31", "scheduled", False),
        ("2026-04-01", "adhoc", True),
        ("2026-04-02", "scheduled", False),
        ("2026-04-03", "scheduled", False),
    ]
    assert [replace(night, runs=(), unsealed=()) for night in found.nights] == [
        Night("2026-03-27", "2026-03-27T01:00:00Z", "ran", False),
        Night("2026-03-28", "2026-03-28T01:00:00Z", "partly", False),
        Night("2026-03-29", "2026-03-29T01:00:00Z", "did_not_run", False),
        Night("2026-03-30", "2026-03-30T00:00:00Z", "did_not_run", False),
        Night("2026-03-31", "2026-03-31T00:00:00Z", "ran", True),
        Night("2026-04-01", "2026-04-01T00:00:00Z", "partly", False),
        Night("2026-04-02", "2026-04-02T00:00:00Z", "ran", False),
        Night("2026-04-03", "2026-04-03T00:00:00Z", "partly", False),
    ]
    assert [night.runs for night in found.nights] == [
        tuple(frame.moment.run for frame in found.frames if frame.night == night.date) for night in found.nights
    ]
    assert found.coverage == (CoverageRow(SCOPE, ENCRYPTED, "rr--rrrp"), CoverageRow(SCOPE, VERSIONED, "rp--r-rp"))


def test_a_run_that_began_before_its_night_was_due_is_told_with_the_night_before(found: Period) -> None:
    assert [(night.date, [why for _, why in night.unsealed]) for night in found.nights if night.unsealed] == [
        ("2026-03-28", ["never sealed"]),
        ("2026-03-30", ["abandoned: interrupted"]),
    ]


def test_failures_have_the_bounds_that_frames_give_and_the_rule_that_was_in_force(found: Period) -> None:
    assert found.failures == (
        Failure(
            ENCRYPTED,
            1,
            "high",
            SCOPE,
            bucket("a"),
            last_good=moment(found, "2026-03-27"),
            first_bad=moment(found, "2026-03-28"),
            last_bad=moment(found, "2026-03-31"),
            first_good=moment(found, "2026-04-01"),
            began="after_a_pass",
            ended="corrected",
            frames=2,
            unseen=2,
            message="It is too old.",
            limit=2,
            deviation=True,
        ),
        Failure(
            ENCRYPTED,
            1,
            "high",
            SCOPE,
            bucket("b"),
            last_good=None,
            first_bad=found.failures[1].first_bad,
            last_bad=moment(found, "2026-03-28"),
            first_good=moment(found, "2026-03-31"),
            began="before_the_period",
            ended="corrected",
            frames=3,
            unseen=2,
            message="It is too old.",
            limit=2,
            deviation=True,
            waivers={"2026-014": 2},
            beside=(("2026-014", moment(found, "2026-03-27"), moment(found, "2026-03-28")),),
        ),
        Failure(
            ENCRYPTED,
            1,
            "high",
            SCOPE,
            bucket("c"),
            last_good=None,
            first_bad=moment(found, "2026-03-31"),
            last_bad=moment(found, "2026-03-31"),
            first_good=moment(found, "2026-04-01"),
            began="first_seen",
            ended="deleted",
            frames=1,
            unseen=0,
            message="It is too old.",
            limit=2,
            deviation=False,
        ),
        Failure(
            VERSIONED,
            1,
            "high",
            SCOPE,
            bucket("a"),
            last_good=moment(found, "2026-03-28"),
            first_bad=moment(found, "2026-03-31"),
            last_bad=moment(found, "2026-03-31"),
            first_good=moment(found, "2026-04-02"),
            began="after_a_pass",
            ended="test_changed",
            frames=1,
            unseen=3,
            message="It is too old.",
            deviation=True,
        ),
    )
    assert found.failures[1].first_bad.as_of == "2026-03-26T01:05:00Z"


def test_changes_stand_where_they_were_first_seen_and_a_weaker_parameter_is_told(found: Period) -> None:
    before, at = moment(found, "2026-03-31"), moment(found, "2026-04-02")
    old, new = a_check(VERSIONED), a_check(VERSIONED, 2)

    assert found.changes == (
        Change("check", VERSIONED, before, at, f"version 1, {old.digest[:16]}", f"version 2, {new.digest[:16]}"),
        Change("parameter", f"{ENCRYPTED}.max_days", moment(found, "2026-04-01"), at, "30", "90", weaker=True),
    )


def test_populations_hold_everything_that_was_seen_in_any_frame(found: Period) -> None:
    first, last = moment(found, "2026-03-27"), moment(found, "2026-04-03")
    queries = ("s3:ListBuckets",)

    assert found.populations == (
        PeriodPopulation(ENCRYPTED, BUCKET, 3, 3, first, last, False, queries),
        PeriodPopulation(VERSIONED, BUCKET, 3, 1, first, last, False, queries),
    )
    assert (found.inventory, found.appeared, found.gone) == ({BUCKET: 2}, {BUCKET: 1}, {BUCKET: 1})


def test_controls_conclude_with_their_coverage_and_missed_nights_fail_only_the_scanning_control(found: Period) -> None:
    rows = {row.control.id: row for row in found.controls}

    assert {
        id_: (row.word, row.nights, row.expected, row.subjects, len(row.failures), row.deviations)
        for id_, row in rows.items()
    } == {
        "DP-01": ("failures_observed", 5, 8, 3, 3, 2),
        "DP-02": ("failures_observed", 3, 8, 3, 1, 1),
        "MO-01": ("failures_observed", 3, 8, 0, 0, 2),
    }
    assert [failure.deviation for failure in rows["DP-01"].failures] == [True, True, False]
    assert rows["MO-01"].result == ("2 nights without a run, complete on 3 of 8 nights, 0 resources.")
    states = {row.criterion.id: (row.state, row.controls) for row in found.criteria}
    assert len(states) == 61
    assert states["CC6.1"] == ("controls", ("DP-01", "DP-02"))
    assert states["CC1.1"] == ("no_control", ())
    assert states["A1.1"] == ("not_relevant", ())


def test_a_waiver_stands_beside_its_failure_with_its_frames(found: Period) -> None:
    assert found.waivers == (
        WaiverInPeriod(
            id="2026-014",
            kind="risk_accepted",
            check=ENCRYPTED,
            owner="Ops",
            approver="Kim",
            standing="asserted",
            reason="Migrated in spring.",
            starts="2026-01-01",
            expires="2027-01-01",
            first=moment(found, "2026-03-27"),
            last=moment(found, "2026-03-28"),
            frames=2,
            subjects=("arn:aws:s3:::b",),
        ),
    )


def test_a_photograph_shows_the_night_alone_and_what_is_open_in_it(folder: Path) -> None:
    found = made(folder, "2026-03-31", "2026-03-31", type_=1)

    assert [frame.night for frame in found.frames] == ["2026-03-31"]
    assert [(row.check, row.subject.name, row.ended) for row in found.failures] == [
        (ENCRYPTED, "a", "open"),
        (ENCRYPTED, "c", "open"),
        (VERSIONED, "a", "open"),
    ]
    assert (found.starts, found.ends, [row.nights for row in found.coverage]) == (
        "2026-03-31",
        "2026-03-31",
        ["r", "r"],
    )


@pytest.mark.parametrize(("type_", "ends"), [(1, "2026-03-29"), (2, "2026-03-25"), (1, "2026-03-25")])
def test_a_period_without_a_run_is_refused(folder: Path, type_: int, ends: str) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        made(folder, ends, ends, type_)  # type: ignore[arg-type]


def test_equal_stores_give_equal_periods_with_the_index_and_without(folder: Path, found: Period) -> None:
    assert made(folder, STARTS, ENDS, secret=False) == found
    assert made(folder, STARTS, ENDS) == found
    assert found.anchored == NOT_ANCHORED


def test_what_comes_after_the_end_changes_nothing(folder: Path, found: Period) -> None:
    assert not [row for row in found.failures if row.last_bad.as_of > "2026-04-03T23"]
    assert made(folder, STARTS, "2026-04-04").digest != found.digest


@pytest.mark.parametrize(
    "part", ["runs/{run}/findings.parquet", "runs/{run}/ledger.parquet", "chain/{entry:020d}.json"]
)
def test_a_store_that_does_not_verify_gives_no_report(folder: Path, found: Period, part: str) -> None:
    frame = found.frames[1]
    path = folder / "store" / part.format(run=frame.moment.run, entry=frame.sequence)
    data = path.read_bytes()
    try:
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        with pytest.raises(VerificationError, match=path.name):
            made(folder, STARTS, ENDS)
        path.unlink()
        with pytest.raises(VerificationError):
            made(folder, STARTS, ENDS)
    finally:
        path.write_bytes(data)
    assert made(folder, STARTS, ENDS) == found


# --- words of controls ---


def concluded(tmp_path: Path, nights: dict[str, dict[str, str]], ends: str, **more: object) -> dict[str, str]:
    store = store_in(tmp_path)
    for as_of, verdicts in nights.items():
        recorded(store, as_of, {ENCRYPTED: verdicts, VERSIONED: {"z": "pass"}}, **more)  # type: ignore[arg-type]
    return {row.control.id: row.word for row in made(tmp_path, "2026-06-01", ends).controls}


@pytest.mark.parametrize(
    ("verdicts", "ends", "word"),
    [
        ({"a": "pass"}, "2026-06-02", "no_failures_observed"),
        ({"a": "fail"}, "2026-06-02", "failures_observed"),
        ({"a": "unknown"}, "2026-06-02", "incomplete"),
        ({"a": "pass", "b": "unknown"}, "2026-06-02", "incomplete"),
        ({"a": "fail", "b": "unknown"}, "2026-06-02", "failures_observed"),
        ({"a": "pass"}, "2026-06-03", "incomplete"),
        ({}, "2026-06-02", "no_evidence"),
        ({"a": "not_applicable"}, "2026-06-02", "no_evidence"),
    ],
)
def test_a_control_has_the_first_word_that_applies(
    tmp_path: Path, verdicts: dict[str, str], ends: str, word: str
) -> None:
    nights = {"2026-06-01T00:05:00Z": verdicts, "2026-06-02T00:05:00Z": verdicts}

    assert concluded(tmp_path, nights, ends)["DP-01"] == word


def test_a_check_that_never_ran_leaves_its_control_without_evidence_and_named(tmp_path: Path) -> None:
    recorded(store_in(tmp_path), "2026-06-01T00:05:00Z", {VERSIONED: {"a": "pass"}})
    rows = {row.control.id: row for row in made(tmp_path, "2026-06-01", "2026-06-01").controls}

    assert (rows["DP-01"].word, rows["DP-01"].nights) == ("no_evidence", 0)
    assert rows["DP-01"].result.endswith("; not run: aws.s3.encrypted.")
    assert (rows["DP-02"].word, rows["MO-01"].word) == ("no_failures_observed", "no_failures_observed")


def test_a_check_that_came_late_is_told_as_not_tested_before(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    recorded(store, "2026-06-01T00:05:00Z", {VERSIONED: {"a": "pass"}})
    recorded(store, "2026-06-02T00:05:00Z", {ENCRYPTED: {"a": "pass"}, VERSIONED: {"a": "pass"}})
    rows = {row.control.id: row for row in made(tmp_path, "2026-06-01", "2026-06-02").controls}

    assert rows["DP-01"].not_tested_before == {ENCRYPTED: "2026-06-02"}
    assert (rows["DP-01"].word, rows["DP-01"].nights, rows["DP-01"].expected) == ("incomplete", 1, 2)
    assert rows["DP-02"].not_tested_before == {}


def test_a_control_that_was_removed_with_its_failures_is_concluded_all_the_same(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    recorded(store, "2026-06-01T00:05:00Z", {ENCRYPTED: {"a": "fail"}, VERSIONED: {"a": "pass"}})
    fewer = CONTROLS[: CONTROLS.index("  - id: DP-01")] + CONTROLS[CONTROLS.index("  - id: DP-02") :]
    checks = [a_check(ENCRYPTED), a_check(VERSIONED)]
    run = begun(store, "2026-06-02T00:05:00Z", checks, controls=fewer)
    what = judged("2026-06-02T00:05:00Z", {ENCRYPTED: {"a": "fail"}, VERSIONED: {"a": "pass"}}, checks)
    run.add(what.snapshot, what.findings)
    run.seal(what, "2026-06-02T00:05:00Z")
    found = made(tmp_path, "2026-06-01", "2026-06-02")

    assert {row.control.id: row.word for row in found.controls}["DP-01"] == "failures_observed"
    assert [(row.kind, row.name, row.now) for row in found.changes] == [
        ("control", "DP-01", None),
    ]
