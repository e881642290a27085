"""What an identity policy grants, and what a resource policy refuses: one row a case, its id says why."""
# ruff: noqa: E501 - a case is a row

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam import FUNCTIONS
from engine.expressions.functions.iam_escalation import ESCALATIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
administrative = CALLS["iam.administrativeStatements"]
unconditional = CALLS["iam.grantsUnconditionally"]
escalations = CALLS["iam.escalations"]
denies_http = CALLS["iam.deniesInsecureTransport"]
services = CALLS["iam.allowedServices"]

ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::records"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {**allow(action, resource), "Effect": "Deny", **elements}


# --- administration --------------------------------------------------------------------------------------------------

ADMINISTRATIVE = [
    ([allow()], "Action * on Resource *", "everything"),
    ([allow("*:*")], "Action * on Resource *", "everything, written otherwise"),
    ([allow(["s3:GetObject", "*"])], "Action *, s3:getobject on Resource *", "everything in a list"),
    ([allow("**", ["arn:aws:s3:::x", "**"])], "Action * on Resource **, arn:aws:s3:::x", "stars upon stars"),
    ([allow("?*")], "Action ?* on Resource *", "every action has a character"),
    ([allow("*", "arn:aws:*")], "Action * on Resource arn:aws:*", "every ARN"),
    ([allow("*", "arn:*:*:*:*:*")], "Action * on Resource arn:*:*:*:*:*", "every ARN, part by part"),
    ([allow("*", "arn:aws-us-gov:*")], "Action * on Resource arn:aws-us-gov:*", "every ARN of another partition"),
    ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}], "Action * on NotResource arn:aws:s3:::x", "everything but a bucket"),
    ([{"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "*"}], "NotAction s3:deletebucket on Resource *", "everything but an action"),
    ([{"Effect": "Allow", "NotAction": ["iam:Create*", "iam:Put*"], "Resource": "*"}], "NotAction iam:create*, iam:put* on Resource *", "everything but parts of IAM"),
    ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "NotAction iam:* on Resource *", "everything but IAM"),
    ([allow(Condition={})], "Action * on Resource *", "an empty condition"),
    ([allow(Condition={"StringLike": {"aws:PrincipalArn": "*"}})], "Action * on Resource *", "a condition that all meet"),
    ([allow(Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})], "Action * on Resource *", "from anywhere"),
    ([allow(Condition={"Bool": {"aws:SecureTransport": "true"}})], "Action * on Resource *", "over TLS"),
    ([allow(), deny("iam:*")], "Action * on Resource *", "a denial of some actions"),
    ([allow(), deny("*", "arn:aws:s3:::x")], "Action * on Resource *", "a denial on a bucket"),
    ([allow(), deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})], "Action * on Resource *", "a denial without MFA"),
    ([allow(), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}], "Action * on Resource *", "a denial of all but IAM"),
]  # fmt: skip

NOT_ADMINISTRATIVE = [
    ([], "no statement"),
    ([allow("s3:*")], "one service"),
    ([allow(["iam:*", "sts:*"])], "two services"),
    ([allow("*", "arn:aws:s3:::x/*")], "some resources"),
    ([allow("*", "arn:aws:s3:*")], "resources of a service"),
    ([allow("*:Describe*")], "reading"),
    ([allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], "with MFA"),
    ([allow(Condition={"StringLike": {"aws:PrincipalArn": "*"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})], "from an office"),
    ([allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})], "in a region"),
    ([{"Effect": "Allow", "NotAction": "*", "Resource": "*"}], "nothing"),
    ([{"Effect": "Allow", "Action": "*", "NotResource": "*"}], "on nothing"),
    ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:s3:::x"}], "everything else on a bucket"),
    ([deny()], "a denial"),
    ([allow(), deny()], "all denied"),
    ([allow(), deny("*:*", ["arn:aws:s3:::x", "*"])], "all denied, written otherwise"),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "reason", "why"), ADMINISTRATIVE, ids=[row[2] for row in ADMINISTRATIVE])
def test_everything_on_everything_is_administration(statements: list[Any], reason: str, why: str) -> None:
    assert administrative(document(*statements)) == [f"Statement 1: {reason}"]


@pytest.mark.parametrize(("statements", "why"), NOT_ADMINISTRATIVE, ids=[row[1] for row in NOT_ADMINISTRATIVE])
def test_less_than_everything_is_not(statements: list[Any], why: str) -> None:
    assert administrative(document(*statements)) == []


AUDIT = ["cloudtrail:*", "KMS:*", "cloudtrail:StopLogging"]

