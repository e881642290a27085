"""Azure Resource Manager: GET of a resource, of what lies below one, and of all of a type in a subscription.

"Azure Resource Manager RPC" (resource API reference: errors, paging, api-versions).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from tests.emulators.azure import errors
from tests.emulators.azure.facts import facts
from tests.emulators.azure.identify import type_of
from tests.emulators.azure.tenant import Tenant
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer

_ANYWHERE: Final = frozenset(
    {
        "microsoft.authorization/locks",
        "microsoft.authorization/policyassignments",
        "microsoft.authorization/roleassignments",
        "microsoft.authorization/roledefinitions",
        "microsoft.security/alerts",
    }
)
"""What is listed at a subscription wherever it was made, above or below: an id begins with the scope that it is of."""
_EVENTS: Final = ("microsoft.eventgrid/eventsubscriptions", "microsoft.eventgrid/locations/eventsubscriptions")
_READS: Final = ("x-ms-ratelimit-remaining-subscription-global-reads", "3749")


class Manager:
    """Answers from a tenant's resources, ``page_size`` items a page.

    ``withholds``: what the application may not list at a subscription is left out, without an error, as it was seen of
    role assignments (github.com/Azure/azure-sdk-for-python, issue 22873) and of machines (azure-sdk-for-go, 14110).
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.page_size = 100
        self.withholds = False

    def answer(self, request: Request, call: Call, client: str, base: str) -> Answer:
        """The answer to a request that bears a good token of an application."""
        if request.method != "GET":
            return errors.error(call, "MethodNotAllowed", 405)
        type_ = type_of(request.path)
        version = request.query.get("api-version")
        if version is None:
            return errors.error(call, "MissingApiVersionParameter", 400, "The api-version query parameter is required.")
        known = facts(type_)
        if known is None:
            return errors.error(call, "InvalidResourceType", 404, f"The resource type '{type_}' could not be found.")
        if version not in known["versions"]:
            listed = ", ".join(known["versions"])
            message = f"No registered resource provider found for API version '{version}' for type '{type_}'. "
            return errors.error(call, "NoRegisteredProviderFound", 400, f"{message}The supported are '{listed}'.")
        if request.path == "/tenants":
            tenant = self.tenant.data
            row = {"id": f"/tenants/{tenant['id']}", "tenantId": tenant["id"], "displayName": tenant["displayName"]}
            return self._paged([row], request, base)
        if request.path == "/subscriptions":
            seen = [self._subscription(row) for row in self.tenant.subscriptions if self._sees(client, row)]
            return self._paged(seen, request, base)
        if type_ == "Microsoft.Management/managementGroups/descendants":
            if not self.tenant.grants(client, f"{type_}/read"):
                return errors.denied(call, f"{type_}/read", request.path)
            return self._paged(self._descendants(request.path.split("/")[-2]), request, base)
        return self._below_subscription(request, call, client, base, type_)

    def _sees(self, client: str, row: dict[str, Any]) -> bool:
        return self.tenant.grants(client, "Microsoft.Resources/subscriptions/read", row["subscriptionId"])

    def _subscription(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{row['subscriptionId']}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": row["subscriptionId"],
            "tenantId": row.get("tenantId", self.tenant.data["id"]),
            "displayName": row["displayName"],
            "state": row["state"],
            "subscriptionPolicies": {"quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
            **({"tags": row["tags"]} if row.get("tags") else {}),
        }

    def _descendants(self, group: str) -> list[dict[str, Any]]:
        """The management groups and subscriptions below one, at any depth."""
        rows = [row for row in self.tenant.subscriptions if group in row["managementGroups"]]
        path = "/providers/Microsoft.Management/managementGroups"
        below = {name for row in rows for name in row["managementGroups"][: row["managementGroups"].index(group)]}
        return [
            *({"id": f"{path}/{name}", "type": path[11:], "name": name, "properties": {}} for name in sorted(below)),
            *(
                {
                    "id": f"/subscriptions/{row['subscriptionId']}",
                    "type": "/subscriptions",
                    "name": row["subscriptionId"],
                    "properties": {"displayName": row["displayName"], "parent": {"id": row["managementGroups"][0]}},
                }
                for row in rows
            ),
        ]

    def _below_subscription(self, request: Request, call: Call, client: str, base: str, type_: str) -> Answer:
        rows = {row["subscriptionId"].lower(): row for row in self.tenant.subscriptions}
        row = rows.get(call.region.lower())
        path = request.path.rstrip("/")
        if row is None:
            message = f"The subscription '{call.region}' could not be found."
            return errors.error(call, "SubscriptionNotFound", 404, message)
        if type_.lower() == "microsoft.authorization/permissions":
            return self._permissions(request, call, client, base, row)
        if not self.tenant.grants(client, f"{type_}/read", row["subscriptionId"]):
            if self.withholds and path.rpartition("/providers/")[0].count("/") == 2:
                return self._paged([], request, base)
            return errors.denied(call, f"{type_}/read", path)
        namespace = type_.partition("/")[0]
        if namespace.lower() in [name.lower() for name in row["unregistered"]]:
            message = (
                f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found"
            )
            return errors.error(call, "MissingSubscriptionRegistration", 409, message)
        if type_.lower() in _EVENTS:
            return self._paged([self._at(item, request) for item in self._subscribed(path)], request, base)
        found = self.tenant.named(path)
        if found is not None:
            return errors.answered(self._at(found, request), 200, _READS)
        if not _is_collection(path) or not self._holds(path):
            return errors.error(call, "ResourceNotFound", 404, self._not_found(path))
        items = [item for item in self._listed(path) if _filtered(item, request.query.get("$filter", ""))]
        return self._paged([self._at(item, request) for item in items], request, base)

    def _permissions(self, request: Request, call: Call, client: str, base: str, row: dict[str, Any]) -> Answer:
        app = self.tenant.application(client) or {}
        if not self.tenant.grants(client, "Microsoft.Authorization/permissions/read", row["subscriptionId"]):
            return errors.denied(call, "Microsoft.Authorization/permissions/read", request.path)
        entry = {"actions": app["actions"], "notActions": app["notActions"], "dataActions": [], "notDataActions": []}
        return self._paged([entry], request, base)

    def _holds(self, path: str) -> bool:
        """Whether what a collection lies below, or extends, is there."""
        scope, _, collection = path.rpartition("/providers/")
        parent = path.rpartition("/")[0] if collection.count("/") > 1 else scope
        return parent.count("/") == 2 or self.tenant.named(parent) is not None

    def _not_found(self, path: str) -> str:
        """Names the first of the path that is not there: the resource itself, or what would lie below it."""
        group, _, below = path.partition("/providers/")
        namespace, *rest = below.split("/")
        for end in range(2, len(rest) + 1, 2):
            named = "/".join([namespace, *rest[:end]])
            if self.tenant.named(f"{group}/providers/{named}") is None:
                break
        return f"The Resource '{named}' under resource group '{group.rpartition('/')[2]}' was not found."

    def _listed(self, path: str) -> list[dict[str, Any]]:
        """What lies right below a collection; at a subscription, also what lies so in any of its resource groups."""
        scope, _, collection = path.lower().rpartition("/providers/")
        parent, _, last = path.lower().rpartition("/")
        if last == "backupprotecteditems":
            # "Backup Protected Items - List": the items of all containers of a vault.
            return [
                item
                for item in self.tenant
                if item["id"].lower().startswith(f"{parent}/backupfabrics/")
                and "/protecteditems/" in item["id"].lower()
            ]
        if collection in _ANYWHERE and scope.count("/") == 2:
            return [item for item in self.tenant if item["type"].lower() == collection and self._around(item, scope)]
        near = [item for item in self.tenant if item["id"].lower().startswith(scope)]
        return [item for item in near if _collection(item["id"].lower(), scope, collection)]

    def _subscribed(self, path: str) -> list[dict[str, Any]]:
        """The event subscriptions of a location, by where their sources are; without one, those of global sources."""
        scope, _, below = path.lower().rpartition("/providers/")
        wanted = below.split("/")[2] if "/locations/" in below else "global"
        rows = []
        for item in self.tenant:
            source = self.tenant.named(item["id"].rpartition("/providers/")[0])
            if item["type"] == "Microsoft.EventGrid/eventSubscriptions" and item["id"].lower().startswith(scope):
                place = "global" if source is None else source["location"].replace(" ", "").lower()
                rows += [item] if place == wanted else []
        return rows

    def _around(self, item: dict[str, Any], subscription: str) -> bool:
        """Whether an item is of a scope above a subscription, of itself, or of one below it."""
        scope = item["id"].lower().rpartition("/providers/")[0]
        row = next(
            row for row in self.tenant.subscriptions if f"/subscriptions/{row['subscriptionId']}" == subscription
        )
        groups = [
            f"/providers/microsoft.management/managementgroups/{name}".lower() for name in row["managementGroups"]
        ]
        return scope in ("", subscription, *groups) or scope.startswith(f"{subscription}/")

    def _at(self, item: dict[str, Any], request: Request) -> dict[str, Any]:
        return as_of(item, request.query["api-version"])

    def _paged(self, items: list[dict[str, Any]], request: Request, base: str) -> Answer:
        start = int(request.query.get("$skiptoken", "0"))
        body: dict[str, Any] = {"value": items[start : start + self.page_size]}
        if start + self.page_size < len(items):
            version = request.query["api-version"]
            narrowed = f"&$filter={quote(request.query['$filter'])}" if "$filter" in request.query else ""
            body["nextLink"] = (
                f"{base}{request.path}?api-version={version}{narrowed}&$skiptoken={start + self.page_size}"
            )
        return errors.answered(body, 200, _READS)


def _is_collection(path: str) -> bool:
    """Whether a path ends with a type, not with a name."""
    return path.rpartition("/providers/")[2].count("/") % 2 == 1


def _collection(id_: str, scope: str, collection: str) -> bool:
    parent, _, _ = id_.rpartition("/")
    if parent == f"{scope}/providers/{collection}":
        return True
    return (
        scope.count("/") == 2
        and parent.startswith(f"{scope}/resourcegroups/")
        and parent.count("/providers/") == 1
        and parent.endswith(f"/providers/{collection}")
    )


def _filtered(item: dict[str, Any], condition: str) -> bool:
    """Whether an item meets an OData filter of equalities ("operation eq 'Restore' and status eq 'Completed'")."""
    wanted = dict(part.split(" eq ", 1) for part in condition.split(" and ") if part)
    return all(str(item["properties"].get(key.strip())) == value.strip().strip("'") for key, value in wanted.items())


def as_of(item: dict[str, Any], version: str) -> dict[str, Any]:
    """A resource as an api-version shows it: without the properties that later ones brought."""
    introduced = (facts(item["type"]) or {}).get("introduced", {})
    later = [path.split(".") for path, first in introduced.items() if version < first]
    shown: dict[str, Any] = _without(item, later)
    return shown


def _without(value: Any, paths: list[list[str]]) -> Any:
    if not paths or not isinstance(value, dict):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    return {
        key: _without(below, [path[1:] for path in paths if path[0] == key])
        for key, below in value.items()
        if key not in gone
    }
