"""What verdicts come to: sums, the words of controls, alternatives, criteria, exit codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judging.conclude import Conclusion, conclude, exit_code
from engine.model import SEVERITIES, Bounds, Check, Control, Finding, Population, Waiver
from engine.programme.model import Attachment, Record, Recurrence
from tests.unit.verdicts import (
    OTHER,
    SCOPE,
    check,
    control,
    finding,
    policy,
    selection,
    snapshot,
    unlisted,
    waiver,
)

A = check("aws.s3.a", "critical")
B = check("aws.s3.b", "low", ["CC7.2"])
C = check("aws.ec2.c", "medium", ["A1.2"])
TYPE = "Test::Bucket"


def concluded(
    findings: Sequence[Finding],
    controls: Sequence[Control] = (),
    waivers: Sequence[Waiver] = (),
    checks: Sequence[Check] = (A, B, C),
    types: Sequence[str] = (TYPE,),
    organization: dict[str, Any] | None = None,
    asked: dict[str, Any] | None = None,
    records: tuple[Record, ...] = (),
    **options: Any,
) -> Conclusion:
    return conclude(
        findings,
        selection(*checks, **(asked or {})),
        snapshot(*types),
        replace(policy(controls, waivers, **(organization or {})), records=records),
        **options,
    )


# --- populations -----------------------------------------------------------------------------------------------------


def test_a_population_counts_every_finding_of_its_check_once() -> None:
    findings = [
        finding(A, "pass", "1"),
        finding(A, "fail", "2"),
        finding(A, "fail", "3"),
        finding(A, "unknown", "4"),
        finding(A, "not_applicable", "5"),
        finding(B, "pass", "1"),
    ]
    result = concluded(findings, waivers=[waiver("w", A, "2")], checks=[A, B], listers={TYPE: ("s3:ListBuckets",)})
    assert result.populations == (
        Population(A.id, 5, 1, 2, 1, 1, True, waived=1, queries=("s3:ListBuckets",)),
        Population(B.id, 1, 1, 0, 0, 0, True, waived=0, queries=("s3:ListBuckets",)),
    )
    assert result.populations[0].count == 4


def test_a_complete_listing_of_nothing_is_a_population_of_none_and_no_pass() -> None:
    result = concluded([], [control("X-01", [A.id])], checks=[A])
    assert result.populations == (Population(A.id, 0, 0, 0, 0, 0, True),)
    assert result.controls[0].word == "no_evidence"
    assert result.controls[0].reason == "Nothing exists that it applies to."
    assert result.exit_code == 0


def test_events_that_a_complete_listing_does_not_hold_did_not_occur() -> None:
    result = concluded([], [control("X-01", [A.id], operation="per_event")], checks=[A])
    assert result.controls[0].word == "did_not_occur"


def test_a_listing_that_was_not_complete_makes_the_population_at_least_and_the_run_incomplete() -> None:
    result = concluded([finding(A, "pass"), unlisted(A, OTHER)], [control("X-01", [A.id])], checks=[A])
    assert result.populations == (Population(A.id, 2, 1, 0, 1, 0, False),)
    assert (result.controls[0].word, result.exit_code) == ("incomplete", 4)


def test_a_type_that_was_never_listed_is_no_population_of_none() -> None:
    result = concluded([], [control("X-01", [A.id])], checks=[A], types=["Other::Type"])
    assert (result.populations[0].complete, result.controls[0].word) == (False, "incomplete")
    assert (result.exit_code, result.exit_reasons) == (4, {4: "1 check whose resources were not all listed"})


# --- the words of controls -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        (["pass"], "no_failures_observed"),
        (["pass", "not_applicable"], "no_failures_observed"),
        (["not_applicable"], "no_evidence"),
        (["pass", "unknown"], "incomplete"),
        (["unknown"], "incomplete"),
        (["pass", "fail"], "failures_observed"),
        (["fail", "unknown"], "failures_observed"),
    ],
)
def test_the_first_word_that_applies_is_the_conclusion(verdicts: list[Any], word: str) -> None:
    findings = [finding(A, verdict, str(number)) for number, verdict in enumerate(verdicts)]
    assert concluded(findings, [control("X-01", [A.id])], checks=[A]).controls[0].word == word


def test_failures_and_incompleteness_are_both_shown() -> None:
    findings = [finding(A, "fail", "1"), finding(A, "fail", "2"), finding(A, "unknown", "3"), finding(A, "pass", "4")]
    result = concluded(findings, [control("X-01", [A.id])], [waiver("w", A, "1")], checks=[A])
    [shown] = result.controls
    assert (shown.failed, shown.waived, shown.unknown, shown.passed) == (2, 1, 1, 1)
    assert shown.reason == "2 failures, 1 of them waived; 3 of 4 verdicts known."


def test_a_waived_failure_is_still_a_failure_observed() -> None:
    result = concluded([finding(A, "fail")], [control("X-01", [A.id])], [waiver("w", A, "one")], checks=[A])
    assert (result.controls[0].word, result.controls[0].deviations, result.exit_code) == ("failures_observed", 1, 0)


def test_how_many_failures_are_deviations_takes_a_period_where_correction_in_time_counts() -> None:
    rule = {"critical": 1, "high": 7, "medium": 30, "low": 90}
    timed = control("X-01", [A.id], deviation=rule)
    assert concluded([finding(A, "fail")], [timed], checks=[A]).controls[0].deviations is None
    assert concluded([finding(A, "pass")], [timed], checks=[A]).controls[0].deviations == 0


def test_a_control_whose_checks_were_not_all_run_is_incomplete() -> None:
    result = concluded([finding(A, "pass")], [control("X-01", [A.id, B.id])], checks=[A])
    [shown] = result.controls
    assert (shown.word, shown.checks, shown.not_run) == ("incomplete", (A.id,), (B.id,))
    assert shown.reason == "Not run: aws.s3.b; 1 of at least 1 verdict known."
    # Every check that was asked for was judged: the control is incomplete, the run is not.
    assert result.exit_code == 0


def test_a_control_of_which_nothing_was_run_has_no_evidence() -> None:
    result = concluded([finding(A, "pass")], [control("X-01", [B.id])], checks=[A])
    assert result.controls[0].word == "no_evidence"


def test_a_control_that_needs_evidence_beside_its_checks_is_incomplete_without_it() -> None:
    both = control("X-01", [A.id], evidence=("access_review",))
    alone = control("X-02", evidence=("access_review",))
    result = concluded([finding(A, "pass")], [both, alone], checks=[A])
    assert [shown.word for shown in result.controls] == ["incomplete", "no_evidence"]
    assert result.controls[0].reason == "No evidence recorded: access review; 1 of 1 verdict known."


# --- alternatives ----------------------------------------------------------------------------------------------------

EITHER = control("X-01", alternatives=((A.id, B.id),))


def test_of_alternatives_the_unchosen_one_is_not_used_and_no_failure() -> None:
    findings = [finding(A, "pass"), finding(B, "fail"), finding(B, "unknown", "two")]
    result = concluded(findings, [EITHER], checks=[A, B])
    [shown] = result.controls
    assert (shown.word, shown.checks, shown.unused) == ("no_failures_observed", (A.id,), (B.id,))
    assert shown.reason == (
        "1 of 1 verdict known; not used: aws.s3.b, since an alternative is in use; failing beside it, and counted for "
        "no control: aws.s3.b on 1."
    )
    assert (result.set_aside, result.exit_code, result.exit_reasons) == (frozenset({B.id}), 0, {})
    # What it found is still there to be read.
    assert result.populations[1].failed == 1


@pytest.mark.parametrize(
    "first",
    [
        [finding(A, "fail")],
        [finding(A, "pass"), finding(A, "fail", "two")],
        [finding(A, "pass"), finding(A, "unknown", "two")],
        [finding(A, "pass"), unlisted(A, OTHER)],
        [finding(A, "not_applicable")],
        [],
    ],
    ids=["fails", "fails somewhere", "unknown somewhere", "not all listed", "does not apply", "finds nothing"],
)
def test_an_alternative_that_does_not_wholly_hold_hides_no_failure(first: list[Finding]) -> None:
    result = concluded([*first, finding(B, "fail")], [EITHER], checks=[A, B])
    [shown] = result.controls
    assert (shown.word, shown.unused, result.set_aside) == ("failures_observed", (), frozenset())
    assert 3 in result.exit_reasons


def test_an_alternative_that_another_control_relies_on_still_counts() -> None:
    findings = [finding(A, "pass"), finding(B, "fail")]
    result = concluded(findings, [EITHER, control("X-02", [B.id])], checks=[A, B])
    assert [shown.word for shown in result.controls] == ["no_failures_observed", "failures_observed"]
    assert (result.set_aside, result.exit_code) == (frozenset(), 3)


def test_a_check_that_was_asked_for_by_name_always_counts() -> None:
    findings = [finding(A, "pass"), finding(B, "fail")]
    assert concluded(findings, [EITHER], checks=[A, B], asked={"patterns": (B.id, A.id)}).exit_code == 3
    assert concluded(findings, [EITHER], checks=[A, B], asked={"patterns": ("aws.*",)}).exit_code == 0


def test_evidence_as_an_alternative_excuses_no_failing_check() -> None:
    either = control("X-01", alternatives=((A.id, "threat_report"),))
    result = concluded([finding(A, "fail")], [either], checks=[A])
    assert (result.controls[0].word, result.exit_code) == ("failures_observed", 3)
    only = control("X-01", alternatives=(("threat_report", "other_report"),))
    assert concluded([], [only], checks=[A]).controls[0].word == "no_evidence"


REPORT = Record(
    "r", "threat_report", "Report", "Dana", Path("r"), "0" * 64, date(2020, 1, 1), valid_until=date(2030, 1, 1)
)
FILED = replace(REPORT, files=(Attachment("report.pdf", "0" * 64, 1),))


def test_a_record_without_a_file_sets_no_check_aside_and_is_told() -> None:
    either = control("X-01", alternatives=((A.id, "threat_report"),))
    for verdict, code, word in (("fail", 3, "failures_observed"), ("unknown", 4, "incomplete")):
        result = concluded([finding(A, verdict)], [either], checks=[A], records=(REPORT,))
        [shown] = result.controls
        assert (shown.word, shown.unused, result.set_aside, result.exit_code) == (word, (), frozenset(), code)
        assert "on the word of Dana, no file: it stands in the place of no check" in shown.reason


def test_what_a_check_finds_that_a_record_with_a_file_sets_aside_is_told_beside_it() -> None:
    either = control("X-01", alternatives=((A.id, "threat_report"),))
    result = concluded([finding(A, "fail"), finding(A, "fail", "two")], [either], checks=[A], records=(FILED,))
    [shown] = result.controls
    assert (shown.word, shown.unused, result.set_aside, result.exit_code) == (
        "no_failures_observed", (A.id,), frozenset({A.id}), 0,
    )  # fmt: skip
    assert shown.reason == (
        "Threat report of 2020-01-01, good until 2030-01-01 (r); not used: aws.s3.a, since an alternative is in use; "
        "failing beside it, and counted for no control: aws.s3.a on 2."
    )


def test_a_recurring_control_says_which_of_its_records_can_belong_to_no_occurrence() -> None:
    trained = control("X-02", evidence=("training",), operation="recurring", occurs=Recurrence("year", 30))
    undated = replace(FILED, id="t", kind="training", effective_on=None, valid_until=None)
    altered = replace(FILED, id="u", kind="training", files=(Attachment("list.pdf", "0" * 64, 1, "altered"),))
    for record, told in ((undated, "training says no date (t)"), (altered, "training has files that are missing or")):
        [shown] = concluded([], [trained], records=(record,)).controls
        assert (shown.word != "no_failures_observed", told in shown.reason) == (True, True)


# --- criteria --------------------------------------------------------------------------------------------------------


def test_every_criterion_is_there_whatever_was_run() -> None:
    result = concluded([], checks=[A], asked={"criteria": ("CC6.1",)})
    assert len(result.criteria) == 61
    assert [row.criterion.id for row in result.criteria if row.selected] == ["CC6.1"]


@pytest.mark.parametrize(("wanted", "count"), [("security", 33), ("Security", 33), ("cc6", 8), ("CC6.1", 1), ("A1", 3)])
def test_a_criterion_is_selected_by_its_id_series_or_category(wanted: str, count: int) -> None:
    rows = concluded([], checks=[A], asked={"criteria": (wanted,)}).criteria
    assert sum(row.selected for row in rows) == count


def test_a_criterion_shows_its_controls_and_the_aspects_that_none_addresses() -> None:
    addressed = control("X-01", [A.id], ["CC6.7"], aspects=("CC6.7.encryption_in_transit",))
    rows = {row.criterion.id: row for row in concluded([finding(A, "pass")], [addressed], checks=[A]).criteria}
    assert rows["CC6.7"].state == "controls"
    assert [shown.control.id for shown in rows["CC6.7"].controls] == ["X-01"]
    assert rows["CC6.7"].uncovered_aspects == ("transfer_limits", "removable_media", "mobile_devices")
    assert (rows["CC6.1"].state, len(rows["CC6.1"].uncovered_aspects)) == ("no_control", 10)


def test_what_the_organisation_says_of_a_criterion_comes_with_its_reason() -> None:
    stated = {
        "CC6.4": ("subservice", "The provider guards its rooms."),
        "CC6.5": ("not_relevant", "Nothing to dispose."),
    }
    rows = {row.criterion.id: row for row in concluded([], checks=[A], organization={"stated": stated}).criteria}
    assert (rows["CC6.4"].state, rows["CC6.4"].reason) == ("subservice", "The provider guards its rooms.")
    assert (rows["CC6.5"].state, rows["CC6.5"].reason) == ("not_relevant", "Nothing to dispose.")
    assert (rows["P1.1"].state, rows["P1.1"].reason) == (
        "not_relevant",
        "privacy is not among the categories of Example",
    )


def test_a_check_that_no_control_uses_is_named() -> None:
    assert concluded([], [control("X-01", [A.id]), EITHER], checks=[A, B, C]).unused_checks == (C.id,)


# --- exit code -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "options", "code", "reasons"),
    [
        ([finding(A, "pass")], {}, 0, {}),
        ([finding(A, "not_applicable")], {}, 0, {}),
        ([finding(A, "fail")], {}, 3, {3: "1 failure of 1 check not waived"}),
        ([finding(A, "fail"), finding(A, "fail", "2"), finding(B, "fail")], {}, 3, {
            3: "3 failures of 2 checks not waived",
        }),
        ([finding(A, "unknown")], {}, 4, {4: "1 unknown verdict"}),
        ([finding(A, "unknown")], {"allow_incomplete": True}, 0, {4: "1 unknown verdict"}),
        ([finding(A, "fail"), finding(A, "unknown", "2")], {}, 3, {
            3: "1 failure of 1 check not waived",
            4: "1 unknown verdict",
        }),
        ([finding(A, "fail"), finding(A, "unknown", "2")], {"allow_incomplete": True}, 3, {
            3: "1 failure of 1 check not waived",
            4: "1 unknown verdict",
        }),
        ([finding(B, "fail")], {"fail_on": "high"}, 0, {}),
        ([finding(C, "fail")], {"fail_on": "medium"}, 3, {
            3: "1 failure of severity medium or above of 1 check not waived",
        }),
        ([finding(B, "unknown")], {"fail_on": "critical"}, 4, {4: "1 unknown verdict"}),
        ([unlisted(A)], {}, 4, {4: "1 unknown verdict, 1 check whose resources were not all listed"}),
    ],
)  # fmt: skip
def test_the_exit_code_says_the_worst_and_the_reasons_say_all(
    findings: list[Finding], options: dict[str, Any], code: int, reasons: dict[int, str]
) -> None:
    result = concluded(findings, **options)
    assert (result.exit_code, result.exit_reasons) == (code, reasons)


def test_a_boundary_that_leaves_nothing_in_is_no_success() -> None:
    around = Bounds((), inside=0, out_of_boundary=7)
    assert concluded([], bounds=around).exit_reasons == {4: "nothing in the boundary to judge"}
    assert concluded([], bounds=replace(around, inside=1)).exit_reasons == {}


def test_only_a_waiver_in_force_keeps_a_failure_from_failing_the_run() -> None:
    failing = [finding(A, "fail"), finding(A, "fail", "two")]
    assert concluded(failing, waivers=[waiver("w", A, "one", "two")]).exit_code == 0
    assert concluded(failing, waivers=[waiver("w", A, "one")]).exit_code == 3
    assert concluded(failing, waivers=[waiver("w", A, "one", "two", effective_at=None)]).exit_code == 3


@given(st.sets(st.sampled_from([1, 2, 3, 4, 5, 130, 143])))
def test_the_code_with_the_highest_precedence_is_the_one_that_ends_the_process(codes: set[int]) -> None:
    ranked = sorted(codes, key=[2, 1, 5, 130, 143, 3, 4].index)
    assert exit_code(codes) == (ranked[0] if ranked else 0)


# --- invariants ------------------------------------------------------------------------------------------------------

_CHECKS = (A, B, C)
_FINDINGS = st.lists(
    st.one_of(
        st.builds(
            finding,
            st.sampled_from(_CHECKS),
            st.sampled_from(["pass", "fail", "unknown", "not_applicable"]),
            st.sampled_from(["one", "two", "three"]),
            st.sampled_from([SCOPE, OTHER]),
        ),
        st.builds(unlisted, st.sampled_from(_CHECKS), st.sampled_from([SCOPE, OTHER])),
    ),
    max_size=16,
)
_IDS = st.lists(st.sampled_from([item.id for item in _CHECKS]), unique=True)
_CONTROLS = st.lists(
    st.builds(
        lambda checks, group: control(
            "X-01", [id_ for id_ in checks if id_ not in group], alternatives=(tuple(group),) if len(group) > 1 else ()
        ),
        _IDS,
        _IDS,
    ),
    max_size=3,
)
_WAIVERS = st.lists(st.builds(lambda of, id_: waiver("w", of, id_), st.sampled_from(_CHECKS), st.sampled_from(["one"])))


@given(_FINDINGS, _CONTROLS, _WAIVERS, st.sampled_from(SEVERITIES))
def test_sums_hold_and_nothing_unseen_ends_as_success(
    findings: list[Finding], controls: list[Control], waivers: list[Waiver], fail_on: Any
) -> None:
    result = concluded(findings, controls, waivers, fail_on=fail_on)
    by_check = Counter(item.check.id for item in findings)
    for row in result.populations:
        assert row.listed == row.passed + row.failed + row.unknown + row.not_applicable == by_check[row.check]
        assert row.count == row.listed - row.not_applicable
        assert 0 <= row.waived <= row.failed
    assert sum(row.waived for row in result.populations) == len(result.waived)
    rows = {row.check: row for row in result.populations}
    for shown in result.controls:
        mine = [rows[id_] for id_ in shown.checks]
        assert shown.failed == sum(row.failed for row in mine)
        assert shown.unknown == sum(row.unknown for row in mine)
        assert (shown.word == "failures_observed") == (shown.failed > 0)
        if shown.word == "no_failures_observed":
            assert shown.passed
            assert shown.unknown == 0
            assert shown.complete
        # Whatever is set aside, is so for an alternative that holds everywhere it was looked for.
        for id_ in shown.unused:
            [group] = [names for names in shown.control.alternatives if id_ in names]
            assert any(
                rows[other].passed and rows[other].complete and not (rows[other].failed or rows[other].unknown)
                for other in group
                if other != id_
            )
    assert len(result.criteria) == 61
    if result.exit_code == 0:
        for index, item in enumerate(findings):
            if item.check.id in result.set_aside:
                continue
            assert item.verdict != "unknown"
            severe = SEVERITIES.index(item.check.severity) >= SEVERITIES.index(fail_on)
            assert item.verdict != "fail" or index in result.waived or not severe


@given(_FINDINGS, _CONTROLS)
def test_a_verdict_that_becomes_unknown_never_lets_the_run_succeed(
    findings: list[Finding], controls: list[Control]
) -> None:
    for index, item in enumerate(findings):
        hidden = finding(item.check, "unknown", item.subject.id, item.scope)
        after = concluded([*findings[:index], hidden, *findings[index + 1 :]], controls)
        assert after.exit_code != 0 or item.check.id in after.set_aside
