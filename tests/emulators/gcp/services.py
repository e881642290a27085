"""Further services of Google: what their listings answer, written from their API references.

A listing that gives the resources of a project as the world holds them is a row of a table; what answers otherwise is a
function.
"""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.gcp.apis import ROUTES, Handler, apis, paged, route, versioned
from tests.emulators.gcp.errors import Refused
from tests.emulators.gcp.world import World
from tests.emulators.identify import Request

__all__ = ["ROUTES", "apis", "listing"]


def listing(type_: str, key: str, kind: str = "", size: str = "pageSize", most: int = 1000) -> Handler:
    """Answers with the resources of a type below ``key``; ``kind``: what the answer says it is."""

    def answer(world: World, asked: Request, name: str) -> Any:
        rows = [entry["data"] for entry in world.assets(name, type_)]
        return {**({"kind": kind} if kind else {}), **paged(world, asked, rows, key, size, most=most)}

    return answer


# --- Organization Policy (orgpolicy.googleapis.com/v2) ---

ORG_POLICY: Final = "orgpolicy.googleapis.com/Policy"


@route("GET", "orgpolicy", "/v2/(?P<name>(?:projects|folders|organizations)/[^/]+)/policies", "orgpolicy.policies.list")
def _org_policies(world: World, asked: Request, name: str) -> Any:
    kind, _, id_ = name.partition("/")
    if kind == "projects":
        rows = [entry["data"] for entry in world.assets(id_, ORG_POLICY)]
    elif kind == "folders":
        rows = next((row.get("policies", []) for row in world.folders if row["id"] == id_), [])
    else:
        rows = world.organization.get("policies", [])
    return paged(world, asked, rows, "policies")


# --- Compute Engine (compute.googleapis.com/compute/v1): errors of the older form ---


