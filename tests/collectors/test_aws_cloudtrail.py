"""CloudTrail's checks on trails and accounts built to pass and to fail them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from engine.model import Finding
from providers.aws import cloudtrail as service
from providers.base import Scope
from providers.values import resource
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

ACCOUNT = "123456789012"
RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded" / "aws" / "cloud-custodian"
TRAIL = "AWS::CloudTrail::Trail"
MULTI_REGION = "aws.cloudtrail.multi_region_trail"
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{0}/*"}
ALL = {"eventCategory": ["Management"]}

Seed = Callable[[Any], None]


def bucket(name: str, *, public: bool = False) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name)
    if public:
        text = json.dumps({"Version": "2012-10-17", "Statement": [PUBLIC]}).replace("{0}", name)
        s3.put_bucket_policy(Bucket=name, Policy=text)


def trail(name: str, logs: str, *, region: str = "us-east-1", **settings: Any) -> Any:
    client = boto3.client("cloudtrail", region_name=region)
    client.create_trail(Name=name, S3BucketName=logs, **settings)
    client.start_logging(Name=name)
    return client


def advanced(**fields: Any) -> list[dict[str, Any]]:
    """One advanced selector: field to values of Equals, or to operators."""
    conditions = [
        {"Field": field.replace("_", "."), **(value if isinstance(value, dict) else {"Equals": value})}
        for field, value in fields.items()
    ]
    return [{"Name": "one", "FieldSelectors": conditions}]


def account_verdict() -> tuple[str, Finding]:
    _, findings = scan([MULTI_REGION], regions=("us-east-1", "eu-west-1"))
    [finding] = findings
    return finding.verdict, finding


# --- trails ----------------------------------------------------------------------------------------------------------


def test_trails_are_judged_by_their_settings_and_their_bucket(aws_env: AwsWire) -> None:
    bucket("private-logs")
    bucket("public-logs", public=True)
    bucket("foreign-logs")
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    trail("good", "private-logs", EnableLogFileValidation=True, KmsKeyId=key)
    trail("bad", "public-logs", region="eu-west-1")
    trail("central", "foreign-logs", EnableLogFileValidation=True)
    # What is not among the account's buckets belongs to another account.
    boto3.client("s3").delete_bucket(Bucket="foreign-logs")
    aws_env.traffic.reset()

    checks = ("log_file_validation", "kms_encrypted", "log_bucket_not_public")
    _, findings = scan([f"aws.cloudtrail.{check}" for check in checks], regions=("us-east-1", "eu-west-1"))

    assert verdicts(findings) == {
        ("aws.cloudtrail.log_file_validation", "good"): "pass",
        ("aws.cloudtrail.log_file_validation", "bad"): "fail",
        ("aws.cloudtrail.log_file_validation", "central"): "pass",
        ("aws.cloudtrail.kms_encrypted", "good"): "pass",
        ("aws.cloudtrail.kms_encrypted", "bad"): "fail",
        ("aws.cloudtrail.kms_encrypted", "central"): "fail",
        ("aws.cloudtrail.log_bucket_not_public", "good"): "pass",
        ("aws.cloudtrail.log_bucket_not_public", "bad"): "fail",
        ("aws.cloudtrail.log_bucket_not_public", "central"): "unknown",
    }
    assert not aws_env.traffic.repeats


def test_the_block_of_this_account_says_nothing_of_another_accounts_bucket(aws_env: AwsWire) -> None:
    bucket("foreign-logs")
    trail("central", "foreign-logs")
    boto3.client("s3").delete_bucket(Bucket="foreign-logs")
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    body = "".join(f"<{flag}>true</{flag}>" for flag in flags)
    aws_env.overrides.answer(
        "s3control:GetPublicAccessBlock", f"<PublicAccessBlockConfiguration>{body}</PublicAccessBlockConfiguration>"
    )

    _, findings = scan(["aws.cloudtrail.log_bucket_not_public"])

    assert verdicts(findings) == {("aws.cloudtrail.log_bucket_not_public", "central"): "unknown"}


@pytest.mark.parametrize("denied", ["s3:ListBuckets", "s3:GetBucketPolicy", "s3:GetBucketAcl"])
def test_a_trails_bucket_that_cannot_be_read_is_unknown(aws_env: AwsWire, denied: str) -> None:
    bucket("logs")
    trail("audit", "logs")
    aws_env.faults.add("denied", denied)

    _, findings = scan(["aws.cloudtrail.log_bucket_not_public"])

    assert [finding.verdict for finding in findings] == ["unknown"]
    assert findings[0].reason == "access_denied"


def test_a_trail_is_found_once_in_its_home_region(aws_env: AwsWire) -> None:
    bucket("logs")
    trail("everywhere", "logs", region="eu-west-1", IsMultiRegionTrail=True)
    trail("here", "logs", region="ap-southeast-2")

    snapshot = read({TRAIL: {"is_multi_region_trail"}}, regions=("us-east-1", "eu-west-1", "ap-southeast-2"))

    assert [(item.name, item.region, item.properties["is_multi_region_trail"]) for item in snapshot.resources] == [
        ("here", "ap-southeast-2", False),
        ("everywhere", "eu-west-1", True),
    ]


def test_a_trail_that_is_deleted_while_it_is_read_is_not_judged(aws_env: AwsWire) -> None:
    bucket("logs")
    trail("deleted", "logs", IsMultiRegionTrail=True)
    aws_env.faults.add("error", "cloudtrail:GetTrailStatus", code="TrailNotFoundException", status=400)

    verdict, finding = account_verdict()

    assert (verdict, finding.related["trails"]) == ("fail", ())


# --- the account -----------------------------------------------------------------------------------------------------


def stopped(client: Any) -> None:
    client.stop_logging(Name="audit")


def write_only(client: Any) -> None:
    client.put_event_selectors(
        TrailName="audit", EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
    )


def split(client: Any) -> None:
    selectors = [{"ReadWriteType": kind, "IncludeManagementEvents": True} for kind in ("ReadOnly", "WriteOnly")]
    client.put_event_selectors(TrailName="audit", EventSelectors=selectors)


def data_only(client: Any) -> None:
    client.put_event_selectors(
        TrailName="audit", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": False}]
    )


def select(**fields: Any) -> Seed:
    return lambda client: client.put_event_selectors(TrailName="audit", AdvancedEventSelectors=advanced(**fields))


@pytest.mark.parametrize(
    ("multi_region", "change", "expected"),
    [
        pytest.param(True, lambda client: None, "pass", id="default selectors"),
        pytest.param(False, lambda client: None, "fail", id="one region"),
        pytest.param(True, stopped, "fail", id="stopped"),
        pytest.param(True, write_only, "fail", id="writes only"),
        pytest.param(True, split, "pass", id="reads and writes apart"),
        pytest.param(True, data_only, "fail", id="data events only"),
        pytest.param(True, select(**ALL), "pass", id="advanced, all"),
        pytest.param(True, select(**ALL, readOnly=["false"]), "fail", id="advanced, writes only"),
        pytest.param(
            True, select(**ALL, eventSource={"NotEquals": ["kms.amazonaws.com"]}), "fail", id="advanced, without KMS"
        ),
        pytest.param(
            True, select(eventCategory=["Data"], resources_type=["AWS::S3::Object"]), "fail", id="advanced, data only"
        ),
    ],
)
def test_the_account_passes_by_a_trail_of_all_regions_and_all_management_events(
    aws_env: AwsWire, multi_region: bool, change: Seed, expected: str
) -> None:
    bucket("logs")
    change(trail("audit", "logs", region="eu-west-1", IsMultiRegionTrail=multi_region))

    assert account_verdict()[0] == expected


def test_an_account_without_a_trail_fails(aws_env: AwsWire) -> None:
    verdict, finding = account_verdict()

    assert (verdict, finding.subject.id) == ("fail", ACCOUNT)


def test_a_trail_whose_bucket_refuses_the_files_does_not_count(aws_env: AwsWire) -> None:
    bucket("logs")
    trail("audit", "logs", IsMultiRegionTrail=True)
    aws_env.overrides.edit(
        "cloudtrail:GetTrailStatus", lambda answer: answer.put("LatestDeliveryError", "AccessDenied")
    )

    assert account_verdict()[0] == "fail"


def organization_trail(wire: AwsWire) -> None:
    """Let a member account see its organization's trail, in every region, beside its own."""
    item = {
        "Name": "organization",
        "S3BucketName": "central-logs",
        "IsMultiRegionTrail": True,
        "HomeRegion": "us-east-1",
        "TrailARN": "arn:aws:cloudtrail:us-east-1:999999999999:trail/organization",
        "LogFileValidationEnabled": True,
        "IsOrganizationTrail": True,
    }

    def edit(answer: Document) -> None:
        answer.keep("trailList", [*answer.items("trailList"), item])

    wire.overrides.edit("cloudtrail:DescribeTrails", edit)
    status = {"IsLogging": True}
    wire.overrides.answer("cloudtrail:GetTrailStatus", status)


