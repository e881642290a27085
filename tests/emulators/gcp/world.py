"""An organization on Google Cloud as a plain data file describes it, and what Cloud Asset Inventory makes of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import yaml

from tests.emulators.emulator import Granting

HERE: Final = Path(__file__).parent
PROJECT: Final = "cloudresourcemanager.googleapis.com/Project"
REGIONAL: Final = {
    "compute.googleapis.com/Disk": "compute.googleapis.com/RegionDisk",
    "compute.googleapis.com/BackendService": "compute.googleapis.com/RegionBackendService",
}
"""What the inventory calls these where they lie in a region (Cloud Asset Inventory, "Asset types")."""


@dataclass(slots=True)
class World(Granting):
    """``organization``, ``folders`` and ``projects`` as in the file (``organization.yaml`` says how).

    ``page``: items on a page at most, whatever is asked for. ``off`` holds services that are not enabled, for all
    projects or for one ("storage.googleapis.com@web"). ``directory`` has the groups and users of Cloud Identity;
    ``delegated`` for whom service accounts may act. ``payer``: the project that pays for requests, and so is named
    where Cloud Asset Inventory is off. ``indexed`` is what Cloud Asset Inventory knows, where it has not heard of all
    that changed since.
    """

    organization: dict[str, Any]
    folders: list[dict[str, Any]]
    projects: dict[str, dict[str, Any]]
    page: int | None = None
    off: set[str] = field(default_factory=set)
    payer: str = ""
    directory: dict[str, Any] = field(default_factory=dict)
    delegated: set[str] = field(default_factory=set)
    indexed: World | None = None

    def lag(self) -> None:
        """From now on, the inventory hears of no change."""
        self.indexed = deepcopy(self)

    def project(self, id_: str) -> dict[str, Any] | None:
        """A project by its id or its number."""
        return next((row for row in self.projects.values() if id_ in (row["projectId"], row["number"])), None)

    def above(self, row: Mapping[str, Any]) -> list[str]:
        """The names of the folders and the organization above a project or a folder, the nearest first."""
        parent = row.get("parent", "")
        folder = next((one for one in self.folders if f"folders/{one['id']}" == parent), None)
        return [parent, *(self.above(folder) if folder else [])] if parent else []

    def assets(self, project: str, type_: str) -> list[dict[str, Any]]:
        """The assets of a type in a project: dicts with ``data`` and maybe ``iam``."""
        found = self.project(project)
        listed: list[dict[str, Any]] = found.get("assets", {}).get(type_, []) if found else []
        return listed

    def add(self, project: str, type_: str, data: Mapping[str, Any], iam: Mapping[str, Any] | None = None) -> None:
        entry = {"data": dict(data), **({"iam": dict(iam)} if iam is not None else {})}
        self.projects[project].setdefault("assets", {}).setdefault(type_, []).append(entry)

    def policy(self, name: str) -> Mapping[str, Any] | None:
        """The IAM policy of an organization, a folder or a project; None where there is no such thing."""
        kind, _, id_ = name.partition("/")
        if kind == "organizations":
            found: Any = self.organization if id_ == self.organization["id"] else None
        elif kind == "folders":
            found = next((row for row in self.folders if row["id"] == id_), None)
        else:
            found = self.project(id_)
        return None if found is None else {"version": 3, "etag": "BwY=", **found.get("iam", {})}

    def inventory(self, parent: str, content: str) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
        """Every asset of a project ("projects/web") or of all below a folder: its type, and what makes it.

        As ListAssets gives it; made only for the page that is shown.
        """
        if self.indexed is not None:
            yield from self.indexed.inventory(parent, content)
            return
        if parent.startswith("folders/"):
            for row in self.projects.values():
                if parent in self.above(row):
                    yield from self.inventory(f"projects/{row['projectId']}", content)
            return
        row = self.project(parent.partition("/")[2])
        assert row is not None
        if content == "IAM_POLICY":
            yield PROJECT, partial(_own_policy, row)
        for type_, entries in row.get("assets", {}).items():
            for entry in entries:
                name = asset_name(type_, row, entry["data"])
                kind = REGIONAL.get(type_, type_) if "/regions/" in name else type_
                if content == "RESOURCE":
                    yield kind, partial(_resource, kind, name, row["number"], entry["data"])
                elif entry.get("iam"):
                    yield kind, partial(_asset, kind, name, row["number"], iamPolicy=entry["iam"])


def _own_policy(row: Mapping[str, Any]) -> dict[str, Any]:
    number = row["number"]
    return _asset(PROJECT, f"//cloudresourcemanager.googleapis.com/projects/{number}", number, iamPolicy=row["iam"])


def _resource(kind: str, name: str, number: str, held: Mapping[str, Any]) -> dict[str, Any]:
    data = deepcopy(dict(held))
    if kind == "storage.googleapis.com/Bucket":
        # As recorded: the keys are there and empty, whatever the ACLs are.
        data |= {"acl": [], "defaultObjectAcl": []}
    return _asset(kind, name, number, resource={"version": "v1", "data": data})


def _asset(type_: str, name: str, number: str, **content: Any) -> dict[str, Any]:
    return {
        "name": name,
        "assetType": type_,
        **content,
        "ancestors": [f"projects/{number}", "organizations/123456789012"],
        "updateTime": "2026-11-20T00:00:00Z",
    }


def asset_name(type_: str, project: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """The full resource name that the inventory gives an asset (Cloud Asset Inventory, "Asset names")."""
    host, kind = type_.split("/")
    id_, number = project["projectId"], project["number"]
    if kind == "Bucket":
        return f"//{host}/{data['name']}"
    if host == "dns.googleapis.com":
        return f"//{host}/projects/{number}/{'policies' if kind == 'Policy' else 'managedZones'}/{data['id']}"
    if host == "container.googleapis.com":
        return f"//{host}/projects/" + data["selfLink"].partition("/projects/")[2]
    if host == "dataproc.googleapis.com":
        region = data["config"]["gceClusterConfig"]["zoneUri"].rpartition("-")[0]
        return f"//{host}/projects/{id_}/regions/{region}/clusters/{data['clusterName']}"
    if type_ == "compute.googleapis.com/Project":
        return f"//{host}/projects/{id_}"
    if host == "sqladmin.googleapis.com":
        return f"//cloudsql.googleapis.com/projects/{id_}/instances/{data['name']}"
    if host == "compute.googleapis.com":
        return f"//{host}/projects/" + data["selfLink"].partition("/projects/")[2]
    if kind == "ServiceAccount":
        return f"//{host}/projects/{id_}/serviceAccounts/{data['uniqueId']}"
    if kind == "ServiceAccountKey":
        _, _, _, email, _, key = data["name"].split("/")
        accounts = project["assets"]["iam.googleapis.com/ServiceAccount"]
        unique = next(row["data"]["uniqueId"] for row in accounts if row["data"]["email"] == email)
        return f"//{host}/projects/{id_}/serviceAccounts/{unique}/keys/{key}"
    if kind == "LogSink":
        return f"//{host}/projects/{number}/sinks/{data['name']}"
    if kind == "LogMetric":
        return f"//{host}/projects/{number}/metrics/{data['name']}"
    if kind == "Dataset":
        return f"//{host}/projects/{id_}/datasets/{data['datasetReference']['datasetId']}"
    if host == "run.googleapis.com":
        place = data["metadata"]["labels"]["cloud.googleapis.com/location"]
        return f"//{host}/projects/{id_}/locations/{place}/services/{data['metadata']['name']}"
    return f"//{host}/{data['name']}"


def world(path: Path = HERE / "organization.yaml") -> World:
    """The organization that a file describes."""
    read = pickle.loads(_read(path))
    projects = {row["projectId"]: row for row in read["projects"]}
    return World(read["organization"], read["folders"], projects, directory=read["directory"])


@cache
def _read(path: Path) -> bytes:
    """What the file describes, pickled: unpickled it is a world of its own, in a tenth of the time of a copy."""
    return pickle.dumps(yaml.safe_load(path.read_text()))


def large(projects: int, assets: int) -> World:
    """An organization of so many projects, ten a folder, that share so many buckets evenly."""
    folders = [
        {"id": str(1000 + n), "parent": "organizations/123456789012", "displayName": f"Folder {n}"}
        for n in range(-(-projects // 10))
    ]
    rows = {}
    users = [{"primaryEmail": "ada@example.com", "isEnrolledIn2Sv": True, "isEnforcedIn2Sv": True, "suspended": False}]
    directory = {"groups": {}, "users": users}
    above = {"id": "123456789012", "displayName": "example.com", "iam": {}}
    made = World(above, folders, rows, directory=directory)
    for n in range(projects):
        id_ = f"project-{n:03}"
        rows[id_] = {
            "projectId": id_,
            "number": str(70000000000 + n),
            "parent": f"folders/{1000 + n // 10}",
            "displayName": id_,
            "iam": {"bindings": [{"role": "roles/viewer", "members": ["user:ada@example.com"]}]},
        }
        for k in range(n, assets, projects):
            name = f"bucket-{k:06}"
            uniform = {
                "uniformBucketLevelAccess": {"enabled": True},
                "publicAccessPrevention": "enforced" if k % 7 else "inherited",
            }
            made.add(
                id_,
                "storage.googleapis.com/Bucket",
                {"kind": "storage#bucket", "name": name, "location": "EU", "iamConfiguration": uniform},
                {"bindings": [{"role": "roles/storage.admin", "members": ["user:ada@example.com"]}]},
            )
    return made
