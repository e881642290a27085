"""The gap on the screen: the three dates, the criteria by state, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.programme.gap import STATES, Gap
from engine.report import Options, closing, layout
from engine.report import gap_words as words
from engine.report.layout import Page, Style
from engine.report.safe import safe

SHOWN: Final = 12
"""Items that are shown; the other formats have all."""
_MARGIN: Final = 13
_COLOURS: Final[dict[str, Style]] = {"failing": "red", "missing": "yellow", "unproven": "yellow"}
_LABELS: Final = {"no_failures_observed": "No failures", "not_relevant": "Not relevant"}


def render(gap: Gap, options: Options) -> str:
    """The gap as a page of text for a terminal of ``options.width`` columns."""
    page = layout.page(options, _MARGIN)
    parts = (_header, _dates, _criteria, _items, _vendors, _next)
    sections = (part(gap, page) for part in parts)
    blocks = [[line.rstrip() for line in section] for section in sections]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _header(gap: Gap, page: Page) -> Iterator[str]:
    if gap.demonstration:
        yield page.paint(closing.WATERMARK, "bold", "yellow")
    yield page.heading(f"{safe(gap.organization)} · what is lacking for a SOC 2 report", f"as of {gap.on}")
    yield from page.labelled("Judged", safe(words.scanned(gap)))
    yield from page.labelled("Lacking", f"{words.totals(gap)}.")


def _dates(gap: Gap, page: Page) -> Iterator[str]:
    for found in gap.milestones:
        yield page.heading(f"{words.DATES[found.name]}: {found.on}", words.ABOUT[found.name])
        yield from page.paragraph(words.waits(found))
    yield from page.paragraph(words.EARLIEST, "dim")


def _criteria(gap: Gap, page: Page) -> Iterator[str]:
    yield page.heading("Criteria")
    for state in STATES:
        ids = [tile.criterion.id for tile in gap.tiles if tile.state == state]
        if ids:
            label = _LABELS.get(state, words.STATES[state].capitalize())
            style = (_COLOURS[state],) if state in _COLOURS else ()
            yield from page.labelled(label, f"{len(ids)}: {words.criteria(gap, ids)}", *style)


def _items(gap: Gap, page: Page) -> Iterator[str]:
    if not gap.items:
        yield from page.paragraph("Nothing is lacking that is known here.")
        return
    yield page.heading("Do first", "severity, then reach, then effort")
    for item in gap.items[:SHOWN]:
        style = (_COLOURS[item.kind],)
        yield from page.labelled(item.severity.upper(), f"{item.kind}: {safe(item.what, 400)}", *style, most=3)
        plan = words.planned(gap, item)
        told = f"{safe(words.owner(gap, item))}{f', {safe(plan)}' if plan else ''} · {safe(words.reach(gap, item))}"
        yield from page.paragraph(told, "dim", most=3)
        how, text = words.fix(item)
        yield from page.paragraph(f"{how}: {safe(text, 400)}", most=3)
    more = len(gap.items) - SHOWN
    if more > 0:
        yield from page.paragraph(f"and {more:,} more: --format html, markdown or json has all")
    if words.outside(gap):
        yield from page.labelled("Beside", words.outside(gap))


def _vendors(gap: Gap, page: Page) -> Iterator[str]:
    rows = words.vendors(gap)
    if rows:
        yield page.heading("Subservice organisations and customers")
    for label, text in rows:
        yield from page.paragraph(f"{safe(label)}: {safe(text, 600)}", most=4)


def _next(gap: Gap, page: Page) -> Iterator[str]:
    for number, (command, why) in enumerate(words.following(gap)):
        yield from page.labelled("Next" if number == 0 else "", f"{safe(command)}: {why}")
    yield from page.paragraph(words.NOT_AN_OPINION, "dim")
