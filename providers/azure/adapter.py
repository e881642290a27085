"""The Azure adapter: who we are, which subscriptions there are, and what readers call.

The tenant and each of its subscriptions are accounts. What lies in a subscription is listed once for all of it, each
resource with its location for a region; what Entra ID holds lies in the tenant's account.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from providers.azure import DISCOVERED, READERS, TYPES
from providers.azure.caller import Caller, Connections, unread
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

VERSION: Final = "2022-12-01"
"""The api-version of subscriptions and tenants."""
SUBSCRIPTIONS: Final = "arm:Microsoft.Resources/subscriptions"
TENANTS: Final = "arm:Microsoft.Resources/tenants"
IDENTITY: Final = "login:token"
_DELETED: Final = "Deleted"
_UNPARSABLE: Final = (AttributeError, LookupError, TypeError, ValueError)


def open(*, timeout: float = 20.0, agent: str = "auditreel", access: Mapping[str, Any] | None = None) -> Azure:
    """The adapter on azure-identity's default chain. ``timeout`` is how long a request may take, in seconds.

    Raises :class:`providers.base.NotConfigured` where the environment names no cloud that there is, or credentials that
    azure-identity cannot use.
    """
    cloud = chosen(os.environ)
    try:
        tokens = Tokens(cloud, timeout)
    except ValueError as error:
        raise NotConfigured(str(error)) from error
    manager = Client(cloud.manager, cloud.audience, tokens, agent, timeout)
    graph = Client(cloud.graph, cloud.graph, tokens, agent, timeout)
    return Azure(Connections(manager, graph), tokens)


class Azure:
    """A tenant and its subscriptions (see :class:`providers.base.Provider`)."""

    name = "azure"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(self, connections: Connections, tokens: Tokens) -> None:
        self._connections, self._tokens = connections, tokens
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
        """Who the token was made for, its tenant, and every subscription that has given it a role.

        Raises what signing in raises. Where the subscriptions cannot be listed, the tenant alone is scanned and the
        failure keeps the run incomplete.
        """
        tallies = {IDENTITY: Tally(), TENANTS: Tally(), SUBSCRIPTIONS: Tally()}
        manager = self._connections.manager
        who = holder(governor(("login", ""), manager.token, classify, tallies[IDENTITY]))
        self._tenant = who["tenant"]
        failures: dict[str, Unread] = {}
        found = {self._tenant: Found(TENANT, self._tenant, {}, self._name(governor, tallies[TENANTS]))}
        left_out: tuple[LeftOut, ...] = ()
        listed = self._attempted(SUBSCRIPTIONS, lambda: self._subscriptions(governor, tallies[SUBSCRIPTIONS]), failures)
        if listed is not None:
            found |= listed[0]
            left_out = listed[1]
        self._found = found
        return Directory(
            identity={"account": self._tenant, **who},
            accounts={account: item.name or account for account, item in found.items()},
            left_out=left_out,
            failures=failures,
            tallies=tallies,
            answered_at=_instant(tallies[SUBSCRIPTIONS].date or tallies[TENANTS].date),
        )

    def _name(self, governor: Governor, tally: Tally) -> str | None:
        """The tenant's name, where Resource Manager says it: not everyone may read it, and nothing depends on it."""
        azure = self._asking(governor, tally)
        rows = azure.part(TENANTS, lambda: list(azure.items("/tenants", VERSION)))
        names = [] if isinstance(rows, Unread) else [row.get("displayName") for row in rows if self._is_own(row)]
        return next((name for name in names if isinstance(name, str)), None)

    def _is_own(self, row: Mapping[str, Any]) -> bool:
        return bool(row.get("tenantId", self._tenant) == self._tenant)

    def _subscriptions(self, governor: Governor, tally: Tally) -> tuple[dict[str, Found], tuple[LeftOut, ...]]:
        found: dict[str, Found] = {}
        left_out: list[LeftOut] = []
        rows = self._asking(governor, tally).items("/subscriptions", VERSION)
        for row in sorted(rows, key=lambda row: str(row["subscriptionId"])):
            account, name = arm_id(row["subscriptionId"]), row.get("displayName")
            if not self._is_own(row):
                left_out.append(LeftOut(Scope(self.name, account, "*"), name or account, "of another tenant"))
            elif row.get("state") == _DELETED:
                left_out.append(LeftOut(Scope(self.name, account, "*"), name or account, "deleted"))
            else:
                properties = {"state": attribute(row, "state"), "tags": row.get("tags") or {}}
                found[account] = Found(SUBSCRIPTION, f"/subscriptions/{account}", properties, name)
        return found, tuple(left_out)

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
            failures[operation] = unread(failure, operation)
        return None

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """The one scope of a subscription, or of the tenant. Calls nothing: the same token opens all of them."""
        place = ORGANIZATION if account == self._tenant else GLOBAL
        scope = Scope(self.name, account, place)
        return Discovery(account, (scope,), ((scope, self._found[account]),))


def _instant(date: str | None) -> str | None:
    """A Date header as RFC 3339 UTC text."""
    try:
        return parsedate_to_datetime(date or "").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
