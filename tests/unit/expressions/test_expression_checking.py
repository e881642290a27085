"""What is found when an expression is loaded, and where."""

from __future__ import annotations

import pytest

from engine.errors import ExpressionError
from engine.expressions import compile
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
    from_schema,
    parse_type,
)

RULE = ObjectType("Rule", {"port": INT, "cidrs": ListType(STRING), "since": TIMESTAMP})
BUCKET = ObjectType(
    "AWS::S3::Bucket",
    {
        "encryption_algorithm": Nullable(STRING),
        "is_log_target": BOOL,
        "created": TIMESTAMP,
        "used": Nullable(TIMESTAMP),
        "rules": ListType(RULE),
        "rule": Nullable(RULE),
        "tags": MapType(STRING, STRING),
        "policy": DYN,
        "count": INT,
        "hosts": ListType(STRING),
    },
)
TRAIL = ObjectType("AWS::CloudTrail::Trail", {"is_logging": BOOL, "regions": ListType(STRING)})
VARIABLES = {
    "resource": BUCKET,
    "trails": ListType(TRAIL),
    "params": ObjectType("params", {"algorithms": ListType(STRING), "limit": INT}),
    "now": TIMESTAMP,
}

WRONG = {
    # syntax
    "": "1:1 unexpected end of the expression",
    "resource.count >": "1:17 unexpected end of the expression",
    "resource.count ==\n  )": "2:3 unexpected ')'",
    "(true": "1:6 expected ')', found the end",
    "'abc": "1:1 text without its closing quote",
    "true # comment": "1:6 unexpected '#'",
    "'\\q' == 'q'": "1:1 no such escape in text: \\q",
    "'\\ud800' == ''": "1:1 no such character: \\ud800",
    "b'\\u0041' == b''": "1:1 no such escape in bytes: \\u0041",
    "resource.5 == 1": "1:9 unexpected '.5'",
    "resource.'a' == 1": "1:10 expected a name after '.'",
    "true false": "1:6 unexpected 'false'",
    "!-1 == 1": "1:2 unexpected '-'",
    "9223372036854775808 > 0": "1:1 the number does not fit into 64 bits",
    "package == 1": "1:1 'package' is a reserved word",
    # names
    "resource.encryption_algoritm == 'AES256'": "1:10 AWS::S3::Bucket has no property 'encryption_algoritm'; "
    "did you mean 'encryption_algorithm'?",
    "true &&\n  resource['is_log_targett']": "2:12 AWS::S3::Bucket has no property 'is_log_targett'; "
    "did you mean 'is_log_target'?",
    "resource.rules.all(r, r.prot == 22)": "1:25 Rule has no property 'prot'; did you mean 'port'?",
    "trails.filter(t, t.is_logging).exists(t, t.region == 'x')": "1:44 AWS::CloudTrail::Trail has no property "
    "'region'; did you mean 'regions'?",
    "resourse.count == 1": "1:1 there is no variable 'resourse'; did you mean 'resource'?",
    "resource.rules.all(r, p.port == 22)": "1:23 there is no variable 'p'",
    "resource.hosts.contain('x')": "1:16 there is no function 'contain'; did you mean 'contains'?",
    "sizes(resource.hosts) == 1": "1:1 there is no function 'sizes'; did you mean 'size'?",
    "params.limits > 1": "1:8 params has no property 'limits'; did you mean 'limit'?",
    # types
    "resource.count": "1:10 the expression is int, where bool is needed",
    "resource.encryption_algorithm": "1:10 the expression is string?, where bool is needed",
    "resource.count == 'one'": "1:16 int is never equal to string",
    "resource.count == null": "1:16 int is never null",
    "null != resource.count": "1:6 int is never null",
    "resource.count in ['22']": "1:16 int is never in list<string>",
    "resource.count in 22": "1:16 'in' takes a list or a map, not int",
    "resource.hosts > 1": "1:16 '>' does not take (list<string>, int)",
    "resource.created - 3 > now": "1:18 '-' does not take (timestamp, int)",
    "!resource.count": "1:1 '!' does not take (int); it takes (bool)",
    "resource.is_log_target && resource.count": "1:36 && takes a bool, not int",
    "resource.count ? true : false": "1:10 the condition before '?' takes a bool, not int",
    "(resource.is_log_target ? 1 : 'a') == 1": "1:25 the branches differ in type: int and string",
    "resource.hosts.all(h, h)": "1:23 all() takes a bool, not string",
    "resource.count.all(h, true)": "1:10 all() takes a list or a map, not int",
    "resource.count.startsWith('a')": "1:16 startsWith() does not take (int, string); it takes (string, string)",
    "resource.hosts['a'] == 'b'": "1:16 a list is indexed by int, not by string",
    "resource.tags[1] == 'b'": "1:15 map<string, string> is indexed by string, not by int",
    "resource[params.algorithms[0]] == 1": "1:9 a property of AWS::S3::Bucket is named, not computed",
    "resource.count.port == 1": "1:16 int has no properties, so none is 'port'",
    "{null: 1} == {null: 1}": "1:2 null cannot be the key of a map",
    # what says nothing about a resource
    "has(resource.encryption_algorithm)": "1:1 has() says nothing about AWS::S3::Bucket",
    "resource.rules.all(r, has(r.port))": "1:23 has() says nothing about Rule",
    "has(resource)": "1:1 has() takes one selection such as map.key",
    "resource == resource": "1:10 AWS::S3::Bucket is not compared as a whole",
    "trails == []": "1:8 list<AWS::CloudTrail::Trail> is not compared as a whole",
    "resource.rule in resource.rules": "1:15 Rule is not compared as a whole",
    "'count' in resource": "1:9 'in' takes a list or a map; the properties of AWS::S3::Bucket are known",
    "dyn(resource).count == 1": "1:5 dyn() would hide which properties of AWS::S3::Bucket are read",
    "[resource, 1] != []": "1:1 objects and other values cannot be mixed in a literal",
    "resource.all(key, key != '')": "1:1 all() takes a list or a map, not AWS::S3::Bucket",
    # constants
    "resource.encryption_algorithm.matches('a(')": "1:31 not a regular expression of RE2: missing ): a(",
    "'a'.matches('(a)\\\\1')": "1:5 not a regular expression of RE2: invalid escape sequence: \\1",
    "timestamp('2026-02-30T00:00:00Z') < now": "1:1 timestamp(): '2026-02-30T00:00:00Z' is not a date and time",
    "now - duration('90 days') < resource.created": "1:7 duration(): '90 days' is not a duration",
    "cidr('10.0.0.0/33').containsIP('10.0.0.1')": "1:1 cidr(): '10.0.0.0/33' is not a CIDR range",
    "timestamp('2026-01-01T00:00:00+25:00') < now": "1:1 timestamp(): '2026-01-01T00:00:00+25:00' has no such offset",
    "duration('') > days(1)": "1:1 duration(): '' is not a duration",
    "days(200000) > now - resource.created": "1:1 days(): the duration is longer than 292 years",
}


