"""The Azure adapter: who we are, which subscriptions there are, and what readers call.

The tenant and each of its subscriptions are accounts. What lies in a subscription is listed once for all of it, each
resource with its location for a region; what Entra ID holds lies in the tenant's account.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

from providers.azure import DISCOVERED, READERS, TYPES
from providers.azure.access import DESCENDANTS, Access, ManagementGroups
from providers.azure.caller import Caller, Connections
from providers.azure.client import Client
from providers.azure.clouds import chosen
from providers.azure.errors import classify
from providers.azure.shapes import arm_id
from providers.azure.subscriptions import SUBSCRIPTION, TENANT
from providers.azure.tokens import Tokens, holder
from providers.base import (
    GLOBAL,
    ORGANIZATION,
    Directory,
    Discovery,
    Failure,
    Found,
    Governor,
    LeftOut,
    NotConfigured,
    Reader,
    ResourceType,
    Scope,
    Tally,
    Unread,
    attribute,
)
from providers.boundary import Member, sorted_out

VERSION: Final = "2022-12-01"
"""The api-version of subscriptions and tenants."""
SUBSCRIPTIONS: Final = "arm:Microsoft.Resources/subscriptions"
TENANTS: Final = "arm:Microsoft.Resources/tenants"
IDENTITY: Final = "login:token"
_DELETED: Final = "Deleted"
LeftOuts = tuple[LeftOut, ...]

_UNPARSABLE: Final = (AttributeError, LookupError, TypeError, ValueError)


def open(*, timeout: float = 20.0, agent: str = "auditreel", access: Mapping[str, Any] | None = None) -> Azure:
    """The adapter on azure-identity's default chain. ``timeout`` is how long a request may take, in seconds.

    ``access`` is what the policy says of accounts (see :class:`providers.azure.access.Access`). Raises
    :class:`providers.base.NotConfigured` where the environment names no cloud that there is, or credentials that
    azure-identity cannot use.
    """
    cloud = chosen(os.environ)
    try:
        tokens = Tokens(cloud, timeout)
    except ValueError as error:
        raise NotConfigured(str(error)) from error
    manager = Client(cloud.manager, cloud.audience, tokens, agent, timeout)
    graph = Client(cloud.graph, cloud.graph, tokens, agent, timeout)
    return Azure(Connections(manager, graph), tokens, Access.of(access or {}))


class Azure:
    """A tenant and its subscriptions (see :class:`providers.base.Provider`)."""

    name = "azure"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(self, connections: Connections, tokens: Tokens, access: Access = Access()) -> None:  # noqa: B008
        self._connections, self._tokens, self._access = connections, tokens, access
        self._tenant = ""
        self._found: Mapping[str, Found] = {}
        """The subscriptions and the tenant, by account."""

    def classify(self, error: Exception) -> Failure | None:
        """See :func:`providers.azure.errors.classify`."""
        return classify(error)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        """What a reader calls Azure with in ``scope``."""
        return Caller(self._connections, scope, governor, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """The service, and of Resource Manager the resource provider: what is throttled together."""
        service, _, rest = reader.operations[0].partition(":")
        return (service, rest.partition("/")[0].lower() if service == "arm" else "")

    def leave(self, account: str) -> None:
        """Forget the answers that readers of an account shared."""
        self._connections.forget(account)

    def close(self) -> None:
        """Drop the connections."""
        self._connections.close()
        self._tokens.close()

    def accounts(self, governor: Governor) -> Directory:
        """Who the token was made for, its tenant, and the subscriptions that the policy wants to be scanned.

        Raises what signing in raises. Where the subscriptions cannot be listed, the tenant alone is scanned and the
        failure keeps the run incomplete.
        """
        tallies = {IDENTITY: Tally(), TENANTS: Tally(), SUBSCRIPTIONS: Tally()}
        manager = self._connections.manager
        who = holder(governor(("login", ""), manager.token, classify, tallies[IDENTITY]))
        self._tenant = who["tenant"]
        failures: dict[str, Unread] = {}
        found = {self._tenant: Found(TENANT, self._tenant, {}, self._name(governor, tallies[TENANTS]))}
        left_out: LeftOuts = ()
        listed = self._attempted(SUBSCRIPTIONS, lambda: self._subscriptions(governor, tallies), failures)
        if listed is not None:
            found |= listed[0]
            left_out = listed[1]
        operation = f"arm:{DESCENDANTS}"
        below = ManagementGroups(self._asking(governor, tallies.setdefault(operation, Tally())), {}).below
        groups = {}
        for group in self._access.groups:
            there = self._attempted(operation, partial(below, group), failures)
            if there is not None:
                groups[group] = frozenset(there)
        self._found = found
        return Directory(
            identity={"account": self._tenant, **who},
            accounts={account: item.name or account for account, item in found.items()},
            left_out=left_out,
            failures=failures,
            tallies=tallies,
            answered_at=_instant(tallies[SUBSCRIPTIONS].date or tallies[TENANTS].date),
            groups=groups,
        )

    def _name(self, governor: Governor, tally: Tally) -> str | None:
        """The tenant's name, where Resource Manager says it: not everyone may read it, and nothing depends on it."""
        azure = self._asking(governor, tally)
        rows = azure.part(TENANTS, lambda: list(azure.items("/tenants", VERSION)))
        names = [] if isinstance(rows, Unread) else [row.get("displayName") for row in rows if self._is_own(row)]
        return next((name for name in names if isinstance(name, str)), None)

    def _is_own(self, row: Mapping[str, Any]) -> bool:
        return bool(row.get("tenantId", self._tenant) == self._tenant)

    def _subscriptions(self, governor: Governor, tallies: dict[str, Tally]) -> tuple[dict[str, Found], LeftOuts]:
        """The subscriptions to scan, those that are seen and those that should be, and those that are left out."""
        seen = {
            arm_id(row["subscriptionId"]): row
            for row in self._asking(governor, tallies[SUBSCRIPTIONS]).items("/subscriptions", VERSION)
        }
        groups = ManagementGroups(
            self._asking(governor, tallies.setdefault(f"arm:{DESCENDANTS}", Tally())),
            {account: row.get("tags") or {} for account, row in seen.items()},
        )
        names = {account: row.get("displayName") or account for account, row in seen.items()}
        wanted = self._access.accounts
        if wanted == "tenant":
            names |= {id_: name for id_, name in groups.below(self._tenant).items() if id_ not in names}
        elif wanted:
            names = {arm_id(account): names.get(arm_id(account), account) for account in wanted}
        members = [Member(account, name, self._why_not(seen.get(account))) for account, name in names.items()]
        accounts, left_out = sorted_out(members, self._access.include, self._access.exclude, groups, self.name)
        return {account: _found(account, name, seen.get(account)) for account, name in accounts.items()}, left_out

    def _why_not(self, row: Mapping[str, Any] | None) -> str | None:
        """Why a subscription that is seen cannot be scanned."""
        if row is not None and not self._is_own(row):
            return "of another tenant"
        return "deleted" if row is not None and row.get("state") == _DELETED else None

    def _asking(self, governor: Governor, tally: Tally) -> Caller:
        return self.caller(Scope(self.name, self._tenant, ORGANIZATION), governor, tally)

    def _attempted(self, operation: str, ask: Callable[[], Any], failures: dict[str, Unread]) -> Any:
        """What ``ask`` returns, or None: then why is in ``failures``."""
        try:
            return ask()
        except _UNPARSABLE:
            failures[operation] = Unread("malformed_response", operation)
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            asked = failure.operation or operation
            failures[operation] = failure.unread(asked, f"{asked.partition(':')[2]}/read")
        return None

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """The one scope of a subscription, or of the tenant. Calls nothing: the same token opens all of them."""
        place = ORGANIZATION if account == self._tenant else GLOBAL
        scope = Scope(self.name, account, place)
        return Discovery(account, (scope,), ((scope, self._found[account]),))


def _found(account: str, name: str, row: Mapping[str, Any] | None) -> Found:
    """A subscription as a resource. Of one that should be there and that nobody shows us, nothing was read."""
    if row is None:
        unseen = Unread("access_denied", SUBSCRIPTIONS, f"{SUBSCRIPTION}/read", "not among those listed")
        return Found(SUBSCRIPTION, f"/subscriptions/{account}", {"state": unseen, "tags": unseen}, name)
    properties = {"state": attribute(row, "state"), "tags": row.get("tags") or {}}
    return Found(SUBSCRIPTION, f"/subscriptions/{account}", properties, name)


def _instant(date: str | None) -> str | None:
    """A Date header as RFC 3339 UTC text."""
    try:
        return parsedate_to_datetime(date or "").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
