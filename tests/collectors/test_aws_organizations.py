"""Organizations: what an account sees of the organization that it is in, from each place in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan
from tests.emulators.aws.organizations import (
    FULL_ACCESS,
    REGION_DENY,
    ROOT,
    UNIT,
    member,
    organization,
    policy,
    refuse,
)
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
OTHER = "999988887777"
A, B = "222233334444", "333344445555"
GOVERNED = "aws.organizations.account_in_organization"
REGIONS = "aws.organizations.region_deny_scp"
CONTENT = "aws.organizations.ai_data_use_opt_out"
ALL = (GOVERNED, REGIONS, CONTENT)
OPT_OUT = {"default": {"opt_out_policy": "optOut"}}
TEST_UNIT = "ou-ab12-testtest"


def verdict_of(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.check.id: finding.verdict for finding in findings}


def narrowed(**elements: Any) -> dict[str, Any]:
    return {"Statement": [{**REGION_DENY["Statement"][0], **elements}]}  # type: ignore[index]


# --- where the account stands ----------------------------------------------------------------------------------------


def test_an_account_in_no_organization_fails_all_and_asks_no_further(aws_env: AwsWire) -> None:
    _, findings = scan(ALL)
    assert verdict_of(findings) == {GOVERNED: "fail", REGIONS: "fail", CONTENT: "fail"}
    calls = {name: count for name, count in aws_env.traffic.calls.items() if name.startswith("organizations:")}
    assert calls == {"organizations:DescribeOrganization": 1, "organizations:DescribeEffectivePolicy": 1}


def test_a_member_account_is_not_asked_for_policies_that_only_its_manager_can_read(aws_env: AwsWire) -> None:
    organization(aws_env, manager=OTHER, opt_out={"services": OPT_OUT})
    for operation in ("ListPolicies", "ListTargetsForPolicy", "DescribePolicy", "ListAccounts"):
        aws_env.faults.add("denied", f"organizations:{operation}")
    snapshot, findings = scan(ALL)
    assert verdict_of(findings) == {GOVERNED: "pass", REGIONS: "not_applicable", CONTENT: "pass"}
    (account,) = snapshot.resources
    assert (account.properties["member_accounts"], account.properties["service_control_policies"]) == (None, None)
    assert account.unread == {}
    assert aws_env.faults.injected.total() == 0


def test_an_organization_that_only_consolidates_bills_governs_nobody(aws_env: AwsWire) -> None:
    organization(aws_env, [member(A)], feature_set="CONSOLIDATED_BILLING")
    _, findings = scan((GOVERNED,))
    assert verdict_of(findings) == {GOVERNED: "fail"}


@pytest.mark.parametrize("kind", ["denied", "policy_denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("organizations:DescribeOrganization", {GOVERNED, REGIONS}),
        ("organizations:ListPolicies", {REGIONS}),
        ("organizations:ListTargetsForPolicy", {REGIONS}),
        ("organizations:DescribePolicy", {REGIONS}),
        ("organizations:ListAccounts", {REGIONS}),
        ("organizations:DescribeEffectivePolicy", {CONTENT}),
    ],
)
def test_a_manager_that_could_not_read_is_unknown(
    aws_env: AwsWire, kind: Any, operation: str, unknown: set[str]
) -> None:
    organization(aws_env, [member(A)], [policy("regions", [ROOT], REGION_DENY)], {"services": OPT_OUT})
    aws_env.faults.add(kind, operation)
    _, findings = scan(ALL)
    assert verdict_of(findings) == {check: "unknown" if check in unknown else "pass" for check in ALL}


def test_an_organization_without_word_of_its_manager_is_unknown(aws_env: AwsWire) -> None:
    organization(aws_env, [member(A)], [policy("regions", [ROOT], REGION_DENY)], {"services": OPT_OUT})
    aws_env.overrides.without("organizations:DescribeOrganization", "Organization.MasterAccountId")
    _, findings = scan(ALL)
    assert verdict_of(findings) == {GOVERNED: "pass", REGIONS: "unknown", CONTENT: "pass"}


# --- regions ---------------------------------------------------------------------------------------------------------

FULL = policy("FullAWSAccess", [ROOT], FULL_ACCESS)


@pytest.mark.parametrize(
    ("members", "policies", "verdict"),
    [
        ([member(A), member(B, UNIT)], [FULL, policy("regions", [ROOT], REGION_DENY)], "pass"),
        ([member(A, UNIT), member(B, UNIT, "ou-ab12-deeper00")], [policy("regions", [UNIT], REGION_DENY)], "pass"),
        ([member(A), member(B)], [policy("regions", [A, B], REGION_DENY)], "pass"),
        (
            [member(A, UNIT), member(B, TEST_UNIT)],
            [policy("one", [UNIT], REGION_DENY), policy("two", [TEST_UNIT], REGION_DENY)],
            "pass",
        ),
        ([member(A, UNIT), member(B, TEST_UNIT, state="CLOSED")], [policy("regions", [UNIT], REGION_DENY)], "pass"),
        ([member(A, UNIT), member(B, TEST_UNIT)], [FULL, policy("regions", [UNIT], REGION_DENY)], "fail"),
        ([member(A, UNIT), member(B, TEST_UNIT, state="SUSPENDED")], [policy("r", [UNIT], REGION_DENY)], "fail"),
        ([member(A, UNIT), member(B, state="PENDING_ACTIVATION")], [policy("r", [UNIT], REGION_DENY)], "fail"),
        ([member(A)], [FULL, policy("regions", [], REGION_DENY)], "fail"),  # attached to nothing
        ([member(A)], [FULL], "fail"),
        ([], [FULL, policy("regions", [ROOT], REGION_DENY)], "fail"),  # binds nobody
        ([member(A)], [policy("regions", [ROOT], narrowed(Effect="Allow"))], "fail"),
        ([member(A)], [policy("regions", [ROOT], narrowed(NotAction=["s3:*", "ec2:*"]))], "fail"),
        (
            [member(A)],
            [policy("r", [ROOT], narrowed(Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}))],
            "fail",
        ),
    ],
)
def test_every_member_must_lie_below_a_policy_that_denies_other_regions(
    aws_env: AwsWire, members: list[Any], policies: list[Any], verdict: str
) -> None:
    organization(aws_env, members, policies)
    _, findings = scan((REGIONS,))
    assert verdict_of(findings) == {REGIONS: verdict}


def test_the_failure_names_the_policies_that_deny(aws_env: AwsWire) -> None:
    organization(aws_env, [member(A), member(B, UNIT)], [FULL, policy("eu only", [UNIT], REGION_DENY)])
    _, findings = scan((REGIONS,))
    assert [f.message for f in findings] == [
        f"In the organization of account {ACCOUNT} not every member account lies below a service control policy that "
        "denies regions nobody chose. Policies that do: eu only."
    ]


@pytest.mark.parametrize(
    ("missing", "target", "verdict"),
    [
        ("Accounts.Paths", UNIT, "unknown"),
        ("Accounts.Paths", A, "pass"),  # attached to the account itself, wherever that is
        ("Accounts.State", TEST_UNIT, "unknown"),
        ("Accounts.State", UNIT, "pass"),  # bound, whether closed or not
    ],
)
def test_what_is_not_told_of_an_account_matters_where_it_decides(
    aws_env: AwsWire, missing: str, target: str, verdict: str
) -> None:
    organization(aws_env, [member(A, UNIT)], [policy("regions", [target], REGION_DENY)])
    aws_env.overrides.without("organizations:ListAccounts", missing)
    _, findings = scan((REGIONS,))
    assert [f.verdict for f in findings] == [verdict]


def test_an_account_in_two_places_is_unknown(aws_env: AwsWire) -> None:
    two = member(A, UNIT)
    two["Paths"] += member(A, TEST_UNIT)["Paths"]
    organization(aws_env, [two], [policy("regions", [UNIT], REGION_DENY)])
    _, findings = scan((REGIONS,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


@pytest.mark.parametrize("operation", ["organizations:ListTargetsForPolicy", "organizations:DescribePolicy"])
def test_a_policy_deleted_meanwhile_counts_no_more(aws_env: AwsWire, operation: str) -> None:
    organization(aws_env, [member(A)], [policy("regions", [ROOT], REGION_DENY)])
    aws_env.faults.add("error", operation, code="PolicyNotFoundException", status=400)
    snapshot, findings = scan((REGIONS,))
    assert verdict_of(findings) == {REGIONS: "fail"}
    assert snapshot.resources[0].properties["service_control_policies"] == []


def test_a_policy_that_is_no_document_is_unknown(aws_env: AwsWire) -> None:
    organization(aws_env, [member(A)], [policy("regions", [ROOT], ["not", "a", "document"])])
    _, findings = scan((REGIONS,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


def test_the_organization_is_read_as_it_is_and_in_pages_of_one_too(aws_env: AwsWire) -> None:
    organization(
        aws_env,
        [member(B, UNIT), member(A)],
        [FULL, policy("unattached", [], REGION_DENY), policy("regions", [UNIT, A], REGION_DENY)],
    )
    wanted = {"AWS::Account": {"organization", "member_accounts", "service_control_policies"}}
    (account,) = read(wanted).resources
    assert account.properties == {
        "partition": "aws",
        "organization": {"id": "o-a1b2c3d4e5", "feature_set": "ALL", "management_account_id": ACCOUNT},
        "member_accounts": [
            {"id": A, "state": "ACTIVE", "ancestors": [ROOT]},
            {"id": B, "state": "ACTIVE", "ancestors": [UNIT, ROOT]},
        ],
        "service_control_policies": [
            {"id": "p-00000000", "name": "FullAWSAccess", "targets": [ROOT], "document": FULL_ACCESS},
            {"id": "p-00000002", "name": "regions", "targets": [A, UNIT], "document": REGION_DENY},
        ],
    }
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == (account,)
    assert aws_env.traffic.calls["organizations:ListAccounts"] == 3
    assert not aws_env.traffic.repeats


# --- AI services -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("services", "verdict"),
    [
        (OPT_OUT, "pass"),
        ({**OPT_OUT, "lex": {"opt_out_policy": "optOut"}}, "pass"),
        ({**OPT_OUT, "rekognition": {"opt_out_policy": "optIn"}}, "fail"),
        ({"default": {"opt_out_policy": "optIn"}}, "fail"),
        ({"default": {"opt_out_policy": "OPTOUT"}}, "fail"),
        ({"lex": {"opt_out_policy": "optOut"}}, "fail"),
        ({}, "fail"),
        ({**OPT_OUT, "lex": {}}, "unknown"),
        ({**OPT_OUT, "lex": "optOut"}, "unknown"),
    ],
)
def test_every_service_must_be_opted_out(aws_env: AwsWire, services: Any, verdict: str) -> None:
    organization(aws_env, manager=OTHER, opt_out={"services": services})
    _, findings = scan((CONTENT,))
    assert verdict_of(findings) == {CONTENT: verdict}


@pytest.mark.parametrize("code", ["EffectivePolicyNotFoundException", "AWSOrganizationsNotInUseException"])
def test_no_policy_is_no_opting_out(aws_env: AwsWire, code: str) -> None:
    refuse(aws_env.overrides, "organizations:DescribeEffectivePolicy", code)
    _, findings = scan((CONTENT,))
    assert [(f.verdict, f.message) for f in findings] == [
        ("fail", f"No policy of the organization opts account {ACCOUNT} out of all AI services. Opted in: default.")
    ]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"services": null}', '{"services": {"default": {"opt_out'])
def test_a_policy_that_cannot_be_understood_is_unknown(aws_env: AwsWire, content: str) -> None:
    answer = json.dumps({"EffectivePolicy": {"PolicyContent": content}})
    aws_env.overrides.answer("organizations:DescribeEffectivePolicy", answer, content_type="application/x-amz-json-1.1")
    _, findings = scan((CONTENT,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]
