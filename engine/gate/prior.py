"""What was before a change: the verdicts of the plan's own before, of another plan, or the rows of a baseline file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from engine.content.checks import CompiledCheck
from engine.gate import baseline
from engine.gate.model import Place
from engine.gate.movements import Key, Prior, offending
from engine.gate.planned import Planned
from engine.judging.boundary import Sorting
from engine.judging.evaluate import evaluate
from engine.model import Finding, Scope

Places = Mapping[tuple[str, Scope, str], Place]


def before(
    plan: Planned, other: Planned | None, rows: Path | None, checks: Sequence[CompiledCheck], sorting: Sorting
) -> tuple[Mapping[Key, Prior], Callable[[Finding], Key]]:
    """The verdicts before the change, and what a verdict after it is known by there.

    By id where the plan's own before is compared with; by address where it is ``other``, another plan, or ``rows``, a
    baseline file. What ``sorting`` puts out of the boundary is not compared. Raises InputError for what is no baseline
    file.
    """
    by_address = partial(_address_key, plan.places)
    if rows is not None:
        return baseline.read(rows), by_address
    if other is not None:
        return _priors(
            evaluate(other.after, checks, sorting=sorting), partial(_address_key, other.places, previous=False)
        ), by_address
    return _priors(evaluate(plan.before, checks, sorting=sorting), _id_key), _id_key


def place_of(places: Places, finding: Finding) -> Place | None:
    """Where the subject of a verdict is written; null where no plan describes it."""
    return places.get((finding.subject.type, finding.scope, finding.subject.id))


def _priors(findings: Iterable[Finding], key: Callable[[Finding], Key]) -> dict[Key, Prior]:
    return {
        key(finding): Prior(finding.verdict, finding, offending(finding) if finding.verdict == "fail" else frozenset())
        for finding in findings
    }


def _id_key(finding: Finding) -> Key:
    return finding.check.id, str(finding.scope), finding.subject.id


def _address_key(places: Places, finding: Finding, previous: bool = True) -> Key:
    """A verdict by the address of its subject before a move; by its id where it has none."""
    place = place_of(places, finding)
    if place is None:
        return finding.check.id, "", finding.subject.id
    return finding.check.id, "", place.known_by(previous)
