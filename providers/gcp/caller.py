"""What GCP readers call the APIs with: one request, or the items of a paged listing, all governed and counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from providers.base import Governor, Scope, Tally, Unread
from providers.gcp.errors import GONE, ApiError, ForeignHost, MalformedAnswer, Partial, Withheld, classify
from providers.gcp.hierarchy import Ancestor, Project
from providers.gcp.inventory import Folders
from providers.gcp.listing import warned
from providers.gcp.projects import API, TEST_PERMISSIONS
from providers.gcp.session import Session

T = TypeVar("T")

UNPARSABLE: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading an answer raises that lacks what the API documents, or holds it in another form."""
MOST_PAGES: Final = 100_000
"""Of one listing: more than any project fills."""
ASSETS: Final = "https://cloudasset.googleapis.com/v1"
ASSETS_PER_PAGE: Final = 1000
"""The most that ListAssets allows (Cloud Asset API reference, assets.list)."""
_BARE: Final = frozenset(
    {"etag", "id", "kind", "nextPageToken", "readTime", "selfLink", "totalSize", "unreachable", "warning"}
)
"""What a page may hold beside its items, and so an empty one instead of them."""
_UNREACHED: Final = ("unreachable", "unreachables", "missingZones", "failedLocations", "warnings")
"""By which keys listings say which locations are not in them."""


class Pace:
    """At most so many calls a minute over all accounts: the first few at once, then one each ``interval`` seconds.

    ListAssets allows 100 a minute and project (Cloud Asset Inventory, "Quotas and limits"). Without a clock, nothing
    comes back for calls that were made long ago.
    """

    def __init__(self, at_once: int = 20, interval: float = 0.75) -> None:
        self._left, self._interval = at_once, interval
        self._lock = threading.Lock()

    def wait(self, governor: Governor) -> None:
        """Wait for a place."""
        with self._lock:
            self._left -= 1
            if self._left < 0:
                governor.pause(self._interval)


class Once:
    """What is read once a run however many accounts ask for it: the policies of a folder with fifty projects."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._values: dict[str, Any] = {}

    def get(self, key: str, read: Callable[[], T]) -> T:
        """What ``read`` returned for ``key``; who asks meanwhile waits. Where it raises, the next one asks again."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._values:
                self._values[key] = read()
            value: T = self._values[key]
            return value

    def forget(self, prefix: str) -> None:
        """Drop what was read under keys that begin so."""
        with self._lock:
            for key in [key for key in self._locks if key.startswith(prefix)]:
                del self._locks[key]
                self._values.pop(key, None)


@dataclass(frozen=True, slots=True)
class Connection:
    """What all callers of a run share."""

    session: Session
    pace: Pace = field(default_factory=Pace)
    once: Once = field(default_factory=Once)
    folders: Folders = field(default_factory=lambda: Folders({}))
    directory: Callable[[], Session] | None = None
    """Makes the session that may read the directory of users, which takes a scope of its own; None: this one."""


