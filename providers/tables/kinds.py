"""Kinds of listings: the resource type that a row becomes, and the form of each of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

LISTING: Final = "listing"
"""The resource type of a listing as a whole."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a property is read from a cell.

    "text" as it stands; "word" in lower case, and "address" as one address of e-mail in lower case, since both are
    joined without regard to case; "flag" as a boolean; "start" and "end" as a moment: of a date alone the day's
    beginning, or its end. ``blank``: a blank cell says that there is none (null); else it is missing.
    """

    what: Literal["text", "word", "address", "flag", "start", "end"]
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of listing. ``days`` is how old an extraction may be before it says nothing of today."""

    type: str
    days: int
    forms: Mapping[str, Form]


_IDENTITY: Final[Mapping[str, Form]] = {"id": Form("text"), "name": Form("text")}

# Of a date alone that moment is taken which favours the one who is judged least: an approval counts from the end of its
# day, an account from the beginning. Only the last day at work is a whole one.
KINDS: Final[Mapping[str, Kind]] = {
    kind.type: kind
    for kind in (
        Kind(
            "hr.person",
            31,
            {
                **_IDENTITY,
                "email": Form("address"),
                "username": Form("word", blank=True),
                "started_at": Form("start", blank=True),
                "ended_at": Form("end", blank=True),
            },
        ),
        Kind(
            "idp.account",
            31,
            {
                **_IDENTITY,
                "email": Form("address", blank=True),
                "enabled": Form("flag"),
                "created_at": Form("start"),
                "disabled_at": Form("end", blank=True),
            },
        ),
        Kind(
            "ticket",
            31,
            {
                **_IDENTITY,
                "email": Form("address"),
                "topic": Form("word", blank=True),
                "approved_at": Form("end", blank=True),
                "approved_by": Form("word", blank=True),
            },
        ),
        Kind(
            "device",
            92,
            {
                **_IDENTITY,
                "owner": Form("address", blank=True),
                "encrypted": Form("flag"),
                "in_use": Form("flag", blank=True),
            },
        ),
    )
}
"""By resource type. A person is joined to the rest by the address at work."""
