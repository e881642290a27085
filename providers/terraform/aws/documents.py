"""Policy documents as planned resources hold them: JSON text."""

from __future__ import annotations

from typing import Any

from providers.aws.documents import document
from providers.terraform.mapping import Attribute


def policy(path: str, default: Any = None, **more: Any) -> Attribute:
    """A property that is the policy document at ``path``; null (or empty) where none is set."""
    return Attribute(path, default, convert=_document, **more)


def _document(text: Any) -> Any:
    # The provider gives "" for a policy that is not there.
    return document(text) if text != "" else None
