"""IAM: workload identity pools, and which tokens of others their providers take.

Source: IAM API reference, "projects.locations.workloadIdentityPools.providers".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, flag, read, text
from providers.gcp.listing import by_name

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

PROVIDER: Final = "iam.googleapis.com/WorkloadIdentityPoolProvider"
TYPES: Final = (ResourceType(PROVIDER, GLOBAL),)
API: Final = "https://iam.googleapis.com/v1"
POOLS: Final = "iam.projects.locations.workloadIdentityPools.list"
LIST: Final = "iam.projects.locations.workloadIdentityPools.providers.list"

_PROVIDER: Final[Mapping[str, Field]] = {
    "state": Field("state"),
    "disabled": Field("disabled", flag, False),
    # "If unspecified, all valid authentication credential are accepted."
    "attribute_condition": Field("attributeCondition", text, ""),
    # AWS and SAML providers have none.
    "issuer": Field("oidc.issuerUri", text, None),
}


def _provider(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_PROVIDER, item), "name": name.rpartition("/")[2]}


def _providers(gcp: Caller) -> Iterator[Item]:
    named = by_name("iam.googleapis.com")
    url = f"{API}/projects/{gcp.account}/locations/global/workloadIdentityPools"
    for pool in [row["name"] for row in gcp.pages(POOLS, url, "workloadIdentityPools", size=100)]:
        items = gcp.pages(LIST, f"{API}/{pool}/providers", "workloadIdentityPoolProviders", gone=True, size=100)
        for item in items:
            yield named(gcp, item), item


READERS: Final = (
    resource(
        PROVIDER,
        tuple(_PROVIDER),
        _provider,
        operations=(LIST, POOLS),
        items=_providers,
        # The form in which a role has them (IAM, "Identity and Access Management roles and permissions").
        permissions=(
            "iam.googleapis.com/workloadIdentityPoolProviders.list",
            "iam.googleapis.com/workloadIdentityPools.list",
        ),
    ),
)
