"""From a plan to a snapshot: the only step that calls a provider, and the only one that catches a provider's errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from engine.collection.ledger import discovery_rows
from engine.collection.limiter import Cancelled
from engine.collection.outcomes import MALFORMED
from engine.collection.planner import Plan
from engine.collection.runner import Conforms, Progress, Runner, unlisted
from engine.errors import DiscoveryError, Interrupted, UsageError
from engine.model import GLOBAL, Collection, Resource, Scope, Snapshot, Unread
from providers.base import Discovery, Governor, Provider

__all__ = ["collect", "combined", "completed", "discovered", "refuse_unknown"]


def collect(
    plan: Plan,
    provider: Provider,
    discovery: Discovery,
    governor: Governor,
    now: Callable[[], str],
    conforms: Conforms,
    progress: Progress = lambda ended, known: None,
    sample: int | None = None,
) -> Snapshot:
    """Read what the plan asks for in the scopes that were discovered (see :class:`engine.collection.runner.Runner`)."""
    as_of = now()
    collected, ledger = Runner(plan, provider, discovery, governor, now, conforms, progress, sample).run()
    collections = [
        # What was deleted while it was read is no longer there.
        replace(collection, count=len(collected.resources[key]))
        for key, collection in collected.collections.items()
    ]
    collections += unlisted(discovery, plan)
    return Snapshot(
        as_of=as_of,
        source="live",
        identity=discovery.identity,
        scopes=discovery.scopes,
        collections=tuple(sorted(collections, key=lambda row: (row.type, row.scope))),
        resources=tuple(sorted((item for held in collected.resources.values() for item in held.values()), key=order)),
        ledger=(*discovery_rows(discovery), *ledger.rows()),
        regions_off=discovery.regions_off,
        finished_at=now(),
    )


def discovered(provider: Provider, governor: Governor, accounts: frozenset[str], regions: frozenset[str]) -> Discovery:
    """Who we are and what there is to scan.

    Raises UsageError where there are no credentials or a filter names what is not there, DiscoveryError where the
    provider did not say who we are.
    """
    try:
        found = provider.discover(governor, accounts, regions)
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
            raise UsageError(f"asking {provider.name} who we are: no credentials were found; sign in first") from error
        # Without its cause, whose text is the provider's: a traceback would print it.
        raise DiscoveryError(f"asking {provider.name} who we are: {failure.reason} ({failure.detail})") from None
    refuse_unknown(accounts or frozenset(), regions, found.scopes, str(found.identity.get("account")))
    return found


def refuse_unknown(
    accounts: Iterable[str], regions: Iterable[str], scopes: Iterable[Scope], whose: str = "the snapshot"
) -> None:
    """Raise UsageError for an account or region that was asked for and is not there: nothing would be judged."""
    there = tuple(scopes)
    for kind, asked, known in (
        ("account", accounts, {scope.account for scope in there}),
        ("region", regions, {scope.region for scope in there}),
    ):
        missing = sorted(set(asked) - known)
        if missing:
            raise UsageError(f"filtering by {kind}: {', '.join(missing)} is not among those enabled of {whose}")


def combined(snapshots: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of several providers; as of the start of the first."""
    if len(snapshots) == 1:
        return snapshots[0]
    first = min(snapshots, key=lambda snapshot: snapshot.as_of)
    return replace(
        first,
        identity={f"{s.scopes[0].provider}.{key}": value for s in snapshots for key, value in s.identity.items()},
        scopes=tuple(scope for s in snapshots for scope in s.scopes),
        collections=tuple(sorted(chain(*(s.collections for s in snapshots)), key=lambda row: (row.type, row.scope))),
        resources=tuple(sorted(chain(*(s.resources for s in snapshots)), key=order)),
        ledger=tuple(chain(*(s.ledger for s in snapshots))),
        regions_off=tuple(chain(*(s.regions_off for s in snapshots))),
        finished_at=max((s.finished_at for s in snapshots if s.finished_at), default=None),
    )


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
        if scope.provider == plan.provider
        and (type_.where == GLOBAL) == (scope.region == GLOBAL)
        and (type_.name, scope) not in there
    ]
    return replace(
        snapshot,
        collections=tuple(sorted((*snapshot.collections, *lacking), key=lambda row: (row.type, row.scope))),
        resources=tuple(sorted(map(conforms, snapshot.resources), key=order)),
    )


def order(item: Resource) -> tuple[str, str, str, str]:
    """The order of resources in a snapshot."""
    return (item.type, item.account, item.region, item.id)
