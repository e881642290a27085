from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from engine.report import FORMATS, Options, junit
from engine.report.results import Shown
from tests.golden import gates, hostile
from tests.golden.assessments import every_state

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def rendered(shown: Shown) -> str:
    return FORMATS["junit"].render(shown, Options(sources=gates.SOURCES))


def ends(text: str) -> dict[str, tuple[str, str] | None]:
    """How each case ended: what, and of which type."""
    cases = ElementTree.fromstring(text).iter("testcase")
    return {
        f"{case.attrib['classname']} {case.attrib['name']}": (case[0].tag, case[0].attrib["type"])
        if len(case)
        else None
        for case in cases
    }


@pytest.mark.parametrize(
    "shown", [every_state(), gates.every_movement(), gates.passing(), *map(hostile.gate, hostile.NAMES.values())]
)
def test_the_document_is_valid_by_the_common_schema_and_its_sums_are_those_of_its_cases(shown: Shown) -> None:
    text = rendered(shown)

    SCHEMA.validate(io.StringIO(text))
    for suite in ElementTree.fromstring(text).iter("testsuite"):
        assert {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")} == {
            "tests": len(suite.findall("testcase")),
            "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
            "skipped": len(suite.findall("testcase/skipped")),
        }


def test_only_what_stops_the_change_fails() -> None:
    assert ends(rendered(gates.every_movement())) == {
        "auditreel the run is whole": None,
        "aws.cloudtrail.trail_logs_every_region aws_cloudtrail.main": ("failure", "control_deleted"),
        "aws.ec2.security_group_no_public_ssh aws_security_group.admin": ("failure", "failure_made_worse"),
        "aws.s3.bucket_encrypted aws_s3_bucket.keyed": ("skipped", "known_after_apply"),
        "aws.s3.bucket_encrypted module.shared.aws_s3_bucket.archive": ("skipped", "failure_as_before"),
        "aws.s3.bucket_not_public aws_s3_bucket.mended": None,
        "aws.s3.bucket_not_public aws_s3_bucket.prices": ("skipped", "waived"),
        "aws.s3.bucket_not_public aws_s3_bucket.sound": None,
        'aws.s3.bucket_not_public module.data["eu"].aws_s3_bucket.this[0]': ("failure", "new_failure"),
    }


def test_what_nobody_could_see_is_an_error_until_that_is_allowed() -> None:
    allowed = replace(every_state(), exit_reasons={3: "1 failure"})
    case = "aws.s3.bucket_not_public arn:aws:s3:::invoices (aws/111111111111/eu-west-1)"

    assert ends(rendered(every_state()))[case] == ("error", "access_denied")
    assert ends(rendered(allowed))[case] == ("skipped", "access_denied")


def test_beyond_a_bound_what_passes_is_counted_and_what_fails_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ends(rendered(gates.every_movement()))
    monkeypatch.setattr(junit, "MOST_QUIET", 0)
    counted = ends(rendered(gates.every_movement()))

    assert counted.pop("aws.s3.bucket_not_public 1 more that pass") is None
    assert counted == {
        name: end for name, end in whole.items() if name != "aws.s3.bucket_not_public aws_s3_bucket.sound"
    }


def test_a_failure_says_what_to_change_and_where() -> None:
    deleted, group, _ = ElementTree.fromstring(rendered(gates.every_movement())).iter("failure")

    assert deleted.attrib == {
        "type": "control_deleted",
        "message": "This change deletes a control: Some trail logs every region.",
    }
    assert group.text == (
        "\n"
        "check: aws.ec2.security_group_no_public_ssh: Security groups do not open SSH to the world\n"
        "severity: critical\n"
        "criteria: CC6.6\n"
        "resource: aws_security_group.admin\n"
        "where: infra/network.tf:2\n"
        "why: Port 22 is open to 0.0.0.0/0, ::/0.\n"
        "change: aws_security_group.ingress.cidr_blocks without 0.0.0.0/0 for port 22\n"
    )
