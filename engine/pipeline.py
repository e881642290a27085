"""The steps in order, one function a command: the file to read first.

    collect -> snapshot -> evaluate -> findings -> record       for each account
    conclude -> seal -> report

The command line parses, calls one of these, prints and exits. Nothing here prints or decides what a verdict is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import engine
from engine import permissions as least
from engine import recording
from engine.boundary import EVERYTHING, Boundary, Count, Sorting, counted, groups_of, written
from engine.collection import Doubted, combined, completed, directory, refuse_unknown
from engine.collection.conformance import conforming
from engine.collection.crew import AtHome, Crew, Work
from engine.collection.limiter import Limiter
from engine.collection.memory import release
from engine.collection.planner import Plan
from engine.collection.runner import Doubts
from engine.collection.survey import Introduction, Survey
from engine.conclude import Conclusion, conclude
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import Content, adopted, load
from engine.content.policy import load_organization
from engine.content.root import Root, demonstration, find
from engine.content.stored import compile_stored, in_force, parse_stored, programme_in
from engine.doubts import doubted, grave
from engine.errors import ContentError, Problem, UsageError
from engine.evaluate import evaluate
from engine.model import (
    CLOUDS,
    LISTINGS,
    REGIONLESS,
    Assessment,
    Check,
    Clock,
    Control,
    Criterion,
    Example,
    Finding,
    InForce,
    Schedule,
    Scope,
    Selection,
    Severity,
    Snapshot,
)
from engine.reads import plans, stored
from engine.recording import RunPlan, Verdict
from engine.selection import named_criteria, select
from providers import NotInstalled, declared, opened
from providers.base import Directory, NotConfigured, Portable, Provider, Reader

if TYPE_CHECKING:
    from engine.collection.cluster import Cluster, Connection
    from engine.diffs import Diff, Notice
    from engine.doctor import Diagnosis
    from engine.evidence.bundle import Manifest
    from engine.evidence.compaction import Merged
    from engine.evidence.inspecting import Inspected
    from engine.evidence.objects.holding import Locked
    from engine.evidence.period.keeping import Comparison
    from engine.evidence.replay import Recorded
    from engine.evidence.retest import Test
    from engine.evidence.sample import Draw, Frozen
    from engine.external import Published
    from engine.gates import Changes
    from engine.periods import Failure, Period
    from engine.sealed import Overview

Kind = Literal["adhoc", "scheduled", "gate", "demo"]
Progress = Callable[[int, int], None]

DEMO: Final = Path(engine.__file__).resolve().parent.parent / "providers" / "_demo" / "snapshot.json"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run was asked for, after flags, environment and configuration files are merged.

    Empty filters select everything. ``policy`` replaces the policy folder. ``store`` is where to record (None: what
    organization.yaml says, else nowhere); ``config`` the folder of keys and trust file. ``snapshot`` names a snapshot
    file, or a run of the store, to judge instead of the cloud; ``demo`` the recorded or the live demonstration.
    ``timeout`` is how long one request may take, in seconds; ``resume_within`` how long ago an equal run may have begun
    that died and is to be gone on with, in hours (0: none). ``witness`` is the nonce of an auditor who watches.
    """

    config: Path
    providers: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    severity: Severity | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    policy: Path | None = None
    store: str | None = None
    snapshot: str | None = None
    demo: Literal["recorded", "live"] | None = None
    fail_on: Severity = "low"
    allow_incomplete: bool = False
    kind: Kind = "adhoc"
    trigger: str = "command line"
    timeout: float = 20.0
    resume_within: float = 12.0
    witness: str | None = None


# --- run -------------------------------------------------------------------------------------------------------------


