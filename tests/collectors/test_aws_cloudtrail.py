"""CloudTrail's checks on trails and accounts built to pass and to fail them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
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


# --- delivery to CloudWatch Logs -------------------------------------------------------------------------------------

DELIVERED = "aws.cloudtrail.delivered_to_cloudwatch"
GROUP = {
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail:*",
    "CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/cloudtrail",
}
NOW = "2026-11-23T12:00:00Z"


def delivering(wire: AwsWire, **settings: Any) -> Any:
    """A trail whose latest delivery to its log group was an hour ago."""
    bucket("logs")
    boto3.client("logs").create_log_group(logGroupName="trail")
    client = trail("audit", "logs", **settings)
    delivered(wire, "2026-11-23T11:00:00Z")
    return client


def delivered(wire: AwsWire, when: str | None, error: str | None = None) -> None:
    def edit(answer: Document) -> None:
        answer.put("LatestCloudWatchLogsDeliveryTime", when and datetime.fromisoformat(when).timestamp())
        answer.put("LatestCloudWatchLogsDeliveryError", error)

    wire.overrides.edit("cloudtrail:GetTrailStatus", edit)


def delivery() -> tuple[str, str | None]:
    _, findings = scan([DELIVERED], now=NOW)
    [finding] = findings
    return finding.verdict, finding.reason


@pytest.mark.parametrize(
    ("when", "error", "expected"),
    [
        pytest.param("2026-11-22T12:00:00Z", None, "pass", id="exactly a day ago"),
        pytest.param("2026-11-22T11:59:59Z", None, "fail", id="a second longer ago"),
        pytest.param(None, None, "fail", id="never"),
        pytest.param("2026-11-23T11:00:00Z", "AccessDenied", "fail", id="refused since"),
    ],
)
def test_events_must_have_reached_the_log_group_lately(
    aws_env: AwsWire, when: str | None, error: str | None, expected: str
) -> None:
    delivering(aws_env, **GROUP)
    delivered(aws_env, when, error)

    assert delivery() == (expected, None)


def test_a_trail_without_a_log_group_delivers_to_none(aws_env: AwsWire) -> None:
    delivering(aws_env)

    assert delivery() == ("fail", None)


def test_a_trail_that_was_stopped_an_hour_ago_no_longer_delivers(aws_env: AwsWire) -> None:
    delivering(aws_env, **GROUP).stop_logging(Name="audit")

    assert delivery() == ("fail", None)


@pytest.mark.parametrize(
    ("kind", "operation", "reason"),
    [
        ("denied", "cloudtrail:GetTrailStatus", "access_denied"),
        ("server_error", "cloudtrail:GetTrailStatus", "unavailable"),
        ("hollow", "cloudtrail:GetTrailStatus", "malformed_response"),
        ("denied", "cloudtrail:DescribeTrails", "access_denied"),
        ("hollow", "cloudtrail:DescribeTrails", "malformed_response"),
    ],
)
def test_a_delivery_that_cannot_be_seen_is_unknown(aws_env: AwsWire, kind: Any, operation: str, reason: str) -> None:
    delivering(aws_env, **GROUP)
    aws_env.faults.add(kind, operation)

    assert delivery() == ("unknown", reason)


def test_the_status_of_a_trail_is_read_as_it_is(aws_env: AwsWire) -> None:
    delivering(aws_env, **GROUP)

    [item] = read({TRAIL: {"is_logging", "latest_cloud_watch_logs_delivery_time"}}).resources

    assert {name: item.properties[name] for name in item.properties if "latest" in name or "logging" in name} == {
        "is_logging": True,
        "latest_delivery_error": None,
        "latest_cloud_watch_logs_delivery_error": None,
        "latest_cloud_watch_logs_delivery_time": "2026-11-23T11:00:00Z",
    }


# --- data events -----------------------------------------------------------------------------------------------------

DATA_EVENTS = "aws.cloudtrail.s3_data_events"


def of_objects(*arns: str, kind: str = "All") -> list[dict[str, Any]]:
    objects = {"Type": "AWS::S3::Object", "Values": list(arns)}
    return [{"ReadWriteType": kind, "IncludeManagementEvents": True, "DataResources": [objects]}]


def by_bucket(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.subject.name: finding.verdict for finding in findings}


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        pytest.param({"EventSelectors": of_objects("arn:aws:s3")}, ("pass", "pass"), id="all objects"),
        pytest.param({"EventSelectors": of_objects("arn:aws:s3:::aaa/")}, ("pass", "fail"), id="of one bucket"),
        pytest.param({"EventSelectors": of_objects("arn:aws:s3:::aaa/x")}, ("fail", "fail"), id="of a folder"),
        pytest.param({"EventSelectors": of_objects("arn:aws:s3", kind="ReadOnly")}, ("fail", "fail"), id="reads"),
        pytest.param(
            {"AdvancedEventSelectors": [*advanced(**ALL), *advanced(**OBJECTS)]}, ("pass", "pass"), id="advanced"
        ),
        pytest.param(
            {"AdvancedEventSelectors": advanced(**OBJECTS, resources_ARN={"NotStartsWith": ["arn:aws:s3:::bbb/"]})},
            ("pass", "fail"),
            id="advanced, all but one bucket",
        ),
        pytest.param(
            {"AdvancedEventSelectors": advanced(**OBJECTS, eventName=["DeleteObject"])},
            ("fail", "fail"),
            id="deletions",
        ),
        pytest.param({}, ("fail", "fail"), id="management events"),
    ],
)
def test_buckets_are_judged_by_what_is_recorded_of_their_objects(
    aws_env: AwsWire, selectors: dict[str, Any], expected: tuple[str, str]
) -> None:
    for name in ("aaa", "bbb", "logs"):
        bucket(name)
    client = trail("audit", "logs", IsMultiRegionTrail=True)
    if selectors:
        client.put_event_selectors(TrailName="audit", **selectors)
    aws_env.traffic.reset()

    _, findings = scan([DATA_EVENTS], regions=("us-east-1", "eu-west-1"))

    assert by_bucket(findings) == {"aaa": expected[0], "bbb": expected[1], "logs": "not_applicable"}
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize(
    ("settings", "expected"), [({}, "fail"), ({"IsMultiRegionTrail": True}, "pass")], ids=["one region", "all regions"]
)
def test_a_trail_of_one_region_records_no_bucket_of_another(
    aws_env: AwsWire, settings: dict[str, Any], expected: str
) -> None:
    bucket("logs")
    boto3.client("s3").create_bucket(Bucket="ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    trail("audit", "logs", **settings).put_event_selectors(TrailName="audit", EventSelectors=of_objects("arn:aws:s3"))

    _, findings = scan([DATA_EVENTS], regions=("us-east-1", "eu-west-1"))

    assert by_bucket(findings)["ireland"] == expected


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    "operation", ["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"]
)
def test_a_bucket_whose_trails_cannot_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    bucket("documents")
    bucket("logs")
    client = trail("audit", "logs", IsMultiRegionTrail=True)
    client.put_event_selectors(TrailName="audit", EventSelectors=of_objects("arn:aws:s3"))
    aws_env.faults.add(kind, operation)

    _, findings = scan([DATA_EVENTS])

    assert by_bucket(findings)["documents"] == "unknown"
