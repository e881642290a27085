"""Checks of Google Cloud through the real client stack: each row changes the organization and says what follows."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.collectors.gcp import ORGANIZATION, Case, Change, as_it_is, asset, both, denied, granted, ids
from tests.collectors.scan import scan, verdicts
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World

BUCKET: Final = "storage.googleapis.com/Bucket"
KEY: Final = "cloudkms.googleapis.com/CryptoKey"
FIREWALL: Final = "compute.googleapis.com/Firewall"
ACCOUNT: Final = "iam.googleapis.com/ServiceAccount"
ACCOUNT_KEY: Final = "iam.googleapis.com/ServiceAccountKey"
SINK: Final = "logging.googleapis.com/LogSink"
LOG_BUCKET: Final = "logging.googleapis.com/LogBucket"


def sinks(*rows: dict[str, Any]) -> Change:
    """The organization has these sinks, and the project's own stay."""

    def change(world: World) -> None:
        world.organization["sinks"] = list(rows)

    return change


def policies(*rules: dict[str, Any]) -> Change:
    """The organization has one firewall policy, of these rules."""

    def change(world: World) -> None:
        row = {"id": "5001", "attachedTo": ["organizations/123456789012"], "rules": list(rules)}
        world.organization["firewallPolicies"] = [row]

    return change


def policy_rule(action: str, priority: int, port: str, **match: Any) -> dict[str, Any]:
    matched = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": [port]}], **match}
    return {"action": action, "direction": "INGRESS", "priority": priority, "match": matched}


def opens(port: str, protocol: str = "tcp", **more: Any) -> Change:
    """The first firewall rule of "web" opens a port to everybody."""
    return asset(FIREWALL, 0, allowed=[{"IPProtocol": protocol, "ports": [port]}], **more)


def another_rule(**data: Any) -> Change:
    """A further firewall rule in the network of the others."""

    def change(world: World) -> None:
        base = world.assets("web", FIREWALL)[0]["data"]
        link = "https://www.googleapis.com/compute/v1/projects/web/global/firewalls/another"
        made = {**base, "name": "another", "selfLink": link, **data}
        world.add("web", FIREWALL, {key: value for key, value in made.items() if value is not None})

    return change


def audited(*configs: dict[str, Any], on: str = "") -> Change:
    def change(world: World) -> None:
        held = world.projects.get(on) or world.organization
        held["iam"]["auditConfigs"] = list(configs)

    return change


EVERYTHING: Final = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]
ABOVE: Final = "resourcemanager.organizations.getIamPolicy"
DENY_SSH: Final = [{"IPProtocol": "all"}]
NIGHT: Final = {"title": "night", "expression": "request.time.getHours() < 6"}

