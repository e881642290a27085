"""Azure Database for PostgreSQL: flexible servers."""

from __future__ import annotations

from typing import Final

from providers.azure.parameters import parameters
from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always, since
from providers.base import GLOBAL, ResourceType

SERVER: Final = "Microsoft.DBforPostgreSQL/flexibleServers"
TYPES: Final = (ResourceType(SERVER, GLOBAL),)

SERVER_SHAPE: Final[Shape] = {
    "backup_retention_days": always("properties.backup.backupRetentionDays"),
    "geo_redundant_backup": since("2021-06-01", "properties.backup.geoRedundantBackup"),
    "high_availability_mode": since("2021-06-01", "properties.highAvailability.mode"),
    "replication_role": since("2022-12-01", "properties.replicationRole"),
}
PARAMETERS: Final = (
    "require_secure_transport",
    "ssl_min_protocol_version",
    "log_connections",
    "log_disconnections",
    "log_checkpoints",
)

READERS: Final = (bulk(SERVER, SERVER_SHAPE), parameters(SERVER, PARAMETERS, "2024-08-01"))