@pytest.mark.parametrize("code", ["AccessDeniedException", "CloudTrailARNInvalidException", "TrailNotFoundException"])
def test_an_organizations_trail_whose_selectors_a_member_may_not_read_is_unknown(aws_env: AwsWire, code: str) -> None:
    organization_trail(aws_env)
    aws_env.faults.add("error", "cloudtrail:GetEventSelectors", code=code, status=400)

    verdict, finding = account_verdict()

    assert verdict == "unknown"
    assert [cause.path for cause in finding.causes] == ["trails[0].management_events"]


def test_an_organizations_trail_counts_where_its_selectors_can_be_read(aws_env: AwsWire) -> None:
    organization_trail(aws_env)
    selectors = advanced(eventCategory=["Management"])
    aws_env.overrides.answer("cloudtrail:GetEventSelectors", {"AdvancedEventSelectors": selectors})

    assert account_verdict()[0] == "pass"


def test_a_denied_region_leaves_the_account_unknown(aws_env: AwsWire) -> None:
    aws_env.faults.add("denied", "cloudtrail:DescribeTrails", region="eu-west-1")

    verdict, finding = account_verdict()

    assert (verdict, finding.reason) == ("unknown", "access_denied")


# --- selectors -------------------------------------------------------------------------------------------------------


