"""Service Usage: which APIs a project has enabled.

Source: Service Usage API reference, "services.list".
"""

from __future__ import annotations

from typing import Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field
from providers.gcp.listing import Listing, by_name, listed

SERVICE: Final = "serviceusage.googleapis.com/Service"
TYPES: Final = (ResourceType(SERVICE, GLOBAL),)

READERS: Final = (
    listed(
        SERVICE,
        {"state": Field("state")},
        Listing(
            "serviceusage.services.list",
            "serviceusage.services.list",
            "https://serviceusage.googleapis.com/v1/projects/{project}/services",
            "services",
            by_name("serviceusage.googleapis.com"),
            size=200,
            # The inventory keeps those that are enabled, and only them.
            parameters={"filter": "state:ENABLED"},
        ),
    ),
)
