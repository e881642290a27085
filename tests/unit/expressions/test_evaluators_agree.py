"""Properties of generated expressions over generated resources: with keys missing, nulls, and values of wrong types."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.expressions import Failed, compile
from engine.expressions.generator import generated
from engine.expressions.types import BOOL, DYN, INT, STRING, TIMESTAMP, ListType, MapType, Nullable, ObjectType

RULE = ObjectType("Rule", {"name": STRING, "port": INT, "open": BOOL, "cidrs": ListType(STRING), "since": TIMESTAMP})
RESOURCE = ObjectType(
    "Thing",
    {
        "title": STRING,
        "algorithm": Nullable(STRING),
        "enabled": BOOL,
        "count": INT,
        "created": TIMESTAMP,
        "used": Nullable(TIMESTAMP),
        "names": ListType(STRING),
        "numbers": ListType(INT),
        "rules": ListType(RULE),
        "main": Nullable(RULE),
        "tags": MapType(STRING, STRING),
        "document": DYN,
    },
)
VARIABLES = {
    "resource": RESOURCE,
    "others": ListType(RESOURCE),
    "params": ObjectType("params", {"allowed": ListType(STRING), "limit": INT}),
    "now": TIMESTAMP,
}

TEXTS = st.sampled_from(["", "a", "aws:kms", "0.0.0.0/0", "Größe"])
NUMBERS = st.sampled_from([-1, 0, 1, 22, 443, 2**53])
MOMENTS = st.sampled_from(["2026-11-22T00:00:00Z", "2025-01-01T12:00:00.5+02:00", "1999-12-31T23:59:59Z"])
WRONG = st.sampled_from([None, True, 0, 1, "text", "", [], ["a"], {}, {"a": 1}])


def schema_values(type_: Any) -> st.SearchStrategy[Any]:
    """Complete values of a type."""
    if isinstance(type_, Nullable):
        return st.none() | schema_values(type_.type)
    if isinstance(type_, ListType):
        return st.lists(schema_values(type_.element), max_size=3)
    if isinstance(type_, MapType):
        return st.dictionaries(TEXTS, schema_values(type_.value), max_size=2)
    if isinstance(type_, ObjectType):
        return st.fixed_dictionaries({name: schema_values(field) for name, field in type_.fields.items()})
    if type_ == DYN:
        return st.sampled_from([None, 1, "a", ["a", 1], {"a": {"b": [1, True]}}])
    return {STRING: TEXTS, INT: NUMBERS, BOOL: st.booleans(), TIMESTAMP: MOMENTS}[type_]


COMPLETE = st.fixed_dictionaries({name: schema_values(type_) for name, type_ in VARIABLES.items()})


@st.composite
def damaged(draw: st.DrawFn, value: Any, removing_only: bool = False) -> Any:
    """The value with keys of objects missing (never of a map) and, if allowed, with values of wrong types."""

    def visit(value: Any, type_: Any) -> Any:
        if not removing_only and draw(st.integers(0, 24)) == 0:
            return draw(WRONG)
        if isinstance(type_, Nullable):
            return None if value is None else visit(value, type_.type)
        if isinstance(type_, ObjectType):
            kept = [name for name in value if draw(st.integers(0, 5)) != 0]
            return {name: visit(value[name], type_.fields[name]) for name in kept}
        if isinstance(type_, ListType):
            return [visit(item, type_.element) for item in value]
        return value

    return {name: visit(value[name], VARIABLES[name]) for name in value if draw(st.integers(0, 9)) != 0}


def written(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: form.format(*texts))


def expressions(depth: int, scope: str = "resource") -> dict[str, st.SearchStrategy[str]]:
    """Expressions by type. ``scope`` is what a property is read of: a resource or the variable of a macro."""
    rule = scope.startswith("r") and scope != "resource"
    names = {
        "text": ["{}.name"]
        if rule
        else ["{}.title", "{}.algorithm", "{}.tags['a']", "{}.main.name", "{}.rules[0].name"],
        "number": ["{}.port"] if rule else ["{}.count", "{}.main.port", "{}.rules[1].port", "{}.document.a.b[0]"],
        "flag": ["{}.open"] if rule else ["{}.enabled", "{}.main.open", "{}.document.a.b[1]"],
        "time": ["{}.since"] if rule else ["{}.created", "{}.used", "{}.main.since"],
        "texts": ["{}.cidrs"] if rule else ["{}.names", "{}.main.cidrs", "{}.rules.map(x, x.name)"],
    }
    read = {kind: st.sampled_from([form.format(scope) for form in forms]) for kind, forms in names.items()}
    text = st.sampled_from(["'a'", "'aws:kms'", "params.allowed[0]", "string(7)"]) | read["text"]
    number = st.sampled_from(["0", "1", "22", "params.limit", "size(params.allowed)"]) | read["number"]
    time = st.sampled_from(["now", "now - days(90)", "timestamp('2026-01-01T00:00:00Z')"]) | read["time"]
    texts = st.sampled_from(["['a', 'aws:kms']", "params.allowed", "'a,b'.split(',')"]) | read["texts"]
    flag = st.sampled_from(["true", "false"]) | read["flag"]
    if depth == 0:
        return {"text": text, "number": number, "time": time, "texts": texts, "flag": flag}
    inner = expressions(depth - 1, scope)
    order, quantifier = st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["all", "exists", "exists_one"])
    text |= written("({} + {})", inner["text"], inner["text"]) | written("{}.lowerAscii()", inner["text"])
    text |= written("({} ? {} : {})", inner["flag"], inner["text"], inner["text"])
    number |= written("({} {} {})", inner["number"], st.sampled_from("+-*/%"), inner["number"])
    number |= written("size({})", inner["texts"]) | written("{}.indexOf({})", inner["text"], inner["text"])
    texts |= written("{}.filter(x, x != {})", inner["texts"], inner["text"])
    texts |= written("({} + {})", inner["texts"], inner["texts"])
    comparisons = [
        written("({} {} {})", inner["number"], order, inner["number"]),
        written("({} {} {})", inner["time"], order, inner["time"]),
        written("({} - {} < days(30))", inner["time"], inner["time"]),
        written("({} {} {})", inner["text"], st.sampled_from(["==", "!="]), inner["text"]),
        written("(dyn({}) == {})", inner["number"], inner["number"]),
        written("({} in {})", inner["text"], inner["texts"]),
        written("{}.startsWith({})", inner["text"], inner["text"]),
        written("{}.matches('^[a-z:]+$')", inner["text"]),
        written("{}.{}(x, x == {})", inner["texts"], quantifier, inner["text"]),
        st.sampled_from([f"({scope}.open == true)", f"({scope}.port == 1)"])
        if rule
        else st.sampled_from([f"({scope}.used == null)", f"({scope}.main != null)", f"('a' in {scope}.tags)"]),
    ]
    logic = [
        written("({} && {})", inner["flag"], inner["flag"]),
        written("({} || {})", inner["flag"], inner["flag"]),
        written("(!{})", inner["flag"]),
    ]
    flag |= st.one_of(comparisons) | st.one_of(logic)
    if scope == "resource":
        ranges = st.sampled_from(["resource.rules", "resource.rules.filter(r, r.open)", "others[0].rules"])
        flag |= written("{}.{}(r, {})", ranges, quantifier, expressions(depth - 1, "r")["flag"])
        flag |= written("others.{}(o, {})", quantifier, expressions(depth - 1, "o")["flag"])
    return {"text": text, "number": number, "time": time, "texts": texts, "flag": flag}


EXPRESSIONS = expressions(2)["flag"]
quick = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@quick
@given(EXPRESSIONS, st.data())
def test_generated_code_answers_as_the_interpreter_or_not_at_all(source: str, data: st.DataObject) -> None:
    program = compile(source, VARIABLES)
    variables = data.draw(damaged(data.draw(COMPLETE)))
    expected = program.interpret(variables)
    assert program.evaluate(variables) == expected
    assert program.trace(variables).value == expected
    try:
        value = generated(program._tree, BOOL)(variables)
    except Exception:
        return
    assert value is expected


@quick
@given(EXPRESSIONS, st.data())
def test_a_verdict_on_what_was_read_stands_whatever_the_missing_keys_hold(source: str, data: st.DataObject) -> None:
    program = compile(source, VARIABLES)
    complete = data.draw(COMPLETE)
    partial = program.evaluate(data.draw(damaged(complete, removing_only=True)))
    whole = program.evaluate(complete)
    assert isinstance(partial, Failed) or isinstance(whole, Failed) or partial is whole


@quick
@given(EXPRESSIONS, st.data())
def test_reads_name_everything_that_an_evaluation_needs(source: str, data: st.DataObject) -> None:
    program = compile(source, VARIABLES)
    variables = data.draw(damaged(data.draw(COMPLETE), removing_only=True))
    wanted = {path[:2] for path in program.reads}
    narrowed: dict[str, Any] = {}
    for name, value in variables.items():
        if name in ("resource", "params"):
            narrowed[name] = {key: item for key, item in value.items() if (name, key) in wanted}
        elif name == "others":
            narrowed[name] = [{key: item for key, item in one.items() if (name, key) in wanted} for one in value]
        else:
            narrowed[name] = value
        if not any(path[0] == name for path in wanted):
            del narrowed[name]
    assert program.interpret(narrowed) == program.interpret(variables)


@quick
@given(EXPRESSIONS, st.data())
def test_missing_paths_are_paths_that_are_not_there(source: str, data: st.DataObject) -> None:
    variables = data.draw(damaged(data.draw(COMPLETE), removing_only=True))
    value = compile(source, VARIABLES).evaluate(variables)
    for path in value.missing if isinstance(value, Failed) else ():
        place: Any = variables
        for part in path[:-1]:
            place = place[part]
        assert path[-1] not in place