def selectors(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the reader makes of an answer of GetEventSelectors."""
    aws = SimpleNamespace(call=lambda *_, **__: answer, partition="aws")
    [reader] = [reader for reader in service.READERS if reader.name == "cloudtrail:GetEventSelectors"]
    found = service.Found(TRAIL, "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit", {})
    properties: Mapping[str, Any] = reader.read(aws, resource(found, Scope("aws", ACCOUNT, "us-east-1"), ""))
    return properties


def data(**change: Any) -> dict[str, Any]:
    whole = {"read_write_type": "All", "arn_prefixes": ["arn:aws:s3"], "excluded_arn_prefixes": [], "narrowed_by": []}
    return whole | change


OBJECTS = {"eventCategory": ["Data"], "resources_type": ["AWS::S3::Object"]}


@pytest.mark.parametrize(
    ("fields", "management", "objects"),
    [
        (ALL, [{"read_write_type": "All", "excluded_event_sources": [], "narrowed_by": []}], []),
        (
            {**ALL, "readOnly": ["true"], "eventSource": {"NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}},
            [
                {
                    "read_write_type": "ReadOnly",
                    "excluded_event_sources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"],
                    "narrowed_by": [],
                }
            ],
            [],
        ),
        (
            {**ALL, "eventSource": ["iam.amazonaws.com"]},
            [{"read_write_type": "All", "excluded_event_sources": [], "narrowed_by": ["eventSource"]}],
            [],
        ),
        (
            {**ALL, "userIdentity_arn": {"NotStartsWith": ["arn:aws:sts::1"]}, "eventType": ["AwsApiCall"]},
            [
                {
                    "read_write_type": "All",
                    "excluded_event_sources": [],
                    "narrowed_by": ["eventType", "userIdentity.arn"],
                }
            ],
            [],
        ),
        (OBJECTS, [], [data()]),
        ({**OBJECTS, "readOnly": ["false"]}, [], [data(read_write_type="WriteOnly")]),
        (
            {**OBJECTS, "resources_ARN": {"StartsWith": ["arn:aws:s3:::a/", "arn:aws:s3:::b/"]}},
            [],
            [data(arn_prefixes=["arn:aws:s3:::a/", "arn:aws:s3:::b/"])],
        ),
        (
            {**OBJECTS, "resources_ARN": {"NotStartsWith": ["arn:aws:s3:::logs/"]}},
            [],
            [data(excluded_arn_prefixes=["arn:aws:s3:::logs/"])],
        ),
        ({**OBJECTS, "resources_ARN": ["arn:aws:s3:::a/key"]}, [], [data(narrowed_by=["resources.ARN"])]),
        ({**OBJECTS, "resources_ARN": {"EndsWith": [".pdf"]}}, [], [data(narrowed_by=["resources.ARN"])]),
        ({**OBJECTS, "eventName": ["DeleteObject"]}, [], [data(narrowed_by=["eventName"])]),
        ({"eventCategory": ["Data"], "resources_type": ["AWS::Lambda::Function"]}, [], []),
        ({"eventCategory": ["NetworkActivity"], "eventSource": ["kms.amazonaws.com"]}, [], []),
    ],
)
def test_advanced_selectors_say_what_they_select(
    fields: dict[str, Any], management: list[dict[str, Any]], objects: list[dict[str, Any]]
) -> None:
    assert selectors({"AdvancedEventSelectors": advanced(**fields)}) == {
        "management_events": management,
        "s3_data_events": objects,
    }


def test_basic_selectors_say_what_they_select() -> None:
    resources = [
        {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::a/"]},
        {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
    ]
    basic = {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": False, "DataResources": resources}

    assert selectors({"EventSelectors": [basic]}) == {
        "management_events": [],
        "s3_data_events": [data(read_write_type="ReadOnly", arn_prefixes=["arn:aws:s3:::a/"])],
    }


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"EventSelectors": [{"ReadWriteType": "All"}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]},
    ],
)
def test_selectors_that_leave_out_what_they_must_say_are_malformed(answer: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        selectors(answer)


@pytest.mark.parametrize(
    ("flight", "management"),
    [
        (
            "test_cloudtrail_success_management_advanced_events_included",
            [{"read_write_type": "All", "excluded_event_sources": ["rdsdata.amazonaws.com"], "narrowed_by": []}],
        ),
        (
            "test_cloudtrail_fail_include_management_events",
            [{"read_write_type": "ReadOnly", "excluded_event_sources": [], "narrowed_by": []}],
        ),
    ],
)
def test_recorded_selectors_are_understood(flight: str, management: list[dict[str, Any]]) -> None:
    path = RECORDED / flight / "cloudtrail.GetEventSelectors_1.json"
    if not path.exists():
        pytest.skip(f"shared/recorded is not there: {flight}")

    assert selectors(json.loads(path.read_text())["data"])["management_events"] == management
