"""Flexible servers of PostgreSQL and MySQL, Cosmos DB accounts and Redis caches in templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.arm.azure.values import NONE, NULL, given
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import UNSET, Default, Mapping
from providers.arm.places import text
from providers.arm.world import World
from providers.azure.cosmosdb import ACCOUNT, ACCOUNT_SHAPE
from providers.azure.mysql import PARAMETERS as MYSQL_PARAMETERS
from providers.azure.mysql import SERVER as MYSQL
from providers.azure.mysql import SERVER_SHAPE as MYSQL_SHAPE
from providers.azure.postgresql import PARAMETERS as POSTGRES_PARAMETERS
from providers.azure.postgresql import SERVER as POSTGRES
from providers.azure.postgresql import SERVER_SHAPE as POSTGRES_SHAPE
from providers.azure.redis import CACHE, CACHE_SHAPE


def _parameters(type_: str, names: tuple[str, ...]) -> Callable[[Declared, World], Any]:
    """The server parameters that are resources of their own; of others the server's defaults hold, which change."""

    def read(item: Declared, world: World) -> dict[str, Any]:
        certain, doubt = world.parts(item.key, f"{type_}/configurations")
        found: dict[str, Any] = dict.fromkeys(names, doubt or UNSET)
        for part in certain:
            name = text(part.last)
            value = part.properties.get("value") if isinstance(part.properties, Fields) else part.properties
            if name in found and doubt is None:
                found[name] = given(part.unsure if part.unsure is not None else UNSET if value is None else value)
            elif "{" in name:
                found = dict.fromkeys(names, given(part.last))
                doubt = given(part.last)
        return found

    return read


def _role(item: Declared, world: World) -> Any:
    """What part a new server takes in replication: none, unless it is made as a replica."""
    properties = item.properties
    mode = properties.get("createMode") if isinstance(properties, Fields) else properties
    if mode is None or (isinstance(mode, str) and mode.lower() in ("create", "default")):
        return None
    return given(mode) if not isinstance(mode, str) else UNSET


MAPPINGS: Final = (
    Mapping(
        POSTGRES,
        POSTGRES_SHAPE,
        defaults={
            "geo_redundant_backup": Default("Disabled", "PostgreSQL Servers - Create: Backup.geoRedundantBackup"),
            "high_availability_mode": Default("Disabled", "PostgreSQL Servers - Create: HighAvailability.mode"),
        },
        derived={"replication_role": _role, "parameters": _parameters(POSTGRES, POSTGRES_PARAMETERS)},
        parts=(f"{POSTGRES}/configurations",),
    ),
    Mapping(
        MYSQL,
        MYSQL_SHAPE,
        derived={"parameters": _parameters(MYSQL, MYSQL_PARAMETERS)},
        parts=(f"{MYSQL}/configurations",),
    ),
    Mapping(
        ACCOUNT,
        ACCOUNT_SHAPE,
        defaults={
            "public_network_access": NULL,
            "allowed_ip_ranges": NONE,
            "backup_type": Default(
                "Periodic", "Online backup and on-demand data restore in Azure Cosmos DB: the default mode"
            ),
        },
    ),
    Mapping(CACHE, CACHE_SHAPE, defaults={"non_ssl_port_enabled": Default(False, "Redis - Create: enableNonSslPort")}),
)
