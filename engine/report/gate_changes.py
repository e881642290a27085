"""The gates of a period beside the live state: what was gated, what is so now, what changed without a gate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from engine.gate.model import Changes, SealedGate
from engine.report import Options, closing, layout
from engine.report.layout import Page, counted, named, wrapped
from engine.report.safe import safe

SHOWN = 50
"""Rows of a section on the screen; JSON has all."""


def render(changes: Changes, form: str, options: Options) -> str:
    """The changes as text or, with ``form`` "json", as JSON."""
    if form == "json":
        return json.dumps(asdict(changes), indent=2, sort_keys=True) + "\n"
    page = layout.page(options)
    blocks = [list(_header(changes, page)), *(list(_gate(gate, page)) for gate in changes.gates[:SHOWN])]
    blocks += [list(_redrawn(changes, page)), list(_ungated(changes, page))]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


def _header(changes: Changes, page: Page) -> Iterator[str]:
    first = [closing.WATERMARK] if changes.demonstration else []
    for text in (*first, safe(changes.anchored)):
        style = () if text.startswith("anchored") else ("yellow",)
        yield from (page.paint(line, "bold", *style) for line in wrapped(text, page.width))
    yield page.heading("Changes", f"{changes.starts} to {changes.ends}")
    yield from page.labelled("Gates", f"{counted(len(changes.gates), 'gate')} sealed")
    latest = f", the latest as of {changes.latest}" if changes.latest is not None else ": what is so now is not known"
    yield from page.labelled("Live", f"{counted(changes.frames, 'live run')}{latest}", most=2)
    yield from page.labelled("Note", "Between two live runs nothing is seen.")
    if len(changes.gates) > SHOWN:
        yield from page.labelled("", f"the first {SHOWN} gates are shown: --format json has all")


def _gate(gate: SealedGate, page: Page) -> Iterator[str]:
    change = gate.change
    yield page.heading(f"Gate {gate.run}", gate.as_of)
    told = [
        f"pull request {safe(change.pull_request)}" if change.pull_request else "",
        f"commit {safe(change.head_commit)}" if change.head_commit else "",
        f"approved by {', '.join(map(safe, change.approvers))}" if change.approvers else "no approver given",
    ]
    yield from page.labelled("Change", ", ".join(filter(None, told)), most=2)
    by_now = [row for row in gate.verdicts if row.now is not None]
    held = sum(row.now == row.planned for row in by_now)
    counts = f"{counted(len(gate.verdicts), 'verdict')}, {len(by_now)} of them judged live since, {held} the same"
    yield from page.labelled("Verdicts", counts, most=2)
    for row in gate.contradicted[:SHOWN]:
        yield from page.labelled("now fails", f"{row.check} {safe(row.live or row.subject)}", most=2)


def _redrawn(changes: Changes, page: Page) -> Iterator[str]:
    """Where the boundary changed; nothing where it did not."""
    if changes.redrawn:
        yield page.heading("The boundary changed", str(len(changes.redrawn)))
    for row in changes.redrawn[:SHOWN]:
        was, now = (digest[:16] if digest else "none" for digest in (row.before, row.now))
        says = f"rules {was} became {now}" if row.before != row.now else f"by the same rules ({was})"
        out = f"; judged before, now out: {named(map(safe, row.out), 4)}" if row.out else ""
        yield from page.labelled("", f"after {row.after} until {row.until}: {says}{out}", most=4)


def _ungated(changes: Changes, page: Page) -> Iterator[str]:
    yield page.heading("Changed without a gate", str(len(changes.ungated)))
    if not changes.ungated:
        seen = "nothing that was seen" if changes.frames > 1 else "not known: that takes two live runs"
        yield from page.labelled("", seen)
    for row in changes.ungated[:SHOWN]:
        yield from page.labelled(row.kind, f"{row.type} {safe(row.id)} after {row.after} until {row.until}", most=2)
    if len(changes.ungated) > SHOWN:
        names = named(sorted({row.type for row in changes.ungated}), 4)
        yield from page.labelled("", f"and {len(changes.ungated) - SHOWN} more, of {names}")
