"""Policy documents as AWS serves them: JSON text, URL-encoded by IAM, into plain values that evidence can hold."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from providers.base import Unread


def document(text: Any, *, quoted: bool = False) -> Any:
    """A policy document as an object; malformed_response where it is not one.

    ``quoted``: URL-encoded, as IAM's answers are. Numbers that are not whole become text, since evidence holds no
    floats. An object with a key twice is malformed, as it is to IAM (User Guide, "Grammar of the IAM JSON policy
    language"): which of the two counts is nothing that the text says.
    """
    try:
        value = json.loads(unquote(text) if quoted else text, parse_float=str, object_pairs_hook=_object)
    except (TypeError, ValueError, RecursionError):
        return Unread("malformed_response", detail="policy document is not JSON")
    return value if isinstance(value, dict) else Unread("malformed_response", detail="policy document is not an object")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value
