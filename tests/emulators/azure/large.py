"""A tenant of many subscriptions that share many resources evenly."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from tests.emulators.azure.tenant import SUBSCRIPTION, Tenant, subscription

_SQL: Final = "Microsoft.Sql/servers"
_STORAGE: Final = "Microsoft.Storage/storageAccounts"
_VAULT: Final = "Microsoft.KeyVault/vaults"
_SPECIAL: Final = 20
"""Of the resources of a subscription, how many there are of those that have something below them to be asked for."""


def fill(tenant: Tenant, subscriptions: int, resources: int) -> None:
    """Add subscriptions to a tenant that has one, and so many resources of what Resource Graph lists."""
    ids = [SUBSCRIPTION, *(f"5ab5c21a-0000-4000-8000-{number:012}" for number in range(2, subscriptions + 1))]
    tenant.subscriptions.extend(subscription(id_, f"Subscription {id_[-2:]}") for id_ in ids[1:])
    for number, id_ in enumerate(ids):
        for place in islice(range(resources), number, None, subscriptions):
            _add(tenant, id_, place // subscriptions)


def _add(tenant: Tenant, to: str, number: int) -> None:
    kinds = _PLAIN if number >= _SPECIAL else _WITH_CHILDREN
    kinds[number % len(kinds)](tenant, to, f"r{number:05}")


def _account(tenant: Tenant, to: str, name: str) -> None:
    known = {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2", "allowBlobPublicAccess": False}
    more: dict[str, Any] = {"sku": {"name": "Standard_ZRS"}, "kind": "StorageV2"}
    account = tenant.add(_STORAGE, name, known, subscription=to, **more)
    policy = {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
    service = tenant.add(f"{_STORAGE}/blobServices", "default", policy, below=account)
    tenant.add(f"{_STORAGE}/managementPolicies", "default", {"policy": {"rules": []}}, below=account)
    tenant.add(f"{_STORAGE}/blobServices/containers", "files", {"publicAccess": "None"}, below=service)


def _vault(tenant: Tenant, to: str, name: str) -> None:
    vault = tenant.add(_VAULT, name, {"enableSoftDelete": True, "enablePurgeProtection": True}, subscription=to)
    for kind in ("keys", "secrets"):
        tenant.add(f"{_VAULT}/{kind}", "one", {"attributes": {"enabled": True, "exp": 1893456000}}, below=vault)


def _server(tenant: Tenant, to: str, name: str) -> None:
    server = tenant.add(_SQL, name, {"minimalTlsVersion": "1.2", "publicNetworkAccess": "Disabled"}, subscription=to)
    audit = {"state": "Enabled", "storageEndpoint": "", "retentionDays": 0, "isAzureMonitorTargetEnabled": True}
    below: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("auditingSettings", "default", audit),
        ("encryptionProtector", "current", {"serverKeyType": "ServiceManaged"}),
        ("databases", "master", {}),
    )
    for type_, child, known in below:
        more = {"location": "westeurope", "kind": "v12.0,system"} if child == "master" else {}
        tenant.add(f"{_SQL}/{type_}", child, known, below=server, **more)


def _group(tenant: Tenant, to: str, name: str) -> None:
    known = {"securityRules": [], "defaultSecurityRules": []}
    tenant.add("Microsoft.Network/networkSecurityGroups", name, known, subscription=to)


def _network(tenant: Tenant, to: str, name: str) -> None:
    tenant.add("Microsoft.Network/virtualNetworks", name, {"subnets": []}, subscription=to)


def _disk(tenant: Tenant, to: str, name: str) -> None:
    encrypted = {"encryption": {"type": "EncryptionAtRestWithPlatformKey"}, "diskState": "Unattached"}
    tenant.add("Microsoft.Compute/disks", name, encrypted, subscription=to)


def _machine(tenant: Tenant, to: str, name: str) -> None:
    profile = {"linuxConfiguration": {"disablePasswordAuthentication": True}}
    known = {"storageProfile": {"osDisk": {"osType": "Linux"}}, "osProfile": profile}
    tenant.add("Microsoft.Compute/virtualMachines", name, known, subscription=to, zones=["1"])


_Adding = Callable[[Tenant, str, str], None]
_WITH_CHILDREN: Final[tuple[_Adding, ...]] = (_account, _vault, _account, _server)
_PLAIN: Final[tuple[_Adding, ...]] = (_group, _network, _disk, _machine)
