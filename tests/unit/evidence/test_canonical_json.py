"""Canonical JSON is RFC 8785 within its restriction, and refuses what lies outside."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence.canonical import (
    LARGEST,
    NotCanonicalError,
    decode,
    encode,
    encode_neutral,
    neutral,
    original,
)

text = st.text()
ascii_keys = st.text(st.characters(max_codepoint=127))
integers = st.integers(-LARGEST, LARGEST)
values = st.recursive(
    st.none() | st.booleans() | integers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
)
any_text = st.lists(
    st.characters(exclude_categories=())
    | st.sampled_from(["\\", "\\ud800", "ud800", "%", "%25", "é", "\ud800", "\udfff"]),
    max_size=6,
).map("".join)
any_values = st.recursive(
    st.none() | st.booleans() | integers | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
)


@given(values)
def test_bytes_equal_those_of_rfc8785_and_of_the_standard_library(value: Any) -> None:
    written = encode(value)
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert written == rfc8785.dumps(value) == plain
    assert decode(written) == value


def test_every_character_is_written_as_rfc8785_writes_it() -> None:
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000), 0x1F600, 0x10FFFF)))
    assert encode(everything) == rfc8785.dumps(everything)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1.0, "$"),
        ([1, {"a": -0.0}], "$[1].a"),
        ({"a": [1e300]}, "$.a[0]"),
        (math.nan, "$"),
        ([math.inf], "$[0]"),
        (LARGEST + 1, "$"),
        (-LARGEST - 1, "$"),
        ({"a": 2**80}, "$.a"),
        ({"größe": 1}, "$"),
        ({1: 2}, "$"),
        (["\ud800"], "$[0]"),
        ({"\udfff": 1}, "$"),
        ({"a": b"x"}, "$.a"),
        ({"a": {1, 2}}, "$.a"),
        ([datetime(2026, 1, 1, tzinfo=UTC)], "$[0]"),
        ([Decimal(1)], "$[0]"),
    ],
)
def test_refuses_what_has_no_canonical_form_and_names_the_place(value: Any, place: str) -> None:
    with pytest.raises(NotCanonicalError) as refused:
        encode(value)
    assert str(refused.value).startswith(f"{place}:")


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b'{"a":1}\n',
        b'"\\u0041"',
        b'"\\/"',
        b"1.0",
        b"1e2",
        b"-0",
        b"[1,]",
        b'"\\ud800"',
        b"\xff",
        b"",
        b"9007199254740992",
        b"[" * 100_000,
    ],
)
def test_bytes_in_any_other_form_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonicalError):
        decode(data)


@given(any_values)
def test_neutral_form_is_canonical_and_loses_nothing(value: Any) -> None:
    written = encode(neutral(value))
    assert original(decode(written)) == value
    assert encode_neutral(value) == written


@given(any_text, any_text)
def test_different_text_has_different_neutral_forms(left: str, right: str) -> None:
    assert (neutral(left) == neutral(right)) == (left == right)
    assert (neutral({left: 0}) == neutral({right: 0})) == (left == right)


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("C:\\users\\x", "C:\\users\\x"),
        ("\ud83d", "\\ud83d"),
        ("\\\ud83d", "\\\\\\ud83d"),
        ("\\ud83d", "\\\\ud83d"),
        ("Zoë", "Zoë"),
        ({"Größe": "ß"}, {"Gr%C3%B6%C3%9Fe": "ß"}),
        ({"100%": 1}, {"100%25": 1}),
        ({"\ud800": 1}, {"\\ud800": 1}),
        (MappingProxyType({"a": (1, 2)}), {"a": [1, 2]}),
    ],
)
def test_escapes_are_readable_and_touch_nothing_else(plain: Any, written: Any) -> None:
    assert neutral(plain) == written
