"""Whether a service control policy keeps actions out of other regions: one row a case, its id says why."""

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam import FUNCTIONS

denies = next(function.call for function in FUNCTIONS if function.name == "iam.deniesOutsideRegions")

ACTIONS = ["ec2:RunInstances", "s3:CreateBucket"]
REGIONS = ["eu-west-1", "eu-central-1"]
GLOBAL = ["iam:*", "organizations:*", "route53:*", "cloudfront:*", "sts:*", "s3:ListAllMyBuckets"]
EXEMPT = "arn:aws:iam::*:role/AWSControlTowerExecution"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def outside(regions: Any, operator: str = "StringNotEquals", others: Any = None, **elements: Any) -> dict[str, Any]:
    condition = {operator: {"aws:RequestedRegion": regions}, **(others or {})}
    scope = {} if {"Action", "NotAction"} & set(elements) else {"NotAction": GLOBAL}
    return {"Effect": "Deny", "Resource": "*", "Condition": condition, **scope, **elements}


DENYING = [
    ([outside(REGIONS)], "all but global services, as AWS writes it"),
    ([outside("eu-west-1")], "one of the regions is fewer"),
    ([outside(REGIONS, Action="*")], "every action"),
    ([outside(REGIONS, Action=["ec2:*", "s3:*"])], "the services that are asked about"),
    ([outside(REGIONS, Action="EC2:RUN*"), outside(["eu-west-1"], Action="s3:*")], "statements that share the actions"),
    ([outside(REGIONS, "StringNotEqualsIgnoreCase")], "whatever the case"),
    ([outside(REGIONS, "StringNotLike")], "StringNotLike without a wildcard"),
    ([outside(REGIONS, "StringNotEqualsIfExists")], "the key is in every request"),
    ([outside(REGIONS, "ForAllValues:StringNotEquals")], "a key of one value"),
    (
        [outside(REGIONS, others={"ArnNotLike": {"aws:PrincipalARN": [EXEMPT, "arn:aws:iam::*:role/break-glass-*"]}})],
        "but for roles by name",
    ),
    (
        [outside(REGIONS, others={"StringNotLike": {"aws:PrincipalArn": "*:role/break-glass"}})],
        "but for a role, as text",
    ),
    (
        [
            outside(
                REGIONS, others={"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/ops/root-tasks"}}
            )
        ],
        "but for a user",
    ),
    ([{"Effect": "Allow", "Action": "*", "Resource": "*"}, outside(REGIONS)], "beside what is allowed"),
]


@pytest.mark.parametrize(("statements", "why"), DENYING, ids=[row[1] for row in DENYING])
def test_a_region_denial_counts(statements: list[dict[str, Any]], why: str) -> None:
    assert denies(document(*statements), ACTIONS, REGIONS) is True
    assert denies(document(*statements), ACTIONS, []) is True
    assert denies(document(*statements), ACTIONS, ["eu-*"]) is True


OPEN = [
    ([], "nothing"),
    ([{"Effect": "Allow", "Action": "*", "Resource": "*"}], "FullAWSAccess"),
    ([outside(REGIONS, Effect="Allow")], "an Allow"),
    ([outside([*REGIONS, "us-east-1"])], "a region more"),
    ([outside(REGIONS, "StringEquals")], "the other way round"),
    ([outside(REGIONS, Action="ec2:*")], "one service only"),
    (
        [outside(REGIONS, Action="s3:CreateBucket"), outside(["us-east-1"], Action="ec2:*")],
        "the other service elsewhere",
    ),
    ([outside(REGIONS, NotAction=[*GLOBAL, "ec2:*"])], "but for a service that is asked about"),
    ([outside(REGIONS, NotAction="*")], "all but everything"),
    ([outside(REGIONS, Resource="arn:aws:s3:::records")], "one resource"),
    ([outside(REGIONS, NotResource="arn:aws:s3:::public") | {"Resource": None}], "all resources but one"),
    ([outside(REGIONS, others={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}})], "but for every role"),
    ([outside(REGIONS, others={"ArnNotLike": {"aws:PrincipalArn": [EXEMPT, "*"]}})], "but for everybody"),
    (
        [outside(REGIONS, others={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}})],
        "but for all of an account",
    ),
    (
        [outside(REGIONS, others={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/${aws:username}"}})],
        "but for whom a variable names",
    ),
    ([outside(REGIONS, others={"ArnLike": {"aws:PrincipalArn": EXEMPT}})], "for one role only"),
    ([outside(REGIONS, others={"StringEquals": {"aws:ResourceTag/env": "prod"}})], "for what has a tag"),
    ([outside(REGIONS, others={"Null": {"aws:TokenIssueTime": "true"}})], "for some kind of credentials"),
    ([outside([])], "no regions named"),
    ([outside("${aws:PrincipalTag/region}")], "a variable is whatever the caller brings"),
    ([outside("*", "StringNotLike")], "outside of every region"),
]


@pytest.mark.parametrize(("statements", "why"), OPEN, ids=[row[1] for row in OPEN])
def test_what_leaves_a_way_does_not_count(statements: list[dict[str, Any]], why: str) -> None:
    given = [{name: value for name, value in statement.items() if value is not None} for statement in statements]
    assert denies(document(*given), ACTIONS, REGIONS) is False


PATTERNS = [
    ("eu-*", "StringNotLike", [], True, "an area, where nobody said which regions"),
    ("eu-*", "StringNotLike", ["eu-*", "us-*"], True, "an area of those chosen"),
    ("eu-*", "StringNotLike", ["eu-west-1"], False, "an area where a region was chosen"),
    ("*-1", "StringNotLike", [], False, "no area"),
    ("eu-west-1", "StringNotEquals", ["eu-*"], True, "a region of an area"),
    ("us-east-1", "StringNotEquals", ["eu-*"], False, "a region of another"),
    ("*", "StringNotEquals", [], True, "no region is called so: denied everywhere"),
    ("us-east-1", "StringNotEquals", [], True, "where nobody said which regions"),
]


@pytest.mark.parametrize(
    ("value", "operator", "regions", "expected", "why"), PATTERNS, ids=[row[4] for row in PATTERNS]
)
def test_regions_may_be_patterns(value: str, operator: str, regions: list[str], expected: bool, why: str) -> None:
    assert denies(document(outside(value, operator)), ACTIONS, regions) is expected


def test_a_malformed_policy_is_an_error_and_so_is_asking_for_nothing() -> None:
    assert denies(None, ACTIONS, REGIONS) is False
    with pytest.raises(EvaluationError):
        denies({"Statement": [{"Effect": "Deny"}]}, ACTIONS, REGIONS)
    with pytest.raises(EvaluationError):
        denies(document(outside(REGIONS)), [], REGIONS)