def run(
    request: RunRequest,
    clock: Clock,
    progress: Progress = lambda ended, known: None,
    cancelled: threading.Event | None = None,
    cluster: Cluster | None = None,
) -> Assessment:
    """Collect, judge, record and conclude: what ``run-checks`` does.

    Account by account: each is judged and recorded as soon as it is read, and then let go. A ``cluster`` reads the
    accounts of providers that several machines can read; all else is done here. Raises UsageError,
    ContentError, InputError, and Interrupted when ``cancelled`` was set. Evidence that could not be sealed is part of
    the result, not an exception, so that nothing of what was found is lost.
    """
    cancelled = cancelled or threading.Event()
    content, selection = _selected(request, narrowed=True)
    limiter = Limiter(clock.sleep, cancelled)
    live = request.snapshot is None and request.demo is None
    judged = partial(_within, request.accounts, request.regions)
    parts: list[Snapshot] = []
    listings: list[Snapshot] = []
    findings: list[Finding] = []
    boundary, count = _boundary(content), Count()

    def doubts(part: Snapshot) -> Doubts:
        # By the boundary as it is known when the part was read.
        return doubted(part, serious, judged, boundary.sorted(part), listings) if serious else {}

    with (
        # First of all: where no scheduler answers, no run began.
        cluster.connected(clock) if cluster is not None and live else nullcontext() as connection,
        _asked(selection.providers[:1] if live else (), request, content, limiter, clock) as asked,
    ):
        checks = _ready(content, selection)
        serious = grave(checks)
        record = recording.begin(
            _plan_of(request, content),
            content,
            checks,
            request.store,
            request.config,
            clock,
            request.resume_within if live else 0.0,
        )
        try:
            parts_read = _observed(
                request, content, checks, clock, progress, limiter, record, asked, doubts, connection
            )
            with closing(parts_read) as observed:
                for part in observed:
                    # The groups of a provider's accounts come with its first part.
                    boundary = boundary.knowing(part.groups)
                    sorting = boundary.sorted(part)
                    found = evaluate(part, checks, judged, sorting, listings)
                    record.add(part, found, sorting.out)
                    count.add(sorting)
                    # Read first, and small: what other accounts hold is joined to them.
                    listings += [part] if live and _holds_listings(part) else []
                    parts.append(part.bare)
                    findings += (finding.bare for finding in found)
            snapshot = combined(parts)
            refuse_unknown(request.accounts, request.regions, snapshot, (finding.scope for finding in findings))
        except BaseException as error:
            record.abandon(error, clock)
            raise
    verdicts = tuple(sorted(findings, key=lambda finding: finding.order))
    conclusion = conclude(
        verdicts,
        selection,
        snapshot,
        content.policy,
        request.fail_on,
        request.allow_incomplete,
        _listers(checks),
        count.bounds(boundary, snapshot),
    )
    assessment = _assessment(request, content, selection, snapshot, verdicts, conclusion)
    return record.seal(replace(assessment, resumed=record.resumed), clock)


def reviewed(
    request: RunRequest, snapshot: Snapshot | None = None, on: str | None = None
) -> tuple[Content, Assessment]:
    """What a stored snapshot shows by the data folders as they are now; nothing of it is recorded.

    ``snapshot`` stands for the one that the request names; people's evidence is judged as of ``on`` (RFC 3339 UTC),
    else as of the snapshot. Raises UsageError, ContentError and InputError.
    """
    content, selection, checks = _prepared(request)
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    whole = completed(snapshot or _stored(request, content), _plans(checks, content), conform)
    judged = partial(_within, request.accounts, request.regions)
    sorting = _boundary(content).knowing(whole.groups).sorted(whole)
    verdicts = evaluate(whole, checks, judged, sorting)
    found = sorted((finding.bare for finding in verdicts), key=lambda finding: finding.order)
    bare = whole.bare
    conclusion = conclude(
        found,
        selection,
        replace(bare, as_of=on or bare.as_of),
        content.policy,
        listers=_listers(checks),
        bounds=counted(sorting, bare),
    )
    return content, _assessment(request, content, selection, bare, tuple(found), conclusion)


def _assessment(
    request: RunRequest,
    content: Content,
    selection: Selection,
    snapshot: Snapshot,
    findings: tuple[Finding, ...],
    conclusion: Conclusion,
) -> Assessment:
    return Assessment(
        kind="demo" if request.demo else request.kind,
        organization=content.policy.organization.name,
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
        fail_on=request.fail_on,
        exit_code=conclusion.exit_code,
        exit_reasons=conclusion.exit_reasons,
        boundary=conclusion.boundary,
        vendors=conclusion.vendors,
        entity_controls=content.policy.organization.programme.entity_controls,
    )


def _boundary(content: Content) -> Boundary:
    """The boundary that the policy writes."""
    return Boundary(content.policy.organization.programme.boundary)


def _plans(checks: Iterable[CompiledCheck], content: Content) -> list[Plan]:
    """What the checks read, and what the boundary has to know."""
    return plans(checks, content.policy.organization.programme.boundary)


def _prepared(request: RunRequest) -> tuple[Content, Selection, tuple[CompiledCheck, ...]]:
    """The data folders, the checks that the filters select, and these compiled with the organisation's parameters."""
    content, selection = _selected(request)
    return content, selection, _ready(content, selection)


def _selected(request: RunRequest, narrowed: bool = False) -> tuple[Content, Selection]:
    """The data folders and what the filters select; ``narrowed`` to the checks of the providers that can be meant."""
    root = demonstration() if request.demo and request.policy is None else find(request.policy)
    content = load(root, clouds=_meant(request, root) if narrowed else None)
    return content, _selection(content, request)


def _meant(request: RunRequest, root: Root) -> Collection[str] | None:
    """The providers whose checks a request can select; None for any, where patterns or a mistake have to be read."""
    if request.checks or not {*request.providers} <= {*CLOUDS, LISTINGS}:
        return None
    try:
        return request.providers or load_organization(root).providers
    except ContentError:
        return None  # told with every other problem


def _ready(content: Content, selection: Selection) -> tuple[CompiledCheck, ...]:
    return compile_checks(selection.checks, content.types, content.policy.organization.parameters)


