"""Plans of azurerm become the resources of the live adapter: where they are, their ids, what belongs to what."""

from __future__ import annotations

from typing import Any

import pytest

from providers.base import Resource
from providers.terraform import NotAPlan, folded
from tests.plans import UNKNOWN, PlanBuilder, Ref, Secret

AT = "2026-11-26T00:00:00Z"
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
OTHER = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG"
IN = {"resource_group_name": "RG", "location": "West Europe"}
VAULT = "Microsoft.KeyVault/vaults"
NSG = "Microsoft.Network/networkSecurityGroups"
RULE = {
    **{"name": "in", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"},
    **{"source_port_range": "*", "destination_port_range": "22", "source_address_prefix": "*"},
    "destination_address_prefix": "*",
}


def after(plan: PlanBuilder, type_: str) -> list[Resource]:
    return [item for item in folded(plan.data(), AT).after if item.type == type_]


def seen(item: Resource, name: str) -> Any:
    """The property, or why it is unread."""
    return item.properties[name] if name in item.properties else item.unread[f"/{name}"].reason


def test_a_new_resource_has_the_id_that_follows_from_its_names() -> None:
    (vault,) = after(PlanBuilder(subscription=SUBSCRIPTION).create("azurerm_key_vault.v", name="KV", **IN), VAULT)
    assert (vault.id, vault.account, vault.region, vault.name) == (
        f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv",
        SUBSCRIPTION,
        "westeurope",
        "KV",
    )


def test_without_a_subscription_the_address_stands_for_a_new_resource() -> None:
    (vault,) = after(PlanBuilder().create("azurerm_key_vault.v", name="KV", **IN), VAULT)
    assert (vault.id, vault.account, vault.unread["/id"].reason, vault.unread["/account"].reason) == (
        "azurerm_key_vault.v",
        "unknown",
        "known_after_apply",
        "not_collected",
    )


def test_what_exists_tells_its_subscription_and_that_of_what_is_made_beside_it() -> None:
    plan = PlanBuilder().keep("azurerm_key_vault.v", id=f"{GROUP}/providers/{VAULT}/KV", name="KV", **IN)
    plan.create("azurerm_key_vault.w", name="new", **IN)
    assert {(item.name, item.account) for item in after(plan, VAULT)} == {("KV", SUBSCRIPTION), ("new", SUBSCRIPTION)}


def test_two_subscriptions_tell_nothing_of_a_third_resource() -> None:
    plan = PlanBuilder()
    for name, subscription in (("a", SUBSCRIPTION), ("b", OTHER)):
        id_ = f"/subscriptions/{subscription}/resourceGroups/RG/providers/{VAULT}/{name}"
        plan.keep(f"azurerm_key_vault.{name}", id=id_, name=name, **IN)
    plan.create("azurerm_key_vault.c", name="c", **IN)
    accounts = {item.name: item.account for item in after(plan, VAULT)}
    assert accounts == {"a": SUBSCRIPTION, "b": OTHER, "c": "unknown"}


def test_a_plan_of_the_type_by_another_provider_is_refused() -> None:
    plan = PlanBuilder().create("azurerm_key_vault.v", name="KV", **IN)
    plan.changes[0]["provider_name"] = "registry.terraform.io/hashicorp/aws"
    with pytest.raises(NotAPlan, match="its type is of azurerm"):
        folded(plan.data(), AT)


def rules(plan: PlanBuilder) -> dict[str, Any]:
    """By the group's id: the ports of its rules, None for one that is not told, or why no rule is."""
    found = {item.id: seen(item, "security_rules") for item in after(plan, NSG)}
    return {
        id_: rows if isinstance(rows, str) else sorted(str(rule.get("destination_ports")) for rule in rows)
        for id_, rows in found.items()
    }


def test_a_rule_belongs_to_the_group_of_its_name_in_its_resource_group() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION)
    for key, group in (("a", "one"), ("b", "two")):
        plan.create(f"azurerm_network_security_group.{key}", name="web", resource_group_name=group, location="x")
    plan.create("azurerm_network_security_rule.r", **RULE, network_security_group_name="WEB", resource_group_name="TWO")
    within = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
    assert rules(plan) == {
        f"{within}/one/providers/{NSG.lower()}/web": "known_after_apply",
        f"{within}/two/providers/{NSG.lower()}/web": ["['22']"],
    }


def test_rules_of_groups_elsewhere_are_not_mixed_up() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION)
    for key, group in (("a", "one"), ("b", "two")):
        plan.create(
            f"azurerm_network_security_rule.{key}", **RULE, network_security_group_name="web", resource_group_name=group
        )
    assert {id_.rpartition("/resourcegroups/")[2]: ports for id_, ports in rules(plan).items()} == {
        f"one/providers/{NSG.lower()}/web": ["None", "['22']"],
        f"two/providers/{NSG.lower()}/web": ["None", "['22']"],
    }


def test_an_existing_group_may_have_rules_that_the_plan_does_not_hold() -> None:
    plan = PlanBuilder().keep("azurerm_network_security_group.g", id=f"{GROUP}/providers/{NSG}/web", name="web", **IN)
    plan.changes[-1]["change"]["after"].pop("security_rule")
    (group,) = after(plan, NSG)
    assert seen(group, "security_rules") == "missing_attribute"


