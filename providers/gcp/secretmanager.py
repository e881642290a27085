"""Secret Manager: secrets (never their values), how they rotate, and who may read them.

Source: Secret Manager API reference, "projects.secrets".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Resource, ResourceType
from providers.gcp.assets import own_principals, policy
from providers.gcp.fields import Field, instant, labels, seconds
from providers.gcp.listing import Listing, by_name, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

STORED: Final = "secretmanager.googleapis.com/Secret"
TYPES: Final = (ResourceType(STORED, GLOBAL),)
API: Final = "https://secretmanager.googleapis.com/v1"
HOST: Final = "secretmanager.googleapis.com"
POLICY: Final = "secretmanager.projects.secrets.getIamPolicy"

_SECRET: Final[Mapping[str, Field]] = {
    # Optional: "Rotation policy attached to the Secret. May be excluded if there is no rotation policy."
    "rotation_seconds": Field("rotation.rotationPeriod", seconds, None),
    # Optional: without one it never expires.
    "expires_at": Field("expireTime", instant, None),
    "tags": Field("labels", labels, {}),
}


def _policy(gcp: Caller, secret: Resource) -> Mapping[str, Any]:
    url = f"{API}/{secret.id.removeprefix(f'//{HOST}/')}:getIamPolicy"
    return gcp.get(POLICY, url, **{"options.requestedPolicyVersion": 3})


READERS: Final = (
    listed(
        STORED,
        _SECRET,
        Listing(
            "secretmanager.projects.secrets.list",
            "secretmanager.secrets.list",
            f"{API}/projects/{{project}}/secrets",
            "secrets",
            by_name(HOST),
            size=1000,
        ),
    ),
    policy(
        STORED,
        ("principals",),
        own_principals,
        _policy,
        operation=POLICY,
        permission="secretmanager.secrets.getIamPolicy",
        unmentioned={"principals": []},
    ),
)
