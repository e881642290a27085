"""API keys: what each may be used for and from where, never the key itself.

Source: API Keys API reference, "projects.locations.keys" (Restrictions).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, instant, malformed, rows
from providers.gcp.listing import Listing, by_name, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

KEY: Final = "apikeys.googleapis.com/Key"
TYPES: Final = (ResourceType(KEY, GLOBAL),)
CLIENTS: Final = ("browserKeyRestrictions", "serverKeyRestrictions", "androidKeyRestrictions", "iosKeyRestrictions")
"""A key has at most one of these."""

_KEY: Final[Mapping[str, Field]] = {
    "created_at": Field("createTime", instant),
    # "If no restrictions are specified, all targets are allowed."
    "api_targets": Field("restrictions.apiTargets", rows({"service": Field("service")}), []),
}


def _key(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    restrictions = item.get("restrictions", {})
    kinds: Any = malformed("restrictions")
    if isinstance(restrictions, dict):
        kinds = [key.removesuffix("KeyRestrictions") for key in CLIENTS if restrictions.get(key)]
    return {"client_restrictions": kinds}


READERS: Final = (
    listed(
        KEY,
        _KEY,
        Listing(
            "apikeys.projects.locations.keys.list",
            "apikeys.keys.list",
            "https://apikeys.googleapis.com/v2/projects/{project}/locations/global/keys",
            "keys",
            by_name("apikeys.googleapis.com"),
            size=300,
        ),
        _key,
        ("client_restrictions",),
    ),
)
