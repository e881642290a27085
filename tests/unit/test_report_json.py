from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model import Assessment
from engine.report import FORMATS, Options, records
from tests.golden import assessments as made
from tests.golden.assessments import ENCRYPTED, bucket, every_state, sealed

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "report-json.schema.json").read_text("utf-8"))
REPORT = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
LINE = jsonschema.Draft202012Validator({**SCHEMA, "$ref": "#/$defs/line"}, format_checker=jsonschema.FormatChecker())


def report(run: Assessment) -> Any:
    return json.loads(FORMATS["json"].render(run, Options()))


def lines(run: Assessment) -> list[Any]:
    return [json.loads(line) for line in FORMATS["jsonl"].render(run, Options()).splitlines()]


@pytest.mark.parametrize(
    "run",
    [every_state(), sealed(every_state()), replace(every_state(), kind="demo", findings=(), waived={}, run_id=None)],
    ids=["every state", "sealed", "empty demonstration"],
)
def test_reports_follow_their_schema(run: Assessment) -> None:
    REPORT.validate(report(run))
    for line in lines(run):
        LINE.validate(line)


@pytest.mark.parametrize("key", ["version", "run", "findings", "record", "coverage"])
def test_the_schema_notices_what_is_missing_and_what_is_unknown(key: str) -> None:
    whole = report(every_state())

    assert not REPORT.is_valid({name: value for name, value in whole.items() if name != key})
    assert not REPORT.is_valid({**whole, "unheard_of": 1})


def test_a_waived_failure_stays_a_failure_with_its_waiver_beside_it() -> None:
    found = next(row for row in report(every_state())["findings"] if row["waiver"])

    assert found == {
        "check": "aws.s3.bucket_encrypted",
        "subject": {
            "kind": "resource",
            "type": "AWS::S3::Bucket",
            "id": "arn:aws:s3:::price-list",
            "name": "price-list",
        },
        "scope": {"provider": "aws", "account": "111111111111", "region": "eu-west-1"},
        "verdict": "fail",
        "reason": None,
        "message": "Bucket price-list is not encrypted.",
        "observed": [{"path": "resource.encrypted", "value": False}],
        "causes": [],
        "waiver": {"id": "public-prices", "kind": "risk_accepted", "expires": "2026-12-02"},
        "collected_at": "2026-11-23T02:00:14Z",
    }


def test_a_line_stands_alone_with_its_run_and_its_check() -> None:
    found = next(
        row for row in lines(every_state()) if row["verdict"] == "unknown" and row["subject"]["kind"] == "scope"
    )

    assert (found["run"], found["check"], found["causes"]) == (
        {
            "id": "20261123T020011Z-1f2e3d4c",
            "kind": "adhoc",
            "demonstration": False,
            "organization": "Example Corp",
            "as_of": "2026-11-23T02:00:11Z",
            "engine_version": "0.1.0",
            "recorded": False,
        },
        {
            "id": "aws.iam.user_in_group",
            "version": 1,
            "digest": "ab" * 32,
            "title": "Users get permissions through groups",
            "severity": "low",
            "criteria": ["CC6.1"],
        },
        [
            {
                "path": "AWS::IAM::User",
                "reason": "throttled",
                "operation": "iam:ListUsers",
                "permission": None,
                "detail": "Throttling (request 7a62c49f)",
            }
        ],
    )


def test_every_exit_code_that_applied_is_told() -> None:
    assert report(every_state())["exit"] == {
        "code": 3,
        "reasons": {"3": "1 failure at or above low is not waived", "4": "3 verdicts are unknown"},
        "fail_on": "low",
    }


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=50))
def test_names_come_out_of_both_forms_as_they_went_in(name: str) -> None:
    item = replace(bucket("x"), id=name, name=name)
    run = replace(every_state(), findings=(made.failed(ENCRYPTED, item),), waived={})

    for form, read in (("json", lambda text: json.loads(text)["findings"][0]), ("jsonl", json.loads)):
        text = FORMATS[form].render(run, Options())
        assert text.encode("utf-8").isascii()
        assert not set(text) & {chr(code) for code in (*range(10), *range(11, 32), 127)}
        assert read(text)["subject"]["name"] == name


def test_a_name_of_64_kib_is_not_shortened() -> None:
    item = replace(bucket("x"), name="\x1b" * 65_536)
    run = replace(every_state(), findings=(made.failed(ENCRYPTED, item),), waived={})

    assert report(run)["findings"][0]["subject"]["name"] == "\x1b" * 65_536


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (0.5, "0.5"),
        (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "2026-11-23T02:00:00Z"),
        (timedelta(days=90), "7776000s"),
        (timedelta(milliseconds=1500), "1.5s"),
        (b"\x00\xff", "00ff"),
        ({"a": (1, {"b": None})}, {"a": [1, {"b": None}]}),
    ],
)
def test_observed_values_beyond_json_are_written_as_text(value: Any, shown: Any) -> None:
    assert records.plain(value) == shown


def test_the_same_assessment_gives_the_same_bytes_under_another_hash_seed() -> None:
    program = (
        "import sys\n"
        "from engine.report import FORMATS, Options\n"
        "from tests.golden.assessments import every_state\n"
        "sys.stdout.write(''.join(FORMATS[name].render(every_state(), Options()) for name in FORMATS))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
