"""From verdicts to what a run shows: populations, controls, criteria, and the exit code.

Pure. Checks judge, controls conclude, criteria gather; a waiver stands beside a failure and changes no verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain
from typing import Final, Literal

import engine
from engine.content.policy import Policy
from engine.judging.scope import applies, not_chosen
from engine.judging.waivers import states, waived
from engine.model import (
    NIGHTLY_SCANS,
    SEVERITIES,
    Assessment,
    Bounds,
    Control,
    ControlConclusion,
    ControlWord,
    Criterion,
    CriterionConclusion,
    Finding,
    Organization,
    Population,
    Selection,
    Severity,
    Snapshot,
    Waiver,
    WaiverState,
)
from engine.programme import sentences
from engine.programme.model import Standing
from engine.programme.shown import Shown
from engine.programme.vendors import VendorStanding, assuming, carved, standings

PRECEDENCE: Final = (2, 1, 5, 130, 143, 3, 4)
"""Exit codes, the one that a process ends with first."""
_YEAR: Final = timedelta(days=365)
FAILURES: Final = 3
INCOMPLETE: Final = 4

CriterionState = Literal["controls", "no_control", "not_relevant", "subservice"]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a run shows; the fields of an :class:`engine.model.Assessment` that are concluded, not read.

    ``set_aside`` are the checks that only stand as alternatives to others that were chosen: their findings are
    reported, and count for no control and no exit code.
    """

    waived: Mapping[int, Waiver]
    populations: tuple[Population, ...]
    controls: tuple[ControlConclusion, ...]
    criteria: tuple[CriterionConclusion, ...]
    waivers: tuple[WaiverState, ...]
    unused_checks: tuple[str, ...]
    set_aside: frozenset[str]
    fail_on: Severity
    exit_code: int
    exit_reasons: Mapping[int, str]
    boundary: Bounds | None = None
    vendors: tuple[VendorStanding, ...] = ()


def conclude(
    findings: Sequence[Finding],
    selection: Selection,
    snapshot: Snapshot,
    policy: Policy,
    fail_on: Severity = "low",
    allow_incomplete: bool = False,
    listers: Mapping[str, Sequence[str]] | None = None,
    bounds: Bounds | None = None,
) -> Conclusion:
    """What ``findings`` of ``selection`` on ``snapshot`` show under ``policy``.

    ``listers`` maps a resource type to the operations that listed it. Failures below ``fail_on`` do not fail the run;
    ``allow_incomplete`` keeps what could not be seen from doing so. ``bounds`` is what the written boundary came to.
    """
    selected = [check.id for check in selection.checks]
    waiver_states = states(policy.waivers, findings, frozenset(selected), snapshot.as_of, _covered(selection, snapshot))
    accepted = waived(waiver_states, findings)
    rows = {row.check: row for row in _populations(findings, accepted, selection, snapshot, listers or {}, bounds)}
    clouds = {*policy.organization.providers, *chain(*(check.providers for check in selection.checks))}
    shown = _shown(policy, snapshot.as_of)
    windowed = policy.organization.window is not None
    every = tuple(_control(control.within(clouds), rows, shown, windowed) for control in policy.controls)
    set_aside = _set_aside(every, selection)
    categories = _categories(policy, selection)
    controls = tuple(row for row in every if applies(row.control, policy.criteria, categories))
    reasons = exit_reasons(findings, accepted, rows.values(), set_aside, fail_on, bounds)
    ignored = {INCOMPLETE} if allow_incomplete else set()
    named = {id_ for control in policy.controls for id_ in (*control.checks, *_alternatives(control))}
    return Conclusion(
        waived=accepted,
        populations=tuple(rows.values()),
        controls=controls,
        criteria=tuple(_criteria(policy, controls, selection, categories)),
        waivers=waiver_states,
        unused_checks=tuple(id_ for id_ in selected if id_ not in named),
        set_aside=set_aside,
        fail_on=fail_on,
        exit_code=exit_code(reasons.keys() - ignored),
        exit_reasons=reasons,
        boundary=bounds,
        vendors=standings(policy.organization.programme, policy.organization.window, shown.on),
    )


