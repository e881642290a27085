"""Resource Manager through its generated clients: organizations, folders, projects, and IAM policies above projects.

The clients' own retries are off, and they send through our session: who asks whom, and what of an answer is believed,
is decided there once for all APIs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from google.cloud.resourcemanager_v3 import FoldersClient, OrganizationsClient, ProjectsClient
from google.cloud.resourcemanager_v3 import Project as ProjectMessage
from google.cloud.resourcemanager_v3.services.folders.transports.rest import FoldersRestTransport
from google.cloud.resourcemanager_v3.services.organizations.transports.rest import OrganizationsRestTransport
from google.cloud.resourcemanager_v3.services.projects.transports.rest import ProjectsRestTransport
from google.protobuf.json_format import MessageToDict

from providers.gcp.caller import MOST_PAGES
from providers.gcp.errors import ApiError, MalformedAnswer
from providers.gcp.hierarchy import FOLDER, FOLDERS, PROJECT, PROJECTS, SEARCH, Node
from providers.gcp.session import Session

POLICY_VERSION: Final = 3
"""Of an older version, conditional bindings come back without their conditions (IAM, "Policy versions")."""

Typed = Callable[[str, Callable[[], Any]], Any]
"""Sends what a generated client asks, by the name of the operation; governed and counted."""


class Clients:
    """The generated clients, sharing one session."""

    def __init__(self, session: Session) -> None:
        self.projects = ProjectsClient(transport=_through(ProjectsRestTransport, session))
        self.folders = FoldersClient(transport=_through(FoldersRestTransport, session))
        self.organizations = OrganizationsClient(transport=_through(OrganizationsRestTransport, session))


def _through(transport: Any, session: Session) -> Any:
    """A transport that sends through a session of ours: it takes none, and makes an AuthorizedSession of its own."""
    ours = property(lambda transport: session, lambda transport, made: made.close())
    sending = type(transport.__name__, (transport,), {"_session": ours})
    return sending(credentials=session.credentials)


class ResourceManager:
    """What is asked of Resource Manager (see :class:`providers.gcp.hierarchy.Asks`), with the session's errors."""

    def __init__(self, clients: Clients, typed: Typed) -> None:
        self._clients, self._typed = clients, typed

    def organizations(self) -> Sequence[str]:
        """Every organization that the caller sees, by name ("organizations/123")."""
        found = self._pages(SEARCH, self._clients.organizations.search_organizations, "organizations", {})
        if not found:
            # Nothing is denied by name: a search leaves out what the caller may not see.
            raise ApiError(403, "no organization is visible", operation=SEARCH)
        return [row.name for row in found]

    def folders(self, parent: str) -> Sequence[Node]:
        """The folders right below ``parent``."""
        found = self._pages(FOLDERS, self._clients.folders.list_folders, "folders", {"parent": parent})
        return [_node(row) for row in found]

    def projects(self, parent: str) -> Sequence[Node]:
        """The projects right below ``parent``, those to be deleted too."""
        asked = {"parent": parent, "show_deleted": True}
        return [_node(row) for row in self._pages(PROJECTS, self._clients.projects.list_projects, "projects", asked)]

    def folder(self, name: str) -> Node:
        """A folder ("folders/123")."""
        return _node(self._typed(FOLDER, lambda: self._clients.folders.get_folder(name=name, retry=None)))

    def project(self, id_: str) -> Node:
        """A project, by its id."""
        name = f"projects/{id_}"
        return _node(self._typed(PROJECT, lambda: self._clients.projects.get_project(name=name, retry=None)))

    def policy(self, name: str) -> dict[str, Any]:
        """The IAM policy of a folder or an organization, as JSON has it."""
        kind = name.partition("/")[0]
        client = self._clients.folders if kind == "folders" else self._clients.organizations
        asked = {"resource": name, "options": {"requested_policy_version": POLICY_VERSION}}
        operation = f"cloudresourcemanager.{kind}.getIamPolicy"
        policy = self._typed(operation, lambda: client.get_iam_policy(request=asked, retry=None))
        if not policy.etag:
            raise MalformedAnswer("a policy without an etag", operation)
        found: dict[str, Any] = MessageToDict(policy)
        return found

    def _pages(self, operation: str, method: Callable[..., Any], key: str, asked: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        seen: set[str] = set()
        token = ""
        while True:
            page = self._typed(operation, partial(method, request={**asked, "page_token": token}, retry=None))
            found += getattr(page, key)
            token = page.next_page_token
            if not token:
                return found
            if token in seen or len(seen) >= MOST_PAGES:
                raise MalformedAnswer("pages without an end", operation)
            seen.add(token)


def _node(row: Any) -> Node:
    """A project or a folder of the generated clients."""
    project = isinstance(row, ProjectMessage)
    if not row.name or (project and not row.project_id):
        raise MalformedAnswer("a project or folder without a name")
    return Node(
        name=row.name,
        parent=row.parent,
        state=row.state.name,
        title=row.display_name,
        id=row.project_id if project else "",
        labels=dict(row.labels) if project else {},
    )
