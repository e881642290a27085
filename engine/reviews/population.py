"""Who has what, by a snapshot.

Nothing is left out in silence: a listing that failed, a property that was not read, and people whom no reader lists are
lines of their own, and a reviewer has to answer for them too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.model import Snapshot
from engine.reviews import aws, azure, gcp
from engine.reviews.model import EVERYBODY, Line, Population
from engine.reviews.reading import Account
from providers.base import Resource

Rights = Callable[[Account], Iterator[Line]]


def _github(account: Account) -> Iterator[Line]:
    yield account.gap("GitHub::Member", "members and collaborators", "no reader lists the people of GitHub")


_LEFT_OUT: Final = "the account was left out of the run: "
RIGHTS: Final[Mapping[str, Rights]] = {"aws": aws.rights, "azure": azure.rights, "gcp": gcp.rights, "github": _github}
"""What a provider's resources say of rights."""


def population(snapshot: Snapshot, accounts: Collection[str] = ()) -> Population:
    """Everything that a snapshot shows of who has what in some accounts; in all where none is named."""
    scopes = {(row.provider, row.account) for row in snapshot.scopes}
    scopes |= {(row.scope.provider, row.scope.account) for row in snapshot.collections}
    by_account: dict[tuple[str, str], dict[str, list[Resource]]] = {}
    for resource in snapshot.resources:
        kinds = by_account.setdefault((resource.provider, resource.account), {})
        kinds.setdefault(resource.type, []).append(resource)
    directory = _directory(snapshot.resources)
    lines: set[Line] = set()
    machines: Counter[str] = Counter()
    complete: set[tuple[str, str, str]] = set()
    for provider, name in sorted(scopes):
        if accounts and name not in accounts:
            continue
        account = Account(provider, name, by_account.get((provider, name), {}), snapshot.collections, directory)
        lines |= set(RIGHTS[provider](account)) if provider in RIGHTS else {_unknown(account)}
        machines.update(account.machines)
        complete |= account.complete
    lines |= {
        Line(
            row.scope.provider,
            row.scope.account,
            "account",
            EVERYBODY,
            "not seen",
            row.name,
            unseen=_LEFT_OUT + row.why,
        )
        for row in snapshot.left_out
        # A region that is not used holds no identities of its own.
        if row.scope.region == "*" and (not accounts or row.scope.account in accounts)
    }
    ordered = tuple(sorted(lines, key=lambda row: (not row.unseen, row.place, row.name.casefold(), row.access)))
    blind = {line.place for line in ordered if line.whole}
    return Population(ordered, frozenset(complete - blind), dict(sorted(machines.items())))


def narrowed(found: Population, filters: Mapping[str, Any]) -> Population:
    """The population of a run that was asked for some providers or accounts alone: of the others it says nothing."""
    asked = [f"{name} {value}" for name in ("providers", "accounts") for value in filters.get(name, ())]
    if not asked:
        return found
    why = f"the run was asked for {', '.join(asked)} alone"
    gap = Line("every cloud", "every other account", "account", EVERYBODY, "not seen", "all others", unseen=why)
    return replace(found, lines=(*found.lines, gap))


def _unknown(account: Account) -> Line:
    return account.gap("people", "everybody", f"nothing tells who has access to {account.provider}")


def _directory(resources: Iterable[Resource]) -> dict[str, Mapping[str, Any]]:
    """What directories say of people, by their ids: name, mfa, last sign-in."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in resources:
        if resource.type == azure.USER:
            found[resource.id] = {"name": resource.name, **resource.properties}
    return found
