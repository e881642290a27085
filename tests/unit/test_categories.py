"""What a report is about: controls of categories that nobody chose burden nobody; what was asked for is shown."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.judging.conclude import Conclusion, conclude
from engine.judging.scope import PRESETS, applying, kinds
from engine.model import Control
from engine.programme.model import Attachment, Record, Recurrence
from tests.unit.evidence.nightly import CONTROLS, ENCRYPTED, ORGANIZATION, made, recorded
from tests.unit.evidence.synthetic_runs import store_in
from tests.unit.verdicts import check, control, finding, policy, selection, snapshot

A = check("aws.s3.a", "critical")
C = check("aws.ec2.c", "medium", ["A1.2"])
BOTH = control("BO-01", [A.id], ["CC6.1", "A1.2"], aspects=("CC6.1.segmentation", "A1.2.backup"))
AVAILABLE = control("AV-01", [C.id], ["A1.2"])
QUARTERLY = control(
    "AC-15", (), ["CC6.2"], operation="recurring", evidence=("access_review",), occurs=Recurrence("quarter", 30)
)
TAPE = control("AV-02", (), ["A1.2"], alternatives=((C.id, "backup_report"),))


def concluded(
    *controls: Control, records: tuple[Record, ...] = (), asked: Any = None, **organization: Any
) -> Conclusion:
    chosen = policy(controls, **organization)
    return conclude(
        [finding(A, "pass"), finding(C, "fail")],
        selection(A, C, **(asked or {})),
        snapshot("Test::Bucket"),
        chosen if not records else _with(chosen, records),
    )


def _with(chosen: Any, records: tuple[Record, ...]) -> Any:
    return type(chosen)(
        chosen.criteria, chosen.organization, chosen.controls, chosen.waivers, {}, records=records, documents=()
    )


def review(day: str) -> Record:
    return Record("r", "access_review", "Review", "Dana", Path("r.yaml"), "", effective_on=date.fromisoformat(day))


def standing(found: Conclusion, *ids: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    rows = {row.criterion.id: row for row in found.criteria}
    return {id_: (rows[id_].state, tuple(item.control.id for item in rows[id_].controls)) for id_ in ids}


@pytest.mark.parametrize(
    ("categories", "asked", "controls", "criteria"),
    [
        (("security",), None, ["BO-01"], {"CC6.1": ("controls", ("BO-01",)), "A1.2": ("not_relevant", ())}),
        (
            ("security", "availability"), None, ["AV-01", "BO-01"],
            {"CC6.1": ("controls", ("BO-01",)), "A1.2": ("controls", ("AV-01", "BO-01"))},
        ),
        (
            ("security",), {"criteria": ("A1",)}, ["AV-01", "BO-01"],
            {"A1.2": ("controls", ("AV-01", "BO-01")), "A1.1": ("no_control", ()), "C1.1": ("not_relevant", ())},
        ),
    ],
)  # fmt: skip
def test_a_control_is_concluded_where_it_serves_a_category_that_was_chosen_or_asked_for(
    categories: tuple[str, ...], asked: Any, controls: list[str], criteria: dict[str, Any]
) -> None:
    found = concluded(AVAILABLE, BOTH, asked=asked, categories=categories)
    assert sorted(row.control.id for row in found.controls) == controls
    assert standing(found, *criteria) == criteria


def test_a_failure_counts_for_the_exit_code_whatever_category_it_is_of_and_alternatives_stay_set_aside() -> None:
    assert concluded(AVAILABLE).exit_code == 3
    report = Record(
        "b", "backup_report", "Report", "Dana", Path("b.yaml"), "", effective_on=date(2026, 1, 2),
        files=(Attachment("b.pdf", "0" * 64, 1),),
    )  # fmt: skip
    found = concluded(TAPE, records=(report,))
    assert (found.set_aside, found.exit_code, found.unused_checks) == (frozenset({C.id}), 0, (A.id,))


def test_what_is_left_to_others_shows_our_control_beside_it() -> None:
    stated = {"CC6.1": ("subservice", "The provider guards it.")}
    assert standing(concluded(BOTH, stated=stated), "CC6.1") == {"CC6.1": ("subservice", ("BO-01",))}


@pytest.mark.parametrize(
    ("since", "window", "records", "word", "deviations"),
    [
        (None, None, (), "no_evidence", 0),
        (date(2025, 1, 1), None, (), "failures_observed", 4),
        (None, (date(2025, 1, 1), date(2025, 12, 31)), (), "failures_observed", 4),
        (None, None, (review("2025-11-20"),), "failures_observed", 3),
        (date(2026, 7, 1), None, (review("2026-08-20"),), "no_failures_observed", 0),
    ],
)
def test_what_never_began_lacks_evidence_and_what_began_fails_for_each_time_that_nothing_was_recorded(
    since: date | None, window: Any, records: tuple[Record, ...], word: str, deviations: int
) -> None:
    begun = control(
        "AC-15", (), ["CC6.2"], operation="recurring", evidence=("access_review",),
        occurs=Recurrence("quarter", 0, since),
    )  # fmt: skip
    [row] = concluded(begun, records=records, window=window).controls
    assert (row.word, row.deviations) == (word, deviations)


def test_presets_begin_with_security_and_each_holds_the_one_before() -> None:
    chosen = list(PRESETS.values())
    assert all(categories[0] == "security" for categories in chosen)
    assert all(set(less) < set(more) for less, more in pairwise(chosen))


def test_the_kinds_of_evidence_of_controls_are_those_that_they_need_or_accept() -> None:
    criteria = policy().criteria
    assert kinds(applying([QUARTERLY, TAPE, AVAILABLE], criteria, PRESETS["all"])) == {"access_review", "backup_report"}
    assert kinds(applying([QUARTERLY, TAPE, AVAILABLE], criteria, PRESETS["security"])) == {"access_review"}


def test_a_period_leaves_out_what_no_night_chose_and_keeps_what_one_did(tmp_path: Path) -> None:
    more = CONTROLS + (
        "  - id: AV-01\n    statement: Buckets keep the versions of their objects.\n    owner: Operations\n"
        "    criteria: [A1.2, PI1.5]\n    aspects: [A1.2.backup, PI1.5.versions]\n    operation: continuous\n"
        "    checks: [aws.s3.encrypted]\n"
        "  - id: PV-01\n    statement: A notice tells what is collected.\n    owner: Operations\n"
        "    criteria: [P1.1]\n    aspects: [P1.1.notice]\n    operation: continuous\n    evidence: [privacy_notice]\n"
    )
    both = ORGANIZATION.replace("[security]", "[security, availability]")
    store = store_in(tmp_path)
    for day, organization in ((1, both), (2, ORGANIZATION)):
        at = f"2026-06-0{day}T00:05:00Z"
        recorded(store, at, {ENCRYPTED: {"a": "fail"}}, controls=more, organization=organization)
    periods = {day: made(tmp_path, f"2026-06-0{day}", "2026-06-02") for day in (1, 2)}
    states = {
        day: {
            row.criterion.id: (row.state, row.controls)
            for row in found.criteria
            if row.criterion.id in ("A1.2", "P1.1")
        }
        for day, found in periods.items()
    }
    assert states == {
        1: {"A1.2": ("controls", ("AV-01",)), "P1.1": ("not_relevant", ())},
        2: {"A1.2": ("not_relevant", ()), "P1.1": ("not_relevant", ())},
    }
    assert {day: "AV-01" in {row.control.id for row in found.controls} for day, found in periods.items()} == {
        1: True, 2: False,
    }  # fmt: skip
