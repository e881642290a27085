"""S3's checks on buckets and an account built to pass and to fail them."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest

from engine.model import GLOBAL, Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import MotoProcess
from tests.emulators.wire import Answer, Exchange, Next

ACCOUNT = "123456789012"
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
BUCKET_CHECKS = (
    "public_access_block",
    "policy_not_public",
    "acl_not_public",
    "default_encryption",
    "kms_encryption",
    "tls_only",
    "versioning",
    "access_logging",
)
BUCKET = "AWS::S3::Bucket"
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
READ_BY_ALL = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{0}/*"}
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::{0}", "arn:aws:s3:::{0}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def bucket(name: str, region: str = "us-east-1") -> Any:
    s3 = boto3.client("s3", region_name=region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)
    return s3


def policy(s3: Any, name: str, *statements: dict[str, Any]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    s3.put_bucket_policy(Bucket=name, Policy=text.replace("{0}", name))


def encrypt(s3: Any, name: str, key: str | None) -> None:
    default = {"SSEAlgorithm": "aws:kms"} | ({"KMSMasterKeyID": key} if key else {})
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def log_to(s3: Any, name: str, target: str) -> None:
    grantee = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    owner = s3.get_bucket_acl(Bucket=target)["Owner"]
    grants = [{"Grantee": grantee, "Permission": permission} for permission in ("WRITE", "READ_ACP")]
    s3.put_bucket_acl(Bucket=target, AccessControlPolicy={"Owner": owner, "Grants": grants})
    enabled = {"TargetBucket": target, "TargetPrefix": f"{name}/"}
    s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": enabled})


def all_blocks(on: bool = True) -> dict[str, bool]:
    return dict.fromkeys(BLOCKS, on)


def block_account(wire: AwsWire, **blocks: bool) -> None:
    """Let S3 Control answer with these flags, the others off."""
    flags = "".join(f"<{name}>{str(blocks.get(name, False)).lower()}</{name}>" for name in BLOCKS)
    body = f'<?xml version="1.0"?><PublicAccessBlockConfiguration>{flags}</PublicAccessBlockConfiguration>'
    wire.overrides.answer("s3control:GetPublicAccessBlock", body)


def hardened(name: str, region: str, logs: str) -> None:
    s3 = bucket(name, region)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=all_blocks())
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    policy(s3, name, TLS_ONLY)
    key = boto3.client("kms", region_name=region).create_key()["KeyMetadata"]["Arn"]
    encrypt(s3, name, key)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    log_to(s3, name, logs)


def exposed(name: str, region: str) -> None:
    s3 = bucket(name, region)
    policy(s3, name, READ_BY_ALL)
    s3.put_bucket_acl(Bucket=name, ACL="public-read")
    encrypt(s3, name, None)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})


def judged(*checks: str) -> dict[tuple[str, str], str]:
    """(check, bucket) -> verdict."""
    _, findings = scan((f"aws.s3.bucket_{check}" for check in checks or BUCKET_CHECKS), REGIONS)
    return {(id_.removeprefix("aws.s3.bucket_"), name): verdict for (id_, name), verdict in verdicts(findings).items()}


def of(name: str, words: str) -> dict[tuple[str, str], str]:
    """The verdicts on a bucket, in the order of the checks."""
    full = {"+": "pass", "-": "fail", "?": "unknown", "/": "not_applicable"}
    return {(check, name): full[word] for check, word in zip(BUCKET_CHECKS, words, strict=True)}


def the(findings: tuple[Finding, ...], name: str) -> Finding:
    [finding] = [finding for finding in findings if finding.subject.name == name]
    return finding


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_buckets_are_judged_by_their_settings_in_whatever_region_they_are(aws_env: AwsWire) -> None:
    bucket("bare")
    bucket("logs", "eu-west-1")
    hardened("hardened", "eu-west-1", "logs")
    exposed("exposed", "ap-southeast-2")
    aws_env.traffic.reset()

    found = judged()

    assert found == {
        **of("hardened", "++++++++"),
        **of("exposed", "---+----"),
        **of("bare", "-+++----"),
        **of("logs", "-+++---/"),
    }
    assert not aws_env.traffic.repeats
    assert not aws_env.traffic.unidentified


def test_what_the_account_blocks_no_bucket_exposes(aws_env: AwsWire) -> None:
    exposed("exposed", "us-east-1")
    block_account(aws_env, **all_blocks())

    assert judged("public_access_block", "policy_not_public", "acl_not_public") == {
        ("public_access_block", "exposed"): "pass",
        ("policy_not_public", "exposed"): "pass",
        ("acl_not_public", "exposed"): "pass",
    }


@pytest.mark.parametrize(
    ("flag", "policy_verdict", "acl_verdict"),
    [
        ("BlockPublicAcls", "fail", "fail"),
        ("IgnorePublicAcls", "fail", "pass"),
        ("BlockPublicPolicy", "fail", "fail"),
        ("RestrictPublicBuckets", "pass", "fail"),
    ],
)
def test_only_the_flag_that_stops_it_excuses_what_is_public(
    aws_env: AwsWire, flag: str, policy_verdict: str, acl_verdict: str
) -> None:
    exposed("exposed", "us-east-1")
    boto3.client("s3").put_public_access_block(
        Bucket="exposed", PublicAccessBlockConfiguration=all_blocks(False) | {flag: True}
    )

    assert judged("public_access_block", "policy_not_public", "acl_not_public") == {
        ("public_access_block", "exposed"): "fail",
        ("policy_not_public", "exposed"): policy_verdict,
        ("acl_not_public", "exposed"): acl_verdict,
    }


def test_bucket_and_account_block_together(aws_env: AwsWire) -> None:
    half = dict.fromkeys(BLOCKS[:2], True)
    bucket("half").put_public_access_block(Bucket="half", PublicAccessBlockConfiguration=all_blocks(False) | half)
    assert judged("public_access_block") == {("public_access_block", "half"): "fail"}
    block_account(aws_env, **(all_blocks() | dict.fromkeys(half, False)))
    assert judged("public_access_block") == {("public_access_block", "half"): "pass"}


def test_acls_are_public_by_either_group_unless_ownership_disables_them(aws_env: AwsWire) -> None:
    for name, acl in {"all": "public-read", "any-account": "authenticated-read", "own": "private"}.items():
        bucket(name).put_bucket_acl(Bucket=name, ACL=acl)
    for name, ownership in {"disabled": "BucketOwnerEnforced", "preferred": "BucketOwnerPreferred"}.items():
        s3 = bucket(name)
        s3.put_bucket_acl(Bucket=name, ACL="public-read")
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})

    assert {name: verdict for (_, name), verdict in judged("acl_not_public").items()} == {
        "all": "fail",
        "any-account": "fail",
        "own": "pass",
        "disabled": "pass",
        "preferred": "fail",
    }


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (all_blocks(), "pass"),
        (all_blocks() | {"RestrictPublicBuckets": False}, "fail"),
        (None, "fail"),
    ],
)
def test_the_account_must_block_in_all_four_ways(
    aws_env: AwsWire, flags: dict[str, bool] | None, expected: str
) -> None:
    if flags is not None:
        block_account(aws_env, **flags)

    _, findings = scan(["aws.s3.account_public_access_block"])

    assert verdicts(findings) == {("aws.s3.account_public_access_block", ACCOUNT): expected}


def test_access_is_recorded_by_data_events_of_a_trail_that_covers_the_whole_bucket(aws_env: AwsWire) -> None:
    for name in ("covered", "partly", "elsewhere", "trail-logs"):
        bucket(name, "eu-west-1" if name == "elsewhere" else "us-east-1")
    cloudtrail = boto3.client("cloudtrail")
    cloudtrail.create_trail(Name="local", S3BucketName="trail-logs", IsMultiRegionTrail=False)
    values = ["arn:aws:s3:::covered/", "arn:aws:s3:::partly/invoices/", "arn:aws:s3:::elsewhere/"]
    selector = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": values}],
    }
    cloudtrail.put_event_selectors(TrailName="local", EventSelectors=[selector])
    cloudtrail.start_logging(Name="local")

    assert judged("access_logging") == {
        ("access_logging", "covered"): "pass",
        ("access_logging", "partly"): "fail",
        ("access_logging", "elsewhere"): "fail",
        ("access_logging", "trail-logs"): "fail",
    }


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_described_once_however_its_buckets_write_it(aws_env: AwsWire) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]
    encrypt(bucket("by-arn"), "by-arn", key["Arn"])
    encrypt(bucket("by-id"), "by-id", key["KeyId"])
    aws_env.traffic.reset()

    assert judged("kms_encryption") == {("kms_encryption", "by-arn"): "pass", ("kms_encryption", "by-id"): "pass"}
    assert aws_env.traffic.calls["kms:DescribeKey"] == 1


def test_a_key_is_known_by_its_alias(aws_env: AwsWire) -> None:
    kms = boto3.client("kms")
    kms.create_alias(AliasName="alias/data", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    encrypt(bucket("named"), "named", "alias/data")

    assert judged("kms_encryption") == {("kms_encryption", "named"): "pass"}


def test_the_key_of_aws_is_known_by_its_alias_and_never_asked_for(aws_env: AwsWire) -> None:
    encrypt(bucket("aliased"), "aliased", "alias/aws/s3")
    aws_env.traffic.reset()

    assert judged("kms_encryption") == {("kms_encryption", "aliased"): "fail"}
    assert aws_env.traffic.calls["kms:DescribeKey"] == 0


def test_a_key_that_may_not_be_described_is_unknown_and_one_that_is_gone_fails(aws_env: AwsWire) -> None:
    foreign = "arn:aws:kms:us-east-1:999999999999:key/1234abcd-12ab-34cd-56ef-000000000001"
    encrypt(bucket("foreign"), "foreign", foreign)
    encrypt(bucket("dangling"), "dangling", "1234abcd-12ab-34cd-56ef-000000000002")
    aws_env.faults.add("denied", "kms:DescribeKey")

    _, findings = scan(["aws.s3.bucket_kms_encryption"])

    [cause] = the(findings, "foreign").causes
    assert (cause.path, cause.unread.reason, cause.unread.permission) == (
        "resource.kms_key_manager",
        "access_denied",
        "kms:DescribeKey",
    )
    assert the(findings, "dangling").verdict == "fail"


def test_keys_of_a_region_that_cannot_be_listed_leave_its_buckets_unknown(aws_env: AwsWire) -> None:
    for name, region in (("virginia", "us-east-1"), ("ireland", "eu-west-1")):
        key = boto3.client("kms", region_name=region).create_key()["KeyMetadata"]["Arn"]
        encrypt(bucket(name, region), name, key)
    aws_env.faults.add("denied", "kms:ListKeys", region="eu-west-1")

    assert judged("kms_encryption") == {
        ("kms_encryption", "virginia"): "pass",
        ("kms_encryption", "ireland"): "unknown",
    }


# --- what cannot be seen ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "checks", "permission"),
    [
        ("s3:GetPublicAccessBlock", {"public_access_block"}, "s3:GetBucketPublicAccessBlock"),
        ("s3control:GetPublicAccessBlock", {"public_access_block"}, "s3:GetAccountPublicAccessBlock"),
        ("s3:GetBucketPolicy", {"policy_not_public", "tls_only"}, "s3:GetBucketPolicy"),
        ("s3:GetBucketAcl", {"acl_not_public"}, "s3:GetBucketAcl"),
        ("s3:GetBucketOwnershipControls", set(), "s3:GetBucketOwnershipControls"),
        ("s3:GetBucketEncryption", {"default_encryption", "kms_encryption"}, "s3:GetEncryptionConfiguration"),
        ("s3:GetBucketVersioning", {"versioning"}, "s3:GetBucketVersioning"),
        ("s3:GetBucketLogging", {"access_logging"}, "s3:GetBucketLogging"),
        ("cloudtrail:DescribeTrails", {"access_logging"}, "cloudtrail:DescribeTrails"),
    ],
)
def test_a_denial_makes_unknown_exactly_what_it_could_change(
    aws_env: AwsWire, operation: str, checks: set[str], permission: str
) -> None:
    bucket("bare")
    aws_env.faults.add("error", operation, code="AccessDenied", status=403)

    _, findings = scan(f"aws.s3.bucket_{check}" for check in BUCKET_CHECKS)

    unknown = {finding.check.id.removeprefix("aws.s3.bucket_"): finding for finding in findings if finding.causes}
    assert unknown.keys() == checks
    assert {cause.unread.permission for finding in unknown.values() for cause in finding.causes} <= {permission}
    assert all(finding.verdict == "unknown" for finding in unknown.values())


def test_a_denied_listing_is_one_unknown_for_each_check_and_names_the_permission(aws_env: AwsWire) -> None:
    bucket("bare")
    aws_env.faults.add("error", "s3:ListBuckets", code="AccessDenied", status=403)

    _, findings = scan(["aws.s3.bucket_versioning"])

    [finding] = findings
    assert (finding.subject.kind, finding.verdict, finding.causes[0].unread.permission) == (
        "scope",
        "unknown",
        "s3:ListAllMyBuckets",
    )


def test_a_bucket_that_is_deleted_while_it_is_read_is_not_judged(aws_env: AwsWire) -> None:
    bucket("kept")
    bucket("deleted")
    aws_env.faults.add(
        "error",
        "s3:GetBucketVersioning",
        code="NoSuchBucket",
        status=404,
        where=lambda exchange: "deleted" in exchange.request.path,
    )

    assert judged("versioning") == {("versioning", "kept"): "fail"}


def test_one_unread_target_leaves_open_which_buckets_receive_logs(aws_env: AwsWire) -> None:
    bucket("maybe-a-target")
    bucket("closed")
    log_to(bucket("logging"), "logging", "maybe-a-target")
    aws_env.faults.add("denied", "s3:GetBucketLogging", where=lambda exchange: "closed" in exchange.request.path)

    assert judged("access_logging") == {
        ("access_logging", "logging"): "pass",
        ("access_logging", "maybe-a-target"): "unknown",
        ("access_logging", "closed"): "unknown",
    }


def test_a_policy_that_breaks_off_is_malformed(aws_env: AwsWire) -> None:
    policy(bucket("broken"), "broken", TLS_ONLY)
    aws_env.overrides.rewrite("s3:GetBucketPolicy", lambda body: body[:-10])

    snapshot = read({BUCKET: {"policy"}})

    [broken] = [item for item in snapshot.resources if item.type == BUCKET]
    assert "policy" not in broken.properties
    assert broken.unread["/policy"].reason == "malformed_response"


# --- where buckets are -----------------------------------------------------------------------------------------------


async def without_regions(exchange: Exchange, forward: Next) -> Answer:
    """Answer as an S3 that does not tell a bucket's region in the listing."""
    answer = await forward(exchange)
    return answer.with_body(re.sub(rb"<BucketRegion>[^<]*</BucketRegion>", b"", answer.body))


