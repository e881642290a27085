"""What findings come to: populations, waivers, controls and criteria."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.model.controls import Control, Criterion
from engine.model.findings import Finding
from engine.model.waivers import Waiver
from engine.programme.model import Occurrence, Standing


@dataclass(frozen=True, slots=True)
class Population:
    """What a check judged: listed = passed + failed + unknown + not_applicable, one for each of its findings.

    ``complete`` is false where a listing was not: the population then prints as "at least n", and each such scope is
    one of the unknown. ``queries`` are the operations that listed it; with ``listed`` 0 and ``complete``, none exist.
    ``out_of_boundary`` are resources of its type that are no part of the system: they have no verdict and are not
    among the listed.
    """

    check: str
    listed: int
    passed: int
    failed: int
    unknown: int
    not_applicable: int
    complete: bool
    waived: int = 0
    queries: tuple[str, ...] = ()
    out_of_boundary: int = 0

    @property
    def count(self) -> int:
        """The population: listed less not_applicable."""
        return self.listed - self.not_applicable


@dataclass(frozen=True, slots=True)
class WaiverState:
    """What became of a waiver in a run, and the failures that it names (which only "in_force" waives).

    "uncommitted": no commit brought it yet. "not_selected": its check, or what it names, was not looked at.
    "unmatched": it is in force, and nothing that it names fails. ``unmatched`` are the resources it names that do not
    fail.
    """

    waiver: Waiver
    state: Literal["in_force", "expired", "not_started", "uncommitted", "not_selected", "unmatched"]
    matches: tuple[Finding, ...] = ()
    unmatched: tuple[str, ...] = ()


ControlWord = Literal["failures_observed", "incomplete", "no_evidence", "did_not_occur", "no_failures_observed"]


@dataclass(frozen=True, slots=True)
class ControlConclusion:
    """What a run shows of a control: the first word that applies, and the counts behind it.

    ``checks`` are those whose findings are counted, ``not_run`` those that the run's filters left out, ``unused`` those
    of alternatives that were not chosen. ``deviations`` is how many failures are deviations by the control's rule, None
    where that takes more than one run. ``standings`` are the kinds of people's evidence that it needs, as they stand at
    the run's time; of a recurring control there are ``occurrences`` instead. ``reason`` is one sentence for a reader.
    """

    control: Control
    word: ControlWord
    passed: int
    failed: int
    waived: int
    unknown: int
    not_applicable: int
    complete: bool
    checks: tuple[str, ...]
    unused: tuple[str, ...] = ()
    reason: str = ""
    not_run: tuple[str, ...] = ()
    deviations: int | None = None
    standings: tuple[Standing, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()


@dataclass(frozen=True, slots=True)
class CriterionConclusion:
    """The counts of a criterion's controls, and the aspects that no control addresses.

    ``state``: "controls" (look at the counts), "no_control", "not_relevant" or "subservice" (why is in ``reason``).
    ``selected``: whether the run's filters asked for it.
    """

    criterion: Criterion
    state: Literal["controls", "no_control", "not_relevant", "subservice"]
    controls: tuple[ControlConclusion, ...]
    uncovered_aspects: tuple[str, ...] = ()
    selected: bool = True
    reason: str = ""
