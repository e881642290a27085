"""Azure SQL Database: servers and databases, and what lies below each of them.

``master`` is a database like any other in the listings. It can neither be encrypted nor backed up by its owner, so that
what only makes sense for the others is null there, and not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, summarize_address_range
from typing import TYPE_CHECKING, Any, Final

from providers.azure.monitor import SETTINGS, diagnostic_settings
from providers.azure.readers import GONE, OFF, below, bulk
from providers.azure.shapes import MALFORMED, Shape, always, shaped, since
from providers.base import GLOBAL, Reader, Resource, ResourceType

if TYPE_CHECKING:
    from providers.azure.caller import Caller

SERVER: Final = "Microsoft.Sql/servers"
DATABASE: Final = f"{SERVER}/databases"
TYPES: Final = (ResourceType(SERVER, GLOBAL), ResourceType(DATABASE, GLOBAL))
VERSION: Final = "2021-11-01"
EXPRESS: Final = "2023-08-01-preview"
"""Of sqlVulnerabilityAssessments, which 2021-11-01 does not know."""
_GONE: Final = GONE | {"SubscriptionDoesNotHaveServer", "SourceDatabaseNotFound", "DatabaseDoesNotExist"}

SERVER_SHAPE: Final[Shape] = {
    "minimum_tls_version": since("2019-06-01", "properties.minimalTlsVersion"),
    "public_network_access": since("2019-06-01", "properties.publicNetworkAccess"),
}
DATABASE_SHAPE: Final[Shape] = {
    "kind": always("kind"),
    "zone_redundant": since("2017-10-01", "properties.zoneRedundant", False),
}


def _below_server(fills: str, type_: str, read: Callable[[Caller, Resource], Mapping[str, Any]], **more: Any) -> Reader:
    return below(SERVER, (fills,), f"{SERVER}/{type_}", read, gone_codes=_GONE, **more)


# --- servers ---


def ranges(rules: Iterable[Mapping[str, Any]], start: str, end: str) -> Any:
    """Ranges of addresses as CIDR blocks, in order."""
    try:
        return [
            str(block)
            for rule in rules
            for block in summarize_address_range(
                ip_address(rule["properties"][start]), ip_address(rule["properties"][end])
            )
        ]
    except (LookupError, TypeError, ValueError):
        return MALFORMED


def _firewall(azure: Caller, server: Resource) -> Mapping[str, Any]:
    rules = azure.items(f"{server.id}/firewallRules", VERSION)
    return {"firewall_ranges": ranges(rules, "startIpAddress", "endIpAddress")}


def _ipv6_firewall(azure: Caller, server: Resource) -> Mapping[str, Any]:
    rules = azure.items(f"{server.id}/ipv6FirewallRules", VERSION)
    return {"ipv6_firewall_ranges": ranges(rules, "startIPv6Address", "endIPv6Address")}


AUDITING_SHAPE: Final[Shape] = {
    "state": always("properties.state"),
    # Some answers say "" where there is none.
    "storage_endpoint": since(VERSION, "properties.storageEndpoint", None, lambda endpoint: endpoint or None),
    "retention_days": always("properties.retentionDays"),
    "azure_monitor_target": since(VERSION, "properties.isAzureMonitorTargetEnabled", False),
}


def _auditing(azure: Caller, server: Resource) -> Mapping[str, Any]:
    return {"auditing": shaped(AUDITING_SHAPE, azure.get(f"{server.id}/auditingSettings/default", VERSION), VERSION)}


def _master_settings(azure: Caller, server: Resource) -> Mapping[str, Any]:
    """The audit events of a whole server are exported by diagnostic settings of its database ``master``."""
    return {"master_diagnostic_settings": diagnostic_settings(azure, f"{server.id}/databases/master")}


ADMINISTRATOR_SHAPE: Final[Shape] = {
    "administrator_type": always("properties.administratorType"),
    "entra_only": since("2020-08-01", "properties.azureADOnlyAuthentication", False),
}


def _administrators(azure: Caller, server: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{server.id}/administrators", VERSION)
    return {"administrators": [shaped(ADMINISTRATOR_SHAPE, item, VERSION) for item in items]}


PROTECTOR_SHAPE: Final[Shape] = {"key_type": always("properties.serverKeyType")}


def _protector(azure: Caller, server: Resource) -> Mapping[str, Any]:
    item = azure.get(f"{server.id}/encryptionProtector/current", VERSION)
    return shaped(PROTECTOR_SHAPE, item, VERSION)


EXPRESS_SHAPE: Final[Shape] = {"state": always("properties.state")}
CLASSIC_SHAPE: Final[Shape] = {
    "recurring": since("2018-06-01", "properties.recurringScans.isEnabled", False),
    # Without a place for the results nothing is scanned.
    "stored": since("2018-06-01", "properties.storageContainerPath", False, bool),
}


def _express(azure: Caller, server: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{server.id}/sqlVulnerabilityAssessments", EXPRESS)
    return {"express_assessments": [shaped(EXPRESS_SHAPE, item, EXPRESS) for item in items]}


def _classic(azure: Caller, server: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{server.id}/vulnerabilityAssessments", VERSION)
    return {"classic_assessments": [shaped(CLASSIC_SHAPE, item, VERSION) for item in items]}


# --- databases ---


def _below_database(
    fills: str,
    type_: str,
    read: Callable[[Caller, Resource], Any],
    needs: tuple[str, ...] = (),
    without: Callable[[Resource], bool] = lambda database: False,
) -> Reader:
    """The reader of one property of every database but ``master``, and but those that ``without`` says have none."""

    def read_below(azure: Caller, database: Resource) -> Mapping[str, Any]:
        return {fills: read(azure, database)}

    def known(database: Resource) -> Mapping[str, Any] | None:
        return {fills: None} if database.id.endswith("/databases/master") or without(database) else None

    return below(DATABASE, (fills,), f"{DATABASE}/{type_}", read_below, gone_codes=_GONE, needs=needs, known=known)


def _encryption(azure: Caller, database: Resource) -> Any:
    item = azure.get(f"{database.id}/transparentDataEncryption/current", VERSION)
    return always("properties.state").of(item, VERSION)


def _warehouse(database: Resource) -> bool:
    """Whether it is a data warehouse, which has restore points of its own and no such policy."""
    return "datawarehouse" in database.properties["kind"].lower()


def _retention(azure: Caller, database: Resource) -> Any:
    item = azure.get(f"{database.id}/backupShortTermRetentionPolicies/default", VERSION)
    return always("properties.retentionDays").of(item, VERSION)


_LINK: Final[Shape] = {
    "type": always("properties.linkType"),
    "role": always("properties.role"),
    "state": always("properties.replicationState"),
}


def _links(azure: Caller, database: Resource) -> Any:
    items = azure.items(f"{database.id}/replicationLinks", VERSION)
    return [shaped(_LINK, item, VERSION) for item in items]


READERS: Final = (
    bulk(SERVER, SERVER_SHAPE, confirmed=VERSION),
    bulk(DATABASE, DATABASE_SHAPE),
    _below_server("firewall_ranges", "firewallRules", _firewall),
    _below_server("ipv6_firewall_ranges", "ipv6FirewallRules", _ipv6_firewall),
    _below_server("auditing", "auditingSettings", _auditing),
    below(
        SERVER,
        ("master_diagnostic_settings",),
        SETTINGS,
        _master_settings,
        gone_codes=_GONE,
        off_codes=OFF,
        absent={"master_diagnostic_settings": []},
    ),
    _below_server("administrators", "administrators", _administrators),
    _below_server("key_type", "encryptionProtector", _protector),
    _below_server("express_assessments", "sqlVulnerabilityAssessments", _express),
    _below_server(
        "classic_assessments",
        "vulnerabilityAssessments",
        _classic,
        # Without Defender for SQL there is none.
        absent_codes=frozenset({"VulnerabilityAssessmentADSIsDisabled"}),
        absent={"classic_assessments": []},
    ),
    _below_database("transparent_data_encryption", "transparentDataEncryption", _encryption),
    _below_database("backup_retention_days", "backupShortTermRetentionPolicies", _retention, ("kind",), _warehouse),
    _below_database("replication_links", "replicationLinks", _links),
)