SERVER = "Microsoft.Sql/servers"
AUDIT = {"name": "audit", "log_analytics_workspace_id": "/x", "enabled_log": [{"category": "SQLSecurityAuditEvents"}]}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (f"{GROUP}/providers/{SERVER}/sql/databases/MASTER", ["audit"]),
        (f"{GROUP}/providers/{SERVER}/sql/databases/orders", []),
        (f"{GROUP}/providers/{SERVER}/sql", []),
        (f"{GROUP}/providers/{SERVER}/other/databases/master", []),
        (Ref("azurerm_mssql_server.s.id"), ["audit"]),
        (Ref("azurerm_lb.l.id"), []),
    ],
)
def test_the_settings_of_master_are_those_of_its_server(target: Any, expected: list[str]) -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION).create("azurerm_mssql_server.s", name="sql", **IN)
    plan.create("azurerm_lb.l", name="lb")
    plan.create("azurerm_monitor_diagnostic_setting.d", **AUDIT, target_resource_id=target)
    server = next(item for item in after(plan, SERVER) if item.name == "sql")
    assert [setting["name"] for setting in seen(server, "master_diagnostic_settings")] == expected


def test_the_setting_of_a_slot_is_none_of_its_site() -> None:
    site = f"{GROUP}/providers/Microsoft.Web/sites/web"
    plan = PlanBuilder().keep("azurerm_linux_web_app.w", id=site, name="web", **IN)
    plan.create("azurerm_monitor_diagnostic_setting.d", **AUDIT, target_resource_id=f"{site}/slots/next")
    (found,) = after(plan, "Microsoft.Web/sites")
    assert (found.id, seen(found, "diagnostic_settings")) == (site.lower(), "not_collected")


def test_a_setting_whose_target_is_not_known_may_be_of_any_vault() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION).create("azurerm_key_vault.v", name="kv", **IN)
    plan.create("azurerm_monitor_diagnostic_setting.d", **AUDIT, target_resource_id=Ref("local.vault"))
    (vault,) = after(plan, VAULT)
    assert seen(vault, "diagnostic_settings") == "ambiguous"


def test_a_parameter_whose_name_is_not_known_says_nothing_of_any() -> None:
    type_ = "Microsoft.DBforPostgreSQL/flexibleServers"
    plan = PlanBuilder(subscription=SUBSCRIPTION).create("azurerm_postgresql_flexible_server.s", name="db", **IN)
    plan.create(
        "azurerm_postgresql_flexible_server_configuration.c",
        name=UNKNOWN,
        value="on",
        server_id=Ref("azurerm_postgresql_flexible_server.s.id"),
    )
    (server,) = after(plan, type_)
    assert (server.properties["parameters"], {why.reason for why in server.unread.values()}) == (
        {},
        {"known_after_apply"},
    )


def test_what_is_sensitive_is_unread() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION).create(
        "azurerm_mssql_firewall_rule.r", server_id=f"{GROUP}/x", start_ip_address=Secret("10.0.0.1"), end_ip_address="x"
    )
    plan.create("azurerm_key_vault.v", name="kv", **IN, purge_protection_enabled=Secret(True))
    (vault,) = after(plan, VAULT)
    assert seen(vault, "purge_protection_enabled") == "sensitive"


def test_a_value_of_a_secret_is_in_no_resource() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION).create(
        "azurerm_key_vault_secret.s", name="s", key_vault_id=f"{GROUP}/providers/{VAULT}/KV", value="hunter2"
    )
    (secret,) = after(plan, f"{VAULT}/secrets")
    assert (secret.id, "hunter2" in repr(secret)) == (
        f"{GROUP.lower()}/providers/{VAULT.lower()}/kv/secrets/s",
        False,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"enable_https_traffic_only": False}, False),
        ({"https_traffic_only_enabled": True}, True),
        ({"https_traffic_only_enabled": UNKNOWN}, "known_after_apply"),
        ({}, "missing_attribute"),
    ],
)
def test_an_attribute_is_read_by_the_name_that_its_version_has(values: dict[str, Any], expected: Any) -> None:
    plan = PlanBuilder().create("azurerm_storage_account.a", name="a", **IN, **values)
    (account,) = after(plan, "Microsoft.Storage/storageAccounts")
    assert seen(account, "https_traffic_only") == expected


def test_plans_of_defender_that_a_plan_does_not_hold_are_not_collected() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION).create(
        "azurerm_security_center_subscription_pricing.k", resource_type="KeyVaults", tier="Free"
    )
    (subscription,) = after(plan, "Microsoft.Resources/subscriptions")
    rows = {row["name"]: row.get("pricing_tier") for row in seen(subscription, "defender_plans")}
    assert (subscription.id, rows["KeyVaults"], rows["Arm"], len(rows)) == (
        f"/subscriptions/{SUBSCRIPTION}",
        "Free",
        None,
        16,
    )


def test_a_machine_and_the_disk_that_it_starts_from_know_each_other() -> None:
    plan = PlanBuilder(subscription=SUBSCRIPTION).create(
        "azurerm_linux_virtual_machine.m", name="vm", **IN, os_disk=[{"id": UNKNOWN, "name": "os"}]
    )
    (machine,) = after(plan, "Microsoft.Compute/virtualMachines")
    (disk,) = after(plan, "Microsoft.Compute/disks")
    assert (machine.properties["os_disk_id"], disk.properties["managed_by"]) == (disk.id, machine.id)


def test_deleting_a_lock_is_deleting_a_control() -> None:
    plan = PlanBuilder().delete(
        "azurerm_management_lock.l",
        id=f"{GROUP}/providers/Microsoft.Authorization/locks/keep",
        name="keep",
        scope=GROUP,
        lock_level="CanNotDelete",
    )
    assert [(item.type, item.name) for item in folded(plan.data(), AT).deleted] == [
        ("Microsoft.Authorization/locks", "keep")
    ]
