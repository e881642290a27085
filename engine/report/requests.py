"""An auditor's requests as they stand: on a screen, as JSON, and as the sheets that XLSX and CSV write."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.programme.answers import STATES, Answer, Reference
from engine.programme.requests import OURS, Request, RequestList
from engine.report import Options, layout
from engine.report.csv import cell
from engine.report.layout import Page, Style, counted
from engine.report.period_sheet import Column, Row, Sheet, sheet
from engine.report.safe import safe

_WORDS: Final[dict[str, tuple[str, Style]]] = {
    "open": ("OPEN", "red"),
    "stale": ("STALE", "yellow"),
    "answered": ("answered", "green"),
}
_OURS_WIDE: Final = (17, 48, 74, 20, 32, 20)
_SHORT, _LONG = 8, 44
"""Characters of the narrowest and of the widest column of the auditor's."""
_CUT: Final = 31
"""Characters that the name of a sheet can have."""


def render(
    of: RequestList,
    answers: Sequence[Answer],
    organization: str,
    on: date,
    said: str,
    form: str,
    options: Options,
    states: Sequence[str] = STATES,
) -> str:
    """Every answer of one of the ``states``, what is open first, as text or, with ``form`` "json", as JSON.

    ``said`` is what was read of the runs, or why nothing was.
    """
    shown = [row for state in reversed(STATES) if state in states for row in answers if row.state == state]
    counts = {state: sum(row.state == state for row in answers) for state in STATES}
    if form == "json":
        rows = [_json(row) for row in shown]
        document = {
            "list": of.id,
            "organization": organization,
            "on": on,
            "runs": said,
            "counts": counts,
            "requests": rows,
        }
        return json.dumps(document, default=str, indent=2) + "\n"
    page = layout.page(options)
    tied = sum(bool(row.parts) for row in answers)
    lines = [page.heading(f"Requests: {safe(of.id)}, {safe(organization)}", f"on {on}")]
    told = ", ".join(f"{counts[state]:,} {state}" for state in reversed(STATES))
    lines += page.labelled("", f"{counted(len(answers), 'line')}: {told}; {tied:,} tied to something")
    failing = sum(row.state == "answered" and row.failures > 0 for row in answers)
    if failing:
        lines += page.labelled("FAILURES", f"{counted(failing, 'answer')} of runs that observed failures", "red")
    lines += page.labelled("Runs", safe(said, 400))
    partly = sum(row.state == "answered" and row.nights > 0 for row in answers)
    if partly:
        lines += page.labelled("Nights", f"{counted(partly, 'answer')} of runs that did not see everything every night")
    dropped = len(of.requests) - len(of.standing)
    if dropped:
        lines += page.labelled("Dropped", f"{counted(dropped, 'line')} that the list has no more")
    for row in shown:
        lines += ["", *_row(row, page)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(row: Answer, page: Page) -> Iterator[str]:
    request = row.request
    label, style = _WORDS[row.state]
    yield from page.labelled(label, f"{safe(request.id)}  {safe(request.text, 400)}", style, most=3)
    due = f", due {request.due}" if request.due is not None else ""
    yield from page.paragraph(f"{safe(row.owner)}{due}: {safe(row.said, 1200)}", *(("red",) if row.failures else ()))
    for why in _whys(request):
        yield from page.paragraph(safe(why, 400), "dim", most=2)
    if request.note:
        yield from page.paragraph(f"note: {safe(request.note, 400)}", "dim")


def _whys(request: Request) -> Iterator[str]:
    for tie in request.ties:
        yield f"{tie.sure}: {tie.name}, by {tie.why}"


def _json(row: Answer) -> dict[str, Any]:
    request = row.request
    return {
        "id": request.id,
        "text": request.text,
        "area": request.area,
        "criteria": request.criteria,
        "controls": request.controls,
        "asks": request.asks,
        "due": request.due,
        "state": row.state,
        "owner": row.owner,
        "said": row.said,
        "failures": row.failures,
        "nights_not_seen_whole": row.nights,
        "items": row.items,
        "ties": [{key: value for key, value in asdict(tie).items() if value} for tie in request.ties],
        "tied_by": request.tied_by,
        "references": [
            {"what": reference.what, "id": reference.id, "sha256": reference.sha256} for reference in row.references
        ],
        "note": request.note,
    }


# --- the list, written back -------------------------------------------------------------------------------------------


def sheets(
    of: RequestList, answers: Sequence[Answer], facts: Sequence[tuple[str, str]], places: Mapping[Path, str]
) -> tuple[Sheet, ...]:
    """The auditor's tables with our columns behind theirs, and what the list comes to on a last sheet.

    ``facts`` are what that sheet says beside the counts; ``places`` name the files that are handed over with it.
    """
    found = []
    names: list[str] = []
    for number, source in enumerate(of.sheets):
        mine = [row for row in answers if row.request.sheet == number]
        columns = [
            *(Column(heading, _width([heading, *(row.request.cells[index] for row in mine)]), auditor=True)
              for index, heading in enumerate(source.columns)),
            *(Column(heading, width) for heading, width in zip(OURS, _OURS_WIDE, strict=True)),
        ]  # fmt: skip
        rows = tuple(tuple(map(_lines, (*row.request.cells, *ours(row, places)))) for row in mine)
        names.append(_unused(source.name or "Requests", names))
        about = f"The auditor's columns as they were sent; the last {len(OURS)} are management's."
        found.append(Sheet(names[-1], about, tuple(columns), rows))
    told: list[Row] = [*facts, *((f"Requests {state}", sum(row.state == state for row in answers)) for state in STATES)]
    told.append(("Requests answered by runs that observed failures", sum(row.failures > 0 for row in answers)))
    told.append(("Requests in all", len(answers)))
    about = "What this is, and what the list comes to."
    return (*found, sheet(_unused("About", names), about, (("What", 46), ("Value", 90)), told))


def ours(row: Answer, places: Mapping[Path, str]) -> tuple[str, ...]:
    """Our columns of a line, in the order of :data:`OURS`."""
    request = row.request
    status = {"answered": "Answered", "stale": "Stale", "open": "Open"}[row.state]
    status += ", FAILURES OBSERVED" if row.failures else ""
    status += ", not seen whole every night" if row.nights else ""
    files = [line for reference in row.references for line in _reference(reference, places)]
    return (status, row.said, "\n".join(files), row.owner, "\n".join(_whys(request)), request.note or "")


def _reference(reference: Reference, places: Mapping[Path, str]) -> Iterator[str]:
    lies = [places[path] for path in reference.files if path in places]
    more = f" and {counted(len(lies) - 1, 'file')} of it" if len(lies) > 1 else ""
    yield f"{lies[0]}{more}" if lies else f"{reference.what} {reference.id}"
    yield f"sha256 {reference.sha256}"


def table(of: RequestList, answers: Sequence[Answer], places: Mapping[Path, str]) -> str:
    """All lines as one CSV (RFC 4180): the columns of all sheets, each line in those of its own."""
    several = len(of.sheets) > 1
    headings = list(dict.fromkeys(heading for source in of.sheets for heading in _distinct(source.columns)))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(map(_line, (*(("Sheet",) if several else ()), *headings, *OURS)))
    for row in answers:
        source = of.sheets[row.request.sheet]
        said = dict(zip(_distinct(source.columns), row.request.cells, strict=True))
        first = (source.name or "",) if several else ()
        rows.writerow(map(_line, (*first, *(said.get(heading, "") for heading in headings), *ours(row, places))))
    return text.getvalue()


def _distinct(columns: Sequence[str]) -> list[str]:
    """Headings of which each stands once, as a table of several sheets needs them."""
    found: list[str] = []
    for index, heading in enumerate(columns):
        name = heading or f"Column {index + 1}"
        found.append(name if name not in found else f"{name} ({index + 1})")
    return found


def _lines(text: str) -> str:
    """A text that no spreadsheet takes for a formula, with its line breaks."""
    return "\n".join(cell(line) for line in text.split("\n"))


def _line(text: str) -> str:
    return cell(" ".join(text.split()))


def _width(texts: Sequence[str]) -> int:
    longest = max(len(line) for text in texts for line in text.split("\n"))
    return min(max(longest + 2, _SHORT), _LONG)


def _unused(name: str, taken: Sequence[str]) -> str:
    """A name that a sheet can have and none has, by upper and lower case alike (ECMA-376 part 1, 18.2.19)."""
    plain = "".join("-" if character in "[]:*?/\\" else character for character in name).strip("'")[:_CUT] or "Requests"
    number, found = 1, plain
    while found.casefold() in (other.casefold() for other in taken):
        number += 1
        found = f"{plain[: _CUT - 3]} {number}"
    return found
