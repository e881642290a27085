from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.objects.cloud import Cloud

from engine.model import SEVERITIES
from engine.periods import Period
from engine.report import Options, period_ocsf
from tests.golden import periods
from tests.unit.random_periods import random_periods

RECORD: dict[str, Any] = {
    "schema": 1,
    "record": {
        "schema": 1,
        "check": {"id": periods.ENCRYPTED, "version": 2, "digest": "ab" * 32},
        "scope": {"provider": "aws", "account": periods.ACCOUNT, "region": "eu-west-1"},
        "subject": {"kind": "resource", "type": "AWS::S3::Bucket", "id": "arn:aws:s3:::a", "name": "a"},
        "verdict": "fail",
        "message": "Default encryption of a is AES256.",
    },
    "leaf": "cd" * 32,
    "index": 7,
    "run": "20261031T030011Z-5f2c0000",
    "as_of": "2026-10-31T03:00:11Z",
    "collected_at": "2026-10-31T03:00:14Z",
    "sealed_at": "2026-10-31T03:04:11Z",
    "waiver": {"id": "WV-2026-03", "kind": "risk_accepted", "digest": "ef" * 32, "expires": "2026-10-31"},
}


def lines(period: Period) -> list[dict[str, Any]]:
    return [json.loads(line) for line in period_ocsf.render(period, Options()).splitlines()]


NOT_MODELLED = ({"cloud"}, {"status"})
"""Of an event, and of its compliance object: in OCSF 1.5 (the cloud profile, for one), and not in these models."""


def validated(event: dict[str, Any]) -> ComplianceFinding:
    """The event through the models; everything that they know must come back with its value."""
    model = ComplianceFinding.model_validate(event)
    back = json.loads(model.model_dump_json(exclude_none=True))
    known = {key: value for key, value in event.items() if key not in NOT_MODELLED[0]}
    known["compliance"] = {key: value for key, value in known["compliance"].items() if key not in NOT_MODELLED[1]}
    # The models leave out what is null, which only ``unmapped`` has.
    assert {**back, "unmapped": None} == {**known, "unmapped": None}
    if "cloud" in event:
        Cloud.model_validate(event["cloud"])
    return model


@pytest.mark.parametrize("make", [periods.every_state, periods.photograph, periods.nothing])
def test_events_are_valid(make: Any) -> None:
    for event in lines(make()):
        assert validated(event).class_uid == 2003


@given(random_periods())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_events_are_valid_whatever_happened(period: Period) -> None:
    for event in lines(period):
        validated(event)


def test_the_period_its_gaps_and_its_failures_are_events() -> None:
    statuses = [event["compliance"]["status"] for event in lines(periods.every_state())]
    assert statuses == ["Other", *["Unknown"] * 4, *["Fail"] * 12]


def test_where_nothing_ran_that_is_an_event_and_none_says_pass() -> None:
    events = lines(periods.nothing())
    assert [event["compliance"]["status_id"] for event in events] == [99, 0]
    assert events[1]["message"] == (
        "Not observed, did not run: 2026-08-01 to 2026-10-31, all 8 checks in force, in 3 scopes"
    )


def test_a_failure_tells_its_bounds() -> None:
    event = next(event for event in lines(periods.every_state()) if event.get("unmapped", {}).get("number") == "F-006")
    assert event["unmapped"] == {
        "number": "F-006",
        "id": periods.LONG.id,
        "period": "5e" * 32,
        "last_good": {"as_of": "2026-08-13T02:00:11Z", "run": periods.run_id("2026-08-13")},
        "first_bad": {"as_of": "2026-08-14T02:00:11Z", "run": periods.run_id("2026-08-14")},
        "last_bad": {"as_of": "2026-09-09T02:00:11Z", "run": periods.run_id("2026-09-09")},
        "first_good": {"as_of": "2026-09-10T02:00:11Z", "run": periods.run_id("2026-09-10")},
        "began": "after_a_pass",
        "ended": "corrected",
        "runs_failing": 25,
        "not_seen_within": 2,
        "limit_days": 14,
        "deviation": True,
        "waivers": {},
        "replaced_by": None,
        "responses": [
            {
                "cause": "A template was copied.",
                "effect": "Invoices lay under a key of the provider's.",
                "correction": "The template takes our key since.",
                "by": "Dana Platform",
                "at": "2026-09-11T08:00:00Z",
            }
        ],
    }
    assert (event["activity_id"], event["status"], event["type_uid"]) == (3, "Resolved", 200303)
    assert event["finding_info"]["first_seen_time"] == 1786672811000
    assert event["compliance"]["control"] == "DP-01"
    assert event["compliance"]["requirements"] == ["CC6.1", "C1.1"]


@pytest.mark.parametrize("failure", periods.FAILURES, ids=lambda row: row.ended)
def test_only_what_ended_for_good_is_resolved(failure: periods.Failure) -> None:
    period = replace(periods.every_state(), failures=(failure,), controls=(), criteria=())
    event = lines(period)[-1]
    assert (event["status"] == "Resolved") == (failure.ended in ("corrected", "deleted", "not_applicable"))
    assert event["compliance"]["status"] == "Fail"


@pytest.mark.parametrize(
    ("verdict", "status"), [("pass", (1, "Pass")), ("fail", (3, "Fail")), ("unknown", (0, "Unknown")),
                            ("not_applicable", (99, "Other"))],
)  # fmt: skip
def test_a_record_is_an_event_of_its_verdict(verdict: str, status: tuple[int, str]) -> None:
    line = {**RECORD, "record": {**RECORD["record"], "verdict": verdict}}
    event = period_ocsf.record(line, "high", "0.4.0")
    validated(event)
    assert (event["compliance"]["status_id"], event["compliance"]["status"]) == status
    assert event["unmapped"]["waiver"]["id"] == "WV-2026-03"


def test_records_keep_their_order_and_number() -> None:
    given_ = [{**RECORD, "index": index} for index in range(5)]
    events = list(period_ocsf.records(given_, {periods.ENCRYPTED: "high"}, "0.4.0"))
    assert [event["unmapped"]["index"] for event in events] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("severity", [*SEVERITIES, ""])
def test_a_severity_that_is_not_known_is_unknown(severity: str) -> None:
    event = period_ocsf.record(RECORD, severity, "0.4.0")
    assert event["severity"] == (severity.capitalize() or "Unknown")