def aggregated(collection: str, type_: str, kind: str) -> None:
    """A listing over all zones and regions. Where there is nothing, a warning says so."""

    @route(
        "GET",
        "compute",
        f"/compute/v1/projects/(?P<name>[^/]+)/aggregated/{collection}",
        f"compute.{collection}.list",
        legacy=True,
    )
    def answer(world: World, asked: Request, name: str) -> Any:
        rows = [entry["data"] for entry in world.assets(name, type_)]
        page = paged(world, asked, rows, "items", "maxResults", 500, 500)
        nothing = {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for scope 'zones/us-east1-b'."}
        held: dict[str, Any] = {"zones/us-east1-b": {"warning": nothing}}
        for row in page.get("items", []):
            parts = row["selfLink"].partition("/projects/")[2].split("/")
            scope = "global" if parts[1] == "global" else "/".join(parts[1:3])
            held.setdefault(scope, {collection: []}).setdefault(collection, []).append(row)
        return {**page, "kind": kind, "id": f"projects/{name}/aggregated/{collection}", "items": held}


for _collection, _noun, _kind in (
    ("instances", "Instance", "instance"),
    ("instanceGroupManagers", "InstanceGroupManager", "instanceGroupManager"),
    ("disks", "Disk", "disk"),
    ("resourcePolicies", "ResourcePolicy", "resourcePolicy"),
    ("subnetworks", "Subnetwork", "subnetwork"),
    ("targetHttpsProxies", "TargetHttpsProxy", "targetHttpsProxy"),
    ("sslPolicies", "SslPolicy", "sslPolicy"),
    ("backendServices", "BackendService", "backendService"),
):
    aggregated(_collection, f"compute.googleapis.com/{_noun}", f"compute#{_kind}AggregatedList")

for _collection, _noun in (("networks", "Network"), ("snapshots", "Snapshot")):
    route(
        "GET",
        "compute",
        f"/compute/v1/projects/(?P<name>[^/]+)/global/{_collection}",
        f"compute.{_collection}.list",
        legacy=True,
    )(
        listing(
            f"compute.googleapis.com/{_noun}",
            "items",
            f"compute#{_noun.lower()}List",
            "maxResults",
            500,
        )
    )


@route("GET", "compute", "/compute/v1/projects/(?P<name>[^/]+)", "compute.projects.get", legacy=True)
def _compute_project(world: World, asked: Request, name: str) -> Any:
    rows = world.assets(name, "compute.googleapis.com/Project")
    return rows[0]["data"] if rows else {"kind": "compute#project", "name": name, "commonInstanceMetadata": {}}


# --- Cloud SQL (sqladmin.googleapis.com/v1) ---

SQL: Final = "sqladmin.googleapis.com/Instance"

route("GET", "sqladmin", "/v1/projects/(?P<name>[^/]+)/instances", "cloudsql.instances.list")(
    listing(SQL, "items", "sql#instancesList", "maxResults")
)


@route("GET", "sqladmin", "/v1/projects/(?P<name>[^/]+)/operations", "cloudsql.instances.get")
def _operations(world: World, asked: Request, name: str) -> Any:
    project = world.project(name) or {}
    rows = [row for row in project.get("sqlOperations", []) if row["targetId"] == asked.query.get("instance", "")]
    return {"kind": "sql#operationsList", **paged(world, asked, rows, "items", "maxResults")}


# --- services that list all of a project in one way: path, permission, type, key, kind and the size of a page ---

_P: Final = "/projects/(?P<name>[^/]+)"
_PLAIN: Final[tuple[tuple[str, str, str, str, str, str, str], ...]] = (
    ("pubsub", f"/v1{_P}/topics", "pubsub.topics.list", "pubsub.googleapis.com/Topic", "topics", "", "pageSize"),
    (
        "pubsub",
        f"/v1{_P}/subscriptions",
        "pubsub.subscriptions.list",
        "pubsub.googleapis.com/Subscription",
        "subscriptions",
        "",
        "pageSize",
    ),
    (
        "secretmanager",
        f"/v1{_P}/secrets",
        "secretmanager.secrets.list",
        "secretmanager.googleapis.com/Secret",
        "secrets",
        "",
        "pageSize",
    ),
    (
        "dns",
        f"/dns/v1{_P}/policies",
        "dns.policies.list",
        "dns.googleapis.com/Policy",
        "policies",
        "dns#policiesListResponse",
        "maxResults",
    ),
    (
        "dns",
        f"/dns/v1{_P}/managedZones",
        "dns.managedZones.list",
        "dns.googleapis.com/ManagedZone",
        "managedZones",
        "dns#managedZonesListResponse",
        "maxResults",
    ),
    (
        "serviceusage",
        f"/v1{_P}/services",
        "serviceusage.services.list",
        "serviceusage.googleapis.com/Service",
        "services",
        "",
        "pageSize",
    ),
    (
        "apikeys",
        f"/v2{_P}/locations/global/keys",
        "apikeys.keys.list",
        "apikeys.googleapis.com/Key",
        "keys",
        "",
        "pageSize",
    ),
    (
        "alloydb",
        f"/v1{_P}/locations/-/clusters",
        "alloydb.clusters.list",
        "alloydb.googleapis.com/Cluster",
        "clusters",
        "",
        "pageSize",
    ),
    (
        "clouddeploy",
        f"/v1{_P}/locations/-/deliveryPipelines",
        "clouddeploy.deliveryPipelines.list",
        "clouddeploy.googleapis.com/DeliveryPipeline",
        "deliveryPipelines",
        "",
        "pageSize",
    ),
    (
        "clouddeploy",
        f"/v1{_P}/locations/-/targets",
        "clouddeploy.targets.list",
        "clouddeploy.googleapis.com/Target",
        "targets",
        "",
        "pageSize",
    ),
)
for _host, _path, _permission, _type, _key, _kind, _size in _PLAIN:
    route("GET", _host, _path, _permission)(listing(_type, _key, _kind, _size))


@route("GET", "container", f"/v1{_P}/locations/-/clusters", "container.clusters.list")
def _clusters(world: World, asked: Request, name: str) -> Any:
    """All at once: this listing has no pages."""
    rows = [entry["data"] for entry in world.assets(name, "container.googleapis.com/Cluster")]
    return {"clusters": rows} if rows else {}


@route("GET", "binaryauthorization", f"/v1{_P}/policy", "binaryauthorization.policy.get")
def _admission(world: World, asked: Request, name: str) -> Any:
    rows = world.assets(name, "binaryauthorization.googleapis.com/Policy")
    if not rows:
        raise Refused(404, "NOT_FOUND", f"projects/{name}/policy was not found.", "NOT_FOUND")
    return rows[0]["data"]


def _of(world: World, name: str, type_: str) -> dict[str, Any]:
    """The asset with a relative name."""
    project = world.project(name.split("/")[1])
    own = name if project is None else name.replace(project["projectId"], project["number"], 1)
    found = next((e for e in world.assets(name.split("/")[1], type_) if e["data"]["name"] in (name, own)), None)
    if found is None:
        raise Refused(404, "NOT_FOUND", f"{name} was not found.", "NOT_FOUND")
    return found


@route("GET", "pubsub", "/v1/(?P<name>projects/.+/topics/[^/:]+):getIamPolicy", "pubsub.topics.getIamPolicy")
def _topic_policy(world: World, asked: Request, name: str) -> Any:
    policy = {"etag": "ACAB", **_of(world, name, "pubsub.googleapis.com/Topic").get("iam", {})}
    return versioned(policy, asked.query.get("options.requestedPolicyVersion", ""))


@route(
    "GET",
    "secretmanager",
    "/v1/(?P<name>projects/.+/secrets/[^/:]+):getIamPolicy",
    "secretmanager.secrets.getIamPolicy",
)
def _secret_policy(world: World, asked: Request, name: str) -> Any:
    policy = {"etag": "ACAB", **_of(world, name, "secretmanager.googleapis.com/Secret").get("iam", {})}
    return versioned(policy, asked.query.get("options.requestedPolicyVersion", ""))


# --- services that list place by place ---


@route("GET", "compute", f"/compute/v1{_P}/regions", "compute.regions.list", legacy=True)
def _regions(world: World, asked: Request, name: str) -> Any:
    rows = [{"kind": "compute#region", "name": id_} for id_ in ("europe-west1", "us-east1")]
    return {"kind": "compute#regionList", **paged(world, asked, rows, "items", "maxResults", 500, 500)}


@route("GET", "dataproc", f"/v1{_P}/regions/(?P<region>[^/]+)/clusters", "dataproc.clusters.list")
def _data_clusters(world: World, asked: Request, name: str, region: str) -> Any:
    rows = [
        entry["data"]
        for entry in world.assets(name, "dataproc.googleapis.com/Cluster")
        if region in entry["data"]["config"]["gceClusterConfig"]["zoneUri"]
    ]
    return paged(world, asked, rows, "clusters")


@route("GET", "artifactregistry", f"/v1{_P}/locations", "artifactregistry.locations.list")
def _registry_locations(world: World, asked: Request, name: str) -> Any:
    rows = [{"name": f"projects/{name}/locations/{id_}", "locationId": id_} for id_ in ("europe-west1", "us")]
    return paged(world, asked, rows, "locations")


@route(
    "GET",
    "artifactregistry",
    f"/v1{_P}/locations/(?P<place>[^/]+)/repositories",
    "artifactregistry.repositories.list",
)
def _repositories(world: World, asked: Request, name: str, place: str) -> Any:
    rows = [entry["data"] for entry in world.assets(name, "artifactregistry.googleapis.com/Repository")]
    here = [row for row in rows if f"/locations/{place}/" in row["name"]]
    return paged(world, asked, here, "repositories")


PROVIDER: Final = "iam.googleapis.com/WorkloadIdentityPoolProvider"
_POOLS: Final = f"/v1{_P}/locations/global/workloadIdentityPools"


@route("GET", "iam", _POOLS, "iam.googleapis.com/workloadIdentityPools.list")
def _pools(world: World, asked: Request, name: str) -> Any:
    names = dict.fromkeys(entry["data"]["name"].partition("/providers/")[0] for entry in world.assets(name, PROVIDER))
    rows = [{"name": pool, "state": "ACTIVE"} for pool in names]
    return paged(world, asked, rows, "workloadIdentityPools", usual=50)


@route(
    "GET",
    "iam",
    "/v1/projects/(?P<name>[^/]+)/locations/global/workloadIdentityPools/(?P<pool>[^/]+)/providers",
    "iam.googleapis.com/workloadIdentityPoolProviders.list",
)
def _providers(world: World, asked: Request, name: str, pool: str) -> Any:
    rows = [entry["data"] for entry in world.assets(name, PROVIDER)]
    here = [row for row in rows if f"/workloadIdentityPools/{pool}/" in row["name"]]
    return paged(world, asked, here, "workloadIdentityPoolProviders", usual=50)


# Routes of a module of their own, which takes from this one what a listing is.
from tests.emulators.gcp import governance  # noqa: E402, F401