CASES: Final[list[Case]] = [
    # --- storage ---
    ("gcp.storage.uniform_access", "web-assets", as_it_is, "pass"),
    ("gcp.storage.uniform_access", "web-public", as_it_is, "fail"),
    ("gcp.storage.uniform_access", "web-old", as_it_is, "fail"),
    (
        "gcp.storage.uniform_access",
        "web-assets",
        asset(BUCKET, iamConfiguration={"uniformBucketLevelAccess": {"enabled": "true"}}),
        "unknown",
    ),
    ("gcp.storage.bucket_not_public", "web-assets", as_it_is, "pass"),
    ("gcp.storage.bucket_not_public", "web-public", as_it_is, "fail"),
    ("gcp.storage.bucket_not_public", "web-old", as_it_is, "fail"),
    ("gcp.storage.bucket_not_public", "web-public", denied("storage.buckets.get"), "unknown"),
    # What is open by its policy is open whatever the access lists say.
    ("gcp.storage.bucket_not_public", "web-old", denied("storage.buckets.get"), "fail"),
    ("gcp.storage.versioning_or_soft_delete", "web-assets", as_it_is, "pass"),
    ("gcp.storage.versioning_or_soft_delete", "web-public", as_it_is, "fail"),
    (
        "gcp.storage.versioning_or_soft_delete",
        "web-public",
        asset(BUCKET, 1, softDeletePolicy={"retentionDurationSeconds": "604800"}),
        "pass",
    ),
    (
        "gcp.storage.versioning_or_soft_delete",
        "web-public",
        asset(BUCKET, 1, softDeletePolicy={"retentionDurationSeconds": "a week"}),
        "unknown",
    ),
    ("gcp.storage.cmek", "web-assets", as_it_is, "pass"),
    ("gcp.storage.cmek", "web-assets", asset(BUCKET, encryption=None), "fail"),
    ("gcp.storage.cmek", "web-old", as_it_is, "not_applicable"),
    ("gcp.storage.cmek", "web-assets", asset(BUCKET, labels={"data": 1}), "unknown"),
    (
        "gcp.storage.lifecycle_disposal",
        "web-assets",
        asset(
            BUCKET,
            labels={"retention": "year"},
            lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": 365}}]},
        ),
        "pass",
    ),
    ("gcp.storage.lifecycle_disposal", "web-assets", asset(BUCKET, labels={"retention": "year"}), "fail"),
    ("gcp.storage.lifecycle_disposal", "web-assets", as_it_is, "not_applicable"),
    ("gcp.storage.lifecycle_disposal", "web-assets", asset(BUCKET, lifecycle={"rule": [{"action": {}}]}), "unknown"),
    (
        "gcp.storage.retention_policy_locked",
        "web-assets",
        asset(BUCKET, labels={"records": "yes"}, retentionPolicy={"retentionPeriod": "31536000", "isLocked": True}),
        "pass",
    ),
    (
        "gcp.storage.retention_policy_locked",
        "web-assets",
        sinks({"name": "all", "destination": "storage.googleapis.com/web-assets", "includeChildren": True}),
        "fail",
    ),
    ("gcp.storage.retention_policy_locked", "web-assets", as_it_is, "not_applicable"),
    (
        "gcp.storage.retention_policy_locked",
        "web-assets",
        denied("logging.sinks.list@organizations/123456789012"),
        "unknown",
    ),
    # --- Cloud KMS ---
    ("gcp.kms.key_rotation", "data", as_it_is, "pass"),
    ("gcp.kms.key_rotation", "never", as_it_is, "fail"),
    ("gcp.kms.key_rotation", "data", asset(KEY, rotationPeriod="7776001s"), "fail"),
    ("gcp.kms.key_rotation", "data", asset(KEY, rotationPeriod="7776000.5s"), "unknown"),
    ("gcp.kms.key_rotation", "sign", as_it_is, "not_applicable"),
    ("gcp.kms.key_rotation", "data", asset(KEY, importOnly=True), "not_applicable"),
    ("gcp.kms.key_not_public", "data", as_it_is, "pass"),
    ("gcp.kms.key_not_public", "never", as_it_is, "fail"),
    (
        "gcp.kms.key_not_public",
        "data",
        denied("cloudasset.assets.listIamPolicy", "cloudkms.keyRings.getIamPolicy"),
        "unknown",
    ),
    # --- firewalls ---
    ("gcp.compute.firewall_no_open_ssh", "allow-https", as_it_is, "pass"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", as_it_is, "fail"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, sourceRanges=["203.0.113.0/24"]), "pass"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, sourceRanges=["::/0"]), "fail"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, sourceRanges=None), "fail"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, sourceRanges=None, sourceTags=["web"]), "pass"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, allowed=[{"IPProtocol": "all"}]), "fail"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, allowed=[{"IPProtocol": "6"}]), "fail"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, disabled=True), "not_applicable"),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", asset(FIREWALL, direction="EGRESS"), "not_applicable"),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        another_rule(allowed=None, denied=DENY_SSH, priority=900),
        "pass",
    ),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", another_rule(allowed=None, denied=DENY_SSH), "pass"),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        another_rule(allowed=None, denied=DENY_SSH, priority=1100),
        "fail",
    ),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        another_rule(allowed=None, denied=DENY_SSH, priority=900, targetTags=["web"]),
        "fail",
    ),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        another_rule(
            allowed=None,
            denied=DENY_SSH,
            priority=900,
            network="https://www.googleapis.com/compute/v1/projects/web/global/networks/other",
        ),
        "fail",
    ),
    ("gcp.compute.firewall_no_open_ssh", "allow-ssh", policies(policy_rule("deny", 1, "22")), "pass"),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        policies(policy_rule("goto_next", 1, "22"), policy_rule("deny", 2, "22")),
        "fail",
    ),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        policies(policy_rule("deny", 1, "22", srcRegionCodes=["KP"])),
        "fail",
    ),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        denied("compute.organizations.listAssociations@organizations/123456789012"),
        "unknown",
    ),
    (
        "gcp.compute.firewall_no_open_ssh",
        "allow-https",
        denied("compute.organizations.listAssociations@organizations/123456789012"),
        "pass",
    ),
    # The organization's policy denies RDP over TCP, as the file says.
    ("gcp.compute.firewall_no_open_rdp", "allow-ssh", opens("3389"), "pass"),
    ("gcp.compute.firewall_no_open_rdp", "allow-ssh", opens("3000-4000", "udp"), "fail"),
    ("gcp.compute.firewall_no_open_rdp", "allow-ssh", both(opens("3389"), policies()), "fail"),
    ("gcp.compute.firewall_no_open_rdp", "allow-ssh", asset(FIREWALL, disabled=True), "not_applicable"),
    (
        "gcp.compute.firewall_no_open_rdp",
        "allow-ssh",
        both(opens("3389"), denied("compute.firewallPolicies.get")),
        "unknown",
    ),
    ("gcp.compute.firewall_no_open_data_ports", "allow-ssh", as_it_is, "pass"),
    ("gcp.compute.firewall_no_open_data_ports", "allow-ssh", opens("5432"), "fail"),
    ("gcp.compute.firewall_no_open_data_ports", "allow-ssh", opens("5432", direction="EGRESS"), "not_applicable"),
    ("gcp.compute.firewall_no_open_data_ports", "allow-ssh", opens("5432", sourceRanges="0.0.0.0/0"), "unknown"),
    # --- IAM of projects: what is granted above counts ---
    ("gcp.iam.no_public_bindings", "web", as_it_is, "pass"),
    ("gcp.iam.no_public_bindings", "web", granted("allUsers", "roles/viewer"), "fail"),
    ("gcp.iam.no_public_bindings", "web", granted("allAuthenticatedUsers", "roles/viewer", on=""), "fail"),
    ("gcp.iam.no_public_bindings", "web", granted("allUsers", "roles/viewer", on="11", condition=NIGHT), "fail"),
    ("gcp.iam.no_public_bindings", "web", denied(ABOVE), "unknown"),
    ("gcp.iam.no_public_bindings", "web", both(granted("allUsers", "roles/viewer"), denied(ABOVE)), "fail"),
    ("gcp.iam.no_basic_roles", "web", as_it_is, "pass"),
    ("gcp.iam.no_basic_roles", "trial", as_it_is, "fail"),
    ("gcp.iam.no_basic_roles", "web", granted("group:interns@example.com", "roles/editor", on="11"), "fail"),
    ("gcp.iam.no_basic_roles", "web", granted("group:admins@example.com", "roles/owner"), "unknown"),
    ("gcp.iam.no_basic_roles", "web", granted("deleted:user:x@example.com?uid=1", "roles/owner"), "pass"),
    (
        "gcp.iam.no_basic_roles",
        "web",
        granted("serviceAccount:70000000001-compute@developer.gserviceaccount.com", "roles/editor"),
        "fail",
    ),
    (
        "gcp.iam.no_basic_roles",
        "web",
        granted("serviceAccount:70000000001@cloudservices.gserviceaccount.com", "roles/editor"),
        "pass",
    ),
    ("gcp.iam.no_service_account_user_at_project", "web", as_it_is, "pass"),
    (
        "gcp.iam.no_service_account_user_at_project",
        "web",
        granted("user:bo@example.com", "roles/iam.serviceAccountTokenCreator", on="11"),
        "fail",
    ),
    ("gcp.iam.no_service_account_user_at_project", "web", denied(ABOVE), "unknown"),
    ("gcp.iam.separation_of_duties", "web", as_it_is, "pass"),
    (
        "gcp.iam.separation_of_duties",
        "web",
        both(
            granted("user:bo@example.com", "roles/iam.serviceAccountAdmin"),
            granted("user:bo@example.com", "roles/iam.serviceAccountUser", on=""),
        ),
        "fail",
    ),
    ("gcp.iam.separation_of_duties", "web", denied(ABOVE), "unknown"),
    ("gcp.iam.audit_config_data_access", "web", as_it_is, "pass"),
    ("gcp.iam.audit_config_data_access", "web", audited(), "fail"),
    (
        "gcp.iam.audit_config_data_access",
        "web",
        audited({"service": "storage.googleapis.com", "auditLogConfigs": EVERYTHING}),
        "fail",
    ),
    (
        "gcp.iam.audit_config_data_access",
        "web",
        audited(
            {
                "service": "s3",
                "auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": ["user:bo@example.com"]}],
            },
            on="web",
        ),
        "fail",
    ),
    ("gcp.iam.audit_config_data_access", "web", denied(ABOVE), "unknown"),
    # --- service accounts and their keys ---
    ("gcp.iam.service_account_not_admin", "deploy@web.iam.gserviceaccount.com", as_it_is, "pass"),
    (
        "gcp.iam.service_account_not_admin",
        "deploy@web.iam.gserviceaccount.com",
        granted("serviceAccount:deploy@web.iam.gserviceaccount.com", "roles/compute.networkAdmin", on="11"),
        "fail",
    ),
    ("gcp.iam.service_account_not_admin", "deploy@web.iam.gserviceaccount.com", denied(ABOVE), "unknown"),
    ("gcp.iam.service_account_no_user_keys", "aaaa", as_it_is, "fail"),
    ("gcp.iam.service_account_no_user_keys", "aaaa", asset(ACCOUNT_KEY, disabled=True), "pass"),
    ("gcp.iam.service_account_no_user_keys", "bbbb", as_it_is, "not_applicable"),
    ("gcp.iam.service_account_no_user_keys", "aaaa", asset(ACCOUNT_KEY, keyType=None), "unknown"),
    ("gcp.iam.service_account_key_rotated", "aaaa", as_it_is, "fail"),
    (
        "gcp.iam.service_account_key_rotated",
        "aaaa",
        asset(ACCOUNT_KEY, validAfterTime="2026-11-01T00:00:00.123456789Z"),
        "pass",
    ),
    ("gcp.iam.service_account_key_rotated", "bbbb", as_it_is, "not_applicable"),
    ("gcp.iam.service_account_key_rotated", "aaaa", asset(ACCOUNT_KEY, validAfterTime="yesterday"), "unknown"),
    # --- logging ---
    ("gcp.logging.sink_all_entries", "web", as_it_is, "pass"),
    ("gcp.logging.sink_all_entries", "audit", as_it_is, "fail"),
    ("gcp.logging.sink_all_entries", "web", sinks(), "fail"),
    (
        "gcp.logging.sink_all_entries",
        "web",
        sinks(
            {
                "name": "all",
                "destination": "storage.googleapis.com/logs",
                "includeChildren": True,
                "exclusions": [{"name": "reads", "filter": "severity=INFO"}],
            }
        ),
        "fail",
    ),
    (
        "gcp.logging.sink_all_entries",
        "web",
        sinks({"name": "all", "destination": "storage.googleapis.com/logs"}),
        "fail",
    ),
    ("gcp.logging.sink_all_entries", "web", denied("logging.sinks.list@organizations/123456789012"), "unknown"),
    (
        "gcp.logging.sink_all_entries",
        "web",
        both(
            denied("logging.sinks.list@organizations/123456789012"),
            asset(SINK, 0, name="own", destination="storage.googleapis.com/logs", filter=None),
        ),
        "pass",
    ),
    ("gcp.logging.bucket_retention", "all", as_it_is, "pass"),
    ("gcp.logging.bucket_retention", "_Default", as_it_is, "fail"),
    ("gcp.logging.bucket_retention", "_Default", asset(LOG_BUCKET, 1, retentionDays=None), "fail"),
    ("gcp.logging.bucket_retention", "_Required", as_it_is, "not_applicable"),
    ("gcp.logging.bucket_retention", "_Default", asset(LOG_BUCKET, 1, lifecycleState=None), "unknown"),
]


@pytest.mark.parametrize(("check", "subject", "change", "verdict"), CASES, ids=ids(CASES))
def test_a_verdict_follows_from_what_the_cloud_answers(
    gcp: Google, check: str, subject: str, change: Change, verdict: str
) -> None:
    change(gcp.world)
    elsewhere = ORGANIZATION if subject in ("all", "audit", "trial") else None
    _, findings = scan([check], access=elsewhere)
    assert verdicts(findings)[check, subject] == verdict


CHECKS: Final = sorted({case[0] for case in CASES})


def test_verdicts_are_the_same_without_the_inventory(gcp: Google) -> None:
    _, bulk = scan(CHECKS, access=ORGANIZATION)
    gcp.world.off.add("cloudasset.googleapis.com")
    _, alone = scan(CHECKS, access=ORGANIZATION)

    assert [(f.check.id, f.scope, f.subject, f.verdict, f.message) for f in bulk] == [
        (f.check.id, f.scope, f.subject, f.verdict, f.message) for f in alone
    ]
    assert len(bulk) > 50
