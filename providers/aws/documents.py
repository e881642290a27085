"""Policy documents as AWS serves them: JSON text, URL-encoded by IAM, into plain values that evidence can hold."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from providers.base import Unread


def document(text: Any, *, quoted: bool = False) -> Any:
    """A policy document as an object; malformed_response where it is not one.

    ``quoted``: URL-encoded, as IAM's answers are (botocore decodes most, but not all). Numbers that are not whole
    become text, since evidence holds no floats.
    """
    if isinstance(text, dict):
        return text
    try:
        value = json.loads(unquote(text) if quoted else text, parse_float=str)
    except (TypeError, ValueError, RecursionError):
        return Unread("malformed_response", detail="policy document is not JSON")
    return value if isinstance(value, dict) else Unread("malformed_response", detail="policy document is not an object")
