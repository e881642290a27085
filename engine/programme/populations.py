"""Populations that an auditor asks for, from the listings that are handed in: who began, who left, which devices.

A listing answers with its rows and where they come from. One that is not whole, is too old, or says not of every row
what decides whether it belongs, answers nothing, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from engine.programme.answers import Holdings, Part, Reference
from engine.programme.requests import Request

# What somebody asks to have been done for each of them, no roster shows.
_DONE: Final = re.compile(r"\b(check|screen|verif|acknowledg|agreement|signed|return|sample)")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which kind of listing holds a population, by which words it is asked for, and what is said of its rows.

    ``property`` is the one whose day puts a row into a window; None: every row is in it.
    """

    listing: str
    property: str | None
    words: str
    said: str


ASKED: Final[Mapping[str, Asked]] = {
    "background_check": Asked(
        "hr.person", "started_at", r"\b(hires?|hired|joiners?|starters?|new employees)\b", "began"
    ),
    "leaver_record": Asked(
        "hr.person", "ended_at", r"\b(terminat\w+|leavers?|left|departed|separat\w+|offboarded)\b", "ended"
    ),
    "device_inventory": Asked("device", None, r"\b(devices?|laptops?|workstations?|endpoints?)\b", "are devices"),
}
"""By the kind of evidence that a request is tied to."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A listing as it was handed in. ``wrong`` is why it is not whole (empty: it is).

    ``days`` holds of each property of its rows the days that they say, None where a row says none; ``unsaid`` how many
    rows nobody can read it of. ``references`` are its file and its description.
    """

    name: str
    kind: str
    system: str
    extracted_on: date
    rows: int
    sha256: str
    files: tuple[Path, ...]
    wrong: str = ""
    days: Mapping[str, Sequence[date | None]] = field(default_factory=dict)
    unsaid: Mapping[str, int] = field(default_factory=dict)


def of_listings(kind: str, request: Request, held: Holdings) -> Part | None:
    """What listings answer to a request for a population; None where none is asked for that they could hold."""
    asked = ASKED.get(kind)
    if asked is None or request.asks != "population":
        return None
    text = request.text.lower()
    found = [row for row in held.listings if row.kind == asked.listing]
    if not re.search(asked.words, text) or _DONE.search(text):
        return None
    if not found:
        return Part("open", f"no listing of {asked.listing} is handed in (docs/tables.md)")
    wrong = [line for row in found for line in _wrong(row, asked, held)]
    starts, ends = held.shown.window
    told = []
    items = 0
    for row in found:
        inside = row.rows
        if asked.property is not None:
            inside = sum(day is not None and starts <= day <= ends for day in row.days[asked.property])
        items += inside
        within = f" between {starts} and {ends}" if asked.property is not None else ""
        told.append(
            f"listing {row.name} of {row.system}, extracted on {row.extracted_on}: "
            f"{inside:,} of {row.rows:,} rows {asked.said}{within}"
        )
    references = tuple(Reference("listing", row.name, row.sha256, row.files) for row in found)
    return Part("stale" if wrong else "answered", "; ".join([*wrong, *told]), references, items)


def _wrong(row: Listed, asked: Asked, held: Holdings) -> Iterator[str]:
    if row.wrong:
        yield row.wrong
    if asked.property is not None and row.unsaid.get(asked.property):
        yield f"{row.name}: {row.unsaid[asked.property]:,} rows do not say when they {asked.said}"
    # Who leaves on the last day is in it.
    if row.extracted_on <= held.at == held.shown.window[1]:
        yield f"{row.name} was extracted on {row.extracted_on}, before the window was over on {held.shown.window[1]}"
