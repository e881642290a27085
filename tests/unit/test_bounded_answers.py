"""Answers for a model: nothing in them acts, nothing is without an end, and nothing is missing in silence."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.report.safe import safe
from engine.serve.bounded import LONGEST, MOST, SHORT, TOLD, WHOLE, Altered, bounded

TEXTS = st.text(st.characters(), max_size=30) | st.sampled_from(["\x1b[2J", "a\u202eb", "\n::error::x", "\ud800", "~/"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


def pairs(before: Any, after: Any) -> list[tuple[Any, Any]]:
    """Every scalar with what is shown of it; shapes must be the same."""
    if isinstance(before, dict):
        assert len(before) == len(after)
        return [pair for row in zip(before.items(), after.items(), strict=True) for pair in pairs([*row[0]], [*row[1]])]
    if isinstance(before, list):
        assert len(before) == len(after)
        return [pair for row in zip(before, after, strict=True) for pair in pairs(*row)]
    return [(before, after)]


@given(VALUES)
def test_nothing_acts_and_nothing_is_missing_in_silence(value: Any) -> None:
    found = bounded(value)
    json.dumps(found.value, ensure_ascii=False).encode()
    differing = 0
    for before, after in pairs(value, found.value):
        if isinstance(before, str):
            assert after.rstrip("'") == safe(before, LONGEST).rstrip("'")
            assert safe(after, 10 * LONGEST) == after
            differing += safe(before, LONGEST) != before
        else:
            assert after is before
    assert found.count == differing
    assert len(found.altered) == min(differing, TOLD)


def test_what_is_too_long_is_cut_and_told_with_its_place_and_its_length() -> None:
    value = {
        "rows": [{"id": "x" * (LONGEST + 1)}],
        "many": list(range(MOST + 1)),
        "map": dict.fromkeys(map(str, range(500))),
    }
    found = bounded(value)
    assert found.altered == (
        Altered("/rows/0/id", "shortened", LONGEST + 1),
        Altered("/many", "cut", MOST + 1),
        Altered("/map", "cut", 500),
    )
    assert found.value["rows"][0]["id"].endswith(f"({LONGEST + 1:,} characters)")
    assert (found.value["many"], len(found.value["map"])) == (list(range(MOST)), MOST)


def test_the_whole_has_an_end_and_still_every_list_begins() -> None:
    text = "y" * LONGEST
    found = bounded({"first": [text] * MOST, "second": [text, text], "third": {"inner": text}})
    assert len(json.dumps(found.value)) < 1.1 * WHOLE
    assert found.altered[0] == Altered("/first", "cut", MOST)
    assert found.altered[1:] == (
        Altered("/second/0", "shortened", LONGEST),
        Altered("/second", "cut", 2),
        Altered("/third/inner", "shortened", LONGEST),
    )
    assert found.value["third"]["inner"] == f"{'y' * (SHORT // 2)}…{'y' * (SHORT // 2)} ({LONGEST:,} characters)"


def test_two_names_that_look_alike_both_stand() -> None:
    found = bounded({"\x1b": 1, "\\x1b": 2, "\\x1b'": 3})
    assert found.value == {"\\x1b": 1, "\\x1b'": 2, "\\x1b''": 3}
