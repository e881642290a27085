"""The comparison of CloudWatch Logs filter patterns: one row a case, its id says why."""

# ruff: noqa: E501 - a case is a row

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.filters import FUNCTIONS

CALLS = {function.name: function.call for function in FUNCTIONS}
equivalent = CALLS["logs.equivalentFilter"]
covers = CALLS["logs.coversFilter"]
uncovered = CALLS["logs.uncoveredFilters"]

ROOT = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
DENIED = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
SIGN_IN = '{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != "Yes") }'
TAMPERING = "{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) || ($.eventName = UpdateTrail) }"

SAME = [
    (ROOT, ROOT, "itself"),
    ('{$.userIdentity.type="Root"&&$.userIdentity.invokedBy NOT EXISTS&&$.eventType!="AwsServiceEvent"}', ROOT, "no spaces"),
    ('\n{ ($.eventType != "AwsServiceEvent")\n && ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy  NOT  EXISTS) }\n', ROOT, "order, lines and parentheses"),
    ("{ $.userIdentity.type = Root && ($.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsServiceEvent) }", ROOT, "quotation marks and grouping"),
    ("{ $.userIdentity.type = Root && $.userIdentity.invokedBy not exists && $.eventType != AwsServiceEvent }", ROOT, "words have no case"),
    ('{ ((($.errorCode = "AccessDenied*")) || ($.errorCode = "*UnauthorizedOperation")) }', DENIED, "parentheses upon parentheses"),
    ('{ $.errorCode = AccessDenied* || $.errorCode = *UnauthorizedOperation || $.errorCode = "AccessDenied*" }', DENIED, "repetition"),
    ('{ $.errorCode = AccessDenied* || $.errorCode = *UnauthorizedOperation || $.errorCode = "AccessDeniedException" }', DENIED, "an alternative that another one holds"),
    ('{ $.a = 1 && ($.b = 2 || $.c = 3) }', "{ ($.c = 3 && $.a = 1) || ($.a = 1 && $.b = 2) }", "distribution"),
    ('{ $.a = 1 || $.b = 2 && $.c = 3 }', "{ ($.c = 3 && $.b = 2) || $.a = 1 }", "&& binds closer than ||"),
    ('{ $.a = 1 || ($.a = 1 && $.b = 2) }', "{ $.a = 1 }", "absorption"),
    ("{ $.a = 100 && $.b >= 10 }", "{ $.b >= 1e1 && $.a = +100.0 }", "numbers by value"),
    ('{ $.a[0].b-c = "x \\"y\\"" && $.d IS TRUE && $.e IS NULL }', '{ $.e IS NULL && $.d IS TRUE && $.a[0].b-c = "x \\"y\\"" }', "lists, escapes and other tests"),
    ("{ $.a = %^AWS[a-z]+% }", "{ ($.a = %^AWS[a-z]+%) }", "regular expressions, word for word"),
    ('{ $.a = "x" && $.a != "y" }', "{ $.a = x }", "a value that is another one is not this one"),
]  # fmt: skip

WIDER = [
    ('{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }', ROOT, "without the exclusion of service events"),
    ("{ $.userIdentity.type = Root }", ROOT, "without exclusions"),
    ("{ $.userIdentity.type = R* }", ROOT, "a wider wildcard"),
    ("{ $.userIdentity.type = * }", ROOT, "the widest wildcard"),
    ('{ $.errorCode = "*Unauthorized*" || $.errorCode = "AccessDenied*" || $.errorCode = "*Forbidden" }', DENIED, "more alternatives"),
    (DENIED, '{ ($.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*") && $.sourceIPAddress != "delivery.logs.amazonaws.com" }', "the older of two published forms"),
    ("{ $.eventName = ConsoleLogin }", SIGN_IN, "every sign-in"),
    ("{ $.eventName = ConsoleLogin || $.errorCode = * }", SIGN_IN, "every sign-in and every error"),
    ("{ $.eventName = *Trail || $.eventName = St*  }", TAMPERING, "by wildcards"),
    ('{ $.eventType != "AwsServiceEvent" }', '{ $.eventType = "AwsApiCall" }', "not one value, for another one"),
    ('{ $.eventType != "AwsServiceEvent" }', '{ $.eventType != "Aws*" }', "fewer exclusions"),
]  # fmt: skip

