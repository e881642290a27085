"""What a pre-merge gate shows: what a planned change does to every verdict. Frozen values, like those of a run.

:mod:`engine.gate.pipeline` makes them of two lists of findings, those before and those after the change;
:mod:`engine.report` shows them and neither decides nor counts. A verdict that a plan cannot give is unknown here too,
with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.model import Assessment, Check, Finding, Scope, Subject, Verdict, Waiver
from providers.base import ModuleCall, Place

__all__ = [
    "Base",
    "Change",
    "ChangeRequest",
    "Changes",
    "ContentChange",
    "Gate",
    "GatedVerdict",
    "ModuleCall",
    "Movement",
    "NeedsLive",
    "Place",
    "SealedGate",
    "Source",
    "Ungated",
]

Movement = Literal["new_failure", "worse", "unchanged_failure", "fixed", "control_deleted", "unknown"]
"""What became of a verdict. "worse": it failed before, and what offends grew. "fixed": it failed before and does not
now, since it passes, does not apply, or is deleted. "control_deleted": a thing that is itself a control (a trail, a
detector, a backup plan) is deleted. "unknown": nobody can tell after the change; ``finding`` says why."""

Base = Literal["plan", "nothing", "base_plan", "baseline", "run"]
"""What "before" is: the plan's own before, nothing (a template has none), another plan or template, a baseline file, a
sealed run."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the change does to one check's verdict on one subject.

    ``before`` and ``after`` are null where there is no verdict: the subject is not there then, or was not judged.
    ``finding`` is the verdict after, or before for what is deleted (it may be null where a baseline file is the base).
    ``added`` are the offending values (path, value) that were not there before. ``waiver`` is the one in force that
    stands beside the failure. ``stops``: it is why the gate does not pass (exit codes 3 and 4).
    """

    check: Check
    subject: Subject
    scope: Scope
    movement: Movement
    before: Verdict | None
    after: Verdict | None
    finding: Finding | None = None
    place: Place | None = None
    added: tuple[tuple[str, Any], ...] = ()
    waiver: Waiver | None = None
    stops: bool = False


@dataclass(frozen=True, slots=True)
class NeedsLive:
    """A check that was asked for and that the source cannot judge, and why; it is not selected."""

    check: Check
    why: str


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A file of checks, controls, policy or waivers that the pull request changes, and that does not apply to it.

    ``path`` is relative to the repository; ``kind`` says what the pull request does to it.
    """

    path: str
    kind: Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What CI says of the change: commits, pull request, who approved. Given, not looked up; null where not given."""

    base_commit: str | None = None
    head_commit: str | None = None
    pull_request: str | None = None
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The plan or template that was judged. ``digest`` is the SHA-256 of the file's bytes, ``tool`` what wrote it.

    ``resources`` counts what the plan holds, ``judged`` what it was folded into. ``actions`` counts resources by action
    ("create", "delete+create", "declared"); ``unmapped`` counts those of types that no mapping reads, which are not
    judged; ``orphans`` are addresses of parts whose owner is not in the plan. ``incomplete`` says in sentences what
    the plan leaves out (deferred, targeted); ``statements`` what else a reader should know. ``parameters`` are the
    values that were given for a template's, null for those that nobody may read (NoEcho).
    """

    kind: Literal["terraform", "cloudformation", "arm"]
    path: str
    digest: str
    format_version: str
    tool: str
    resources: int
    judged: int
    actions: Mapping[str, int] = field(default_factory=dict)
    unmapped: Mapping[str, int] = field(default_factory=dict)
    orphans: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    parameters: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate run: the assessment of what is planned, and what the change does beside ``base``.

    ``assessment`` holds the verdicts after the change, exit code and reasons. ``changes`` are in the order of findings:
    every failure, fix, deletion of a control and unknown; a pass that stays one is not listed (``assessment`` has it).
    ``base_name`` names the base for a reader. ``places`` maps a subject's (type, scope, id) to where it is
    written.
    ``policy_ref`` is the commit that checks, controls, policy and waivers were read from; null: the working folder.
    ``unsigned``: it should have been sealed, and there is no signing key here.
    """

    assessment: Assessment
    source: Source
    base: Base
    base_name: str
    changes: tuple[Change, ...]
    places: Mapping[tuple[str, Scope, str], Place]
    needs_live: tuple[NeedsLive, ...]
    content_changes: tuple[ContentChange, ...]
    request: ChangeRequest
    policy_ref: str | None = None
    strict: bool = False
    fail_on_all: bool = False
    unsigned: bool = False

    def place(self, verdict: Finding | Change) -> Place | None:
        """Where the subject of a verdict is written; null where no plan describes it."""
        return self.places.get((verdict.subject.type, verdict.scope, verdict.subject.id))

    def of(self, movement: Movement) -> tuple[Change, ...]:
        """The changes of one movement, in order."""
        return tuple(change for change in self.changes if change.movement == movement)


# --- gates and the live state ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GatedVerdict:
    """What a gate said of one resource by one check, and what the latest live run says of it.

    ``subject`` is its id, or its address where it was to be made. ``live`` is the id of what it became, null where
    nothing that was read can be told to be it; ``now`` is null where the check was not judged on it.
    """

    check: str
    type: str
    subject: str
    planned: str
    live: str | None = None
    now: str | None = None


@dataclass(frozen=True, slots=True)
class SealedGate:
    """A gate in a store's chain: which plan (SHA-256) and change, and its verdicts beside those of now."""

    run: str
    as_of: str
    plan: str
    change: ChangeRequest
    verdicts: tuple[GatedVerdict, ...]

    @property
    def contradicted(self) -> tuple[GatedVerdict, ...]:
        """What passed at the gate and fails now."""
        return tuple(row for row in self.verdicts if row.planned == "pass" and row.now == "fail")


@dataclass(frozen=True, slots=True)
class Ungated:
    """A resource that differs from one live run to the next, between two moments, and stands in no gate before."""

    type: str
    account: str
    id: str
    kind: Literal["made", "changed", "deleted"]
    after: str
    until: str


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The written boundary of one live run and the next, by digest (None: none was written), where it differs.

    ``out`` are resources that were judged by the first run and out of the boundary in the second.
    """

    after: str
    until: str
    before: str | None
    now: str | None
    out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The gates of a period beside its live runs. ``latest`` is the moment of the last of ``frames`` live runs.

    Between two live runs nothing is seen: what changed and changed back is not here. ``anchored`` says by whom the
    chains that tell it are anchored in time, or that one is not.
    """

    starts: str
    ends: str
    anchored: str
    demonstration: bool
    gates: tuple[SealedGate, ...]
    frames: int
    latest: str | None
    ungated: tuple[Ungated, ...]
    redrawn: tuple[Redrawn, ...] = ()
