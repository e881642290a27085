"""Access Approval: whether Google's staff need approval before they access what is in a project.

A project's own settings say whether anything above it is enrolled, so that one call a project is enough. Where its
organization is enrolled, which is asked once, none is needed.

Source: Access Approval API reference, "AccessApprovalSettings".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.fields import Field, flag, read, rows
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

TYPES: Final[tuple[ResourceType, ...]] = ()
API: Final = "https://accessapproval.googleapis.com/v1"
OWN: Final = "accessapproval.projects.getAccessApprovalSettings"
ORGANIZATION: Final = "accessapproval.organizations.getAccessApprovalSettings"
PERMISSION: Final = "accessapproval.settings.get"

_SETTINGS: Final[Mapping[str, Field]] = {
    "services": Field("enrolledServices", rows({"product": Field("cloudProduct")}), []),
    # False, which is left out, of what has nothing above it that is enrolled.
    "above": Field("enrolledAncestor", flag, False),
}


def _approvals(gcp: Caller, scope: Scope) -> Iterator[Found]:
    found = _organization(gcp) or _settings(gcp, OWN, f"projects/{gcp.account}")
    said = {"access_approval_services": found["services"], "access_approval_above": found["above"]}
    yield Found(PROJECT, project_id(gcp.number), said)


def _organization(gcp: Caller) -> Mapping[str, Any] | None:
    """The settings that a project has by its organization's; None where these decide nothing."""
    for ancestor in gcp.ancestors:
        if ancestor.name.startswith("organizations/"):
            ask = partial(_settings, gcp, ORGANIZATION, ancestor.name)
            settings = gcp.attempted(ORGANIZATION, ancestor, ask, PERMISSION)
            if not isinstance(settings, Unread) and settings["services"]:
                return {"services": [], "above": True}
    return None


def _settings(gcp: Caller, operation: str, name: str) -> Mapping[str, Any]:
    answer = gcp.optional(operation, f"{API}/{name}/accessApprovalSettings")
    if answer is None:
        # As recorded: what was never enrolled has no settings.
        return {"services": [], "above": False}
    if not answer["name"].endswith("/accessApprovalSettings"):
        raise ValueError("not settings")
    return read(_SETTINGS, answer)


READERS: Final = (
    Reader(
        operations=(OWN, ORGANIZATION),
        read=_approvals,
        where=GLOBAL,
        fills={PROJECT: ("access_approval_services", "access_approval_above")},
        permissions=(PERMISSION,),
    ),
)
