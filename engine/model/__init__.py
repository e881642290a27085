"""The values that pass between the steps. All are frozen; none has behaviour beyond its own invariants.

The other packages import from here, whichever module defines a value. What comes from a provider (Scope, Resource,
Unread, ...) is defined in :mod:`providers.base`.
"""

from engine.model.assessment import Assessment, Bounds, RuleCount, Selection
from engine.model.checks import LISTINGS, Check, Example, Parameter, Relation, providers_of
from engine.model.clock import Clock
from engine.model.conclusions import ControlConclusion, ControlWord, CriterionConclusion, Population, WaiverState
from engine.model.controls import NIGHTLY_SCANS, Control, Criterion
from engine.model.findings import Cause, Finding, Subject
from engine.model.in_force import InForce
from engine.model.organization import Hold, Organization, Retention, Schedule
from engine.model.snapshots import Collection, LedgerRow, Snapshot
from engine.model.terms import SEVERITIES, CollectionState, Severity, Verdict
from engine.model.waivers import Approval, Waiver
from providers.base import CLOUDS, GLOBAL, REGIONLESS, Discovery, LeftOut, Resource, Scope, Unread

__all__ = [
    "CLOUDS",
    "GLOBAL",
    "LISTINGS",
    "NIGHTLY_SCANS",
    "REGIONLESS",
    "SEVERITIES",
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
    "ControlWord",
    "Criterion",
    "CriterionConclusion",
    "Discovery",
    "Example",
    "Finding",
    "Hold",
    "InForce",
    "LedgerRow",
    "LeftOut",
    "Organization",
    "Parameter",
    "Population",
    "Relation",
    "Resource",
    "Retention",
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
