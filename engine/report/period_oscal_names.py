"""Identifiers, properties and texts as OSCAL takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from engine.periods import ControlInPeriod, Failure
from engine.report import period_counts
from engine.report.markdown import prose
from engine.report.safe import safe

NAMESPACE: Final = "urn:auditreel:oscal"
_ROOT: Final = uuid5(NAMESPACE_URL, NAMESPACE)
_TOKEN: Final = re.compile(r"[^A-Za-z0-9._-]")

Document = dict[str, Any]
Name = Callable[..., str]
"""The identifier of what its arguments name."""


def uuid_of(organization: str, *parts: str) -> str:
    """The identifier of what ``parts`` name in an organisation."""
    named = "\x00".join((organization, *parts))
    # Half a character, which JSON can hold, is no UTF-8; its escape is marked, so that no other name has it.
    written = named.encode("utf-8", "backslashreplace").decode()
    return str(uuid5(UUID(str(_ROOT)), written if written == named else f"{written}\x00"))


def failure_uuid(kind: str, failure: Failure, name: Name) -> str:
    """The identifier of what is said of a failure."""
    return name(kind, *map(str, period_counts.key(failure)))


def control_uuid(row: ControlInPeriod, name: Name) -> str:
    """The identifier of what is said of a control."""
    return name("control", row.control.id)


def item_uuid(failure: Failure, name: Name) -> str:
    """The identifier of what failed."""
    return name("item", str(failure.scope), failure.subject.type, failure.subject.id)


def token(name: str) -> str:
    """``name`` as an OSCAL token (an XML name without colons): what none may hold becomes "_"."""
    found = _TOKEN.sub("_", name)
    return found if found[:1].isalpha() else f"_{found}"


def string(value: str) -> str:
    """``value`` as an OSCAL string: one line, not empty, no space at its ends."""
    return safe(value, max(len(value), 1)).strip() or "(empty)"


def text(value: str) -> str:
    """``value`` as OSCAL markup, which is Markdown, in which nothing acts."""
    return prose(value, max(len(value), 1)) or "(empty)"


def props(*pairs: tuple[str, str]) -> list[Document]:
    """Properties in our namespace: (name, value)."""
    return [{"name": name, "ns": NAMESPACE, "value": string(value)} for name, value in pairs]
