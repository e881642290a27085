"""Azure Kubernetes Service and Azure Container Registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always, ids, since
from providers.base import GLOBAL, ResourceType

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
REGISTRY: Final = "Microsoft.ContainerRegistry/registries"
TYPES: Final = (ResourceType(CLUSTER, GLOBAL), ResourceType(REGISTRY, GLOBAL))


def _addons(profiles: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The add-ons that are on, in lower case: the service spells their names in several ways."""
    return sorted(name.lower() for name, profile in profiles.items() if profile["enabled"])


CLUSTER_SHAPE: Final[Shape] = {
    "kubernetes_version": always("properties.kubernetesVersion"),
    "private_api_server": since("2019-10-01", "properties.apiServerAccessProfile.enablePrivateCluster"),
    "authorized_ip_ranges": since("2019-10-01", "properties.apiServerAccessProfile.authorizedIPRanges", []),
    "rbac_enabled": since("2018-03-31", "properties.enableRBAC"),
    "entra_managed": since("2020-04-01", "properties.aadProfile.managed"),
    "local_accounts_disabled": since("2021-05-01", "properties.disableLocalAccounts"),
    "addons": since("2018-03-31", "properties.addonProfiles", [], _addons),
    "upgrade_channel": since("2020-12-01", "properties.autoUpgradeProfile.upgradeChannel"),
}
REGISTRY_SHAPE: Final[Shape] = {
    "sku": always("sku.name"),
    "admin_user_enabled": always("properties.adminUserEnabled"),
    "anonymous_pull_enabled": since("2021-06-01", "properties.anonymousPullEnabled"),
    "public_network_access": since("2019-12-01", "properties.publicNetworkAccess"),
    "default_network_action": since("2019-05-01", "properties.networkRuleSet.defaultAction"),
    "allowed_ip_ranges": since(
        "2019-05-01", "properties.networkRuleSet.ipRules", [], lambda rules: [rule["value"] for rule in rules]
    ),
    "private_endpoint_connection_ids": since("2019-12-01", "properties.privateEndpointConnections", [], ids),
}

READERS: Final = (bulk(CLUSTER, CLUSTER_SHAPE), bulk(REGISTRY, REGISTRY_SHAPE))