@pytest.mark.parametrize("source", WRONG)
def test_a_wrong_expression_is_refused_with_line_column_and_reason(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(source, VARIABLES)
    error = caught.value
    assert f"{error.line}:{error.column} {error.message}".startswith(WRONG[source])


RIGHT = [
    "resource.encryption_algorithm in params.algorithms",
    "resource.encryption_algorithm == null || resource.encryption_algorithm.startsWith('aws:')",
    "resource.rule != null && resource.rule.port == 22",
    "resource.used == null || now - resource.used < days(90)",
    "has(resource.tags.owner) && 'owner' in resource.tags",
    "size(trails) > 0 && trails.exists_one(t, t.is_logging)",
    "resource.policy == null || resource.policy.Statement.all(s, s.Effect != 'Allow')",
    "resource.created.getFullYear('Europe/Paris') > 2000",
    "resource.rules.map(r, r.port).all(p, p in [22, 443])",
    "(resource.is_log_target ? null : resource.encryption_algorithm) != null",
    "dyn(1) == dyn('a') || [1, 'a'].exists(x, x == 1)",
    "resource.tags.`cost-center` == '1' || resource.tags['cost center'] == '1'",
    "ip.isCanonical('10.0.0.1') && strings.quote('a') != ''",
    "// a comment\nresource.count + 1 > -1 // and another",
]


@pytest.mark.parametrize("source", RIGHT)
def test_a_right_expression_is_accepted(source: str) -> None:
    assert compile(source, VARIABLES).type == BOOL


def test_any_type_is_accepted_where_none_is_expected() -> None:
    assert compile("resource.rules.map(r, r.cidrs)", VARIABLES, None).type == ListType(ListType(STRING))
    assert compile("resource.tags", VARIABLES, MapType(STRING, DYN)).type == MapType(STRING, STRING)


READS = {
    "resource.encryption_algorithm in params.algorithms": {
        ("resource", "encryption_algorithm"),
        ("params", "algorithms"),
    },
    "trails.exists(t, t.is_logging)": {("trails",), ("trails", "is_logging")},
    "size(trails) > 0": {("trails",)},
    "trails[0].is_logging": {("trails", "is_logging")},
    "size(trails.filter(t, t.is_logging)) > 0": {("trails",), ("trails", "is_logging")},
    "trails.filter(t, t.is_logging).all(x, size(x.regions) > 1)": {
        ("trails",),
        ("trails", "is_logging"),
        ("trails", "regions"),
    },
    "resource.rules.exists(r, r.port == 22)": {("resource", "rules"), ("resource", "rules", "port")},
    "resource.rules[0].since < now": {("resource", "rules", "since"), ("now",)},
    "resource.rule != null": {("resource", "rule")},
    "(resource.is_log_target ? resource.rules[0] : resource.rule).port == 1": {
        ("resource", "is_log_target"),
        ("resource", "rules", "port"),
        ("resource", "rule", "port"),
    },
    "[resource.count, params.limit].all(n, n > 0)": {("resource", "count"), ("params", "limit")},
    "resource.tags[resource.hosts[0]] == 'x'": {("resource", "tags"), ("resource", "hosts")},
    "type(resource) == map": {("resource", field) for field in BUCKET.fields},
    "type(trails[0]) == map": {("trails", field) for field in TRAIL.fields},
    "type(trails.map(t, t)) == list": {("trails", field) for field in TRAIL.fields} | {("trails",)},
    "false && resource.count == 1": {("resource", "count")},
    "has(resource.tags.owner)": {("resource", "tags", "owner")},
    "days(1) > days(2)": set(),
}


@pytest.mark.parametrize("source", READS)
def test_reads_are_what_an_evaluation_may_need(source: str) -> None:
    assert compile(source, VARIABLES).reads == frozenset(READS[source])


TYPES = {
    "bool": BOOL,
    " list< string > ": ListType(STRING),
    "map<string, list<int?>>": MapType(STRING, ListType(Nullable(INT))),
    "timestamp?": Nullable(TIMESTAMP),
    "dyn?": DYN,
}


@pytest.mark.parametrize("text", TYPES)
def test_a_type_is_read_from_text(text: str) -> None:
    assert parse_type(text) == TYPES[text]
    assert parse_type(str(TYPES[text])) == TYPES[text]


@pytest.mark.parametrize(
    "text", ["", "text", "list", "list<", "list<string", "list<string>>", "int int", "map<int>", "<" * 999]
)
def test_text_that_names_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a type"):
        parse_type(text)


def test_a_resource_schema_is_an_object_type() -> None:
    text = {"type": "string"}
    schema = {
        "title": "AWS::S3::Bucket",
        "type": "object",
        "properties": {
            "algorithm": {"type": ["string", "null"]},
            "count": {"type": "integer"},
            "enabled": {"type": "boolean"},
            "created": {"type": "string", "format": "date-time"},
            "used": {"type": ["string", "null"], "format": "date-time"},
            "hosts": {"type": "array", "items": text},
            "rules": {"type": "array", "items": {"type": "object", "properties": {"port": {"type": "integer"}}}},
            "tags": {"type": "object", "additionalProperties": text},
            "policy": {"type": ["object", "null"]},
            "anything": {},
            "nothing": {"type": "null"},
        },
    }
    assert from_schema(schema) == ObjectType(
        "AWS::S3::Bucket",
        {
            "algorithm": Nullable(STRING),
            "count": INT,
            "enabled": BOOL,
            "created": TIMESTAMP,
            "used": Nullable(TIMESTAMP),
            "hosts": ListType(STRING),
            "rules": ListType(ObjectType("object", {"port": INT})),
            "tags": MapType(STRING, STRING),
            "policy": DYN,
            "anything": DYN,
            "nothing": parse_type("null"),
        },
    )


@pytest.mark.parametrize("schema", [{"type": "number"}, {"type": ["string", "integer"]}])
def test_a_schema_that_resources_do_not_have_is_refused(schema: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        from_schema(schema)
