"""Selection: every filter narrows, what is unknown is refused, and nothing selected is an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import UsageError
from engine.judging.selection import select
from engine.model import Selection
from tests.unit.verdicts import check, control, policy

CHECKS = {
    item.id: item
    for item in (
        check("aws.s3.encrypted", "high", ("CC6.1", "C1.1")),
        check("aws.s3.logged", "low", ("CC7.2",)),
        check("aws.iam.mfa", "critical", ("CC6.1",)),
        check("azure.vm.patched", "medium", ("CC7.1",)),
        replace(check("aws.guardduty.on", "medium", ("CC7.2",)), product="Amazon GuardDuty"),
        replace(check("aws.backup.vaulted", "medium", ("A1.2",)), product="AWS Backup"),
    )
}
EVERY = ["aws.iam.mfa", "aws.s3.encrypted", "aws.s3.logged", "azure.vm.patched"]


def selected(controls: Sequence[Any] = (), **filters: Any) -> Selection:
    return select(CHECKS, controls, policy().criteria, **filters)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, EVERY),
        ({"providers": ["azure"]}, ["azure.vm.patched"]),
        ({"providers": ["azure", "aws"]}, EVERY),
        ({"wanted": ["CC6.1"]}, ["aws.iam.mfa", "aws.s3.encrypted"]),
        ({"wanted": ["cc6.1"]}, ["aws.iam.mfa", "aws.s3.encrypted"]),
        ({"wanted": ["CC6"]}, ["aws.iam.mfa", "aws.s3.encrypted"]),
        ({"wanted": ["CC7"]}, ["aws.s3.logged", "azure.vm.patched"]),
        ({"wanted": ["security"]}, EVERY),
        ({"wanted": ["confidentiality"]}, ["aws.s3.encrypted"]),
        ({"wanted": ["C1.1", "CC7.1"]}, ["aws.s3.encrypted", "azure.vm.patched"]),
        ({"patterns": ["aws.s3.*"]}, ["aws.s3.encrypted", "aws.s3.logged"]),
        ({"patterns": ["aws.s3.logged", "*.vm.*"]}, ["aws.s3.logged", "azure.vm.patched"]),
        # Of a cloud that the organisation does not use, what is asked for.
        ({"used": ["aws"]}, EVERY[:3]),
        ({"used": ["aws"], "providers": ["azure"]}, ["azure.vm.patched"]),
        ({"used": ["aws"], "patterns": ["azure.*"]}, ["azure.vm.patched"]),
        ({"used": ["aws"], "patterns": ["aws.s3.logged", "*.vm.*"]}, ["aws.s3.logged", "azure.vm.patched"]),
        ({"used": ["aws"], "patterns": ["*.*"]}, ["aws.backup.vaulted", "aws.guardduty.on", *EVERY[:3]]),
        ({"used": ["azure"], "wanted": ["CC7"]}, ["azure.vm.patched"]),
        ({"severity": "high"}, ["aws.iam.mfa", "aws.s3.encrypted"]),
        ({"severity": "critical"}, ["aws.iam.mfa"]),
        ({"severity": "low"}, EVERY),
        ({"wanted": ["CC6"], "severity": "critical"}, ["aws.iam.mfa"]),
        # A check that only asks for one vendor's product runs where it is named.
        ({"patterns": ["aws.guardduty.on"]}, ["aws.guardduty.on"]),
        ({"patterns": ["aws.*"]}, ["aws.backup.vaulted", "aws.guardduty.on", *EVERY[:3]]),
        ({"controls": [control("C", ["aws.guardduty.on"])]}, ["aws.guardduty.on", *EVERY]),
        (
            {"controls": [control("C", alternatives=(("aws.backup.vaulted", "restore_test"),))]},
            ["aws.backup.vaulted", *EVERY],
        ),
    ],
)
def test_a_filter_selects_the_checks_that_fit(filters: dict[str, Any], ids: list[str]) -> None:
    assert [item.id for item in selected(**filters).checks] == ids


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"wanted": ["CC6.11"]}, "unknown criterion 'CC6.11'; did you mean CC6.1"),
        ({"wanted": ["securty"]}, "unknown criterion 'securty'; did you mean security?"),
        ({"wanted": ["security", "nonsense-x"]}, "unknown criterion 'nonsense-x'"),
        ({"patterns": ["aws.s3.encripted"]}, "unknown check 'aws.s3.encripted'; did you mean aws.s3.encrypted?"),
        ({"patterns": ["aws.iam.*", "gcp.*"]}, "unknown check 'gcp.*'"),
        ({"providers": ["amazon"]}, "unknown provider 'amazon'"),
        ({"providers": ["awz"]}, "unknown provider 'awz'; did you mean aws?"),
    ],
)
def test_a_filter_that_names_nothing_is_refused_with_the_nearest_name(filters: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        selected(**filters)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "filters",
    [
        {"wanted": ["CC7.1"], "severity": "critical"},
        {"wanted": ["A1.2"]},
        {"patterns": ["aws.*"], "providers": ["azure"]},
        {"wanted": ["privacy"]},
    ],
)
def test_filters_that_leave_nothing_are_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no check matches all of the filters"):
        selected(**filters)


def test_the_selection_keeps_what_was_asked_for() -> None:
    chosen = selected(wanted=["security"], patterns=["aws.*"], severity="high")

    assert chosen == Selection(
        checks=(CHECKS["aws.iam.mfa"], CHECKS["aws.s3.encrypted"]),
        providers=("aws",),
        criteria=("security",),
        patterns=("aws.*",),
        severity="high",
    )


def test_without_a_filter_only_what_the_categories_ask_is_judged_and_the_rest_is_told() -> None:
    checks = {**CHECKS, "aws.rds.multi_az": check("aws.rds.multi_az", "high", ("A1.2",))}

    def chosen(controls: Sequence[Any] = (), **filters: Any) -> tuple[list[str], list[str]]:
        found = select(checks, controls, policy().criteria, categories=["security"], **filters)
        return [row.id for row in found.checks], [row.id for row in found.not_chosen]

    assert chosen() == (EVERY, ["aws.rds.multi_az"])
    assert chosen(severity="high") == (["aws.iam.mfa", "aws.s3.encrypted"], ["aws.rds.multi_az"])
    # What a control of a chosen category relies on is asked for, whatever its tags.
    relying = control("BC-01", ("aws.rds.multi_az",), ("CC9.1", "A1.2"))
    assert chosen([relying]) == (sorted([*EVERY, "aws.rds.multi_az"]), [])
    # And so is what a filter names.
    assert chosen(wanted=["availability"]) == (["aws.rds.multi_az"], [])
    assert chosen(patterns=["aws.rds.*"]) == (["aws.rds.multi_az"], [])
