"""Azure checks that look at every resource of a type: judged by a plan of azurerm that is laid over what a run read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.model import Resource
from tests.planned import (
    AZURE,
    CONTENT,
    OF_AZURE,
    SUBSCRIPTION,
    Rows,
    held_by_azure,
    judged_alone,
    verdicts_over,
)
from tests.plans import UNKNOWN

Over = tuple[tuple[Resource, ...], Rows, Rows]
"""What a run read, and the plans over it that a check passes and fails."""

WHOLE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{WHOLE}/resourceGroups/RG"
ACTION = f"{GROUP}/providers/Microsoft.Insights/actionGroups/oncall"


def id_of(type_: str, name: str) -> str:
    """The id of a resource in the group, as Azure writes it."""
    return f"{GROUP}/providers/{type_}/{name}"


def there(type_: str, name: str, region: str = "westeurope", **properties: Any) -> Resource:
    """A resource of the group that a run read."""
    return held_by_azure(type_, id_of(type_, name).lower(), region, **properties)


def kept_or_deleted(live: tuple[Resource, ...], address: str, **values: Any) -> Over:
    """A plan that keeps what the run read, and one that deletes it."""
    return live, {f"keep {address}": values}, {f"delete {address}": values}


def alarmed(id_: str, type_: str, name: str, metric: str, **properties: Any) -> Over:
    """A resource that a run read, and the plan's alert on one of its metrics, which tells a group or nobody."""
    alert = {
        "name": "failed",
        "resource_group_name": "RG",
        "scopes": [id_of(type_, name)],
        "enabled": True,
        "criteria": [{"metric_name": metric}],
    }
    good = {"azurerm_monitor_metric_alert.a": {**alert, "action": [{"action_group_id": ACTION}]}}
    return (there(type_, name, **properties),), good, {"azurerm_monitor_metric_alert.a": {**alert, "action": []}}


def watched(id_: str) -> Over:
    """Alerts of the plan on each operation of a check, of the subscription, or of a group in it."""

    def plan(scope: str) -> Rows:
        return {
            f"azurerm_monitor_activity_log_alert.a{number}": {
                "name": f"a{number}",
                "resource_group_name": "RG",
                "location": "global",
                "enabled": True,
                "scopes": [scope],
                "criteria": [{"category": "Administrative", "operation_name": operation}],
                "action": [{"action_group_id": ACTION}],
            }
            for number, operation in enumerate(CONTENT.checks[id_].parameters["operations"].default)
        }

    return (
        (there("Microsoft.Redis/none", "x"),),
        plan(WHOLE.upper().replace("/SUBSCRIPTIONS", "/subscriptions")),
        plan(GROUP),
    )


def health() -> Over:
    alert = {
        "name": "health",
        "resource_group_name": "RG",
        "location": "global",
        "enabled": True,
        "scopes": [WHOLE],
        "action": [{"action_group_id": ACTION}],
    }

    def plan(category: str) -> Rows:
        criteria = [{"category": category, "service_health": [{"events": ["Incident"]}]}]
        return {"azurerm_monitor_activity_log_alert.h": {**alert, "criteria": criteria}}

    return (there("Microsoft.Redis/none", "x"),), plan("ServiceHealth"), plan("Administrative")


def assigned(id_: str, parameters: str | None = None) -> Over:
    definition = CONTENT.checks[id_].parameters["definitions"].default[0]
    live = (held_by_azure(OF_AZURE, WHOLE, "global", management_groups=["corp"]),)

    def plan(enforce: bool) -> Rows:
        return {
            "azurerm_management_group_policy_assignment.p": {
                "name": "baseline",
                "management_group_id": "/providers/Microsoft.Management/managementGroups/corp",
                "policy_definition_id": definition,
                "enforce": enforce,
                "parameters": parameters,
            }
        }

    return live, plan(True), plan(False)


def scaled() -> Over:
    type_ = "Microsoft.Compute/virtualMachineScaleSets"
    live = (there(type_, "web", zones=["1", "2"], encryption_at_host=False),)

    def plan(maximum: int) -> Rows:
        return {
            "azurerm_monitor_autoscale_setting.a": {
                "name": "load",
                "resource_group_name": "RG",
                "location": "westeurope",
                "enabled": True,
                "target_resource_id": id_of(type_, "web"),
                "profile": [{"name": "p", "capacity": [{"minimum": 1, "maximum": maximum}], "rule": [{}]}],
            }
        }

    return live, plan(3), plan(1)


