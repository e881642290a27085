"""Azure Database for PostgreSQL and MySQL, Azure Cosmos DB and Azure Cache for Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.azure import cosmosdb, mysql, postgresql, redis
from providers.base import Unread
from providers.terraform.azurerm.naming import (
    ACCESS,
    GROUP,
    NAME,
    PROVIDER,
    RESOURCE,
    either,
    identity,
    rows,
)
from providers.terraform.block import KNOWN_AFTER_APPLY, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

# --- parameters of flexible servers ----------------------------------------------------------------------------------


def _named(name: str) -> Callable[[Block], Any]:
    def applies(block: Block) -> Any:
        own = block.get("name")
        return own if isinstance(own, Unread) else own.lower() == name

    return applies


def _value(block: Block) -> Any:
    name = block.get("name")
    # Of a parameter whose name is not known, the value says nothing of this one.
    return name if isinstance(name, Unread) else block.get("value")


def _parameters(terraform: str, link: str, names: tuple[str, ...], same: tuple[str, ...] = ()) -> tuple[Part, ...]:
    fill = Derived(("name", "value"), _value)
    return tuple(Part(terraform, link, {f"parameters.{name}": fill}, _named(name), same=same) for name in names)


def _unset(names: tuple[str, ...]) -> dict[str, Split]:
    """Parameters that nothing sets have the server's own values, which differ by version."""
    return {f"parameters.{name}": Split(KNOWN_AFTER_APPLY, "the server's own value") for name in names}


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def _replication(block: Block) -> Any:
    """What part a server takes in replication; none, unless it is made as a replica."""
    role = block.get("replication_role", None, optional=True)
    if role not in (None, "", "None") and not isinstance(role, Unread):
        return role
    mode = block.get("create_mode", "Default")
    if mode == "Replica" and role != "None":
        return Unread("known_after_apply", detail="a replica here or in another region")
    return mode if isinstance(mode, Unread) else None


def _standby(block: Block) -> Any:
    standby = block.block("high_availability")
    return standby if standby is None or isinstance(standby, Unread) else standby.get("mode")


_POSTGRESQL: Final = Mapping(
    type=postgresql.SERVER,
    terraform="azurerm_postgresql_flexible_server",
    keys=RESOURCE,
    name=NAME,
    identity=identity(postgresql.SERVER),
    parts=_parameters("azurerm_postgresql_flexible_server_configuration", "server_id", postgresql.PARAMETERS),
    properties={
        "backup_retention_days": Attribute("backup_retention_days"),
        "geo_redundant_backup": Attribute("geo_redundant_backup_enabled", False, PROVIDER, convert=ACCESS),
        "high_availability_mode": Derived(("high_availability.mode",), _standby),
        "replication_role": Derived(("replication_role", "create_mode"), _replication),
        **_unset(postgresql.PARAMETERS),
    },
)
_MYSQL: Final = Mapping(
    type=mysql.SERVER,
    terraform="azurerm_mysql_flexible_server",
    keys=RESOURCE,
    name=NAME,
    identity=identity(mysql.SERVER),
    parts=_parameters("azurerm_mysql_flexible_server_configuration", "server_name", mysql.PARAMETERS, GROUP),
    properties={"version": Attribute("version"), **_unset(mysql.PARAMETERS)},
)

# --- Cosmos DB and Redis ---------------------------------------------------------------------------------------------


def _addresses(block: Block) -> Any:
    """Ranges that are let in: one text with commas until version 3, a set since."""
    value = block.get("ip_range_filter", [])
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _locations(block: Block) -> Any:
    return rows(block, "geo_location", lambda row: row.get("location"))


_COSMOSDB: Final = Mapping(
    type=cosmosdb.ACCOUNT,
    terraform="azurerm_cosmosdb_account",
    keys=RESOURCE,
    name=NAME,
    identity=identity(cosmosdb.ACCOUNT),
    properties={
        "public_network_access": Attribute("public_network_access_enabled", True, PROVIDER, convert=ACCESS),
        "virtual_network_filter": Attribute("is_virtual_network_filter_enabled", False, PROVIDER),
        "allowed_ip_ranges": Derived(("ip_range_filter",), _addresses),
        # Where nothing is said, backups are periodic (Cosmos DB documentation, "Backup modes").
        "backup_type": Attribute("backup.type", None),
        "automatic_failover": either(
            "automatic_failover_enabled", "enable_automatic_failover", default=False, source=PROVIDER
        ),
        "multiple_write_locations": either(
            "multiple_write_locations_enabled", "enable_multiple_write_locations", default=False, source=PROVIDER
        ),
        "locations": Derived(("geo_location.location",), _locations),
    },
)
_REDIS: Final = Mapping(
    type=redis.CACHE,
    terraform="azurerm_redis_cache",
    keys=RESOURCE,
    name=NAME,
    identity=identity(redis.CACHE),
    properties={
        "non_ssl_port_enabled": either("non_ssl_port_enabled", "enable_non_ssl_port", default=False, source=PROVIDER),
        # Its default differs by version of the provider, which writes it into the plan.
        "minimum_tls_version": Attribute("minimum_tls_version"),
    },
)

MAPPINGS: Final = (_POSTGRESQL, _MYSQL, _COSMOSDB, _REDIS)
