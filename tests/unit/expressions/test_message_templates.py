"""Messages with expressions in them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import template
from engine.expressions.types import BOOL, DYN, INT, STRING, TIMESTAMP, ListType, MapType, Nullable, ObjectType

VARIABLES = {
    "resource": ObjectType(
        "AWS::S3::Bucket",
        {
            "algorithm": Nullable(STRING),
            "public": BOOL,
            "count": INT,
            "created": TIMESTAMP,
            "hosts": ListType(STRING),
            "rules": ListType(ObjectType("Rule", {"port": INT})),
            "tags": MapType(STRING, STRING),
            "policy": DYN,
        },
    ),
    "now": TIMESTAMP,
}
RESOURCE = {
    "algorithm": None,
    "public": True,
    "count": -3,
    "created": "2026-11-22T00:00:00Z",
    "hosts": ["a", "b c"],
    "rules": [{"port": 22}, {}],
    "tags": {"b": "2", "a": "1"},
    "policy": {"Statement": [{"Effect": "Allow", "Principal": None}]},
}
RENDERED = {
    "": "",
    "no expression": "no expression",
    "Encryption is ${resource.algorithm}, public is ${resource.public}.": "Encryption is null, public is true.",
    "${resource.count}${resource.count + 1}": "-3-2",
    "${resource.hosts}": "a, b c",
    "${resource.hosts.filter(h, false)}": "none",
    "${resource.tags}": "a: 1, b: 2",
    "${resource.policy}": "Statement: [{Effect: Allow, Principal: null}]",
    "Since ${resource.created}, ${duration('36h')} ago": "Since 2026-11-22T00:00:00Z, 129600s ago",
    "${resource.rules.map(r, r.port)}": "(not readable)",
    "${resource.rules[0].port} of ${resource.missing}, ${resource.hosts[7]}": "22 of (not readable), (not readable)",
    "Group ${resource.missing} (${resource.missing}) in a VPC": "Group (not readable) in a VPC",
    "Group ${resource.count} (${resource.missing})": "Group -3 (not readable)",
    "${ {'}': '${'}['}'] } $ $5 {x} $${resource.count}": "${ $ $5 {x} ${resource.count}",
    "${'a' + \"}\" + r'\\' }": "a}\\",
    "${2.0} ${1.5} ${b'x'} ${type(1)}": "2 1.5 x int",
}


@pytest.mark.parametrize("source", RENDERED)
def test_a_message_is_rendered_without_the_marks_of_a_programming_language(source: str) -> None:
    variables: dict[str, Any] = {**VARIABLES}
    fields = {**VARIABLES["resource"].fields, "missing": STRING}
    variables["resource"] = ObjectType("AWS::S3::Bucket", fields)
    assert template(source, variables).render({"resource": RESOURCE}) == RENDERED[source]


def test_long_values_are_cut() -> None:
    message = template("[${resource.algorithm}] [${resource.hosts}]", VARIABLES)
    text = message.render({"resource": {"algorithm": "x" * 10_000, "hosts": [str(number) for number in range(1000)]}})
    first, second = text.split("] [")
    assert first == "[" + "x" * 497 + "..."
    assert second == ", ".join(map(str, range(20))) + " and 980 more]"


def test_reads_of_a_message_are_those_of_its_expressions() -> None:
    message = template("${resource.algorithm} ${resource.rules.map(r, r.port)} ${now}", VARIABLES)
    assert message.reads == {
        ("resource", "algorithm"),
        ("resource", "rules"),
        ("resource", "rules", "port"),
        ("now",),
    }


WRONG = {
    "Encryption is ${resource.algoritm}": (
        1,
        26,
        "AWS::S3::Bucket has no property 'algoritm'; did you mean 'algorithm'?",
    ),
    "first line\n  ${resource.count +}": (2, 21, "unexpected '}'"),
    "${resource.count": (1, 17, "unexpected end of the expression"),
    "${resource}": (1, 3, "AWS::S3::Bucket is not printed as a whole: name one of its properties"),
    "${resource.rules}": (1, 3, "list<Rule> is not printed as a whole: name one of its properties"),
    "${'a": (1, 3, "text without its closing quote"),
    "${" * 5000: (1, 3, "unexpected '$'"),
    "x" * 10_001: (1, 1, "a message has at most 10000 characters, this one has 10001"),
}


@pytest.mark.parametrize("source", WRONG, ids=lambda source: source[:20])
def test_a_wrong_message_is_refused_with_its_place_in_the_message(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        template(source, VARIABLES)
    line, column, message = WRONG[source]
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.message.startswith(message)
