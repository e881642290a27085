"""Further services of Google: what their listings answer, written from their API references.

A listing that gives the resources of a project as the world holds them is a row of a table; what answers otherwise is a
function.
"""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.gcp.apis import ROUTES, Handler, apis, paged, route
from tests.emulators.gcp.wire import Asked
from tests.emulators.gcp.world import World

__all__ = ["ROUTES", "apis", "listing"]


def listing(type_: str, key: str, kind: str = "", size: str = "pageSize", most: int = 1000) -> Handler:
    """Answers with the resources of a type below ``key``; ``kind``: what the answer says it is."""

    def answer(world: World, asked: Asked, name: str) -> Any:
        rows = [entry["data"] for entry in world.assets(name, type_)]
        return {**({"kind": kind} if kind else {}), **paged(world, asked, rows, key, size, most=most)}

    return answer


# --- Organization Policy (orgpolicy.googleapis.com/v2) ---

ORG_POLICY: Final = "orgpolicy.googleapis.com/Policy"


@route("GET", "orgpolicy", "/v2/(?P<name>(?:projects|folders|organizations)/[^/]+)/policies", "orgpolicy.policies.list")
def _org_policies(world: World, asked: Asked, name: str) -> Any:
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
    def answer(world: World, asked: Asked, name: str) -> Any:
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
def _compute_project(world: World, asked: Asked, name: str) -> Any:
    rows = world.assets(name, "compute.googleapis.com/Project")
    return rows[0]["data"] if rows else {"kind": "compute#project", "name": name, "commonInstanceMetadata": {}}


# --- Cloud SQL (sqladmin.googleapis.com/v1) ---

SQL: Final = "sqladmin.googleapis.com/Instance"

route("GET", "sqladmin", "/v1/projects/(?P<name>[^/]+)/instances", "cloudsql.instances.list")(
    listing(SQL, "items", "sql#instancesList", "maxResults")
)


@route("GET", "sqladmin", "/v1/projects/(?P<name>[^/]+)/operations", "cloudsql.instances.get")
def _operations(world: World, asked: Asked, name: str) -> Any:
    project = world.project(name) or {}
    rows = [row for row in project.get("sqlOperations", []) if row["targetId"] == asked.one("instance")]
    return {"kind": "sql#operationsList", **paged(world, asked, rows, "items", "maxResults")}
