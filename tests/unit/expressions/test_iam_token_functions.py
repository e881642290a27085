"""Whose tokens can assume a role, and whether their subject matters: one row a case, its id says why."""

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam import FUNCTIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
trusted = CALLS["iam.trustedIssuers"]
unpinned = CALLS["iam.unpinnedSubjectStatements"]

ACCOUNT = "111122223333"
GITHUB = "token.actions.githubusercontent.com"
GITLAB = "gitlab.com"
ISSUERS = [GITHUB, GITLAB, "ci.example.com"]


def provider(issuer: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def accepts(principal: Any, condition: Any = None, **elements: Any) -> dict[str, Any]:
    conditions = {} if condition is None else {"Condition": condition}
    action = "sts:AssumeRoleWithWebIdentity"
    return {"Effect": "Allow", "Principal": principal, "Action": action, **conditions, **elements}


def github(operator: str, **claims: Any) -> dict[str, Any]:
    return accepts(
        {"Federated": provider(GITHUB)}, {operator: {f"{GITHUB}:{name}": value for name, value in claims.items()}}
    )


PINNED = [
    (github("StringEquals", sub="repo:acme/app:ref:refs/heads/main"), "one branch"),
    (
        github("StringEquals", sub=["repo:acme/app:ref:refs/heads/main", "repo:acme/web:environment:prod"]),
        "two repositories",
    ),
    (github("StringLike", sub="repo:acme/app:*"), "one repository"),
    (github("StringLike", sub="repo:acme/*"), "repositories of one owner"),
    (github("ForAnyValue:StringLike", sub="repo:acme/*"), "ForAnyValue fails on a missing key"),
    (github("StringEqualsIgnoreCase", sub="repo:acme/app:ref:refs/heads/main"), "whatever the case"),
    (github("StringLike", sub="repo:acme/*", aud="sts.amazonaws.com"), "beside an audience"),
    (github("StringLike", repository="acme/*"), "the repository claim says as much"),
    (
        accepts({"Federated": provider(GITLAB)}, {"StringLike": {"gitlab.com:sub": "project_path:acme/app:*"}}),
        "a project",
    ),
    (
        accepts({"Federated": provider("ci.example.com")}, {"StringEquals": {"ci.example.com:sub": "deploy"}}),
        "a server of one's own",
    ),
    (
        accepts({"Federated": [provider(GITHUB), provider(GITLAB)]}, {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}),
        "tokens of the other issuer lack the key",
    ),
    (accepts("*", {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}), "everybody with such a token"),
]


@pytest.mark.parametrize(("statement", "why"), PINNED, ids=[row[1] for row in PINNED])
def test_a_pinned_subject_is_no_failure(statement: dict[str, Any], why: str) -> None:
    assert trusted(document(statement), ISSUERS)
    assert unpinned(document(statement), ISSUERS) == []


UNPINNED = [
    (github("StringEquals", aud="sts.amazonaws.com"), "the audience is the same for everyone"),
    (accepts({"Federated": provider(GITHUB)}), "no condition"),
    (github("StringLike", sub="*"), "any subject"),
    (github("StringLike", sub="repo:*"), "any repository"),
    (github("StringLike", sub="repo:acme*"), "any owner whose name begins so"),
    (github("StringLike", sub="repo:*/app:*"), "any owner's repository of that name"),
    (github("StringLike", sub=["repo:acme/*", "repo:*"]), "one value of two is open"),
    (github("StringLike", sub=[]), "no value at all"),
    (github("StringLike", sub="repo:${aws:PrincipalTag/owner}/*"), "a variable is whatever the caller brings"),
    (github("ForAllValues:StringLike", sub="repo:acme/*"), "ForAllValues is true on a missing key"),
    (github("StringLikeIfExists", sub="repo:acme/*"), "IfExists is true on a missing key"),
    (github("StringNotLike", sub="repo:evil/*"), "everyone but one"),
    (github("StringEquals", actor="octocat"), "who pushed can push anywhere"),
    (
        accepts(
            {"Federated": provider(GITHUB)},
            {
                "StringLike": {"gitlab.com:sub": "project_path:acme/*"},
                "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
            },
        ),
        "the sub of another issuer, which the token lacks",
    ),
    (accepts({"Federated": provider(GITHUB.upper())}), "issuers have no case"),
    (
        accepts(
            {"Federated": provider(f"{GITHUB}/acme")}, {"StringEquals": {f"{GITHUB}/acme:aud": "sts.amazonaws.com"}}
        ),
        "an issuer of one enterprise, and any of its repositories",
    ),
    (
        accepts({"Federated": provider("ci.example.com")}, {"StringLike": {"ci.example.com:sub": "*"}}),
        "any subject of one's own server",
    ),
    (accepts("*"), "everybody"),
    (accepts({"AWS": "*"}, {"StringEquals": {"sts:ExternalId": "x"}}), "everybody who knows a word"),
    (accepts({"Federated": "*"}), "every provider"),
    (accepts({"Federated": provider(GITHUB)}, Action="sts:*"), "any way to assume it"),
    (
        accepts({"Federated": provider(GITHUB)}, Action=["sts:TagSession", "STS:assumerolewithwebidentity"]),
        "actions have no case",
    ),
]


@pytest.mark.parametrize(("statement", "why"), UNPINNED, ids=[row[1] for row in UNPINNED])
def test_an_open_subject_is_found(statement: dict[str, Any], why: str) -> None:
    assert trusted(document(statement), ISSUERS)
    (found,) = unpinned(document(statement), ISSUERS)
    assert found.startswith("Statement 1: no condition pins the sub of ")
    assert unpinned(document({**statement, "Effect": "Deny"}), ISSUERS) == []


ELSEWHERE = [
    (accepts({"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole"), "a service"),
    (accepts({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="sts:AssumeRole"), "an account"),
    (accepts({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/okta"}, Action="sts:AssumeRoleWithSAML"), "SAML"),
    (accepts({"Federated": provider("oidc.eks.eu-west-1.amazonaws.com/id/ABC")}), "pods of a cluster"),
    (accepts({"Federated": provider("gitlab.com.example.org")}), "a name that begins alike"),
    (accepts({"Federated": provider(GITHUB)}, Action="sts:TagSession"), "no way to assume it"),
    (accepts({"Federated": provider(GITHUB)}, NotAction="sts:*") | {"Action": None}, "all but that"),
    (accepts("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}), "nobody with a token is in an organization"),
]


@pytest.mark.parametrize(("statement", "why"), ELSEWHERE, ids=[row[1] for row in ELSEWHERE])
def test_roles_for_others_are_not_asked(statement: dict[str, Any], why: str) -> None:
    statement = {name: value for name, value in statement.items() if value is not None}
    assert trusted(document(statement), ISSUERS) == []
    assert unpinned(document(statement), ISSUERS) == []


def test_issuers_are_named_in_the_order_asked_and_may_be_urls() -> None:
    policy = document(github("StringLike", sub="repo:acme/*"), accepts({"Federated": provider(GITLAB)}))
    assert trusted(policy, [f"https://{GITLAB}/", "app.terraform.io", GITHUB]) == [f"https://{GITLAB}/", GITHUB]
    assert unpinned(policy, [f"https://{GITLAB}/"]) == ["Statement 2: no condition pins the sub of gitlab.com"]
    assert unpinned(policy, []) == []


def test_a_statement_that_a_denial_takes_back_accepts_nothing() -> None:
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    assert trusted(document(accepts({"Federated": provider(GITHUB)}), denial), ISSUERS) == []
    assert unpinned(document(accepts({"Federated": provider(GITHUB)}), denial), ISSUERS) == []


def test_no_policy_accepts_nothing_and_a_malformed_one_is_an_error() -> None:
    assert (trusted(None, ISSUERS), unpinned(None, ISSUERS)) == ([], [])
    for broken in ("text", {}, document({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity"})):
        for question in (trusted, unpinned):
            with pytest.raises(EvaluationError):
                question(broken, ISSUERS)
