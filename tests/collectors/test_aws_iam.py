"""IAM's checks on principals, policies and the root user of an account built to pass and to fail them."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NARROW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated"
)
ROOT_UNUSED = (
    f"<root_account>,arn:aws:iam::{ACCOUNT}:root,2020-01-01T00:00:00+00:00,not_supported,2021-05-05T00:00:00+00:00,"
    "not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def row(user: str, password: str, mfa: str, key: str, *, used: str = "N/A") -> str:
    """A row of the report: ``password`` is "-" or when it was last used, ``key`` "-" or when it was last rotated."""
    enabled = "false,N/A,N/A,N/A" if password == "-" else f"true,{password},2026-01-01T00:00:00+00:00,N/A"
    active = "false,N/A,N/A,N/A,N/A" if key == "-" else f"true,{key},{used},eu-west-1,s3"
    arn = f"arn:aws:iam::{ACCOUNT}:user/{user}"
    return f"{user},{arn},2020-01-01T00:00:00+00:00,{enabled},{mfa},{active},false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"


def report(wire: AwsWire, *rows: str) -> None:
    """Let AWS answer with this credential report (moto's has no row for root and no old dates)."""
    import base64

    content = base64.b64encode("\n".join((HEADER, *rows)).encode()).decode()
    wire.overrides.answer(
        "iam:GetCredentialReport",
        '<GetCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetCredentialReportResult>'
        f"<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>"
        "<GeneratedTime>2026-11-23T10:00:00Z</GeneratedTime></GetCredentialReportResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCredentialReportResponse>",
    )


def summary(wire: AwsWire, **values: int) -> None:
    """Let AWS answer with this account summary (moto's root never has anything)."""
    entries = "".join(f"<entry><key>{key}</key><value>{value}</value></entry>" for key, value in values.items())
    wire.overrides.answer(
        "iam:GetAccountSummary",
        '<GetAccountSummaryResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountSummaryResult>'
        f"<SummaryMap>{entries}</SummaryMap></GetAccountSummaryResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetAccountSummaryResponse>",
    )


def users(*names: str) -> Any:
    iam = boto3.client("iam")
    for name in names:
        iam.create_user(UserName=name)
    return iam


def test_credentials_are_judged_by_the_report(aws_env: AwsWire) -> None:
    users("both", "nomfa", "keys", "oldkey", "idle", "nothing", "late")
    report(
        aws_env,
        ROOT_UNUSED,
        row("both", "2026-11-20T00:00:00+00:00", "true", "2026-11-01T00:00:00+00:00", used="2026-11-20T00:00:00+00:00"),
        row("nomfa", "no_information", "false", "-"),
        row("keys", "-", "false", "2026-11-01T00:00:00+00:00", used="2026-11-20T00:00:00+00:00"),
        row("oldkey", "-", "false", "2025-01-01T00:00:00+00:00", used="2026-11-20T00:00:00+00:00"),
        row("idle", "2026-01-01T00:00:00+00:00", "true", "-"),
        row("nothing", "-", "false", "-"),
    )
    _, findings = scan(
        (
            "aws.iam.user_console_mfa_enabled",
            "aws.iam.user_access_key_rotated",
            "aws.iam.user_credentials_used_or_disabled",
        )
    )
    table = {
        name: tuple(v for (_, n), v in sorted(verdicts(findings).items()) if n == name)
        for name in ("both", "nomfa", "keys", "oldkey", "idle", "nothing", "late")
    }
    # access_key_rotated, console_mfa_enabled, credentials_used_or_disabled
    assert table == {
        "both": ("pass", "pass", "pass"),
        "nomfa": ("not_applicable", "fail", "fail"),
        "keys": ("pass", "not_applicable", "pass"),
        "oldkey": ("fail", "not_applicable", "pass"),
        "idle": ("not_applicable", "pass", "fail"),
        "nothing": ("not_applicable", "not_applicable", "not_applicable"),
        # Created after the report was made: nobody can say.
        "late": ("unknown", "unknown", "unknown"),
    }


def test_root_in_the_report_is_no_user_and_the_time_of_the_report_is_kept(aws_env: AwsWire) -> None:
    users("dana")
    report(aws_env, ROOT_UNUSED, row("dana", "-", "false", "-"))
    snapshot = read({"AWS::IAM::User": ["password_enabled"], "AWS::Account": ["root_last_used_at"]})
    made = "2026-11-23T10:00:00Z"
    assert [(item.type, item.name, item.properties["report_generated_at"]) for item in snapshot.resources] == [
        ("AWS::Account", ACCOUNT, made),
        ("AWS::IAM::User", "dana", made),
    ]


def test_direct_policies_fail_and_group_policies_pass(aws_env: AwsWire) -> None:
    iam = users("attached", "inline", "grouped")
    iam.attach_user_policy(UserName="attached", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_user_policy(UserName="inline", PolicyName="own", PolicyDocument=policy(NARROW))
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(UserName="grouped", GroupName="readers")
    _, findings = scan(("aws.iam.user_no_direct_policies",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "attached": "fail",
        "inline": "fail",
        "grouped": "pass",
    }


@pytest.mark.parametrize(
    ("values", "virtual", "expected"),
    [
        (
            {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 1},
            False,
            ("pass", "pass", "pass"),
        ),
        (
            {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 1},
            True,
            ("fail", "pass", "pass"),
        ),
        (
            {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1, "AccountPasswordPresent": 1},
            False,
            ("fail", "fail", "fail"),
        ),
        (
            {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 0},
            False,
            ("not_applicable", "pass", "pass"),
        ),
        (
            {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0, "AccountSigningCertificatesPresent": 1},
            False,
            ("fail", "fail", "fail"),
        ),
        ({}, False, ("unknown", "unknown", "unknown")),
    ],
    ids=[
        "hardware device",
        "virtual device",
        "nothing and a key",
        "root credentials removed",
        "certificate",
        "empty summary",
    ],
)
def test_root_is_judged_by_the_summary(
    aws_env: AwsWire, values: dict[str, int], virtual: bool, expected: tuple[str, str, str]
) -> None:
    summary(aws_env, **values)
    devices(aws_env, f"<User><Arn>arn:aws:iam::{ACCOUNT}:root</Arn></User>" if virtual else None)
    _, findings = scan(("aws.iam.root_hardware_mfa", "aws.iam.root_mfa_enabled", "aws.iam.root_no_access_keys"))
    assert tuple(finding.verdict for finding in findings) == expected


def devices(aws_env: AwsWire, whose: str | None, end: str = "<IsTruncated>false</IsTruncated>") -> None:
    """One virtual device that is assigned, as ``whose`` says, or none."""
    device = f"<member><SerialNumber>arn:aws:iam::{ACCOUNT}:mfa/phone</SerialNumber>{whose}</member>"
    aws_env.overrides.answer(
        "iam:ListVirtualMFADevices",
        '<ListVirtualMFADevicesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListVirtualMFADevicesResult>'
        f"{end}<VirtualMFADevices>{device if whose is not None else ''}</VirtualMFADevices>"
        "</ListVirtualMFADevicesResult></ListVirtualMFADevicesResponse>",
    )


@pytest.mark.parametrize(
    ("whose", "end", "verdict"),
    [
        (None, "<IsTruncated>false</IsTruncated>", "pass"),
        # Of an assigned device somebody has to be the user.
        ("", "<IsTruncated>false</IsTruncated>", "unknown"),
        ("<User><UserName>ada</UserName></User>", "<IsTruncated>false</IsTruncated>", "unknown"),
        # IsTruncated may be left out, but not where a marker says that there is more.
        (None, "", "pass"),
        (None, "<Marker>AAAA</Marker>", "unknown"),
    ],
)
def test_a_virtual_device_that_is_not_told_is_no_hardware(
    aws_env: AwsWire, whose: str | None, end: str, verdict: str
) -> None:
    summary(aws_env, AccountMFAEnabled=1)
    devices(aws_env, whose, end)
    _, findings = scan(("aws.iam.root_hardware_mfa",))
    assert [finding.verdict for finding in findings] == [verdict]


@pytest.mark.parametrize(
    ("last_used", "expected"),
    [("2021-05-05T00:00:00+00:00", "pass"), ("2026-11-20T00:00:00+00:00", "fail"), ("no_information", "pass")],
)
def test_recent_use_of_root_fails(aws_env: AwsWire, last_used: str, expected: str) -> None:
    report(aws_env, ROOT_UNUSED.replace("2021-05-05T00:00:00+00:00", last_used))
    _, findings = scan(("aws.iam.root_not_used_recently",))
    assert [finding.verdict for finding in findings] == [expected]


def test_a_report_without_root_leaves_its_use_unknown(aws_env: AwsWire) -> None:
    report(aws_env)
    _, findings = scan(("aws.iam.root_not_used_recently",))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "missing_attribute")]


PASSWORD_CHECKS = tuple(f"aws.iam.password_policy_{name}" for name in ("complexity", "length", "reuse_prevention"))


def test_no_password_policy_fails_every_demand_on_it(aws_env: AwsWire) -> None:
    _, findings = scan(PASSWORD_CHECKS)
    assert [finding.verdict for finding in findings] == ["fail", "fail", "fail"]


def test_a_strong_password_policy_passes(aws_env: AwsWire) -> None:
    boto3.client("iam").update_account_password_policy(
        MinimumPasswordLength=14,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        PasswordReusePrevention=24,
    )
    _, findings = scan(PASSWORD_CHECKS)
    assert [finding.verdict for finding in findings] == ["pass", "pass", "pass"]


def test_attached_policies_are_judged_and_unattached_ones_are_not(aws_env: AwsWire) -> None:
    iam = users("holder")
    documents = {
        "narrow": NARROW,
        "full": EVERYTHING,
        "escalates": {"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": "*"},
        "audits": {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"},
        "unattached": EVERYTHING,
    }
    for name, statement in documents.items():
        arn = iam.create_policy(PolicyName=name, PolicyDocument=policy(statement))["Policy"]["Arn"]
        if name != "unattached":
            iam.attach_user_policy(UserName="holder", PolicyArn=arn)
    checks = ("policy_no_full_admin", "policy_no_privilege_escalation", "policy_no_audit_trail_control")
    _, findings = scan(f"aws.iam.{check}" for check in checks)
    found = verdicts(findings)
    assert {name: tuple(found[f"aws.iam.{check}", name] for check in checks) for name in documents} == {
        "narrow": ("pass", "pass", "pass"),
        "full": ("fail", "fail", "fail"),
        "escalates": ("pass", "fail", "pass"),
        "audits": ("pass", "pass", "fail"),
        "unattached": ("not_applicable", "not_applicable", "not_applicable"),
    }


def test_the_default_version_is_the_one_judged(aws_env: AwsWire) -> None:
    iam = users("holder")
    arn = iam.create_policy(PolicyName="changed", PolicyDocument=policy(EVERYTHING))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="holder", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(NARROW), SetAsDefault=False)
    _, findings = scan(("aws.iam.policy_no_full_admin",))
    assert [finding.verdict for finding in findings] == ["fail"]


def test_a_policy_that_is_only_a_boundary_gives_nobody_anything(aws_env: AwsWire) -> None:
    iam = boto3.client("iam")
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=policy(EVERYTHING))["Policy"]["Arn"]
    iam.create_user(UserName="dana", PermissionsBoundary=arn)
    _, findings = scan(("aws.iam.policy_no_full_admin",))
    assert [finding.verdict for finding in findings] == ["not_applicable"]


