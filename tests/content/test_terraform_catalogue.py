"""Every check that the catalogue of facts calls judgeable on a plan is driven by plans, or it is said why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from providers.terraform import aws, azurerm, github, google
from tests.planned import CONTENT
from tests.unit import (
    test_azurerm_verdicts,
    test_azurerm_verdicts_over_runs,
    test_terraform_beyond,
    test_terraform_verdicts,
    test_terraform_verdicts_ec2,
    test_terraform_verdicts_ecr_to_waf,
    test_terraform_verdicts_github,
    test_terraform_verdicts_google,
    test_terraform_verdicts_over_runs,
    test_terraform_verdicts_services,
)
from tests.unit.data_folders import CHECKOUT

FACTS = CHECKOUT.parent / "shared" / "catalogue" / "checks.yaml"
ALONE = (
    test_azurerm_verdicts,
    test_terraform_verdicts,
    test_terraform_verdicts_ec2,
    test_terraform_verdicts_ecr_to_waf,
    test_terraform_verdicts_github,
    test_terraform_verdicts_google,
    test_terraform_verdicts_services,
)
"""The tables of checks that a plan is judged by alone; a further service brings its own."""
OVER_RUNS = (
    test_azurerm_verdicts_over_runs,
    test_terraform_beyond,
    test_terraform_verdicts_google,
    test_terraform_verdicts_over_runs,
)
"""The tables of checks that are judged by a plan over what a run read."""
SEVERAL = "two checks here, each driven by itself"
NOT_DRIVEN: Mapping[str, str] = {
    "aws.iam.root_no_access_keys": "Terraform makes keys of users; the root user's are in no plan",
    "aws.kinesis.stream_encrypted_and_retained": "two checks here, stream_encrypted and stream_retention, both driven",
    **{id_: why for id_, (_, _, why) in test_terraform_verdicts_ecr_to_waf.ONE_SIDED.items()},
    **test_terraform_verdicts_ecr_to_waf.NEEDS_LIVE,
    **{id_: why for id_, (_, _, why) in test_azurerm_verdicts.ONE_SIDED.items()},
    **test_terraform_verdicts_github.NEEDS_LIVE,
    "gcp.alloydb.customer_key_and_backup": SEVERAL,
    "gcp.compute.load_balancer_tls_and_logging": SEVERAL,
    "gcp.iam.service_account_no_user_keys": "that a key is switched off is in no plan: it is driven to fail only",
    **test_terraform_verdicts_google.NEEDS_LIVE,
}
"""Checks that the catalogue calls judgeable on a plan and that no plan drives, with why."""
ABOVE = {
    "google_folder_iam_member": "a folder's members reach the projects below it, which a plan does not tell",
    "google_organization_iam_member": "as those of a folder",
    "google_organization_iam_audit_config": "as the members of a folder",
    "google_logging_folder_sink": "as the members of a folder",
    "google_logging_organization_sink": "as the members of a folder",
}
"""Terraform types that the catalogue names for a check that is driven, and that are not read, with why."""

SEVERAL_HERE: Mapping[str, tuple[str, ...]] = {
    "azure.acr.restricted_registry": (
        "azure.acr.admin_user_disabled",
        "azure.acr.anonymous_pull_disabled",
        "azure.acr.network_restricted",
    ),
    "azure.aks.policy_addon_and_upgrades": ("azure.aks.policy_addon_enabled", "azure.aks.automatic_upgrades"),
    "azure.aks.private_or_restricted_api": ("azure.aks.api_server_restricted",),
    "azure.aks.rbac_and_no_local_accounts": (
        "azure.aks.entra_integrated",
        "azure.aks.local_accounts_disabled",
        "azure.aks.rbac_enabled",
    ),
    "azure.appservice.minimum_tls_and_ftps": (
        "azure.appservice.minimum_tls_12",
        "azure.appservice.plain_ftp_disabled",
        "azure.appservice.remote_debugging_disabled",
    ),
    "azure.compute.vm_trusted_launch": ("azure.compute.vm_secure_boot", "azure.compute.vm_vtpm"),
    "azure.compute.vm_zonal_or_scaled": (
        "azure.compute.scale_set_scales",
        "azure.compute.scale_set_zones",
        "azure.compute.vm_placed",
    ),
    "azure.cosmosdb.continuous_backup_and_failover": (
        "azure.cosmosdb.automatic_failover",
        "azure.cosmosdb.continuous_backup",
    ),
    "azure.datafactory.git_and_failure_alert": (
        "azure.datafactory.failure_alert",
        "azure.datafactory.git_configured",
    ),
    "azure.keyvault.key_rotation_and_expiry": ("azure.keyvault.key_rotation_or_expiry",),
    "azure.keyvault.recoverable": (
        "azure.keyvault.purge_protection_enabled",
        "azure.keyvault.soft_delete_enabled",
    ),
    "azure.network.flow_logs_retained": ("azure.network.flow_log_retention", "azure.network.flow_logs_enabled"),
    "azure.network.nsg_no_open_ssh_rdp": ("azure.network.nsg_no_open_admin_ports",),
    "azure.network.nsg_no_open_udp_http": ("azure.network.nsg_no_open_http", "azure.network.nsg_no_open_udp"),
    "azure.policy.assignments_enforced": ("azure.policy.baseline_assigned", "azure.policy.locations_restricted"),
    "azure.postgresql.flexible_backup_and_ha": (
        "azure.postgresql.flexible_backup_retention",
        "azure.postgresql.flexible_geo_redundant_backup",
        "azure.postgresql.flexible_high_availability",
    ),
    "azure.postgresql.flexible_logging": (
        "azure.postgresql.flexible_checkpoints_logged",
        "azure.postgresql.flexible_connections_logged",
        "azure.postgresql.flexible_disconnections_logged",
    ),
    "azure.recoveryservices.vault_hardened": (
        "azure.recoveryservices.vault_immutable",
        "azure.recoveryservices.vault_soft_delete",
    ),
    "azure.servicebus.dead_letter_handling": (
        "azure.servicebus.dead_letter_alert",
        "azure.servicebus.queues_dead_letter",
    ),
    "azure.storage.blob_soft_delete_and_versioning": (
        "azure.storage.blob_soft_delete",
        "azure.storage.blob_versioning",
        "azure.storage.container_soft_delete",
    ),
    "gcp.bigquery.dataset_cmek_and_expiry": ("gcp.bigquery.dataset_customer_key", "gcp.bigquery.dataset_expiry"),
}
"""Checks of the catalogue that are several here, one attribute each."""
NOT_READ: Mapping[str, str] = {
    "azurerm_cdn_frontdoor_firewall_policy": "Front Door, which the live adapter does not read",
}
"""Terraform types that the catalogue names and that no mapping reads, with why."""

pytestmark = pytest.mark.skipif(not FACTS.is_file(), reason="the catalogue of facts is not beside the checkout")


def judgeable() -> dict[str, Any]:
    """The catalogue's checks that it calls judgeable on a plan, of clouds that are mapped, with the Terraform types."""
    rows = yaml.safe_load(FACTS.read_text())["checks"]
    return {
        row["id"]: set(row["terraform"]["resource_types"])
        for row in rows
        if row["provider"] in ("aws", "azure", "gcp", "github") and row["terraform"]["judgeable"] in ("yes", "partial")
    }


def driven() -> set[str]:
    """The checks that plans drive to pass and to fail, alone or over what a run read."""
    return {id_ for module in ALONE for id_ in module.PAIRS} | {id_ for module in OVER_RUNS for id_ in module.OVER}


def test_every_judgeable_check_is_driven_or_has_a_reason() -> None:
    several = {id_ for id_, here in SEVERAL_HERE.items() if set(here) <= driven()}
    assert judgeable().keys() - driven() - several - NOT_DRIVEN.keys() == set()


def test_every_terraform_type_that_the_catalogue_names_for_what_is_driven_is_read() -> None:
    named = {type_ for id_, types in judgeable().items() if id_ in driven() for type_ in types}
    read = aws.CATALOGUE.types | azurerm.CATALOGUE.types | google.CATALOGUE.types | github.CATALOGUE.types
    assert named - read - NOT_READ.keys() == set(ABOVE)


def test_what_is_driven_are_checks() -> None:
    assert driven() - set(CONTENT.checks) == set()
