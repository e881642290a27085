"""Patterns with * and ?, against the definition: every text of a small alphabet is tried."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.functions.wildcards import covers, matches, overlaps, surely_covers

PATTERNS = st.text("ab*?", max_size=5)
TEXTS = ["".join(letters) for length in range(7) for letters in itertools.product("abc", repeat=length)]


def defined(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text) is not None


@given(PATTERNS, st.text("abc*?", max_size=8))
def test_a_pattern_matches_as_it_is_defined(pattern: str, text: str) -> None:
    assert matches(pattern, text) is defined(pattern, text)


@given(PATTERNS, PATTERNS)
def test_patterns_overlap_where_a_text_matches_both(one: str, other: str) -> None:
    assert overlaps(one, other) is any(defined(one, text) and defined(other, text) for text in TEXTS)


@given(PATTERNS, PATTERNS)
def test_a_pattern_that_covers_another_matches_all_its_longer_texts(wide: str, narrow: str) -> None:
    longer = [text for text in TEXTS if defined(narrow, text) and len(text) > 5]
    if covers(wide, narrow) and "*" in narrow:
        assert all(defined(wide, text) for text in longer)
    if all(defined(wide, text) for text in TEXTS if defined(narrow, text)):
        assert covers(wide, narrow)


@given(PATTERNS, PATTERNS)
def test_what_surely_covers_matches_all_texts_of_the_other(wide: str, narrow: str) -> None:
    if surely_covers(wide, narrow):
        assert all(defined(wide, text) for text in TEXTS if defined(narrow, text))
