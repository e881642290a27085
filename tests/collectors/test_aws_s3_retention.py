"""How long buckets keep objects, when these cannot be deleted, and where else they are: built to pass and to fail.

moto forgets what it does not know of a rule, so that rules are answered as S3 writes them.
"""

from __future__ import annotations

from typing import Any, Final

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

BUCKET: Final = "AWS::S3::Bucket"
REGIONS: Final = ("us-east-1", "eu-west-1", "eu-central-1")
LIFECYCLE: Final = "s3:GetBucketLifecycleConfiguration"
REPLICATION: Final = "s3:GetBucketReplication"
CRITICAL: Final = {"criticality": "high"}
RECORDS: Final = {"retention": "locked"}


def bucket(name: str, region: str = "us-east-1", tags: dict[str, str] | None = None, **settings: Any) -> Any:
    s3 = boto3.client("s3", region_name=region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place, **settings)
    if tags:
        labels = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": labels})
    return s3


def by_name(check: str) -> dict[str, str]:
    _, findings = scan([f"aws.s3.bucket_{check}"], REGIONS)
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def answered(wire: AwsWire, operation: str, root: str, *rules: str, status: int = 200) -> None:
    """Let every bucket have these rules."""
    body = f'<?xml version="1.0"?><{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{"".join(rules)}</{root}>'
    wire.overrides.answer(operation, body, status=status)


# --- disposal --------------------------------------------------------------------------------------------------------

EVERYTHING: Final = "<Filter/>"
EXPIRES: Final = "<Expiration><Days>365</Days></Expiration>"
VERSIONS_GO: Final = "<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>"
NEWEST_STAY: Final = (
    "<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays>"
    "<NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
)
TAG: Final = "<Tag><Key>expires</Key><Value>yes</Value></Tag>"


def rule(*parts: str, on: bool = True) -> str:
    return f"<Rule><ID>r</ID>{''.join(parts)}<Status>{'Enabled' if on else 'Disabled'}</Status></Rule>"


@pytest.mark.parametrize(
    ("rules", "plain", "versioned"),
    [
        ([rule(EVERYTHING, EXPIRES)], "pass", "fail"),
        ([rule("<Filter><Prefix></Prefix></Filter>", EXPIRES, VERSIONS_GO)], "pass", "pass"),
        ([rule("<Prefix></Prefix>", EXPIRES), rule("<Prefix/>", VERSIONS_GO)], "pass", "pass"),
        ([rule(EVERYTHING, EXPIRES, NEWEST_STAY)], "pass", "fail"),
        ([rule(EVERYTHING, EXPIRES), rule("<Filter><Prefix>tmp/</Prefix></Filter>", VERSIONS_GO)], "pass", "fail"),
        ([rule(EVERYTHING, VERSIONS_GO)], "fail", "fail"),
        ([rule(EVERYTHING, EXPIRES, VERSIONS_GO, on=False)], "fail", "fail"),
        ([rule("<Prefix>tmp/</Prefix>", EXPIRES, VERSIONS_GO)], "fail", "fail"),
        ([rule("<Filter><Prefix>tmp/</Prefix></Filter>", EXPIRES, VERSIONS_GO)], "fail", "fail"),
        ([rule(f"<Filter>{TAG}</Filter>", EXPIRES, VERSIONS_GO)], "fail", "fail"),
        ([rule(f"<Filter><And><Prefix></Prefix>{TAG}{TAG}</And></Filter>", EXPIRES, VERSIONS_GO)], "fail", "fail"),
        ([rule(f"<Filter><And><Prefix>tmp/</Prefix>{TAG}</And></Filter>", EXPIRES, VERSIONS_GO)], "fail", "fail"),
        (
            [rule("<Filter><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></Filter>", EXPIRES, VERSIONS_GO)],
            "fail",
            "fail",
        ),
        (
            [rule("<Filter><And><ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>", EXPIRES, VERSIONS_GO)],
            "fail",
            "fail",
        ),
        (
            [rule(EVERYTHING, "<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>")],
            "fail",
            "fail",
        ),
        (
            [
                rule(
                    EVERYTHING,
                    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>"
                    "</AbortIncompleteMultipartUpload>",
                )
            ],
            "fail",
            "fail",
        ),
        (
            [rule(EVERYTHING, "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>")],
            "fail",
            "fail",
        ),
        (
            [rule(EVERYTHING, "<Expiration><Date>2026-11-23T00:00:00Z</Date></Expiration>", VERSIONS_GO)],
            "pass",
            "pass",
        ),
        (
            [rule(EVERYTHING, "<Expiration><Date>2026-11-24T00:00:00Z</Date></Expiration>", VERSIONS_GO)],
            "fail",
            "fail",
        ),
        ([rule(EXPIRES, VERSIONS_GO)], "unknown", "unknown"),
    ],
)
def test_a_bucket_disposes_of_objects_only_by_rules_for_all_of_them(
    aws_env: AwsWire, rules: list[str], plain: str, versioned: str
) -> None:
    bucket("plain")
    for name, states in {"versioned": ("Enabled",), "suspended": ("Enabled", "Suspended")}.items():
        s3 = bucket(name)
        for state in states:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": state})
    answered(aws_env, LIFECYCLE, "LifecycleConfiguration", *rules)
    assert by_name("lifecycle_expiry") == {"plain": plain, "versioned": versioned, "suspended": versioned}