UNCONDITIONAL = [
    ([allow()], AUDIT, "everything"),
    ([allow("CloudTrail:*")], ["cloudtrail:*", "cloudtrail:StopLogging"], "one family, other case"),
    ([allow("cloudtrail:S*")], ["cloudtrail:StopLogging"], "part of a family"),
    ([allow("c*:*")], ["cloudtrail:*", "cloudtrail:StopLogging"], "several families"),
    ([allow("kms:?*")], ["KMS:*"], "every action has a character"),
    ([allow(["kms:Decrypt", "kms:Encrypt"])], [], "some actions"),
    ([allow("kms:*", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1")], [], "one key"),
    ([allow("kms:*", f"arn:aws:kms:*:{ACCOUNT}:key/*")], [], "not on every resource"),
    ([allow("kms:*", Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}})], [], "a condition"),
    ([allow("kms:*", Condition={"StringLike": {"aws:username": "*"}})], ["KMS:*"], "a condition that all meet"),
    ([{"Effect": "Allow", "NotAction": ["iam:*", "kms:*"], "Resource": "*"}], ["cloudtrail:*", "cloudtrail:StopLogging"], "all but others"),
    ([{"Effect": "Allow", "NotAction": "cloudtrail:Lookup*", "Resource": "*"}], ["KMS:*", "cloudtrail:StopLogging"], "all but a part"),
    ([allow(), deny("kms:*")], ["cloudtrail:*", "cloudtrail:StopLogging"], "denied"),
    ([allow(), deny("kms:Decrypt")], AUDIT, "denied in part"),
    ([allow(), deny("kms:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})], AUDIT, "denied at times"),
    ([deny("kms:*")], [], "never allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "granted", "why"), UNCONDITIONAL, ids=[row[2] for row in UNCONDITIONAL])
def test_families_granted_without_limit_are_named_as_they_were_asked(
    statements: list[Any], granted: list[str], why: str
) -> None:
    assert unconditional(document(*statements), AUDIT) == granted


def test_everything_can_be_asked_for_as_a_star() -> None:
    assert unconditional(document(allow("*:*")), ["*"]) == ["*"]
    assert unconditional(document(allow("s3:*")), ["*"]) == []


# --- escalation ------------------------------------------------------------------------------------------------------

NAMES = [" + ".join(step.action for step in path) for path in ESCALATIONS]
ROLES = "arn:aws:iam::*:role/*"
PASS_TO_EC2 = "iam:PassRole + ec2:RunInstances"

ESCALATING = [
    ([allow()], NAMES, "an administrator"),
    ([allow("iam:CreatePolicyVersion")], ["iam:CreatePolicyVersion"], "one action"),
    ([allow("IAM:createpolicyVERSION")], ["iam:CreatePolicyVersion"], "actions have no case"),
    ([allow("iam:AttachGroupPolicy", "arn:aws:iam::*:group/*")], ["iam:AttachGroupPolicy"], "all groups"),
    ([allow("iam:AttachGroupPolicy", f"arn:aws:iam::{ACCOUNT}:group/*")], ["iam:AttachGroupPolicy"], "all groups of the account"),
    ([allow("iam:AttachGroupPolicy", "arn:aws:iam::*:*")], ["iam:AttachGroupPolicy"], "all of IAM"),
    ([allow("iam:AttachGroupPolicy", "arn:aws:iam:*")], ["iam:AttachGroupPolicy"], "all of IAM, in short"),
    ([allow("iam:AttachGroupPolicy", "arn:aws:iam::*:group/dev/*")], [], "some groups"),
    ([allow("iam:AttachGroupPolicy", "arn:aws:iam::*:user/*")], [], "another kind"),
    ([allow("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")], [], "one's own access keys"),
    ([{"Effect": "Allow", "Action": "iam:PutUserPolicy", "NotResource": "arn:aws:iam::*:user/root-like"}], ["iam:PutUserPolicy"], "all users but one"),
    ([{"Effect": "Allow", "Action": "iam:PutUserPolicy", "NotResource": "arn:aws:iam::*:user/*"}], [], "no users"),
    ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [name for name in NAMES if "iam:" not in name], "all but IAM"),
    ([allow("sts:AssumeRole")], ["sts:AssumeRole"], "any role"),
    ([allow("sts:AssumeRole", ROLES)], ["sts:AssumeRole"], "any role, by its ARN"),
    ([allow("sts:AssumeRole", ROLE)], [], "one role"),
    ([allow("iam:PassRole", ROLES)], [], "a role to pass and nothing to pass it to"),
    ([allow("ec2:RunInstances")], [], "something to pass to and no role"),
    ([allow(["iam:PassRole", "ec2:RunInstances"])], [PASS_TO_EC2], "both"),
    ([allow("iam:PassRole", ROLES), allow("ec2:RunInstances")], [PASS_TO_EC2], "both, in two statements"),
    ([allow("iam:PassRole", ROLE), allow("ec2:RunInstances")], [], "one role to pass"),
    ([allow(["iam:PassRole", "lambda:CreateFunction"])], [], "a function that nobody calls"),
    ([allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])], ["iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"], "a function and a call"),
    ([allow(["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"])], ["iam:PassRole + lambda:CreateFunction + lambda:CreateEventSourceMapping"], "a function and a trigger"),
    ([allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}), allow("ec2:RunInstances")], [PASS_TO_EC2], "the service itself"),
    ([allow("iam:PassRole", Condition={"StringLike": {"iam:PassedToService": "ec2.*"}}), allow("ec2:RunInstances")], [PASS_TO_EC2], "the service in any partition"),
    ([allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}), allow("ec2:RunInstances")], [], "to another service"),
    ([allow("iam:PassRole", Condition={"StringEqualsIfExists": {"iam:PassedToService": "lambda.amazonaws.com"}}), allow("ec2:RunInstances")], [PASS_TO_EC2], "IfExists demands nothing"),
    ([allow("iam:AttachRolePolicy", Condition={"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}})], [], "a harmless policy"),
    ([allow("iam:AttachRolePolicy", Condition={"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/*"}})], ["iam:AttachRolePolicy"], "AdministratorAccess is among them"),
    ([allow("iam:PutRolePolicy", Condition={"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/b"}})], [], "within a boundary"),
    ([allow("ssm:StartSession", Condition={"StringLike": {"ssm:resourceTag/team": "blue"}})], [], "tagged instances"),
    ([allow("ssm:StartSession", Condition={"StringLike": {"ssm:resourceTag/team": "*"}})], ["ssm:StartSession"], "instances with any tag"),
    ([allow("iam:PutRolePolicy", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], ["iam:PutRolePolicy"], "MFA does not stop the holder"),
    ([allow("iam:PutRolePolicy"), deny("iam:Put*")], [], "denied"),
    ([allow("iam:PutRolePolicy"), deny("iam:Put*", ROLES)], [], "denied on all roles"),
    ([allow("iam:PutRolePolicy"), deny("iam:Put*", ROLE)], ["iam:PutRolePolicy"], "denied on one role"),
    ([allow("iam:PutRolePolicy"), deny("iam:Put*", "arn:aws:iam::444455556666:role/*")], ["iam:PutRolePolicy"], "denied in some account"),
    ([allow("iam:PutRolePolicy"), deny(Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})], ["iam:PutRolePolicy"], "denied at times"),
    ([allow("iam:PutRolePolicy"), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::x"}], ["iam:PutRolePolicy"], "denied on all but a bucket: not weighed"),
    ([allow("iam:PutRolePolicy"), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}], [], "denied with all but S3"),
    ([allow(["iam:PassRole", "ec2:RunInstances"]), deny("iam:PassRole")], [], "one half denied"),
    ([allow("ssm:StartSession", "arn:aws:ec2:eu-west-1:*:instance/*")], ["ssm:StartSession"], "all instances of a region"),
    ([allow("ssm:StartSession"), deny("ssm:*", "arn:aws:ec2:*:*:instance/*")], [], "denied on all instances"),
    ([allow("ssm:StartSession"), deny("ssm:*", "arn:aws:ec2::*:instance/*")], ["ssm:StartSession"], "denied on instances without a region, of which there are none"),
    ([allow("ssm:StartSession"), {"Effect": "Deny", "Action": "*", "NotResource": "*"}], ["ssm:StartSession"], "denied on nothing"),
    ([allow("ssm:StartSession"), deny("ssm:*", "arn:aws:ec2:eu-west-1:*:instance/*")], ["ssm:StartSession"], "denied in a region"),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "found", "why"), ESCALATING, ids=[row[2] for row in ESCALATING])
def test_ways_to_gain_rights_are_named(statements: list[Any], found: list[str], why: str) -> None:
    assert escalations([document(*statements)]) == found


@pytest.mark.parametrize(("statements", "found", "why"), ESCALATING, ids=[row[2] for row in ESCALATING])
def test_policies_of_an_identity_add_up(statements: list[Any], found: list[str], why: str) -> None:
    assert escalations([None, *(document(statement) for statement in statements)]) == found


def test_no_combination_holds_another_one() -> None:
    for path in ESCALATIONS:
        assert [other for other in ESCALATIONS if set(other) <= set(path)] == [path]


@pytest.mark.parametrize("path", ESCALATIONS, ids=NAMES)
def test_every_step_is_an_action_that_exists_on_its_kind_of_resource(path: Any) -> None:
    actions = pytest.importorskip("policy_sentry.querying.actions")
    for step in path:
        service, name = step.action.split(":")
        found = actions.get_action_data(service, name)
        assert found, step.action
        formats = {row["resource_arn_format"] for row in found[service]} - {"*"}
        kinds = {":".join((arn.split(":", 5)[2], arn.split(":", 5)[5])) for arn in formats}
        assert not kinds or any(kind.startswith(step.kind) for kind in kinds), (step, kinds)


# --- transport -------------------------------------------------------------------------------------------------------

OBJECTS = f"{BUCKET}/*"
HTTP = {"Bool": {"aws:SecureTransport": "false"}}


def refuse(
    resource: Any = (BUCKET, OBJECTS), action: Any = "s3:*", condition: Any = None, principal: Any = "*"
) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": principal,
        "Action": action,
        "Resource": list(resource) if isinstance(resource, tuple) else resource,
        "Condition": HTTP if condition is None else condition,
    }


