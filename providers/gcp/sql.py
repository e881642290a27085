"""Cloud SQL: instances, how they are reached, backed up and set, and what was restored of them.

Source: Cloud SQL Admin API reference, "instances" (Settings, IpConfiguration, BackupConfiguration) and "operations".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Reader, Resource, ResourceType
from providers.gcp.assets import GONE
from providers.gcp.fields import Field, flag, instant, labels, read, rows, text, whole
from providers.gcp.listing import Listing, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

INSTANCE: Final = "sqladmin.googleapis.com/Instance"
TYPES: Final = (ResourceType(INSTANCE, GLOBAL),)
API: Final = "https://sqladmin.googleapis.com/v1/projects"
OPERATIONS: Final = "sqladmin.operations.list"
RESTORES: Final = frozenset({"RESTORE_VOLUME", "CLONE"})

_INSTANCE: Final[Mapping[str, Field]] = {
    "database_version": Field("databaseVersion"),
    "instance_type": Field("instanceType"),
    "state": Field("state"),
    "ipv4_enabled": Field("settings.ipConfiguration.ipv4Enabled", flag),
    # An instance that is being created has none yet.
    "addresses": Field("ipAddresses", rows({"type": Field("type")}), []),
    "authorized_networks": Field("settings.ipConfiguration.authorizedNetworks", rows({"value": Field("value")}), []),
    # Instances from before there were modes have none, and then requireSsl says it; false is its default.
    "ssl_mode": Field("settings.ipConfiguration.sslMode", text, None),
    "require_ssl": Field("settings.ipConfiguration.requireSsl", flag, False),
    # "Whether this configuration is enabled"; what was never set is off.
    "backups_enabled": Field("settings.backupConfiguration.enabled", flag, False),
    "binary_log_enabled": Field("settings.backupConfiguration.binaryLogEnabled", flag, False),
    "point_in_time_recovery": Field("settings.backupConfiguration.pointInTimeRecoveryEnabled", flag, False),
    "retained_backups": Field("settings.backupConfiguration.backupRetentionSettings.retainedBackups", whole, None),
    "availability_type": Field("settings.availabilityType", text, None),
    # Flags that were set; the others have the engine's own value.
    "flags": Field("settings.databaseFlags", rows({"name": Field("name"), "value": Field("value", text, "")}), []),
    "tags": Field("settings.userLabels", labels, {}),
}
_RESTORE: Final[Mapping[str, Field]] = {
    "operation_type": Field("operationType"),
    "status": Field("status"),
    # While it runs it has not ended.
    "ended_at": Field("endTime", instant, None),
}


def _named(gcp: Caller, item: Mapping[str, Any]) -> str:
    return f"//cloudsql.googleapis.com/projects/{gcp.account}/instances/{item['name']}"


def _place(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"region": item["region"]}


def _restores(gcp: Caller, instance: Resource) -> Mapping[str, Any]:
    url = f"{API}/{gcp.account}/operations"
    done = gcp.pages(
        OPERATIONS, url, "items", kind="sql#operationsList", limit="maxResults", size=100, instance=instance.name
    )
    found = [item for item in done if item["operationType"] in RESTORES]
    return {"restores": [{**read(_RESTORE, item), "failed": bool(item.get("error"))} for item in found]}


READERS: Final = (
    listed(
        INSTANCE,
        _INSTANCE,
        Listing(
            operation="sqladmin.instances.list",
            permission="cloudsql.instances.list",
            url=f"{API}/{{project}}/instances",
            key="items",
            named=_named,
            kind="sql#instancesList",
            limit="maxResults",
            size=1000,
        ),
        _place,
    ),
    Reader(
        operations=(OPERATIONS,),
        read=_restores,
        per="resource",
        where=GLOBAL,
        of=INSTANCE,
        fills={INSTANCE: ("restores",)},
        # For those of an instance and those of a project (Cloud SQL, "Required permissions for common tasks").
        permissions=("cloudsql.instances.get", "cloudsql.instances.list"),
        gone_codes=GONE,
    ),
)
