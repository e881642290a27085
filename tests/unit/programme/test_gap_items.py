"""What is failing, unproven and missing, and in which order: nothing is good by default."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.model import Bounds, Cause, Unread
from engine.programme.gap import Gap
from engine.programme.model import Programme, VendorReport
from engine.programme.scoped import Item, Nights
from engine.report import Options, render_gap
from providers.base import Scope
from tests.golden import gaps
from tests.golden.gaps import APPROVED, CONTROLS, FINDINGS, LOGGED, POLICY, PUBLIC, REVIEW, VENDOR, VERSIONED
from tests.unit.verdicts import control, finding, snapshot, waiver


def by_id(gap: Gap) -> dict[str, Item]:
    return {item.id: item for item in gap.items}


def test_every_item_is_ranked_by_severity_then_reach_then_effort() -> None:
    rows = [(item.id, item.kind, item.severity, len(item.criteria), item.resources, item.effort, item.holds)
            for item in gaps.every_state().items]  # fmt: skip
    assert rows == [
        ("check/aws.s3.public", "failing", "critical", 2, 1, "small", "type_1"),
        ("occurrence/AC-02", "failing", "high", 1, 3, "medium", "window"),
        ("evidence/access_policy", "unproven", "high", 1, 0, "small", "type_1"),
        ("nights", "unproven", "high", 1, 0, "small", "window"),
        ("criterion/CC1.1", "missing", "high", 1, 0, "large", "type_1"),
        ("check/aws.s3.encrypted", "failing", "medium", 2, 3, "small", "window"),
        ("vendor/cloud", "unproven", "medium", 1, 0, "small", "type_2"),
        ("unseen/access_denied/s3:GetBucketLogging", "unproven", "low", 1, 1, "small", "window"),
        ("aspect/CC6.1.keys", "missing", "low", 1, 0, "medium", None),
        ("aspect/CC7.2.alarms", "missing", "low", 1, 0, "medium", None),
    ]


def test_an_item_says_whose_it_is_what_it_bears_on_and_how_to_do_it() -> None:
    found = by_id(gaps.every_state())
    assert found["check/aws.s3.public"] == Item(
        id="check/aws.s3.public",
        kind="failing",
        topic="check",
        what="1 failure: Buckets cannot be reached by the public",
        severity="critical",
        effort="small",
        owner="Head of Security",
        criteria=("CC6.1", "CC8.1"),
        controls=("AC-01",),
        fix=(("cli", "aws s3api put-public-access-block"), ("terraform", "aws_s3_bucket_public_access_block")),
        holds="type_1",
        resources=1,
        check=PUBLIC.id,
        findings=(FINDINGS[0],),
    )
    assert found["evidence/access_policy"] == Item(
        id="evidence/access_policy",
        kind="unproven",
        topic="evidence",
        what="Access policy is not approved (access)",
        severity="high",
        effort="small",
        owner="CTO",
        criteria=("CC6.2",),
        controls=("AC-03",),
        fix=(("write", "policies/documents/access.md: have it approved: approved_by, approved_on and review_by"),),
        holds="type_1",
    )


def test_every_criterion_has_a_state_and_what_is_good_comes_last() -> None:
    assert [(tile.criterion.id, tile.state, tile.reason) for tile in gaps.every_state().tiles] == [
        ("CC1.1", "missing", "no control"),
        ("CC6.1", "failing", "2 failing, 1 aspect without a control"),
        ("CC6.2", "failing", "1 failing, 2 unproven"),
        ("CC6.4", "subservice", "Example Cloud locks the doors."),
        ("CC7.1", "unproven", "1 unproven"),
        ("CC7.2", "unproven", "1 unproven, 1 aspect without a control"),
        ("CC8.1", "failing", "2 failing"),
        ("A1.2", "not_relevant", "availability is not among the categories of Example Corp"),
    ]


def test_where_everything_is_shown_nothing_is_lacking() -> None:
    found = gaps.everything_shown()
    assert found.items == ()
    assert {tile.state for tile in found.tiles} == {"no_failures_observed", "subservice", "not_relevant"}


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [
        ({}, {"evidence/access_policy": "No evidence recorded: access policy"}),
        ({"documents": [replace(POLICY, template=True)]},
         {"evidence/access_policy": "Access policy is a template that nobody made the organisation's own (access)"}),
        ({"documents": [replace(APPROVED, review_by=date(2026, 11, 25))]},
         {"evidence/access_policy": "Access policy expired after 2026-11-25 (access)"}),
        ({"documents": [APPROVED]}, {}),
        ({"records": [REVIEW]}, {
            "occurrence/AC-02":
                "AC-02, every quarter: expected 4: 1 on time, 2 absent (2026-Q1, 2026-Q2), 1 open (2026-Q4)"}),
        ({"records": [replace(REVIEW, files=())]}, {
            "word/access_review": "AC-02: expected 4: 1 on time, 2 absent (2026-Q1, 2026-Q2), 1 open (2026-Q4); "
                                  "2026-Q3 on the word of Dana, no file"}),
        ({"records": [replace(REVIEW, effective_on=None)]}, {
            "occurrence/AC-02":
                "AC-02, every quarter: expected 4: 3 absent (2026-Q1, 2026-Q2, 2026-Q3), 1 open (2026-Q4)"}),
        ({"nights": Nights(31, 30, False)}, {"nights": "No sealed run of last night is known (30 of 31 ran)"}),
        ({"nights": Nights(31, 3, True)}, {}),
        ({"programme": Programme(subservices=(VENDOR,))}, {"vendor/cloud": "Example Cloud: there is no report of it"}),
        ({"programme": Programme(subservices=(replace(VENDOR, report=VendorReport(
            "Type II", date(2025, 1, 1), date(2025, 12, 31), "unqualified", bridge_until=date(2026, 3, 31))),))},
         {"vendor/cloud": "Example Cloud: its report speaks until 2025-12-31, and nothing after 2026-03-31; "
              "nobody reviewed its report"}),
        ({"programme": Programme(subservices=(replace(VENDOR, report=VendorReport(
            "Type II", date(2026, 1, 1), date(2026, 12, 31), "unqualified")),))},
         {"vendor/cloud": "Example Cloud: nobody reviewed its report"}),
        ({"waivers": [waiver("known", PUBLIC, "site")]}, {}),
    ],
)  # fmt: skip
def test_what_people_recorded_is_shown_as_what_it_is(fields: dict[str, Any], lacking: dict[str, str]) -> None:
    found = by_id(gaps.judged(**fields))
    topics = {id_.partition("/")[0] for id_ in lacking}
    assert {id_: item.what for id_, item in found.items() if id_.partition("/")[0] in topics} == lacking
    if fields.get("documents") == [APPROVED]:
        assert "evidence/access_policy" not in found
    if "waivers" in fields:
        assert "check/aws.s3.public" not in found


def test_a_waived_failure_is_no_item_and_its_criterion_stays_failing() -> None:
    found = gaps.judged(
        [finding(PUBLIC, "fail", "site")], [CONTROLS[0]], [PUBLIC], waivers=[waiver("w", PUBLIC, "site")]
    )
    tile = next(tile for tile in found.tiles if tile.criterion.id == "CC6.1")
    assert (tile.state, tile.reason) == ("failing", "1 failure waived, 1 aspect without a control")
    assert not [item for item in found.items if item.kind == "failing"]


def test_nothing_scanned_is_unproven_and_settles_nothing() -> None:
    nothing = replace(snapshot(), scopes=(), collections=())
    found = gaps.judged([], shot=nothing)
    item = by_id(found)["unseen/not_collected"]
    assert (item.what, item.severity, item.holds) == ("Not seen (never listed): 4 checks", "critical", "type_1")
    assert found.scanned_at is None
    assert not {id_ for id_ in found.settled if id_.startswith(("check/", "control/", "unseen/"))}
    assert "no_failures_observed" not in {tile.state for tile in found.tiles}


def test_a_control_that_nothing_can_show_and_one_that_applies_to_nothing_are_told_apart() -> None:
    empty, silent = control("X-01", [LOGGED.id], ["CC7.1"]), control("X-02", criteria=["CC7.1"])
    found = by_id(gaps.judged([], [empty, silent], [LOGGED]))
    assert [(found[f"control/{id_}"].what, found[f"control/{id_}"].holds) for id_ in ("X-01", "X-02")] == [
        ("X-01: nothing exists that it applies to", None),
        ("X-02: nothing is named that could show it", "type_1"),
    ]


def test_one_missing_permission_is_one_item_however_many_checks_it_hides() -> None:
    denied = Cause("resource.x", Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy"))
    unknown = [replace(finding(of, "unknown", "one"), causes=(denied,)) for of in (PUBLIC, LOGGED)]
    found = by_id(gaps.judged(unknown))
    assert [id_ for id_ in found if id_.startswith("unseen/")] == ["unseen/access_denied/s3:GetBucketPolicy"]
    item = found["unseen/access_denied/s3:GetBucketPolicy"]
    assert (item.severity, item.criteria, item.controls) == (
        "critical",
        ("CC6.1", "CC7.1", "CC8.1"),
        ("AC-01", "MO-01"),
    )


def test_failures_that_bear_on_no_criterion_in_scope_are_counted() -> None:
    only = [row for row in CONTROLS if row.id in ("BC-01", "CM-01")]
    assert gaps.judged(controls=only).outside == 4
    beside = gaps.judged([finding(VERSIONED, "fail", "one")], [only[0]], [VERSIONED])
    assert (beside.outside, [item.topic for item in beside.items if item.topic == "check"]) == (1, [])


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_no_format_says_more_than_was_observed(form: str) -> None:
    for made in (gaps.every_state, gaps.everything_shown):
        text = render_gap(made(), form, Options()).lower().replace("--effective", "")
        assert not [word for word in ("compliant", "effective", "percent", "score") if word in text]


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_names_from_outside_stay_text(form: str) -> None:
    text = render_gap(gaps.hostile(), form, Options())
    assert "\u202e" not in text
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert form == "text" or "<script" not in outside


def test_five_hundred_checks_and_five_thousand_resources_are_a_page_of_less_than_a_megabyte() -> None:
    text = render_gap(gaps.large(), "html", Options())
    assert len(text.encode()) <= 1_000_000
    assert text.count('class="severity"') > 500
    assert text.count("arn:aws:service") >= 500


def test_an_account_that_no_rule_of_the_boundary_names_is_an_item() -> None:
    unnamed = Bounds((), 3, 0, unnamed=(Scope("aws", "444455556666", "*"),))
    item = by_id(gaps.judged(bounds=unnamed))["unseen/boundary/aws/444455556666"]
    assert (item.what, item.severity, item.holds, item.criteria != ()) == (
        "No rule of the boundary names the account 444455556666 of aws: runs are incomplete", "high", "window", True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "command"),
    [("", "auditreel report gap --remediation"), ("--store s", "auditreel report gap --store s --remediation")],
)
def test_what_to_do_next_asks_again_as_it_was_asked(arguments: str, command: str) -> None:
    text = render_gap(replace(gaps.every_state(), arguments=arguments), "text", Options(width=80))
    assert command in " ".join(text.split())
    assert "STORE" not in text.partition("Next")[2]
    assert "Earliest start of the window: 20" in text
    assert "…" not in text.partition("Criteria")[0]
