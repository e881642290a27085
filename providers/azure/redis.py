"""Azure Cache for Redis."""

from __future__ import annotations

from typing import Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, since
from providers.base import GLOBAL, ResourceType

CACHE: Final = "Microsoft.Cache/redis"
TYPES: Final = (ResourceType(CACHE, GLOBAL),)

CACHE_SHAPE: Final[Shape] = {
    "non_ssl_port_enabled": since("2016-04-01", "properties.enableNonSslPort", False),
    "minimum_tls_version": since("2018-03-01", "properties.minimumTlsVersion"),
}

READERS: Final = (bulk(CACHE, CACHE_SHAPE),)