def _selection(content: Content, request: RunRequest, every: bool = False) -> Selection:
    """What the filters select: of the categories of the report, or with ``every`` of all."""
    return select(
        content.checks,
        content.policy.controls,
        content.policy.criteria,
        providers=request.providers,
        wanted=request.criteria,
        patterns=request.checks,
        accounts=request.accounts,
        regions=request.regions,
        severity=request.severity,
        used=content.policy.organization.providers,
        categories=None if every else content.policy.organization.categories,
    )


def _within(accounts: Sequence[str], regions: Sequence[str], scope: Scope) -> bool:
    """Whether the filters leave a scope to be judged.

    What is in no region belongs to every one, and listings to every account; the region "*" may be any.
    """
    mine = not accounts or scope.account in accounts or scope.provider == LISTINGS
    return mine and (not regions or scope.region in (*regions, *REGIONLESS, "*"))


def _plan_of(request: RunRequest, content: Content) -> RunPlan:
    return RunPlan(
        kind="demo" if request.demo else request.kind,
        trigger=request.trigger,
        organization=content.policy.organization.name,
        filters={
            "providers": list(request.providers),
            "criteria": list(request.criteria),
            "checks": list(request.checks),
            "severity": request.severity,
            "accounts": list(request.accounts),
            "regions": list(request.regions),
        },
        witness=request.witness,
        boundary=written(content.policy.organization.programme.boundary),
    )


def _listers(checks: Iterable[CompiledCheck]) -> dict[str, tuple[str, ...]]:
    """The operations that list each resource type that is judged."""
    return {type_: made.listers(type_) for made in plans(checks) for type_ in made.types}


# --- collecting ------------------------------------------------------------------------------------------------------


def _observed(
    request: RunRequest,
    content: Content,
    checks: Sequence[CompiledCheck],
    clock: Clock,
    progress: Progress,
    limiter: Limiter,
    record: recording.Recording,
    asked: dict[str, Introduction],
    doubts: Doubted,
    connection: Connection | None = None,
) -> Generator[Snapshot]:
    """What to judge, part by part: the demonstration's or a stored snapshot, or what the clouds answer now.

    What is taken of ``asked``, the providers that have been asked who we are, is closed here; what ``doubts`` names of
    what indexes told is confirmed. ``connection`` is that to the cluster that reads accounts, if one does.
    """
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    if request.demo == "recorded" or request.snapshot is not None:
        yield completed(_stored(request, content), _plans(checks, content), conform)
        return
    with _company() if request.demo else nullcontext():
        for made in _plans(checks, content):
            introduction = asked.pop(made.provider, None) or _introduced(
                made.provider, request, content, limiter, clock
            )
            survey = Survey(
                plan=made,
                introduction=introduction,
                limiter=limiter,
                now=clock.now,
                conforms=conform,
                regions=frozenset(request.regions),
                identified=partial(record.identified, made.provider),
                progress=progress,
                crew=_crew(made, introduction.provider, request, content, clock, connection),
                doubted=doubts,
            )
            try:
                yield from survey.parts()
            finally:
                introduction.provider.close()
                release()


@contextmanager
def _asked(
    providers: Iterable[str], request: RunRequest, content: Content, limiter: Limiter, clock: Clock
) -> Iterator[dict[str, Introduction]]:
    """These providers, asked who we are; those that nobody took are closed at the end."""
    waiting = {name: _introduced(name, request, content, limiter, clock) for name in providers}
    try:
        yield waiting
    finally:
        for introduction in waiting.values():
            introduction.provider.close()


def _introduced(provider: str, request: RunRequest, content: Content, limiter: Limiter, clock: Clock) -> Introduction:
    # Listings belong to no account: what is narrowed to one is joined with all of them.
    accounts = frozenset[str]() if provider == LISTINGS else frozenset(request.accounts)
    apart = partial(_apart, _boundary(content))
    return Introduction(_opened(provider, request, content, clock), limiter, accounts, apart)


def _crew(
    made: Plan, provider: Provider, request: RunRequest, content: Content, clock: Clock, connection: Connection | None
) -> Callable[[Work], Crew]:
    """Who reads a provider's accounts: the cluster, where there is one and the provider can be read from it."""
    if connection is None or not isinstance(provider, Portable):
        return AtHome
    types = {name: content.types[name].type for name in made.types}
    return partial(connection.crew, settings=_settings(made.provider, request, content, clock), types=types)


def cluster(address: str, clocks: Callable[[threading.Event], Clock]) -> Cluster:
    """The cluster at an address (dask://host:port); ``clocks`` makes a machine's clock, which sleeps until an event.

    Raises UsageError for an address that is none.
    """
    from engine.collection.cluster import Cluster

    return Cluster(address, clocks)


def _company() -> AbstractContextManager[Any]:
    """The fictional company's account on a loopback address, which only a checkout with the dev extra has."""
    try:
        module = import_module("tests.emulators.demo_company")
    except ModuleNotFoundError as error:
        hint = "it needs a checkout with the dev extra: pip install -e '.[dev]'"
        raise UsageError(f"starting the live demonstration: {error.name} is not there; {hint}") from error
    company: AbstractContextManager[Any] = module.company()
    return company


