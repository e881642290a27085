"""The kinds of evidence that controls name, on a screen or as JSON: what is there, what is missing, what is due."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date

from engine.programme.needs import Need
from engine.programme.sentences import named as kind_named
from engine.programme.sentences import occurred, recording, stands
from engine.report import Options, layout
from engine.report.layout import Page, Style, counted, named
from engine.report.safe import safe

_WORDS: dict[str, tuple[str, Style]] = {
    "absent": ("ABSENT", "red"),
    "lacking": ("MISSING", "red"),
    "open": ("OPEN", "yellow"),
    "good": ("there", "green"),
}


def render(needs: Sequence[Need], on: date, form: str, options: Options) -> str:
    """Every need, in the order given, as text or, with ``form`` "json", as JSON."""
    if form == "json":
        rows = [{**asdict(need), "state": need.state, "due": need.due, "awaited": need.awaited} for need in needs]
        return json.dumps({"on": on, "evidence": rows}, default=str, indent=2, sort_keys=True) + "\n"
    page = layout.page(options)
    lines = [page.heading("Evidence of people", f"on {on}")]
    waiting = [need for need in needs if need.awaited]
    kinds = counted(len({need.demand.kind for need in needs}), "kind")
    lines += page.labelled("", f"{kinds}, named by controls {counted(len(needs), 'time')}; {len(waiting)} to be done")
    for need in needs:
        lines += ["", *_need(need, page)]
    lines += ["", *_next(waiting, page)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _need(need: Need, page: Page) -> Iterator[str]:
    demand = need.demand
    word, style = _WORDS[need.state]
    if demand.instead and need.state != "good":
        word, style = "or", "dim"
    due = f"due {need.due}" if need.due is not None and need.awaited else ""
    yield from page.labelled(
        word, f"{kind_named(demand.kind)} · {demand.control} · {safe(demand.owner)}", style, most=2
    )
    said = safe(stands(need.standing))
    if demand.recurrence is not None:
        told = occurred(need.occurrences) if need.occurrences else "nothing expected yet"
        said = f"every {kind_named(demand.recurrence.every)}: {told}; {said}"
    yield from page.paragraph("; ".join(filter(None, (due, said))))
    if demand.instead and need.state != "good":
        yield from page.paragraph(f"in its place suffices: {named(map(safe, demand.instead), 4)}", "dim")


def _next(waiting: Sequence[Need], page: Page) -> Iterator[str]:
    if not waiting:
        yield from page.labelled("Next", "nothing is missing today: auditreel report due")
        return
    kind = waiting[0].demand.kind
    yield from page.labelled("Next", recording(kind))
