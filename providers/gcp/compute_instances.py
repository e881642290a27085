"""Compute Engine: virtual machines, the metadata that their project gives them, and groups of them.

Sources: Compute Engine API reference, "instances", "projects", "instanceGroupManagers"; Compute Engine, "Set and query
metadata" (boolean values).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, flag, labels, last, malformed, read, rows, text, texts
from providers.gcp.listing import COMPUTE, compute, listed, place

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

INSTANCE: Final = "compute.googleapis.com/Instance"
PROJECT: Final = "compute.googleapis.com/Project"
GROUP: Final = "compute.googleapis.com/InstanceGroupManager"
TYPES: Final = (ResourceType(INSTANCE, GLOBAL), ResourceType(PROJECT, GLOBAL), ResourceType(GROUP, GLOBAL))

_WORDS: Final = {**dict.fromkeys(("true", "y", "yes", "1"), True), **dict.fromkeys(("false", "n", "no", "0"), False)}
METADATA: Final[Mapping[str, str]] = {
    "os_login": "enable-oslogin",
    "block_project_ssh_keys": "block-project-ssh-keys",
    "serial_port": "serial-port-enable",
}
"""Metadata holds secrets too (startup scripts): only these entries are kept."""


def _metadata(items: Any) -> dict[str, Any]:
    """The settings among entries of metadata; null where there is no such entry."""
    if not isinstance(items, list) or not all(isinstance(item, dict) and "key" in item for item in items):
        return dict.fromkeys(METADATA, malformed("entries of metadata"))
    held = {item["key"]: item.get("value", "") for item in items}
    return {name: word(held[key]) if key in held else None for name, key in METADATA.items()}


def word(value: Any) -> Any:
    """A boolean of metadata, in any of the spellings that Compute Engine takes."""
    known = _WORDS.get(value.lower()) if isinstance(value, str) else None
    return malformed("a boolean of metadata") if known is None else known


_ACCOUNT: Final[Mapping[str, Field]] = {"email": Field("email"), "scopes": Field("scopes", texts)}


def _interfaces(value: Any) -> Any:
    good = isinstance(value, list) and all(
        isinstance(row.get(key, []), list) for row in value for key in ("accessConfigs", "ipv6AccessConfigs")
    )
    if not good:
        return malformed("interfaces")
    # "If there are no accessConfigs specified, then this instance will have no external internet access."
    return [
        {"external_ipv4": bool(row.get("accessConfigs")), "external_ipv6": bool(row.get("ipv6AccessConfigs"))}
        for row in value
    ]


_INSTANCE: Final[Mapping[str, Field]] = {
    "status": Field("status"),
    "network_interfaces": Field("networkInterfaces", _interfaces),
    # False is there too; the reference names no default.
    "can_ip_forward": Field("canIpForward", flag),
    # A machine without a service account has no such list.
    "service_accounts": Field("serviceAccounts", rows(_ACCOUNT), []),
    # Machines of images that do not support it have no configuration.
    "vtpm": Field("shieldedInstanceConfig.enableVtpm", flag, False),
    "integrity_monitoring": Field("shieldedInstanceConfig.enableIntegrityMonitoring", flag, False),
    "secure_boot": Field("shieldedInstanceConfig.enableSecureBoot", flag, False),
    "confidential_compute": Field("confidentialInstanceConfig.enableConfidentialCompute", flag, False),
    "confidential_type": Field("confidentialInstanceConfig.confidentialInstanceType", text, None),
    "tags": Field("labels", labels, {}),
}


def _instance(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return _metadata(item.get("metadata", {}).get("items", []))


def _project(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**_metadata(item["commonInstanceMetadata"].get("items", [])), "name": item["name"]}


def _projects(gcp: Caller) -> Iterator[Item]:
    yield (
        f"//compute.googleapis.com/projects/{gcp.account}",
        gcp.get("compute.projects.get", f"{COMPUTE}/projects/{gcp.account}"),
    )


_ZONE: Final[Mapping[str, Field]] = {"zone": Field("zone", last)}
_GROUP: Final[Mapping[str, Field]] = {
    # Groups of one zone have none.
    "zones": Field("distributionPolicy.zones", rows(_ZONE), []),
    "health_checks": Field("autoHealingPolicies", rows({"health_check": Field("healthCheck", text, None)}), []),
}


def _group(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    said = read(_GROUP, item)
    return {
        "zones": [row["zone"] for row in said["zones"]] if isinstance(said["zones"], list) else said["zones"],
        "regional": "/regions/" in name,
        "region": place(name),
    }


READERS: Final = (
    listed(INSTANCE, _INSTANCE, compute("instances"), _instance, tuple(METADATA)),
    resource(
        PROJECT,
        tuple(METADATA),
        _project,
        operations=("compute.projects.get",),
        items=_projects,
        permissions=("compute.projects.get",),
    ),
    listed(GROUP, _GROUP, compute("instanceGroupManagers"), _group, ("regional",)),
)
