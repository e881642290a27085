"""Network security groups: every form of "any", by priority, through Resource Graph."""

from __future__ import annotations

from typing import Any

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.wire import AzureWire

GROUP = "Microsoft.Network/networkSecurityGroups"
ADMIN, DATA = CHECKS = ("azure.network.nsg_no_open_admin_ports", "azure.network.nsg_no_open_data_ports")


def rule(priority: int = 300, **properties: Any) -> dict[str, Any]:
    """A rule as the recordings show them: the fields that it does not use are empty, or not there."""
    return {
        "name": f"rule-{priority}",
        "type": f"{GROUP}/securityRules",
        "properties": {
            "provisioningState": "Succeeded",
            "protocol": "Tcp",
            "sourcePortRange": "*",
            "sourcePortRanges": [],
            "sourceAddressPrefix": "*",
            "sourceAddressPrefixes": [],
            "destinationAddressPrefix": "*",
            "destinationAddressPrefixes": [],
            "destinationPortRanges": [],
            "access": "Allow",
            "priority": priority,
            "direction": "Inbound",
            **properties,
        },
    }


def group(azure: AzureWire, name: str, *rules: dict[str, Any]) -> None:
    deny = rule(65500, access="Deny", protocol="*", destinationPortRange="*")
    azure.tenant.add(GROUP, name, {"securityRules": list(rules), "defaultSecurityRules": [deny]})


def test_groups_are_judged_by_what_they_let_in(azure: AzureWire) -> None:
    group(azure, "closed")
    group(azure, "ssh", rule(destinationPortRange="22"))
    group(azure, "database", rule(destinationPortRanges=["443", "5432-5440"]))
    group(azure, "all", rule(protocol="*", destinationPortRange="*", sourceAddressPrefix="Internet"))
    group(azure, "plural", rule(destinationPortRange="22", sourceAddressPrefix="", sourceAddressPrefixes=["::/0"]))
    group(azure, "web", rule(destinationPortRange="443", protocol="*"))
    group(azure, "inside", rule(destinationPortRange="*", sourceAddressPrefix="VirtualNetwork"))
    group(
        azure, "shut", rule(100, access="Deny", destinationPortRange="*", protocol="*"), rule(destinationPortRange="22")
    )
    _, findings = scan(CHECKS)
    found = verdicts(findings)
    names = ("closed", "ssh", "database", "all", "plural", "web", "inside", "shut")
    assert {name: (found[ADMIN, name], found[DATA, name]) for name in names} == {
        "closed": ("pass", "pass"),
        "ssh": ("fail", "pass"),
        "database": ("pass", "fail"),
        "all": ("fail", "fail"),
        "plural": ("fail", "pass"),
        "web": ("pass", "pass"),
        "inside": ("pass", "pass"),
        "shut": ("pass", "pass"),
    }


def test_a_rule_without_its_access_is_unknown_where_it_matters(azure: AzureWire) -> None:
    group(azure, "unsaid", rule(destinationPortRange="22"))
    azure.edit(
        "resourcegraph:resources",
        lambda body: body["data"][0]["properties"]["securityRules"][0]["properties"].pop("access"),
    )
    _, findings = scan(CHECKS)
    assert {f.check.id: f.verdict for f in findings} == {ADMIN: "unknown", DATA: "pass"}


def test_a_group_without_its_rules_is_unknown(azure: AzureWire) -> None:
    group(azure, "bare")
    azure.edit("resourcegraph:resources", lambda body: body["data"][0]["properties"].pop("securityRules"))
    _, findings = scan(CHECKS)
    assert {(f.check.id, f.verdict, f.reason) for f in findings} == {
        (check, "unknown", "missing_attribute") for check in CHECKS
    }
