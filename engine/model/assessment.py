"""A whole run, judged and concluded, with what it was asked for and what it left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from engine.model.checks import Check
from engine.model.conclusions import ControlConclusion, CriterionConclusion, Population, WaiverState
from engine.model.findings import Finding
from engine.model.snapshots import Snapshot
from engine.model.terms import Severity
from engine.model.waivers import Waiver
from engine.programme.model import EntityControl
from engine.programme.vendors import VendorStanding
from providers.base import Scope


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for: filters as given, and the checks they selected (sorted by id).

    ``not_chosen`` are those that serve only categories which the organisation did not choose, and nobody asked for.
    """

    checks: tuple[Check, ...]
    providers: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    severity: Severity | None = None
    not_chosen: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleCount:
    """A rule of the boundary, and how many resources it put out of it."""

    id: str
    state: Literal["in", "out_of_boundary"]
    reason: str
    approver: str
    approved_on: date
    resources: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the written boundary came to: how many resources are in, and out, by rule and by type.

    ``undecided`` are in because what a rule asks of them was not read. ``unnamed`` are accounts (region "*") that were
    discovered and that no rule names: until one does, the run is incomplete.
    """

    rules: tuple[RuleCount, ...]
    inside: int
    out_of_boundary: int
    undecided: int = 0
    types: Mapping[str, int] = field(default_factory=dict)
    unnamed: tuple[Scope, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """A run, judged and concluded: what every renderer renders. Renderers neither decide nor count.

    ``kind`` is scheduled, adhoc, gate or demo. ``exit_code`` and ``exit_reasons`` follow design section 5; all codes
    that applied are in ``exit_reasons`` by code. ``sealed`` says where the run was recorded; None: it was not.
    ``resumed`` is when the run began that died and that this one went on with (RFC 3339 UTC). ``boundary`` is what the
    written boundary came to; None: none is written, and everything is in. ``vendors`` are the subservice organisations
    as they stand, ``entity_controls`` what customers must do.
    """

    kind: str
    organization: str
    engine_version: str
    as_of: str
    selection: Selection
    snapshot: Snapshot
    findings: tuple[Finding, ...]
    waived: Mapping[int, Waiver]
    populations: tuple[Population, ...]
    controls: tuple[ControlConclusion, ...]
    criteria: tuple[CriterionConclusion, ...]
    waivers: tuple[WaiverState, ...]
    unused_checks: tuple[str, ...]
    fail_on: Severity
    exit_code: int
    exit_reasons: Mapping[int, str]
    run_id: str | None = None
    sealed: Mapping[str, Any] | None = None
    resumed: str | None = None
    boundary: Bounds | None = None
    vendors: tuple[VendorStanding, ...] = ()
    entity_controls: tuple[EntityControl, ...] = ()
