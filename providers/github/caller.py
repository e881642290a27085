"""What GitHub readers call: the REST API, governed and counted, page by page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

from providers.base import Found, Governor, Tally, Unread, part
from providers.github.errors import Answered, MalformedAnswer, Withheld, classify
from providers.once import Once

if TYPE_CHECKING:
    from providers.github.credentials import Credentials
    from providers.github.session import Answer, Session

T = TypeVar("T")
Row = Mapping[str, Any]

MOST_PAGES: Final = 10_000
"""Of one listing."""
UNPARSABLE: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises that is not what its operation documents."""
ORGANIZATION: Final = "GET /orgs/{org}"
SELF: Final = "GET /user"
OF_INSTALLATION: Final = "GET /installation/repositories"
OF_ORGANIZATION: Final = "GET /orgs/{org}/repos"
OF_SELF: Final = "GET /user/repos"
OF_USER: Final = "GET /users/{username}/repos"
_FIELD: Final = re.compile(r"\{(\w+)\}")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_-]+/(?!\.{1,2}$)[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """An organization or a user. ``kind`` is "Organization" or "User".

    ``whole``: the App is installed on all repositories, so that their listing leaves none out.
    """

    login: str
    kind: str
    whole: bool = False


LONG: Final = 60.0
"""Seconds beyond which a wait is none within a run."""


class Connection(Once):
    """What the accounts of a run share: the session, who we are, GitHub's time, and answers that several readers use.

    ``since`` is when the window of events begins (RFC 3339 UTC); ``own`` the login that a token belongs to.
    """

    def __init__(self, session: Session, credentials: Credentials) -> None:
        super().__init__()
        self.session, self.credentials = session, credentials
        self.accounts: dict[str, Account] = {}
        self.since = ""
        self.own: str | None = None
        self.now: datetime | None = None
        self._spent: dict[str | None, Answered] = {}

    def send(self, account: str | None, operation: str, method: str, path: str) -> Answer:
        """The answer to one request. Where the primary limit is used up for long, nothing more is sent."""
        whose = account if self.credentials.kind == "app" else None
        spent = self._spent.get(whose)
        if spent is not None:
            raise Answered(operation, spent.status, spent.message, None, spent.wait, True)
        try:
            authorization = self.credentials.authorization(account, self.now)
            answer = self.session.send(operation, method, path, authorization)
        except Answered as error:
            if error.spent and error.status in (403, 429) and (error.wait or 0.0) > LONG:
                self._spent[whose] = error
            raise
        self.now = answer.date or self.now
        return answer


class Caller:
    """Calls GitHub for one account; ``account`` None: for nobody in particular (who we are, which accounts)."""

    def __init__(self, connection: Connection, account: str | None, governor: Governor, tally: Tally) -> None:
        self._connection, self._governor, self._tally = connection, governor, tally
        self.account = account or ""
        self._asked_for = account

    @property
    def since(self) -> str:
        """When the window of events begins (RFC 3339 UTC)."""
        return self._connection.since

    # --- requests ---

    def get(self, operation: str, query: Mapping[str, Any] | None = None, **values: str | int) -> dict[str, Any]:
        """The object that an operation ("GET /orgs/{org}") answers, with ``values`` for what its path names.

        ``repository`` ("acme/web") stands for ``owner`` and ``repo``.
        """
        answer = self._asked(operation, _path(operation, values, query))
        if not isinstance(answer.body, dict):
            raise MalformedAnswer(operation, "not a JSON object", answer.request_id)
        return answer.body

    def optional(self, operation: str, absent: Mapping[str, T], **values: str | int) -> dict[str, Any] | T:
        """:meth:`get`, or what stands for the message by which a 404 documents absence."""
        try:
            return self.get(operation, None, **values)
        except Answered as error:
            if error.status == 404 and error.message in absent:
                return absent[error.message]
            raise

    def holds(self, operation: str, absent: str, **values: str | int) -> bool:
        """Whether an operation answers 204 (it is so), and not 404 with the message that says that it is not so."""
        try:
            answer = self._asked(operation, _path(operation, values, None))
        except Answered as error:
            if error.status == 404 and error.message == absent:
                return False
            raise
        if answer.status != 204:
            raise MalformedAnswer(operation, "another answer than 204", answer.request_id)
        return True

    def items(
        self, operation: str, query: Mapping[str, Any] | None = None, key: str | None = None, **values: str | int
    ) -> Iterator[Row]:
        """The items of every page of a listing; ``key`` where they stand in an object that counts them."""
        for page in self.pages(operation, query, key, **values):
            yield from page

    def pages(
        self, operation: str, query: Mapping[str, Any] | None = None, key: str | None = None, **values: str | int
    ) -> Iterator[list[Row]]:
        """The pages of a listing, a hundred items each. Raises MalformedAnswer where they are fewer than counted."""
        following: str | None = _path(operation, values, {"per_page": 100, **(query or {})})
        seen: set[str] = set()
        listed, counted = 0, 0
        while following is not None:
            if following in seen or len(seen) >= MOST_PAGES:
                raise MalformedAnswer(operation, "pages without an end")
            seen.add(following)
            answer = self._asked(operation, following)
            rows, told = _rows(operation, answer, key)
            self._tally.pages += 1
            self._tally.items += len(rows)
            listed, counted = listed + len(rows), max(counted, told)
            yield rows
            following = answer.next
        if listed < counted:
            raise MalformedAnswer(operation, f"{listed} of {counted} items")

    def part(self, operation: str, read: Callable[[], T], permission: str) -> T | Unread:
        """What ``read`` returns, or why it could not; the ledger gets the failure."""
        return part(read, classify, self._tally, operation, permission)

    def _asked(self, operation: str, path: str) -> Answer:
        connection, tally = self._connection, self._tally
        tally.calls += 1
        method = operation.partition(" ")[0]

        def request() -> Answer:
            return connection.send(self._asked_for, operation, method, path)

        answer = self._governor("github", request, classify, tally)
        if answer.date is not None:
            tally.date = answer.date.isoformat().replace("+00:00", "Z")
        if answer.request_id:
            tally.request_ids.append(answer.request_id)
        tally.digests.append(hashlib.sha256(answer.raw).hexdigest())
        return answer

    # --- what several readers use ---

    def organization(self) -> Row:
        """The organization, asked for once."""
        return self._connection.once(self.account, ORGANIZATION, lambda: self.get(ORGANIZATION, org=self.account))

    def every(self, read: Callable[[Row], Iterator[Found]]) -> Iterator[Found]:
        """What ``read`` finds in each repository of the account, one after another, as GitHub wants it.

        One that fails does not hide the others; in the end its error is raised, for the listing is not complete.
        """
        rows, problem = self._connection.once(self.account, "repositories", self._repositories)
        first: Exception | None = problem
        for row in rows:
            try:
                yield from read(row)
            except Exception as error:
                failure = classify(error)
                if failure is None and not isinstance(error, UNPARSABLE):
                    raise
                if failure is not None and (failure.reason == "throttled" or failure.refused):
                    # Whoever goes on asking is shut out altogether.
                    raise
                first = first or error
        if first is not None:
            raise first

    def _repositories(self) -> tuple[list[Row], Withheld | None]:
        """The repositories of the account by name, and why there may be more of them."""
        account = self._connection.accounts[self.account]
        operation, query, values, key = self._listing(account)
        rows = {_named(operation, row): row for row in self.items(operation, query, key, **values)}
        found = [rows[name] for name in sorted(rows)]
        if account.whole:
            return found, None
        expected = self._expected(account)
        if expected is None:
            why = "private repositories may be there that are not shown"
            return found, Withheld(operation, why, "organization_administration:read")
        if len(found) < expected:
            return found, Withheld(operation, f"{len(found)} of {expected} repositories are shown", "metadata:read")
        return found, None

    def _listing(self, account: Account) -> tuple[str, Mapping[str, str], Mapping[str, str], str | None]:
        if self._connection.credentials.kind == "app":
            return OF_INSTALLATION, {}, {}, "repositories"
        if account.kind == "Organization":
            return OF_ORGANIZATION, {"type": "all"}, {"org": account.login}, None
        if account.login == self._connection.own:
            return OF_SELF, {"affiliation": "owner"}, {}, None
        return OF_USER, {"type": "owner"}, {"username": account.login}, None

    def _expected(self, account: Account) -> int | None:
        """How many repositories the account says that it has, None where it does not say it of private ones."""
        if account.kind == "Organization":
            told = self.organization()
        elif account.login == self._connection.own:
            told = self.get(SELF)
        else:
            return None
        public, private = told.get("public_repos"), told.get("total_private_repos")
        return public + private if isinstance(public, int) and isinstance(private, int) else None


def _path(operation: str, values: Mapping[str, str | int], query: Mapping[str, Any] | None) -> str:
    template = operation.partition(" ")[2]
    given = dict(values)
    repository = given.pop("repository", None)
    if repository is not None:
        if not isinstance(repository, str) or not _REPOSITORY.fullmatch(repository):
            raise MalformedAnswer(operation, "no name of a repository", temporary=False)
        given["owner"], _, given["repo"] = repository.partition("/")
    filled = _FIELD.sub(lambda match: quote(str(given[match.group(1)]), safe=""), template)
    return f"{filled}?{urlencode(query)}" if query else filled


def _rows(operation: str, answer: Answer, key: str | None) -> tuple[list[Row], int]:
    """The items of a page, and how many its listing says that there are (0: it does not)."""
    body: Any = answer.body
    counted = 0
    if key is not None:
        if not isinstance(body, dict) or type(body.get("total_count")) is not int:
            raise MalformedAnswer(operation, "no count of items", answer.request_id)
        body, counted = body.get(key), body["total_count"]
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise MalformedAnswer(operation, "not a list of objects", answer.request_id)
    return body, counted


def _named(operation: str, row: Row) -> str:
    name = row.get("full_name")
    if not isinstance(name, str) or not _REPOSITORY.fullmatch(name):
        raise MalformedAnswer(operation, "a repository without a name")
    return name
