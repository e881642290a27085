"""Hostile expressions and data: each ends, with an error or a failure, in both evaluators."""

from __future__ import annotations

import tracemalloc
from functools import reduce
from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import Failed, compile, template
from engine.expressions.limits import MAX_DEPTH, MAX_LIST, MAX_SOURCE, MAX_TEXT
from engine.expressions.types import DYN, STRING, ListType, ObjectType

VARIABLES = {
    "resource": ObjectType("Thing", {"names": ListType(STRING), "text": STRING, "pattern": STRING, "document": DYN})
}

TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
REFUSED = {
    "brackets": ("(" * 3000 + "1" + ")" * 3000, TOO_DEEP),
    "lists": ("[" * 4000 + "]" * 4000, TOO_DEEP),
    "maps": ("{1:" * 2000 + "1" + "}" * 2000, TOO_DEEP),
    "calls": ("size(" * 1900, TOO_DEEP),
    "negations": ("!" * 9000 + "true", TOO_DEEP),
    "signs": ("-" * 9000 + "1", TOO_DEEP),
    "a sum": ("1" + "+1" * 4000, TOO_DEEP),
    "selections": ("resource.document" + ".a" * 4000, TOO_DEEP),
    "subscripts": ("resource.document" + "[0]" * 3000, TOO_DEEP),
    "conditions": ("true?1:" * 1400 + "1", TOO_DEEP),
    "macros": ("resource.names.all(a," * 400 + "true", TOO_DEEP),
    "length": ("true" + " " * 100_000, f"an expression has at most {MAX_SOURCE} characters"),
    "a number": ("9" * 9000, "the number does not fit into 64 bits"),
    "a lone surrogate": ("'\ud800' == ''", "an expression is Unicode text"),
    "a pattern of RE2's limit": ("'a'.matches('((a{999}){999}){999}')", "not a regular expression of RE2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_deep_too_long_or_no_text_is_refused_when_loaded(name: str) -> None:
    source, message = REFUSED[name]
    with pytest.raises(ExpressionError) as caught:
        compile(source, VARIABLES, None)
    assert caught.value.message.startswith(message)


def test_a_long_chain_of_conditions_is_not_deep() -> None:
    source = " || ".join(["resource.text == 'a'"] * 300)
    assert compile(source, VARIABLES).evaluate({"resource": {"text": "b"}}) is False
    guarded = " && ".join(["resource.document.flag"] * 300)
    assert compile(guarded, VARIABLES).evaluate({"resource": {"document": {"flag": True}}}) is True


MANY = [f"name-{number}" for number in range(100_000)]


@pytest.fixture(autouse=True)
def fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("interpreter", "writer"):
        monkeypatch.setattr(f"engine.expressions.{module}.MAX_STEPS", MAX_STEPS)


MAX_STEPS = 60_000
STEPS = f"the evaluation takes more than {MAX_STEPS} steps"
FAILING: dict[str, tuple[str, dict[str, Any], str]] = {
    "nested macros": (
        "resource.names.all(a, resource.names.all(b, a != '' && b != ''))",
        {"names": MANY[:400]},
        STEPS,
    ),
    "macros beyond Python's own nesting": (
        "resource.names.all(a, " * 24 + "true" + ")" * 24,
        {"names": ["a", "b"]},
        STEPS,
    ),
    "a search in a macro": ("resource.names.all(a, a in resource.names)", {"names": MANY}, STEPS),
    "comparisons in a macro": ("resource.names.all(a, resource.names == resource.names)", {"names": MANY}, STEPS),
    "a long text in a macro": (
        "resource.names.map(a, resource.text + a) == []",
        {"names": MANY, "text": "x" * 900_000},
        STEPS,
    ),
    "nothing absorbs an endless side": (
        "resource.names.all(a, resource.names.all(b, a != '' && b != '')) || true",
        {"names": MANY[:400]},
        STEPS,
    ),
    "doubling": ("resource.names" + ".map(x, x + x)" * 40 + " == []", {"names": ["aa"]}, "the result of + is too long"),
    "join": (
        "resource.names.join(resource.text) == ''",
        {"names": MANY, "text": "x" * 99},
        "the result of join is too long",
    ),
    "replace": (
        "resource.text.replace('', resource.text) == ''",
        {"text": "x" * 9000},
        "the result of replace is too long",
    ),
    "split": ("resource.text.split('') == []", {"text": "x" * (MAX_LIST + 1)}, "the result of split is too long"),
    "format": (
        "'%s%s'.format([resource.text, resource.text]) == ''",
        {"text": "x" * (MAX_TEXT - 1)},
        "the result of format is too long",
    ),
    "format of a list": ("'%s'.format([resource.names]) == ''", {"names": MANY * 2}, "the text is too long"),
    "digits": ("'%.999999999f'.format([1.0]) == ''", {}, "format has at most 1000 digits, not 999999999"),
    "a deep document": (
        "resource.document == [resource.document]",
        {"document": reduce(lambda inner, _: [inner], range(5000), 1)},
        "the data is nested too deeply or too large",
    ),
    "a huge number": (
        "resource.document < 1.5",
        {"document": 10**400},
        "'<' failed: int too large to convert to float",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_would_take_too_long_or_too_much_fails_in_both_evaluators(name: str) -> None:
    source, resource, message = FAILING[name]
    program = compile(source, VARIABLES)
    assert program.evaluate({"resource": resource}) == Failed(message)
    assert program.interpret({"resource": resource}) == Failed(message)


@pytest.mark.parametrize("name", [name for name, (_, _, message) in FAILING.items() if message.endswith("too long")])
def test_what_would_be_too_long_is_never_built(name: str) -> None:
    source, resource, _ = FAILING[name]
    program = compile(source, VARIABLES)
    tracemalloc.start()
    try:
        program.evaluate({"resource": resource})
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_ordinary_use_stays_far_below_the_limit_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    source = "resource.names.all(a, resource.names.exists(b, a == b))"
    assert compile(source, VARIABLES).evaluate({"resource": {"names": MANY[:500]}}) is True


@pytest.mark.parametrize("pattern", ["(a*)*b", "(x+x+)+y", "(.{1,30}){1,30}b", "(?:a|b)*a(?:a|b){900}$"])
def test_a_pattern_that_would_explode_elsewhere_is_answered(pattern: str) -> None:
    variables = {"resource": {"text": "ax" * 50_000, "pattern": pattern}}
    assert compile("resource.text.matches(resource.pattern)", VARIABLES).evaluate(variables) is False


def test_native_code_writes_nothing_about_a_wrong_pattern(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ExpressionError):
        compile("'a'.matches('(')", VARIABLES)
    variables = {"resource": {"text": "a", "pattern": "("}}
    assert isinstance(compile("resource.text.matches(resource.pattern)", VARIABLES).evaluate(variables), Failed)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\x1b[31m", "‮abc", "{{x}}", "'\"\\"])
def test_hostile_text_in_the_data_is_only_text(text: str) -> None:
    variables = {"resource": {"text": text, "names": [text]}}
    assert compile("resource.text in resource.names && size(resource.text) > 0", VARIABLES).evaluate(variables) is True
    assert template("${resource.text}", VARIABLES).render(variables) == text


def test_text_in_an_expression_cannot_leave_its_quotes() -> None:
    source = "resource.document.`a b` == '\"); raise SystemExit #' || resource.document['\\\\\\'\\n'] == 1"
    variables = {"resource": {"document": {"a b": '"); raise SystemExit #', "\\'\n": 1}}}
    assert compile(source, VARIABLES).evaluate(variables) is True