def _holds_listings(part: Snapshot) -> bool:
    return any(row.scope.provider == LISTINGS for row in part.collections)


def _access(content: Content, provider: str) -> Mapping[str, Any]:
    """What the policy says of a provider's accounts, and of which groups of them its boundary speaks.

    Of listings it is what they are, and where they lie.
    """
    if provider == LISTINGS:
        return {"folder": str(content.root.tables), "tables": content.policy.tables}
    access = content.policy.organization.access.get(provider, {})
    groups = groups_of(content.policy.organization.programme.boundary, provider)
    return {**access, "groups": groups} if groups else access


def _apart(boundary: Boundary, provider: str, found: Directory) -> dict[str, str]:
    """The accounts of which nothing can be in the boundary, so that nothing is read there, and why: the rule."""
    known = boundary.knowing({f"{provider}/{group}": accounts for group, accounts in found.groups.items()})
    rules = {account: known.of_account(provider, account) for account in found.accounts}
    return {account: f"out of the boundary ({rule})" for account, rule in rules.items() if rule is not None}


def _opened(provider: str, request: RunRequest, content: Content, clock: Clock) -> Provider:
    try:
        return opened(provider, **_settings(provider, request, content, clock))
    except (NotInstalled, NotConfigured) as error:
        raise UsageError(f"opening {provider}: {error}") from error


def _settings(provider: str, request: RunRequest, content: Content, clock: Clock) -> Mapping[str, Any]:
    """What a provider is opened with."""
    access = _access(content, provider)
    if provider == LISTINGS:
        access = {**access, "as_of": clock.now()}
    return {"timeout": request.timeout, "agent": f"auditreel/{engine.__version__}", "access": access}


def _stored(request: RunRequest, content: Content) -> Snapshot:
    if request.demo == "recorded":
        from engine.collection.snapshot import read

        return replace(read(DEMO), source="demo")
    store = request.store or content.policy.organization.store
    return replace(stored(request.snapshot or "", store, request.config), source="recorded")


def judged(request: RunRequest) -> tuple[Snapshot, tuple[Finding, ...]]:
    """A stored snapshot (``request.snapshot``: a file, or a run of the store), and what the checks at hand say of it.

    Nothing is recorded. Raises as :func:`run`, and VerificationError for a run that does not verify.
    """
    content, _, checks = _prepared(request)
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    snapshot = completed(_stored(request, content), _plans(checks, content), conform)
    sorting = _boundary(content).knowing(snapshot.groups).sorted(snapshot)
    return snapshot, evaluate(snapshot, checks, partial(_within, request.accounts, request.regions), sorting)


# --- before a run ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A reader that a run would execute: its operations and permissions, and how often.

    ``times`` says how often in words: "once an account", "once a region", "once each AWS::S3::Bucket".
    """

    provider: str
    operations: tuple[str, ...]
    permissions: tuple[str, ...]
    times: str
    fills: tuple[str, ...]


def planned(request: RunRequest) -> tuple[Selection, tuple[PlannedCall, ...]]:
    """The checks that a run would judge, and the calls that it would make. Calls nothing."""
    content, selection, checks = _prepared(request)
    calls: list[PlannedCall] = []
    for made in _plans(checks, content):
        known = declared(made.provider)
        calls += [
            PlannedCall(made.provider, (name,), (name,), times, ())
            for name, times in known.entering(_access(content, made.provider)).items()
        ]
        calls += [PlannedCall(made.provider, (called,), needed, "once", ()) for called, needed in known.discovery]
        calls += [_planned_call(made, reader) for reader in made.readers]
        calls += [_further_call(made, reader, other) for reader in made.per_scope for other in made.others(reader)]
    return selection, tuple(calls)


def _further_call(made: Plan, reader: Reader, other: Reader) -> PlannedCall:
    whens = [f"{reader.name} fails"] if other in reader.alternatives else []
    whens += ["a critical failure is to be confirmed"] if other in reader.confirmed_by else []
    call = _planned_call(made, other)
    return replace(call, times=f"{call.times}, where {' or '.join(whens)}")


_TIMES: Final = {"global": "once an account", "region": "once a region", "organization": "once"}


def _planned_call(made: Plan, reader: Reader) -> PlannedCall:
    if reader.per == "resource":
        times = f"once each {reader.of}" if not reader.shared else f"once each {', '.join(reader.needs)} of {reader.of}"
    else:
        times = _TIMES[reader.where]
    fills = sorted(f"{type_}.{name}" for type_, names in reader.fills.items() if type_ in made.types for name in names)
    return PlannedCall(made.provider, reader.operations, reader.permissions, times, tuple(fills))


@dataclass(frozen=True, slots=True)
class Permissions:
    """The least privilege that the selected checks take: the vendor's action names.

    ``reading`` are those of whoever reads an account; ``entering`` what finding and entering further accounts takes.
    """

    reading: tuple[str, ...]
    entering: tuple[str, ...]


def permissions(request: RunRequest) -> dict[str, Permissions]:
    """The least privilege that the selected checks take, by each provider that has to grant any.

    Of the providers that are asked for, else those that the policy says are used; where it says nothing, of all.
    """
    content, _, checks = _prepared(request)
    if not (request.providers or request.checks or content.policy.organization.says_providers):
        every = sorted({check.provider for check in content.checks.values()})
        content, _, checks = _prepared(replace(request, providers=tuple(every)))
    found = {}
    for made in _plans(checks, content):
        known = declared(made.provider)
        entering = tuple(known.entering(_access(content, made.provider)))
        needed = Permissions(least.actions(made, known), entering)
        if needed.reading or needed.entering:
            found[made.provider] = needed
    return found


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one check: who relies on it, what it reads, and by which calls."""

    check: Check
    criteria: tuple[Criterion, ...]
    controls: tuple[Control, ...]
    parameters: Mapping[str, Any]
    reads: Mapping[str, tuple[str, ...]]
    calls: tuple[PlannedCall, ...]
    examples: tuple[Example, ...]


