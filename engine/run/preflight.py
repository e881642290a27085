"""Before a run: what it would judge and call, what it needs, and whether it can. Nothing is recorded."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import engine
from engine import permissions as least
from engine.collection import directory
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.planner import Plan
from engine.content.checks import compile_checks
from engine.content.load import adopted, load
from engine.content.policy import load_organization
from engine.content.root import find
from engine.errors import Problem, UsageError
from engine.judging.selection import named_criteria, select
from engine.model import Check, Clock, Control, Criterion, Example, Schedule, Selection
from engine.run.access import access_of, open_provider
from engine.run.reads import plans
from engine.run.request import RunRequest, plans_of, prepared, selection_of
from providers import NotInstalled, declared, opened
from providers.base import Directory, NotConfigured, Reader

if TYPE_CHECKING:
    from engine.run.doctor import Diagnosis


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
    content, selection, checks = prepared(request)
    calls: list[PlannedCall] = []
    for made in plans_of(checks, content):
        known = declared(made.provider)
        calls += [
            PlannedCall(made.provider, (name,), (name,), times, ())
            for name, times in known.entering(access_of(content, made.provider)).items()
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
    content, _, checks = prepared(request)
    if not (request.providers or request.checks or content.policy.organization.says_providers):
        every = sorted({check.provider for check in content.checks.values()})
        content, _, checks = prepared(replace(request, providers=tuple(every)))
    found = {}
    for made in plans_of(checks, content):
        known = declared(made.provider)
        entering = tuple(known.entering(access_of(content, made.provider)))
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
    return selection_of(load(find(request.policy)), request, every=True)


def criteria(wanted: Sequence[str], policy: Path | None = None) -> tuple[str, ...]:
    """The ids of the criteria that categories, series and ids name, sorted. Raises UsageError where one names none."""
    return named_criteria(wanted, load(find(policy)).policy.criteria)


def examined(
    patterns: Sequence[str], policy: Path | None = None, files: Sequence[Path] = ()
) -> dict[Path, list[Problem]]:
    """What the examples of the checks show: for each check's file what is wrong with it, in the order of the file.

    The checks are those that ``patterns`` name and those in ``files``; without either all. Where the examples hold,
    they are tried again with every property null and unread in turn.
    """
    from engine.authoring.examples import mismatches
    from engine.authoring.probes import probe

    content = load(find(policy), examples=True)
    wanted = patterns or (() if files else ("*",))
    criteria = content.policy.criteria
    chosen = select(content.checks, content.policy.controls, criteria, patterns=wanted).checks if wanted else ()
    compiled = compile_checks((*chosen, *adopted(files, content)), content.types)
    return {check.check.path: mismatches(check, content.types) or probe(check, content.types) for check in compiled}


def diagnose(request: RunRequest, clock: Clock, cancelled: threading.Event | None = None) -> tuple[Diagnosis, ...]:
    """Who we are, what will be denied, clock skew and versions: what ``doctor`` says of each provider.

    Of a signing key in AWS KMS too. When ``cancelled`` is set, what is still to be tried is not.
    """
    from engine.run.doctor import diagnosis

    content, _, compiled = prepared(request)
    limiter = Limiter(clock.sleep, cancelled or threading.Event())
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    found = tuple(
        diagnosis(made, open_provider(made.provider, request, content, clock), limiter, clock, conform)
        for made in plans_of(compiled, content)
    )
    return (*found, *_signing(request.config))


def _signing(config: Path) -> Iterator[Diagnosis]:
    """What will be denied of signing by a key in AWS KMS, as a provider of its own; nothing of a key that is here."""
    from engine.evidence.keys import TRUST_FILE, address_of
    from engine.evidence.kms import GET, KmsError
    from engine.evidence.kms import opened as key_of
    from engine.evidence.trust import read_trust
    from engine.run.doctor import Denied, Diagnosis, versions

    address = address_of(config)
    if address is None:
        return
    identity: dict[str, str] = {"key": address}
    denied: list[Denied] = []
    try:
        key = key_of(address)
        identity["id"] = key.key_id
        if not read_trust(config / TRUST_FILE).signs(key.key_id, sys.maxsize):
            denied.append(Denied(GET, "not_pinned", "", f"{config / TRUST_FILE} pins another, or it was replaced"))
        key.refuse_unable()
    except KmsError as error:
        is_denial = error.code == "AccessDeniedException"
        reason = "access_denied" if is_denial else error.code or "unavailable"
        denied.append(Denied(error.action, reason, error.action if is_denial else "", str(error)))
    yield Diagnosis("signing key", identity, (), (), 2, (), tuple(denied), None, versions())


def signing_permissions(config: Path) -> tuple[str, tuple[str, ...]] | None:
    """Where the signing key is, and what whoever records must be allowed on it; None where it is here."""
    from engine.evidence.keys import address_of
    from engine.evidence.kms import GET, SIGN

    address = address_of(config)
    return None if address is None else (address, (GET, SIGN))


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
