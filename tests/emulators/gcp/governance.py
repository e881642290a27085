"""What stands over or beside resources: contacts, approvals, findings, activity, discovery, alerts; and datasets.

Written from the API references of each service; see :mod:`tests.emulators.gcp.apis`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tests.emulators.gcp.apis import paged, route, versioned
from tests.emulators.gcp.errors import Refused
from tests.emulators.gcp.services import aggregated, listing
from tests.emulators.gcp.world import World
from tests.emulators.identify import Request

_P: Final = "/projects/(?P<name>[^/]+)"


def _plain(host: str, path: str, permission: str, type_: str, key: str) -> None:
    route("GET", host, path, permission)(listing(type_, key))


def _missing(what: str) -> Refused:
    return Refused(404, "NOT_FOUND", "Requested entity was not found.", what)


# --- Cloud Monitoring, log metrics, Sensitive Data Protection, functions: plain listings ---

_plain(
    "monitoring",
    f"/v3{_P}/alertPolicies",
    "monitoring.alertPolicies.list",
    "monitoring.googleapis.com/AlertPolicy",
    "alertPolicies",
)
_plain(
    "monitoring",
    f"/v3{_P}/notificationChannels",
    "monitoring.notificationChannels.list",
    "monitoring.googleapis.com/NotificationChannel",
    "notificationChannels",
)
_plain("logging", f"/v2{_P}/metrics", "logging.logMetrics.list", "logging.googleapis.com/LogMetric", "metrics")
_plain(
    "dlp",
    f"/v2{_P}/locations/-/discoveryConfigs",
    "dlp.jobTriggers.list",
    "dlp.googleapis.com/DiscoveryConfig",
    "discoveryConfigs",
)
_plain(
    "dlp", f"/v2{_P}/locations/-/jobTriggers", "dlp.jobTriggers.list", "dlp.googleapis.com/JobTrigger", "jobTriggers"
)
_plain(
    "cloudfunctions",
    f"/v1{_P}/locations/-/functions",
    "cloudfunctions.functions.list",
    "cloudfunctions.googleapis.com/CloudFunction",
    "functions",
)
aggregated("firewallPolicies", "compute.googleapis.com/FirewallPolicy", "compute#networkFirewallPolicyAggregatedList")


@route("GET", "dlp", "/v2/(?P<name>organizations/[^/]+)/locations/-/discoveryConfigs", "dlp.jobTriggers.list")
def _organization_configs(world: World, asked: Request, name: str) -> Any:
    return paged(world, asked, world.organization.get("discovery", []), "discoveryConfigs")


# --- BigQuery (bigquery.googleapis.com/bigquery/v2): errors of the older form ---

DATASET: Final = "bigquery.googleapis.com/Dataset"


@route("GET", "bigquery", f"/bigquery/v2{_P}/datasets", "", legacy=True)
def _datasets(world: World, asked: Request, name: str) -> Any:
    # "Results are filtered to only include datasets on which the caller has the bigquery.datasets.get permission."
    shown = world.assets(name, DATASET) if world.grants("bigquery.datasets.get", name) else []
    kept = ("kind", "id", "datasetReference", "location", "labels")
    rows = [{k: v for k, v in entry["data"].items() if k in kept} for entry in shown]
    return {"kind": "bigquery#datasetList", "etag": "x=", **paged(world, asked, rows, "datasets", "maxResults")}


@route("GET", "bigquery", f"/bigquery/v2{_P}/datasets/(?P<id>[^/]+)", "bigquery.datasets.get", legacy=True)
def _dataset(world: World, asked: Request, name: str, id: str) -> Any:
    rows = (entry["data"] for entry in world.assets(name, DATASET))
    found = next((row for row in rows if row["datasetReference"]["datasetId"] == id), None)
    if found is None:
        raise _missing("notFound")
    return found


# --- Cloud Run (run.googleapis.com/v1): pages by "continue" ---

SERVICE: Final = "run.googleapis.com/Service"
FUNCTION: Final = "cloudfunctions.googleapis.com/CloudFunction"


@route("GET", "run", f"/v1{_P}/locations/-/services", "run.services.list")
def _services(world: World, asked: Request, name: str) -> Any:
    rows = [entry["data"] for entry in world.assets(name, SERVICE)]
    start = int(asked.query.get("continue") or 0)
    end = start + min(int(asked.query.get("limit") or 100), world.page or 100)
    metadata = {"continue": str(end)} if end < len(rows) else {}
    items = {"items": rows[start:end]} if rows else {}
    return {"apiVersion": "serving.knative.dev/v1", "kind": "ServiceList", "metadata": metadata, **items}


@route(
    "GET",
    "run",
    f"/v1{_P}/locations/(?P<place>[^/]+)/services/(?P<service>[^/:]+):getIamPolicy",
    "run.services.getIamPolicy",
)
def _service_policy(world: World, asked: Request, name: str, place: str, service: str) -> Any:
    found = next((e for e in world.assets(name, SERVICE) if e["data"]["metadata"]["name"] == service), None)
    if found is None:
        raise _missing("NOT_FOUND")
    return versioned({"etag": "ACAB", **found.get("iam", {})}, asked.query.get("options.requestedPolicyVersion", ""))


@route(
    "GET",
    "cloudfunctions",
    f"/v1{_P}/(?P<function>locations/[^/]+/functions/[^/:]+):getIamPolicy",
    "cloudfunctions.functions.getIamPolicy",
)
def _function_policy(world: World, asked: Request, name: str, function: str) -> Any:
    found = next((e for e in world.assets(name, FUNCTION) if e["data"]["name"].endswith(f"/{function}")), None)
    if found is None:
        raise _missing("NOT_FOUND")
    return versioned({"etag": "ACAB", **found.get("iam", {})}, asked.query.get("options.requestedPolicyVersion", ""))


# --- Essential Contacts (essentialcontacts.googleapis.com/v1) ---


@route(
    "GET",
    "essentialcontacts",
    "/v1/(?P<name>(?:projects|folders|organizations)/[^/]+)/contacts",
    "essentialcontacts.contacts.list",
)
def _contacts(world: World, asked: Request, name: str) -> Any:
    return paged(world, asked, _held(world, name, "contacts", "essentialcontacts.googleapis.com/Contact"), "contacts")


def _held(world: World, name: str, key: str, type_: str) -> Sequence[Any]:
    kind, _, id_ = name.partition("/")
    if kind == "projects":
        return [entry["data"] for entry in world.assets(id_, type_)]
    holder = world.organization if kind == "organizations" else next(row for row in world.folders if row["id"] == id_)
    rows: Sequence[Any] = holder.get(key, [])
    return rows


# --- Access Approval (accessapproval.googleapis.com/v1) ---


@route(
    "GET",
    "accessapproval",
    "/v1/(?P<name>(?:projects|organizations)/[^/]+)/accessApprovalSettings",
    "accessapproval.settings.get",
)
def _approval(world: World, asked: Request, name: str) -> Any:
    kind, _, id_ = name.partition("/")
    holder = world.organization if kind == "organizations" else world.project(id_) or {}
    if "accessApproval" not in holder:
        raise _missing("NOT_FOUND")
    above = kind == "projects" and bool(world.organization.get("accessApproval", {}).get("enrolledServices"))
    return {**holder["accessApproval"], **({"enrolledAncestor": True} if above else {})}


# --- Security Command Center (securitycenter.googleapis.com/v2) ---


@route("GET", "securitycenter", "/v2/(?P<name>(?:projects|organizations)/[^/]+)/sources", "securitycenter.sources.list")
def _sources(world: World, asked: Request, name: str) -> Any:
    return paged(world, asked, world.organization.get("sources", []), "sources", usual=10)


@route(
    "GET",
    "securitycenter",
    "/v2/(?P<name>(?:projects|organizations)/[^/]+)/sources/-/findings",
    "securitycenter.findings.list",
)
def _findings(world: World, asked: Request, name: str) -> Any:
    """Those that the one filter selects which is asked for."""
    wanted = 'state="ACTIVE" AND (severity="HIGH" OR severity="CRITICAL") AND NOT mute="MUTED"'
    if asked.query.get("filter") != wanted:
        raise Refused(400, "INVALID_ARGUMENT", "Invalid filter.", "invalid")
    project = world.project(name.partition("/")[2]) or {}
    own = f"//cloudresourcemanager.googleapis.com/projects/{project.get('number')}"
    rows = [
        row
        for row in world.organization.get("findings", [])
        if row["finding"]["state"] == "ACTIVE"
        and row["finding"]["severity"] in ("HIGH", "CRITICAL")
        and row["finding"].get("mute") != "MUTED"
        and (not project or own in (row["resource"].get("gcpMetadata", {}).get("project"), row["resource"]["name"]))
    ]
    page = paged(world, asked, rows, "listFindingsResults", usual=10)
    return {"readTime": "2026-11-23T12:00:00Z", "totalSize": len(rows), **page}


# --- Policy Analyzer (policyanalyzer.googleapis.com/v1) ---


@route(
    "GET",
    "policyanalyzer",
    f"/v1{_P}/locations/global/activityTypes/serviceAccountLastAuthentication/activities:query",
    "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
)
def _activities(world: World, asked: Request, name: str) -> Any:
    # The reference lists the permission on keys for this method as well.
    world.known.add("policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query")
    return paged(world, asked, (world.project(name) or {}).get("activities", []), "activities")


# --- Cloud Identity (cloudidentity.googleapis.com/v1) and the Admin SDK's directory (admin.googleapis.com) ---


@route("GET", "cloudresourcemanager", "/v3/(?P<name>organizations/[^/:]+)", "resourcemanager.organizations.get")
def _organization(world: World, asked: Request, name: str) -> Any:
    return {"name": name, "directoryCustomerId": "C01abcdef", "state": "ACTIVE"}


@route("GET", "cloudidentity", "/v1/groups:lookup", "workspace:groups.read")
def _lookup(world: World, asked: Request) -> Any:
    address = asked.query.get("groupKey.id", "")
    if address not in world.directory.get("groups", {}):
        # "(or it may not exist)": what is not there is denied.
        raise Refused(403, "PERMISSION_DENIED", "Error(2028): Permission denied for resource groups/x", "forbidden")
    return {"name": f"groups/{address.partition('@')[0]}"}


@route("GET", "cloudidentity", "/v1/groups/(?P<name>[^/]+)/memberships", "workspace:groups.read")
def _memberships(world: World, asked: Request, name: str) -> Any:
    """Kinds of members are told to who asks for all of it."""
    (rows,) = [rows for address, rows in world.directory["groups"].items() if address.partition("@")[0] == name]
    if asked.query.get("view") != "FULL":
        rows = [{"preferredMemberKey": row["preferredMemberKey"]} for row in rows]
    return paged(world, asked, rows, "memberships", most=500)


@route("GET", "admin", "/admin/directory/v1/users", "workspace:users.read", legacy=True, scope="admin.directory.user")
def _users(world: World, asked: Request) -> Any:
    if asked.query.get("customer") != "C01abcdef":
        raise Refused(404, "NOT_FOUND", "Resource Not Found: customer", "NOT_FOUND")
    return {
        "kind": "admin#directory#users",
        **paged(world, asked, world.directory["users"], "users", "maxResults", 100, 500),
    }
