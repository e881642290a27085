"""Azure Resource Graph: the queries that are asked, and the pace at which it wants to be asked.

One query a table, asked once a subscription, with every type that some reader wants of it. A row carries the
``apiVersion`` that Resource Graph read it with, which decides whether an absent property is null or unread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

VERSION: Final = "2022-10-01"
"""Of Microsoft.ResourceGraph."""
PAGE: Final = 1000
"""Rows of a page at the most."""
LONGEST: Final = 60.0
"""Seconds that a quota may take to reset, beyond which it is asked again all the same."""

TYPES: Final = (
    "microsoft.cache/redis",
    "microsoft.compute/disks",
    "microsoft.compute/virtualmachines",
    "microsoft.compute/virtualmachinescalesets",
    "microsoft.containerregistry/registries",
    "microsoft.containerservice/managedclusters",
    "microsoft.datafactory/factories",
    "microsoft.dbformysql/flexibleservers",
    "microsoft.dbforpostgresql/flexibleservers",
    "microsoft.documentdb/databaseaccounts",
    "microsoft.eventgrid/domains",
    "microsoft.eventgrid/systemtopics",
    "microsoft.eventgrid/topics",
    "microsoft.insights/activitylogalerts",
    "microsoft.insights/autoscalesettings",
    "microsoft.insights/metricalerts",
    "microsoft.keyvault/vaults",
    "microsoft.network/applicationgateways",
    "microsoft.network/applicationgatewaywebapplicationfirewallpolicies",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/networkwatchers/flowlogs",
    "microsoft.network/virtualnetworks",
    "microsoft.operationalinsights/workspaces",
    "microsoft.purview/accounts",
    "microsoft.recoveryservices/vaults",
    "microsoft.servicebus/namespaces",
    "microsoft.sql/servers",
    "microsoft.sql/servers/databases",
    "microsoft.storage/storageaccounts",
    "microsoft.web/sites",
)
"""What is read from the table ``resources``. A type that is added here changes the query."""
ASSESSMENTS: Final = (
    "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c",  # EDR solution should be installed on virtual machines
    "1195afff-c881-495e-9bc5-1486211ae03f",  # Machines should have vulnerability findings resolved
    "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5",  # Azure registry container images should have vulnerabilities resolved
    "c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5",  # Azure running container images should have vulnerabilities resolved
    "ffff0522-1e88-47fc-8382-2a80ba848f5d",  # Machines should have a vulnerability assessment solution
)
"""Which assessments are read of the table ``securityresources``, by their keys: all of them would be as many as
resources times rules. Those of findings say nothing any more where UPDATES does (since July 2026 in public Azure)."""
UPDATES: Final = "softwareupdate"
"""What outstanding updates are called here, in the place of a key: Defender for Cloud makes an assessment with a key of
its own of each vulnerable package of a machine, a container or an image, and gives them a category ("Transition from
grouped to individual recommendations in Defender for Cloud"). There may be millions, of which each assessed resource
gives one row: by ``distinct``, since ``summarize`` is "simplified first page only" here ("Understanding the Azure
Resource Graph query language")."""
_BELOW: Final = "/providers/microsoft.security/assessments/"
_COLUMNS: Final = "id, name, type, location, kind, sku, tags, identity, zones, managedBy, apiVersion, properties"
_LIST: Final = ", ".join(f"'{name}'" for name in TYPES)
_KEYS: Final = ", ".join(f"'{key}'" for key in ASSESSMENTS)

QUERIES: Final[Mapping[str, str]] = {
    # "id" must be among the columns and the rows in order, or there is no token for the next page.
    "resources": f"resources | where type in~ ({_LIST}) | project {_COLUMNS} | order by id asc",
    "resourcecontainers": (
        "resourcecontainers "
        "| where type in~ ('microsoft.resources/subscriptions', 'microsoft.resources/subscriptions/resourcegroups') "
        "| project id, name, type, location, tags, properties | order by id asc"
    ),
    "securityresources": (
        "securityresources | where type =~ 'microsoft.security/assessments' "
        "| extend keyed = name in~ ("
        f"{_KEYS}), code = tostring(properties.status.code) "
        "| where keyed or (code =~ 'Unhealthy' and properties.metadata.recommendationCategory =~ 'SoftwareUpdate') "
        f"| extend key = iff(keyed, tolower(name), '{UPDATES}') "
        f"| extend id = strcat(tostring(split(tolower(id), '{_BELOW}')[0]), '{_BELOW}', key) "
        "| extend displayName = iff(keyed, tostring(properties.displayName), 'Software updates should be installed') "
        "| extend cause = iff(keyed, tostring(properties.status.cause), '') "
        "| project id, type, name = key, displayName, code, cause "
        "| distinct id, type, name, displayName, code, cause | order by id asc"
    ),
    "patchassessmentresources": (
        "patchassessmentresources | where type =~ 'microsoft.compute/virtualmachines/patchassessmentresults' "
        "| project id, name, type, properties | order by id asc"
    ),
}
"""By table. Few and fixed."""


class Quota:
    """How many more queries Resource Graph takes from us before its window is over; shared by all subscriptions.

    Told by its headers "x-ms-user-quota-remaining" and "x-ms-user-quota-resets-after" (hh:mm:ss). Knows no clock: who
    finds it used up waits for what the last answer said.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: int | None = None
        self._resets = 0.0

    def take(self, pause: Callable[[float], None]) -> None:
        """Take one query's place in the window; ``pause`` waits for the next where none is left."""
        with self._lock:
            used_up = self._left is not None and self._left <= 0
            seconds = self._resets if used_up else 0.0
            if self._left is not None:
                self._left = max(0, self._left - 1)
        if seconds:
            pause(seconds)

    def told(self, headers: Mapping[str, str]) -> None:
        """Learn from the headers of an answer, an error too."""
        left, resets = headers.get("x-ms-user-quota-remaining", ""), headers.get("x-ms-user-quota-resets-after", "")
        if not left.isdecimal():
            return
        parts = resets.split(":")
        seconds = 0.0
        if len(parts) == 3 and all(part.isdecimal() for part in parts):
            seconds = float(int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2]))
        with self._lock:
            self._left, self._resets = int(left), min(seconds, LONGEST)