@pytest.mark.parametrize("check", ["aws.iam.role_trust_not_public", "aws.iam.inline_policy_no_full_admin"])
def test_a_document_with_a_key_twice_is_malformed(aws_env: AwsWire, check: str) -> None:
    iam = boto3.client("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy(statement))
    iam.put_role_policy(RoleName="r", PolicyName="own", PolicyDocument=policy(NARROW))
    # moto encodes some documents for a URL, as AWS does all, and others for XML only.
    aws_env.overrides.rewrite(
        "iam:GetAccountAuthorizationDetails",
        lambda body: re.sub(rb"(%22|&quot;|&#34;|\")Effect\1", rb"\1Effect\1:\1Deny\1,\1Effect\1", body),
    )
    _, findings = scan((check,))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "malformed_response")]


def test_inline_policies_are_judged_wherever_they_are_embedded(aws_env: AwsWire) -> None:
    iam = users("dana")
    iam.put_user_policy(UserName="dana", PolicyName="of-user", PolicyDocument=policy(EVERYTHING))
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="of-group", PolicyDocument=policy(NARROW))
    iam.create_role(
        RoleName="r",
        AssumeRolePolicyDocument=policy(
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ),
    )
    iam.put_role_policy(RoleName="r", PolicyName="of-role", PolicyDocument=policy(EVERYTHING))
    _, findings = scan(("aws.iam.inline_policy_no_full_admin",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "of-user": "fail",
        "of-group": "pass",
        "of-role": "fail",
    }


def test_roles_that_anyone_may_assume_fail(aws_env: AwsWire) -> None:
    iam = boto3.client("iam")
    trusts = {
        "public": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        "partner": {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sts:AssumeRole",
        },
    }
    for name, statement in trusts.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(statement))
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    _, findings = scan(("aws.iam.role_trust_not_public",))
    table = {
        re.sub("AWSServiceRole.*", "service-linked", name): verdict for (_, name), verdict in verdicts(findings).items()
    }
    assert table == {"public": "fail", "partner": "pass", "service-linked": "not_applicable"}


