"""Patterns with ``*`` (any text) and ``?`` (one character), as IAM writes actions, resources and condition values."""

from __future__ import annotations

import re
from typing import Final

_WILDCARD: Final = re.compile(r"[*?]")
_ANY: Final = "\0"
"""A character that no policy holds: it stands for what a wildcard may match."""


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches all of ``text``. Time is at most the product of the two lengths."""
    wildcard = _WILDCARD.search(pattern)
    if wildcard is None:
        return pattern == text
    at = position = wildcard.start()
    if pattern[:at] != text[:position]:
        return False
    star, resume = -1, 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[position]):
            at += 1
            position += 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return pattern.count("*", at) == len(pattern) - at


def covers(wide: str, narrow: str) -> bool:
    """Whether ``wide`` matches all that ``narrow`` matches, a ``*`` in ``narrow`` being taken as a long text.

    A ``wide`` without ``?`` covers for certain; with ``?`` it may miss texts shorter than itself, so that "covers" errs
    towards true. Use :func:`surely_covers` where that side is the dangerous one.
    """
    return matches(wide, narrow.replace("*", _ANY * (len(wide) + 1)).replace("?", _ANY))


def surely_covers(wide: str, narrow: str) -> bool:
    """As :func:`covers`, and false where it is not certain."""
    return "?" not in wide and covers(wide, narrow)


def overlaps(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    other = re.sub(r"\*+", "*", other)
    places: dict[str, int] = {}
    for position, character in enumerate(other):
        places[character] = places.get(character, 0) | 1 << position
    stars, end = places.get("*", 0), 1 << len(other)
    wild = stars | places.get("?", 0)
    # Bit n of reached: the characters of `one` so far can be met by the first n of `other`.
    reached = 1 | (stars & 1) << 1
    for character in one:
        if character == "*":
            reached = (end << 1) - (reached & -reached)
            continue
        met = reached & (end - 1 if character == "?" else wild | places.get(character, 0))
        reached = (met & ~stars) << 1 | met & stars
        reached |= (reached & stars) << 1
    return bool(reached & end)
