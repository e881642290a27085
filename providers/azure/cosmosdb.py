"""Azure Cosmos DB: accounts."""

from __future__ import annotations

from typing import Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always, since
from providers.base import GLOBAL, ResourceType

ACCOUNT: Final = "Microsoft.DocumentDB/databaseAccounts"
TYPES: Final = (ResourceType(ACCOUNT, GLOBAL),)

ACCOUNT_SHAPE: Final[Shape] = {
    "public_network_access": since("2021-01-15", "properties.publicNetworkAccess"),
    "virtual_network_filter": since("2015-04-08", "properties.isVirtualNetworkFilterEnabled", False),
    # Before 2020-04-01 they stood in one text.
    "allowed_ip_ranges": since(
        "2020-04-01", "properties.ipRules", [], lambda rules: [rule["ipAddressOrRange"] for rule in rules]
    ),
    "backup_type": since("2021-01-15", "properties.backupPolicy.type"),
    "automatic_failover": since("2015-04-08", "properties.enableAutomaticFailover", False),
    "multiple_write_locations": since("2019-08-01", "properties.enableMultipleWriteLocations", False),
    "locations": always("properties.locations", lambda locations: [item["locationName"] for item in locations]),
}

READERS: Final = (bulk(ACCOUNT, ACCOUNT_SHAPE),)
