"""What a reader wants first of an assessment: totals, what to fix, what was not seen and why. Formats share it.

Nothing here is a verdict: it groups and counts what the assessment says, so that every format says the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.model import (
    REGIONLESS,
    SEVERITIES,
    Assessment,
    Check,
    Collection,
    ControlConclusion,
    CriterionConclusion,
    Finding,
    Scope,
    Selection,
)

ANSWERED: Final = frozenset({"value", "absent", "gone", "off"})
"""How a planned read ends that told what it was asked; every other outcome is a reason."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Verdicts over all checks: listed = passed + failed + unknown + not_applicable. ``waived`` are of the failed."""

    listed: int
    passed: int
    failed: int
    waived: int
    unknown: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one provider has of a run: the accounts and regions that were scanned, the checks, and their verdicts."""

    provider: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    checks: int
    passed: int
    failed: int
    waived: int
    unknown: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A check with failures that nobody accepted. ``waived`` is how many more were accepted."""

    check: Check
    failures: tuple[Finding, ...]
    waived: int


@dataclass(frozen=True, slots=True)
class Gap:
    """One cause of unknown verdicts: a reason, and the permission (else the operation, else the path) behind it.

    ``verdicts`` is how many it explains; a verdict with two causes counts in both. ``granting`` says whether ``needs``
    is a permission that would help.
    """

    reason: str
    needs: str
    granting: bool
    verdicts: int
    checks: tuple[str, ...]
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was to be read and what was. ``refused`` counts the reads without an answer by reason.

    ``resources`` of ``types`` types were listed. ``incomplete`` are the listings that failed, ``off`` those of services
    that are not in use. ``empty`` are the types of which complete listings found none.
    """

    planned: int
    answered: int
    calls: int
    refused: Mapping[str, int]
    resources: int
    types: int
    incomplete: tuple[Collection, ...]
    off: tuple[Collection, ...]
    empty: tuple[str, ...]


def totals(assessment: Assessment) -> Totals:
    """The sums over the populations of all checks."""
    rows = assessment.populations
    return Totals(
        listed=sum(row.listed for row in rows),
        passed=sum(row.passed for row in rows),
        failed=sum(row.failed for row in rows),
        waived=sum(row.waived for row in rows),
        unknown=sum(row.unknown for row in rows),
        not_applicable=sum(row.not_applicable for row in rows),
    )


def shares(assessment: Assessment) -> tuple[Share, ...]:
    """The parts of each provider, by name; together they are the :func:`totals`."""
    of = {check.id: check.provider for check in assessment.selection.checks}
    there = scopes(assessment)
    found = []
    for provider in sorted(set(of.values())):
        rows = [row for row in assessment.populations if of[row.check] == provider]
        mine = [scope for scope in there if scope.provider == provider]
        found.append(
            Share(
                provider=provider,
                accounts=tuple(sorted({scope.account for scope in mine})),
                regions=tuple(sorted({scope.region for scope in mine} - REGIONLESS)),
                checks=len(rows),
                passed=sum(row.passed for row in rows),
                failed=sum(row.failed for row in rows),
                waived=sum(row.waived for row in rows),
                unknown=sum(row.unknown for row in rows),
                not_applicable=sum(row.not_applicable for row in rows),
            )
        )
    return tuple(found)


def fixes(assessment: Assessment) -> tuple[Fix, ...]:
    """The checks with failures that are not waived: the worst severity first, then the most failures."""
    open_: dict[str, list[Finding]] = {}
    waived: Counter[str] = Counter()
    for index, finding in enumerate(assessment.findings):
        if finding.verdict != "fail":
            continue
        if index in assessment.waived:
            waived[finding.check.id] += 1
        else:
            open_.setdefault(finding.check.id, []).append(finding)
    found = [Fix(rows[0].check, tuple(rows), waived[id_]) for id_, rows in open_.items()]
    return tuple(
        sorted(found, key=lambda fix: (-SEVERITIES.index(fix.check.severity), -len(fix.failures), fix.check.id))
    )


def gaps(assessment: Assessment) -> tuple[Gap, ...]:
    """The causes of unknown verdicts, those that explain the most first."""
    groups: dict[tuple[str, str, bool], list[Finding]] = {}
    for finding in assessment.findings:
        if finding.verdict == "unknown":
            for key in _causes(finding):
                groups.setdefault(key, []).append(finding)
    found = [
        Gap(
            reason=reason,
            needs=needs,
            granting=granting,
            verdicts=len(rows),
            checks=tuple(sorted({finding.check.id for finding in rows})),
            scopes=tuple(sorted({finding.scope for finding in rows})),
        )
        for (reason, needs, granting), rows in groups.items()
    ]
    return tuple(sorted(found, key=lambda gap: (-gap.verdicts, gap.reason, gap.needs)))


def _causes(finding: Finding) -> set[tuple[str, str, bool]]:
    if not finding.causes:
        return {(finding.reason or "", "", False)}
    keys = set()
    for cause in finding.causes:
        unread = cause.unread
        granting = unread.permission is not None
        keys.add((str(unread.reason), unread.permission or unread.operation or cause.path, granting))
    return keys


def coverage(assessment: Assessment) -> Coverage:
    """The sums of the ledger and of the listings."""
    snapshot = assessment.snapshot
    outcomes: Counter[str] = Counter()
    for row in snapshot.ledger:
        outcomes.update(row.outcomes)
    answered = sum(count for outcome, count in outcomes.items() if outcome in ANSWERED)
    listings = snapshot.collections
    found = {row.type for row in listings if row.count}
    open_ = {row.type for row in listings if row.state != "complete"}
    return Coverage(
        planned=sum(row.planned for row in snapshot.ledger),
        answered=answered,
        calls=sum(row.calls for row in snapshot.ledger),
        refused={name: count for name, count in sorted(outcomes.items()) if name not in ANSWERED},
        resources=sum(row.count for row in listings),
        types=len(found),
        incomplete=tuple(row for row in listings if row.state == "failed"),
        off=tuple(row for row in listings if row.state == "off"),
        empty=tuple(sorted({row.type for row in listings} - found - open_)),
    )


def seen(assessment: Assessment) -> dict[str, int]:
    """How many resources each check judged that applies to them: its population without scopes that were not listed."""
    scopes = Counter(finding.check.id for finding in assessment.findings if finding.subject.kind == "scope")
    return {row.check: row.count - scopes[row.check] for row in assessment.populations}


def closed_accounts(assessment: Assessment) -> tuple[str, ...]:
    """The accounts that were to be scanned and could not be entered or read; "*" where not all could be listed."""
    entered = {(scope.provider, scope.account) for scope in assessment.snapshot.scopes}
    listed = {(row.scope.provider, row.scope.account) for row in assessment.snapshot.collections}
    return tuple(sorted(account for _, account in listed - entered))


def scopes(assessment: Assessment) -> tuple[Scope, ...]:
    """The scopes that were scanned, of the providers that checks were judged of: a stored snapshot may hold more."""
    asked = {check.provider for check in assessment.selection.checks}
    return tuple(scope for scope in assessment.snapshot.scopes if scope.provider in asked)


def accounts(assessment: Assessment) -> set[str]:
    """The accounts that were scanned, with their provider."""
    return {f"{scope.provider} {scope.account}" for scope in scopes(assessment)}


def left_out(assessment: Assessment) -> dict[str, list[CriterionConclusion]]:
    """The criteria asked for that the policy leaves to others or calls not relevant, by its reason."""
    reasons: dict[str, list[CriterionConclusion]] = {}
    for row in assessment.criteria:
        if row.selected and row.state in ("subservice", "not_relevant"):
            reasons.setdefault(row.reason, []).append(row)
    return reasons


def ran(conclusion: ControlConclusion) -> bool:
    """Whether the run looked at a control at all: not where its filters left out every check of it."""
    return bool(conclusion.checks) or not conclusion.not_run


def bare(conclusion: ControlConclusion) -> bool:
    """Whether there is no evidence of a control at all: nothing that was judged, that came late, or that expired."""
    return (
        conclusion.word == "no_evidence"
        and not conclusion.checks
        and all(row.state in ("absent", "template") for row in conclusion.standings)
        and not any(row.sources or row.after for row in conclusion.occurrences)
    )


def placed(criteria: Iterable[CriterionConclusion], selection: Selection) -> dict[str, str]:
    """The criterion that each control is shown under: the first one, in the order given, that it serves.

    Controls that the run did not look at have no place: of a run that was asked for some checks by name or severity,
    those that no check of it judges.
    """
    narrow = bool(selection.patterns or selection.severity)
    places: dict[str, str] = {}
    for row in criteria:
        for conclusion in row.controls:
            if conclusion.checks or (ran(conclusion) and not narrow):
                places.setdefault(conclusion.control.id, row.criterion.id)
    return places


def relying(run: Assessment) -> dict[str, tuple[str, ...]]:
    """The controls whose conclusions count each check."""
    found: dict[str, tuple[str, ...]] = {}
    for row in run.controls:
        for id_ in row.checks:
            found[id_] = (*found.get(id_, ()), row.control.id)
    return found


def word(conclusion: ControlConclusion) -> str:
    """What a control's conclusion is called on a screen; failures do not hide that it is incomplete as well."""
    if conclusion.word == "failures_observed" and (conclusion.unknown or not conclusion.complete):
        return "failures, incomplete"
    return conclusion.word.replace("_", " ")


def people(conclusion: ControlConclusion) -> str:
    """How people's evidence stands, counted, for a control that no check judges: it has no verdicts to count."""
    if conclusion.checks:
        return ""
    states: Counter[str] = Counter(row.state for row in conclusion.occurrences or conclusion.standings)
    return ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.items())