def owners() -> Over:
    """Two people who own the subscription, of whom the plan's is kept or goes."""

    def assignment(name: str) -> Resource:
        return held_by_azure(
            "Microsoft.Authorization/roleAssignments",
            f"{WHOLE}/providers/microsoft.authorization/roleassignments/{name}",
            "global",
            role_id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            principal_id=name,
            principal_exists=True,
            scope_level="subscription",
            group_members=None,
        )

    return kept_or_deleted(
        (assignment("ana"), assignment("ben")),
        "azurerm_role_assignment.ana",
        id=f"{WHOLE}/providers/Microsoft.Authorization/roleAssignments/ana",
        name="ana",
        scope=WHOLE,
        role_definition_name="Owner",
        principal_id="ana",
        principal_type="User",
    )


_GROUP_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"
_NETWORK = "Microsoft.Network/virtualNetworks"
_LOG = "Microsoft.Network/networkWatchers/flowLogs"
_MACHINE = "Microsoft.Compute/virtualMachines"
_ITEM = "Microsoft.RecoveryServices/vaults/backupProtectedItems"
_ITEM_ID = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/x/protectedItems/vm"
_PURVIEW = "Microsoft.Purview/accounts"
_LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"

OVER: Mapping[str, Over] = {
    "azure.authorization.owners_limited": owners(),
    "azure.authorization.resource_locks": kept_or_deleted(
        (
            held_by_azure(_GROUP_TYPE, GROUP.lower(), tags={"criticality": "high"}),
            held_by_azure(
                "Microsoft.Authorization/locks", _LOCK.lower(), "global", level="CanNotDelete", scope=GROUP.lower()
            ),
        ),
        "azurerm_management_lock.l",
        id=_LOCK,
        name="keep",
        scope=GROUP,
        lock_level="CanNotDelete",
    ),
    "azure.compute.scale_set_scales": scaled(),
    "azure.datafactory.failure_alert": alarmed(
        "azure.datafactory.failure_alert", "Microsoft.DataFactory/factories", "etl", "PipelineFailedRuns"
    ),
    "azure.monitor.alert_network_changes": watched("azure.monitor.alert_network_changes"),
    "azure.monitor.alert_policy_and_security_changes": watched("azure.monitor.alert_policy_and_security_changes"),
    "azure.monitor.service_health_alert": health(),
    "azure.network.flow_logs_enabled": kept_or_deleted(
        (
            there(_NETWORK, "net", subnets=[]),
            held_by_azure(
                _LOG, f"{GROUP.lower()}/x/flowlogs/f", enabled=True, target_id=id_of(_NETWORK, "net").lower()
            ),
        ),
        "azurerm_network_watcher_flow_log.f",
        id=f"{GROUP}/x/flowLogs/f",
        name="f",
        location="westeurope",
        enabled=True,
        target_resource_id=id_of(_NETWORK, "net"),
    ),
    "azure.policy.baseline_assigned": assigned("azure.policy.baseline_assigned"),
    "azure.policy.locations_restricted": assigned(
        "azure.policy.locations_restricted", '{"listOfAllowedLocations": {"value": ["westeurope"]}}'
    ),
    "azure.purview.account_present": kept_or_deleted(
        (there(_PURVIEW, "catalogue", provisioning_state="Succeeded"),),
        "azurerm_purview_account.p",
        id=id_of(_PURVIEW, "catalogue"),
        name="catalogue",
        resource_group_name="RG",
        location="westeurope",
    ),
    "azure.recoveryservices.vm_protected": kept_or_deleted(
        (
            there(_MACHINE, "vm"),
            held_by_azure(
                _ITEM,
                _ITEM_ID.lower(),
                management_type="AzureIaasVM",
                source_resource_id=id_of(_MACHINE, "vm").lower(),
                protection_state="Protected",
                last_recovery_point_at="2026-11-25T22:00:00Z",
            ),
        ),
        "azurerm_backup_protected_vm.m",
        id=_ITEM_ID,
        source_vm_id=id_of(_MACHINE, "vm"),
        recovery_vault_name="v",
        protection_state="Protected",
    ),
    "azure.servicebus.dead_letter_alert": alarmed(
        "azure.servicebus.dead_letter_alert",
        "Microsoft.ServiceBus/namespaces",
        "bus",
        "DeadletteredMessages",
        queues=[{"name": "q", "dead_lettering_on_expiration": True, "max_delivery_count": 10}],
    ),
}