def test_a_bucket_without_a_lifecycle_disposes_of_nothing(aws_env: AwsWire) -> None:
    bucket("plain")
    assert by_name("lifecycle_expiry") == {"plain": "fail"}


@pytest.mark.parametrize("kind", ["denied", "server_error"])
def test_whether_there_are_versions_matters_only_where_the_rules_leave_them(aws_env: AwsWire, kind: Any) -> None:
    bucket("plain")
    aws_env.faults.add(kind, "s3:GetBucketVersioning")
    answered(aws_env, LIFECYCLE, "LifecycleConfiguration", rule(EVERYTHING, EXPIRES))
    assert by_name("lifecycle_expiry") == {"plain": "unknown"}
    answered(aws_env, LIFECYCLE, "LifecycleConfiguration", rule(EVERYTHING, EXPIRES, VERSIONS_GO))
    assert by_name("lifecycle_expiry") == {"plain": "pass"}


# --- records ---------------------------------------------------------------------------------------------------------


def lock(s3: Any, name: str, **retention: Any) -> None:
    rule_ = {"Rule": {"DefaultRetention": retention}} if retention else {}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule_})


def test_buckets_that_keep_records_have_to_lock_them(aws_env: AwsWire) -> None:
    locked = {"ObjectLockEnabledForBucket": True}
    lock(bucket("governed", tags=RECORDS, **locked), "governed", Mode="GOVERNANCE", Days=1)
    lock(bucket("trail", **locked), "trail", Mode="COMPLIANCE", Years=7)
    bucket("no-default", tags=RECORDS, **locked)
    bucket("no-lock", tags=RECORDS)
    bucket("trail-without")
    bucket("others", tags={"retention": "short"})
    bucket("untagged")
    for name in ("trail", "trail-without"):
        boto3.client("cloudtrail").create_trail(Name=name, S3BucketName=name)
    assert by_name("object_lock") == {
        "governed": "pass",
        "trail": "pass",
        "no-default": "fail",
        "no-lock": "fail",
        "trail-without": "fail",
        "others": "not_applicable",
        "untagged": "not_applicable",
    }


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        ("<Mode>COMPLIANCE</Mode><Days>365</Days>", ("COMPLIANCE", 365)),
        ("<Mode>GOVERNANCE</Mode><Years>2</Years>", ("GOVERNANCE", 730)),
        # A hold until an event is no retention.
        ("<DefaultEventHold><Days>30</Days></DefaultEventHold>", (None, None)),
    ],
)
def test_a_default_retention_is_a_mode_for_a_number_of_days(
    aws_env: AwsWire, retention: str, expected: tuple[str | None, int | None]
) -> None:
    bucket("records")
    enabled = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    default = f"<Rule><DefaultRetention>{retention}</DefaultRetention></Rule>"
    answered(aws_env, "s3:GetObjectLockConfiguration", "ObjectLockConfiguration", enabled, default)
    names = ("object_lock_retention_mode", "object_lock_retention_days")
    (found,) = read({BUCKET: set(names)}).resources
    assert tuple(found.properties[name] for name in names) == expected


