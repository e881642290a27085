"""Resource Manager: projects, who may do what in them, and which of their accesses are logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Resource, ResourceType
from providers.gcp.assets import policy
from providers.gcp.iam_policy import audit_configs, counted, principals

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

PROJECT: Final = "cloudresourcemanager.googleapis.com/Project"
TYPES: Final[tuple[ResourceType, ...]] = ()
"""Projects come with the discovery."""
API: Final = "https://cloudresourcemanager.googleapis.com/v3"
GET_POLICY: Final = "cloudresourcemanager.projects.getIamPolicy"
TEST_PERMISSIONS: Final = "cloudresourcemanager.projects.testIamPermissions"


def project_id(number: str) -> str:
    """The full resource name of a project, which holds its number."""
    return f"//cloudresourcemanager.googleapis.com/projects/{number}"


def _effective(gcp: Caller, name: str, own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The project's own policy and those above it. What is above is read once a run."""
    policies = [(f"projects/{gcp.account}", own), *gcp.policies_above()]
    return {"principals": counted(principals(policies)), "audit_configs": audit_configs(policies)}


def _own(gcp: Caller, project: Resource) -> Mapping[str, Any]:
    url = f"{API}/projects/{gcp.account}:getIamPolicy"
    return gcp.post(GET_POLICY, url, {"options": {"requestedPolicyVersion": 3}})


READERS: Final = (
    policy(
        PROJECT,
        ("principals", "audit_configs"),
        _effective,
        _own,
        operation=GET_POLICY,
        permission="resourcemanager.projects.getIamPolicy",
        # A project that was found is never taken to be gone: its resources may still be there.
        gone=frozenset(),
        above=("resourcemanager.folders.getIamPolicy", "resourcemanager.organizations.getIamPolicy"),
    ),
)
