"""The gap as one page: dates, the 61 criteria as tiles, what to do, and down to controls, checks and resources.

It opens from a disk, with no network or script; what is folded is HTML's own ``details``, and print shows all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from engine.model import ControlConclusion, Finding
from engine.programme import sentences
from engine.programme.gap import STATES, Gap, Tile
from engine.programme.scoped import Item
from engine.report import Options, closing, summary
from engine.report import gap_words as words
from engine.report.html.templating import page

if TYPE_CHECKING:
    from engine.programme.readiness import Milestone

LIMIT: Final = 1_000_000
"""Bytes of a page, beyond which it lists fewer resources."""
ROWS: Final = (1_500, 500, 0)
"""Resources that a page lists at most, shared out over the items; JSON holds all."""
MOST: Final = 20
"""Resources that one item lists."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as the page shows it: its anchor, who does it, what the plan says, and resources by scope."""

    of: Item
    anchor: str
    owner: str
    plan: str
    scopes: tuple[tuple[str, tuple[str, ...]], ...]
    more: int


@dataclass(frozen=True, slots=True)
class ShownControl:
    """A control under its first criterion: what it shows, each check with its state and item, evidence in words."""

    of: ControlConclusion
    says: str
    checks: tuple[tuple[str, str, str | None], ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A criterion in scope with its controls; those that stand under another criterion are named only."""

    of: Tile
    controls: tuple[ShownControl, ...]
    others: tuple[str, ...]
    items: tuple[Shown, ...]


def render(gap: Gap, options: Options) -> str:
    """The gap as one HTML page, of no more than :data:`LIMIT` bytes while leaving resources out can keep it so."""
    del options
    text = ""
    for rows in ROWS:
        text = _page(gap, rows)
        if len(text.encode()) <= LIMIT:
            break
    return text


def _page(gap: Gap, rows: int) -> str:
    shown = _items(gap, rows)
    by_id = {row.of.id: row for row in shown}
    within = [tile for tile in gap.tiles if tile.state not in ("subservice", "not_relevant")]
    counts = {state: sum(tile.state == state for tile in gap.tiles) for state in STATES}
    return page(
        "gap.html",
        ["DEMONSTRATION, not evidence"] if gap.demonstration else [],
        gap=gap,
        title=words.TITLE,
        say=words,
        watermarked=closing.WATERMARK if gap.demonstration else "",
        dates=[(found, _waits(found, by_id)) for found in gap.milestones],
        series=[(name, tiles[0].criterion.series_title, tiles) for name, tiles in _series(gap.tiles)],
        key=[(state, words.STATES[state], words.MEANS[state], counts[state]) for state in STATES],
        items=shown,
        places=_places(gap, within, by_id),
        outside=[tile for tile in gap.tiles if tile not in within],
        homes=_homes(within),
    )


def _series(tiles: Sequence[Tile]) -> list[tuple[str, list[Tile]]]:
    return [(name, list(rows)) for name, rows in groupby(tiles, key=lambda tile: tile.criterion.series)]


def _items(gap: Gap, rows: int) -> tuple[Shown, ...]:
    each = min(MOST, rows // max(1, sum(bool(item.findings) for item in gap.items)))
    return tuple(
        Shown(
            of=item,
            anchor=f"item-{number}",
            owner=words.owner(gap, item),
            plan=words.planned(gap, item),
            scopes=tuple(_scopes(item.findings[:each])),
            more=len(item.findings) - len(item.findings[:each]),
        )
        for number, item in enumerate(gap.items, 1)
    )


def _scopes(findings: Sequence[Finding]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for scope, rows in groupby(findings, key=lambda finding: finding.scope):
        yield str(scope), tuple(finding.subject.name for finding in rows)


def _waits(found: Milestone, items: Mapping[str, Shown]) -> list[tuple[str, str | None]]:
    """What a date waits for, each with the anchor of the first item behind it."""
    return [(words.wait(row), items[row.items[0]].anchor if row.items else None) for row in found.waits]


def _homes(tiles: Sequence[Tile]) -> dict[str, str]:
    """The criterion that each control is shown under: the first one in scope that it serves."""
    homes: dict[str, str] = {}
    for tile in tiles:
        for id_ in tile.controls:
            homes.setdefault(id_, tile.criterion.id)
    return homes


def _places(gap: Gap, tiles: Sequence[Tile], items: Mapping[str, Shown]) -> list[Place]:
    homes = _homes(tiles)
    places = []
    for tile in tiles:
        own = [id_ for id_ in tile.controls if homes[id_] == tile.criterion.id]
        places.append(
            Place(
                of=tile,
                controls=tuple(_control(gap, gap.controls[id_], items) for id_ in own),
                others=tuple(id_ for id_ in tile.controls if id_ not in own),
                items=tuple(items[id_] for id_ in tile.items),
            )
        )
    return places


def _control(gap: Gap, row: ControlConclusion, items: Mapping[str, Shown]) -> ShownControl:
    evidence = [sentences.stands(standing) for standing in row.standings]
    evidence += [sentences.occurred(row.occurrences)] if row.occurrences else []
    return ShownControl(
        of=row,
        says=summary.word(row),
        checks=tuple((id_, *_check(gap, id_, items)) for id_ in row.checks),
        evidence=tuple(evidence),
    )


def _check(gap: Gap, id_: str, items: Mapping[str, Shown]) -> tuple[str, str | None]:
    """What is seen of a check, and the anchor of its item."""
    item = f"check/{id_}"
    if item in items:
        return "fails", items[item].anchor
    return ("no failure open", None) if item in gap.settled else ("not all seen", None)
