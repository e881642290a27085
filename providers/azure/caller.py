"""What Azure readers call: Resource Graph, Resource Manager and Microsoft Graph, all governed and counted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from providers.azure.client import Answer, Client
from providers.azure.errors import Answered, MalformedAnswer, Withheld, classify
from providers.azure.grants import allows
from providers.azure.readers import GONE
from providers.azure.resource_graph import PAGE, QUERIES, VERSION, Quota
from providers.base import Governor, Scope, Tally, Unread, part
from providers.once import Once

T = TypeVar("T")

MOST_PAGES: Final = 100_000
"""Of one listing: more than any tenant fills."""
GRANTS: Final = "2022-04-01"
"""The api-version of Microsoft.Authorization/permissions."""
_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class Connections(Once):
    """What the scopes of a run share: clients, the quota of Resource Graph, and answers that several readers use."""

    def __init__(self, manager: Client, graph: Client) -> None:
        super().__init__()
        self.manager, self.graph, self.quota = manager, graph, Quota()

    def close(self) -> None:
        """Drop the connections."""
        self.manager.close()
        self.graph.close()


class Caller:
    """Calls Azure for one subscription, or for the tenant: ``account`` is its id, ``path`` its ARM id."""

    def __init__(self, connections: Connections, scope: Scope, governor: Governor, tally: Tally) -> None:
        self._connections, self._governor, self._tally = connections, governor, tally
        self.account = scope.account
        self.path = f"/subscriptions/{scope.account}"

    # --- Resource Manager ---

    def get(self, path: str, version: str) -> dict[str, Any]:
        """The body that Resource Manager answers to GET ``path`` ("/subscriptions/...") at an api-version."""
        return self._asked(self._connections.manager, operation(path), "GET", _versioned(path, version)).body

    def itself(self, id_: str, version: str) -> dict[str, Any]:
        """The body of a resource that several readers ask for, as Resource Manager answered it first."""
        return self.once(("itself", id_, version), lambda: self.get(id_, version))

    def optional(self, path: str, version: str, absent: frozenset[str]) -> dict[str, Any] | None:
        """:meth:`get`, or None where an error code documents that there is nothing."""
        try:
            return self.get(path, version)
        except Answered as error:
            if error.code in absent:
                return None
            raise

    def items(self, path: str, version: str) -> Iterator[Mapping[str, Any]]:
        """The items below ``value`` of every page of a listing; ``nextLink`` leads on.

        Raises Withheld for a list of the subscription itself where the action to read the type is not granted: some
        providers then leave out what may not be read, without an error.
        """
        name = operation(path)
        if path.lower().rpartition("/providers/")[0] == self.path.lower():
            self._require(name, f"{name.partition(':')[2]}/read")
        yield from self._listed(path, version)

    def _listed(self, path: str, version: str) -> Iterator[Mapping[str, Any]]:
        yield from self._pages(self._connections.manager, operation(path), _versioned(path, version), "nextLink")

    @contextmanager
    def below(self, name: str) -> Iterator[None]:
        """Tell what is not there below a resource, which is called ``name``, from a resource that is not there.

        Resource Manager has one code for both, and names what it did not find: "TYPE/NAME" or "TYPE/NAME/TYPE/NAME". In
        the first case the resource was deleted, in the second it has not what every one of its type should have.
        """
        try:
            yield
        except Answered as error:
            if error.code in GONE and f"/{name}/".lower() in error.message.lower():
                error.code = f"{error.code} below it"
            raise

    def items_below(self, name: str, path: str, version: str) -> list[Mapping[str, Any]]:
        """:meth:`items` of a listing below the resource ``name``; none where that was deleted since it was listed."""
        try:
            with self.below(name):
                return list(self.items(path, version))
        except Answered as error:
            if error.code in GONE:
                return []
            raise

    # --- Resource Graph ---

    def rows(self, table: str, type_: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a type in a table of Resource Graph, of this subscription.

        Raises Withheld where the action to read the type is not granted: there would be fewer rows, and no error.
        """
        self._require(f"resourcegraph:{table}/{type_}", f"{type_}/read")
        rows = self.once(table, lambda: self._queried(table))
        mine = [row for row in rows if row["type"].lower() == type_.lower()]
        self._tally.items += len(mine)
        yield from mine

    def _require(self, name: str, action: str) -> None:
        """Raise Withheld where an action, which the operation ``name`` takes, is not granted at the subscription."""
        path = f"{self.path}/providers/Microsoft.Authorization/permissions"
        granted = self._connections.once(self.account, "permissions", lambda: list(self._listed(path, GRANTS)))
        if not allows(granted, action):
            raise Withheld(name, action)

    def _queried(self, table: str) -> list[Mapping[str, Any]]:
        """Every row of a table's query."""
        name = f"resourcegraph:{table}"
        rows: list[Mapping[str, Any]] = []
        seen: set[str] = set()
        token: str | None = None
        totals: list[int] = []
        while True:
            options = {"resultFormat": "objectArray", "$top": PAGE} | ({"$skipToken": token} if token else {})
            body = {"subscriptions": [self.account], "query": QUERIES[table], "options": options}
            url = f"/providers/Microsoft.ResourceGraph/resources?api-version={VERSION}"
            answer = self._asked(self._connections.manager, name, "POST", url, body)
            self._tally.pages += 1
            rows += _page(name, answer)
            totals.append(answer.body["totalRecords"])
            token = answer.body.get("$skipToken")
            if token is None:
                break
            if not isinstance(token, str) or not token or token in seen or len(seen) >= MOST_PAGES:
                raise MalformedAnswer(name, "pages without an end", answer.request_id)
            seen.add(token)
        if len(rows) < min(totals):
            # Not the last: what was made meanwhile, before the page that was reached, is in none.
            raise MalformedAnswer(name, "fewer rows than there are", answer.request_id, temporary=False)
        return rows

    # --- Microsoft Graph ---

    def entra(self, path: str) -> dict[str, Any]:
        """The body that Microsoft Graph answers to GET ``path`` ("policies/authorizationPolicy", version 1.0)."""
        return self._asked(self._connections.graph, graph_operation(path), "GET", f"/v1.0/{path}").body

    def entra_items(
        self,
        path: str,
        absent: frozenset[str] = frozenset(),
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The items below ``value`` of every page of a listing of Microsoft Graph; ``@odata.nextLink`` leads on.

        None where one of the error codes ``absent`` documents that there is nothing. ``name`` is that of the operation
        where the path's would be another one's; ``headers`` are sent for each page.
        """
        called = name or graph_operation(path)
        try:
            yield from self._pages(self._connections.graph, called, f"/v1.0/{path}", "@odata.nextLink", headers)
        except Answered as error:
            if error.code not in absent:
                raise

    def entra_post(self, path: str, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The items below ``value`` that a function of Microsoft Graph answers ("directoryObjects/getByIds")."""
        name = graph_operation(path)
        answer = self._asked(self._connections.graph, name, "POST", f"/v1.0/{path}", body)
        return _values(name, answer)

    # --- all of them ---

    def once(self, key: Hashable, ask: Callable[[], T], tenant: bool = False) -> T:
        """What ``ask`` returns, asked once for all readers of the account that want ``key``.

        ``tenant``: for those of all accounts, because the tenant holds it for all of its subscriptions.
        """
        before = len(self._tally.digests)
        found, digests = self._connections.once(
            "" if tenant else self.account, key, lambda: (ask(), self._tally.digests[before:])
        )
        # Whoever asked has them already.
        self._tally.digests += [digest for digest in digests if digest not in self._tally.digests]
        return found

    def part(self, operation: str, read: Callable[[], T], permission: str | None = None) -> T | Unread:
        """What ``read`` returns, or why it could not: for a part of a listing that may fail while the rest is there.

        The ledger gets the failure.
        """
        return part(read, classify, self._tally, operation, permission)

    def _pages(
        self, client: Client, name: str, url: str, link: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        seen: set[str] = set()
        following: str | None = url
        while following is not None:
            if following in seen or len(seen) >= MOST_PAGES:
                raise MalformedAnswer(name, "pages without an end")
            seen.add(following)
            answer = self._asked(client, name, "GET", following, headers=headers)
            self._tally.pages += 1
            items = _values(name, answer)
            self._tally.items += len(items)
            yield from items
            said = answer.body.get(link)
            if said is not None and not isinstance(said, str):
                raise MalformedAnswer(name, "no address of the next page", answer.request_id)
            # Some providers end with an empty one.
            following = said or None

    def _asked(
        self,
        client: Client,
        name: str,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        tally, quota = self._tally, self._connections.quota
        tally.calls += 1

        def request() -> Answer:
            return client.send(name, method, url, body, headers)

        def paced() -> Answer:
            quota.take(self._governor.pause)
            try:
                answer = request()
            except Answered as error:
                quota.told(error.headers)
                raise
            quota.told(answer.headers)
            return answer

        service, _, rest = name.partition(":")
        lane = (service, rest.partition("/")[0].lower() if service == "arm" else "")
        answer = self._governor(lane, paced if service == "resourcegraph" else request, classify, tally)
        tally.date = answer.headers.get("date")
        if answer.request_id:
            tally.request_ids.append(answer.request_id)
        tally.digests.append(hashlib.sha256(answer.raw).hexdigest())
        return answer


def operation(path: str) -> str:
    """What GET of a path of Resource Manager is called in the ledger: the type that it is about.

    "/subscriptions/ID/providers/Microsoft.KeyVault/vaults" is "arm:Microsoft.KeyVault/vaults"; of an extension the
    last provider counts, and below none it is Microsoft.Resources.
    """
    bare = path.partition("?")[0].strip("/")
    _, found, below = bare.rpartition("providers/")
    if not found:
        return "arm:Microsoft.Resources/" + "/".join(bare.split("/")[::2])
    namespace, *rest = below.split("/")
    return "arm:" + "/".join([namespace, *rest[::2]])


def graph_operation(path: str) -> str:
    """What a path of Microsoft Graph is called in the ledger: itself, without ids, cast and query."""
    return "graph:" + _ID.sub("{id}", path.partition("?")[0].partition("/microsoft.graph.")[0])


def _versioned(path: str, version: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}api-version={version}"


def _values(name: str, answer: Answer) -> list[Mapping[str, Any]]:
    items = answer.body.get("value")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MalformedAnswer(name, "no value", answer.request_id)
    return items


def _page(name: str, answer: Answer) -> list[Mapping[str, Any]]:
    """The rows of a page. Raises MalformedAnswer where there are others than it says, or than are identified."""
    body = answer.body
    rows = body.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedAnswer(name, "no data", answer.request_id)
    if not isinstance(body.get("totalRecords"), int):
        raise MalformedAnswer(name, "no totalRecords", answer.request_id)
    if body.get("count") != len(rows):
        raise MalformedAnswer(name, "another count of rows", answer.request_id)
    if not all(isinstance(row.get(key), str) and row[key] for row in rows for key in ("id", "type")):
        raise MalformedAnswer(name, "rows without id or type", answer.request_id)
    if str(body.get("resultTruncated")).lower() == "true" and not body.get("$skipToken"):
        # More rows than are told, and no way to them.
        raise MalformedAnswer(name, "resultTruncated", answer.request_id, temporary=False)
    return rows
