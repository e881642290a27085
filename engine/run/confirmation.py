"""Which resources are asked for once more before a grave failure is told: those that an index may be wrong about.

An index of a cloud's resources (Cloud Asset Inventory, Resource Graph) learns of a change minutes or hours later. A
failure of the gravest kind sends people running, so that it is told only on what the service itself says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from engine.collection.runner import Doubts
from engine.content.checks import CompiledCheck
from engine.judging.boundary import EVERYTHING, Sorting
from engine.judging.evaluate import Judged, evaluate
from engine.model import Severity, Snapshot

CONFIRMED: Final[frozenset[Severity]] = frozenset({"critical"})
"""Severities whose failures are confirmed."""


def grave(checks: Iterable[CompiledCheck]) -> tuple[CompiledCheck, ...]:
    """The checks whose failures are confirmed."""
    return tuple(check for check in checks if check.check.severity in CONFIRMED)


def doubted(
    snapshot: Snapshot,
    checks: Sequence[CompiledCheck],
    judged: Judged = lambda scope: True,
    sorting: Sorting = EVERYTHING,
    listings: Sequence[Snapshot] = (),
) -> Doubts:
    """What the failures of ``checks`` rest on, by type and id: the properties that were read of each resource.

    The arguments are those of :func:`engine.judging.evaluate.evaluate`.
    """
    reads = {check.check.id: check.reads for check in checks}
    found: dict[tuple[str, str], frozenset[str]] = {}
    for finding in evaluate(snapshot, checks, judged, sorting, listings):
        if finding.verdict != "fail" or finding.resource is None:
            continue
        for item in (finding.resource, *chain(*finding.related.values())):
            names = reads[finding.check.id].get(item.type, frozenset())
            found[item.type, item.id] = found.get((item.type, item.id), frozenset()) | names
    return found
