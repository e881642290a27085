"""The pre-merge gate, step by step: read the plan, choose what it can judge, judge both sides, compare, record.

    plan -> before and after -> evaluate both -> what the change does -> record -> gate

The checks are those of live scans, and so is :func:`engine.judging.evaluate.evaluate`. :func:`gate` reads like that
line; each step below it is one of its calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from engine.collection import completed
from engine.collection.conformance import conforming
from engine.collection.runner import Conforms
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import Content, load
from engine.content.root import Root
from engine.errors import InputError
from engine.gate.deletions import controls_deleted
from engine.gate.judgeable import needs_live
from engine.gate.model import Base, Change, ChangeRequest, ContentChange, Gate, NeedsLive, Source
from engine.gate.movements import Rules, moved
from engine.gate.planned import Planned, laid_over, planned
from engine.gate.prior import before, place_of
from engine.judging.boundary import Boundary, Sorting, counted, written
from engine.judging.conclude import FAILURES, INCOMPLETE, Conclusion, assessed, conclude, exit_code
from engine.judging.evaluate import evaluate
from engine.model import Assessment, Clock, Finding, Selection, Severity
from engine.run import recording
from engine.run.reads import plans, stored
from engine.run.recording import RunPlan
from engine.run.request import Filters, filtered
from providers import declared

KIND: Final = "gate"


@dataclass(frozen=True, slots=True)
class GateRequest(Filters):
    """What a gate was asked for.

    ``root`` are the data folders in force (those of the base commit, where one is given) and ``content_changes`` what
    the pull request does to them. ``base`` is another plan to compare with, ``baseline`` a file of accepted failures,
    ``base_name`` what a reader knows either by; ``snapshot`` a snapshot file, or a run of the store, under the plan.
    ``parameters`` are values for those of a template, KEY=VALUE or files. ``strict``: what is known only after apply
    stops the gate too; ``fail_on_all``: what failed before does; ``allow_empty``: so that nothing was judged does not.
    """

    plan: Path
    root: Root
    config: Path
    base: Path | None = None
    baseline: Path | None = None
    base_name: str | None = None
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
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    case = _case(request, content, conform, *_read(request, conform, clock.now()))
    record = _begin(request, content, case, clock)
    sorting, earlier = _sorted(content, case)
    try:
        after = evaluate(case.plan.after, case.checks, sorting=sorting)
        record.add(case.plan.after, after, sorting.out)
        conclusion = _concluded(request, content, case, after, sorting)
        changes = _changes(request, content, case, after, conclusion, earlier)
    except BaseException as error:
        record.abandon(error, clock)
        raise
    assessment = _assessment(request, content, case, after, conclusion, _reasons(request, case, changes))
    sealed = record.seal(assessment, clock)
    told = replace(case, plan=replace(case.plan, source=_told(case, sorting)))
    return _gate(request, content, told, changes, sealed)


# --- what is judged, by what, beside what ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """What a gate judges: the plan (over a stored run, where one is named), and the plan that it is compared with.

    ``checks`` are those that the plan can judge, as ``selection`` has them; ``left`` those that need the live account.
    """

    plan: Planned
    other: Planned | None
    selection: Selection
    checks: tuple[CompiledCheck, ...]
    left: tuple[NeedsLive, ...]
    base: Base
    base_name: str


def _read(request: GateRequest, conform: Conforms, as_of: str) -> tuple[Planned, Planned | None]:
    """The plan, and the one that it is compared with. Raises InputError for what is no plan, or of another language."""
    plan = planned(request.plan, as_of, conform, request.parameters)
    other = planned(request.base, as_of, conform, request.parameters, base=True) if request.base is not None else None
    if other is not None and other.source.kind != plan.source.kind:
        two = sorted({plan.source.kind, other.source.kind})
        mixed = "one of the two is a plan and the other a template"
        why = mixed if "terraform" in two else f"they are templates of two languages: {', '.join(two)}"
        raise InputError(f"comparing with {request.base}: {why}")
    return plan, other


def _case(request: GateRequest, content: Content, conform: Conforms, plan: Planned, other: Planned | None) -> _Case:
    """Which checks the plan can judge, by itself or laid over a stored run."""
    selection = _selection(content, request, plan)
    compiled = compile_checks(selection.checks, content.types, content.policy.organization.parameters)
    left: tuple[NeedsLive, ...] = ()
    if request.snapshot is None:
        both = (*plan.before.resources, *plan.after.resources)
        left = needs_live(compiled, plan.fills, _context(compiled), both, plan.partial)
    else:
        live = stored(request.snapshot, _store(request, content), request.config)
        plan = laid_over(
            completed(live, plans(compiled, content.policy.organization.programme.boundary), conform),
            plan,
            content.types,
        )
    set_aside = {row.check.id for row in left}
    judged = tuple(check for check in compiled if check.check.id not in set_aside)
    selection = replace(selection, checks=tuple(check.check for check in judged))
    return _Case(plan, other, selection, judged, left, *_base(request, plan))


def _selection(content: Content, request: GateRequest, plan: Planned) -> Selection:
    """What the filters select, of the clouds that the organisation uses and of those that the plan changes."""
    changed = {item.provider for side in (plan.before, plan.after) for item in side.resources}
    return filtered(content, request, {*content.policy.organization.providers, *changed})


def _context(checks: Iterable[CompiledCheck]) -> frozenset[str]:
    """The types of accounts and regions of the providers whose checks are selected."""
    return frozenset(
        name for provider in {check.check.provider for check in checks} for name in declared(provider).discovered
    )


def _base(request: GateRequest, plan: Planned) -> tuple[Base, str]:
    """What "before" is, and what a reader knows it by."""
    if request.baseline is not None:
        return "baseline", request.base_name or str(request.baseline)
    if request.base is not None:
        return "base_plan", request.base_name or str(request.base)
    if request.snapshot is not None:
        return "run", request.snapshot
    if plan.source.kind != "terraform":
        return "nothing", "nothing: a template does not tell what is there (--base, --snapshot)"
    return "plan", "what the plan says is there now"


# --- what it shows ---------------------------------------------------------------------------------------------------


def _sorted(content: Content, case: _Case) -> tuple[Sorting, Sorting]:
    """What is out of the boundary after the change, and what is not compared with what was before.

    What leaves the boundary by the change is no correction where it failed; what comes into it is new there.
    """
    boundary = Boundary(content.policy.organization.programme.boundary, case.plan.after.groups)
    sorting = boundary.sorted(case.plan.after)
    was = boundary.sorted(case.other.after if case.other is not None else case.plan.before)
    return sorting, replace(was, out={**was.out, **sorting.out})


def _told(case: _Case, sorting: Sorting) -> Source:
    """The source, with what the boundary leaves out of the plan, and what the change puts out of it."""
    source, boundary = case.plan.source, sorting.boundary
    if not sorting.out or boundary is None:
        return source
    told = [f"{_count(len(sorting.out), 'resource')} out of the boundary, not judged"]
    there = {(item.type, item.scope, item.id): item for item in case.plan.before.resources}
    for key, rule in sorted(sorting.out.items()):
        if key in there and boundary.of(there[key])[0] is None:
            told.append(f"this change puts {key[0]} {key[2]} out of the boundary ({rule}): it is judged no more")
    return replace(source, statements=(*source.statements, *told))


def _concluded(
    request: GateRequest, content: Content, case: _Case, after: Sequence[Finding], sorting: Sorting
) -> Conclusion:
    snapshot, bounds = case.plan.after, counted(sorting, case.plan.after)
    # A plan discovers no account.
    bounds = replace(bounds, unnamed=()) if bounds is not None else None
    return conclude(
        after, case.selection, snapshot, content.policy, request.fail_on, request.allow_incomplete, bounds=bounds
    )


def _changes(
    request: GateRequest,
    content: Content,
    case: _Case,
    after: Sequence[Finding],
    conclusion: Conclusion,
    earlier: Sorting,
) -> tuple[Change, ...]:
    """What the change does to each verdict, and to each control that it deletes."""
    places, as_of = case.plan.places, case.plan.after.as_of
    prior, key = before(case.plan, case.other, request.baseline, case.checks, earlier)
    rules = Rules(request.fail_on, request.fail_on_all, request.strict, request.snapshot is not None)
    by_id = {check.check.id: check for check in case.checks}
    verdicts = moved(prior, after, conclusion.waived, key, partial(place_of, places), by_id, as_of, rules)
    deleted = controls_deleted(case.plan, case.other, content, request.fail_on, as_of)
    return (*verdicts, *deleted)


def _assessment(
    request: GateRequest,
    content: Content,
    case: _Case,
    after: tuple[Finding, ...],
    conclusion: Conclusion,
    reasons: dict[int, str],
) -> Assessment:
    """What the plan shows, as a run would, but ending as a gate ends."""
    shown = assessed(KIND, content.policy, case.selection, case.plan.after.bare, after, conclusion)
    code = exit_code(reasons.keys() - ({INCOMPLETE} if request.allow_incomplete else set()))
    return replace(shown, exit_code=code, exit_reasons=reasons)


def _gate(
    request: GateRequest, content: Content, case: _Case, changes: tuple[Change, ...], assessment: Assessment
) -> Gate:
    return Gate(
        assessment=assessment,
        source=case.plan.source,
        base=case.base,
        base_name=case.base_name,
        changes=changes,
        places=case.plan.places,
        needs_live=case.left,
        content_changes=request.content_changes,
        request=request.change,
        policy_ref=request.policy_ref,
        strict=request.strict,
        fail_on_all=request.fail_on_all,
        unsigned=not _seals(request, content) and _store(request, content) is not None,
    )


# --- how it ends -----------------------------------------------------------------------------------------------------


def _reasons(request: GateRequest, case: _Case, changes: Sequence[Change]) -> dict[int, str]:
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
    gaps = list(_gaps(request, case, [change for change in stopping if change.movement == "unknown"]))
    if gaps:
        reasons[INCOMPLETE] = "; ".join(gaps)
    return reasons


def _gaps(request: GateRequest, case: _Case, unknown: Sequence[Change]) -> Iterable[str]:
    source, orphans = case.plan.source, case.plan.orphans_changed
    if unknown:
        yield _count(len(unknown), "unknown verdict")
    yield from source.incomplete
    if orphans:
        yield f"{_count(len(orphans), 'change')} to what this plan does not hold, such as {orphans[0]}"
    if request.allow_empty:
        return
    if not case.checks:
        yield "no selected check can be judged on this plan"
    elif not source.resources:
        yield "it holds no resource"
    elif not source.judged:
        yield f"none of its {_count(source.resources, 'resource')} is of a type that can be judged"


def _count(number: int, noun: str) -> str:
    head, space, rest = noun.partition(" that")
    return f"{number:,} {head}{'' if number == 1 else 's'}{space}{rest}"


# --- the record ------------------------------------------------------------------------------------------------------


def _begin(request: GateRequest, content: Content, case: _Case, clock: Clock) -> recording.Recording:
    if not _seals(request, content):
        # A pull request from a fork has no key, and still gets its verdict.
        return recording.Recording()
    asked = _asked(request, content, case)
    return recording.begin(asked, content, case.checks, request.store, request.config, clock)


def _asked(request: GateRequest, content: Content, case: _Case) -> RunPlan:
    """The intent of the gate in the store's chain: which plan, which commits, who approved, by which policy."""
    change, source = request.change, case.plan.source
    return RunPlan(
        kind=KIND,
        trigger=request.trigger,
        organization=content.policy.organization.name,
        filters={
            **request.asked(),
            "gate": {
                "plan": source.digest,
                "tool": source.tool,
                "base_commit": change.base_commit,
                "head_commit": change.head_commit,
                "pull_request": change.pull_request,
                "approvers": list(change.approvers),
                "policy_ref": request.policy_ref,
                "base": case.base,
                **({"parameters": dict(source.parameters)} if source.parameters else {}),
                "strict": request.strict,
                "fail_on_all": request.fail_on_all,
                "fail_on": request.fail_on,
            },
        },
        boundary=written(content.policy.organization.programme.boundary),
    )


def _seals(request: GateRequest, content: Content) -> bool:
    return _store(request, content) is not None and recording.can_sign(request.config)


def _store(request: GateRequest, content: Content) -> str | None:
    return request.store or content.policy.organization.store
