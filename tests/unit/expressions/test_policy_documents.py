"""The policy-document library: every row of ``policy_documents.yaml``, and what holds for all documents."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions.failures import EvaluationError
from tests.unit.expressions.policy_table import (
    ABOUT_HARM,
    ABOUT_STATEMENTS,
    ARGUMENTS,
    CALLS,
    Case,
    answered,
    cases,
    messages,
    questions,
    rewritten,
)

ROWS = cases()
SOUND = [case for case in ROWS if case.answer != "error" and case.document is not None]
ASKING_FOR_STATEMENTS = [case for case in SOUND if case.question in ABOUT_STATEMENTS]
ACCOUNT = "111122223333"
OBJECTS = "arn:aws:s3:::records/*"
OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}
DENY_ALL = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def listed(policy: Any) -> list[Any]:
    return policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]


# --- the table -------------------------------------------------------------------------------------------------------


def test_a_row_can_be_named_and_every_question_has_rows() -> None:
    names = [case.id for case in ROWS]
    assert sorted(set(names)) == sorted(names)
    assert {case.question for case in ROWS} == {*CALLS, "every"}


@pytest.mark.parametrize("case", ROWS, ids=[case.id for case in ROWS])
def test_a_document_gets_the_answer_of_its_row(case: Case) -> None:
    for question in CALLS if case.question == "every" else [case.question]:
        arguments = ARGUMENTS.get(question, []) if case.question == "every" else case.arguments
        if case.answer == "error":
            with pytest.raises(EvaluationError):
                answered(question, case.document, arguments)
        else:
            assert answered(question, case.document, arguments) == case.answer
            found = messages(question, case.document, arguments)
            assert not case.says or found[0].partition(": ")[2].startswith(case.says)


@pytest.mark.parametrize("case", SOUND, ids=[case.id for case in SOUND])
def test_how_a_document_of_the_table_is_written_changes_no_answer(case: Case) -> None:
    for seed in range(5):
        other = rewritten(case.document, random.Random(seed))
        assert answered(case.question, other, case.arguments) == case.answer, other


@pytest.mark.parametrize(
    "case", [case for case in SOUND if case.question in ABOUT_STATEMENTS], ids=lambda case: case.id
)
def test_what_only_denies_lets_nobody_do_anything(case: Case) -> None:
    denials = [{**statement, "Effect": "Deny"} for statement in listed(case.document)]
    assert answered(case.question, document(*denials), case.arguments) == []


def test_policies_of_an_identity_add_up() -> None:
    for case in SOUND:
        if case.question == "iam.escalations":
            apart = [None, *(document(statement) for statement in listed(case.document))]
            assert CALLS["iam.escalations"](apart) == case.answer, case.id


def test_a_denial_outside_chosen_regions_holds_for_an_area_and_where_nobody_chose() -> None:
    keeping = [case for case in SOUND if case.question == "iam.deniesOutsideRegions" and case.answer is True]
    for case in keeping:
        for regions in (case.arguments[1], [], ["eu-*"]):
            if case.arguments[1]:
                assert answered(case.question, case.document, [case.arguments[0], regions]) is True, case.id


# --- rows that would be too long for the table -----------------------------------------------------------------------


def test_the_internet_in_256_pieces_is_the_internet() -> None:
    pieces = [f"{first}.0.0.0/8" for first in range(256)]
    policy = document({**OPEN, "Condition": {"IpAddress": {"aws:SourceIp": pieces}}})
    assert answered("iam.publicStatements", policy, []) == [1]


@pytest.mark.parametrize(
    "statement",
    [{**OPEN, "Action": "s3:" + "a?*" * 1000}, {**OPEN, "Resource": "x" * 2049}, {**OPEN, "Get\ud800": "*"}],
    ids=["an action longer than any", "a resource longer than any", "an element that is no text for UTF-8"],
)
def test_what_no_policy_has_is_an_error(statement: dict[str, Any]) -> None:
    for question in CALLS:
        with pytest.raises(EvaluationError):
            answered(question, document(statement), ARGUMENTS.get(question, []))


def test_a_message_stays_short() -> None:
    accounts = [f"arn:aws:iam::*:role/{'x' * 500}{number}" for number in range(9)]
    (message,) = CALLS["iam.publicStatements"](document({**OPEN, "Principal": {"AWS": accounts}, "Sid": "S" * 60_000}))
    assert len(message) < 600
    assert message.endswith(" and 6 more")
    with pytest.raises(EvaluationError) as raised:
        CALLS["iam.publicStatements"](document({**OPEN, "Condition": {"StringEquals": {"k" * 60_000: None}}}))
    assert len(raised.value.message) < 300


def test_patterns_made_to_be_slow_end() -> None:
    slow = "s3:" + "a*" * 1000
    denial = {"Effect": "Deny", "Principal": "*", "NotAction": slow + "b", "Resource": "*"}
    wide, narrow = {**OPEN, "Action": slow, "Resource": "*"}, {**OPEN, "Action": slow + "b"}
    assert answered("iam.publicStatements", document(wide, denial), []) == [1]
    assert answered("iam.publicStatements", document(narrow, {**narrow, "Effect": "Deny", "Action": slow}), []) == []


# --- what holds for all documents ------------------------------------------------------------------------------------

STATEMENTS = st.sampled_from([statement for case in SOUND for statement in listed(case.document)]).filter(
    lambda statement: {"Principal", "NotPrincipal"} & set(statement) and {"Resource", "NotResource"} & set(statement)
)
"""Statements of the table that every question can be asked about."""


def mixed(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The principals, actions and resources of one statement under the conditions and the effect of another."""
    bare = {name: value for name, value in one.items() if name not in ("Condition", "Effect")}
    return {**bare, **{name: value for name, value in other.items() if name in ("Condition", "Effect")}}