def explain(id_: str, policy: Path | None = None) -> Explanation:
    """A check, explained. Raises UsageError for an id that no check has."""
    from engine.content.examples import examples_of

    content = load(find(policy), examples=True)
    selection = select(content.checks, content.policy.controls, content.policy.criteria, patterns=(id_,))
    if [check.id for check in selection.checks] != [id_]:
        raise UsageError(f"explaining a check: {id_} is a pattern, not the id of one check")
    (compiled,) = compile_checks(selection.checks, content.types, content.policy.organization.parameters)
    criteria = content.policy.criteria
    return Explanation(
        check=compiled.check,
        criteria=tuple(criteria[name] for name in compiled.check.criteria),
        controls=tuple(c for c in content.policy.controls if id_ in (*c.checks, *chain(*c.alternatives))),
        parameters=compiled.parameters,
        reads={type_: tuple(sorted(names)) for type_, names in sorted(compiled.reads.items())},
        calls=tuple(_planned_call(made, reader) for made in plans([compiled]) for reader in made.readers),
        examples=examples_of(compiled.check),
    )


def next_due(policy: Path | None, now: str) -> tuple[str, str]:
    """When the next run after ``now`` is due by the policy's schedule, and when it is late (RFC 3339 UTC).

    Raises UsageError and ContentError.
    """
    from engine.evidence.period.schedule import Calendar, instant, night_of, text_of

    schedule = load_organization(find(policy)).schedule
    night = night_of(instant(now), schedule)
    calendar = Calendar(schedule, night, night + timedelta(days=3))  # a date that the clocks skip is no night
    return text_of(calendar.due[1]), text_of(calendar.late_from(1))


def scheduled(request: RunRequest) -> tuple[Schedule, dict[str, Permissions]]:
    """When runs are due by the policy, and the least privilege that they take, by provider. Raises as :func:`run`."""
    organization = load_organization(find(request.policy))
    used = replace(request, providers=request.providers or organization.providers)
    return organization.schedule, permissions(used)


def checks(request: RunRequest) -> Selection:
    """The checks that the filters select, as ``check list`` shows them."""
    return _selection(load(find(request.policy)), request, every=True)


def examined(
    patterns: Sequence[str], policy: Path | None = None, files: Sequence[Path] = ()
) -> dict[Path, list[Problem]]:
    """What the examples of the checks show: for each check's file what is wrong with it, in the order of the file.

    The checks are those that ``patterns`` name and those in ``files``; without either all. Where the examples hold,
    they are tried again with every property null and unread in turn.
    """
    from engine.examples import mismatches
    from engine.probes import probe

    content = load(find(policy), examples=True)
    wanted = patterns or (() if files else ("*",))
    criteria = content.policy.criteria
    chosen = select(content.checks, content.policy.controls, criteria, patterns=wanted).checks if wanted else ()
    compiled = compile_checks((*chosen, *adopted(files, content)), content.types)
    return {check.check.path: mismatches(check, content.types) or probe(check, content.types) for check in compiled}


def diagnose(request: RunRequest, clock: Clock, cancelled: threading.Event | None = None) -> tuple[Diagnosis, ...]:
    """Who we are, what will be denied, clock skew and versions: what ``doctor`` says of each provider.

    When ``cancelled`` is set, what is still to be tried is not.
    """
    from engine.doctor import diagnosis

    content, _, compiled = _prepared(request)
    limiter = Limiter(clock.sleep, cancelled or threading.Event())
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    return tuple(
        diagnosis(made, _opened(made.provider, request, content, clock), limiter, clock, conform)
        for made in _plans(compiled, content)
    )


_WIDEST: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws": {"accounts": "organization", "role": "none"},
    "gcp": {"accounts": "organization"},
}
"""The access by which a provider lists all the accounts that it can; nothing is entered by it."""


