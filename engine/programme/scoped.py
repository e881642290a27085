"""What a run shows of the criteria in scope, and the items that stand between it and a report, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal

from engine.model import (
    NIGHTLY_SCANS,
    SEVERITIES,
    Assessment,
    ControlConclusion,
    Criterion,
    Finding,
    Organization,
    Severity,
)
from engine.programme import sentences
from engine.programme.model import Policy, Standing
from engine.programme.vendors import VendorStanding, standings

Kind = Literal["failing", "unproven", "missing"]
Topic = Literal["check", "unseen", "evidence", "occurrence", "control", "nights", "vendor", "criterion", "aspect"]
Effort = Literal["small", "medium", "large"]
Holds = Literal["type_1", "window", "type_2"]
NOT_COLLECTED: Final = "not_collected"
"""The reason of what a snapshot does not hold."""
EFFORTS: Final[tuple[Effort, ...]] = ("small", "medium", "large")
NIGHTS: Final = "nights"
"""The id of the item that waits for nightly runs."""


@dataclass(frozen=True, slots=True)
class Nights:
    """What a store tells of the last nights of the schedule: how many were expected, and ran; whether the last did.

    ``part`` is its last run that was of a part, where none was of everything.
    """

    expected: int
    ran: int
    last_ran: bool
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is failing, unproven or missing, and what to do about it.

    ``id`` stays the same from run to run. ``criteria`` are those in scope that it bears on, and ``resources`` how many
    resources (or listings): together its reach. ``fix`` is what to do, (how, text) each: how is "cli", "terraform",
    "console", "record", "write", "grant", "run" or "decide". ``holds`` is the first date that waits for it, None where
    none does. ``findings`` are the failures or unknown verdicts behind it.
    """

    id: str
    kind: Kind
    topic: Topic
    what: str
    severity: Severity
    effort: Effort
    owner: str
    criteria: tuple[str, ...]
    controls: tuple[str, ...]
    fix: tuple[tuple[str, str], ...]
    holds: Holds | None
    resources: int = 0
    check: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """Sort key: the most severe, then the widest reach (criteria, resources), then the least effort."""
        severity, effort = SEVERITIES.index(self.severity), EFFORTS.index(self.effort)
        return (-severity, -len(self.criteria), -self.resources, effort, self.id)


