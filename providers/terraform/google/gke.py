"""Google Kubernetes Engine: clusters and their node pools; Binary Authorization: which images a project admits.

Sources: provider documentation, google_container_cluster, google_container_node_pool,
google_binary_authorization_policy; Kubernetes Engine API reference, "clusters".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.gke import ADMISSION, CLUSTER
from providers.terraform.block import COMPUTED, Block
from providers.terraform.google.naming import labels, mapping
from providers.terraform.mapping import Attribute, Constant, Derived, Part, Setting, Split, Where

_DOC: Final = "provider documentation, google_container_cluster"
_GKE_DECIDES: Final = Unread("known_after_apply", detail="GKE decides")
_PRIVATE: Final = "private_cluster_config"
_ALLOWED: Final = "master_authorized_networks_config"
_POOL: Final = ("name", "auto_upgrade")


def _identity(block: Block, where: Where) -> Any:
    name, link = (block.get(key, None, computed=False) for key in ("name", "self_link"))
    if not isinstance(name, str) or not isinstance(link, str) or where.account is None or where.region is None:
        return None
    # Clusters of a zone are named by it (".../zones/europe-west1-b/..."), others by their location.
    kind = "zones" if where.region.count("-") == 2 else "locations"
    return f"//container.googleapis.com/projects/{where.account}/{kind}/{where.region}/clusters/{name}"


def _pool(row: Block) -> dict[str, Any]:
    return {"name": row.get("name", computed=False), "auto_upgrade": row.get("management.auto_upgrade", _GKE_DECIDES)}


def _pools(block: Block) -> Any:
    """The pools in the cluster's own block; without any it begins with one, unless that is removed."""
    rows = block.blocks("node_pool")
    if rows not in ([], COMPUTED):
        return rows if isinstance(rows, Unread) else [_pool(row) for row in rows]
    without = [block.get(name, False) for name in ("remove_default_node_pool", "enable_autopilot")]
    return [] if True in without else [{"name": "default-pool", "auto_upgrade": _GKE_DECIDES}]


def _by_name(pools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(pools, key=lambda pool: pool["name"] if isinstance(pool["name"], str) else "")


def _logging(block: Block) -> Any:
    if block.get("logging_service", None) == "none":
        return []
    return block.get("logging_config.enable_components", _GKE_DECIDES)


def _admission(block: Block) -> Any:
    mode = block.get("binary_authorization.evaluation_mode", None, optional=True)
    if mode:
        return mode
    older = block.get("binary_authorization.enabled", False, optional=True)
    return older if isinstance(older, Unread) else "PROJECT_SINGLETON_POLICY_ENFORCE" if older else None


def _restricted(block: Block) -> Any:
    rows = block.blocks(_ALLOWED)
    return False if rows is COMPUTED else rows if isinstance(rows, Unread) else bool(rows)


def _networks(block: Block) -> Any:
    held = block.block(_ALLOWED)
    if held in (None, COMPUTED) or isinstance(held, Unread):
        return [] if held in (None, COMPUTED) else held
    rows = held.blocks("cidr_blocks") if isinstance(held, Block) else []
    return rows if isinstance(rows, Unread) else [{"cidr": row.get("cidr_block")} for row in rows]


MAPPINGS: Final = (
    mapping(
        "container.googleapis.com",
        CLUSTER,
        "google_container_cluster",
        {
            "autopilot": Attribute("enable_autopilot", False, _DOC, optional=True),
            "workload_pool": Attribute(
                "workload_identity_config.workload_pool", None, convert=lambda pool: pool or None
            ),
            "release_channel": Attribute("release_channel.channel", _GKE_DECIDES, "GKE, 'Release channels'"),
            "legacy_abac": Attribute("enable_legacy_abac", False, _DOC),
            "logging_components": Derived(("logging_config.enable_components", "logging_service"), _logging),
            "admission": Derived(
                ("binary_authorization.evaluation_mode", "binary_authorization.enabled"),
                _admission,
                "API reference, BinaryAuthorization: without one nothing is judged",
            ),
            "node_pools": Split(
                [],
                "API reference, clusters",
                inline=Derived(("node_pool", "remove_default_node_pool", "enable_autopilot"), _pools),
                group=_by_name,
                element=_POOL,
            ),
            "private_nodes": Attribute(f"{_PRIVATE}.enable_private_nodes", False, _DOC),
            # The provider has no attribute for it, and private_nodes for the nodes of every pool that does not say.
            "default_private_nodes": Attribute(f"{_PRIVATE}.enable_private_nodes", False, _DOC),
            "private_endpoint": Attribute(f"{_PRIVATE}.enable_private_endpoint", False, _DOC),
            "public_endpoint": Constant(None, "provider source: it sets enable_private_endpoint, which says it"),
            "authorized_networks_enabled": Derived((_ALLOWED,), _restricted, "API reference: off where it is not set"),
            # What is not set, the API decides.
            "google_addresses_allowed": Attribute(f"{_ALLOWED}.gcp_public_cidrs_access_enabled", computed=False),
            "authorized_networks": Derived((f"{_ALLOWED}.cidr_blocks.cidr_block",), _networks),
            "tags": labels("resource_labels"),
        },
        keys=("id", "name", "self_link"),
        identity=_identity,
        parts=(
            Part(
                "google_container_node_pool",
                "cluster",
                {"node_pools": Derived(("name", "management.auto_upgrade"), lambda block: [_pool(block)])},
                same=("project", "location"),
            ),
        ),
    ),
)

SETTINGS: Final = (
    Setting(
        ADMISSION,
        "google_binary_authorization_policy",
        {
            "evaluation_mode": Attribute("default_admission_rule.evaluation_mode"),
            "enforcement_mode": Attribute("default_admission_rule.enforcement_mode"),
        },
        removed={"evaluation_mode": "ALWAYS_ALLOW", "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG"},
        source="provider documentation: deleting it sets the default policy again, which allows everything",
    ),
)