def assessed(
    kind: str,
    policy: Policy,
    selection: Selection,
    snapshot: Snapshot,
    findings: tuple[Finding, ...],
    conclusion: Conclusion,
) -> Assessment:
    """A run or a gate, whole: what was read, judged and concluded, under ``policy`` and by this version."""
    return Assessment(
        kind=kind,
        organization=policy.organization.name,
        engine_version=engine.__version__,
        as_of=snapshot.as_of,
        selection=selection,
        snapshot=snapshot,
        findings=findings,
        waived=conclusion.waived,
        populations=conclusion.populations,
        controls=conclusion.controls,
        criteria=conclusion.criteria,
        waivers=conclusion.waivers,
        unused_checks=conclusion.unused_checks,
        fail_on=conclusion.fail_on,
        exit_code=conclusion.exit_code,
        exit_reasons=conclusion.exit_reasons,
        boundary=conclusion.boundary,
        vendors=conclusion.vendors,
        entity_controls=policy.organization.programme.entity_controls,
    )


def _covered(selection: Selection, snapshot: Snapshot) -> frozenset[str]:
    """The accounts that a run looked at as a whole: a plan holds none, and a region is a part of one."""
    if snapshot.source == "planned" or selection.regions:
        return frozenset()
    there = {scope.account for scope in snapshot.scopes}
    return frozenset(there & set(selection.accounts) if selection.accounts else there)


def _populations(
    findings: Iterable[Finding],
    accepted: Collection[int],
    selection: Selection,
    snapshot: Snapshot,
    listers: Mapping[str, Sequence[str]],
    bounds: Bounds | None,
) -> Iterator[Population]:
    """A row for each selected check, by id. A type that was never listed is no population of none."""
    sums: dict[str, Counter[str]] = {check.id: Counter() for check in selection.checks}
    for index, finding in enumerate(findings):
        counts = sums[finding.check.id]
        counts[finding.verdict] += 1
        counts["waived"] += index in accepted
        counts["unlisted"] += finding.subject.kind == "scope"
    listed = {row.type for row in snapshot.collections}
    for check in selection.checks:
        counts = sums[check.id]
        yield Population(
            check=check.id,
            listed=counts["pass"] + counts["fail"] + counts["unknown"] + counts["not_applicable"],
            passed=counts["pass"],
            failed=counts["fail"],
            unknown=counts["unknown"],
            not_applicable=counts["not_applicable"],
            complete=check.resource_type in listed and not counts["unlisted"],
            waived=counts["waived"],
            queries=tuple(listers.get(check.resource_type, ())),
            out_of_boundary=bounds.types.get(check.resource_type, 0) if bounds is not None else 0,
        )


# --- exit code -------------------------------------------------------------------------------------------------------


def exit_reasons(
    findings: Sequence[Finding],
    accepted: Collection[int],
    populations: Iterable[Population],
    set_aside: Collection[str],
    fail_on: Severity,
    bounds: Bounds | None = None,
) -> dict[int, str]:
    """The exit codes that apply, each with why, in a sentence without a full stop."""
    least = SEVERITIES.index(fail_on)
    counted = [(index, finding) for index, finding in enumerate(findings) if finding.check.id not in set_aside]
    failures = [
        finding
        for index, finding in counted
        if finding.verdict == "fail" and index not in accepted and SEVERITIES.index(finding.check.severity) >= least
    ]
    unknown = sum(finding.verdict == "unknown" for _, finding in counted)
    unlisted = [row.check for row in populations if not row.complete and row.check not in set_aside]
    reasons = {}
    if failures:
        checks = len({finding.check.id for finding in failures})
        level = "" if fail_on == "low" else f" of severity {fail_on} or above"
        reasons[FAILURES] = f"{_count(len(failures), 'failure')}{level} of {_count(checks, 'check')} not waived"
    unnamed = bounds.unnamed if bounds is not None else ()
    nothing = bounds is not None and not bounds.inside
    if unknown or unlisted or unnamed or nothing:
        parts = [_count(unknown, "unknown verdict")] if unknown else []
        parts += [f"{_count(len(unlisted), 'check')} whose resources were not all listed"] if unlisted else []
        parts += [f"{_count(len(unnamed), 'account')} that no boundary rule names"] if unnamed else []
        # A boundary around nothing would be the shortest way to exit code 0.
        parts += ["nothing in the boundary to judge"] if nothing else []
        reasons[INCOMPLETE] = ", ".join(parts)
    return reasons


def exit_code(codes: Collection[int]) -> int:
    """The code that a process ends with, of all that apply: 2, 1, 5, 130 or 143, 3, 4, and 0 where none does."""
    return next((code for code in PRECEDENCE if code in codes), max(codes, default=0))


# --- controls --------------------------------------------------------------------------------------------------------


def _alternatives(control: Control) -> Iterator[str]:
    """The checks among a control's alternatives; the others are kinds of evidence."""
    return (id_ for group in control.alternatives for id_ in group if "." in id_)