class Scoped:
    """What a run shows of the criteria that are in scope."""

    def __init__(
        self,
        run: Assessment,
        organization: Organization,
        documents: Sequence[Policy],
        on: date,
        nights: Nights | None,
    ) -> None:
        self.run, self.organization, self.on, self.nights = run, organization, on, nights
        self.documents = {document.kind: document for document in documents}
        self.criteria = {
            row.criterion.id: row
            for row in run.criteria
            if row.state in ("controls", "no_control") and row.criterion.category in organization.categories
        }
        self.controls = {
            row.control.id: row for row in run.controls if any(id_ in self.criteria for id_ in row.control.criteria)
        }
        self.relying: dict[str, list[ControlConclusion]] = {}
        for row in self.controls.values():
            for id_ in row.checks:
                self.relying.setdefault(id_, []).append(row)

    def left_out(self, criterion: Criterion) -> str:
        """Why a criterion that has controls is out of scope all the same."""
        return f"{criterion.category.replace('_', ' ')} is not among the categories of {self.organization.name}"

    def reach(self, controls: Sequence[ControlConclusion]) -> tuple[str, ...]:
        """The criteria in scope that controls serve, in the order of the framework."""
        served = {id_ for row in controls for id_ in row.control.criteria}
        return tuple(id_ for id_ in self.criteria if id_ in served)

    @cached_property
    def failing(self) -> Mapping[str, tuple[Finding, ...]]:
        """The failures that nobody accepted, by check, of checks that a control in scope relies on."""
        return self._grouped("fail", self.relying)

    @cached_property
    def outside(self) -> int:
        """How many failures that nobody accepted are of other checks."""
        everything = self._grouped("fail", {check.id: () for check in self.run.selection.checks})
        return sum(len(rows) for id_, rows in everything.items() if id_ not in self.relying)

    @cached_property
    def unknown(self) -> Mapping[str, tuple[Finding, ...]]:
        """The verdicts that are unknown, by check."""
        return self._grouped("unknown", self.relying)

    def _grouped(self, verdict: str, checks: Mapping[str, object]) -> dict[str, tuple[Finding, ...]]:
        found: dict[str, tuple[Finding, ...]] = {}
        for index, finding in enumerate(self.run.findings):
            if finding.verdict == verdict and finding.check.id in checks and index not in self.run.waived:
                found[finding.check.id] = (*found.get(finding.check.id, ()), finding)
        return found

    @cached_property
    def unlisted(self) -> tuple[str, ...]:
        """The checks whose resources were never listed, of which nothing is known: no verdict says so."""
        rows = {row.check: row for row in self.run.populations}
        return tuple(id_ for id_ in sorted(self.relying) if not rows[id_].complete and id_ not in self.unknown)

    @cached_property
    def kinds(self) -> Mapping[str, list[tuple[ControlConclusion, Standing]]]:
        """How each kind of evidence that controls need at any time stands for them."""
        found: dict[str, list[tuple[ControlConclusion, Standing]]] = {}
        for row in self.controls.values():
            for standing in row.standings:
                found.setdefault(standing.kind, []).append((row, standing))
        return found

    @cached_property
    def words(self) -> Mapping[str, list[tuple[ControlConclusion, str]]]:
        """Of each kind of evidence that counts on somebody's word, the controls that rest on it, and what is said."""
        found: dict[str, list[tuple[ControlConclusion, str]]] = {}
        for row in self.controls.values():
            for standing in row.standings:
                if standing.state == "current" and standing.on_word_of:
                    found.setdefault(standing.kind, []).append((row, sentences.stands(standing)))
            if any(one.on_word_of for one in row.occurrences):
                told = f"{row.control.id}: {sentences.occurred(row.occurrences)}"
                for kind in row.control.evidence:
                    found.setdefault(kind, []).append((row, told))
        return found

    @cached_property
    def vendors(self) -> tuple[VendorStanding, ...]:
        """The subservice organisations that the report names, as they stand."""
        return standings(self.organization.programme, self.organization.window, self.on)

    def shows(self, row: ControlConclusion) -> bool:
        """Whether a control's evidence is all there and holds no failure; of nightly scans a store must have told."""
        if row.word in ("no_failures_observed", "did_not_occur"):
            return True
        scanning = NIGHTLY_SCANS in row.control.evidence and self.nights is not None and self.nights.last_ran
        current = all(standing.state == "current" for standing in row.standings)
        return scanning and current and row.complete and not (row.failed or row.unknown)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The ids that an item could have, by what is in scope now."""
        aspects = {f"aspect/{id_}.{name}" for id_, row in self.criteria.items() for name in row.criterion.aspects}
        return frozenset(
            {
                NIGHTS,
                *(f"check/{id_}" for id_ in self.relying),
                *(f"evidence/{kind}" for kind in self.kinds),
                *(f"word/{kind}" for row in self.controls.values() for kind in row.control.evidence),
                *(f"word/{kind}" for kind in self.kinds),
                *(f"occurrence/{id_}" for id_, row in self.controls.items() if row.control.occurs),
                *(f"control/{id_}" for id_ in self.controls),
                *(f"vendor/{row.vendor.id}" for row in self.vendors),
                *(f"criterion/{id_}" for id_ in self.criteria),
                *aspects,
            }
        )


def settled(scope: Scoped, items: Sequence[Item], known: Iterable[str] = ()) -> frozenset[str]:
    """The ids, of those in scope and of ``known``, that what was judged shows to be done.

    What was not looked at is never among them: that a failure is gone from a run that did not see it shows nothing.
    """
    open_ = {item.id for item in items}
    seen = {f"check/{row.check}" for row in scope.run.populations if row.complete and not row.unknown}
    whole = bool(scope.run.snapshot.scopes) and not any(item.id.startswith(f"unseen/{NOT_COLLECTED}") for item in items)
    causes = {id_ for id_ in known if id_.startswith("unseen/")} if whole else set()
    shown = {f"control/{id_}" for id_, row in scope.controls.items() if scope.shows(row)}
    bare = {f"aspect/{id_}.{name}" for id_, row in scope.criteria.items() for name in row.uncovered_aspects}

    def done(id_: str) -> bool:
        topic = id_.partition("/")[0]
        return id_ in {"check": seen, "control": shown}.get(topic, scope.asked | causes) - bare

    return frozenset(id_ for id_ in (scope.asked | causes) - open_ if done(id_))
