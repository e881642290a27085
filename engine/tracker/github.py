"""The issues of one repository on GitHub: listed by label, created, changed, commented, over the REST API.

Reads go through the reading adapter's caller: its pages, its limits, its distrust of answers. Writes are sent one after
another with a second between them, as GitHub asks ("Best practices for using the REST API"). What creates something is
sent again only where GitHub refused it for a limit: an answer that was lost may be one that created it. No redirect is
followed: issues would be written to a repository that nobody named. Sources: "REST API endpoints for issues", "... for
labels", "... for issue comments" (2022-11-28).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

from engine.errors import UsageError
from engine.tracker.plan import Issue
from providers.base import Failure, NotConfigured, Tally
from providers.github.caller import LONG, Caller, Connection
from providers.github.credentials import App, chosen
from providers.github.errors import Answered, MalformedAnswer, Unreachable, classify
from providers.github.session import PUBLIC, Session

T = TypeVar("T")

REPOSITORY: Final = "GET /repos/{owner}/{repo}"
INSTALLATION: Final = "GET /repos/{owner}/{repo}/installation"
ISSUES: Final = "GET /repos/{owner}/{repo}/issues"
COMMENTS: Final = "GET /repos/{owner}/{repo}/issues/{number}/comments"
LABEL: Final = "GET /repos/{owner}/{repo}/labels/{name}"
PERMISSION: Final = "issues:write"
PACE: Final = 1.0
"""Seconds between two writes."""
_ATTEMPTS: Final = 4
_MOVED: Final = frozenset({301, 302, 307, 308})
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+/(?!\.{1,2}$)[A-Za-z0-9_.-]+")
_LABEL: Final = re.compile(r"[^\W_](?:[\w .:/-]{0,38}\w)?")
"""A comma would be two labels to the list of issues; GitHub takes 50 characters, of which ours takes eight."""
ERRORS: Final = (Answered, MalformedAnswer, Unreachable)
_COLOR: Final = "5319e7"


class Stopped(Exception):
    """Nothing more can be told to this repository now; the text says why."""


class Refused(Exception):
    """One issue was not taken; the text says why."""


class Lost(Exception):
    """It is not known whether something was created: no answer came, or none that is whole."""


class Repository:
    """The issues of a repository ("acme/compliance") that have a label, beside which another says what is ``waived``.

    ``sleep(seconds)`` waits. Raises UsageError for credentials or a name that cannot be used.
    """

    def __init__(self, name: str, label: str, sleep: Callable[[float], None], agent: str) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(f"tracking in {name}: that is no name of a repository; say OWNER/NAME")
        if not _LABEL.fullmatch(label):
            raise UsageError(f"tracking in {name}: the label {label!r} is none: letters, digits, . : / - and up to 40")
        self.name, self.label, self.waived = name, label, f"{label}: waived"
        self._sleep = sleep
        try:
            self._session = Session(os.environ.get("GITHUB_API_URL") or PUBLIC, 20.0, agent)
            credentials = chosen(os.environ, self._session)
        except NotConfigured as error:
            raise UsageError(f"tracking in {name}: {error}") from error
        if credentials is None:
            raise UsageError(
                f"tracking in {name}: there are no credentials: set GITHUB_TOKEN, or those of a GitHub App"
            )
        self._credentials, self._owner = credentials, name.partition("/")[0]
        self._connection = Connection(self._session, credentials)

    # --- reading ---

    def enter(self) -> None:
        """See that issues can be written. Raises :class:`Stopped` where not: moved, denied, archived, no issues."""
        if isinstance(self._credentials, App):
            told = self._read(lambda nobody: nobody.get(INSTALLATION, repository=self.name), None)
            if type(told.get("id")) is not int:
                raise Stopped("GitHub does not say how its App is installed")
            self._credentials.installations[self._owner] = told["id"]
        told = self._read(lambda caller: caller.get(REPOSITORY, repository=self.name))
        if told.get("archived") is True:
            raise Stopped("the repository is archived; name another one")
        if told.get("has_issues") is False:
            raise Stopped("issues are disabled in the repository; enable them in its settings")

    def issues(self) -> list[Issue]:
        """Every issue with the label, open or closed, or :class:`Stopped`: a part would be taken for all of them."""
        query = {"state": "all", "labels": self.label, "sort": "created", "direction": "asc"}
        rows = self._read(lambda caller: list(caller.items(ISSUES, query, repository=self.name)))
        found: dict[int, Issue] = {}
        for row in rows:
            if "pull_request" not in row:
                item = self._issue(row)
                found[item.number] = item
        return list(found.values())

    def _issue(self, row: Mapping[str, Any]) -> Issue:
        number, title, body, state = (row.get(name) for name in ("number", "title", "body", "state"))
        if type(number) is not int or not isinstance(title, str) or state not in ("open", "closed"):
            raise Stopped("GitHub's list of issues is not what it should be: an issue without number, title or state")
        return Issue(
            number, title, body if isinstance(body, str) else "", state == "open", self.waived.lower() in _labels(row)
        )

    def _read(self, ask: Callable[[Caller], T], account: str | None = "") -> T:
        owner = self._owner if account == "" else account
        try:
            return ask(Caller(self._connection, owner, _Patient(self._sleep), Tally()))
        except Exception as error:
            raise Stopped(_told(error)) from None

    # --- writing ---

    def prepare(self) -> None:
        """Make our labels where they are not there. Raises :class:`Stopped` where that is refused."""
        for name, says in ((self.label, "A failure that auditreel saw"), (self.waived, "Accepted by a waiver")):
            try:
                if not self._has_label(name):
                    self._write("POST", "/labels", {"name": name, "color": _COLOR, "description": says})
            except ERRORS as error:
                # 422: somebody else made it meanwhile.
                if not isinstance(error, Answered) or error.status != 422:
                    raise Stopped(_told(error)) from None

    def _has_label(self, name: str) -> bool:
        try:
            self._caller().get(LABEL, repository=self.name, name=name)
        except Answered as error:
            if error.status != 404:
                raise
            return False
        return True

    def create(self, fields: Mapping[str, str], waived: bool) -> int:
        """Open an issue; gives its number. Raises :class:`Refused`, :class:`Lost`, :class:`Stopped`."""
        labels = [self.label, *([self.waived] if waived else [])]
        row = self._created("/issues", {**fields, "labels": labels})
        number = row.get("number")
        if type(number) is not int:
            raise Lost("GitHub did not say which issue it made")
        if self.label.lower() not in _labels(row):
            # Without its label nobody would find it again, and the next call would open another one.
            self.change(number, {"state": "closed", "state_reason": "not_planned"})
            raise Stopped(f"issue #{number} got no label, and was closed: the caller may not set labels ({PERMISSION})")
        return number

    def change(self, number: int, fields: Mapping[str, str]) -> None:
        """Set fields of an issue. Raises :class:`Refused`, :class:`Stopped`."""
        self._one(number, "PATCH", f"/issues/{number}", dict(fields))

    def mark(self, number: int, waived: bool) -> None:
        """Set or take away the label of what is accepted; labels of others stay. Raises as :meth:`change`."""
        place = f"/issues/{number}/labels"
        if waived:
            self._one(number, "POST", place, {"labels": [self.waived]})
            return
        try:
            self._write("DELETE", f"{place}/{quote(self.waived, safe='')}", None)
        except ERRORS as error:
            if not isinstance(error, Answered) or error.status != 404:  # it has not that label any more
                raise self._refusal(error, number) from None

    def comment(self, number: int, body: str) -> None:
        """Say something on an issue, unless a comment that begins with the same line is there.

        Raises as :meth:`change`, and :class:`Lost` where it is not known whether it was said.
        """
        line = body.partition("\n")[0]
        try:
            there = list(self._caller().items(COMMENTS, repository=self.name, number=number))
        except ERRORS as error:
            raise self._refusal(error, number) from None
        if not any(str(row.get("body") or "").partition("\n")[0].strip() == line for row in there):
            self._created(f"/issues/{number}/comments", {"body": body}, number)

    def _created(self, place: str, body: Mapping[str, Any], number: int | None = None) -> Mapping[str, Any]:
        try:
            return self._write("POST", place, body, creates=True)
        except ERRORS as error:
            if not isinstance(error, Answered) or error.status >= 500 or error.status == 408:
                raise Lost(_told(error)) from None
            raise self._refusal(error, number) from None

    def _one(self, number: int, method: str, place: str, body: Mapping[str, Any]) -> None:
        try:
            self._write(method, place, body)
        except ERRORS as error:
            raise self._refusal(error, number) from None

    def _refusal(self, error: Exception, number: int | None) -> Stopped | Refused:
        """Whether an error is of one issue, which may be locked, moved or deleted, or of all that would follow."""
        failure = classify(error)
        alone = failure is not None and failure.reason == "malformed_response"
        if isinstance(error, Answered):
            gone = number is not None and error.status in (404, 410, *_MOVED)
            alone = gone or error.status == 422 or "locked" in error.message.lower()
        return Refused(_told(error)) if alone else Stopped(_told(error))

    def _caller(self) -> Caller:
        return Caller(self._connection, self._owner, _Patient(self._sleep), Tally())

    def _write(self, method: str, place: str, body: Any, creates: bool = False) -> Mapping[str, Any]:
        operation = f"{method} /repos/{{owner}}/{{repo}}{re.sub(r'/[0-9]+', '/{number}', place)}"

        def request() -> Mapping[str, Any]:
            authorization = self._credentials.authorization(self._owner, self._connection.now)
            answer = self._session.send(operation, method, f"/repos/{self.name}{place}", authorization, body)
            self._connection.now = answer.date or self._connection.now
            return answer.body if isinstance(answer.body, dict) else {}

        try:
            return _Patient(self._sleep, creates)("github", request, classify, Tally())
        finally:
            self._sleep(PACE)


class _Patient:
    """Sends again what GitHub asks to be sent later, up to a minute, and what got no answer, unless it ``creates``."""

    def __init__(self, sleep: Callable[[float], None], creates: bool = False) -> None:
        self._sleep, self._creates = sleep, creates

    def __call__(
        self, lane: Hashable, request: Callable[[], T], classify: Callable[[Exception], Failure | None], tally: Tally
    ) -> T:
        """See :class:`providers.base.Governor`."""
        for attempt in range(1, _ATTEMPTS):
            try:
                return request()
            except Exception as error:
                failure = classify(error)
                again = failure is not None and failure.temporary and failure.retry_after <= LONG
                if failure is None or not again or (self._creates and failure.reason != "throttled"):
                    raise
                self._sleep(failure.retry_after or float(2**attempt))
        return request()

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)


def _labels(row: Mapping[str, Any]) -> set[str]:
    """The names of an issue's labels in lower case: GitHub shows them as they were made, and compares without case."""
    labels = row.get("labels")
    rows = labels if isinstance(labels, list) else []
    return {str(label.get("name")).lower() for label in rows if isinstance(label, dict)}


def _told(error: Exception) -> str:
    """What an error means, in words of ours: GitHub's message may hold anything."""
    failure = classify(error)
    if failure is None:
        raise error
    if isinstance(error, Answered):
        if error.operation == INSTALLATION and error.status == 404:
            return "the GitHub App is not installed there"
        if error.status in _MOVED:
            return "the repository was moved or renamed; name it as it is called now"
        if error.status == 410:
            return "issues are disabled in the repository, or this one was deleted (410)"
        if error.status == 403 and "archived" in error.message.lower():
            return "the repository is archived; name another one"
        if failure.reason == "access_denied" and error.status != 401:
            needed = failure.permission or PERMISSION
            return f"{failure.detail}: it takes {needed} on the repository"
    return f"{failure.reason.replace('_', ' ')}: {failure.detail}"
