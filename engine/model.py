"""The values that pass between the steps. All are frozen; none has behaviour beyond its own invariants.

What comes from a provider (Scope, Resource, Unread, ...) is defined in :mod:`providers.base` and re-exported here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Collection as Container
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from engine.programme.model import EntityControl, Occurrence, Policy, Programme, Record, Recurrence, Standing
from engine.programme.vendors import VendorStanding
from providers.base import CLOUDS, GLOBAL, REGIONLESS, Discovery, LeftOut, Reason, Resource, Scope, Unread

__all__ = [
    "CLOUDS",
    "GLOBAL",
    "LISTINGS",
    "REGIONLESS",
    "SEVERITIES",
    "VERDICTS",
    "Approval",
    "Assessment",
    "Bounds",
    "Cause",
    "Check",
    "Clock",
    "Collection",
    "CollectionState",
    "Control",
    "ControlConclusion",
    "Criterion",
    "CriterionConclusion",
    "Discovery",
    "Example",
    "Finding",
    "InForce",
    "LedgerRow",
    "LeftOut",
    "Organization",
    "Parameter",
    "Population",
    "Reason",
    "Relation",
    "Resource",
    "RuleCount",
    "Schedule",
    "Scope",
    "Selection",
    "Severity",
    "Snapshot",
    "Subject",
    "Unread",
    "Verdict",
    "Waiver",
    "WaiverState",
    "providers_of",
]

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""Rising."""

Verdict = Literal["pass", "fail", "unknown", "not_applicable"]
VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "unknown", "not_applicable")

