"""A period as somebody sees it who was let see some criteria only: what is of others is not in it, and not counted.

What is the runs' own stays as it was sealed: when they ran, their roots, and how many records these cover. That is what
a reader compares with, and it says nothing of what was judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from engine.diffs import Diff
from engine.evidence.narrowing import checks_of
from engine.evidence.period.film import Film
from engine.periods import Change, Closed, ControlInPeriod, Failure, NotRetained, Period, Tally, WaiverInPeriod

_OF_ALL: Final = frozenset({"engine", "boundary"})
_ORGANIZATION: Final = "organization.yaml"
"""The file of the policy that concerns everybody; the others are of single controls, waivers and documents."""


def checks_in(film: Film, criteria: Collection[str]) -> frozenset[str]:
    """The checks of criteria (ids) by any policy that was in force in the frames of a film."""
    policies = {id(basis.policy): basis.policy for basis in film.bases}
    return frozenset[str]().union(*(checks_of(policy, criteria) for policy in policies.values()))


def limited(period: Period, criteria: Collection[str], checks: Collection[str]) -> Period:
    """The period with what is of ``criteria`` and their ``checks`` (:func:`checks_in`), and nothing else.

    Of a removed run, the counts are those of the checks; how many waivers it had is not known by check, and is 0.
    """
    controls = tuple(
        _control(row, criteria) for row in period.controls if set(criteria).intersection(row.control.criteria)
    )
    shown = {row.control.id for row in controls}
    populations = tuple(row for row in period.populations if row.check in checks)
    failures = tuple(row for row in period.failures if row.check in checks)
    types = {row.resource_type for row in populations} | {row.subject.type for row in failures}
    return replace(
        period,
        # The first line of every report, in whichever form somebody takes it away.
        anchored=f"{period.anchored}. Limited to {', '.join(criteria)}: of everything else nothing is said here",
        coverage=tuple(row for row in period.coverage if row.check in checks),
        failures=failures,
        changes=tuple(row for row in period.changes if _concerns(row, checks, shown, types)),
        populations=populations,
        controls=controls,
        criteria=tuple(
            replace(row, controls=tuple(id_ for id_ in row.controls if id_ in shown))
            for row in period.criteria
            if row.criterion.id in criteria
        ),
        waivers=tuple(_waivers(period.waivers, failures)),
        inventory=_of(period.inventory, types),
        appeared=_of(period.appeared, types),
        gone=_of(period.gone, types),
        not_retained=tuple(_not_retained(row, checks, shown) for row in period.not_retained),
        samples=tuple(row for row in period.samples if row.of in checks or row.unit == "nights"),
        closed=_closed(period.closed),
    )


def limited_diff(found: Diff, period: Period, checks: Collection[str]) -> Diff:
    """A comparison of two runs with what is of the criteria and ``checks`` that a period is limited to.

    How many checks were judged where the second run did not look is not known by check, and is 0.
    """
    shown = {row.control.id for row in period.controls}
    owners = {row.control.owner for row in period.controls}
    waivers = {row.id for row in period.waivers}
    turned = tuple(
        replace(row, owners=tuple(owner for owner in row.owners if owner in owners))
        for row in found.turned
        if row.check in checks
    )
    types = {row.resource_type for row in period.populations} | {row.subject.type for row in turned}
    criteria = ", ".join(row.criterion.id for row in period.criteria)
    return replace(
        found,
        anchored=f"{found.anchored}. Limited to {criteria}: of everything else nothing is said here",
        turned=turned,
        new=tuple(row for row in found.new if row.type in types),
        gone=tuple(row for row in found.gone if row.type in types),
        changes=tuple(row for row in found.changes if _concerns(row, checks, shown, types)),
        waivers=tuple(row for row in found.waivers if row.id in waivers),
        uncovered=tuple(
            row if row.kind == "check" else replace(row, checks=0)
            for row in found.uncovered
            if row.kind != "check" or row.name in checks
        ),
    )


def _closed(row: Closed | None) -> Closed | None:
    """Without how many failures were open at the close, unless some of them can be compared no more, which is told."""
    return row if row is None or row.uncompared else replace(row, open=0)


def _control(row: ControlInPeriod, criteria: Collection[str]) -> ControlInPeriod:
    of = row.control
    own = tuple(id_ for id_ in of.criteria if id_ in criteria)
    # An aspect is named after its criterion: CC6.1.access_restricted.
    aspects = tuple(name for name in of.aspects if any(name.startswith(f"{id_}.") for id_ in own))
    return replace(row, control=replace(of, criteria=own, aspects=aspects))


def _concerns(row: Change, checks: Collection[str], controls: Collection[str], types: Collection[str]) -> bool:
    """Whether a change is one of what is shown. A parameter is named after its check."""
    match row.kind:
        case "check" | "selection":
            return row.name in checks
        case "parameter":
            return row.name.rpartition(".")[0] in checks
        case "control":
            return row.name in controls
        case "schema":
            return row.name in types
        case "policy":
            return row.name == _ORGANIZATION
    return row.kind in _OF_ALL


def _waivers(rows: Iterable[WaiverInPeriod], failures: Iterable[Failure]) -> Iterator[WaiverInPeriod]:
    """The waivers that stood beside failures that are shown, with the subjects of these."""
    beside: dict[str, set[str]] = {}
    for failure in failures:
        for id_ in failure.waivers or ():
            beside.setdefault(id_, set()).add(failure.subject.id)
    for row in rows:
        if row.id in beside:
            yield replace(row, subjects=tuple(id_ for id_ in row.subjects if id_ in beside[row.id]))


def _of(counts: Mapping[str, int], types: Collection[str]) -> dict[str, int]:
    return {type_: count for type_, count in counts.items() if type_ in types}


def _not_retained(row: NotRetained, checks: Collection[str], controls: Collection[str]) -> NotRetained:
    own = {id_: tally for id_, tally in row.checks.items() if id_ in checks}
    sums = {field.name: sum(getattr(tally, field.name) for tally in own.values()) for field in fields(Tally)}
    kept = {id_: tally for id_, tally in row.controls.items() if id_ in controls}
    return replace(row, checks=own, controls=kept, waived=0, **sums)
