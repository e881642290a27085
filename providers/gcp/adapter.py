"""The GCP adapter: who we are, which projects there are, and what readers call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import Any, Final

import google.auth
from google.auth.credentials import Scoped
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request

from providers.base import (
    GLOBAL,
    Directory,
    Discovery,
    Failure,
    Found,
    Governor,
    NotConfigured,
    Reader,
    ResourceType,
    Scope,
    Tally,
    Unread,
)
from providers.boundary import Member, Rules, sorted_out
from providers.gcp import DISCOVERED, READERS, TYPES
from providers.gcp.caller import UNPARSABLE, Caller, Connection
from providers.gcp.errors import classify
from providers.gcp.hierarchy import PERMISSIONS, Groups, Hierarchy, Project, whole, why_not
from providers.gcp.inventory import Folders
from providers.gcp.projects import PROJECT as PROJECT_TYPE
from providers.gcp.projects import project_id
from providers.gcp.resource_manager import Clients, ResourceManager
from providers.gcp.session import Session, asking

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
"""Several APIs that are only read here accept no narrower scope; what may be done is decided by IAM."""
DIRECTORY: Final = ("https://www.googleapis.com/auth/admin.directory.user.readonly",)
"""What domain-wide delegation has to allow; asked for apart, so that a customer who does not loses nothing else."""
_SIGN_IN: Final = "Your default credentials were not found"


def open(*, timeout: float = 20.0, agent: str = "auditreel", access: Mapping[str, Any] | None = None) -> Gcp:
    """The adapter on Application Default Credentials. ``timeout`` is how long a request may take, in seconds.

    ``access`` is what the policy says of projects (``gcp`` of organization.yaml's access). Raises
    :class:`providers.base.NotConfigured` where google-auth cannot use its environment and files as they are, and where
    neither the credentials nor the policy name a project.
    """
    told = access or {}
    try:
        credentials, own = google.auth.default(scopes=SCOPES, request=Request(asking()))
    except DefaultCredentialsError as error:
        if not str(error).startswith(_SIGN_IN):
            raise NotConfigured(_told(error)) from error
        return Gcp(None, told, "", error)
    except (GoogleAuthError, OSError, ValueError) as error:
        raise NotConfigured(_told(error)) from error
    if not own and not told.get("accounts"):
        hint = "set GOOGLE_CLOUD_PROJECT, or say in organization.yaml which (access.gcp.accounts)"
        raise NotConfigured(f"the credentials name no project: {hint}")
    reading = _delegated(credentials, told.get("directory_admin"))
    directory = partial(Session, reading, timeout, agent)
    return Gcp(Connection(Session(credentials, timeout, agent), directory=directory), told, own or "")


def _delegated(credentials: Any, subject: str | None) -> Any:
    """Credentials that may read the directory of users: as ``subject``, or by themselves.

    Whose scopes were settled when they were made (a user's) stay as they are, and the directory will say no. Raises
    NotConfigured where they cannot act for a subject.
    """
    if subject is None:
        return credentials.with_scopes(DIRECTORY) if isinstance(credentials, Scoped) else credentials
    if not hasattr(credentials, "with_subject"):
        kind = type(credentials).__module__.rpartition(".")[2]
        raise NotConfigured(f"access.gcp.directory_admin: only a service account's key acts for others, not {kind}")
    return credentials.with_scopes(DIRECTORY).with_subject(subject)


def _told(error: Exception) -> str:
    """What google-auth says of a file or a variable: the first line, which holds names and no values."""
    return (str(error.args[0] if error.args else error).splitlines() or [type(error).__name__])[0]


class Gcp:
    """One project, or those below folders and organizations (see :class:`providers.base.Provider`).

    ``refused`` is why there are no credentials; who asks who we are hears it.
    """

    name = "gcp"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(
        self, connection: Connection | None, access: Mapping[str, Any], own: str, refused: Exception | None = None
    ) -> None:
        self._connected, self._access, self._own, self._refused = connection, access, own, refused
        self._projects: dict[str, Project] = {}

    @property
    def _connection(self) -> Connection:
        if self._connected is None:
            raise self._refused or LookupError("no credentials")
        return self._connected

    @cached_property
    def _clients(self) -> Clients:
        return Clients(self._connection.session)

    def classify(self, error: Exception) -> Failure | None:
        """See :func:`providers.gcp.errors.classify`."""
        return classify(error)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        """What a reader calls Google with in ``scope``."""
        return self._asking(self._projects[scope.account], scope, governor, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """The service: what Google throttles together in a project."""
        return reader.operations[0].partition(".")[0]

    def leave(self, account: str) -> None:
        """Forget what readers of a project shared."""
        self._connection.once.forget(f"{account} ")

    def close(self) -> None:
        """Drop the connections."""
        if self._connected is not None:
            self._connected.session.close()  # type: ignore[no-untyped-call]

    # --- projects ---

    def accounts(self, governor: Governor) -> Directory:
        """Who we are, as the credentials say, and the projects that the policy wants to be scanned.

        Without a word of the policy that is the project of the credentials. A folder that denies its listing is a
        failure, and keeps the run incomplete. Raises what refused us: without credentials there is nobody to speak of.
        """
        credentials = self._connection.session.credentials
        tallies: dict[str, Tally] = {}
        failures: dict[str, Unread] = {}

        def attempt(operation: str, ask: Callable[[], Any]) -> Any:
            try:
                return ask()
            except UNPARSABLE:
                why = Unread("malformed_response", operation)
            except Exception as error:
                failure = classify(error)
                if failure is None:
                    raise
                if failure.refused:
                    # Nobody knows us: no project would be read.
                    raise
                why = failure.unread(operation, PERMISSIONS[operation])
            failures.setdefault(operation, why)
            return why

        def typed(operation: str, ask: Callable[[], Any]) -> Any:
            tally = tallies.setdefault(operation, Tally())
            nobody = Scope(self.name, "", GLOBAL)
            return self._asking(Project("", ""), nobody, governor, tally).typed(operation, ask)

        hierarchy = Hierarchy(ResourceManager(self._clients, typed), attempt)
        roots = self._access.get("accounts") or (self._own,)
        found = list(hierarchy.members(roots))
        self._projects = {project.id: project for project, _ in found}
        accounts, left_out = sorted_out(
            [Member(project.id, project.title or project.id, why_not(state)) for project, state in found],
            Rules.of(self._access.get("include"), "folders"),
            Rules.of(self._access.get("exclude"), "folders"),
            Groups(self._projects),
            self.name,
        )
        if self._connected is not None:
            scanned = frozenset(accounts)
            self._connected = replace(
                self._connected, folders=Folders({} if failures else whole(found, scanned, roots))
            )
        date = next((tally.date for tally in tallies.values() if tally.date), None)
        return Directory(
            identity=_identity(credentials),
            accounts=accounts,
            left_out=left_out,
            failures=failures,
            tallies=tallies,
            answered_at=_instant(date),
            groups={} if failures else self._groups(),
        )

    def _groups(self) -> dict[str, frozenset[str]]:
        """The projects in each folder that the boundary names; none where what lies above a project is not known."""
        if any(above.unread is not None for project in self._projects.values() for above in project.ancestors):
            return {}
        return {name: Groups(self._projects).below(name) for name in self._access.get("groups", ())}

    def _asking(self, project: Project, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        def policy(caller: Caller, name: str) -> Mapping[str, Any]:
            return ResourceManager(self._clients, caller.typed).policy(name)

        return Caller(self._connection, scope, project, governor, tally, policy)

    # --- one project ---

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """The project as a resource. Calls nothing: that it can be read was seen when it was found."""
        project, scope = self._projects[account], Scope(self.name, account, GLOBAL)
        above = [ancestor.name if ancestor.unread is None else ancestor.unread for ancestor in project.ancestors]
        found = {"project_number": project.number, "ancestors": above, "tags": dict(project.labels)}
        return Discovery(account, (scope,), ((scope, Found(PROJECT_TYPE, project_id(project.number), found, account)),))


def _identity(credentials: Any) -> dict[str, str]:
    """Who we are, as far as the credentials say: the kind of them, and the service account that signs or is entered."""
    kind = type(credentials).__module__.rpartition(".")[2]
    principal = getattr(credentials, "service_account_email", None) or getattr(credentials, "account", None)
    audience = getattr(credentials, "info", {}).get("audience")
    told = {"kind": kind, "principal": principal or audience}
    return {key: value for key, value in told.items() if isinstance(value, str) and value}


def _instant(date: str | None) -> str | None:
    """A Date header as RFC 3339 UTC text."""
    try:
        return parsedate_to_datetime(date or "").isoformat().replace("+00:00", "Z")
    except (TypeError, ValueError):
        return None
