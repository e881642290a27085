"""What holds once for a subscription, and the tenant that it trusts: both come with the discovery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from providers.azure.shapes import MALFORMED
from providers.base import GLOBAL, MISSING, ORGANIZATION, Found, Reader, ResourceType, Scope

if TYPE_CHECKING:
    from providers.azure.caller import Caller

SUBSCRIPTION: Final = "Microsoft.Resources/subscriptions"
TENANT: Final = "Microsoft.Graph/organization"
TYPES: Final = (ResourceType(SUBSCRIPTION, GLOBAL), ResourceType(TENANT, ORGANIZATION))


def _containers(azure: Caller, scope: Scope) -> Iterator[Found]:
    for row in azure.rows("resourcecontainers", SUBSCRIPTION):
        yield Found(SUBSCRIPTION, azure.path, {"management_groups": _chain(row.get("properties"))})


def _chain(properties: Any) -> Any:
    """The ids of the management groups around a subscription, the nearest first; there is always the root."""
    chain = properties.get("managementGroupAncestorsChain") if isinstance(properties, dict) else None
    if not chain:
        return MISSING
    try:
        return [group["name"] for group in chain]
    except (LookupError, TypeError):
        return MALFORMED


READERS: Final = (
    Reader(
        operations=(f"resourcegraph:resourcecontainers/{SUBSCRIPTION}",),
        read=_containers,
        where="global",
        fills={SUBSCRIPTION: ("management_groups",)},
        permissions=(f"{SUBSCRIPTION}/read",),
    ),
)
