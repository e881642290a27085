"""The gap as Markdown, for a wiki or a ticket. Names from outside act as nothing (:func:`markdown.prose`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.programme.gap import STATES, Gap
from engine.report import Options, closing
from engine.report import gap_words as words
from engine.report.markdown import prose, table

LONGEST: Final = 400


def render(gap: Gap, options: Options) -> str:
    """The gap as Markdown: dates, criteria, and every item."""
    del options
    sections = (_header(gap), _dates(gap), _criteria(gap), _items(gap), _vendors(gap), _next(gap))
    blocks = ["\n".join(section) for section in sections]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _header(gap: Gap) -> Iterator[str]:
    if gap.demonstration:
        yield f"**{closing.WATERMARK}**\n"
    yield f"# {words.TITLE}\n"
    yield f"{prose(gap.organization)} · as of {gap.on} · {prose(words.scanned(gap))}\n"
    yield f"{words.totals(gap)}. {words.NOT_AN_OPINION}"


def _dates(gap: Gap) -> Iterator[str]:
    yield "## Dates\n"
    rows = [
        (words.DATES[found.name], found.on.isoformat(), prose(words.waits(found), 2_000)) for found in gap.milestones
    ]
    yield from table(("What", "Date", "Waits for"), rows, 3)
    yield f"\n{words.EARLIEST}"


def _criteria(gap: Gap) -> Iterator[str]:
    yield "## Criteria\n"
    rows = [
        (words.STATES[tile.state], tile.criterion.id, prose(tile.criterion.title), prose(tile.reason))
        for state in STATES
        for tile in gap.tiles
        if tile.state == state
    ]
    yield from table(("State", "Criterion", "Title", "Why"), rows, 4)


def _items(gap: Gap) -> Iterator[str]:
    yield "## What to do\n"
    if not gap.items:
        yield "Nothing is lacking that is known here."
        return
    rows = []
    for item in gap.items:
        plan = words.planned(gap, item)
        who = prose(words.owner(gap, item)) + (f" ({prose(plan)})" if plan else "")
        how, text = words.fix(item)
        serves = prose(words.criteria(gap, item.criteria))
        rows.append((item.severity, item.kind, prose(item.what, LONGEST), serves, item.effort, who,
                     f"{how}: {prose(text, LONGEST)}"))  # fmt: skip
    yield from table(("Severity", "Kind", "What", "Criteria", "Effort", "Owner", "How"), rows, 7)
    if words.outside(gap):
        yield f"\n{words.outside(gap)}"


def _vendors(gap: Gap) -> Iterator[str]:
    rows = words.vendors(gap)
    if rows:
        yield "## Subservice organisations and customers\n"
    for label, text in rows:
        yield f"- {prose(label)}: {prose(text, LONGEST)}"


def _next(gap: Gap) -> Iterator[str]:
    yield "## Next\n"
    for command, why in words.following(gap):
        yield f"- `{command}`: {why}"
