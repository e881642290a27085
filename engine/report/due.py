"""What falls due, by owner, on a screen or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from engine.programme.due import Due
from engine.programme.sentences import named as kind_named
from engine.report import Options, layout
from engine.report.layout import Page, Style, named
from engine.report.safe import safe

_LABELS: dict[str, tuple[str, Style]] = {
    "overdue": ("OVERDUE", "red"),
    "late": ("LATE", "red"),
    "undated": ("NOW", "yellow"),
    "due": ("due", "bold"),
}
_NAMED = 6


def render(
    organization: str,
    days: tuple[date, date],
    rows: Sequence[Due],
    people: Mapping[str, Sequence[str]],
    lacking: Sequence[str],
    form: str,
    options: Options,
) -> str:
    """The rows by owner, as text or, with ``form`` "json", as JSON. ``days`` are today and the last day looked at."""
    if form == "json":
        owners = [
            {"owner": owner, "people": list(people.get(owner, ())), "due": [asdict(row) for row in mine]}
            for owner, mine in _by_owner(rows).items()
        ]
        document = {"on": days[0], "until": days[1], "owners": owners, "nothing_recorded": list(lacking)}
        return json.dumps(document, default=str, indent=2) + "\n"
    page = layout.page(options, margin=12)
    lines = [page.heading(f"Due: {safe(organization)}", f"{days[0]} to {days[1]}")]
    counts = {state: sum(row.state == state for row in rows) for state in _LABELS}
    told = ", ".join(f"{count} {_LABELS[state][0].lower()}" for state, count in counts.items() if count)
    lines += page.labelled("", told or "nothing falls due")
    for owner, mine in _by_owner(rows).items():
        holders = ", ".join(map(safe, people.get(owner, ())))
        lines += ["", page.heading(f"{safe(owner)} ({holders})" if holders else safe(owner), str(len(mine)))]
        lines += [line for row in mine for line in _row(row, page)]
    if lacking:
        lines += ["", *page.labelled("Nothing", f"recorded of {named(map(kind_named, lacking), _NAMED, 'kinds')}")]
        lines += page.paragraph("auditreel evidence list shows every kind that controls name")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(row: Due, page: Page) -> Iterator[str]:
    label, style = _LABELS[row.state]
    day = f"{row.by}  " if row.by else ""
    yield from page.labelled(label, f"{day}{safe(row.subject)}: {safe(row.what, 400)}", style)
    yield from page.paragraph(safe(row.next, 400), "dim")


def _by_owner(rows: Sequence[Due]) -> dict[str, list[Due]]:
    """The rows of each owner, who has the most pressing one first."""
    found: dict[str, list[Due]] = {}
    for row in rows:
        found.setdefault(row.owner, []).append(row)
    return found
