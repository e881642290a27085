"""Which projects there are, and what stands above each: what Resource Manager's folders and organizations say.

A search leaves out, without a word, what the caller may not see. So projects are listed folder by folder: one that
denies its listing is a failure, and the run is not complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from providers.base import Unread

T = TypeVar("T")

SEARCH: Final = "cloudresourcemanager.organizations.search"
FOLDERS: Final = "cloudresourcemanager.folders.list"
PROJECTS: Final = "cloudresourcemanager.projects.list"
FOLDER: Final = "cloudresourcemanager.folders.get"
PROJECT: Final = "cloudresourcemanager.projects.get"
PERMISSIONS: Final[Mapping[str, str]] = {
    SEARCH: "resourcemanager.organizations.get",
    FOLDERS: "resourcemanager.folders.list",
    PROJECTS: "resourcemanager.projects.list",
    FOLDER: "resourcemanager.folders.get",
    PROJECT: "resourcemanager.projects.get",
}
DEEPEST: Final = 20
"""Folders above one another; Resource Manager allows 10."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A folder or an organization above a project ("folders/123"), or, as ``unread``, why nobody knows which."""

    name: str
    unread: Unread | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A project or a folder as Resource Manager tells it: ``name`` "projects/NUMBER" or "folders/NUMBER".

    ``id`` and ``labels`` are a project's.
    """

    name: str
    parent: str
    state: str
    title: str
    id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its number, the name that its owner gave it, its labels, and what stands above, the nearest first."""

    id: str
    number: str
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ancestors: tuple[Ancestor, ...] = ()


class Asks(Protocol):
    """Resource Manager, as far as it is needed here. Its errors are the adapter's."""

    def organizations(self) -> Sequence[str]:
        """The names of the organizations that the caller sees. That it sees none is an error."""
        ...

    def folders(self, parent: str) -> Sequence[Node]:
        """The folders right below a folder or an organization."""
        ...

    def projects(self, parent: str) -> Sequence[Node]:
        """The projects right below it, those to be deleted too."""
        ...

    def folder(self, name: str) -> Node:
        """A folder by name."""
        ...

    def project(self, id_: str) -> Node:
        """A project by its id."""
        ...


Attempt = Callable[[str, Callable[[], Any]], Any]
"""Told an operation and what calls it, gives the answer or an Unread; the failure is the directory's."""


class Hierarchy:
    """Walks through Resource Manager once."""

    def __init__(self, ask: Asks, attempt: Attempt) -> None:
        self._ask, self._attempt = ask, attempt
        self._above: dict[str, tuple[Ancestor, ...]] = {}

    def members(self, roots: str | Sequence[str]) -> Iterator[tuple[Project, str]]:
        """Every project below the roots, with its state.

        ``roots``: "organization" for every organization that the caller sees, or names of organizations and folders,
        and ids of projects.
        """
        if roots == "organization":
            found = self._attempt(SEARCH, self._ask.organizations)
            roots = () if isinstance(found, Unread) else found
        for root in roots:
            if root.startswith(("organizations/", "folders/")):
                yield from self._below(root, self._from(root), 0)
            else:
                node = self._attempt(PROJECT, partial(self._ask.project, root))
                if not isinstance(node, Unread):
                    yield self._project(node, self._from(node.parent)), node.state

    def _below(self, parent: str, chain: tuple[Ancestor, ...], depth: int) -> Iterator[tuple[Project, str]]:
        nodes = self._attempt(PROJECTS, lambda: self._ask.projects(parent))
        for node in () if isinstance(nodes, Unread) else nodes:
            yield self._project(node, chain), node.state
        folders = self._attempt(FOLDERS, lambda: self._ask.folders(parent))
        for folder in () if isinstance(folders, Unread) else folders:
            if depth > DEEPEST:
                self._attempt(FOLDERS, _without_end)
                return
            yield from self._below(folder.name, (Ancestor(folder.name), *chain), depth + 1)

    def _project(self, node: Node, chain: tuple[Ancestor, ...]) -> Project:
        return Project(node.id, node.name.partition("/")[2], node.title, node.labels, chain)

    def _from(self, name: str) -> tuple[Ancestor, ...]:
        """A folder or organization and what stands above it; ends in an unread one where a folder denies to say."""
        if not name.startswith("folders/"):
            return (Ancestor(name),) if name else ()
        if name not in self._above:
            node = self._attempt(FOLDER, lambda: self._ask.folder(name))
            higher = (Ancestor("", node),) if isinstance(node, Unread) else self._from(node.parent)
            self._above[name] = (Ancestor(name), *higher)
        return self._above[name]


def _without_end() -> None:
    raise ValueError("folders without an end")


def why_not(state: str) -> str | None:
    """Why a project in a lifecycle state cannot be scanned; None if it can, or if nobody knows the state.

    Where an answer leaves the state out, it is unspecified: no reason to leave the project out as well.
    """
    return "being deleted" if state == "DELETE_REQUESTED" else None


def whole(
    found: Sequence[tuple[Project, str]], scanned: frozenset[str], roots: str | Sequence[str]
) -> dict[str, frozenset[str]]:
    """The topmost folders of which every project that can be scanned is, with the numbers of these projects.

    ``found``: what the roots (see :meth:`Hierarchy.members`) led to, ``scanned`` the ids of what is scanned of it. A
    folder of one project is left out: it saves nothing.
    """
    groups: dict[str, dict[str, Project]] = {}
    for project, state in found:
        folder = _topmost(project, roots)
        if folder and why_not(state) is None:
            groups.setdefault(folder, {})[project.id] = project
    return {
        folder: frozenset(project.number for project in projects.values())
        for folder, projects in groups.items()
        if len(projects) > 1 and projects.keys() <= scanned
    }


def _topmost(project: Project, roots: str | Sequence[str]) -> str | None:
    """The highest folder above a project that a root is, or that lies below one."""
    walked = roots == "organization"
    for ancestor in reversed(project.ancestors):
        walked = walked or ancestor.name in roots
        if walked and ancestor.name.startswith("folders/"):
            return ancestor.name
    return None


@dataclass(frozen=True, slots=True)
class Groups:
    """Projects in folders and with labels (see :class:`providers.boundary.Hierarchy`)."""

    projects: Mapping[str, Project]

    def below(self, parent: str) -> frozenset[str]:
        """The projects in a folder (its number) at any depth."""
        name = f"folders/{parent}"
        return frozenset(
            id_ for id_, project in self.projects.items() if any(one.name == name for one in project.ancestors)
        )

    def tags(self, account: str) -> Mapping[str, str]:
        """The labels of a project."""
        return self.projects[account].labels
