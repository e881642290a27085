"""The pre-merge gate, step by step: read the plan, choose what it can judge, judge both sides, compare, record.

    plan -> before and after -> evaluate both -> what the change does -> record -> gate

The checks are those of live scans, and so is :func:`engine.evaluate.evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import engine
from engine import baseline, recording
from engine.collection import completed
from engine.collection.conformance import conforming
from engine.collection.planner import plan as planned_reads
from engine.conclude import FAILURES, INCOMPLETE, conclude, exit_code
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import Content, load
from engine.content.root import Root
from engine.errors import InputError
from engine.evaluate import evaluate
from engine.gates import Base, Change, ChangeRequest, ContentChange, Gate, NeedsLive, Place
from engine.judgeable import needs_live
from engine.model import Assessment, Clock, Finding, Scope, Selection, Severity, Snapshot, Subject, Waiver
from engine.movements import Key, Prior, Rules, guarding, moved, offending, severe
from engine.planned import Planned, laid_over, planned
from engine.recording import RunPlan
from engine.selection import select
from engine.waivers import states
from providers import declared
from providers.terraform import ControlResource

KIND: Final = "gate"


@dataclass(frozen=True, slots=True)
class GateRequest:
    """What a gate was asked for. Filters as for a run; empty ones select everything.

    ``root`` are the data folders in force (those of the base commit, where one is given) and ``content_changes`` what
    the pull request does to them. ``base`` is another plan to compare with, ``baseline`` a file of accepted failures;
    ``snapshot`` a snapshot file, or a run of the store, under the plan. ``parameters`` are values for those of a
    template, KEY=VALUE or files. ``strict``: what is known only after apply
    stops the gate too; ``fail_on_all``: what failed before does; ``allow_empty``: so that nothing was judged does not.
    """

    plan: Path
    root: Root
    config: Path
    providers: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    severity: Severity | None = None
    base: Path | None = None
    baseline: Path | None = None
    snapshot: str | None = None
    parameters: tuple[str, ...] = ()
    store: str | None = None
    fail_on: Severity = "low"
    fail_on_all: bool = False
    strict: bool = False
    allow_incomplete: bool = False
    allow_empty: bool = False
    policy_ref: str | None = None
    content_changes: tuple[ContentChange, ...] = ()
    change: ChangeRequest = field(default_factory=ChangeRequest)
    trigger: str = "command line"


def gate(request: GateRequest, clock: Clock) -> Gate:
    """Judge what is planned, and what it does to what is there.

    Raises UsageError, ContentError, and InputError for what is no plan. What could not be sealed is part of the result.
    """
    content = load(request.root)
    selection = _selection(content, request)
    compiled = compile_checks(selection.checks, content.types, content.policy.organization.parameters)
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    as_of = clock.now()
    plan = planned(request.plan, as_of, conform, request.parameters)
    live = _live(request, content, compiled, conform)
    left: tuple[NeedsLive, ...] = ()
    if live is None:
        both = (*plan.before.resources, *plan.after.resources)
        left = needs_live(compiled, plan.fills, _context(compiled), both, plan.partial)
    else:
        plan = laid_over(live, plan, content.types)
    set_aside = {row.check.id for row in left}
    judged = tuple(check for check in compiled if check.check.id not in set_aside)
    selection = replace(selection, checks=tuple(check.check for check in judged))
    record = _begin(request, content, judged, plan, clock)
    try:
        after = evaluate(plan.after, judged)
        record.add(plan.after, after)
        other = (
            planned(request.base, as_of, conform, request.parameters, base=True) if request.base is not None else None
        )
        if other is not None and other.source.kind != plan.source.kind:
            two = sorted({plan.source.kind, other.source.kind})
            mixed = "one of the two is a plan and the other a template"
            why = mixed if "terraform" in two else f"they are templates of two languages: {', '.join(two)}"
            raise InputError(f"comparing with {request.base}: {why}")
        prior, keyed = _prior(request, plan, judged, other)
        conclusion = conclude(after, selection, plan.after, content.policy, request.fail_on, request.allow_incomplete)
        rules = Rules(request.fail_on, request.fail_on_all, request.strict, live is not None)
        place = partial(_place, plan.places)
        by_id = {check.check.id: check for check in judged}
        changes = (
            *moved(prior, after, conclusion.waived, keyed, place, by_id, plan.after.as_of, rules),
            *_controls_deleted(_gone(plan, other), content, request, as_of),
        )
    except BaseException as error:
        record.abandon(error, clock)
        raise
    reasons = _reasons(request, plan, judged, changes)
    assessment = Assessment(
        kind=KIND,
        organization=content.policy.organization.name,
        engine_version=engine.__version__,
        as_of=plan.after.as_of,
        selection=selection,
        snapshot=plan.after.bare,
        findings=after,
        waived=conclusion.waived,
        populations=conclusion.populations,
        controls=conclusion.controls,
        criteria=conclusion.criteria,
        waivers=conclusion.waivers,
        unused_checks=conclusion.unused_checks,
        fail_on=request.fail_on,
        exit_code=exit_code(reasons.keys() - ({INCOMPLETE} if request.allow_incomplete else set())),
        exit_reasons=reasons,
    )
    base, base_name = _base(request, plan)
    return Gate(
        assessment=record.seal(assessment, clock),
        source=plan.source,
        base=base,
        base_name=base_name,
        changes=changes,
        places=plan.places,
        needs_live=left,
        content_changes=request.content_changes,
        request=request.change,
        policy_ref=request.policy_ref,
        strict=request.strict,
        fail_on_all=request.fail_on_all,
        unsigned=record.store is None and _store(request, content) is not None,
    )


def _selection(content: Content, request: GateRequest) -> Selection:
    return select(
        content.checks,
        content.policy.controls,
        content.policy.criteria,
        providers=request.providers,
        wanted=request.criteria,
        patterns=request.checks,
        severity=request.severity,
    )


def _context(checks: Iterable[CompiledCheck]) -> frozenset[str]:
    """The types of accounts and regions of the providers whose checks are selected."""
    return frozenset(
        name for provider in {check.check.provider for check in checks} for name in declared(provider).discovered
    )


def _live(
    request: GateRequest, content: Content, checks: Sequence[CompiledCheck], conform: Callable[..., object]
) -> Snapshot | None:
    """The stored snapshot that the plan is laid over, where one is named."""
    if request.snapshot is None:
        return None
    from engine.collection.snapshot import read

    named, path = request.snapshot, Path(request.snapshot)
    if recording.is_run(named) and not path.exists():
        found = recording.snapshot_of(named, request.store or content.policy.organization.store, request.config)
    else:
        found = read(path)
    reads: dict[str, dict[str, set[str]]] = {}
    for check in checks:
        mine = reads.setdefault(check.check.provider, {})
        for type_, names in check.reads.items():
            mine.setdefault(type_, set()).update(names)
    plans = [planned_reads(provider, declared(provider), wanted) for provider, wanted in sorted(reads.items())]
    return completed(found, plans, conform)  # type: ignore[arg-type]


# --- what was before -------------------------------------------------------------------------------------------------


def _prior(
    request: GateRequest,
    plan: Planned,
    checks: Sequence[CompiledCheck],
    other: Planned | None,
) -> tuple[Mapping[Key, Prior], Callable[[Finding], Key]]:
    """The verdicts before the change, and what a verdict is known by there."""
    if request.baseline is not None:
        by_address = partial(_address_key, plan.places)
        return baseline.read(request.baseline), by_address
    if other is None:
        return _priors(evaluate(plan.before, checks), _id_key), _id_key
    there = _priors(evaluate(other.after, checks), partial(_address_key, other.places, previous=False))
    return there, partial(_address_key, plan.places)


def _priors(findings: Iterable[Finding], key: Callable[[Finding], Key]) -> dict[Key, Prior]:
    return {
        key(finding): Prior(finding.verdict, finding, offending(finding) if finding.verdict == "fail" else frozenset())
        for finding in findings
    }


def _id_key(finding: Finding) -> Key:
    return finding.check.id, str(finding.scope), finding.subject.id


def _address_key(places: Mapping[tuple[str, Scope, str], Place], finding: Finding, previous: bool = True) -> Key:
    """A verdict by the address of its subject before a move; by its id where it has none."""
    place = _place(places, finding)
    if place is None:
        return finding.check.id, "", finding.subject.id
    return finding.check.id, "", place.known_by(previous)


def _place(places: Mapping[tuple[str, Scope, str], Place], finding: Finding) -> Place | None:
    return places.get((finding.subject.type, finding.scope, finding.subject.id))


def _base(request: GateRequest, plan: Planned) -> tuple[Base, str]:
    if request.baseline is not None:
        return "baseline", str(request.baseline)
    if request.base is not None:
        return "base_plan", str(request.base)
    if request.snapshot is not None:
        return "run", request.snapshot
    if plan.source.kind != "terraform":
        return "nothing", "nothing: a template does not tell what is there (--base, --snapshot)"
    return "plan", "what the plan says is there now"


# --- controls that are deleted ---------------------------------------------------------------------------------------


def _gone(plan: Planned, other: Planned | None) -> Iterable[ControlResource]:
    """The controls that the plan deletes, and those of another plan or template that it does not hold."""
    held = {place.address for place in plan.places.values()}
    moved_from = {place.previous_address for place in plan.places.values()}
    yield from plan.deleted
    told = {item.place.address for item in plan.deleted} | held | moved_from
    yield from (item for item in (other.controls if other is not None else ()) if item.place.address not in told)


def _controls_deleted(
    deleted: Iterable[ControlResource], content: Content, request: GateRequest, as_of: str
) -> Iterable[Change]:
    for item in deleted:
        checks = guarding(item.type, content.checks.values(), declared(item.scope.provider).discovered)
        if not checks:
            continue
        waiver = _waiver(item, [check.id for check in checks], content.policy.waivers, as_of)
        first = max(checks, key=lambda check: severe(check, "critical") * 2 + severe(check, "high"))
        yield Change(
            check=first,
            subject=Subject("resource", item.type, item.id, item.name),
            scope=item.scope,
            movement="control_deleted",
            before=None,
            after=None,
            place=item.place,
            waiver=waiver,
            stops=waiver is None and severe(first, request.fail_on),
        )


def _waiver(item: ControlResource, checks: Sequence[str], waivers: Sequence[Waiver], as_of: str) -> Waiver | None:
    """The waiver in force of a check that the control serves which names the control itself."""
    for state in states(waivers, (), frozenset(checks), as_of):
        waiver = state.waiver
        named = waiver.check in checks and waiver.account == item.scope.account and item.id in waiver.resources
        if named and state.state in ("in_force", "unmatched"):
            return waiver
    return None


# --- how it ends -----------------------------------------------------------------------------------------------------


def _reasons(
    request: GateRequest, plan: Planned, checks: Sequence[CompiledCheck], changes: Sequence[Change]
) -> dict[int, str]:
    """The exit codes that apply, each with why (design section 5)."""
    stopping = [change for change in changes if change.stops]
    reasons: dict[int, str] = {}
    failing = [change for change in stopping if change.movement != "unknown"]
    if failing:
        named = {
            "new_failure": "new failure",
            "worse": "failure that grew",
            "unchanged_failure": "failure that was there before",
            "control_deleted": "control that is deleted",
        }
        counts = [
            _count(sum(change.movement == movement for change in failing), noun)
            for movement, noun in named.items()
            if any(change.movement == movement for change in failing)
        ]
        reasons[FAILURES] = f"{', '.join(counts)}, not waived"
    gaps = list(_gaps(request, plan, checks, [change for change in stopping if change.movement == "unknown"]))
    if gaps:
        reasons[INCOMPLETE] = "; ".join(gaps)
    return reasons


def _gaps(
    request: GateRequest, plan: Planned, checks: Sequence[CompiledCheck], unknown: Sequence[Change]
) -> Iterable[str]:
    source = plan.source
    if unknown:
        yield _count(len(unknown), "unknown verdict")
    yield from source.incomplete
    if plan.orphans_changed:
        first = plan.orphans_changed[0]
        yield f"{_count(len(plan.orphans_changed), 'change')} to what this plan does not hold, such as {first}"
    if request.allow_empty:
        return
    if not checks:
        yield "no selected check can be judged on this plan"
    elif not source.resources:
        yield "it holds no resource"
    elif not source.judged:
        yield f"none of its {_count(source.resources, 'resource')} is of a type that can be judged"


def _count(number: int, noun: str) -> str:
    head, space, rest = noun.partition(" that")
    return f"{number:,} {head}{'' if number == 1 else 's'}{space}{rest}"


# --- the record ------------------------------------------------------------------------------------------------------


def _begin(
    request: GateRequest, content: Content, checks: Sequence[CompiledCheck], plan: Planned, clock: Clock
) -> recording.Recording:
    """The intent of the gate in the store's chain: which plan, which commits, who approved, by which policy."""
    change = request.change
    run = RunPlan(
        kind=KIND,
        trigger=request.trigger,
        organization=content.policy.organization.name,
        filters={
            "providers": list(request.providers),
            "criteria": list(request.criteria),
            "checks": list(request.checks),
            "severity": request.severity,
            "accounts": [],
            "regions": [],
            "gate": {
                "plan": plan.source.digest,
                "tool": plan.source.tool,
                "base_commit": change.base_commit,
                "head_commit": change.head_commit,
                "pull_request": change.pull_request,
                "approvers": list(change.approvers),
                "policy_ref": request.policy_ref,
                "base": _base(request, plan)[0],
                **({"parameters": dict(plan.source.parameters)} if plan.source.parameters else {}),
                "strict": request.strict,
                "fail_on_all": request.fail_on_all,
                "fail_on": request.fail_on,
            },
        },
    )
    if _store(request, content) is None or not recording.can_sign(request.config):
        # A pull request from a fork has no key, and still gets its verdict.
        return recording.Recording()
    return recording.begin(run, content, checks, request.store, request.config, clock)


def _store(request: GateRequest, content: Content) -> str | None:
    return request.store or content.policy.organization.store