_SERVER = "Microsoft.Sql/servers"
_VAULT = "Microsoft.KeyVault/vaults"
_OPEN = {"name": "all", "start_ip_address": "0.0.0.0", "end_ip_address": "255.255.255.255"}
_SETTING = {
    "name": "audit",
    "target_resource_id": id_of(_VAULT, "kv"),
    "log_analytics_workspace_id": id_of("Microsoft.OperationalInsights/workspaces", "logs"),
    "enabled_log": [{"category_group": "allLogs"}],
}
_SENT = {
    "name": "audit",
    "storage_account_id": None,
    "workspace_id": "/x",
    "event_hub_authorization_rule_id": None,
    "marketplace_partner_id": None,
    "logs": [{"category": None, "category_group": "allLogs", "enabled": True}],
}
_KEPT_SERVER = {
    "keep azurerm_mssql_server.s": {
        "id": id_of(_SERVER, "sql"),
        "name": "sql",
        "resource_group_name": "RG",
        "location": "westeurope",
        "public_network_access_enabled": True,
    }
}
FURTHER: dict[str, tuple[str, tuple[Resource, ...], Rows, set[str]]] = {
    "a rule that the plan adds to a server is not lost behind those that the run read": (
        "azure.sql.no_open_firewall",
        (
            there(
                _SERVER,
                "sql",
                public_network_access="Enabled",
                firewall_ranges=["192.0.2.0/24"],
                ipv6_firewall_ranges=[],
            ),
        ),
        {**_KEPT_SERVER, "azurerm_mssql_firewall_rule.r": {"server_id": id_of(_SERVER, "sql"), **_OPEN}},
        {"unknown"},
    ),
    "a diagnostic setting that the plan deletes is not what the run read any more": (
        "azure.keyvault.logging_enabled",
        (there(_VAULT, "kv", diagnostic_settings=[_SENT]),),
        {
            "keep azurerm_key_vault.v": {
                "id": id_of(_VAULT, "kv"),
                "name": "kv",
                "resource_group_name": "RG",
                "location": "westeurope",
            },
            "delete azurerm_monitor_diagnostic_setting.s": _SETTING,
        },
        {"unknown", "fail"},
    ),
    "a vault that the plan leaves alone is as the run read it": (
        "azure.keyvault.logging_enabled",
        (there(_VAULT, "kv", diagnostic_settings=[_SENT]),),
        {
            "keep azurerm_key_vault.v": {
                "id": id_of(_VAULT, "kv"),
                "name": "kv",
                "resource_group_name": "RG",
                "location": "westeurope",
            },
        },
        {"pass"},
    ),
    "what an alert will tell is not known": (
        "azure.monitor.service_health_alert",
        (there("Microsoft.Redis/none", "x"),),
        {
            "azurerm_monitor_activity_log_alert.h": {
                "name": "health",
                "resource_group_name": "RG",
                "location": "global",
                "enabled": True,
                "scopes": [WHOLE],
                "criteria": [{"category": "ServiceHealth"}],
                "action": UNKNOWN,
            }
        },
        {"unknown"},
    ),
}


def test_these_checks_are_none_that_a_plan_alone_drives_to_both() -> None:
    assert set(OVER) & judged_alone() == {"azure.compute.scale_set_scales"}


@pytest.mark.parametrize("id_", sorted(OVER))
def test_a_pair_of_plans_over_a_run_drives_the_check_to_pass_and_to_fail(id_: str, tmp_path: Path) -> None:
    live, good, bad = OVER[id_]
    assert (verdicts_over(id_, live, good, tmp_path, AZURE), verdicts_over(id_, live, bad, tmp_path, AZURE)) == (
        {"pass"},
        {"fail"},
    )


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_over_a_run_is_not_taken_for_more_than_it_tells(name: str, tmp_path: Path) -> None:
    id_, live, rows, expected = FURTHER[name]
    found = verdicts_over(id_, live, rows, tmp_path, AZURE)
    assert found
    assert found <= expected