REFUSING = [
    ([refuse()], True, "the usual form"),
    ([refuse(principal={"AWS": "*"})], True, "everyone as an object"),
    ([refuse(principal={"AWS": [ROLE, "*"]})], True, "everyone beside a role"),
    ([refuse(action="*")], True, "every action"),
    ([refuse(action=["S3:*"])], True, "actions have no case"),
    ([refuse(resource="*")], True, "every resource"),
    ([refuse(resource=f"{BUCKET}*")], True, "the bucket and what begins so"),
    ([refuse(resource=BUCKET), refuse(resource=OBJECTS)], True, "split over two statements"),
    ([refuse(condition={"bool": {"AWS:securetransport": ["false"]}})], True, "keys and operators have no case"),
    ([refuse(condition={"Bool": {"aws:SecureTransport": False}})], True, "an unquoted boolean"),
    ([refuse(condition={"BoolIfExists": {"aws:SecureTransport": "false"}})], True, "the key is always there"),
    ([refuse(condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}})], True, "old TLS, and no TLS"),
    ([refuse(condition={"NumericLessThan": {"s3:TlsVersion": 1.3}})], True, "an unquoted version"),
    ([refuse(resource=BUCKET), refuse(resource=OBJECTS, condition={"NumericLessThan": {"s3:TlsVersion": 1.2}})], True, "one form each"),
    ([{**refuse(), "Effect": "Allow"}, refuse()], True, "beside an Allow"),
    ([{**refuse(), "Action": "s3:*", "NotResource": "arn:aws:s3:::other/*", "Resource": "*"}], None, "malformed"),
    ([], False, "no statement"),
    ([refuse(resource=OBJECTS)], False, "the objects only"),
    ([refuse(resource=BUCKET)], False, "the bucket only"),
    ([refuse(resource=(BUCKET, f"{BUCKET}/public/*"))], False, "some of the objects"),
    ([refuse(resource=("arn:aws:s3:::other", "arn:aws:s3:::other/*"))], False, "another bucket"),
    ([refuse(resource=(BUCKET, f"{BUCKET}/?*"))], False, "not sure to cover"),
    ([refuse(action="s3:GetObject")], False, "one action"),
    ([refuse(action=["s3:Get*", "s3:Put*"])], False, "some actions"),
    ([refuse(action="sqs:*")], False, "another service"),
    ([refuse(principal={"AWS": ROLE})], False, "someone"),
    ([refuse(principal={"Service": "*"})], False, "services"),
    ([{"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*", "Condition": HTTP}], False, "everyone but a role"),
    ([{**refuse(), "Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], False, "an Allow over TLS"),
    ([refuse(condition={"Bool": {"aws:SecureTransport": "true"}})], False, "a denial of TLS"),
    ([refuse(condition={"StringEquals": {"aws:SecureTransport": "false"}})], False, "another operator"),
    ([refuse(condition={"Bool": {"aws:SecureTransport": []}})], False, "no value"),
    ([refuse(condition={**HTTP, "StringEquals": {"aws:PrincipalOrgID": "o-abc123"}})], False, "an extra condition"),
    ([refuse(condition={"Bool": {"aws:SecureTransport": "false", "aws:MultiFactorAuthPresent": "false"}})], False, "an extra key"),
    ([refuse(condition={"NumericLessThan": {"s3:TlsVersion": "1.1"}})], False, "old TLS is let in"),
    ([refuse(condition={"NumericGreaterThan": {"s3:TlsVersion": "1.2"}})], False, "the wrong way round"),
    ([refuse(condition={"NumericLessThan": {"s3:TlsVersion": "new"}})], None, "no version"),
    ([refuse(condition={})], False, "no condition: nothing can be reached, which is another matter"),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "refuses", "why"), REFUSING, ids=[row[2] for row in REFUSING])
def test_plain_http_is_refused_on_bucket_and_objects(statements: list[Any], refuses: bool | None, why: str) -> None:
    if refuses is None:
        with pytest.raises(EvaluationError):
            denies_http(document(*statements), [BUCKET, OBJECTS])
    else:
        assert denies_http(document(*statements), [BUCKET, OBJECTS]) is refuses


def test_other_services_can_refuse_plain_http_but_have_no_key_for_the_tls_version() -> None:
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
    assert denies_http(document(refuse(queue, "sqs:*")), [queue]) is True
    assert denies_http(document(refuse(queue, "*", {"NumericLessThan": {"s3:TlsVersion": "1.2"}})), [queue]) is False


@pytest.mark.parametrize("resources", [[], ["records"], [BUCKET, ""]])
def test_resources_that_are_none_are_an_error(resources: list[str]) -> None:
    with pytest.raises(EvaluationError):
        denies_http(document(refuse()), resources)


# --- services --------------------------------------------------------------------------------------------------------

INVOKE = "lambda:InvokeFunction"
BY_URL = ["lambda:InvokedViaFunctionUrl"]
S3 = {"Service": "s3.amazonaws.com"}


def by_url(value: Any, operator: str = "Bool") -> dict[str, Any]:
    return allow(INVOKE, Principal="*", Condition={operator: {"lambda:InvokedViaFunctionUrl": value}})


SERVICES = [
    ([allow(INVOKE, Principal=S3)], ["s3.amazonaws.com"], "one"),
    ([allow(INVOKE, Principal={"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]})], ["s3.amazonaws.com", "sns.amazonaws.com"], "a list"),
    ([allow(INVOKE, Principal=S3), allow("lambda:*", Principal=S3)], ["s3.amazonaws.com"], "twice"),
    ([allow(INVOKE, Principal={**S3, "AWS": ACCOUNT})], ["s3.amazonaws.com"], "beside an account"),
    ([allow(INVOKE, Principal=S3, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})], ["s3.amazonaws.com"], "for one account"),
    ([allow(["lambda:GetFunction", "LAMBDA:invoke*"], Principal=S3)], ["s3.amazonaws.com"], "by a wildcard among actions"),
    ([{"Effect": "Allow", "Principal": S3, "NotAction": "lambda:GetFunction", "Resource": "*"}], ["s3.amazonaws.com"], "every action but another"),
    ([allow("lambda:GetFunction", Principal=S3)], [], "another action"),
    ([deny(INVOKE, Principal=S3)], [], "refused"),
    ([allow(INVOKE, Principal={"AWS": ACCOUNT})], [], "an account"),
    ([allow(INVOKE)], [], "an identity policy"),
    ([allow(INVOKE, Principal="*")], ["*"], "everyone"),
    ([allow(INVOKE, Principal={"AWS": ["*"]})], ["*"], "everyone, written otherwise"),
    ([allow(INVOKE, NotPrincipal=S3)], ["*"], "everyone but one"),
    ([allow("lambda:InvokeFunctionUrl", Principal="*")], [], "everyone, by another action"),
    ([by_url("true")], [], "everyone, by a function URL"),
    ([by_url(True)], [], "everyone, by a function URL, as a boolean"),
    ([by_url("false")], ["*"], "everyone, not by a function URL"),
    ([by_url(["true", "false"])], ["*"], "everyone, by a function URL or not"),
    ([by_url("true", "BoolIfExists")], ["*"], "everyone, where the key is not there too"),
    ([by_url("false", "Null")], ["*"], "everyone with the key, whatever it says"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "expected"), [row[:2] for row in SERVICES], ids=[row[-1] for row in SERVICES])
def test_services_that_a_policy_lets_in(policy: list[dict[str, Any]], expected: list[str]) -> None:
    assert services(document(*policy), INVOKE, BY_URL) == expected


def test_no_policy_lets_in_no_service() -> None:
    assert services(None, INVOKE, []) == []


def test_services_of_a_malformed_policy_are_no_answer() -> None:
    with pytest.raises(EvaluationError):
        services({"Statement": [{"Effect": "Allow", "Principal": {"Service": 1}, "Action": "*"}]}, INVOKE, [])
