"""Azure App Service: web and function apps, and what their configuration says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.monitor import exporting
from providers.azure.readers import below, bulk
from providers.azure.shapes import Shape, always, shaped, since
from providers.base import GLOBAL, Resource, ResourceType

if TYPE_CHECKING:
    from providers.azure.caller import Caller

SITE: Final = "Microsoft.Web/sites"
TYPES: Final = (ResourceType(SITE, GLOBAL),)
CONFIGURATION: Final = "2023-12-01"


def _principals(identity: Mapping[str, Any]) -> list[str]:
    """Object ids of the identities of a resource: its own, and those that it was given."""
    own = identity.get("principalId")
    if not own and "systemassigned" in identity["type"].lower().replace(" ", ""):
        raise LookupError("an identity of its own without an id")
    given = [item["principalId"] for item in (identity.get("userAssignedIdentities") or {}).values()]
    return [*([own] if own else []), *given]


SITE_SHAPE: Final[Shape] = {
    "kind": always("kind", str.lower),
    "https_only": since("2016-08-01", "properties.httpsOnly"),
    "identity_principal_ids": since("2016-08-01", "identity", [], _principals),
}
# The list of sites gives null for all of it.
CONFIGURATION_SHAPE: Final[Shape] = {
    "minimum_tls_version": since(CONFIGURATION, "properties.minTlsVersion"),
    "ftps_state": since(CONFIGURATION, "properties.ftpsState"),
    "remote_debugging_enabled": since(CONFIGURATION, "properties.remoteDebuggingEnabled"),
}


def _configuration(azure: Caller, site: Resource) -> Mapping[str, Any]:
    answer = azure.get(f"{site.id}/config/web", CONFIGURATION)
    return {"configuration": shaped(CONFIGURATION_SHAPE, answer, CONFIGURATION)}


READERS: Final = (
    bulk(SITE, SITE_SHAPE),
    below(SITE, ("configuration",), f"{SITE}/config", _configuration),
    exporting(SITE),
)
