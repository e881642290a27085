"""Azure Resource Graph: known queries, by their text, and no other.

"Azure Resource Graph REST API" (resources, 2022-10-01), "Work with large data sets", "Guidance for throttled requests".
A query that the adapter changes is refused here until somebody writes down what it should answer.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, Final

from tests.emulators.azure import errors
from tests.emulators.azure.facts import facts
from tests.emulators.azure.manager import as_of
from tests.emulators.azure.tenant import Tenant
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer

RESOURCES: Final = (
    "resources | where type in~ ("
    "'microsoft.cache/redis', "
    "'microsoft.compute/disks', "
    "'microsoft.compute/virtualmachines', "
    "'microsoft.compute/virtualmachinescalesets', "
    "'microsoft.containerregistry/registries', "
    "'microsoft.containerservice/managedclusters', "
    "'microsoft.datafactory/factories', "
    "'microsoft.dbformysql/flexibleservers', "
    "'microsoft.dbforpostgresql/flexibleservers', "
    "'microsoft.documentdb/databaseaccounts', "
    "'microsoft.eventgrid/domains', "
    "'microsoft.eventgrid/systemtopics', "
    "'microsoft.eventgrid/topics', "
    "'microsoft.insights/activitylogalerts', "
    "'microsoft.insights/autoscalesettings', "
    "'microsoft.insights/metricalerts', "
    "'microsoft.keyvault/vaults', "
    "'microsoft.network/applicationgateways', "
    "'microsoft.network/applicationgatewaywebapplicationfirewallpolicies', "
    "'microsoft.network/networksecuritygroups', "
    "'microsoft.network/networkwatchers/flowlogs', "
    "'microsoft.network/virtualnetworks', "
    "'microsoft.operationalinsights/workspaces', "
    "'microsoft.purview/accounts', "
    "'microsoft.recoveryservices/vaults', "
    "'microsoft.servicebus/namespaces', "
    "'microsoft.sql/servers', "
    "'microsoft.sql/servers/databases', "
    "'microsoft.storage/storageaccounts', "
    "'microsoft.web/sites') "
    "| project id, name, type, location, kind, sku, tags, identity, zones, managedBy, apiVersion, properties "
    "| order by id asc"
)
CONTAINERS: Final = (
    "resourcecontainers "
    "| where type in~ ('microsoft.resources/subscriptions', 'microsoft.resources/subscriptions/resourcegroups') "
    "| project id, name, type, location, tags, properties | order by id asc"
)
ASSESSMENTS: Final = (
    "securityresources | where type =~ 'microsoft.security/assessments' "
    "| extend keyed = name in~ ('06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c', '1195afff-c881-495e-9bc5-1486211ae03f', "
    "'c0b7cfc6-3172-465a-b378-53c7ff2cc0d5', 'c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5', "
    "'ffff0522-1e88-47fc-8382-2a80ba848f5d'), code = tostring(properties.status.code) "
    "| where keyed or (code =~ 'Unhealthy' and properties.metadata.recommendationCategory =~ 'SoftwareUpdate') "
    "| extend key = iff(keyed, tolower(name), 'softwareupdate') "
    "| extend id = strcat(tostring(split(tolower(id), '/providers/microsoft.security/assessments/')[0]), "
    "'/providers/microsoft.security/assessments/', key) "
    "| extend displayName = iff(keyed, tostring(properties.displayName), 'Software updates should be installed') "
    "| extend cause = iff(keyed, tostring(properties.status.cause), '') "
    "| project id, type, name = key, displayName, code, cause "
    "| distinct id, type, name, displayName, code, cause | order by id asc"
)
PATCHES: Final = (
    "patchassessmentresources | where type =~ 'microsoft.compute/virtualmachines/patchassessmentresults' "
    "| project id, name, type, properties | order by id asc"
)
_TYPES: Final = (
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
_KEYS: Final = (
    "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c",
    "1195afff-c881-495e-9bc5-1486211ae03f",
    "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5",
    "c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5",
    "ffff0522-1e88-47fc-8382-2a80ba848f5d",
)
_VERSIONS: Final = ("2021-03-01", "2022-10-01")
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d*Z")
MOST: Final = 1000
WINDOW: Final = 5.0


class ResourceGraph:
    """Answers queries from a tenant's resources.

    ``page_size`` limits a page below what is asked for. ``quota`` is how many queries a window of five seconds of
    ``clock`` takes (None: any number). ``api_versions`` sets the version with which a type was read, by default its
    newest; None where Resource Graph does not say.
    """

    def __init__(self, tenant: Tenant, clock: Callable[[], float] = time.monotonic) -> None:
        self.tenant, self.clock = tenant, clock
        self.page_size = MOST
        self.quota: int | None = None
        self.api_versions: dict[str, str | None] = {}
        self._tables: dict[str, Callable[[str, str], list[dict[str, Any]]]] = {
            RESOURCES: self._resources,
            CONTAINERS: self._containers,
            PATCHES: self._patches,
            ASSESSMENTS: self._assessments,
        }
        self._tokens: dict[str, tuple[str, int]] = {}
        self._used = 0
        self._since: float | None = None

    def answer(self, request: Request, call: Call, client: str) -> Answer:
        """The answer to a query of an application."""
        headers = self._metered()
        if headers is None:
            answer = errors.throttled(call)
            return Answer(429, (*answer.headers, *self._told(0)), answer.body)
        if request.query.get("api-version") not in _VERSIONS:
            return errors.error(call, "NoRegisteredProviderFound", 400)
        asked = json.loads(request.body)
        table = self._tables.get(asked["query"])
        if table is None:
            return errors.error(call, "BadRequest", 400, "Query is invalid. Please refer to the documentation.")
        options = asked.get("options", {})
        (subscription,) = asked["subscriptions"]
        rows = table(client, subscription)
        start = 0
        if token := options.get("$skipToken"):
            query, start = self._tokens.get(token, ("", 0))
            if query != asked["query"]:
                return errors.error(call, "BadRequest", 400, "The skip token is of another query.")
        size = min(self.page_size, int(options.get("$top", MOST)), MOST)
        page = rows[start : start + size]
        more = start + size < len(rows)
        body: dict[str, Any] = {
            "totalRecords": len(rows),
            "count": len(page),
            "data": page,
            "facets": [],
            "resultTruncated": "true" if more else "false",
        }
        if more:
            body["$skipToken"] = f"token-{len(self._tokens)}"
            self._tokens[body["$skipToken"]] = (asked["query"], start + size)
        return errors.answered(body, 200, *headers)

    def _metered(self) -> tuple[tuple[str, str], ...] | None:
        """The headers that tell the quota; None where it is used up."""
        if self.quota is None:
            return self._told(14)
        if self._since is None or self.clock() - self._since >= WINDOW:
            self._used, self._since = 0, self.clock()
        if self._used >= self.quota:
            return None
        self._used += 1
        return self._told(self.quota - self._used)

    def _told(self, left: int) -> tuple[tuple[str, str], ...]:
        return (("x-ms-user-quota-remaining", str(left)), ("x-ms-user-quota-resets-after", "00:00:05"))

    def _resources(self, client: str, subscription: str) -> list[dict[str, Any]]:
        below = f"/subscriptions/{subscription.lower()}/"
        rows = [
            self._row(item)
            for item in self.tenant
            if item["id"].lower().startswith(below)
            and item["type"].lower() in _TYPES
            # Who may not read a type is shown none of it, and no error either.
            and self.tenant.grants(client, f"{item['type']}/read", subscription)
        ]
        return sorted(rows, key=lambda row: str(row["id"]))

    def _row(self, item: dict[str, Any]) -> dict[str, Any]:
        type_ = item["type"].lower()
        newest = (facts(type_) or {})["versions"][-1]
        version = self.api_versions.get(type_, newest)
        shown = as_of(item, version or newest)
        columns = ("location", "kind", "sku", "tags", "identity", "zones", "managedBy")
        return {
            "id": item["id"],
            "name": item["name"],
            "type": type_,
            # A column that a type has not is there all the same.
            **{name: shown.get(name, "" if name in ("location", "kind", "managedBy") else None) for name in columns},
            "apiVersion": version,
            "properties": _reformatted(shown["properties"]),
        }

    def _patches(self, client: str, subscription: str) -> list[dict[str, Any]]:
        """ "Overview of query logs in Azure Update Manager": an id ends with "latest", a name is a GUID."""
        below = f"/subscriptions/{subscription.lower()}/"
        type_ = "Microsoft.Compute/virtualMachines/patchAssessmentResults"
        rows = [
            {"id": item["id"], "name": item["name"], "type": type_.lower(), "properties": item["properties"]}
            for item in self.tenant
            if item["id"].lower().startswith(below)
            and item["type"].lower() == type_.lower()
            and self.tenant.grants(client, f"{type_}/read", subscription)
        ]
        return sorted(rows, key=lambda row: str(row["id"]))

    def _assessments(self, client: str, subscription: str) -> list[dict[str, Any]]:
        below = f"/subscriptions/{subscription.lower()}/"
        granted = self.tenant.grants(client, "Microsoft.Security/assessments/read", subscription)
        rows: dict[str, dict[str, Any]] = {}
        for item in self.tenant:
            if not (
                granted
                and item["type"] == "Microsoft.Security/assessments"
                and item["id"].lower().startswith(below)
                and (row := _assessed(item)) is not None
            ):
                continue
            rows[json.dumps(row)] = row
        return sorted(rows.values(), key=lambda row: str(row["id"]))

    def _containers(self, client: str, subscription: str) -> list[dict[str, Any]]:
        rows = []
        for row in self.tenant.subscriptions:
            if row["subscriptionId"].lower() != subscription.lower():
                continue
            chain = [{"name": name, "displayName": name} for name in row["managementGroups"]]
            rows.append(
                {
                    "id": f"/subscriptions/{row['subscriptionId']}",
                    "name": row["displayName"],
                    "type": "microsoft.resources/subscriptions",
                    "location": "",
                    "tags": row.get("tags"),
                    "properties": {"state": row["state"], "managementGroupAncestorsChain": chain},
                }
            )
        if self.tenant.grants(client, "Microsoft.Resources/subscriptions/resourceGroups/read", subscription):
            below = f"/subscriptions/{subscription.lower()}/"
            rows += [
                {
                    "id": item["id"],
                    "name": item["name"],
                    "type": "microsoft.resources/subscriptions/resourcegroups",
                    "location": item["location"],
                    "tags": item.get("tags"),
                    "properties": item["properties"],
                }
                for item in self.tenant
                if item["type"] == "Microsoft.Resources/resourceGroups" and item["id"].lower().startswith(below)
            ]
        return sorted(rows, key=lambda row: str(row["id"]))


def _assessed(item: dict[str, Any]) -> dict[str, Any] | None:
    """What becomes of an assessment, of which equal ones are one; None where it is left out."""
    said, keyed = item["properties"], item["name"].lower() in _KEYS
    code = said["status"].get("code", "")
    updates = str((said.get("metadata") or {}).get("recommendationCategory")).lower() == "softwareupdate"
    if not (keyed or (updates and code.lower() == "unhealthy")):
        return None
    key = item["name"].lower() if keyed else "softwareupdate"
    of, below, _ = item["id"].lower().partition("/providers/microsoft.security/assessments/")
    return {
        "id": f"{of}{below}{key}",
        "type": "microsoft.security/assessments",
        "name": key,
        "displayName": said.get("displayName", "") if keyed else "Software updates should be installed",
        "code": code,
        "cause": said["status"].get("cause", "") if keyed else "",
    }


def _reformatted(value: Any) -> Any:
    """Times are cut to milliseconds and padded, as the recordings show them beside Resource Manager's."""
    if isinstance(value, dict):
        return {key: _reformatted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_reformatted(item) for item in value]
    return _TIME.sub(r"\g<1>0000Z", value) if isinstance(value, str) else value