class Caller:
    """Calls Google in one scope, whose ``account`` (a project's id), ``number`` and ``ancestors`` it carries."""

    def __init__(
        self,
        connection: Connection,
        scope: Scope,
        project: Project,
        governor: Governor,
        tally: Tally,
        policy: Callable[[Caller, str], Mapping[str, Any]],
    ) -> None:
        self._connection, self._governor, self._tally, self._policy = connection, governor, tally, policy
        self._scope = scope
        self.account, self.number = scope.account, project.number
        self.ancestors: tuple[Ancestor, ...] = project.ancestors

    @property
    def directory(self) -> Caller:
        """The same caller, with the credentials that may read the directory of users."""
        connection, make = self._connection, self._connection.directory
        if make is None:
            return self
        session = connection.once.get("directory session", make)
        asking = replace(connection, session=session)
        project = Project(self.account, self.number, ancestors=self.ancestors)
        return Caller(asking, self._scope, project, self._governor, self._tally, self._policy)

    def get(self, operation: str, url: str, **parameters: Any) -> dict[str, Any]:
        """The answer of a GET. ``operation`` is the API's method ("storage.buckets.get")."""
        return self._json(operation, "GET", url, params=parameters)

    def optional(self, operation: str, url: str) -> dict[str, Any] | None:
        """The answer of a GET; None where there is no such thing (404), as far as that is what 404 means there."""
        try:
            return self.get(operation, url)
        except ApiError as error:
            if error.status != 404 or error.code != GONE:
                raise
            return None

    def post(self, operation: str, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a POST, which reads (getIamPolicy)."""
        return self._json(operation, "POST", url, json=body)

    def pages(
        self,
        operation: str,
        url: str,
        key: str,
        *,
        kind: str | None = None,
        gone: bool = False,
        limit: str = "pageSize",
        size: int | None = None,
        token: tuple[str, tuple[str, ...]] = ("pageToken", ("nextPageToken",)),
        known: frozenset[str] = frozenset(),
        **parameters: Any,
    ) -> Iterator[Any]:
        """The items below ``key`` of every page.

        An empty page has no such key. Where the API names what an answer is, ``kind`` is what it must say. ``gone``:
        what holds the items may have been deleted since it was listed, and then there are none. Pages that lead
        back to one that was read are malformed. ``token`` is the parameter that asks for a further page, and where a
        page names it; ``known`` what a page may hold beside what all may. Raises Partial, after the last page, where
        locations are missing.
        """
        settings = {limit: size} if size else {}
        seen: set[str] = set()
        reached = True
        following: Any = None
        while True:
            try:
                page = self.get(
                    operation, url, **parameters, **settings, **({token[0]: following} if following else {})
                )
            except ApiError as error:
                if gone and error.status == 404 and following is None:
                    return
                raise
            self._tally.pages += 1
            items = page.get(key, [])
            if (
                (kind and page.get("kind") != kind)
                or not isinstance(items, list | dict)
                or page.keys() - {key, *known, *_BARE, *_UNREACHED}
            ):
                raise MalformedAnswer("not the listing that was asked for", operation)
            self._tally.items += len(items)
            yield from items.items() if isinstance(items, dict) else items
            reached = reached and not warned(page) and not any(page.get(name) for name in _UNREACHED)
            following = page
            for name in token[1]:
                following = (following or {}).get(name)
            if not following:
                break
            if not isinstance(following, str) or following in seen or len(seen) >= MOST_PAGES:
                raise MalformedAnswer("pages without an end", operation)
            seen.add(following)
        if not reached:
            raise Partial(operation)

    def require(self, operation: str, permission: str) -> None:
        """Raise Withheld where the project does not grant ``permission``, without which ``operation`` leaves out items.

        Whoever asks may ask that of itself: it takes no permission (Resource Manager, "projects.testIamPermissions").
        """
        url = f"{API}/projects/{self.account}:testIamPermissions"
        told = self.post(TEST_PERMISSIONS, url, {"permissions": [permission]})
        if permission not in told.get("permissions", ()):
            raise Withheld(operation, permission)

    def assets(self, content: str, types: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The assets of the project, by name, as Cloud Asset Inventory keeps them: ``content`` RESOURCE or IAM_POLICY.

        Names hold the project's id, also where the inventory gives its number.
        """
        operation, project = f"cloudasset.assets.list {content}", f"/projects/{self.number}/"

        def pages(parent: str) -> Iterator[dict[str, Any]]:
            url = f"{ASSETS}/{parent}/assets"
            return self.pages(
                operation, url, "assets", size=ASSETS_PER_PAGE, contentType=content, assetTypes=list(types)
            )

        folders = self._connection.folders
        for asset in folders.assets(self.number, (content, *types), pages, _broken):
            yield asset["name"].replace(project, f"/projects/{self.account}/"), asset

    def typed(self, operation: str, ask: Callable[[], T]) -> T:
        """What a generated client answers."""
        answer, _ = self._governed(operation, ask)
        return answer

    def part(self, operation: str, read: Callable[[], T], permission: str | None = None) -> T | Unread:
        """What ``read`` returns, or why it could not: for a part of a listing that may fail while the rest is there.

        The ledger gets the failure. ``permission`` is what ``operation`` takes, where its name is another.
        """
        found = self._outcome(operation, read, permission)
        if isinstance(found, Unread):
            self._tally.failures.append(found)
        return found

    def _outcome(self, operation: str, read: Callable[[], T], permission: str | None) -> T | Unread:
        try:
            return read()
        except UNPARSABLE as error:
            return Unread("malformed_response", operation, detail=type(error).__name__)
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            return failure.unread(operation, permission or operation)

    def policies_above(self) -> list[tuple[str, Mapping[str, Any] | Unread]]:
        """The IAM policy of each ancestor, the nearest first, or why it was not read."""
        found: list[tuple[str, Mapping[str, Any] | Unread]] = []
        for ancestor in self.ancestors:
            if ancestor.unread is not None:
                found.append((ancestor.name, ancestor.unread))
                continue
            kind = ancestor.name.partition("/")[0]
            permission = f"resourcemanager.{kind}.getIamPolicy"
            operation = f"cloudresourcemanager.{kind}.getIamPolicy"
            found.append((ancestor.name, self.above(operation, ancestor, self._policy_of(ancestor), permission)))
        return found

    def above(self, operation: str, ancestor: Ancestor, read: Callable[[], T], permission: str) -> T | Unread:
        """What ``read`` gives of an ancestor, read once a run, or why it could not; each project's ledger says so."""
        return self.for_all(f"{operation} {ancestor.name}", operation, read, permission)

    def attempted(self, operation: str, ancestor: Ancestor, read: Callable[[], T], permission: str) -> T | Unread:
        """As :meth:`above`, of what another call can tell as well, so that not to have read it is no failure."""
        return self._once(f"{operation} {ancestor.name}", operation, read, permission)

    def for_all(self, key: str, operation: str, read: Callable[[], T], permission: str) -> T | Unread:
        """What ``read`` gives of what is no project's alone (a group), read once a run, or why it could not."""
        found = self._once(key, operation, read, permission)
        if isinstance(found, Unread):
            self._tally.failures.append(found)
        return found

    def _once(self, key: str, operation: str, read: Callable[[], T], permission: str) -> T | Unread:
        return self._connection.once.get(key, lambda: self._outcome(operation, read, permission))

    def _policy_of(self, ancestor: Ancestor) -> Callable[[], Mapping[str, Any]]:
        return lambda: self._policy(self, ancestor.name)

    def listed(self, key: str, read: Callable[[], Sequence[T]]) -> Sequence[T]:
        """What several readers of a project list alike, listed once."""
        return self._connection.once.get(f"{self.account} {key}", read)

    def _json(self, operation: str, method: str, url: str, **settings: Any) -> dict[str, Any]:
        session = self._connection.session
        _, value = self._governed(operation, lambda: session.request(method, url, **settings))
        found: dict[str, Any] = value
        return found

    def _governed(self, operation: str, ask: Callable[[], T]) -> tuple[T, Any]:
        """What ``ask`` returned, and the JSON of the last answer that it got."""
        tally, session, lane = self._tally, self._connection.session, operation.partition(".")[0]
        if lane == "cloudasset":
            self._connection.pace.wait(self._governor)

        def once() -> T:
            session.listen()
            try:
                return ask()
            except ApiError as error:
                error.operation, error.own = operation, self._is_own(error.consumer)
                raise
            except (MalformedAnswer, ForeignHost) as error:
                error.operation = operation
                raise

        tally.calls += 1
        answer = self._governor(lane, once, classify, tally)
        told = session.told
        tally.date = told.date
        tally.digests += told.digests
        return answer, told.value

    def _is_own(self, consumer: str | None) -> bool:
        return consumer in (f"projects/{self.number}", f"projects/{self.account}")


def _broken(error: Exception) -> bool:
    """Whether an error is an answer's or the provider's, and no bug of ours."""
    return isinstance(error, UNPARSABLE) or classify(error) is not None
