"""Masks of a plan: what mirrors a value and marks what is unknown or sensitive in it ("JSON Output Format")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_mask(mask: Any) -> bool:
    """Whether a value has the form of a mask."""
    if isinstance(mask, dict):
        return all(map(is_mask, mask.values()))
    return all(map(is_mask, mask)) if isinstance(mask, list) else isinstance(mask, bool)


def marks(mask: Any) -> bool:
    """Whether a mask marks anything."""
    if isinstance(mask, Mapping):
        return any(marks(item) for item in mask.values())
    if isinstance(mask, list):
        return any(marks(item) for item in mask)
    return mask is True


def stands_there(mask: Any, value: Any) -> bool:
    """Whether something that a mask marks as unknown stands in a value all the same.

    What is unknown is left out of an object, and is null in a list; a mask has the shape of its value.
    """
    if not marks(mask):
        return False
    if isinstance(mask, dict) and isinstance(value, dict):
        return any(key in value and stands_there(mark, value[key]) for key, mark in mask.items())
    if isinstance(mask, list) and isinstance(value, list):
        return any(item is not None and stands_there(mark, item) for mark, item in zip(mask, value, strict=False))
    return True
