"""BigQuery: datasets, their keys, how long they keep data, and who may use them.

Sources: provider documentation, google_bigquery_dataset, google_bigquery_dataset_access, google_bigquery_dataset_iam;
BigQuery API reference, "datasets".
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.bigquery import DATASET, ROLES, SHARED, member
from providers.gcp.kms import KEY
from providers.terraform.block import Block
from providers.terraform.google.iam_policies import ELEMENT, parts, together
from providers.terraform.google.naming import LABELS, NOT_TOLD, identity, mapping, project, text
from providers.terraform.mapping import Attribute, Derived, Part, Split

_HOST: Final = "bigquery.googleapis.com"
_BY: Final = {
    "domain": "domain",
    "group_by_email": "groupByEmail",
    "iam_member": "iamMember",
    "special_group": "specialGroup",
    "user_by_email": "userByEmail",
}
"""How an entry names whom it is about, with the API's names."""


def _on(block: Block) -> Any:
    name, own = block.get("dataset_id", computed=False), project(block)
    if isinstance(name, Unread):
        return name
    return NOT_TOLD if own is None else f"//{_HOST}/projects/{own}/datasets/{name}"


def _entries(block: Block) -> Any:
    rows = block.blocks("access")
    if isinstance(rows, Unread):
        return rows
    return [principal for row in rows for principal in _entry(row, block)]


def _entry(row: Block, dataset: Block) -> list[dict[str, Any]]:
    """The principal of an entry; none of one that lets views and routines read the dataset."""
    shared = [row.values.get(name) for name in sorted(SHARED)]
    named = {theirs: row.get(ours, None, optional=True) for ours, theirs in _BY.items()}
    who: Any = next((value for value in (*shared, *named.values()) if isinstance(value, Unread)), None)
    if who is None and any(shared):
        return []
    if who is None:
        own = project(dataset)
        given = {name: value for name, value in named.items() if value}
        who = NOT_TOLD if own is None and "specialGroup" in given else member(own or "", given)
    kind = who if isinstance(who, Unread) else who.partition(":")[0]
    role = row.get("role")
    condition: Any = row.block("condition", optional=True)
    if isinstance(condition, Block):
        condition = {"expression": condition.get("expression"), "title": condition.get("title", None)}
    grant = {
        "role": role if isinstance(role, Unread) else ROLES.get(role, role),
        "granted_on": _on(dataset),
        "condition": condition,
    }
    return [{"member": who, "kind": kind, "grants": [grant]}]


_SAID: Final = (*_BY, "role", "condition", *sorted(SHARED))

MAPPINGS: Final = (
    mapping(
        _HOST,
        DATASET,
        "google_bigquery_dataset",
        {
            "kms_key": Attribute("default_encryption_configuration.kms_key_name", None, names=KEY, convert=text),
            # The provider gives 0 for what is not set.
            "table_expiration_ms": Attribute("default_table_expiration_ms", None, convert=lambda value: value or None),
            "partition_expiration_ms": Attribute(
                "default_partition_expiration_ms", None, convert=lambda value: value or None
            ),
            "principals": Split(
                [],
                "API reference, datasets: what is new has its project's owners, editors and viewers, and its creator",
                inline=Derived(tuple(f"access.{name}" for name in _SAID), _entries),
                group=together,
                element=ELEMENT,
            ),
            "tags": LABELS,
        },
        keys=("id", "dataset_id", "self_link"),
        name=Attribute("dataset_id", None),
        identity=identity(_HOST, "datasets", "dataset_id"),
        parts=(
            Part(
                "google_bigquery_dataset_access",
                "dataset_id",
                {"principals": Derived(_SAID, lambda block: _entry(block, block))},
                same=("project",),
            ),
            *parts("google_bigquery_dataset", "dataset_id", _HOST, collection="datasets"),
        ),
    ),
)