POLICIES = st.lists(st.builds(mixed, STATEMENTS, STATEMENTS), max_size=4)


def harm(policy: dict[str, Any]) -> dict[str, list[Any]]:
    """What is found to be wrong with a policy."""
    return {name: answer for name, answer in _sound(policy).items() if name in ABOUT_HARM}


def _sound(policy: dict[str, Any]) -> dict[str, Any]:
    try:
        return questions(policy)
    except EvaluationError:
        # An address that is none, which one row has.
        return {}


@given(POLICIES, st.randoms(use_true_random=False))
def test_how_a_policy_is_written_changes_no_answer(statements: list[Any], chance: random.Random) -> None:
    policy = document(*statements)
    assert _sound(rewritten(policy, chance)) == _sound(policy)


@given(POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_statements_changes_no_answer(statements: list[Any], chance: random.Random) -> None:
    numbers = chance.sample(range(len(statements)), len(statements))
    before, after = _sound(document(*statements)), _sound(document(*(statements[number] for number in numbers)))
    for name in ABOUT_STATEMENTS:
        if name in before:
            after[name] = sorted(numbers[found - 1] + 1 for found in after[name])
    assert after == before


@given(POLICIES, POLICIES)
def test_a_further_allow_never_makes_a_policy_less_open(statements: list[Any], more: list[Any]) -> None:
    grown = harm(document(*statements, *({**statement, "Effect": "Allow"} for statement in more)))
    before = harm(document(*statements))
    assert not grown or all(set(before[name]) <= set(grown[name]) for name in before)


@given(POLICIES, POLICIES)
def test_a_further_denial_never_makes_a_policy_more_open(statements: list[Any], more: list[Any]) -> None:
    grown = harm(document(*statements, *({**statement, "Effect": "Deny"} for statement in more)))
    before = harm(document(*statements))
    assert not before or all(set(grown[name]) <= set(before[name]) for name in grown)


@given(POLICIES)
def test_a_denial_of_everything_leaves_nothing(statements: list[Any]) -> None:
    closed = harm(document(*statements, DENY_ALL))
    assert not closed or closed == {name: [] for name in closed}


@given(POLICIES, STATEMENTS)
def test_a_condition_never_opens_what_was_closed(statements: list[Any], other: dict[str, Any]) -> None:
    bare = [{name: value for name, value in statement.items() if name != "Condition"} for statement in statements]
    allows = [{**statement, "Effect": "Allow"} for statement in bare]
    held = [{**statement, "Condition": other.get("Condition", {})} for statement in allows]
    before, after = harm(document(*allows)), harm(document(*held))
    assert not after or all(set(after[name]) <= set(before[name]) for name in after)


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
    for wrapped in (anything, {"Statement": anything}, document({**OPEN, "Condition": anything})):
        for question in CALLS:
            try:
                answer = answered(question, wrapped, ARGUMENTS.get(question, []))
            except EvaluationError:
                continue
            assert isinstance(answer, (list, bool))


@settings(max_examples=300)
@given(st.sampled_from(SOUND), st.data())
def test_a_document_with_one_value_replaced_gives_an_answer_or_an_evaluation_error(case: Case, data: Any) -> None:
    policy = copy.deepcopy(case.document)
    inside: list[tuple[Any, Any]] = []
    pending = [policy]
    while pending:
        node = pending.pop()
        items = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        inside += [(node, key) for key, _ in items]
        pending += [value for _, value in items if isinstance(value, (dict, list))]
    node, key = data.draw(st.sampled_from(inside))
    node[key] = data.draw(JSON)
    for question in CALLS:
        try:
            answered(question, policy, ARGUMENTS.get(question, []))
        except EvaluationError:
            continue
