"""Resource Graph learns of changes later: a critical failure is told on what Resource Manager itself says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import pytest

from engine.content.checks import load_checks
from engine.content.root import find
from engine.model import Snapshot
from engine.run.confirmation import CONFIRMED
from providers import declared
from tests.collectors.scan import compiled, scan, verdicts
from tests.emulators.azure.wire import AzureWire

ACCOUNT: Final = "Microsoft.Storage/storageAccounts"
GROUP: Final = "Microsoft.Network/networkSecurityGroups"
OPEN_BLOBS: Final = "azure.storage.blob_public_access_disabled"
OPEN_PORTS: Final = "azure.network.nsg_no_open_admin_ports"
RULE: Final = {
    "name": "ssh",
    "properties": {
        "direction": "Inbound",
        "access": "Allow",
        "priority": 100,
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
    },
}


def account(azure: AzureWire, name: str, **more: Any) -> str:
    known = {"supportsHttpsTrafficOnly": True, **more}
    return azure.tenant.add(ACCOUNT, name, known, sku={"name": "Standard_GRS"}, kind="StorageV2")


def properties(azure: AzureWire, id_: str) -> dict[str, Any]:
    found = azure.tenant.named(id_)
    assert found is not None
    held: dict[str, Any] = found["properties"]
    return held


@pytest.fixture
def lagging(azure: AzureWire, monkeypatch: pytest.MonkeyPatch) -> AzureWire:
    """From now on, Resource Graph hears of no change of two open accounts and an open group."""
    account(azure, "one", allowBlobPublicAccess=True)
    account(azure, "two", allowBlobPublicAccess=True)
    azure.tenant.add(GROUP, "group", {"securityRules": [RULE], "defaultSecurityRules": []})
    monkeypatch.setattr(azure.resource_graph, "tenant", deepcopy(azure.tenant))
    return azure


def told() -> tuple[Snapshot, dict[tuple[str, str], str]]:
    snapshot, findings = scan([OPEN_BLOBS, OPEN_PORTS])
    return snapshot, verdicts(findings)


def named(azure: AzureWire, name: str) -> str:
    (id_,) = [item["id"] for item in azure.tenant if item["name"] == name]
    return str(id_)


def test_a_critical_failure_is_told_by_what_the_service_says_now(lagging: AzureWire) -> None:
    properties(lagging, named(lagging, "one"))["allowBlobPublicAccess"] = False
    properties(lagging, named(lagging, "group"))["securityRules"] = []

    assert told()[1] == {(OPEN_BLOBS, "one"): "pass", (OPEN_BLOBS, "two"): "fail", (OPEN_PORTS, "group"): "pass"}


def test_a_resource_that_is_gone_is_dropped_and_the_ledger_says_so(lagging: AzureWire) -> None:
    lagging.tenant.resources[:] = [item for item in lagging.tenant if item["name"] != "one"]
    snapshot, found = told()

    assert found == {(OPEN_BLOBS, "two"): "fail", (OPEN_PORTS, "group"): "fail"}
    (row,) = [row for row in snapshot.ledger if row.reader == f"arm:{ACCOUNT}"]
    assert (row.planned, dict(row.outcomes)) == (2, {"gone": 1, "value": 1})


@pytest.mark.parametrize(
    ("kind", "reason"), [("server_error", "unavailable"), ("throttled", "throttled"), ("hollow", "malformed_response")]
)
def test_a_failure_that_cannot_be_confirmed_stays_one_and_the_ledger_says_why(
    lagging: AzureWire, kind: Any, reason: str
) -> None:
    properties(lagging, named(lagging, "one"))["allowBlobPublicAccess"] = False
    lagging.faults.add(kind, f"arm:{ACCOUNT}")
    snapshot, found = told()

    assert {found[OPEN_BLOBS, name] for name in ("one", "two")} == {"fail"}
    (row,) = [row for row in snapshot.ledger if row.reader == f"arm:{ACCOUNT}"]
    assert dict(row.outcomes) == {reason: 2}


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_whatever_an_index_tells_of_what_a_critical_check_reads_can_be_confirmed(provider: str) -> None:
    checks = load_checks(find(), []).values()
    ids = tuple(sorted(c.id for c in checks if c.provider == provider and c.severity in CONFIRMED))
    reads = [(type_, names) for check in compiled(ids) for type_, names in check.reads.items()]
    indexes = [
        reader for reader in declared(provider).readers if reader.name.startswith(("resourcegraph:", "cloudasset."))
    ]
    lacking = {
        (type_, reader.name)
        for type_, names in reads
        for reader in indexes
        if "+" not in reader.name
        and (type_ in reader.lists or names.intersection(reader.fills.get(type_, ())))
        and not any(type_ in other.fills for other in reader.confirmed_by)
    }
    assert ids
    assert lacking == set()
