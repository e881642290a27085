"""The conformance vectors of the CEL specification, through the interpreter and through the generated code.

In scope are the 14 core files, string_ext and network_ext, less the vectors that carry or name a protobuf type: those
with a value of kind "proto", and those whose expression (blanks and comments left out), container, declarations,
bindings or expected value name something under ``google.protobuf`` or ``cel.expr``. Timestamp and Duration are types
of the language itself, in spite of their protobuf names, and in scope.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import Failed
from engine.expressions.generator import generated
from engine.expressions.parser import parse
from engine.expressions.program import Program, build
from engine.expressions.types import DURATION, TIMESTAMP, parse_type
from engine.expressions.values import SECOND, BoolKey, Duration, Timestamp, TypeName, UInt, key_of

VECTORS = Path(__file__).resolve().parents[3].parent / "shared" / "cel-spec" / "vectors.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="the conformance vectors are not beside the checkout")

CORE = [
    "basic",
    "comparisons",
    "conversions",
    "fields",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "namespace",
    "parse",
    "plumbing",
    "string",
    "timestamps",
]
FILES = (*CORE, "string_ext", "network_ext")
EXCLUDED = json.loads((Path(__file__).parent / "vector_exclusions.json").read_text())

BLANK = re.compile(r"//[^\n]*|\s+")
PROTOBUF_NAME = re.compile(r"(?:google\.protobuf|cel\.expr)\.(?!(?:Timestamp|Duration)\b)")
PROTOBUF_TYPES = {"google.protobuf.Timestamp": TIMESTAMP, "google.protobuf.Duration": DURATION}

READERS: dict[str, Callable[..., Any]] = {
    "int": int,
    "uint": UInt,
    "double": float,
    "string": str,
    "bool": bool,
    "bytes": bytes.fromhex,
    "null": lambda: None,
    "list": lambda items: [read(item) for item in items],
    "map": lambda entries: {key_of(read(key)): read(value) for key, value in entries},
    "ts": lambda seconds, nanos: Timestamp(seconds * SECOND + nanos),
    "dur": lambda seconds, nanos: Duration(seconds * SECOND + nanos),
    "type": TypeName,
}


def read(tagged: list[Any]) -> Any:
    return READERS[tagged[0]](*tagged[1:])


def names_protobuf(vector: dict[str, Any]) -> bool:
    values = json.dumps([vector["b"], vector["exp"], vector["tenv"], vector["fn"]])
    texts = (BLANK.sub("", vector["expr"]), f"{vector['container'] or ''}.", values)
    return '"proto"' in values or any(PROTOBUF_NAME.search(text) for text in texts)


def vectors(file: str) -> dict[str, dict[str, Any]]:
    """The vectors in scope of one file, by name; a name that occurs again has a number."""
    found: dict[str, dict[str, Any]] = {}
    for vector in json.loads(VECTORS.read_text()):
        if vector["file"] == file and not names_protobuf(vector):
            name = f"{file}/{vector['sec']}/{vector['name']}"
            while name in found:
                base, _, number = name.partition("#")
                name = f"{base}#{int(number or 1) + 1}"
            found[name] = vector
    return found


def program(vector: dict[str, Any]) -> Program:
    variables = {name: PROTOBUF_TYPES.get(type_) or parse_type(type_) for name, type_ in vector["tenv"].items()}
    source = vector["expr"]
    return build(source, parse(source), variables, None, container=vector["container"] or "", lenient=vector["nocheck"])


def bindings(vector: dict[str, Any]) -> dict[str, Any]:
    return {name: read(value) for name, value in vector["b"].items()}


def by_interpreter(vector: dict[str, Any]) -> Any:
    return program(vector).interpret(bindings(vector))


def by_program(vector: dict[str, Any]) -> Any:
    return program(vector).evaluate(bindings(vector))


def conforms(vector: dict[str, Any], evaluate: Callable[[dict[str, Any]], Any]) -> bool:
    try:
        value = evaluate(vector)
    except ExpressionError:
        value = Failed("refused")
    if vector["exp"] == ["error"]:
        return isinstance(value, Failed)
    return identical(value, read(vector["exp"]))


def identical(left: Any, right: Any) -> bool:
    """Equal in value and in type, NaN and the sign of zero included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, dict):
        return len(left) == len(right) and all(
            any(identical(key, other) and identical(left[key], right[other]) for other in right) for key in left
        )
    return left == right if isinstance(left, (TypeName, BoolKey)) else repr(left) == repr(right)


@pytest.mark.parametrize("evaluate", [by_interpreter, by_program])
@pytest.mark.parametrize("file", FILES)
def test_every_vector_in_scope_passes_but_for_those_listed(file: str, evaluate: Callable[..., Any]) -> None:
    failing = [name for name, vector in vectors(file).items() if not conforms(vector, evaluate)]
    assert failing == [name for name in vectors(file) if name in EXCLUDED]


def test_scope_and_share_that_passes_are_as_stated() -> None:
    every = json.loads(VECTORS.read_text())
    in_scope = Counter({file: len(vectors(file)) for file in FILES})
    out_of_scope = Counter(vector["file"] for vector in every if vector["file"] in FILES and names_protobuf(vector))
    assert len(every) == 2456
    assert sum(in_scope[file] for file in CORE) == 1094
    assert {file: in_scope[file] for file in ("string_ext", "network_ext")} == {"string_ext": 213, "network_ext": 69}
    assert sum(out_of_scope[file] for file in CORE) == 98
    assert out_of_scope["string_ext"] == 3
    assert 1 - len(EXCLUDED) / in_scope.total() >= 0.99


def test_generated_code_alone_answers_nearly_all_and_none_wrongly() -> None:
    answered, wrong = 0, []
    for file in FILES:
        for name, vector in vectors(file).items():
            if vector["exp"] == ["error"] or name in EXCLUDED:
                continue
            try:
                value = generated(program(vector)._tree, None)(bindings(vector))
            except Exception:
                # Unsure: the interpreter decides.
                continue
            answered += 1
            if not identical(value, read(vector["exp"])):
                wrong.append(name)
    assert wrong == []
    assert answered >= 1_170
