"""Network security groups: every form of "any", by priority, through Resource Graph."""

from __future__ import annotations

from typing import Any

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.tenant import SUBSCRIPTION
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


# --- other ports, networks, gateways ---

NETWORK, FLOW_LOG = "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkWatchers/flowLogs"
GATEWAY = "Microsoft.Network/applicationGateways"
FIREWALL = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
HTTP, UDP = PLAIN = ("azure.network.nsg_no_open_http", "azure.network.nsg_no_open_udp")
SUBNETS, RECORDED, KEPT = (
    "azure.network.subnet_has_nsg",
    "azure.network.flow_logs_enabled",
    "azure.network.flow_log_retention",
)
WAF, PREVENTS = FIREWALLS = ("azure.network.waf_enabled", "azure.network.waf_prevents")


def test_plain_http_and_udp_are_found_by_protocol(azure: AzureWire) -> None:
    group(azure, "closed")
    group(azure, "http", rule(destinationPortRange="80"))
    group(azure, "dns", rule(destinationPortRange="53", protocol="Udp"))
    group(azure, "both", rule(destinationPortRanges=["79-81"], protocol="*"))
    group(azure, "unsaid", rule(destinationPortRange="80", protocol="*"))
    azure.edit(
        "resourcegraph:resources",
        lambda body: next(row for row in body["data"] if row["name"] == "unsaid")["properties"]["securityRules"][0][
            "properties"
        ].pop("access"),
    )
    found = verdicts(scan(PLAIN)[1])
    assert {name: (found[HTTP, name], found[UDP, name]) for name in ("closed", "http", "dns", "both", "unsaid")} == {
        "closed": ("pass", "pass"),
        "http": ("fail", "pass"),
        "dns": ("pass", "fail"),
        "both": ("fail", "fail"),
        "unsaid": ("unknown", "unknown"),
    }


def network(azure: AzureWire, name: str, **groups: str | None) -> str:
    below = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{NETWORK}/{name}/subnets"
    subnets = [
        {"id": f"{below}/{subnet}", "name": subnet, "properties": {"networkSecurityGroup": {"id": id_}} if id_ else {}}
        for subnet, id_ in groups.items()
    ]
    return azure.tenant.add(NETWORK, name, {"subnets": subnets})


def record(azure: AzureWire, target: str, **more: Any) -> None:
    known = {"targetResourceId": target, "enabled": True, "retentionPolicy": {"days": 365, "enabled": True}, **more}
    watcher = azure.tenant.add("Microsoft.Network/networkWatchers", "watcher", {})
    azure.tenant.add(FLOW_LOG, f"log{len(azure.tenant.resources)}", known, below=watcher, location="westeurope")


def test_networks_are_judged_by_their_subnets_and_flow_logs(azure: AzureWire) -> None:
    guarded = azure.tenant.add(GROUP, "guarded", {"securityRules": [], "defaultSecurityRules": []})
    record(azure, network(azure, "good", web=guarded.upper(), GatewaySubnet=None))
    network(azure, "bad", web=guarded, data=None)
    network(azure, "gateway", GatewaySubnet=None)
    network(azure, "grouped", web=guarded)
    record(azure, azure.tenant.add(GROUP, "other", {"securityRules": [], "defaultSecurityRules": []}))
    found = verdicts(scan((SUBNETS, RECORDED))[1])
    names = ("good", "bad", "gateway", "grouped")
    assert {name: (found[SUBNETS, name], found[RECORDED, name]) for name in names} == {
        "good": ("pass", "pass"),
        "bad": ("fail", "fail"),
        "gateway": ("not_applicable", "fail"),
        "grouped": ("pass", "fail"),
    }
    record(azure, guarded)
    assert verdicts(scan((RECORDED,))[1])[RECORDED, "grouped"] == "pass"


def test_networks_that_are_not_seen_are_unknown(azure: AzureWire) -> None:
    network(azure, "unseen", web=None)
    record(azure, "/x")
    azure.faults.add("denied", "resourcegraph:resources")
    assert {f.verdict for f in scan((SUBNETS, RECORDED, KEPT))[1]} == {"unknown"}


def test_flow_logs_pass_and_fail_by_how_long_they_keep(azure: AzureWire) -> None:
    record(azure, "/a")
    record(azure, "/b", retentionPolicy={"days": 0, "enabled": False})
    record(azure, "/c", retentionPolicy={"days": 30, "enabled": True})
    record(azure, "/d", enabled=False)
    record(azure, "/e", retentionPolicy=None)
    assert [f.verdict for f in sorted(scan((KEPT,))[1], key=lambda f: int(f.subject.name[3:]))] == [
        "pass",
        "pass",
        "fail",
        "not_applicable",
        "unknown",
    ]


def gateway(azure: AzureWire, name: str, public: bool = True, **properties: Any) -> None:
    address = {"publicIPAddress": {"id": "/subscriptions/s/ip"}} if public else {"privateIPAddress": "10.0.0.4"}
    known = {
        "sku": {"tier": "WAF_v2"},
        "frontendIPConfigurations": [{"name": "front", "properties": address}],
        **properties,
    }
    azure.tenant.add(GATEWAY, name, known)


def test_public_gateways_are_judged_by_their_web_firewall(azure: AzureWire) -> None:
    policies = {
        name: azure.tenant.add(FIREWALL, name, {"policySettings": {"state": state, "mode": mode}})
        for name, state, mode in (
            ("prevents", "Enabled", "Prevention"),
            ("detects", "Enabled", "Detection"),
            ("off", "Disabled", "Prevention"),
        )
    }
    own = {"enabled": True, "firewallMode": "Prevention"}
    gateway(azure, "own", webApplicationFirewallConfiguration=own)
    gateway(azure, "none")
    gateway(azure, "inside", public=False)
    for name, id_ in policies.items():
        gateway(azure, name, firewallPolicy={"id": id_.upper()}, webApplicationFirewallConfiguration=own)
    found = verdicts(scan(FIREWALLS)[1])
    names = ("own", "none", "inside", "prevents", "detects", "off")
    assert {name: (found[WAF, name], found[PREVENTS, name]) for name in names} == {
        "own": ("pass", "pass"),
        "none": ("fail", "not_applicable"),
        "inside": ("not_applicable", "not_applicable"),
        "prevents": ("pass", "pass"),
        "detects": ("pass", "fail"),
        "off": ("fail", "pass"),
    }


def test_gateways_whose_policies_are_withheld_are_unknown(azure: AzureWire) -> None:
    gateway(azure, "front", firewallPolicy={"id": azure.tenant.add(FIREWALL, "p", {})})
    azure.tenant.data["applications"][0]["notActions"] = [f"{FIREWALL}/read"]
    assert {f.verdict for f in scan(FIREWALLS)[1]} == {"unknown"}
