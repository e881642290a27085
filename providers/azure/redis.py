"""Azure Cache for Redis."""

from __future__ import annotations

from typing import Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always, since
from providers.base import GLOBAL, ResourceType

CACHE: Final = "Microsoft.Cache/redis"
TYPES: Final = (ResourceType(CACHE, GLOBAL),)

CACHE_SHAPE: Final[Shape] = {
    # No version up to 2020-06-01 says what a cache is that does not say.
    "non_ssl_port_enabled": always("properties.enableNonSslPort"),
    "minimum_tls_version": since("2018-03-01", "properties.minimumTlsVersion"),
}

READERS: Final = (bulk(CACHE, CACHE_SHAPE),)
