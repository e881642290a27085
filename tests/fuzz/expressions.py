"""CEL: expressions and messages in text, and the expressions of checks on whatever a resource may hold."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from engine.authoring.examples import Case, case_of, verdict, word
from engine.content.checks import CompiledCheck, compile_checks, load_checks
from engine.content.examples import examples_of
from engine.content.resources import ResourceSchema, load_types
from engine.content.root import find
from engine.errors import ExpressionError
from engine.expressions import Failed, Program, Template, compile, template
from engine.expressions.types import BOOL, DYN, INT, STRING, TIMESTAMP, ListType, MapType, Nullable, ObjectType, Type
from tests.fuzz.fuzzing import Target, Wrong
from tests.fuzz.typed import typed

VECTORS: Final = Path(__file__).resolve().parents[2].parent / "shared" / "cel-spec" / "vectors.json"
_RULE: Final = ObjectType("Rule", {"name": STRING, "port": INT, "open": BOOL, "cidrs": ListType(STRING)})
_THING: Final = ObjectType(
    "Thing",
    {
        **{"id": STRING, "title": STRING, "algorithm": Nullable(STRING), "enabled": BOOL, "count": INT},
        **{"created": TIMESTAMP, "used": Nullable(TIMESTAMP), "names": ListType(STRING), "rules": ListType(_RULE)},
        **{"main": Nullable(_RULE), "tags": MapType(STRING, STRING), "document": DYN},
    },
)
VARIABLES: Final[dict[str, Type]] = {
    "resource": _THING,
    "others": ListType(_THING),
    "params": ObjectType("params", {"allowed": ListType(STRING), "limit": INT}),
    "now": TIMESTAMP,
}
_RULES: Final = [
    {"name": "a", "port": 22, "open": True, "cidrs": ["0.0.0.0/0", "::/0", "x"]},
    {"name": "", "port": -1, "open": False, "cidrs": []},
]
_WHOLE: Final = {
    **{"id": "a/b", "title": "Größe \U0001f512", "algorithm": None, "enabled": True, "count": 2**53 - 1},
    **{"created": "2026-11-22T00:00:00Z", "used": None, "names": ["a", "", "a*b"], "rules": _RULES, "main": _RULES[0]},
    "tags": {"a": "1", "cost center": ""},
    "document": {
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:*"], "Resource": "*"}],
        "b": [1, None],
    },
}
VALUES: Final[tuple[dict[str, Any], ...]] = (
    {
        "resource": _WHOLE,
        "others": [_WHOLE, _WHOLE],
        "params": {"allowed": ["a", "aws:kms"], "limit": 90},
        "now": "2026-01-01T00:00:00Z",
    },
    {
        "resource": {**_WHOLE, "main": None, "document": []},
        "others": [],
        "params": {"allowed": [], "limit": 0},
        "now": "x",
    },
    {"resource": {}, "others": [{}], "params": {}},
    {
        "resource": {name: {"a": [1]} for name in _WHOLE},
        "others": [None, 1, "x"],
        "params": {"allowed": "a", "limit": "1"},
        "now": 1,
    },
)
"""Complete values, others, none, and values of wrong types."""


def expression(data: bytes) -> str:
    """An expression is read, or refused at a place in it; what is read is judged alike by both evaluators."""
    source = data.decode("utf-8", "surrogateescape" if data[:1] == b"\xff" else "replace")
    found: list[Program | Template] = []
    for made in (_compiled, _templated):
        try:
            found.append(made(source))
        except ExpressionError as error:
            lines = source.split("\n")
            within = 1 <= error.line <= len(lines) and 1 <= error.column <= len(lines[error.line - 1]) + 1
            if not within:
                raise Wrong("an error stands outside of its expression") from error
    for program in found:
        for variables in VALUES:
            _evaluated(program, variables)
    return "read" if any(isinstance(program, Program) for program in found) else "refused"


def _compiled(source: str) -> Program:
    try:
        return compile(source, VARIABLES)
    except ExpressionError:
        return compile(source, VARIABLES, None)


def _templated(source: str) -> Template:
    return template(source, VARIABLES)


def _evaluated(program: Program | Template, variables: dict[str, Any]) -> None:
    if isinstance(program, Template):
        if not isinstance(program.render(variables), str):
            raise Wrong("a message is no text")
        return
    value, slow, watched = program.evaluate(variables), program.interpret(variables), program.trace(variables).value
    if not (_same(value, slow) and _same(slow, watched)):
        raise Wrong("the evaluators do not agree")
    if program.type == BOOL and not isinstance(value, (bool, Failed)):
        raise Wrong("a condition is neither true, false nor failed")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


@cache
def _expressions() -> tuple[bytes, ...]:
    """Every expression and message of the checks, and those of CEL's conformance vectors where these are at hand."""
    checks = load_checks(find(), [], examples=False).values()
    texts = {text for check in checks for text in (check.expression, check.when or "true", check.message)}
    if VECTORS.exists():
        texts |= {row["expr"] for row in json.loads(VECTORS.read_text())}
    return tuple(text.encode() for text in sorted(texts))


