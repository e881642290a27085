"""Dates as people write them into lists. One that can be read two ways is not guessed: its column decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final

Reader = Callable[[str], tuple[date | None, str | None]]
"""Gives the date that a text is, or why it is none; neither where it is blank."""

_NUMBERS: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_FORMS: Final = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d %Y",
    "%b %d %Y",
    "%d-%b-%Y",
    "%d-%B-%Y",
    "%d-%b-%y",
)


def reader(column: Iterable[str], order: str | None = None) -> Reader:
    """What reads the dates of a column. ``order`` ("day" or "month" first) decides where the column does not."""
    pairs = [(int(found[1]), int(found[2])) for text in column if (found := _NUMBERS.match(text.strip()))]
    day_first = any(first > 12 for first, _ in pairs)
    month_first = any(second > 12 for _, second in pairs)
    if order is None and day_first != month_first:
        order = "day" if day_first else "month"

    def read(text: str) -> tuple[date | None, str | None]:
        plain = " ".join(text.replace(",", " ").split())
        if not plain:
            return None, None
        found = _NUMBERS.match(plain)
        if found is None:
            return _spelled(plain)
        first, second, year = (int(part) for part in found.groups())
        if order is None and first != second:
            return None, f"the date {text} can be read two ways; say which with --dates day or --dates month"
        day, month = (first, second) if order == "day" else (second, first)
        try:
            return date(year + 2000 if year < 100 else year, month, day), None
        except ValueError:
            return None, f"{text} is no date"

    return read


def _spelled(text: str) -> tuple[date | None, str | None]:
    # What a spreadsheet or a portal adds to a date is a time.
    plain = re.sub(r"[T ]\d{1,2}:\d{2}.*$", "", text)
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", plain)
    for form in _FORMS:
        try:
            return datetime.strptime(plain, form).date(), None  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None, f"{text} is no date that is understood"