def _shown(policy: Policy, as_of: str) -> Shown:
    """People's evidence on the day of a run, for the window that is set, else for the years before and after."""
    on = date.fromisoformat(as_of[:10])
    window = policy.organization.window or (on - _YEAR, on + _YEAR)
    return Shown(policy.records, policy.documents, on, window, carved(policy.organization.programme))


def _control(control: Control, rows: Mapping[str, Population], shown: Shown, windowed: bool) -> ControlConclusion:
    """What the populations of the selected checks, and what people recorded, show of one control."""
    wanted, unused, passed_over = list(control.checks), [], []
    kinds = [kind for kind in control.evidence if kind != NIGHTLY_SCANS]
    standings = shown.standings(kinds, control.id, control.occurs is not None)
    for group in control.alternatives:
        checks = [id_ for id_ in group if "." in id_]
        said = [shown.standing(kind, control.id) for kind in group if "." not in kind]
        chosen = [id_ for id_ in checks if id_ in rows and _chosen(rows[id_])]
        # Nobody's word alone sets a check aside, failing or not.
        current = [row for row in said if row.state == "current" and not (checks and row.on_word_of)]
        passed_over += [row for row in said if row.state == "current" and row not in current]
        # Where none was chosen, nothing is set aside: every failure and every unknown of all of them counts.
        wanted += chosen if chosen or current else checks
        unused += [id_ for id_ in checks if (chosen or current) and id_ not in chosen]
        standings += current if chosen or current or checks else said
    mine = [rows[id_] for id_ in wanted if id_ in rows]
    not_run = tuple(id_ for id_ in wanted if id_ not in rows)
    expected = shown.occurrences(control.occurs, control.evidence, control.id)
    failed = sum(row.failed for row in mine)
    # What nothing says must have begun, and never did, lacks evidence; it did not fail.
    due = windowed or shown.begun(control.occurs, control.evidence, control.id)
    absent = sum(row.state == "absent" for row in expected) if due else 0
    conclusion = ControlConclusion(
        control=control,
        word="no_evidence",
        passed=sum(row.passed for row in mine),
        failed=failed,
        waived=sum(row.waived for row in mine),
        unknown=sum(row.unknown for row in mine),
        not_applicable=sum(row.not_applicable for row in mine),
        complete=all(row.complete for row in mine) and not not_run,
        checks=tuple(row.check for row in mine),
        unused=tuple(unused),
        not_run=not_run,
        deviations=failed + absent if control.deviation == "any_failure" or not failed else None,
        standings=tuple(standings),
        occurrences=expected,
    )
    out = any(row.out_of_boundary for row in mine)
    word = _word(conclusion, absent, out)
    failing = {id_: rows[id_].failed for id_ in unused if id_ in rows and rows[id_].failed}
    belated = shown.belated(control.occurs) if windowed else ""
    return replace(conclusion, word=word, reason=_reason(conclusion, word, out, passed_over, failing, belated))


def _chosen(row: Population) -> bool:
    """Whether an alternative is the one in use: it passes somewhere, and nowhere fails or is unknown."""
    return row.complete and row.passed > 0 and not row.failed and not row.unknown


def _word(conclusion: ControlConclusion, absent: int, out: bool) -> ControlWord:
    """The first word that applies; ``absent`` are the occurrences that count as failures.

    ``out``: something that it could apply to is out of the boundary, so that nothing judged is not nothing there.
    """
    judged = conclusion.passed + conclusion.failed
    occurred = [row.state for row in conclusion.occurrences if row.state in ("on_time", "late")]
    lacking = [row for row in conclusion.standings if row.state != "current"]
    shown = len(lacking) < len(conclusion.standings) or bool(occurred)
    scanning = NIGHTLY_SCANS in conclusion.control.evidence
    if conclusion.failed or absent:
        return "failures_observed"
    if conclusion.unknown or (conclusion.checks and not conclusion.complete):
        return "incomplete"
    if (lacking or scanning) and (conclusion.checks or shown):
        return "incomplete"
    if lacking or (conclusion.occurrences and not occurred):
        return "incomplete" if conclusion.checks else "no_evidence"
    if conclusion.checks and not judged and conclusion.control.operation == "per_event" and not out:
        return "did_not_occur"
    return "no_failures_observed" if judged or shown else "no_evidence"


