"""Generated expressions of the core and the strings extension, against the official C++ implementation.

Where that one refuses to compile (it infers the type of an empty list's elements), nothing is compared. Left out is
``substring`` with an end: there it refuses the end of the text, which cel-go and the specification's vectors allow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ExpressionError
from engine.expressions import Failed, compile
from engine.expressions.types import DYN
from engine.expressions.values import Duration, Timestamp

cel = pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python has wheels for Linux only")

DATA = {
    "n": 7,
    "m": -3,
    "null": None,
    "s": "Hello",
    "t": "",
    "flag": True,
    "off": False,
    "ns": [1, 2, 3],
    "ss": ["a", "b", "Hello"],
    "when": "2026-01-01T00:00:00Z",
    "rules": [{"port": 22, "name": "ssh"}, {"port": 443}, {"name": "x", "port": None}],
}
FAILURE = ("failed",)


def oracle() -> Any:
    from cel_expr_python.ext import ext_strings

    return cel.NewEnv(variables={"r": cel.Type.DYN}, extensions=[ext_strings.ExtStrings()])


def literal(text: str) -> str:
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'


def written(form: str, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: form.format(*texts))


TEXT = st.text(alphabet="aAbZ 1-:,\u00e9\u03b1\U0001f600%", max_size=6).map(literal)
NUMBERS = st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**63 - 1, -(2**63), 2**53])
# Without blanks, which C++ skips and Go refuses.
NUMERALS = st.sampled_from(
    ['"12"', '"-7"', '"+3"', '"1a"', '""', '"9223372036854775808"', '"1.5"', '"1e3"', "r.s", "r.t"]
)
GETTERS = ["Hours", "Minutes", "Seconds", "Milliseconds"]
DATES = ["FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", *GETTERS]
QUANTIFIER = st.sampled_from(["all", "exists", "exists_one"])
ORDER = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def leaves() -> dict[str, st.SearchStrategy[str]]:
    lists = st.lists(st.integers(-3, 3), max_size=4).map(str)
    texts = st.lists(TEXT, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    moments = ['timestamp("2026-11-22T10:20:30Z")', 'timestamp("2020-02-29T23:59:59.5+01:00")', "timestamp(r.when)"]
    return {
        "int": NUMBERS.map(lambda n: f"({n})") | st.sampled_from(["r.n", "r.m", "r.missing", "r.null", "r.s"]),
        "text": TEXT | st.sampled_from(["r.s", "r.t", "r.missing", "r.null", "r.n"]),
        "bool": st.sampled_from(["true", "false", "r.flag", "r.off", "r.missing", "r.null", "r.s"]),
        "double": st.sampled_from(["0.0", "1.5", "-2.25", "1e300", "r.n", 'double("NaN")']),
        "ints": lists | st.sampled_from(["r.ns", "r.rules.map(x, x.port)", "r.missing"]),
        "texts": texts | st.sampled_from(["r.ss", "r.rules.map(x, x.name)", "r.missing"]),
        "time": st.sampled_from([*moments, "timestamp(0)"]),
        "span": st.sampled_from(['duration("1h")', 'duration("-90m1.5s")', 'duration("0s")', 'duration("1ms")']),
    }


def expressions(depth: int) -> dict[str, st.SearchStrategy[str]]:
    if depth == 0:
        return leaves()
    e = expressions(depth - 1)
    number, text, flag, double = e["int"], e["text"], e["bool"], e["double"]
    ints, texts, time, span = e["ints"], e["texts"], e["time"], e["span"]
    return {
        "int": st.one_of(
            number,
            written("({} {} {})", number, st.sampled_from("+-*/%"), number),
            written("({} ? {} : {})", flag, number, number),
            written("size({})", text | ints | texts),
            written("{}.{}({})", text, st.sampled_from(["indexOf", "lastIndexOf"]), text),
            written("int({})", NUMERALS | double | time),
            written("{}[{}]", ints, number),
            written("{}.get{}()", time, st.sampled_from(DATES)),
            written('{}.get{}("-02:30")', time, st.sampled_from(DATES)),
            written("{}.get{}()", span, st.sampled_from(GETTERS)),
        ),
        "text": st.one_of(
            text,
            written("({} + {})", text, text),
            written("({} ? {} : {})", flag, text, text),
            written("{}.charAt({})", text, number),
            written("{}.substring({})", text, number),
            written("{}.replace({}, {})", text, text, text),
            written("{}.replace({}, {}, {})", text, text, text, st.integers(-1, 3)),
            written("{}.{}()", text, st.sampled_from(["lowerAscii", "upperAscii", "trim"])),
            written("string({})", st.one_of(number, flag, text, time, span)),
            written("{}.join({})", texts, text),
            written("{}[{}]", texts, number),
            written('"%s|%d|%s".format([{}, {}, {}])', text, number, st.one_of(ints, texts, flag)),
        ),
        "bool": st.one_of(
            flag,
            written("({} {} {})", number, ORDER, number),
            written("({} {} {})", text, ORDER, text),
            written("({} {} {})", double, ORDER, double),
            written("({} {} {})", time, ORDER, time),
            written("({} {} {})", span, ORDER, span),
            written("({} {} {})", flag, st.sampled_from(["&&", "||"]), flag),
            written("(!{})", flag),
            written("({} in {})", number, ints),
            written("({} in {})", text, texts),
            written("{}.{}({})", text, st.sampled_from(["startsWith", "endsWith", "contains"]), text),
            written("{}.matches({})", text, st.sampled_from(['"^a.*"', '"[0-9]+$"', '"b|c"'])),
            written("{}.{}(x, x {} {})", ints, QUANTIFIER, ORDER, number),
            written("{}.{}(x, x.contains({}))", texts, QUANTIFIER, text),
            written("r.rules.{}(x, x.port {} {} && {})", QUANTIFIER, ORDER, number, flag),
            written("({} {} {})", ints, st.sampled_from(["==", "!="]), ints),
            written("({} == null)", st.sampled_from(["r.null", "r.missing", "r.s"])),
            written("has(r.{})", st.sampled_from(["s", "missing", "null"])),
        ),
        "double": double
        | written("({} {} {})", double, st.sampled_from("+-*/"), double)
        | written("double({})", number | NUMERALS),
        "ints": ints
        | written("{}.filter(x, x {} {})", ints, ORDER, number)
        | written("{}.map(x, x + {})", ints, number)
        | written("({} + {})", ints, ints),
        "texts": texts
        | written("{}.split({})", text, text)
        | written("{}.split({}, {})", text, text, st.integers(-1, 4))
        | written("{}.filter(x, x != {})", texts, text),
        "time": time | written("({} {} {})", time, st.sampled_from("+-"), span) | written("timestamp({})", number),
        "span": span | written("({} {} {})", span, st.sampled_from("+-"), span) | written("({} - {})", time, time),
    }


def ours(value: Any) -> Any:
    """A value of ours as the oracle gives it: microseconds, and doubles by their text (NaN, the sign of zero)."""
    if isinstance(value, Failed):
        return FAILURE
    if isinstance(value, list):
        return [ours(item) for item in value]
    if isinstance(value, (Timestamp, Duration)):
        return (type(value).__name__, int(value) // 1000)
    return repr(value) if isinstance(value, float) else (type(value), value)


def theirs(value: Any) -> Any:
    if isinstance(value, list):
        return [theirs(item) for item in value]
    if isinstance(value, datetime):
        return ("Timestamp", (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    if isinstance(value, timedelta):
        return ("Duration", value // timedelta(microseconds=1))
    return repr(value) if isinstance(value, float) else (type(value), value)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(*expressions(2).values()))
def test_values_and_failures_are_those_of_the_official_implementation(source: str) -> None:
    try:
        reference = oracle().compile(source)
    except Exception:
        return
    try:
        answer = reference.eval(data={"r": DATA})
        expected = FAILURE if answer.type() == cel.Type.ERROR else theirs(answer.plain_value())
    except Exception:
        expected = FAILURE
    try:
        value = compile(source, {"r": DYN}, None).evaluate({"r": DATA})
    except ExpressionError as error:
        if error.message.startswith(("timestamp():", "duration():")):
            # A constant that is none is refused when it is loaded, also in a branch that is never taken.
            return
        value = Failed(str(error))
    assert ours(value) == expected