def accounts(provider: str, clock: Clock, timeout: float = 5.0) -> Directory:
    """Which accounts there are, and who asks, by the credentials at hand and whatever the policy says.

    Raises UsageError where there are no credentials or the provider's SDK is missing, DiscoveryError where the provider
    did not say who we are.
    """
    try:
        agent = f"auditreel/{engine.__version__}"
        adapter = opened(provider, timeout=timeout, agent=agent, access=_WIDEST.get(provider, {}))
    except (NotInstalled, NotConfigured) as error:
        raise UsageError(f"opening {provider}: {error}") from error
    try:
        return directory(adapter, Limiter(clock.sleep, threading.Event()))
    finally:
        adapter.close()


# --- evidence --------------------------------------------------------------------------------------------------------


def initialise(store: str, config: Path) -> str:
    """Make an evidence store with its keys and trust file, or what is missing of them; gives the key's id."""
    return recording.initialise(store, config)


def verify(target: str, config: Path, allow_unanchored: bool = False, store: str | None = None) -> Verdict:
    """Verify a store, a run of ``store``, the proof of a record or a bundle, by the trust file in ``config``."""
    return recording.verify(target, config, allow_unanchored, store)


def is_run(name: str) -> bool:
    """Whether a name has the form of a run's id, not of a file."""
    return recording.is_run(name)


def compare(one: str, other: str, config: Path, allow_unanchored: bool = False) -> Verdict:
    """Verify two stores or bundles, and that they tell one story."""
    return recording.compare(one, other, config, allow_unanchored)


def prove(run: str, index: int, store: str, config: Path, output: Path) -> int:
    """Write the proof that a record stands in a sealed run; gives its size in bytes."""
    return recording.prove(run, index, store, config, output)


def keys(config: Path) -> tuple[str, ...]:
    """What the trust file pins, in lines."""
    return recording.keys(config)


def rotate_key(store: str, config: Path, clock: Clock, new: Path | None = None) -> tuple[str, int]:
    """Replace the signing key; gives the id of the new one, and the sequence of the entry that says so."""
    return recording.rotate_key(store, config, clock, new)


def revoke_key(store: str, config: Path, clock: Clock, key_id: str, since: int, reason: str) -> int:
    """Withdraw a key from an entry on; gives the sequence of the entry that says so."""
    return recording.revoke_key(store, config, clock, key_id, since, reason)


def trust_authority(config: Path, name: str, certificates: bytes) -> tuple[str, ...]:
    """Pin the certificates (PEM) of a time stamp authority; gives their fingerprints."""
    return recording.trust_authority(config, name, certificates)


def time_stamp(store: str, config: Path, clock: Clock, policy: Path | None = None) -> Verdict:
    """Have the end of a store's chain stamped now, by the authorities that the policy names."""
    authorities = load(find(policy)).policy.organization.authorities
    return recording.time_stamp(store, config, authorities, clock)


def replay(run_id: str, store: str, config: Path) -> Verdict:
    """Judge a sealed run again, by its own checks on its own snapshot, and compare every record."""
    return recording.replay(run_id, store, config, _rejudged)


def replay_bundle(path: Path, config: Path) -> Verdict:
    """Judge every run of a bundle again, by its own checks on its own snapshot. Needs no store."""
    return recording.replay_bundle(path, config, _rejudged)


def replays(window: tuple[str, str], store: str, config: Path) -> Verdict:
    """Judge the sealed runs of a period (first and last day, UTC) again, each by its own checks, and compare."""
    if window[0] > window[1]:
        raise UsageError(f"judging a period again: it ends on {window[1]}, before it begins on {window[0]}")
    compiled: dict[Any, Sequence[CompiledCheck]] = {}

    def judge(recorded: Recorded) -> tuple[Finding, ...]:
        # Most nights are judged by the same content, which its digests tell.
        content = recorded.seal.asked.content
        if content not in compiled:
            compiled[content] = _compiled(recorded)
        return _judged(recorded, compiled[content])

    return recording.replays(window, store, config, judge)


def retest(
    check: str, version: int, window: tuple[str, str], store: str, config: Path, policy: Path | None = None
) -> Verdict:
    """Judge every sealed run of a period (first and last day, UTC) by one version of a check, and compare.

    The version is that of the last run that has it, else the one at hand. Raises UsageError for a period that ends
    before it begins, VerificationError where what is read does not verify or nobody has the version.
    """
    if window[0] > window[1]:
        raise UsageError(f"judging a period again: it ends on {window[1]}, before it begins on {window[0]}")
    root = find(policy)
    content = load(root)
    known = content.checks.get(check)
    schemas = {name: type_.source for name, type_ in content.types.items()}
    at_hand = (known, schemas) if known is not None else None
    settings = content.policy.organization.parameters.get(check, {})

    def judge(recorded: Recorded, test: Test) -> tuple[Finding, ...]:
        # Values that were in force; of a parameter that the run's version did not have, what is set now.
        values = {**settings, **recorded.parameters.get(check, {})}
        kept = {name: value for name, value in values.items() if name in test.check.parameters}
        return _judged(recorded, compile_stored({check: test.check.source}, test.schemas, {check: kept}, root))

    def parse(id_: str, source: bytes) -> Check:
        (found,) = parse_stored({id_: source}, root)
        return found

    return recording.retest(check, version, window, store, config, judge, parse, at_hand)


