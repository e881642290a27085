"""Who can come in by a resource policy or a trust policy: one row a case, its id says why."""
# ruff: noqa: E501 - a case is a row

from typing import Any

import pytest

from engine.expressions.functions.iam import FUNCTIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
public = CALLS["iam.publicStatements"]
trust = CALLS["iam.publicTrustStatements"]

ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::records"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def resource_statement(principal: Any = "*", effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **elements}


# --- public resource policies ----------------------------------------------------------------------------------------

PRINCIPALS = [
    ("*", "Principal *", "everyone"),
    ({"AWS": "*"}, "Principal *", "everyone, as an object"),
    ({"AWS": ["*"]}, "Principal *", "everyone, as a list"),
    ({"AWS": [ROLE, "*"]}, "Principal *", "everyone beside a role"),
    ({"AWS": ROLE, "Service": "*"}, "Service *", "every service"),
    ({"AWS": "arn:aws:iam::*:root"}, "Principal arn:aws:iam::*:root", "every account"),
    ({"AWS": "arn:aws:iam::11112222333?:root"}, "Principal arn:aws:iam::11112222333?:root", "ten accounts"),
    ({"AWS": "${aws:PrincipalArn}"}, "Principal ${aws:PrincipalArn}", "a policy variable is whoever calls"),
    ({"CanonicalUser": "*"}, "CanonicalUser *", "every canonical user"),
    ({"Federated": "*"}, "Federated *", "every identity provider"),
    ({"Federated": "graph.facebook.com"}, "Federated graph.facebook.com", "Amazon's example of a public policy"),
    ({"AWS": ACCOUNT}, None, "an account by its id"),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, None, "root of an account is the account"),
    ({"AWS": [ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/app/me"]}, None, "a role and a session"),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, None, "roles of a fixed account"),
    ({"AWS": "AIDACKCEVSQ6C2EXAMPLE"}, None, "an orphan: the user was deleted"),
    ({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}, None, "an origin access identity"),
    ({"Service": "cloudtrail.amazonaws.com"}, None, "a service"),
    ({"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}, None, "services"),
    ({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, None, "a canonical user"),
    ({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/okta"}, None, "a SAML provider of an account"),
]


@pytest.mark.parametrize(("principal", "reason", "why"), PRINCIPALS, ids=[row[2] for row in PRINCIPALS])
def test_wildcard_principals_are_public_and_named_ones_are_not(principal: Any, reason: str | None, why: str) -> None:
    expected = [f"Statement 1 (Sid S): {reason}"] if reason else []
    assert public(document(resource_statement(principal, Sid="S"))) == expected
    assert public({"Statement": resource_statement(principal, Sid="S")}) == expected
    assert public(document(resource_statement(principal, effect="Deny"))) == []


LIMITING = [
    ("StringEquals", "aws:SourceAccount", ACCOUNT, "the account for which a service calls"),
    ("StringEquals", "AWS:SOURCEACCOUNT", ACCOUNT, "keys have no case"),
    ("stringequals", "aws:SourceAccount", [ACCOUNT, "444455556666"], "operators have no case; two accounts"),
    ("StringLike", "aws:SourceAccount", ACCOUNT, "StringLike without a wildcard"),
    ("StringEqualsIgnoreCase", "aws:PrincipalOrgID", "o-abc123", "an organization"),
    ("ForAnyValue:StringEquals", "aws:PrincipalOrgID", "o-abc123", "ForAnyValue fails on a missing key"),
    (
        "ForAnyValue:StringLike",
        "aws:PrincipalOrgPaths",
        "o-abc123/r-ab12/ou-ab12-11111111/*",
        "a unit of an organization",
    ),
    ("StringEquals", "aws:SourceOrgID", "o-abc123", "services for an organization"),
    ("ForAnyValue:StringLike", "aws:SourceOrgPaths", "o-abc123/*", "services for all below an organization"),
    ("StringEquals", "AWS:SourceOwner", ACCOUNT, "the default policy of an SNS topic"),
    ("StringEquals", "aws:PrincipalAccount", ACCOUNT, "callers of an account"),
    ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/ci-*", "roles of an account"),
    ("StringLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/ci-*", "roles of an account, as text"),
    ("StringEquals", "aws:PrincipalServiceName", "cloudtrail.amazonaws.com", "a service"),
    ("ArnEquals", "aws:SourceArn", f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic", "one topic"),
    ("ArnLike", "aws:SourceArn", f"arn:aws:*:*:{ACCOUNT}:*", "anything of an account"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::records", "a bucket"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:records", "a bucket, as in Amazon's examples for event notifications"),
    ("StringEquals", "aws:SourceVpc", "vpc-91237329", "a network"),
    ("StringEquals", "aws:SourceVpce", ["vpce-1a2b3c4d", "vpce-5e6f7a8b"], "endpoints"),
    ("StringEquals", "aws:VpceOrgID", "o-abc123", "endpoints of an organization"),
    ("StringEquals", "aws:userid", "AIDACKCEVSQ6C2EXAMPLE", "a user"),
    ("StringLike", "aws:userId", "AROACKCEVSQ6C2EXAMPLE:*", "any session of a role"),
    ("StringEquals", "kms:CallerAccount", ACCOUNT, "the pattern of AWS managed keys"),
    ("StringEquals", "s3:DataAccessPointAccount", ACCOUNT, "access points of an account"),
    (
        "StringLike",
        "s3:DataAccessPointArn",
        f"arn:aws:s3:us-west-2:{ACCOUNT}:accesspoint/*",
        "access points of an account",
    ),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "a network"),
    ("IpAddress", "aws:SourceIp", "203.0.113.7", "an address"),
    ("IpAddress", "aws:SourceIp", "9.0.0.0/8", "the broadest IPv4 block that Amazon takes for fixed"),
    ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"], "the broadest IPv6 block"),
    ("Bool", "elasticfilesystem:AccessedViaMountTarget", "true", "through a mount target"),
    ("Bool", "elasticfilesystem:AccessedViaMountTarget", True, "through a mount target, unquoted"),
]

NOT_LIMITING = [
    ("StringLike", "aws:SourceVpc", "vpc-*", "Amazon's example of a public policy"),
    ("StringLike", "aws:SourceAccount", "*", "any account"),
    ("StringLike", "aws:SourceAccount", "11112222333?", "ten accounts"),
    ("StringLike", "aws:PrincipalOrgID", "o-*", "any organization"),
    ("StringEquals", "aws:PrincipalOrgID", ["o-abc123", "*"], "one broad value opens"),
    ("StringEquals", "aws:SourceAccount", [], "no value says nothing"),
    ("StringEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}", "a policy variable is not fixed"),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*/r-ab12/*", "any organization's path"),
    ("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-abc123", "true on a missing key"),
    ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-abc123/*", "true on a missing key"),
    ("StringEqualsIfExists", "aws:SourceAccount", ACCOUNT, "true on a missing key"),
    ("ArnLikeIfExists", "aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*", "true on a missing key"),
    ("IpAddressIfExists", "aws:SourceIp", "203.0.113.0/24", "true on a missing key"),
    ("StringNotEquals", "aws:SourceAccount", ACCOUNT, "everyone else"),
    ("StringNotLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:*", "everyone else"),
    ("ArnNotEquals", "aws:SourceArn", f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic", "everything else"),
    ("Null", "aws:SourceAccount", "false", "some account, whichever"),
    ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:topic", "anyone's topic"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", "anyone's bucket"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::records*", "anyone may name a bucket so"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:us-west-2:*:accesspoint/records", "anyone may name an access point so"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:us-west-2:*:records", "no bucket: those have no region"),
    ("ArnLike", "aws:SourceArn", "*", "anything"),
    (
        "StringLike",
        "aws:SourceArn",
        f"arn:aws:lambda:*:{ACCOUNT}:*",
        "as text the wildcard can swallow another account",
    ),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin", "a role of any account"),
    ("StringLike", "aws:userid", "*:session", "anyone's session"),
    ("StringLike", "aws:userid", "AROA*", "any role"),
    ("StringEquals", "aws:Referer", "https://example.com/", "a header that anyone can send"),
    ("StringLike", "aws:UserAgent", "secret", "a header that anyone can send"),
    ("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", "through a service, for anyone"),
    ("StringEquals", "aws:PrincipalTag/team", "blue", "anyone can tag their own role"),
    ("StringEquals", "aws:ResourceAccount", ACCOUNT, "about the resource, not the caller"),
    ("StringEquals", "lambda:FunctionUrlAuthType", "NONE", "a public function URL"),
    ("Bool", "aws:SecureTransport", "true", "anyone can use TLS"),
    ("Bool", "aws:PrincipalIsAWSService", "true", "a service, for anyone"),
    ("Bool", "elasticfilesystem:AccessedViaMountTarget", "false", "not through a mount target"),
    ("BoolIfExists", "elasticfilesystem:AccessedViaMountTarget", "true", "true on a missing key"),
    ("StringEquals", "sts:ExternalId", "secret", "does not identify the caller"),
    ("StringLike", "SNS:Endpoint", "*@example.com", "where to, not who"),
    ("IpAddress", "aws:SourceIp", "0.0.0.0/0", "the internet"),
    ("IpAddress", "aws:SourceIp", "::/0", "the internet, IPv6"),
    ("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"], "the internet in halves"),
    ("IpAddress", "aws:SourceIp", "8.0.0.0/7", "broader than /8"),
    ("IpAddress", "aws:SourceIp", ["8.0.0.0/8", "9.0.0.0/8"], "broader than /8 when joined"),
    ("IpAddress", "aws:SourceIp", [f"{first}.0.0.0/8" for first in range(256)], "the internet in 256 pieces"),
    ("IpAddress", "aws:SourceIp", "2001:db8::/31", "broader than /32"),
    ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "0.0.0.0/0"], "one broad block opens"),
    ("IpAddress", "aws:SourceIp", [], "no block says nothing"),
    ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "everyone else"),
    ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8", "anyone's private network"),
]


@pytest.mark.parametrize(
    ("operator", "key", "value", "why"), LIMITING, ids=[f"{row[0]} {row[1]}: {row[3]}" for row in LIMITING]
)
def test_a_condition_on_fixed_values_limits_everyone(operator: str, key: str, value: Any, why: str) -> None:
    assert public(document(resource_statement(Condition={operator: {key: value}}))) == []


@pytest.mark.parametrize(
    ("operator", "key", "value", "why"), NOT_LIMITING, ids=[f"{row[0]} {row[1]}: {row[3]}" for row in NOT_LIMITING]
)
def test_any_other_condition_leaves_a_policy_public(operator: str, key: str, value: Any, why: str) -> None:
    expected = ["Statement 1: Principal *, and no condition limits the caller"]
    assert public(document(resource_statement(Condition={operator: {key: value}}))) == expected


def test_one_limiting_condition_suffices_since_all_must_hold() -> None:
    for condition in (
        {"StringLike": {"aws:UserAgent": "*", "aws:SourceAccount": ACCOUNT}},
        {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}},
    ):
        assert public(document(resource_statement(Condition=condition))) == []


def test_allow_with_not_principal_is_everyone_else() -> None:
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*"}
    assert public(document(statement)) == ["Statement 1: NotPrincipal"]
    assert public(document({**statement, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}})) == []
    assert public(document({**statement, "Effect": "Deny"})) == []


def test_an_empty_condition_is_none() -> None:
    assert public(document(resource_statement(Condition={}))) == ["Statement 1: Principal *"]


def test_the_default_policies_of_services_are_not_public() -> None:
    kms = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    sns = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:GetTopicAttributes", "SNS:Publish"],
        "Resource": f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic",
        "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
    }
    assert public({"Version": "2008-10-17", "Id": "key-default-1", "Statement": [kms]}) == []
    assert public({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [sns]}) == []


def test_a_policy_without_resources_is_judged_as_well() -> None:
    ecr = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    assert public(document(ecr)) == ["Statement 1: Principal *"]


DENIALS = [
    (resource_statement(effect="Deny", Action="*", Resource="*"), True, "everything"),
    (resource_statement(effect="Deny"), True, "the same actions and resources"),
    (resource_statement({"AWS": "*"}, effect="Deny", Action="S3:get*"), True, "more actions, other case"),
    (resource_statement(effect="Deny", Action="s3:Get?bject"), False, "a pattern with ? is not sure to cover"),
    (resource_statement(effect="Deny", Action="s3:GetObjectAcl"), False, "another action"),
    (resource_statement(effect="Deny", Resource=f"{BUCKET}/private/*"), False, "some of the resources"),
    (resource_statement({"AWS": ROLE}, effect="Deny"), False, "someone"),
    (resource_statement({"Service": "*"}, effect="Deny"), False, "services"),
    (resource_statement(effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}), False, "some requests"),
    (
        resource_statement(effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-abc123"}}),
        False,
        "strangers, by a condition that is not weighed",
    ),
    (
        {"Effect": "Deny", "Principal": "*", "NotAction": "s3:List*", "Resource": "*"},
        True,
        "all actions but others",
    ),
    (
        {"Effect": "Deny", "Principal": "*", "NotAction": "s3:Get*", "Resource": "*"},
        False,
        "all actions but these",
    ),
    ({"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": f"{BUCKET}/*"}, False, "all but these objects"),
    ({"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": "arn:aws:s3:::logs/*"}, True, "all but others"),
    ({"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}, False, "nobody"),
]


@pytest.mark.parametrize(("denial", "rescues", "why"), DENIALS, ids=[row[2] for row in DENIALS])
def test_only_a_denial_of_the_whole_statement_rescues_it(denial: dict[str, Any], rescues: bool, why: str) -> None:
    statement = resource_statement(Sid="Open")
    assert public(document(statement, denial)) == ([] if rescues else ["Statement 1 (Sid Open): Principal *"])


def test_denials_of_parts_rescue_together() -> None:
    statement = resource_statement(Action=["s3:GetObject", "s3:PutObject"])
    halves = [resource_statement(effect="Deny", Action=action) for action in ("s3:Get*", "s3:Put*")]
    assert public(document(statement, *halves)) == []
    assert public(document(statement, halves[0])) == ["Statement 1: Principal *"]


def test_a_message_stays_short() -> None:
    accounts = [f"arn:aws:iam::*:role/{'x' * 500}{number}" for number in range(9)]
    (message,) = public(document(resource_statement({"AWS": accounts}, Sid="S" * 60_000)))
    assert len(message) < 600
    assert message.endswith(" and 6 more")


# --- trust policies --------------------------------------------------------------------------------------------------

GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
TURBONOMIC = "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb"


def federated(issuer: str, condition: Any = None) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    return statement if condition is None else {**statement, "Condition": condition}


def assumed_by(principal: Any, condition: Any = None, action: Any = "sts:AssumeRole") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return statement if condition is None else {**statement, "Condition": condition}


def github(operator: str, **claims: Any) -> dict[str, Any]:
    return federated(GITHUB, {operator: {f"{GITHUB}:{claim}": value for claim, value in claims.items()}})


OPEN_TRUST = [
    (assumed_by("*"), "Principal *", "everyone"),
    (assumed_by({"AWS": "*"}, {"StringEquals": {"sts:ExternalId": "x"}}), "Principal *", "an external id identifies nobody"),
    (assumed_by({"AWS": ["arn:aws:iam::*:root"]}), "Principal arn:aws:iam::*:root", "every account"),
    (assumed_by("*", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}), "Principal *", "a role of anyone"),
    (assumed_by("*", {"StringLike": {"sts:RoleSessionName": "me"}}), "Principal *", "callers choose their session name"),
    (assumed_by("*", action=["sts:TagSession", "STS:Assume*"]), "Principal *", "by a wildcard action"),
    ({"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}, "NotPrincipal", "everyone else"),
    (assumed_by({"Federated": "*"}), "Federated *", "every provider"),
    (federated(GITHUB), f"Federated {GITHUB}", "no condition"),
    (github("StringEquals", aud="sts.amazonaws.com"), f"Federated {GITHUB}", "the audience alone"),
    (github("StringLike", sub="*"), f"Federated {GITHUB}", "any subject"),
    (github("StringLike", sub="repo:*"), f"Federated {GITHUB}", "any repository"),
    (github("StringLike", sub="repo:*/deploy:ref:refs/heads/main"), f"Federated {GITHUB}", "anyone's repository"),
    (github("StringLike", sub="repo:acme*"), f"Federated {GITHUB}", "owners that begin so"),
    (github("StringLike", sub="repo:acme*/*"), f"Federated {GITHUB}", "owners that begin so, too"),
    (github("StringLike", sub=["repo:acme/*", "repo:*"]), f"Federated {GITHUB}", "one broad value opens"),
    (github("ForAllValues:StringLike", sub="repo:acme/*"), f"Federated {GITHUB}", "true on a missing key"),
    (github("StringLikeIfExists", sub="repo:acme/*"), f"Federated {GITHUB}", "true on a missing key"),
    (github("StringNotLike", sub="repo:evil/*"), f"Federated {GITHUB}", "everyone else"),
    (github("StringLike", repository="*/deploy"), f"Federated {GITHUB}", "anyone's repository by its own claim"),
    (github("StringEquals", job_workflow_ref="acme/ci/.github/workflows/a.yml@main"), f"Federated {GITHUB}", "anyone can call a public workflow"),
    (federated("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:*"}}), "Federated gitlab.com", "any project"),
    (federated("app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:*:project:p:*"}}), "Federated app.terraform.io", "any organization"),
    (federated("oidc.vercel.com", {"StringLike": {"oidc.vercel.com:sub": "owner:acme:*"}}), "Federated oidc.vercel.com", "Vercel's tenant is the audience"),
    (assumed_by({"Federated": "cognito-identity.amazonaws.com"}, action="sts:AssumeRoleWithWebIdentity"), "Federated cognito-identity.amazonaws.com", "any identity pool"),
    (assumed_by({"Federated": "accounts.google.com"}, action="sts:AssumeRoleWithWebIdentity"), "Federated accounts.google.com", "any application"),
    (federated(TURBONOMIC, {"StringLike": {f"{TURBONOMIC}:sub": "system:serviceaccount:*"}}), f"Federated {TURBONOMIC}", "any account of a shared cluster"),
    (federated(EKS), f"Federated {EKS}", "one's own provider, asked for nothing"),
    (federated(EKS, {"StringLike": {f"{EKS}:sub": "*"}}), f"Federated {EKS}", "one's own provider, asked for anything"),
]  # fmt: skip

CLOSED_TRUST = [
    (assumed_by({"Service": "ec2.amazonaws.com"}), "a service"),
    (assumed_by({"AWS": ACCOUNT}), "an account"),
    (assumed_by({"AWS": [ROLE, f"arn:aws:iam::{ACCOUNT}:root"]}), "a role and an account"),
    (assumed_by("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}), "an organization"),
    (assumed_by("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}), "roles of an account"),
    (assumed_by("*", {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "sts:ExternalId": "x"}}), "an account"),
    (assumed_by("*", action="sts:TagSession"), "nothing is assumed"),
    ({"Effect": "Allow", "Principal": "*", "NotAction": "sts:*"}, "nothing is assumed by NotAction"),
    ({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}, "a denial"),
    (assumed_by({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/okta"}, action="sts:AssumeRoleWithSAML"), "SAML"),
    (github("StringEquals", aud="sts.amazonaws.com", sub="repo:acme/deploy:ref:refs/heads/main"), "a branch"),
    (github("StringLike", sub="repo:acme/*"), "an owner"),
    (github("ForAnyValue:StringLike", sub=["repo:acme/a:*", "repo:acme/b:*"]), "two repositories"),
    (github("StringLike", sub="repository_owner_id:1234:*"), "an owner by a template of one's own"),
    (github("StringLike", repository="acme/*"), "an owner by its own claim"),
    (github("StringEquals", repository_id="1234"), "a repository by its id"),
    (federated(GITHUB.upper(), {"StringLike": {f"{GITHUB}:SUB": "repo:acme/*"}}), "no case in issuers and keys"),
    (federated("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:acme/*"}}), "a group"),
    (federated("app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:acme:*"}}), "an organization"),
    (federated("oidc.vercel.com", {"StringEquals": {"oidc.vercel.com:aud": "https://vercel.com/acme"}}), "a team"),
    (federated(TURBONOMIC, {"StringLike": {f"{TURBONOMIC}:sub": "system:serviceaccount:acme:*"}}), "one's part of a shared cluster"),
    (federated(EKS, {"StringLike": {f"{EKS}:sub": "system:serviceaccount:*:app"}}), "one's own cluster"),
    (federated(EKS, {"StringEquals": {f"{EKS}:aud": "sts.amazonaws.com"}}), "one's own cluster, by the audience"),
    (
        assumed_by(
            {"Federated": "cognito-identity.amazonaws.com"},
            {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:12345678-dead-beef-cafe-123456790ab"}},
            action="sts:AssumeRoleWithWebIdentity",
        ),
        "an identity pool",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "reason", "why"), OPEN_TRUST, ids=[row[2] for row in OPEN_TRUST])
def test_a_role_that_strangers_can_assume_is_named(statement: dict[str, Any], reason: str, why: str) -> None:
    (found,) = trust(document(assumed_by({"Service": "ec2.amazonaws.com"}), statement))
    assert found.startswith(f"Statement 2: {reason}")


@pytest.mark.parametrize(("statement", "why"), CLOSED_TRUST, ids=[row[1] for row in CLOSED_TRUST])
def test_a_role_for_someone_in_particular_is_not(statement: dict[str, Any], why: str) -> None:
    assert trust(document(statement)) == []


def test_the_missing_claim_is_named() -> None:
    assert trust(document(github("StringEquals", aud="sts.amazonaws.com"))) == [
        f"Statement 1: Federated {GITHUB}, and no condition pins its sub"
    ]
