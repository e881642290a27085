"""The words that only the pages have: dates and moments as they stand in a sentence, what a state of the chart means.

What every format says is in :mod:`engine.report.period_words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from engine.periods import Change, Failure, Moment, Period
from engine.report import period_words

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

MEANS: Final[Mapping[str, str]] = {
    "ran": "everything that was selected was judged",
    "partly": "a part was not judged",
    "did_not_run": "no sealed run, so nothing was observed",
    "not_retained": "a run was sealed, and what it holds is not kept any more",
    "not_in_force": "not selected, or the scope was not there",
}
"""What a night's state means."""

COUNTS: Final[Mapping[str, str]] = {
    "deviations": "deviations by the control's rule",
    "undecided": "not decided by a rule",
    "within_limit": "within the control's limit",
}
"""How failures count, by the names of :class:`engine.report.period_counts.Totals`; what needs somebody first."""

_EXACT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d.*)?Z")


def day(text: str) -> str:
    """A date for people: "4 March 2025"."""
    at = date.fromisoformat(text[:10])
    return f"{at.day} {month(at)} {at.year}"


def month(at: date) -> str:
    """The month's name."""
    return _MONTHS[at.month - 1]


def clock(as_of: str) -> str:
    """A moment to the minute, UTC: "2025-03-04 02:00"; as it is where it is no RFC 3339 UTC time."""
    return f"{as_of[:10]} {as_of[11:16]}" if _EXACT.fullmatch(as_of) else as_of


def seconds(as_of: str) -> float:
    """A moment as seconds since 1970. Raises ValueError where it is none."""
    return datetime.fromisoformat(as_of).timestamp()


def span(period: Period) -> str:
    """From when to when."""
    return f"At {day(period.ends)}" if period.type_ == 1 else f"{day(period.starts)} to {day(period.ends)}"


def change(of: Change) -> str:
    """What kind of thing changed."""
    return "parameter of a check" if of.kind == "parameter" else of.kind


def counting(failure: Failure) -> str:
    """How a failure counts: one of :data:`COUNTS`."""
    if failure.deviation is None:
        return "undecided"
    return "deviations" if failure.deviation else "within_limit"


def bounds(failure: Failure) -> str:
    """A failure's bounds as a sentence, for who does not see its bar."""
    good = "" if failure.last_good is None else f"last good {moment(failure.last_good)}, "
    then = "" if failure.first_good is None else f", first good {moment(failure.first_good)}"
    return (
        f"{good}first bad {moment(failure.first_bad)}, last bad {moment(failure.last_bad)}{then}; "
        f"{period_words.ENDED[failure.ended]}"
    )


def moment(of: Moment) -> str:
    """A frame's time, to the minute."""
    return clock(of.as_of)