@pytest.mark.parametrize("told", [True, False])
def test_the_region_is_asked_for_only_where_the_listing_does_not_tell_it(
    moto: MotoProcess, aws_env: AwsWire, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    for name, region in (("virginia", "us-east-1"), ("ireland", "eu-west-1"), ("sydney", "ap-southeast-2")):
        bucket(name, region)
    with AwsWire(moto.address, outer=() if told else (without_regions,)) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        snapshot = read({BUCKET: {"versioning_status"}})
        log = wire.traffic.log

    assert {item.name: item.region for item in snapshot.resources} == {
        "virginia": "us-east-1",
        "ireland": "eu-west-1",
        "sydney": "ap-southeast-2",
    }
    assert sorted(entry.call.region for entry in log if entry.call.operation == "GetBucketVersioning") == [
        "ap-southeast-2",
        "eu-west-1",
        "us-east-1",
    ]
    assert sum(entry.call.operation == "GetBucketLocation" for entry in log) == (0 if told else 3)


def test_an_old_bucket_in_europe_lies_in_ireland(
    moto: MotoProcess, monkeypatch: pytest.MonkeyPatch, aws_env: AwsWire
) -> None:
    bucket("veteran", "eu-west-1")
    with AwsWire(moto.address, outer=(without_regions,)) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        wire.overrides.rewrite("s3:GetBucketLocation", lambda body: body.replace(b"eu-west-1", b"EU"))
        snapshot = read({BUCKET: ()})

    assert [(item.name, item.region) for item in snapshot.resources] == [("veteran", "eu-west-1")]


def test_buckets_are_listed_once_for_the_whole_account(aws_env: AwsWire) -> None:
    bucket("one", "eu-west-1")
    aws_env.traffic.reset()

    snapshot = read({BUCKET: ()}, regions=("us-east-1", "eu-west-1", "ap-southeast-2"))

    assert [(row.type, row.scope.region, row.state, row.count) for row in snapshot.collections] == [
        (BUCKET, GLOBAL, "complete", 1)
    ]
    assert aws_env.traffic.calls["s3:ListBuckets"] == 1


def test_a_bucket_without_default_encryption_fails(aws_env: AwsWire) -> None:
    boto3.client("s3").create_bucket(Bucket="plain")
    # S3 has encrypted every bucket since 2023; what answers like this speaks for one that does not.
    code = "ServerSideEncryptionConfigurationNotFoundError"
    aws_env.faults.add("error", "s3:GetBucketEncryption", code=code, status=404)
    _, findings = scan(("aws.s3.bucket_default_encryption",))
    assert [finding.verdict for finding in findings] == ["fail"]
