from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from trestle.oscal.assessment_results import Model

from engine.periods import Period
from engine.report import Options, period_oscal
from tests.golden import long_periods, periods
from tests.unit.random_periods import random_periods

EXAMPLES = {"every state": periods.every_state(), "photograph": periods.photograph(), "nothing": periods.nothing()}


def document(period: Period) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(period_oscal.render(period, Options()))
    return parsed


def result(period: Period) -> dict[str, Any]:
    found: dict[str, Any] = document(period)["assessment-results"]["results"][0]
    return found


def there_and_back(plain: dict[str, Any]) -> Any:
    """Through trestle's models, which write times with "+00:00"."""
    model = Model.model_validate(plain)
    written = model.model_dump_json(by_alias=True, exclude_none=True)
    assert Model.model_validate_json(written) == model
    return json.loads(re.sub(r"(T\d\d:\d\d:\d\d)\+00:00\"", r'\1Z"', written))


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_goes_through_trestle_and_back_unaltered(example: str) -> None:
    plain = document(EXAMPLES[example])
    assert there_and_back(plain) == plain


@given(random_periods())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_happened_goes_through_trestle_and_back(period: Period) -> None:
    plain = document(period)
    assert there_and_back(plain) == plain


def uuids(value: Any) -> list[str]:
    """Every identifier that something is given, anywhere."""
    if isinstance(value, dict):
        own = [value["uuid"]] if "uuid" in value else []
        return own + [found for item in value.values() for found in uuids(item)]
    if isinstance(value, list):
        return [found for item in value for found in uuids(item)]
    return []


def references(value: Any) -> list[str]:
    names = ("observation-uuid", "risk-uuid", "subject-uuid")
    if isinstance(value, dict):
        own = [value[name] for name in names if name in value]
        own += [value["href"].removeprefix("#")] if str(value.get("href", "")).startswith("#") else []
        return own + [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []


@pytest.mark.parametrize("example", EXAMPLES)
def test_identifiers_are_unique_and_references_lead_somewhere(example: str) -> None:
    plain = document(EXAMPLES[example])
    given_ = uuids(plain)
    assert len(given_) == len(set(given_))
    assert {found[14] for found in given_} == {"5"}
    assert set(references(plain)) <= set(given_)


def test_a_failure_keeps_its_identifier_from_report_to_report() -> None:
    now, later = (result(replace(periods.every_state(), digest=digest)) for digest in ("5e" * 32, "6f" * 32))
    assert now["uuid"] != later["uuid"]
    assert [risk["uuid"] for risk in now["risks"]] == [risk["uuid"] for risk in later["risks"]]


def test_no_finding_is_written_where_nothing_failed_and_none_is_satisfied() -> None:
    found = result(periods.every_state())
    assert [item["target"]["target-id"] for item in found["findings"]] == ["DP-01", "NW-01"]
    assert "findings" not in result(periods.nothing())
    assert '"satisfied"' not in json.dumps(document(periods.every_state()))


def test_what_was_not_observed_is_an_observation() -> None:
    gaps = [item for item in result(periods.every_state())["observations"] if item["methods"] == ["UNKNOWN"]]
    assert [item["title"] for item in gaps] == [
        "Not observed: not retained, 2026-08-02 to 2026-08-02",
        "Not observed: did not run, 2026-08-15 to 2026-08-16",
        "Not observed: ran in part, 2026-09-03 to 2026-09-03",
        "Not observed: did not run, 2026-10-04 to 2026-10-04",
    ]


def test_only_what_ended_for_good_is_a_closed_risk() -> None:
    risks = result(periods.every_state())["risks"]
    assert [risk["status"] for risk in risks] == [
        "closed" if failure.ended in ("corrected", "deleted", "not_applicable") else "open"
        for failure in periods.FAILURES
    ]


def test_criteria_and_controls_are_those_reviewed() -> None:
    reviewed = result(periods.every_state())["reviewed-controls"]
    selection = reviewed["control-selections"][0]
    assert [item["control-id"] for item in selection["include-controls"]] == [
        row.criterion.id for row in periods.CRITERIA
    ]
    assert [item["objective-id"] for item in reviewed["control-objective-selections"][0]["include-objectives"]] == [
        row.control.id for row in periods.CONTROLS
    ]


def test_a_name_is_no_markup() -> None:
    said = next(item for item in result(periods.every_state())["observations"] if "website" in item["title"])
    assert "`website-<script>alert(1)</script>`" in said["title"]


@pytest.mark.parametrize(("name", "expected"), [("AC-01", "AC-01"), ("1a", "_1a"), ("a b:c", "a_b_c"), ("", "_")])
def test_an_identifier_becomes_a_token(name: str, expected: str) -> None:
    assert period_oscal.token(name) == expected


def test_what_is_written_piece_by_piece_is_the_whole_document_and_no_piece_is_most_of_it() -> None:
    period = long_periods.year(failures=400)
    pieces = list(period_oscal._pieces(period_oscal._document(period, iter)))
    written = "".join(pieces)
    assert json.loads(written) == period_oscal.document(period)
    assert f"{written}\n".encode() == period_oscal.render(period, Options())
    assert max(map(len, pieces)) < len(written) / 5
