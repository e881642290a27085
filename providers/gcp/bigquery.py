"""BigQuery: datasets, their keys, how long they keep data, and who may use them.

A dataset has an access list and no policy of its own; the inventory gives that list as an allow policy. Read dataset by
dataset, the list becomes the same policy here.

Source: BigQuery API reference, "datasets" (access); BigQuery, "Basic roles and permissions" (what the old roles are).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Resource, ResourceType
from providers.gcp.assets import Item, own_principals, policy, resource
from providers.gcp.fields import Field, labels, read, text, whole
from providers.gcp.projects import TEST_PERMISSIONS

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

DATASET: Final = "bigquery.googleapis.com/Dataset"
TYPES: Final = (ResourceType(DATASET, GLOBAL),)
API: Final = "https://bigquery.googleapis.com/bigquery/v2/projects"
LIST: Final = "bigquery.datasets.list"
GET: Final = "bigquery.datasets.get"

_DATASET: Final[Mapping[str, Field]] = {
    "kms_key": Field("defaultEncryptionConfiguration.kmsKeyName", text, None),
    # 64 bits, in milliseconds; a dataset without a default has none.
    "table_expiration_ms": Field("defaultTableExpirationMs", whole, None),
    "partition_expiration_ms": Field("defaultPartitionExpirationMs", whole, None),
    "tags": Field("labels", labels, {}),
}
ROLES: Final[Mapping[str, str]] = {
    "OWNER": "roles/bigquery.dataOwner",
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
}
_GROUPS: Final[Mapping[str, str]] = {
    "projectEditors": "projectEditor",
    "projectOwners": "projectOwner",
    "projectReaders": "projectViewer",
}
_BY: Final[Mapping[str, str]] = {"domain": "domain", "groupByEmail": "group", "userByEmail": "user"}
SHARED: Final = frozenset({"dataset", "routine", "view"})
"""What an entry may name beside principals: views and routines that read the dataset for whoever may use them."""


def _dataset(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_DATASET, item), "name": item["datasetReference"]["datasetId"], "region": item["location"].lower()}


def _datasets(gcp: Caller) -> Iterator[Item]:
    url = f"{API}/{gcp.account}/datasets"
    # The listing has little more than names.
    # Hidden datasets too.
    hidden: dict[str, Any] = {"all": "true"}
    items = gcp.pages(LIST, url, "datasets", kind="bigquery#datasetList", limit="maxResults", size=1000, **hidden)
    ids = [item["datasetReference"]["datasetId"] for item in items]
    # "Results are filtered to only include datasets on which the caller has the bigquery.datasets.get permission."
    gcp.require(LIST, GET)
    for id_ in ids:
        yield f"//bigquery.googleapis.com/projects/{gcp.account}/datasets/{id_}", _get(gcp, id_)


def _get(gcp: Caller, id_: str) -> Mapping[str, Any]:
    """A dataset, got once for both its settings and its access."""
    url = f"{API}/{gcp.account}/datasets/{id_}"
    (answer,) = gcp.listed(f"bigquery dataset {id_}", lambda: [gcp.get(GET, url)])
    return answer


def _policy(gcp: Caller, dataset: Resource) -> Mapping[str, Any]:
    answer = _get(gcp, dataset.name)
    bindings: dict[str, list[str]] = {}
    for entry in answer.get("access", ()):
        if not entry.keys() & SHARED:
            role = entry["role"]
            bindings.setdefault(ROLES.get(role, role), []).append(member(gcp.account, entry))
    rows = [{"role": role, "members": members} for role, members in bindings.items()]
    return {"etag": answer["etag"], "bindings": rows}


def member(project: str, entry: Mapping[str, Any]) -> str:
    """The principal of an entry of the access list of a project's dataset, as allow policies name it."""
    if "iamMember" in entry:
        return str(entry["iamMember"])
    if "specialGroup" in entry:
        group = entry["specialGroup"]
        return f"{_GROUPS[group]}:{project}" if group in _GROUPS else str(group)
    (key,) = entry.keys() & _BY.keys()
    machine = key == "userByEmail" and entry[key].endswith(".gserviceaccount.com")
    return f"{'serviceAccount' if machine else _BY[key]}:{entry[key]}"


READERS: Final = (
    resource(
        DATASET,
        tuple(_DATASET),
        _dataset,
        operations=(LIST, TEST_PERMISSIONS, GET),
        items=_datasets,
        permissions=("bigquery.datasets.get",),
    ),
    policy(
        DATASET,
        ("principals",),
        own_principals,
        _policy,
        operation=f"{GET} access",
        permission="bigquery.datasets.get",
    ),
)