OTHER = [
    ("{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsServiceEvent && $.awsRegion = us-east-1 }", ROOT, "one more condition"),
    (TAMPERING.replace("DeleteTrail", "DeleteTrails"), TAMPERING, "another event name"),
    ("{ $.eventName = StopLogging || $.eventName = DeleteTrail }", TAMPERING, "an alternative is missing"),
    ("{ $.eventName = StopLogging && $.eventName = DeleteTrail && $.eventName = UpdateTrail }", TAMPERING, "&& for ||"),
    ("{ $.eventname = StopLogging || $.eventname = DeleteTrail || $.eventname = UpdateTrail }", TAMPERING, "selectors have case"),
    (ROOT.replace('"Root"', '"root"'), ROOT, "values have case"),
    (ROOT.replace("NOT EXISTS", "IS NULL"), ROOT, "absent is not null"),
    (ROOT.replace('!= "AwsServiceEvent"', '= "AwsServiceEvent"'), ROOT, "= for !="),
    (ROOT.replace("$.userIdentity.type", "$.userIdentity.Type"), ROOT, "another selector"),
    ("{ $.a = 400 }", '{ $.a = "400" }', "a number is not a text"),
    ("{ $.a > 400 }", "{ $.a >= 400 }", "another comparison"),
    ("{ $.a IS TRUE }", "{ $.a IS FALSE }", "another truth"),
    ("{ $.a[0] = 1 }", "{ $.a[1] = 1 }", "another position"),
    ("{ $.a = %AWS% }", "{ $.a = AWS }", "a regular expression is not compared with a text"),
    ("{ $.a = AccessDenied* }", "{ $.a = *AccessDenied }", "another end"),
    ("{ $.a = Access*Denied }", "{ $.a = AccessIsDenied }", "* in the middle is an ordinary character"),
    ('{ $.a != "Aws*" }', '{ $.a != "AwsServiceEvent" }', "more exclusions"),
    ('{ $.a != "x" }', '{ $.a = "*" }', "any value may be the excluded one"),
]  # fmt: skip

NO_JSON_PATTERN = [
    "",
    " ",
    "{}",
    "{ }",
    "Root",
    "?Root ?root",
    '"Root"',
    "[ip, user, status = 4*]",
    "$.a = 1",
    "{ $.a = 1",
    "$.a = 1 }",
    "{ ($.a = 1 }",
    "{ $.a = 1) }",
    "{ $.a = 1 } }",
    "{ $.a = 1 } x",
    "{ $.a }",
    "{ $.a = }",
    "{ = 1 }",
    "{ a = 1 }",
    "{ $.a == 1 }",
    "{ $.a = 1 & $.b = 2 }",
    "{ $.a = 1 && }",
    "{ && $.a = 1 }",
    "{ $.a = 1 $.b = 2 }",
    "{ $.a = $.b }",
    "{ $.a < text }",
    '{ $.a < "5" }',
    "{ $.a EXISTS }",
    "{ $.a NOT NULL }",
    "{ $.a IS }",
    '{ $.a = "x }',
    "{ $.a = %x }",
    "{ $ = 1 }",
    "{ $. = 1 }",
    "{ $.a[ = 1 }",
    "{ NOT $.a = 1 }",
    "{" + "(" * 60 + "$.a = 1" + ")" * 60 + "}",
    "{ " + " || ".join(f"$.eventName = Event{number}" for number in range(60)) + " }",
]


@pytest.mark.parametrize(("pattern", "expected", "why"), SAME, ids=[row[2] for row in SAME])
def test_patterns_that_match_the_same_events_are_equivalent(pattern: str, expected: str, why: str) -> None:
    assert equivalent(pattern, expected) is True
    assert equivalent(expected, pattern) is True
    assert covers(pattern, expected) is True
    assert covers(expected, pattern) is True


@pytest.mark.parametrize(("pattern", "expected", "why"), WIDER, ids=[row[2] for row in WIDER])
def test_a_wider_pattern_covers_and_is_not_equivalent(pattern: str, expected: str, why: str) -> None:
    assert covers(pattern, expected) is True
    assert covers(expected, pattern) is False
    assert equivalent(pattern, expected) is False


@pytest.mark.parametrize(("pattern", "expected", "why"), OTHER, ids=[row[2] for row in OTHER])
def test_another_pattern_neither_covers_nor_is_equivalent(pattern: str, expected: str, why: str) -> None:
    assert covers(pattern, expected) is False
    assert equivalent(pattern, expected) is False


@pytest.mark.parametrize("text", NO_JSON_PATTERN)
def test_what_is_no_json_pattern_matches_nothing_asked_for(text: str) -> None:
    assert equivalent(text, ROOT) is False
    assert covers(text, ROOT) is False


@pytest.mark.parametrize("text", NO_JSON_PATTERN)
def test_an_expected_pattern_that_is_none_is_an_error(text: str) -> None:
    for question in (equivalent, covers):
        with pytest.raises(EvaluationError, match="no JSON filter pattern"):
            question(ROOT, text)


def test_a_pattern_with_too_many_alternatives_is_an_error_and_no_verdict() -> None:
    many = "{ " + " && ".join(f"($.a{number}=1||$.b{number}=1)" for number in range(10)) + " }"
    for question in (equivalent, covers):
        with pytest.raises(EvaluationError, match="alternatives"):
            question(many, ROOT)


