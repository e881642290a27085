"""From a plan to a snapshot: the only step that calls a provider, and the only one that catches a provider's errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Container
from dataclasses import replace
from itertools import chain
from typing import Final

from engine.collection.journal import Forgetful, Journal
from engine.collection.lanes import Pool
from engine.collection.ledger import discovery_rows
from engine.collection.limiter import Cancelled
from engine.collection.observer import NOBODY, Observer
from engine.collection.outcomes import MALFORMED
from engine.collection.planner import Plan
from engine.collection.runner import Conforms, Doubts, Runner, unlisted
from engine.errors import DiscoveryError, Interrupted, UsageError
from engine.model import GLOBAL, REGIONLESS, Collection, Resource, Scope, Snapshot, Unread
from providers.base import Directory, Discovery, Governor, LeftOut, Provider, place

__all__ = ["Apart", "collect", "combined", "completed", "directory", "entered", "refuse_regions", "refuse_unknown"]

_SIGNING_IN: Final = {
    "aws": "aws sso login, AWS_PROFILE, or a role of this machine",
    "azure": "az login, or an identity of this machine",
    "gcp": "gcloud auth application-default login, or a service account of this machine",
    "github": "GITHUB_TOKEN, or an App's key",
}
"""How one signs in, by provider; what each tries is its SDK's own chain."""
_NO_JOURNAL: Final = Forgetful()

Doubted = Callable[[Snapshot], Doubts]
"""Told what was read of an account, says what of it is to be confirmed where an index told it."""


def collect(
    plan: Plan,
    provider: Provider,
    discovery: Discovery,
    governor: Governor,
    now: Callable[[], str],
    conforms: Conforms,
    observer: Observer = NOBODY,
    sample: int | None = None,
    pool: Pool | None = None,
    journal: Journal | Forgetful = _NO_JOURNAL,
    as_of: str | None = None,
    doubted: Doubted | None = None,
) -> Snapshot:
    """Read what the plan asks for in one account (see :class:`engine.collection.runner.Runner`).

    ``as_of`` is when the collection of all accounts began, where there are several; ``pool`` are the threads that they
    share, ``journal`` what was read before. What is ``doubted`` of what indexes told is asked of the services
    themselves.
    """
    as_of = as_of or now()
    runner = Runner(plan, provider, discovery, governor, now, conforms, observer, sample, pool, journal)
    try:
        runner.run()
        snapshot = _snapshot(plan, provider, discovery, runner, as_of, now)
        doubts = doubted(snapshot) if doubted is not None and plan.from_indexes else {}
        if not doubts:
            return snapshot
        runner.confirm(doubts)
        return _snapshot(plan, provider, discovery, runner, as_of, now)
    finally:
        runner.close()


def _snapshot(
    plan: Plan, provider: Provider, discovery: Discovery, runner: Runner, as_of: str, now: Callable[[], str]
) -> Snapshot:
    """What a runner has read."""
    where = Scope(provider.name, discovery.account, GLOBAL)
    collected = runner.collected
    collections = [
        # What was deleted while it was read is no longer there.
        replace(collection, count=len(collected.resources[key]))
        for key, collection in collected.collections.items()
    ]
    collections += unlisted(provider.name, discovery, plan)
    return Snapshot(
        as_of=as_of,
        source="live",
        identity={},
        scopes=discovery.scopes,
        collections=tuple(sorted(collections, key=lambda row: (row.type, row.scope))),
        resources=tuple(sorted((item for held in collected.resources.values() for item in held.values()), key=order)),
        ledger=(*discovery_rows(where, discovery.tallies, discovery.failures), *runner.ledger.rows()),
        left_out=discovery.regions_off,
        finished_at=now(),
    )


Apart = Callable[[str, Directory], Mapping[str, str]]
"""Which accounts of a provider's directory are not to be entered, and why."""


def directory(
    provider: Provider,
    governor: Governor,
    accounts: frozenset[str] = frozenset(),
    apart: Apart = lambda provider, found: {},
) -> Directory:
    """Who we are and which accounts there are to scan, of ``accounts`` (empty: all) without those ``apart``.

    Raises UsageError where there are no credentials or a filter names an account that is not there, DiscoveryError
    where the provider did not say who we are.
    """
    try:
        found = provider.accounts(governor)
    except Cancelled as error:
        raise Interrupted from error
    except MALFORMED as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"is malformed ({type(error).__name__})"
        raise DiscoveryError(f"asking {provider.name} who we are: its answer {what}") from None
    except Exception as error:
        failure = provider.classify(error)
        if failure is None:
            raise
        if failure.code.startswith("NoCredentials"):
            how = _SIGNING_IN.get(provider.name)
            said = f"no credentials were found; sign in first{f': {how}' if how else ''}"
            raise UsageError(f"asking {provider.name} who we are: {said}") from error
        # Without its cause, whose text is the provider's: a traceback would print it.
        raise DiscoveryError(f"asking {provider.name} who we are: {failure.reason} ({failure.detail})") from None
    whys = apart(provider.name, found)
    if whys:
        gone = (LeftOut(Scope(provider.name, id_, "*"), found.accounts[id_], why) for id_, why in whys.items())
        found = replace(
            found,
            accounts={id_: name for id_, name in found.accounts.items() if id_ not in whys},
            left_out=tuple(sorted((*found.left_out, *gone), key=lambda row: row.scope)),
        )
    if not accounts:
        return found
    for row in found.left_out:
        if row.scope.account in accounts:
            raise UsageError(f"filtering by account: {row.scope.account} is not scanned: {row.why}")
    _refuse_missing("account", accounts, found.accounts, str(found.identity.get("account")))
    return replace(found, accounts={id_: name for id_, name in found.accounts.items() if id_ in accounts})


