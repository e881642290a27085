"""The GitHub adapter: who we are, which organizations and users there are to scan, and what readers call."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from providers.base import (
    GLOBAL,
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
)
from providers.github import DISCOVERED, READERS, TYPES
from providers.github.caller import SELF, UNPARSABLE, Account, Caller, Connection
from providers.github.credentials import APP_VARIABLES, TOKEN_VARIABLES, App, Credentials, chosen
from providers.github.errors import Answered, MalformedAnswer, classify
from providers.github.organizations import ORGANIZATION
from providers.github.session import PUBLIC, Session

APP: Final = "GET /app"
INSTALLATIONS: Final = "GET /app/installations"
USER: Final = "GET /users/{username}"
WINDOW: Final = 30
"""Days of pull requests, pushes and deployments that are read, where the policy says nothing else."""


def open(*, timeout: float = 20.0, agent: str = "auditreel", access: Mapping[str, Any] | None = None) -> GitHub:
    """The adapter on the credentials of the environment (see :func:`providers.github.credentials.chosen`).

    ``timeout`` is how long a request may take, in seconds; ``access`` what the policy says (``github`` of
    organization.yaml's access): ``accounts``, and ``window_days`` of events. GITHUB_API_URL is the API of an Enterprise
    Server. Raises :class:`providers.base.NotConfigured` where credentials or accounts cannot be used or are not named.
    """
    told = access or {}
    session = Session(os.environ.get("GITHUB_API_URL") or PUBLIC, timeout, agent)
    credentials = chosen(os.environ, session)
    if credentials is None:
        names = " or ".join((*TOKEN_VARIABLES, f"{APP_VARIABLES[0]} with {APP_VARIABLES[1]}"))
        raise NotConfigured(f"there are no credentials for GitHub: set {names}")
    owner = os.environ.get("GITHUB_REPOSITORY_OWNER")
    wanted = tuple(told.get("accounts") or ((owner,) if owner and credentials.kind == "token" else ()))
    if not wanted and credentials.kind == "token":
        raise NotConfigured("a token names no organization: say in organization.yaml which (access.github.accounts)")
    return GitHub(session, credentials, wanted, told.get("window_days", WINDOW))


class GitHub:
    """Organizations and users (see :class:`providers.base.Provider`). Each is an account with one scope, "global"."""

    name = "github"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(self, session: Session, credentials: Credentials, wanted: tuple[str, ...], window_days: int) -> None:
        self._connection, self._credentials = Connection(session, credentials), credentials
        self._wanted, self._window = wanted, timedelta(days=window_days)

    def classify(self, error: Exception) -> Failure | None:
        """See :func:`providers.github.errors.classify`."""
        return classify(error)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        """What a reader calls GitHub with in ``scope``."""
        return Caller(self._connection, scope.account, governor, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """One for all: GitHub limits whoever asks, not what is asked."""
        return "github"

    def leave(self, account: str) -> None:
        """Forget the answers that readers of an account shared."""
        self._connection.forget(account)

    def close(self) -> None:
        """Drop the connections."""
        self._connection.session.close()

    def accounts(self, governor: Governor) -> Directory:
        """Who we are by GitHub, and the accounts that the policy names; without a word of it those of the App.

        Raises what refused us. The window of events ends at GitHub's time and begins so many days before.
        """
        tallies: dict[str, Tally] = {}

        def asking(operation: str) -> Caller:
            return Caller(self._connection, None, governor, tallies.setdefault(operation, Tally()))

        if isinstance(self._credentials, App):
            identity, names, left_out = self._installed(self._credentials, asking)
        else:
            identity, names, left_out = self._of_token(asking)
        now = self._connection.now
        if now is None:
            raise MalformedAnswer(next(iter(tallies)), "an answer without a Date")
        self._connection.since = _text(now - self._window)
        return Directory(identity=identity, accounts=names, left_out=left_out, tallies=tallies, answered_at=_text(now))

    def _of_token(self, asking: Callable[[str], Caller]) -> tuple[dict[str, str], dict[str, str], tuple[LeftOut, ...]]:
        """A token of a workflow run belongs to no user, and is told so by a 403."""
        identity = {"kind": "token"}
        try:
            login = asking(SELF).get(SELF).get("login")
        except Answered as error:
            failure = classify(error)
            if error.status != 403 or failure is None or failure.reason != "access_denied":
                raise
            identity["kind"] = "token of an installation"
            self._connection.now = error.date or self._connection.now
        else:
            if not isinstance(login, str) or not login:
                raise MalformedAnswer(SELF, "a token that names no holder", temporary=False)
            identity["principal"] = self._connection.own = login
        return identity, {login: login for login in self._wanted}, ()

    def _installed(
        self, app: App, asking: Callable[[str], Caller]
    ) -> tuple[dict[str, str], dict[str, str], tuple[LeftOut, ...]]:
        """The accounts where the App is installed; of those that are wanted, the others are there and not entered."""
        told = asking(APP).get(APP)
        left_out: list[LeftOut] = []
        for row in asking(INSTALLATIONS).items(INSTALLATIONS):
            account = row.get("account")
            login, kind = (account.get("login"), account.get("type")) if isinstance(account, dict) else (None, None)
            if not isinstance(login, str) or not isinstance(kind, str) or type(row.get("id")) is not int:
                raise MalformedAnswer(INSTALLATIONS, "an installation without an account")
            if self._wanted and login.lower() not in {name.lower() for name in self._wanted}:
                left_out.append(LeftOut(Scope(self.name, login, "*"), login, "not among the accounts"))
            else:
                # One that was suspended too: that we are not let in any more says nothing of what is there.
                app.installations[login] = row["id"]
                self._connection.accounts[login] = Account(login, kind, row.get("repository_selection") == "all")
        entered = {login.lower(): login for login in app.installations}
        names = self._wanted or tuple(sorted(app.installations))
        accounts = {entered.get(name.lower(), name): entered.get(name.lower(), name) for name in names}
        return {"kind": "app", "principal": str(told.get("slug") or "")}, accounts, tuple(left_out)

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """The one scope of an account, and the organization as a resource where it is one."""
        tally = Tally()
        scope = Scope(self.name, account, GLOBAL)
        try:
            known = self._connection.accounts.get(account) or self._known(account, governor, tally)
        except UNPARSABLE:
            why = Unread("malformed_response", USER)
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            why = failure.unread(USER, None)
        else:
            self._connection.accounts[account] = known
            own = ((scope, Found(ORGANIZATION, account, {}, account)),) if known.kind == "Organization" else ()
            return Discovery(account, (scope,), own, tallies={USER: tally})
        return Discovery(account, (), failures={why.operation or USER: why}, tallies={USER: tally})

    def _known(self, account: str, governor: Governor, tally: Tally) -> Account:
        if isinstance(self._credentials, App):
            raise Answered(INSTALLATIONS, 404)
        told = Caller(self._connection, None, governor, tally).get(USER, username=account)
        if told.get("type") not in ("Organization", "User"):
            raise MalformedAnswer(USER, "neither an organization nor a user", temporary=False)
        login = told.get("login")
        if not isinstance(login, str) or login.lower() != account.lower():
            raise MalformedAnswer(USER, "another account", temporary=False)
        return Account(login, told["type"])


def _text(moment: datetime) -> str:
    """RFC 3339 UTC text."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