# --- copies ----------------------------------------------------------------------------------------------------------


def copies(*parts: str, to: str = "copy", on: bool = True) -> str:
    status = "Enabled" if on else "Disabled"
    destination = f"<Destination><Bucket>arn:aws:s3:::{to}</Bucket></Destination>"
    return f"<Rule><ID>r</ID><Status>{status}</Status>{''.join(parts)}{destination}</Rule>"


def criteria(status: str) -> str:
    kms = f"<SseKmsEncryptedObjects><Status>{status}</Status></SseKmsEncryptedObjects>"
    return f"<SourceSelectionCriteria>{kms}</SourceSelectionCriteria>"


def replicated(wire: AwsWire, *rules: str) -> None:
    answered(wire, REPLICATION, "ReplicationConfiguration", "<Role>arn:aws:iam::123456789012:role/r</Role>", *rules)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([copies(EVERYTHING)], "pass"),
        ([copies("<Prefix></Prefix>")], "pass"),
        ([copies(EVERYTHING, criteria("Disabled"))], "pass"),
        ([copies(EVERYTHING, to="beside"), copies(EVERYTHING)], "pass"),
        ([copies(EVERYTHING, to="beside")], "fail"),
        ([copies(EVERYTHING, on=False)], "fail"),
        ([copies("<Prefix>2026/</Prefix>")], "fail"),
        ([copies("<Filter><Prefix>2026/</Prefix></Filter>")], "fail"),
        ([copies(f"<Filter>{TAG}</Filter>")], "fail"),
        ([copies(f"<Filter><And><Prefix></Prefix>{TAG}</And></Filter>")], "fail"),
        ([copies(EVERYTHING, to="deleted")], "fail"),
        ([copies()], "unknown"),
    ],
)
def test_a_critical_bucket_needs_a_rule_that_copies_all_of_it_to_another_region(
    aws_env: AwsWire, rules: list[str], expected: str
) -> None:
    bucket("ledger", "eu-west-1", CRITICAL)
    bucket("copy", "eu-central-1")
    bucket("beside", "eu-west-1")
    replicated(aws_env, *rules)
    assert by_name("replication") == {"ledger": expected, "copy": "not_applicable", "beside": "not_applicable"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [((), "fail"), ((criteria("Disabled"),), "fail"), ((criteria("Enabled"),), "pass")],
)
def test_objects_under_kms_keys_are_copied_only_where_the_rule_says_so(
    aws_env: AwsWire, parts: tuple[str, ...], expected: str
) -> None:
    s3 = bucket("ledger", "eu-west-1", CRITICAL)
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket="ledger", ServerSideEncryptionConfiguration={"Rules": [default]})
    bucket("copy", "eu-central-1")
    replicated(aws_env, copies(EVERYTHING, *parts))
    assert by_name("replication")["ledger"] == expected


def test_a_critical_bucket_without_replication_fails(aws_env: AwsWire) -> None:
    bucket("ledger", tags=CRITICAL)
    assert by_name("replication") == {"ledger": "fail"}


def test_another_accounts_bucket_that_does_not_say_where_it_lies_is_unknown(aws_env: AwsWire) -> None:
    bucket("ledger", "eu-west-1", CRITICAL)
    replicated(aws_env, copies(EVERYTHING))
    aws_env.faults.add("denied", "s3:GetBucketLocation", where=lambda exchange: "/copy?" in exchange.request.target)
    _, findings = scan(["aws.s3.bucket_replication"], REGIONS)
    assert [(f.verdict, f.reason, f.causes[0].unread.permission) for f in findings] == [
        ("unknown", "access_denied", "s3:GetBucketLocation")
    ]


