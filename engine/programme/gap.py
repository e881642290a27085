"""The gap: what still stands between a company and a report, criterion by criterion, as frozen values.

:mod:`engine.programme.shortcomings` finds the items, :mod:`engine.programme.readiness` the dates, and :func:`gap` puts
them together. Reports show it and neither decide nor count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from engine.model import Assessment, ControlConclusion, Criterion, CriterionConclusion, Organization
from engine.programme.model import EntityControl, Policy
from engine.programme.readiness import Milestone, milestones
from engine.programme.remediation import Task
from engine.programme.scoped import Item, Nights, Scoped, settled
from engine.programme.shortcomings import items_of
from engine.programme.vendors import VendorStanding

TileState = Literal["failing", "missing", "unproven", "no_failures_observed", "subservice", "not_relevant"]
STATES: Final[tuple[TileState, ...]] = (
    "failing", "missing", "unproven", "no_failures_observed", "subservice", "not_relevant",
)  # fmt: skip
"""The first that applies is a criterion's state: what is good comes after everything that is not."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the 61 criteria: its state, why (one clause), its controls, and the ids of the items that bear on it.

    ``uncovered`` are the aspects that no control names; ``counts`` how many items there are of each kind.
    """

    criterion: Criterion
    state: TileState
    reason: str
    controls: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """What is failing, unproven and missing on a day (``on``), ranked, and the dates that follow from it.

    ``scanned_at`` is when what was judged was read (RFC 3339 UTC), None where nothing was scanned. ``outside`` counts
    the failures of checks that no control of a criterion in scope relies on: they are no item, and are not hidden.
    ``settled`` are the ids that what was judged shows to be done, ``asked`` those that anything in scope asks for: a
    plan ticks off the one, and drops what is in neither. ``people`` maps a role to those who hold it.
    ``arguments`` are the options that name what was judged, for the same command again. ``part`` is the last run that
    was of a part, where nothing is judged for want of one of everything.
    ``vendors`` are the subservice organisations as they stand, ``entity_controls`` what customers must do.
    """

    organization: str
    on: date
    scanned_at: str | None
    source: str
    engine_version: str
    demonstration: bool
    milestones: tuple[Milestone, ...]
    tiles: tuple[Tile, ...]
    items: tuple[Item, ...]
    controls: Mapping[str, ControlConclusion]
    outside: int
    settled: frozenset[str]
    asked: frozenset[str]
    people: Mapping[str, tuple[str, ...]]
    tasks: Mapping[str, Task]
    vendors: tuple[VendorStanding, ...] = ()
    entity_controls: tuple[EntityControl, ...] = ()
    arguments: str = ""
    part: str | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many items there are of each kind."""
        return {kind: sum(item.kind == kind for item in self.items) for kind in ("failing", "unproven", "missing")}


def gap(
    run: Assessment,
    organization: Organization,
    documents: Sequence[Policy],
    on: date,
    nights: Nights | None = None,
    tasks: Mapping[str, Task] | None = None,
    arguments: str = "",
) -> Gap:
    """What ``run`` and the policy folder show to be failing, unproven or missing on a day.

    ``documents`` are the folder's policy documents, ``nights`` what a store tells of the last nights (None: nobody
    asked one), ``tasks`` the remediation plan by item.
    """
    scope = Scoped(run, organization, documents, on, nights)
    items = tuple(sorted(items_of(scope), key=lambda item: item.rank))
    planned = dict(tasks or {})
    return Gap(
        organization=run.organization,
        on=on,
        scanned_at=run.snapshot.as_of if run.snapshot.scopes else None,
        source=run.snapshot.source,
        engine_version=run.engine_version,
        demonstration=run.kind == "demo",
        milestones=milestones(items, on, organization.window, planned),
        tiles=tuple(_tile(row, scope, items) for row in run.criteria),
        items=items,
        controls={row.control.id: row for row in run.controls},
        outside=scope.outside,
        settled=settled(scope, items, planned),
        asked=scope.asked,
        people=organization.programme.owners,
        tasks=planned,
        vendors=scope.vendors,
        entity_controls=organization.programme.entity_controls,
        arguments=arguments,
        part=None if run.snapshot.scopes or nights is None else nights.part,
    )


def _tile(row: CriterionConclusion, scope: Scoped, items: Sequence[Item]) -> Tile:
    criterion = row.criterion
    controls = tuple(found.control.id for found in row.controls)
    if criterion.id not in scope.criteria:
        state: TileState = "subservice" if row.state == "subservice" else "not_relevant"
        return Tile(criterion, state, row.reason or scope.left_out(criterion), controls)
    mine = [item for item in items if criterion.id in item.criteria]
    counts: Counter[str] = Counter(item.kind for item in mine)
    state = "no_failures_observed"
    if any(found.word == "failures_observed" for found in row.controls):
        state = "failing"
    elif not row.controls:
        state = "missing"
    elif counts["unproven"] or not all(map(scope.shows, row.controls)):
        state = "unproven"
    elif row.uncovered_aspects:
        state = "missing"
    return Tile(
        criterion=criterion,
        state=state,
        reason=_reason(row, counts),
        controls=controls,
        items=tuple(item.id for item in mine),
        uncovered=row.uncovered_aspects,
        counts=tuple((kind, counts[kind]) for kind in ("failing", "unproven", "missing") if counts[kind]),
    )


def _reason(row: CriterionConclusion, counts: Mapping[str, int]) -> str:
    """Why a criterion in scope is in its state, in one clause."""
    if not row.controls:
        return "no control"
    told = [f"{counts[kind]} {kind}" for kind in ("failing", "unproven") if counts.get(kind)]
    waived = sum(found.waived for found in row.controls)
    told += [f"{waived} failures waived" if waived > 1 else "1 failure waived"] if waived else []
    lacking = len(row.uncovered_aspects)
    told += [f"{lacking} aspect{'' if lacking == 1 else 's'} without a control"] if lacking else []
    return ", ".join(told) or "no failures observed"
