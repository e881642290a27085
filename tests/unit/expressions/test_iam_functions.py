"""The functions on IAM policy documents: what holds for all of them. The cases of each are in the modules beside."""

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam import FUNCTIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
public = CALLS["iam.publicStatements"]
trust = CALLS["iam.publicTrustStatements"]
administrative = CALLS["iam.administrativeStatements"]
unconditional = CALLS["iam.grantsUnconditionally"]
escalations = CALLS["iam.escalations"]
denies_http = CALLS["iam.deniesInsecureTransport"]

ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::records"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ROLES = "arn:aws:iam::*:role/*"
OBJECTS = f"{BUCKET}/*"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def resource_statement(principal: Any = "*", effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **elements}


def allow(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {**allow(action, resource), "Effect": "Deny", **elements}


# --- malformed documents ---------------------------------------------------------------------------------------------

MALFORMED = [
    pytest.param("{}", id="text that nobody parsed"),
    pytest.param([], id="a list"),
    pytest.param({}, id="no Statement"),
    pytest.param({"Statement": "x"}, id="Statement is text"),
    pytest.param({"Statement": None}, id="Statement is null"),
    pytest.param(document("x"), id="a statement is text"),  # type: ignore[arg-type]
    pytest.param(document({"Principal": "*", "Action": "*", "Resource": "*"}), id="no Effect"),
    pytest.param(document(resource_statement(effect="allow")), id="Effect in lower case"),
    pytest.param(document({"Effect": "Allow", "Principal": "*", "Resource": "*"}), id="no Action"),
    pytest.param(document(resource_statement(NotAction="s3:*")), id="Action and NotAction"),
    pytest.param(document(resource_statement(NotResource="*")), id="Resource and NotResource"),
    pytest.param(document(resource_statement(NotPrincipal="*")), id="Principal and NotPrincipal"),
    pytest.param(document(resource_statement(Action=[])), id="an empty list of actions"),
    pytest.param(document(resource_statement(Action=["s3:*", 1])), id="an action that is a number"),
    pytest.param(document(resource_statement(Action={"s3": "*"})), id="an action that is an object"),
    pytest.param(document(resource_statement(Action="s3:" + "a?*" * 1000)), id="an action longer than any"),
    pytest.param(document(resource_statement(Action="s3:Get\ud800", action="*")), id="an unknown element"),
    pytest.param(document(resource_statement(Sid=["x"])), id="a Sid that is a list"),
    pytest.param(document(resource_statement(Condition="x")), id="a Condition that is text"),
    pytest.param(document(resource_statement(Condition={"StringEquals": "x"})), id="an operator without keys"),
    pytest.param(document(resource_statement(Condition={"StringMatches": {"aws:x": "y"}})), id="an unknown operator"),
    pytest.param(
        document(resource_statement(Condition={"NullIfExists": {"aws:x": "true"}})), id="Null has no IfExists"
    ),
    pytest.param(
        document(resource_statement(Condition={"StringEquals": {"aws:x": {}}})), id="a value that is an object"
    ),
    pytest.param(document(resource_statement(Condition={"StringEquals": {"aws:x": None}})), id="a value that is null"),
]


@pytest.mark.parametrize("broken", MALFORMED)
def test_a_malformed_document_is_an_error_everywhere(broken: Any) -> None:
    questions = (
        lambda: public(broken),
        lambda: trust(broken),
        lambda: administrative(broken),
        lambda: unconditional(broken, ["kms:*"]),
        lambda: escalations([broken]),
        lambda: denies_http(broken, [BUCKET]),
    )
    for question in questions:
        with pytest.raises(EvaluationError):
            question()


@pytest.mark.parametrize("principal", [None, "123456789012", [], ["*"], {}, {"AWS": []}, {"AWS": 1}, {"aws": "*"}])
def test_a_principal_that_is_none_is_an_error(principal: Any) -> None:
    for question in (public, trust):
        with pytest.raises(EvaluationError):
            question(document(resource_statement(principal)))


def test_a_statement_without_a_principal_is_an_error_where_callers_are_asked_for() -> None:
    for question in (public, trust):
        with pytest.raises(EvaluationError, match=r"statement 2 .* Principal"):
            question(document(resource_statement({"AWS": ACCOUNT}), allow()))


def test_a_statement_without_a_resource_is_an_error_where_grants_are_asked_for() -> None:
    broken = document(allow(), {"Effect": "Allow", "Action": "*"})
    for question in (lambda: administrative(broken), lambda: unconditional(broken, []), lambda: escalations([broken])):
        with pytest.raises(EvaluationError, match=r"statement 2 .* Resource"):
            question()


@pytest.mark.parametrize("source_ip", ["internet", "0.0.0.0/33", "1.2.3", ""])
@pytest.mark.parametrize("first", ["aws:SourceAccount", "aws:zzz"])
def test_an_address_that_is_none_is_an_error_wherever_it_stands(source_ip: str, first: str) -> None:
    condition = {"StringEquals": {first: ACCOUNT}, "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", source_ip]}}
    with pytest.raises(EvaluationError, match="is not an IP address or CIDR block"):
        public(document(resource_statement(Condition=condition)))


def test_no_policy_has_no_statements() -> None:
    assert public(None) == []
    assert trust(None) == []
    assert administrative(None) == []
    assert unconditional(None, ["kms:*"]) == []
    assert escalations([None]) == []
    assert escalations([]) == []
    assert denies_http(None, [BUCKET]) is False


# --- properties ------------------------------------------------------------------------------------------------------

actions = st.sampled_from(["*", "*:*", "s3:*", "s3:GetObject", "iam:PassRole", "ec2:RunInstances", "kms:*", "iam:Put*"])
resources = st.sampled_from(["*", "arn:aws:*", OBJECTS, BUCKET, ROLES, ROLE])
principals = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ["*"]}, {"AWS": [ROLE, "*"]}, {"AWS": ROLE}, {"Service": "s3.amazonaws.com"}]
)
conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "StringLike", "ArnLike", "ForAllValues:StringLike", "StringEqualsIfExists"]),
    st.dictionaries(
        st.sampled_from(["aws:SourceAccount", "aws:SourceArn", "aws:UserAgent", "iam:PassedToService"]),
        st.lists(
            st.sampled_from(["*", ACCOUNT, f"arn:aws:sns:*:{ACCOUNT}:*", "ec2.amazonaws.com"]), min_size=1, max_size=2
        ),
        min_size=1,
        max_size=2,
    ),
    max_size=2,
)
policies = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
            "Principal": principals,
            "Action": st.lists(actions, min_size=1, max_size=2),
            "Resource": st.lists(resources, min_size=1, max_size=2),
        },
        optional={"Condition": conditions},
    ),
    max_size=5,
).map(lambda listed: document(*({**statement, "Sid": f"S{number}"} for number, statement in enumerate(listed))))


def answers(policy: dict[str, Any]) -> list[Any]:
    """What all functions say, without the positions of statements."""

    def unplaced(messages: list[str]) -> list[str]:
        return sorted(message.partition("(")[2] for message in messages)

    return [
        unplaced(public(policy)),
        unplaced(trust(policy)),
        unplaced(administrative(policy)),
        unconditional(policy, ["kms:*", "s3:GetObject"]),
        escalations([policy]),
        denies_http(policy, [BUCKET, OBJECTS]),
    ]


def rewritten(value: Any, chance: random.Random) -> Any:
    """The same policy in other words: order, a text or a list of one, letter case where it has no meaning."""
    policy = copy.deepcopy(value)
    chance.shuffle(policy["Statement"])
    for statement in policy["Statement"]:
        statement["Action"] = [chance.choice((str.lower, str.upper, str))(action) for action in statement["Action"]]
        if "Condition" in statement:
            statement["Condition"] = {
                chance.choice((str.lower, str.upper, str))(operator): {
                    chance.choice((str.lower, str.upper, str))(key): values for key, values in keys.items()
                }
                for operator, keys in chance.sample(sorted(statement["Condition"].items()), len(statement["Condition"]))
            }
        for element in ("Action", "Resource"):
            chance.shuffle(statement[element])
            if len(statement[element]) == 1 and chance.random() < 0.5:
                (statement[element],) = statement[element]
        if statement["Principal"] in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            statement["Principal"] = chance.choice(("*", {"AWS": "*"}, {"AWS": ["*"]}))
    return policy


@given(policies, st.randoms(use_true_random=False))
def test_how_a_policy_is_written_changes_no_answer(policy: dict[str, Any], chance: random.Random) -> None:
    assert answers(rewritten(policy, chance)) == answers(policy)


@given(policies, policies)
def test_a_further_allow_never_takes_a_public_statement_away(policy: dict[str, Any], more: dict[str, Any]) -> None:
    further = [{**statement, "Effect": "Allow"} for statement in more["Statement"]]
    grown = document(*policy["Statement"], *further)
    assert public(grown)[: len(public(policy))] == public(policy)


@given(policies)
def test_a_denial_of_everything_leaves_nothing(policy: dict[str, Any]) -> None:
    closed = document(*policy["Statement"], resource_statement(effect="Deny", Action="*", Resource="*"))
    assert answers(closed)[:5] == [[], [], [], [], []]


@given(policies, policies)
def test_a_further_denial_never_opens_anything(policy: dict[str, Any], more: dict[str, Any]) -> None:
    denials = [{**statement, "Effect": "Deny"} for statement in more["Statement"]]
    before, after = answers(policy), answers(document(*policy["Statement"], *denials))
    assert all(set(now) <= set(then) for now, then in zip(after[:5], before[:5], strict=True))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["*", "Allow", "Deny"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Statement", "Effect", "Principal", "Action", "Resource", "Condition", "AWS", "Bool"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(JSON)
def test_any_document_gives_an_answer_or_an_evaluation_error(anything: Any) -> None:
    for wrapped in (anything, {"Statement": anything}, document({**allow(), "Principal": "*", "Condition": anything})):
        for question in (public, trust, administrative, lambda policy: denies_http(policy, [BUCKET])):
            try:
                answer = question(wrapped)
            except EvaluationError:
                continue
            assert isinstance(answer, (list, bool))


def test_patterns_made_to_be_slow_end() -> None:
    slow = "s3:" + "a*" * 1000
    denial = {"Effect": "Deny", "Principal": "*", "NotAction": slow + "b", "Resource": "*"}
    assert public(document(resource_statement(Action=slow, Resource="*"), denial)) == ["Statement 1: Principal *"]
    assert public(document(resource_statement(Action=slow + "b"), resource_statement(effect="Deny", Action=slow))) == []