def entered(provider: Provider, account: str, governor: Governor, regions: frozenset[str] = frozenset()) -> Discovery:
    """What there is to scan in one account. Raises Interrupted where the run is asked to stop meanwhile."""
    try:
        return provider.enter(account, governor, regions)
    except Cancelled as error:
        raise Interrupted from error


def refuse_unknown(
    accounts: Iterable[str], regions: Iterable[str], snapshot: Snapshot, judged: Iterable[Scope] = ()
) -> None:
    """Raise UsageError for an account or region that was asked for and is not there: nothing would be judged.

    ``judged`` are the scopes of findings: where a provider lists an account as a whole, only what lies in a region
    shows that there is one.
    """
    there = {row.scope for row in snapshot.collections} | set(snapshot.scopes) | set(judged)
    _refuse_missing("account", accounts, {scope.account for scope in there}, "the snapshot")
    # Where no scope is known, none was entered, and what was not seen says so.
    if snapshot.scopes:
        _refuse_missing("region", regions, {scope.region for scope in there}, "the snapshot")


def refuse_regions(regions: Iterable[str], discovery: Discovery) -> None:
    """Raise UsageError for a region that was asked for and is not among those of the only account, if it has any."""
    if any(scope.region not in REGIONLESS for scope in discovery.scopes):
        _refuse_missing("region", regions, {scope.region for scope in discovery.scopes}, discovery.account)


def _refuse_missing(kind: str, asked: Iterable[str], known: Container[str], whose: str) -> None:
    missing = sorted(set(asked) - set(known))
    if missing:
        raise UsageError(f"filtering by {kind}: {', '.join(missing)} is not among those enabled of {whose}")


def combined(parts: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of several parts, of one provider or more; as of the start of the first."""
    if len(parts) == 1:
        return parts[0]
    return Snapshot(
        as_of=min(part.as_of for part in parts),
        source=parts[0].source,
        identity=_identity(parts),
        scopes=tuple(sorted(chain(*(part.scopes for part in parts)))),
        collections=tuple(sorted(chain(*(part.collections for part in parts)), key=lambda row: (row.type, row.scope))),
        resources=tuple(sorted(chain(*(part.resources for part in parts)), key=order)),
        ledger=tuple(sorted(chain(*(part.ledger for part in parts)), key=lambda row: (row.scope, row.reader))),
        left_out=tuple(sorted(chain(*(part.left_out for part in parts)), key=lambda row: row.scope)),
        finished_at=max((part.finished_at for part in parts if part.finished_at), default=None),
        groups={name: accounts for part in parts for name, accounts in part.groups.items()},
    )


def _identity(parts: Iterable[Snapshot]) -> dict[str, str]:
    """Who asked; where several providers were asked, each fact under the provider's name."""
    callers: dict[str, Mapping[str, str]] = {}
    for part in parts:
        where = next(chain(part.scopes, (row.scope for row in part.ledger)), None)
        if where is not None:
            callers.setdefault(where.provider, part.identity)
    if len(callers) == 1:
        return dict(*callers.values())
    return {f"{provider}.{key}": value for provider, facts in callers.items() for key, value in facts.items()}


def completed(snapshot: Snapshot, plans: Iterable[Plan], conforms: Conforms) -> Snapshot:
    """A stored snapshot, as one for these plans: what it should hold and does not was not collected.

    Without that, a region whose listing it leaves out would count as one in which nothing exists.
    """
    there = {(row.type, row.scope) for row in snapshot.collections}
    lacking = [
        Collection(type_.name, scope, "failed", 0, Unread("not_collected"))
        for plan in plans
        for type_ in plan.types.values()
        for scope in snapshot.scopes
        if scope.provider == plan.provider and type_.where == place(scope.region) and (type_.name, scope) not in there
    ]
    return replace(
        snapshot,
        collections=tuple(sorted((*snapshot.collections, *lacking), key=lambda row: (row.type, row.scope))),
        resources=tuple(sorted(map(conforms, snapshot.resources), key=order)),
    )


def order(item: Resource) -> tuple[str, str, str, str]:
    """The order of resources in a snapshot."""
    return (item.type, item.account, item.region, item.id)