def test_a_destination_is_asked_for_once_however_many_buckets_copy_there(aws_env: AwsWire) -> None:
    for name in ("one", "two"):
        bucket(name, "eu-west-1", CRITICAL)
    bucket("copy", "eu-central-1")
    replicated(aws_env, copies(EVERYTHING), copies(EVERYTHING))
    aws_env.traffic.reset()
    found = by_name("replication")
    assert (found["one"], found["two"]) == ("pass", "pass")
    # Once for the two, and once from where the copy lies, which has the same rules here.
    assert aws_env.traffic.calls["s3:GetBucketLocation"] == 2
    assert not aws_env.traffic.repeats


# --- what cannot be seen ---------------------------------------------------------------------------------------------


UNSEEN: Final = {
    "s3:GetBucketTagging": ({"object_lock", "replication"}, "s3:GetBucketTagging"),
    LIFECYCLE: ({"lifecycle_expiry"}, "s3:GetLifecycleConfiguration"),
    "s3:GetObjectLockConfiguration": ({"object_lock"}, "s3:GetBucketObjectLockConfiguration"),
    # The bucket is known by its tag to keep records.
    "cloudtrail:DescribeTrails": (set(), None),
    REPLICATION: ({"replication"}, "s3:GetReplicationConfiguration"),
    "s3:GetBucketEncryption": ({"replication"}, "s3:GetEncryptionConfiguration"),
    "s3:GetBucketLocation": ({"replication"}, "s3:GetBucketLocation"),
}
MEANT: Final = {"s3:GetBucketLocation"}
"""An empty answer is how S3 names us-east-1."""


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        (kind, operation)
        for kind in ("denied", "hollow", "server_error")
        for operation in UNSEEN
        if kind != "hollow" or operation not in MEANT
    ],
)
def test_what_was_not_seen_is_unknown_and_nothing_else_is(aws_env: AwsWire, kind: Any, operation: str) -> None:
    unknown, permission = UNSEEN[operation]
    tags = CRITICAL | RECORDS
    s3 = bucket("ledger", "eu-west-1", tags, ObjectLockEnabledForBucket=True)
    lock(s3, "ledger", Mode="GOVERNANCE", Days=30)
    bucket("copy")
    answered(aws_env, LIFECYCLE, "LifecycleConfiguration", rule(EVERYTHING, EXPIRES, VERSIONS_GO))
    replicated(aws_env, copies(EVERYTHING))
    aws_env.faults.add(kind, operation)
    checks = ("lifecycle_expiry", "object_lock", "replication")
    _, findings = scan((f"aws.s3.bucket_{check}" for check in checks), REGIONS)
    mine = [finding for finding in findings if finding.subject.name == "ledger"]
    found = {finding.check.id.removeprefix("aws.s3.bucket_"): finding.verdict for finding in mine}
    assert found == {check: "unknown" if check in unknown else "pass" for check in checks}
    if kind == "denied":
        assert {cause.unread.permission for finding in mine for cause in finding.causes} == {permission} - {None}


@pytest.mark.parametrize("operation", ["s3:GetBucketTagging", LIFECYCLE, REPLICATION, "s3:GetObjectLockConfiguration"])
def test_a_bucket_that_is_deleted_while_it_is_read_is_not_judged(aws_env: AwsWire, operation: str) -> None:
    bucket("ledger", tags=CRITICAL)
    aws_env.faults.add("error", operation, code="NoSuchBucket", status=404)
    checks = ("lifecycle_expiry", "object_lock", "replication")
    _, findings = scan((f"aws.s3.bucket_{check}" for check in checks), REGIONS)
    assert findings == ()


def test_a_bucket_without_any_of_it_is_read_as_it_is(aws_env: AwsWire) -> None:
    bucket("plain")
    names = {"lifecycle_rules", "object_lock_retention_mode", "object_lock_retention_days", "replication_rules"}
    (found,) = read({BUCKET: {*names, "replication_regions", "tags"}}).resources
    assert (found.tags, dict(found.properties)) == (
        {},
        {
            "lifecycle_rules": [],
            "object_lock_retention_mode": None,
            "object_lock_retention_days": None,
            "replication_rules": [],
            "replication_buckets": [],
            "replication_regions": [],
        },
    )