CollectionState = Literal["complete", "off", "failed"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Clock:
    """The one clock, made in the command line and passed down: ``now()`` is RFC 3339 UTC text ending in Z.

    ``monotonic()`` counts seconds from an arbitrary start, ``sleep(seconds)`` waits.
    """

    now: Callable[[], str]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


# --- what was read ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collection:
    """How the listing of one resource type in one scope ended.

    "complete": every resource is there. "off": the service is not in use there, so there are none. "failed": why is in
    ``unread``; resources found before the failure are in the snapshot, and there may be more.
    """

    type: str
    scope: Scope
    state: CollectionState
    count: int = 0
    unread: Unread | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What was planned of one reader in one scope, what it took, and how it ended.

    ``planned`` is the number of executions planned (resources for a per-resource reader). ``outcomes`` counts how the
    executions ended: value, absent, gone, off, or a reason. ``digest`` is the SHA-256 over the digests of what was
    returned, in sorted order. ``failures`` are the failures, one each: (resource id or "", reason, permission, detail).
    """

    scope: Scope
    reader: str
    planned: int
    calls: int
    pages: int
    items: int
    retries: int
    polls: int
    outcomes: Mapping[str, int]
    request_ids: tuple[str, ...]
    digest: str
    failures: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read, as of one moment; the only input of ``evaluate`` besides checks and policy.

    Of a live run, one account's: nothing is joined beyond it, so that it can be judged and let go. ``as_of`` is RFC
    3339 UTC (start of collection) and is ``now`` in expressions. ``source`` says where it came from: "live",
    "recorded", "demo". ``identity`` is who asked. ``scopes`` are the scopes asked; ``left_out`` are accounts and
    regions that exist and were not. ``collections`` has one row for each (type, scope) planned, ``resources`` are
    sorted by (type, account, region, id). ``groups`` maps "provider/group" to the accounts in it, of the groups that
    the boundary names.
    """

    as_of: str
    source: str
    identity: Mapping[str, str]
    scopes: tuple[Scope, ...]
    collections: tuple[Collection, ...]
    resources: tuple[Resource, ...]
    ledger: tuple[LedgerRow, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    finished_at: str | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def bare(self) -> Snapshot:
        """The snapshot without resources, and its ledger without request ids: what is needed after it was judged."""
        return replace(self, resources=(), ledger=tuple(replace(row, request_ids=()) for row in self.ledger))


# --- content ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of a check that an organisation may set. ``type`` is a CEL type as text ("int", "list<string>")."""

    name: str
    type: str
    default: Any
    description: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Resources of another type that a check reads beside its own, joined by equality.

    ``on`` maps a property (or id, name, account, region) of the related resource to one of the subject's; empty joins
    nothing but the account. ``across``: the related resources are rows of listings, which are the whole organisation's,
    and are joined with resources of every account.
    """

    name: str
    resource_type: str
    on: Mapping[str, str]
    across: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A resource, what it is related to, and the verdict that the check must give: proof that the test can fail.

    ``resource`` holds properties (and id, name, account, region, tags where they matter); a property that is left out
    is unread. ``related`` maps a relation to its resources; ``parameters`` replace defaults.
    """

    name: str
    verdict: Verdict
    resource: Mapping[str, Any]
    related: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    now: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One attribute that resources of one type must have; see design section 6 and ``schemas/check.schema.json``.

    ``id`` is the path below ``checks/`` with dots. ``digest`` is the SHA-256 of ``source``, the file's bytes.
    ``product`` names the vendor's product that the check merely asks for, or without which it cannot hold: it then runs
    only when a control or a pattern names it.
    """

    id: str
    version: int
    title: str
    resource_type: str
    criteria: tuple[str, ...]
    severity: Severity
    rationale: str
    expression: str
    message: str
    remediation: Mapping[str, str]
    references: tuple[str, ...]
    path: Path
    source: bytes
    digest: str
    when: str | None = None
    product: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    related: Mapping[str, Relation] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """The provider whose checks it belongs to: the first part of the id."""
        return self.id.partition(".")[0]

    @property
    def providers(self) -> frozenset[str]:
        """See :func:`providers_of`."""
        return providers_of(self.id)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the 61 Trust Services Criteria, titled in our own words. ``category`` is security, availability, ...

    ``aspects`` maps an aspect's id to its short text; ``evidence`` is automated_cloud_config, manual_document or both.
    """

    id: str
    title: str
    series: str
    series_title: str
    category: str
    evidence: str
    frequency: str
    typical_evidence: tuple[str, ...]
    aspects: Mapping[str, str] = field(default_factory=dict)


LISTINGS: Final = "tables"
"""The provider of listings, which are the whole organisation's. They are read before what is joined to them."""


def providers_of(check: str) -> frozenset[str]:
    """The providers that a check reads, by its id: of tables.aws.NAME listings and AWS, of others the first part."""
    first, second = (*check.split("."), "")[:2]
    return frozenset({first, second} if first == LISTINGS and second in CLOUDS else {first})


NIGHTLY_SCANS: Final = "nightly_scans"
"""The kind of evidence that sealed runs themselves are: a control that names it is the scanning control, which fails on
every night that no run was made. It takes a period to see."""


@dataclass(frozen=True, slots=True)
class Control:
    """What auditors test: a statement of the organisation, who owns it, and what shows whether it operates.

    ``operation`` is "continuous" (a frame a night), "recurring" or "per_event". ``checks`` are check ids;
    ``alternatives`` are groups of check ids of which any one suffices (``satisfied_by: {any: [...]}``, or a list of
    these). ``deviation`` is "any_failure" or maps a severity to the days within which a failure must be corrected
    (``not_corrected_within``). A member of an alternative that has no dot is no check but a kind of evidence.
    ``occurs`` is when a recurring control is expected.
    """

    id: str
    statement: str
    owner: str
    criteria: tuple[str, ...]
    operation: str
    path: Path
    digest: str
    aspects: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[str, ...] = ()
    deviation: str | Mapping[str, int] = "any_failure"
    occurs: Recurrence | None = None

    def within(self, clouds: Container[str]) -> Control:
        """The control without the checks of other clouds than these: what is not used shows nothing, and lacks not."""

        def kept(ids: Iterable[str]) -> tuple[str, ...]:
            return tuple(id_ for id_ in ids if "." not in id_ or all(name in clouds for name in providers_of(id_)))

        alternatives = tuple(group for group in map(kept, self.alternatives) if group)
        return replace(self, checks=kept(self.checks), alternatives=alternatives)


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a waiver, when, and how that is known: "corroborated" (review, signed commit) or "asserted"."""

    approver: str
    approved_on: date
    standing: Literal["corroborated", "asserted"]
    self_approved: bool


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted failure. It stands beside a verdict and never changes one.

    ``check`` is a check id; ``resources`` are the ids of the subjects of ``account`` that were failing when it was
    approved: a new match is a new failure. In force from ``start`` to ``expires``, both included (UTC dates).
    """

    id: str
    kind: Literal["risk_accepted", "compensating_control", "false_positive", "planned_fix"]
    check: str
    resources: tuple[str, ...]
    owner: str
    reason: str
    start: date
    expires: date
    approval: Approval
    path: Path
    digest: str
    ticket: str | None = None
    account: str = ""
    effective_at: str | None = None
    """RFC 3339 UTC: no effect before it, the latest of start, approval and the commit that brought the file; None
    where the policy folder is a repository and no commit holds the file as it stands: no effect at all."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When runs are expected: every ``every`` at ``at`` (HH:MM) in ``timezone`` (IANA name).

    A run that begins up to ``grace_hours`` later is on time; one that begins later still is late, which is not absent.
    What stands here is what holds where the policy says nothing.
    """

    every: Literal["day"] = "day"
    at: str = "00:00"
    timezone: str = "UTC"
    grace_hours: int = 24


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing from one date to another, both included, is removed, and why."""

    starts: date
    ends: date
    reason: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept: ``days`` after the end of the period that was closed with them, and while one holds.

    ``object_lock`` is the mode in which S3 is asked to see to it; None: it is not.
    """

    days: int
    holds: tuple[Hold, ...] = ()
    object_lock: Literal["compliance", "governance"] | None = None


_UNSCOPED: Final = Programme()


@dataclass(frozen=True, slots=True)
class Organization:
    """Whose controls these are, and what it set: ``policies/organization.yaml``.

    ``categories`` are those of the report; ``providers`` are the clouds that it uses (``says_providers``: it wrote so);
    ``stated`` maps a criterion to ("subservice" or "not_relevant", why);
    ``parameters`` maps a check's id to the values it sets; ``store`` is where evidence goes without ``--store``.
    ``access`` says of each provider which accounts there are and how they are entered. ``authorities`` maps the names
    of those that are asked for time stamps, in this order, to their addresses. ``schedule`` is when a run is expected;
    reports of a period count missed nights by it. ``retention`` is how long runs are kept; None: for good. ``window``
    is the period of the report that is being prepared (first and last day); None: none is set yet.
    ``programme`` is what it says of the scope of the report.
    """

    name: str
    categories: tuple[str, ...]
    path: Path
    digest: str
    providers: tuple[str, ...] = ("aws",)
    waiver_days: int = 365
    self_approval: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stated: Mapping[str, tuple[Literal["subservice", "not_relevant"], str]] = field(default_factory=dict)
    access: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    store: str | None = None
    authorities: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule = Schedule()
    retention: Retention | None = None
    window: tuple[date, date] | None = None
    programme: Programme = _UNSCOPED
    says_providers: bool = False


@dataclass(frozen=True, slots=True)
class InForce:
    """What one run was judged by, read again from the content that was sealed with it.

    ``checks`` are those that it judged, by id, and ``parameters`` the values that they had. Waivers are by id.
    """

    organization: Organization
    controls: tuple[Control, ...]
    criteria: Mapping[str, Criterion]
    waivers: Mapping[str, Waiver]
    checks: Mapping[str, Check]
    parameters: Mapping[str, Mapping[str, Any]]
    records: tuple[Record, ...] = ()
    documents: tuple[Policy, ...] = ()

    @property
    def clouds(self) -> frozenset[str]:
        """Those that the organisation uses, and those that were judged all the same."""
        return frozenset({*self.organization.providers, *chain(*(check.providers for check in self.checks.values()))})


# --- what was judged -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: a resource, or a scope whose listing of ``type`` was not complete."""

    kind: Literal["resource", "scope"]
    type: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What an ``unknown`` verdict could not see: the path in the expression, and why."""

    path: str
    unread: Unread


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's verdict on one subject.

    ``message`` and ``observed`` (path, value) are there for fail and unknown only; ``causes`` for unknown only.
    ``resource`` and ``related`` are what it was judged on (``resource`` is None where the subject is a scope, and in
    what :attr:`bare` gives). ``collected_at`` is when the resource was read.
    """

    check: Check
    subject: Subject
    scope: Scope
    verdict: Verdict
    reason: Reason | None = None
    message: str | None = None
    observed: tuple[tuple[str, Any], ...] = ()
    causes: tuple[Cause, ...] = ()
    collected_at: str | None = None
    resource: Resource | None = None
    related: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)

    @property
    def bare(self) -> Finding:
        """The finding without what it was judged on, which can be let go then."""
        return replace(self, resource=None, related=NOTHING)

    @property
    def order(self) -> tuple[str, str, str, str, str, str]:
        """Sort key of findings and of their records: scope, check, subject."""
        scope = self.scope
        return (scope.provider, scope.account, scope.region, self.check.id, self.subject.type, self.subject.id)


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