def _rejudged(recorded: Recorded) -> tuple[Finding, ...]:
    return _judged(recorded, _compiled(recorded))


def _compiled(recorded: Recorded) -> Sequence[CompiledCheck]:
    """The checks of a stored run, ready to be judged by."""
    return compile_stored(recorded.sources("checks"), recorded.sources("schemas"), recorded.parameters, find())


def _judged(recorded: Recorded, compiled: Sequence[CompiledCheck]) -> tuple[Finding, ...]:
    """What checks say of a stored snapshot, with the filters of its run."""
    filters = recorded.seal.asked.filters
    accounts, regions = tuple(filters.get("accounts", ())), tuple(filters.get("regions", ()))
    return evaluate(recorded.snapshot, compiled, partial(_within, accounts, regions), _sorted(recorded))


def _sorted(recorded: Recorded) -> Sorting:
    """A stored snapshot by the boundary that its run applied, which stands in the policy that it was judged by."""
    if recorded.seal.asked.boundary is None:
        return EVERYTHING
    boundary = Boundary(programme_in(recorded.sources("policies")).boundary, recorded.snapshot.groups)
    return boundary.sorted(recorded.snapshot)


def export(run_id: str, store: str, config: Path, output: Path, redacted: tuple[str, ...] = ()) -> Manifest:
    """Write a sealed run as a bundle; gives its manifest. Nothing is written where anything is missing or altered.

    ``redacted`` are some of :data:`REDACTIONS`.
    """
    return recording.export(run_id, store, config, output, redacted)


def criteria(wanted: Sequence[str], policy: Path | None = None) -> tuple[str, ...]:
    """The ids of the criteria that categories, series and ids name, sorted. Raises UsageError where one names none."""
    return named_criteria(wanted, load(find(policy)).policy.criteria)


def export_period(
    store: str,
    config: Path,
    window: tuple[date, date],
    output: Path,
    pages: Callable[[Period, Sequence[str]], Mapping[str, bytes]],
    criteria: tuple[str, ...] | None = None,
    redacted: tuple[str, ...] = (),
) -> Manifest:
    """Write the runs of a period (first and last night) as a bundle; gives its manifest.

    ``pages`` makes the files that people read, of the period and the names of all other members. ``criteria`` are those
    whose records are carried (None: all are); of the others stand the hashes. Nothing is written where anything is
    missing or altered. Raises as :func:`period`, and SealError.
    """
    from engine.content.strictness import is_weaker

    return recording.export_period(store, config, window, output, pages, criteria, redacted, _policy_of, is_weaker)


def period(store: str, config: Path, starts: date, ends: date, type_: Literal[1, 2] = 2) -> Period:
    """What the sealed runs from one night to another show, both included; ``type_`` 1: the night of ``ends`` alone.

    Raises VerificationError where what is read does not verify, and UsageError where there is no run to show.
    """
    from engine.content.strictness import is_weaker

    return recording.period(store, config, starts, ends, type_, _policy_of, is_weaker)


def view(
    store: str, config: Path, window: tuple[date, date], criteria: tuple[str, ...] | None = None
) -> recording.View:
    """What the sealed runs of a period (first and last night) show of ``criteria`` (ids; None: of everything).

    Raises as :func:`period`.
    """
    from engine.content.strictness import is_weaker

    return recording.view(store, config, window, criteria, _policy_of, is_weaker)


def inspected(run: str, store: str, config: Path) -> Inspected:
    """A sealed run, to be looked into record by record. Raises VerificationError where it does not verify."""
    return recording.inspected(run, store, config)


def overview(store: str, config: Path) -> Overview:
    """What a store holds, by its chain. Raises VerificationError where that does not verify."""
    return recording.overview(store, config)


def store_name(store: str, config: Path) -> str:
    """The name of a store in every entry of its chain. Raises VerificationError."""
    return recording.store_name(store, config)


def seal_accesses(store: str, config: Path, log: str, standing: tuple[int, str], clock: Clock) -> int:
    """Seal how many lines a log of accesses has and the digest of its last one; gives the sequence of the entry.

    Raises VerificationError and SealError.
    """
    return recording.seal_accesses(store, config, log, standing, clock)


def sealed_accesses(store: str, config: Path, log: str) -> list[tuple[int, int, str]]:
    """What a chain says of a log of accesses: each entry, how many lines, the last one's digest.

    Raises VerificationError.
    """
    return recording.sealed_accesses(store, config, log)


def state(store: str, config: Path) -> str:
    """What stays the same while no file of a store's evidence is touched. Raises VerificationError."""
    return recording.state(store, config)