def _reason(
    conclusion: ControlConclusion,
    word: ControlWord,
    out: bool,
    passed_over: Sequence[Standing],
    failing: Mapping[str, int],
    belated: str,
) -> str:
    """One sentence: failures, what was not seen, coverage, and the alternatives that are not used.

    ``out``: what was found is out of the boundary. ``passed_over`` is evidence that sets no check aside; ``failing``
    are the failures of checks that are set aside; ``belated`` says that a recurring control began within the window.
    """
    judged = conclusion.passed + conclusion.failed
    total = judged + conclusion.unknown
    parts = []
    if conclusion.failed:
        accepted = f", {conclusion.waived:,} of them waived" if conclusion.waived else ""
        parts.append(f"{_count(conclusion.failed, 'failure')}{accepted}")
    if conclusion.occurrences:
        parts.append(sentences.occurred(conclusion.occurrences))
    parts += [belated] if belated else []
    if conclusion.not_run:
        parts.append(f"not run: {', '.join(conclusion.not_run)}")
    parts += [sentences.stands(row) for row in conclusion.standings]
    parts += [sentences.passed_over(row) for row in passed_over]
    if NIGHTLY_SCANS in conclusion.control.evidence:
        parts.append("whether a run was made every night is shown by a report of a period")
    if total:
        least = "" if conclusion.complete else "at least "
        parts.append(f"{judged:,} of {least}{_count(total, 'verdict')} known")
    elif word == "did_not_occur":
        parts.append("the listings are complete and hold no occurrence")
    elif conclusion.checks and conclusion.complete:
        parts.append(
            "all that it could apply to is out of the boundary" if out else "nothing exists that it applies to"
        )
    if conclusion.unused:
        parts.append(f"not used: {', '.join(conclusion.unused)}, since an alternative is in use")
    if failing:
        parts.append(sentences.still_failing(failing))
    text = "; ".join(parts) or "nothing was read that could show it"
    return f"{text[0].upper()}{text[1:]}."


def _set_aside(controls: Iterable[ControlConclusion], selection: Selection) -> frozenset[str]:
    """The checks that are unchosen alternatives wherever a control names them, and were not asked for by name."""
    unused: set[str] = set()
    used = set(selection.patterns)
    for conclusion in controls:
        unused.update(conclusion.unused)
        used.update(conclusion.checks)
    return frozenset(unused - used)


# --- criteria --------------------------------------------------------------------------------------------------------


def _categories(policy: Policy, selection: Selection) -> frozenset[str]:
    """The categories that a run is about: those that the organisation chose, and those of criteria it was asked for."""
    asked = {name.lower() for name in selection.criteria}
    named = {row.category for row in policy.criteria.values() if asked & _names(row)}
    return frozenset({*policy.organization.categories, *named})


def _names(criterion: Criterion) -> set[str]:
    """What a criterion can be asked for by."""
    return {name.lower() for name in (criterion.id, criterion.series, criterion.category)}


def _criteria(
    policy: Policy, controls: Sequence[ControlConclusion], selection: Selection, categories: Collection[str]
) -> Iterator[CriterionConclusion]:
    """A conclusion for every criterion, in the order of the framework."""
    wanted = {name.lower() for name in selection.criteria}
    for criterion in policy.criteria.values():
        mine = tuple(row for row in controls if criterion.id in row.control.criteria)
        covered = {aspect for row in mine for aspect in row.control.aspects}
        state, reason = _stated(criterion, policy.organization, mine, categories)
        if state == "subservice":
            # Who watches over those that it is left to stands beside it, whatever criteria it names.
            watching = {vendor.monitored_by for vendor in assuming(policy.organization.programme, criterion.id)}
            mine = tuple(row for row in controls if row in mine or row.control.id in watching)
        yield CriterionConclusion(
            criterion=criterion,
            state=state,
            # A control of another category may serve this one too: it shows nothing of what is left out.
            controls=() if state == "not_relevant" else mine,
            uncovered_aspects=tuple(name for name in criterion.aspects if f"{criterion.id}.{name}" not in covered),
            selected=not wanted or bool(_names(criterion) & wanted),
            reason=reason,
        )


def _stated(
    criterion: Criterion,
    organization: Organization,
    controls: Collection[ControlConclusion],
    categories: Collection[str],
) -> tuple[CriterionState, str]:
    """How a criterion stands: by what the organisation says of it and why, else by its controls."""
    if criterion.id in organization.stated:
        return organization.stated[criterion.id]
    left_out = not_chosen(criterion, organization, categories)
    if left_out is not None:
        return "not_relevant", left_out
    assumed = assuming(organization.programme, criterion.id)
    if assumed and not controls:
        return "subservice", f"controls of {', '.join(vendor.name for vendor in assumed)} are assumed"
    return ("controls" if controls else "no_control"), ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