UNAUTHORIZED, ACCESS_DENIED = '{ $.errorCode = "*UnauthorizedOperation" }', '{ $.errorCode = "AccessDenied*" }'


@pytest.mark.parametrize(
    ("patterns", "expected", "left"),
    [
        pytest.param([DENIED], [DENIED], [], id="one for one"),
        pytest.param([DENIED], [UNAUTHORIZED, ACCESS_DENIED], [], id="one for both"),
        pytest.param([ACCESS_DENIED, UNAUTHORIZED], [DENIED], [], id="both for one"),
        pytest.param([SIGN_IN, DENIED, TAMPERING], [TAMPERING, SIGN_IN], [], id="each by its own"),
        pytest.param([ACCESS_DENIED], [UNAUTHORIZED, ACCESS_DENIED], [UNAUTHORIZED], id="one of two"),
        pytest.param([ACCESS_DENIED], [DENIED], [DENIED], id="half of one is not enough"),
        pytest.param([], [DENIED, SIGN_IN], [DENIED, SIGN_IN], id="none, in the order that they were given"),
        pytest.param(["", "Root", "{ $.a }"], [ROOT], [ROOT], id="no JSON patterns"),
        pytest.param(["Root", ROOT], [ROOT], [], id="no JSON pattern beside the right one"),
        pytest.param(
            ["{ $.eventName = ConsoleLogin }", '{ $.additionalEventData.MFAUsed != "Yes" }'], [SIGN_IN], [], id="wider"
        ),
        pytest.param(
            [SIGN_IN.replace("ConsoleLogin", "A"), SIGN_IN.replace("!=", "=")], [SIGN_IN], [SIGN_IN], id="halves of &&"
        ),
        pytest.param([ROOT], [], [], id="nothing asked for"),
    ],
)
def test_patterns_together_leave_what_none_of_them_covers(
    patterns: list[str], expected: list[str], left: list[str]
) -> None:
    assert uncovered(patterns, expected) == left


def test_an_expected_pattern_among_others_that_is_none_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="no JSON filter pattern"):
        uncovered([ROOT], [ROOT, "Root"])


# --- properties ------------------------------------------------------------------------------------------------------

tests = st.builds(
    "$.{} {} {}".format,
    st.sampled_from("ab"),
    st.sampled_from(["=", "!="]),
    st.sampled_from(["x", "xy", "x*", "*y", "*"]),
)
trees: st.SearchStrategy[Any] = st.recursive(
    tests, lambda inner: st.tuples(st.sampled_from(["&&", "||"]), st.lists(inner, min_size=2, max_size=3)), max_leaves=6
)
EVENTS = [{"a": a, "b": b} for a in ("x", "xy", "y", "z", None) for b in ("x", "xy", "y", "z", None)]


def written(tree: Any, chance: Any) -> str:
    """A tree as text, in one of the ways in which it can be written."""
    if isinstance(tree, str):
        text = tree.replace(" ", chance.choice((" ", "  ")))
        return chance.choice((text, f"({text})", f"( {text})"))
    sign, parts = tree
    shuffled = chance.sample(parts, len(parts))
    return "(" + f" {sign} ".join(written(part, chance) for part in shuffled) + ")"


def happens(tree: Any, event: dict[str, Any]) -> bool:
    """Whether an event matches; a test on a field that is not there is false."""
    if not isinstance(tree, str):
        sign, parts = tree
        return (all if sign == "&&" else any)(happens(part, event) for part in parts)
    selector, operator, pattern = tree.split()
    value = event[selector[2:]]
    if value is None:
        return False
    body = pattern.strip("*")
    if pattern.startswith("*"):
        met = value.endswith(body)
    else:
        met = value.startswith(body) if pattern.endswith("*") else value == body
    return met is (operator == "=")


@given(trees, st.randoms(use_true_random=False))
def test_how_a_pattern_is_written_does_not_matter(tree: Any, chance: Any) -> None:
    one, other = (f"{{ {written(tree, chance)} }}" for _ in range(2))
    assert equivalent(one, other) is True


@given(trees, trees, st.randoms(use_true_random=False))
def test_a_pattern_said_to_cover_matches_every_event_that_the_other_does(one: Any, other: Any, chance: Any) -> None:
    pattern, expected = (f"{{ {written(tree, chance)} }}" for tree in (one, other))
    if covers(pattern, expected):
        assert all(happens(one, event) for event in EVENTS if happens(other, event))


@given(st.text('{}()$.ab=!<>&|"%* NOTEXIS1', max_size=30))
def test_any_text_gets_an_answer(text: str) -> None:
    assert covers(text, ROOT) in (True, False)
