"""Azure Database for MySQL: flexible servers."""

from __future__ import annotations

from typing import Final

from providers.azure.parameters import parameters
from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always
from providers.base import GLOBAL, ResourceType

SERVER: Final = "Microsoft.DBforMySQL/flexibleServers"
TYPES: Final = (ResourceType(SERVER, GLOBAL),)

SERVER_SHAPE: Final[Shape] = {"version": always("properties.version")}
PARAMETERS: Final = ("require_secure_transport", "tls_version", "audit_log_enabled", "audit_log_events")

READERS: Final = (bulk(SERVER, SERVER_SHAPE), parameters(SERVER, PARAMETERS, "2023-12-30"))
