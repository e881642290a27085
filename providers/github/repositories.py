"""Repositories: what the listing says of them, and what scans them for secrets and vulnerable dependencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, MISSING, Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.github.caller import OF_ORGANIZATION

if TYPE_CHECKING:
    from providers.github.caller import Caller, Row

REPOSITORY: Final = "GitHub::Repository"
TYPES: Final = (ResourceType(REPOSITORY, GLOBAL),)
GET: Final = "GET /repos/{owner}/{repo}"
ALERTS: Final = "GET /repos/{owner}/{repo}/vulnerability-alerts"
CODEOWNERS: Final = "GET /repos/{owner}/{repo}/codeowners/errors"
COMMITS: Final = "GET /repos/{owner}/{repo}/commits"
ALERTS_OFF: Final = "Vulnerability alerts are disabled."
"""How a 404 says that they are off; any other 404 is that of whoever may not know."""
_LISTED: Final = ("archived", "disabled", "default_branch")


def _repositories(github: Caller, scope: Scope) -> Iterator[Found]:
    def one(row: Row) -> Iterator[Found]:
        yield Found(REPOSITORY, row["full_name"], {name: attribute(row, name) for name in _LISTED}, row["full_name"])

    yield from github.every(one)


def _scanning(github: Caller, repository: Resource) -> Mapping[str, Any]:
    told = github.get(GET, repository=repository.id).get("security_and_analysis")
    if told is None:
        # Shown to administrators of the repository and to owners and security managers of the organization.
        hidden = Unread("access_denied", GET, "administration:read", "security_and_analysis is not shown")
        return {"secret_scanning": hidden, "secret_push_protection": hidden}
    return {
        "secret_scanning": _status(told, "secret_scanning"),
        "secret_push_protection": _status(told, "secret_scanning_push_protection"),
    }


def _status(told: Mapping[str, Any], name: str) -> bool | Unread:
    status = told[name]["status"] if name in told else None
    return MISSING if status not in ("enabled", "disabled") else status == "enabled"


def _alerts(github: Caller, repository: Resource) -> Mapping[str, Any]:
    return {"vulnerability_alerts": github.holds(ALERTS, ALERTS_OFF, repository=repository.id)}


def _of(operation: str, fills: tuple[str, ...], read: Any, permission: str) -> Reader:
    return Reader(
        operations=(operation,),
        read=read,
        per="resource",
        where=GLOBAL,
        of=REPOSITORY,
        fills={REPOSITORY: fills},
        permissions=(permission,),
    )


READERS: Final = (
    Reader(
        operations=(OF_ORGANIZATION,),
        read=_repositories,
        where=GLOBAL,
        lists=(REPOSITORY,),
        fills={REPOSITORY: _LISTED},
        permissions=("metadata:read",),
    ),
    _of(GET, ("secret_scanning", "secret_push_protection"), _scanning, "administration:read"),
    _of(ALERTS, ("vulnerability_alerts",), _alerts, "administration:read"),
)
