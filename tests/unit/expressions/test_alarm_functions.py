"""Rules of composite alarms: one row a case, its id says why."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.functions.alarms import FUNCTIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
goes_off_with = CALLS["cloudwatch.goesOffWith"]

ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root usage"
NAMES = ["root usage", ARN]

WITH = [
    ('ALARM("root usage")', "the alarm alone"),
    (f'ALARM("{ARN}")', "by its ARN"),
    ('  ALARM ( "root usage" )  ', "spaces"),
    ('ALARM("root usage") OR ALARM(other)', "or another one"),
    ('ALARM(other)\nOR ALARM("root usage")\nOR ALARM(third)', "lines"),
    ('(ALARM(other) AND OK(third)) OR ALARM("root usage")', "or two others together"),
    ('ALARM("root usage") AND (ALARM("root usage") OR ALARM(other))', "and itself"),
    ('ALARM("root usage") AND NOT OK("root usage")', "its other states are not"),
    ('NOT OK("root usage")', "not in order"),
    ('NOT (OK("root usage") OR INSUFFICIENT_DATA("root usage"))', "in neither of the other states"),
    ('NOT(NOT ALARM("root usage"))', "not not"),
    ('ALARM("root usage") AND TRUE', "and true"),
    ('ALARM("root usage") OR FALSE', "or false"),
    ('(((ALARM("root usage"))))', "parentheses"),
]
WITHOUT = [
    ("ALARM(other)", "another alarm"),
    ('ALARM("root usage") AND ALARM(other)', "only with another one"),
    ('ALARM("root usage") AND NOT ALARM(deployment)', "not during deployments"),
    ('ALARM("root usage") AND OK(other)', "only while another is in order"),
    ('(ALARM("root usage") OR ALARM(other)) AND OK(third)', "the example of the API reference"),
    ('OK("root usage")', "when it is over"),
    ('INSUFFICIENT_DATA("root usage")', "when there is no data"),
    ('NOT ALARM("root usage")', "while it is silent"),
    ("TRUE", "always"),
    ("FALSE", "never"),
    ('ALARM("root usage") OR TRUE', "always, so that it never changes"),
    ('ALARM("root usage") OR OK(other)', "almost always, so that it changes with the other alone"),
    ('ALARM("root usage") OR NOT ALARM(other)', "while all is quiet already"),
    ('ALARM("root usage") OR ALARM(a) AND ALARM(b)', "AND beside OR: which binds closer is not documented"),
    ('ALARM(a) AND ALARM(b) OR ALARM("root usage")', "the same the other way round"),
    ("ALARM(root)", "the beginning of its name"),
    ('ALARM("Root usage")', "names have case"),
    ("ALARM(root usage)", "a space without quotation marks"),
    ('AT_LEAST(1, ALARM, ("root usage", other))', "a function that is not in the API reference"),
    ('alarm("root usage")', "lower case"),
    ('ALARM("root usage") XOR ALARM(other)', "no such operator"),
    ('ALARM("root usage") OR', "broken off"),
    ('OR ALARM("root usage")', "begins with an operator"),
    ('ALARM("root usage") ALARM("root usage")', "no operator"),
    ('(ALARM("root usage")', "not closed"),
    ('ALARM("root usage"))', "closed twice"),
    ('ALARM("root usage"', "no end"),
    ("ALARM()", "no name"),
    ('ALARM("")', "an empty name"),
    ("NOT", "not what"),
    ("()", "nothing in parentheses"),
    ("", "empty"),
    ("(" * 60 + 'ALARM("root usage")' + ")" * 60, "nested too deeply"),
    ("NOT " * 60 + 'ALARM("root usage")', "too many NOTs"),
]


@pytest.mark.parametrize(("rule", "why"), WITH, ids=[row[1] for row in WITH])
def test_a_composite_alarm_goes_off_with(rule: str, why: str) -> None:
    assert goes_off_with(rule, NAMES) is True


@pytest.mark.parametrize(("rule", "why"), WITHOUT, ids=[row[1] for row in WITHOUT])
def test_it_is_not_certain_that_a_composite_alarm_goes_off(rule: str, why: str) -> None:
    assert goes_off_with(rule, NAMES) is False


STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
leaves = st.tuples(st.sampled_from(STATES), st.sampled_from("abc")) | st.booleans()
rules: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.just("NOT"), inner)
        | st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=6,
)


def written(rule: Any) -> str:
    if isinstance(rule, bool):
        return str(rule).upper()
    if rule[0] in STATES:
        return f"{rule[0]}({rule[1]})"
    if rule[0] == "NOT":
        return f"NOT ({written(rule[1])})"
    return "(" + f" {rule[0]} ".join(written(part) for part in rule[1]) + ")"


def holds(rule: Any, states: dict[str, str]) -> bool:
    if isinstance(rule, bool):
        return rule
    if rule[0] in STATES:
        return states[rule[1]] == rule[0]
    if rule[0] == "NOT":
        return not holds(rule[1], states)
    return (all if rule[0] == "AND" else any)(holds(part, states) for part in rule[1])


@given(rules)
def test_what_is_said_to_go_off_does_whatever_the_other_alarms_do(rule: Any) -> None:
    if goes_off_with(written(rule), ["a"]):
        assert all(holds(rule, {"a": "ALARM", "b": b, "c": c}) for b, c in product(STATES, repeat=2))
        assert not holds(rule, dict.fromkeys("abc", "OK"))


@given(st.text('()"ALRMORNDTUEKabc ', max_size=30))
def test_any_text_gets_an_answer(text: str) -> None:
    assert goes_off_with(text, ["a"]) in (True, False)