@pytest.mark.parametrize(("holders", "expected"), [(5, "pass"), (6, "fail")])
def test_more_administrators_than_allowed_fail(aws_env: AwsWire, holders: int, expected: str) -> None:
    iam = boto3.client("iam")
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)
    for number in range(holders):
        iam.create_user(UserName=f"admin{number}")
        iam.add_user_to_group(UserName=f"admin{number}", GroupName="admins")
    _, findings = scan(("aws.iam.administrator_access_limited",))
    assert [finding.verdict for finding in findings] == [expected]


def test_the_report_is_polled_until_it_is_ready(aws_env: AwsWire) -> None:
    users("dana")
    states = iter(["STARTED", "INPROGRESS", "COMPLETE"])
    aws_env.overrides.answer(
        "iam:GenerateCredentialReport",
        lambda request: (
            '<GenerateCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
            f"<GenerateCredentialReportResult><State>{next(states)}</State></GenerateCredentialReportResult>"
            "</GenerateCredentialReportResponse>"
        ),
    )
    snapshot = read({"AWS::IAM::User": ["mfa_active"]})
    polls = {row.reader: (row.calls, row.polls) for row in snapshot.ledger if "Credential" in row.reader}
    assert polls == {"iam:GenerateCredentialReport+iam:GetCredentialReport": (4, 2)}


def test_a_report_that_is_never_ready_leaves_credentials_unknown(aws_env: AwsWire) -> None:
    users("dana")
    aws_env.overrides.answer(
        "iam:GenerateCredentialReport",
        '<GenerateCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        "<GenerateCredentialReportResult><State>INPROGRESS</State></GenerateCredentialReportResult>"
        "</GenerateCredentialReportResponse>",
    )
    _, findings = scan(("aws.iam.user_console_mfa_enabled",))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "unavailable")]


def test_the_summary_of_a_check_of_root_counts_what_the_listings_give_and_what_it_leaves_out_is_unread(
    aws_env: AwsWire,
) -> None:
    summary(aws_env, AccountMFAEnabled=1, Users=3, Groups=0, Roles=12, Policies=2)
    snapshot = read({"AWS::Account": ["root_mfa_enabled"]})
    (account,) = (item for item in snapshot.resources if item.type == "AWS::Account")
    counts = {name: value for name, value in account.properties.items() if name.endswith("_count")}
    assert counts == {
        "iam_user_count": 3,
        "iam_group_count": 0,
        "iam_role_count": 12,
        "iam_managed_policy_count": 2,
    }
    assert account.unread["/iam_server_certificate_count"].reason == "missing_attribute"