_LEAVES: Final = st.sampled_from(
    [
        *(
            "resource.title",
            "resource.algorithm",
            "resource.count",
            "resource.rules",
            "resource.names",
            "resource.main",
        ),
        *("resource.document", "resource.tags", "resource.used", "others", "now", "params.limit", "params.allowed"),
        *("true", "null", "0", "-1", "9223372036854775807", "1u", "1.5", "1e308", "''", "'a'", "b'\\xff'", "[]", "{}"),
        *(
            "'0.0.0.0/0'",
            "'(a|b)*c'",
            "'2026-01-01T00:00:00Z'",
            "'1h'",
            "'%s %d %x'",
            "{'a': 1}",
            "x",
            "[1, 'a', null]",
        ),
    ]
).flatmap(lambda leaf: st.sampled_from([leaf, f"dyn({leaf})", f"dyn({leaf})"]))
_CALLS: Final = (
    *(
        "size",
        "string",
        "int",
        "uint",
        "double",
        "bool",
        "bytes",
        "timestamp",
        "duration",
        "days",
        "type",
        "dyn",
        "cidr",
    ),
    *(
        "ip",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "split",
        "join",
        "replace",
        "format",
        "indexOf",
        "substring",
    ),
    *("charAt", "lowerAscii", "trim", "reverse", "getFullYear", "getHours", "containsIP", "containsCIDR", "masked"),
)


def _built(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in"])
    macro = st.sampled_from(["all", "exists", "exists_one", "filter", "map"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, operator, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}.{}(x, {})".format, inner, macro, inner),
        st.builds("{}({})".format, st.sampled_from(_CALLS), inner),
        st.builds("{}.{}({})".format, inner, st.sampled_from(_CALLS), inner),
        st.builds("{}.{}({}, {})".format, inner, st.sampled_from(_CALLS), inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("!{}".format, inner),
        st.builds("-{}".format, inner),
    )


_TREES: Final = st.recursive(_LEAVES, _built, max_leaves=12)
_TYPED: Final = st.integers(0, 2**63).map(lambda number: typed(number, VARIABLES))
_GRAMMAR: Final = (_TREES | _TYPED | _TYPED | st.builds("Value ${{{}}}, $${{x}} ${{{}}}".format, _TREES, _TYPED)).map(
    str.encode
)


# --- checks on anything ---


def judged(data: bytes) -> str:
    """A check gives one of the four verdicts of whatever a resource holds, and the quick way gives the same."""
    try:
        said = json.loads(data)
        check, types = _checks()[said["check"]], _types()
        case = Case({"id": "x", "name": "x", "account": "1", "region": "r", **said["resource"]}, dict(said["related"]))
        example = examples_of(check.check)[0]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "no case"
    if not _shaped(case):
        return "no case"
    found = verdict(check, types, example, case)
    if found.verdict not in ("pass", "fail", "unknown", "not_applicable") or (found.verdict == "unknown") != bool(
        found.reason
    ):
        raise Wrong("it is no verdict, or one without a reason")
    if word(check, types, example, case) != found.verdict:
        raise Wrong("the quick way gives another verdict")
    return found.verdict


def _shaped(case: Case) -> bool:
    """Whether it could be resources: objects with text for what identifies them, as the runner holds them to."""
    rows = [case.resource, *(row for rows in case.related.values() if isinstance(rows, list) for row in rows)]
    return all(isinstance(rows, list) for rows in case.related.values()) and all(
        isinstance(row, dict)
        and all(isinstance(row.get(name), str) for name in ("id", "name", "account", "region"))
        and isinstance(row.get("tags", {}), (dict, type(None)))
        for row in rows
    )


@cache
def _types() -> dict[str, ResourceSchema]:
    return load_types(find().schemas)


@cache
def _checks() -> dict[str, CompiledCheck]:
    return {check.check.id: check for check in compile_checks(load_checks(find(), []).values(), _types())}


@cache
def _cases() -> tuple[bytes, ...]:
    """The examples of all checks."""
    rows = []
    for name, check in _checks().items():
        for example in examples_of(check.check):
            case = case_of(check.check, example)
            rows.append(
                {
                    "check": name,
                    "resource": dict(case.resource),
                    "related": {k: list(v) for k, v in case.related.items()},
                }
            )
    return tuple(json.dumps(row).encode() for row in rows)


TARGETS: Final = (
    Target("cel", _expressions, expression, _GRAMMAR, tuple(name.encode() + b"(" for name in _CALLS), seconds=3.0),
    Target("checks", _cases, judged, seconds=3.0),
)