def diff(pair: tuple[str | None, str | None], store: str, config: Path, within: int = 14) -> Diff:
    """What differs between two sealed runs, by their ids; waivers that end ``within`` so many days are told.

    (None, None): the newest run that read the clouds, and the last before it that was asked the same; (id, None): that
    run and the newest. Raises UsageError where there are no two, VerificationError where either does not verify.
    """
    from engine.content.strictness import is_weaker

    return recording.diff(pair, store, config, within, _policy_of, is_weaker)


def notice(store: str, config: Path, clock: Clock, within: int = 14) -> Notice:
    """What people are to be told of the night that it is: what changed, and every run that is missing.

    Raises VerificationError where what is read does not verify.
    """
    from engine.content.strictness import is_weaker

    return recording.notice(store, config, clock.now(), within, _policy_of, is_weaker)


def close(store: str, config: Path, starts: date, ends: date, clock: Clock) -> tuple[int, Period]:
    """Freeze in the chain what a period is made of and what was still failing at its end.

    Gives the sequence of the entry, and the period. The next one starts on the day after. Raises UsageError for a
    period that is not over or does not follow the one before, VerificationError and SealError.
    """
    from engine.content.strictness import is_weaker

    return recording.close(store, config, starts, ends, _policy_of, is_weaker, clock)


def respond(store: str, config: Path, named: str, answer: Mapping[str, str], clock: Clock) -> tuple[int, Failure]:
    """Seal management's response to a failure by its id: its ``cause``, ``effect`` and ``correction``, and ``by`` whom.

    Gives the sequence of the entry, and the failure. Raises UsageError where there is no such failure, with the nearest
    ids; VerificationError and SealError.
    """
    return recording.respond(store, config, named, answer, _policy_of, clock)


def freeze(store: str, config: Path, check: str | None, starts: date, ends: date, clock: Clock) -> tuple[int, Frozen]:
    """Seal what a check was about in a period (``check`` None: the nights of it) before anything is drawn from it.

    Gives the sequence of the entry, and the list. Raises UsageError where there is nothing, VerificationError and
    SealError.
    """
    return recording.freeze(store, config, check, starts, ends, _policy_of, clock)


def drawn(store: str, config: Path, sequence: int, size: int, nonce: str | None, clock: Clock) -> tuple[int, Draw]:
    """Draw ``size`` units from the population of an entry by the auditor's ``nonce`` (None: internal), once.

    Gives the sequence of the nonce's entry, and the sample. Raises UsageError, VerificationError and SealError.
    """
    return recording.drawn(store, config, sequence, size, nonce, clock)


def replaced(store: str, config: Path, sequence: int, unit: str, reason: str, clock: Clock) -> tuple[int, str]:
    """Put the next unit of a draw (from the population of an entry) in the place of one that cannot be tested.

    Gives the sequence of the entry that says why, and that unit. Raises UsageError, VerificationError and SealError.
    """
    return recording.replaced(store, config, sequence, unit, reason, clock)


def _policy_of(sources: Mapping[str, Mapping[str, bytes]], parameters: Mapping[str, Mapping[str, Any]]) -> InForce:
    return in_force(sources["checks"], sources["controls"], sources["policies"], parameters, find())


def changes(store: str, gates: Sequence[str], config: Path, gates_config: Path, starts: date, ends: date) -> Changes:
    """What was gated in a period, what is so now, and what changed without a gate.

    ``gates`` are the stores that gates were sealed in, by the trust file in ``gates_config`` (none: ``store`` itself).
    """
    return recording.changes(store, gates, config, gates_config, starts, ends)


def compact(store: str, config: Path, before: date | None, clock: Clock) -> Sequence[Merged]:
    """Merge what the runs of each month stored that is over before a day (default: today, UTC)."""
    return recording.compact(store, config, before, clock)


def expire(
    store: str, config: Path, remove: bool, unclosed: bool, clock: Clock, policy: Path | None = None
) -> recording.Expiry:
    """What the organisation's retention says of each run of a store; with ``remove``, those that are due are removed.

    ``unclosed`` lets runs of no closed period go by their own age. Raises UsageError where the policy sets no
    retention.
    """
    retention = load(find(policy)).policy.organization.retention
    return recording.expire(store, config, retention, remove, unclosed, _policy_of, clock)


def lock(store: str, config: Path, clock: Clock, policy: Path | None = None) -> Locked:
    """Bring Object Lock and legal holds of a store in S3 in line with the policy.

    Raises UsageError where the policy asks for none, or the store is not in S3; VerificationError and SealError.
    """
    return recording.lock(store, config, load(find(policy)).policy.organization, clock)


def rebuild(store: str, config: Path, compare: bool = False) -> Comparison:
    """Make the index of a store anew from its sealed runs, and say what the one that was kept is beside it."""
    return recording.rebuild(store, config, compare)


def publish(store: str, config: Path, folder: Path | None = None) -> Published:
    """Bring the tables of a store's sealed runs up to date, in a folder (default: in the store's index).

    Raises VerificationError, SealError; UsageError where there is no run, or the folder holds something else.
    """
    return recording.publish(store, config, folder, _policy_of)
