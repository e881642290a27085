"""Values, failures, missing paths and traces on given data, the same from both evaluators."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.expressions import Failed, Program, Trace, compile, path_text
from engine.expressions.functions import Function
from engine.expressions.types import (
    BOOL,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    Nullable,
    ObjectType,
    parse_type,
)

RULE = ObjectType(
    "Rule",
    {
        "protocol": Nullable(STRING),
        "from_port": Nullable(INT),
        "to_port": Nullable(INT),
        "cidrs": ListType(STRING),
        "since": TIMESTAMP,
    },
)
VARIABLES = {
    "resource": ObjectType(
        "Thing",
        {
            "algorithm": Nullable(STRING),
            "public": BOOL,
            "count": INT,
            "created": TIMESTAMP,
            "used": Nullable(TIMESTAMP),
            "times": ListType(TIMESTAMP),
            "rules": ListType(RULE),
            "hosts": ListType(STRING),
            "tags": MapType(STRING, STRING),
            "policy": DYN,
        },
    ),
    "trails": ListType(ObjectType("Trail", {"is_logging": BOOL, "regions": ListType(STRING)})),
    "params": ObjectType("params", {"age": parse_type("duration"), "limit": INT, "allowed": ListType(STRING)}),
    "times": MapType(STRING, TIMESTAMP),
    "now": TIMESTAMP,
}
NOW = "2026-11-22T00:00:00Z"


def rule(port: Any, *cidrs: str, **other: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": port, "to_port": port, "cidrs": list(cidrs), "since": NOW, **other}


def evaluated(source: str, expected: Any = BOOL, **variables: Any) -> Any:
    """The value, after having seen that the interpreter says the same."""
    program: Program = compile(source, VARIABLES, expected)
    everything = {
        "now": NOW,
        "times": {"a": "2026-01-01T00:00:00Z"},
        "params": {"age": "2160h", "limit": 3, "allowed": ["a"]},
        **variables,
    }
    before = json.dumps(everything, default=str)
    value = program.evaluate(everything)
    assert value == program.interpret(everything)
    assert type(value) is type(program.interpret(everything))
    assert json.dumps(everything, default=str) == before, "an evaluation changed its data"
    return value


TRUE_OR_FALSE = [
    # absorption: an error on one side does not matter where the other decides
    ("resource.public || true", {}, True),
    ("true || resource.public", {}, True),
    ("resource.public && false", {}, False),
    ("resource.algorithm == 'x' && resource.count == 1 && false", {}, False),
    ("[{}, {'v': 1}].exists(x, x.v == 1)", {}, True),
    ("resource.rules.exists(r, r.from_port == 22)", {"rules": [{}, rule(22)]}, True),
    ("resource.rules.all(r, r.from_port == 22)", {"rules": [{}, rule(443)]}, False),
    ("resource.public ? resource.count == 1 : false", {"public": False}, False),
    # null is a value: unequal to everything else, and never ordered
    ("resource.algorithm == null", {"algorithm": None}, True),
    ("resource.algorithm == 'aws:kms'", {"algorithm": None}, False),
    ("resource.algorithm in ['aws:kms']", {"algorithm": None}, False),
    ("resource.algorithm in params.allowed", {"algorithm": None}, False),
    ("resource.used == null || resource.used < now", {"used": None}, True),
    # times are text in the data and moments in the language
    ("resource.created < now", {"created": "2026-11-21T23:59:59.999999999Z"}, True),
    ("resource.created == timestamp('2026-11-22T01:00:00+01:00')", {"created": NOW}, True),
    ("now - resource.created > days(90)", {"created": "2026-08-23T23:59:59Z"}, True),
    ("now - resource.created > days(90)", {"created": "2026-08-24T00:00:00Z"}, False),
    ("now - resource.created > params.age", {"created": "2026-08-23T23:59:59Z"}, True),
    ("resource.created > now - days(1)", {"created": "2026-11-21T00:00:01Z"}, True),
    ("resource.times.all(t, t.getFullYear() == 2026)", {"times": [NOW, "2026-01-01T00:00:00Z"]}, True),
    ("resource.times[0] in resource.times", {"times": ["2026-01-01T00:00:00Z", NOW]}, True),
    ("timestamp('2026-11-22T01:00:00+01:00') in resource.times", {"times": [NOW]}, True),
    ("resource.rules.exists(r, r.since <= now)", {"rules": [rule(1)]}, True),
    ("size(resource.times) == 1", {"times": ["no time at all"]}, True),
    # positions and sizes count characters, whatever their bytes
    ("size(resource.algorithm) == 5", {"algorithm": "πέντε"}, True),
    # maps
    ("has(resource.tags.owner)", {"tags": {"owner": ""}}, True),
    ("has(resource.tags.owner)", {"tags": {}}, False),
    ("resource.tags.exists(key, key.startsWith('o'))", {"tags": {"owner": ""}}, True),
    ("resource.policy.Statement[0].Effect == 'Allow'", {"policy": {"Statement": [{"Effect": "Allow"}]}}, True),
    ("resource.policy == {'a': [1, true]}", {"policy": {"a": [1, True]}}, True),
    # true is not 1, in any place
    ("resource.count == 1", {"count": True}, False),
    ("resource.count != 1", {"count": True}, True),
    ("resource.count == 0", {"count": False}, False),
    ("resource.count in [1]", {"count": True}, False),
    ("resource.algorithm in resource.hosts", {"algorithm": True, "hosts": [1]}, False),
    ("resource.policy == {'a': [1, true]}", {"policy": {"a": [True, 1]}}, False),
    ("resource.policy == 1", {"policy": 1}, True),
    ("resource.policy == 1.0", {"policy": 1}, True),
    ("dyn(1u) == dyn(1)", {}, True),
    ("{true: 1, 1: 2}[true] == 1", {}, True),
    # types that are only known when the data is there
    ("resource.policy.exists(h, h == 'a')", {"policy": ["b", "a"]}, True),
    ("resource.policy.exists(h, h == 'a')", {"policy": {"a": 1}}, True),
    ("resource.policy[1] == 'a' && resource.policy[1.0] == 'a'", {"policy": ["b", "a"]}, True),
    ("resource.policy < 3 && resource.policy + 1 < 3.5", {"policy": 2}, True),
    ("resource.policy in resource.hosts", {"policy": "a", "hosts": ["a"]}, True),
    ("times['a'] < now && times == {'a': resource.created}", {"created": "2026-01-01T00:00:00Z"}, True),
    ("duration('1h') < params.age && params.age == days(90)", {}, True),
    ("string(1e20) == '100000000000000000000' && string(1e21) == '1e+21'", {}, True),
    ("timestamp('0001-01-01T00:00:00Z').getHours('+01:00') == 1", {}, True),
]


@pytest.mark.parametrize(("source", "resource", "value"), TRUE_OR_FALSE)
def test_an_expression_has_its_value(source: str, resource: dict[str, Any], value: bool) -> None:
    assert evaluated(source, resource=resource) is value


MISSING = [
    ("resource.public", {}, [("resource", "public")]),
    ("!resource.public", {}, [("resource", "public")]),
    ("resource.public || false", {}, [("resource", "public")]),
    ("resource.public && resource.count == 1", {"public": True}, [("resource", "count")]),
    ("resource.public && resource.count == 1", {}, [("resource", "public"), ("resource", "count")]),
    ("resource.algorithm == resource.tags.x", {}, [("resource", "algorithm"), ("resource", "tags")]),
    ("resource.tags.owner == 'a'", {"tags": {}}, [("resource", "tags", "owner")]),
    ("resource.tags[resource.hosts[0]] == 'a'", {"tags": {}, "hosts": ["a b"]}, [("resource", "tags", "a b")]),
    ("resource.policy.Statement[1].Effect == 'Allow'", {"policy": {"Statement": [{}, {}]}},
     [("resource", "policy", "Statement", 1, "Effect")]),
    ("resource.rules.exists(r, '0.0.0.0/0' in r.cidrs)", {"rules": [{}, rule(22), {}]},
     [("resource", "rules", 0, "cidrs"), ("resource", "rules", 2, "cidrs")]),
    ("resource.rules.filter(r, r.protocol == 'tcp').all(x, x.from_port == 1)",
     {"rules": [rule(1, protocol="udp"), {"protocol": "tcp"}]}, [("resource", "rules", 1, "from_port")]),
    ("resource.rules.map(r, r.cidrs)[1].exists(c, c == '')", {"rules": [rule(1), {}]},
     [("resource", "rules", 1, "cidrs")]),
    ("([resource.rules[1]] + resource.rules).all(r, r.from_port == 1)", {"rules": [rule(1), {}]},
     [("resource", "rules", 1, "from_port")]),
    ("resource.rules.all(r, trails.exists(t, t.is_logging && r.from_port == 1))", {"rules": [{}]},
     [("resource", "rules", 0, "from_port"), ("trails", 1, "is_logging")]),
    ("[resource.algorithm, resource.hosts[0]] == []", {}, [("resource", "algorithm"), ("resource", "hosts")]),
    ("resource.hosts[resource.count] == 'a'", {}, [("resource", "hosts"), ("resource", "count")]),
    ("resource.rules.exists_one(r, r.to_port == 1)", {"rules": [rule(1), {}]}, [("resource", "rules", 1, "to_port")]),
    ("resource.public ? true : resource.count == 1", {}, [("resource", "public")]),
    ("size(unknowns) == 0", {}, [("unknowns",)]),
    ("unknowns.exists(u, u == 1) || resource.public", {}, [("unknowns",), ("resource", "public")]),
    ("net.openPorts(resource.rules, ['tcp'], [22]) == []", {"rules": [rule(22), {"protocol": "tcp"}]}, None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "resource", "missing"), MISSING)
def test_a_failure_names_the_real_path_of_every_key_that_was_missing(
    source: str, resource: dict[str, Any], missing: list[tuple[str | int, ...]] | None
) -> None:
    trails = [{"is_logging": True}, {"regions": []}, {"is_logging": False}]
    program = compile(source, {**VARIABLES, "unknowns": ListType(INT)})
    value = program.evaluate({"now": NOW, "resource": resource, "trails": trails})
    assert isinstance(value, Failed)
    if missing is None:
        # The function names the keys below its argument, and the evaluator puts the argument's path in front.
        assert {path[:3] for path in value.missing} == {("resource", "rules", 1)}
    else:
        assert list(value.missing) == missing


ERRORS = {
    "resource.algorithm.startsWith('aws')": "startsWith() does not take (null, string)",
    "resource.count > 1": "'>' does not take (string, int)",
    "resource.public": "the result is int, not bool",
    "resource.public && true": "expected a bool, found int",
    "resource.hosts[1] == 'a'": "position 1 is outside of a list of 1",
    "resource.hosts[resource.hosts.size() - 2] == 'a'": "position -1 is outside of a list of 1",
    "resource.created < now": "'yesterday' is not an RFC 3339 date and time",
    "resource.times.exists(t, t < now)": "expected a date and time, found int",
    "resource.used - now > days(1)": "'-' does not take (null, timestamp)",
    "resource.rules.all(r, true)": "all() takes a list or a map, not null",
    "resource.policy.a == 1": "string has no property 'a'",
    "has(resource.policy.a)": "has() takes a map, not string",
    "'a' in resource.policy": "'in' takes a list or a map, not string",
    "resource.policy.exists(x, x == 1)": "exists() takes a list or a map, not string",
    "{resource.policy: 1, 'text': 2} == {}": "the key 'text' is in the map twice",
    "{dyn(1.5): 1} == {}": "double cannot be the key of a map",
    "timestamp('0001-01-01T00:00:00Z').getHours('-01:00') == 23": "the timestamp is not in the years 1 to 9999 there",
    "params.limit == params.limit && params.age > days(1)": "expected a duration, found int",
    "1 / (size(resource.hosts) - 1) > 0": "division by zero",
    "9223372036854775807 + size(resource.hosts) > 0": "the integer does not fit into 64 bits",
    "timestamp(resource.policy) < now": "'text' is not an RFC 3339 date and time",
    "resource.algorithm in resource.rules.map(r, r.protocol)": "map() takes a list or a map, not null",
    "'a'.matches(resource.policy + '(')": "not a regular expression of RE2: missing ): text(",
    "now.getHours(resource.policy) == 1": "'text' is not a time zone such as +02:00 or Europe/Paris",
    "'%d'.format([resource.policy]) == ''": "%d takes an integer, not string",
    "ip(resource.policy).family() == 4": "'text' is not an IP address",
}
BROKEN = {
    "algorithm": None,
    "public": 1,
    "count": "1",
    "created": "yesterday",
    "used": None,
    "times": [5],
    "rules": None,
    "hosts": ["a"],
    "policy": "text",
}


@pytest.mark.parametrize("source", ERRORS)
def test_what_is_not_missing_and_yet_wrong_fails_with_a_reason(source: str) -> None:
    assert evaluated(source, resource=BROKEN, params={"age": 5, "limit": 1}) == Failed(ERRORS[source])


TRACES = [
    (
        "!resource.rules.exists(r, r.from_port <= 22 && r.to_port >= 22 && '0.0.0.0/0' in r.cidrs)",
        {"rules": [rule(443), rule(22, "0.0.0.0/0"), rule(1)]},
        False,
        [
            ("resource.rules[0].from_port", 443),
            ("resource.rules[1].from_port", 22),
            ("resource.rules[1].to_port", 22),
            ("resource.rules[1].cidrs", ["0.0.0.0/0"]),
        ],
    ),
    (
        "resource.algorithm != null && resource.algorithm in params.allowed && resource.public",
        {"algorithm": "AES256", "public": True},
        False,
        [("resource.algorithm", "AES256"), ("params.allowed", ["a"])],
    ),
    ("resource.rules.exists(r, r.from_port == 22)", {"rules": []}, False, [("resource.rules", [])]),
    ("now - resource.created < days(1)", {"created": "2026-01-01T00:00:00Z"}, False,
     [("now", NOW), ("resource.created", "2026-01-01T00:00:00Z")]),
    ("resource.tags['cost center'] == 'x'", {"tags": {"cost center": "y"}}, False,
     [('resource.tags["cost center"]', "y")]),
    ("resource.public || resource.count > 3", {"count": 3}, Failed("resource.public is not there",
     (("resource", "public"),)), [("resource.count", 3)]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "resource", "value", "reads"), TRACES)
def test_a_trace_holds_what_was_read_in_order_and_once(
    source: str, resource: dict[str, Any], value: Any, reads: list[tuple[str, Any]]
) -> None:
    variables = {"resource": resource, "now": NOW, "params": {"allowed": ["a"]}}
    assert compile(source, VARIABLES).trace(variables) == Trace(value, tuple(reads))


def test_a_function_that_meets_a_missing_key_fails_with_the_path_of_its_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ports = Function(
        "rules.ports", (ListType(DYN),), ListType(INT), lambda rules: [rule["from_port"] for rule in rules]
    )
    monkeypatch.setattr("engine.expressions.calls.functions", lambda: {"rules.ports": (ports,)})
    program = compile("22 in rules.ports(resource.rules)", VARIABLES)
    assert program.evaluate({"resource": {"rules": [rule(22)]}}) is True
    message = "rules.ports() needs a key that is not there: 'from_port'"
    assert program.evaluate({"resource": {"rules": [{}]}}) == Failed(message, (("resource", "rules"),))


def test_a_moment_may_be_given_as_a_datetime() -> None:
    moment = datetime(2026, 11, 22, 1, tzinfo=UTC)
    program = compile("now == timestamp('2026-11-22T01:00:00Z')", VARIABLES)
    assert program.evaluate({"now": moment}) is True
    assert program.evaluate({"now": moment.replace(tzinfo=None)}) == Failed("expected a date and time, found object")


def test_a_path_is_written_as_an_expression_would_write_it() -> None:
    assert path_text(("trails", 2, "is_logging")) == "trails[2].is_logging"
    assert path_text(("resource", "tags", 'say "hi"\n')) == 'resource.tags["say \\"hi\\"\\n"]'


def test_evaluations_of_one_program_do_not_touch_each_other() -> None:
    program = compile("resource.hosts + ['b']", VARIABLES, None)
    first = program.evaluate({"resource": {"hosts": ["a"]}})
    first.append("c")
    assert program.evaluate({"resource": {"hosts": ["a"]}}) == ["a", "b"]
    constant = compile("['a']", VARIABLES, None)
    constant.evaluate({}).append("b")
    assert constant.evaluate({}) == ["a"]
