"""From a cell to the value of a property: text, booleans and moments in the source's words, or why it is unread."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from providers.base import Unread
from providers.tables.cells import Illegible, Value
from providers.tables.description import Column
from providers.tables.kinds import Form
from providers.times import instant

_LAST: Final = timedelta(days=1)


def value(cell: Value, form: Form, column: Column, zone: ZoneInfo, place: str) -> str | bool | Unread | None:
    """The value of a cell, null where it says that there is none.

    What cannot be told is unread; the detail names the ``place`` and why, and never what the cell holds.
    """
    if isinstance(cell, Illegible):
        return _unread(place, cell.why)
    said = cell.strip() if isinstance(cell, str) else cell
    if said is None or (isinstance(said, str) and said.casefold() in column.blank):
        return None if form.blank else Unread("missing_attribute", detail=f"{place}: it is blank")
    match form.what:
        case "flag":
            return _flag(said, column, place)
        case "text" | "word" | "address":
            return _text(said, form, place)
        case _:
            return _moment(said, form, column, zone, place)


def _text(said: Value, form: Form, place: str) -> str | Unread:
    if isinstance(said, bool) or not isinstance(said, (str, int)):
        return _unread(place, "neither text nor a whole number")
    text = str(said) if form.what == "text" else str(said).lower()
    # Several in one cell, or what is none, would be joined with nothing, as if nobody had an account.
    if form.what == "address" and re.fullmatch(r"[^\s@,;<>]+@[^\s@,;<>]+", text) is None:
        return _unread(place, "not one address of e-mail")
    return text


def _flag(said: Value, column: Column, place: str) -> bool | Unread:
    if isinstance(said, bool):
        return said
    word = str(said).casefold()
    if word in column.true:
        return True
    return False if word in column.false else _unread(place, "none of the words for true and false")


def _moment(said: Value, form: Form, column: Column, zone: ZoneInfo, place: str) -> str | Unread:
    try:
        found = _parsed(said, column.format) if isinstance(said, str) else said
    except ValueError:
        return _unread(place, f"not written as {column.format or 'ISO 8601 has it'}")
    if isinstance(found, datetime):
        return instant(found if found.tzinfo is not None else found.replace(tzinfo=zone))
    if not isinstance(found, date):
        return _unread(place, "neither a date nor a time")
    try:
        day = found + _LAST if form.what == "end" else found
        return instant(datetime.combine(day, time(), zone).astimezone(UTC))
    except OverflowError:
        return _unread(place, "a date beyond all calendars")


def _parsed(said: str, form: str | None) -> date | datetime:
    if form is None:
        return date.fromisoformat(said) if len(said) <= len("2026-01-31") else datetime.fromisoformat(said)
    found = datetime.strptime(said, form)  # noqa: DTZ007  the description names the zone
    # A format without hours tells a day, and not its midnight.
    return found if any(mark in form for mark in ("%H", "%I", "%c", "%X", "%s")) else found.date()


def _unread(place: str, why: str) -> Unread:
    return Unread("malformed_response", detail=f"{place}: {why}")
