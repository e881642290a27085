"""Checks of further services of Google Cloud through the real client stack; see ``test_gcp_checks.py``."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.collectors.gcp import ORGANIZATION, Case, Change, as_it_is, asset, both, denied, ids
from tests.collectors.scan import scan, verdicts
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World

NO_INVENTORY: Final = ("cloudasset.assets.listResource", "cloudasset.assets.listIamPolicy")


def policy_above(*rows: dict[str, Any], on: str = "") -> Change:
    """The organization ("") or a folder ("11") has these organization policies."""

    def change(world: World) -> None:
        folder = next((row for row in world.folders if row["id"] == on), world.organization)
        folder["policies"] = list(rows)

    return change


def policy(constraint: str, *rules: dict[str, Any], holder: str = "organizations/123456789012", **spec: Any) -> Any:
    return {"name": f"{holder}/policies/{constraint}", "spec": {"etag": "CAE=", "rules": list(rules), **spec}}


def own_policy(constraint: str, *rules: dict[str, Any], **spec: Any) -> Change:
    """The project "web" has an organization policy of its own."""
    made = policy(constraint, *rules, holder="projects/70000000001", **spec)
    return lambda world: world.add("web", "orgpolicy.googleapis.com/Policy", made)


ABOVE: Final = "orgpolicy.policies.list@organizations/123456789012"
PREVENTED: Final = policy("storage.publicAccessPrevention", {"enforce": True})
TAGGED: Final = {"expression": "resource.matchTag('123456789012/open', 'yes')"}
ON_CONDITION: Final = policy(
    "storage.publicAccessPrevention", {"enforce": True}, {"enforce": False, "condition": TAGGED}
)
LOCATIONS: Final = "gcp.resourceLocations"
EUROPE: Final = {"values": {"allowedValues": ["in:eu-locations"]}}
KEYS: Final = "iam.disableServiceAccountKeyCreation"
DOMAINS: Final = "iam.allowedPolicyMemberDomains"

ORGANIZATION_POLICIES: Final[list[Case]] = [
    ("gcp.storage.public_access_prevention", "web-assets", as_it_is, "pass"),
    ("gcp.storage.public_access_prevention", "web-old", as_it_is, "fail"),
    ("gcp.storage.public_access_prevention", "web-old", policy_above(PREVENTED), "pass"),
    ("gcp.storage.public_access_prevention", "web-old", policy_above(PREVENTED, on="11"), "pass"),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        own_policy("storage.publicAccessPrevention", {"enforce": True}),
        "pass",
    ),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        both(policy_above(PREVENTED), own_policy("storage.publicAccessPrevention", {"enforce": False})),
        "fail",
    ),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        both(policy_above(PREVENTED), own_policy("storage.publicAccessPrevention", reset=True)),
        "fail",
    ),
    ("gcp.storage.public_access_prevention", "web-old", policy_above(ON_CONDITION), "unknown"),
    ("gcp.storage.public_access_prevention", "web-old", policy_above({**PREVENTED, "spec": None}), "unknown"),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        policy_above({"name": PREVENTED["name"], "dryRunSpec": PREVENTED["spec"]}),
        "fail",
    ),
    ("gcp.storage.public_access_prevention", "web-old", denied(ABOVE), "unknown"),
    ("gcp.storage.public_access_prevention", "web-assets", denied("orgpolicy.policies.list", *NO_INVENTORY), "pass"),
    ("gcp.storage.bucket_not_public", "web-old", policy_above(PREVENTED), "pass"),
    ("gcp.storage.bucket_not_public", "web-old", denied(ABOVE), "unknown"),
    ("gcp.orgpolicy.service_account_key_creation_disabled", "web", as_it_is, "fail"),
    (
        "gcp.orgpolicy.service_account_key_creation_disabled",
        "web",
        policy_above(policy(KEYS, {"enforce": True})),
        "pass",
    ),
    ("gcp.orgpolicy.service_account_key_creation_disabled", "web", denied(ABOVE), "unknown"),
    ("gcp.orgpolicy.resource_locations", "web", as_it_is, "fail"),
    ("gcp.orgpolicy.resource_locations", "web", policy_above(policy(LOCATIONS, EUROPE)), "pass"),
    ("gcp.orgpolicy.resource_locations", "web", policy_above(policy(LOCATIONS, {"allowAll": True})), "fail"),
    (
        "gcp.orgpolicy.resource_locations",
        "web",
        policy_above(policy(LOCATIONS, EUROPE, inheritFromParent=True)),
        "unknown",
    ),
    (
        "gcp.orgpolicy.resource_locations",
        "web",
        both(
            policy_above(policy(LOCATIONS, EUROPE)),
            policy_above(policy(LOCATIONS, EUROPE, inheritFromParent=True), on="11"),
        ),
        "pass",
    ),
    (
        "gcp.orgpolicy.resource_locations",
        "web",
        both(policy_above(policy(LOCATIONS, EUROPE)), own_policy(LOCATIONS, {"allowAll": True})),
        "fail",
    ),
    ("gcp.orgpolicy.resource_locations", "web", own_policy(LOCATIONS, {"unheard": True}), "unknown"),
    ("gcp.orgpolicy.domain_restricted_sharing", "web", as_it_is, "fail"),
    (
        "gcp.orgpolicy.domain_restricted_sharing",
        "web",
        policy_above(policy(DOMAINS, {"values": {"allowedValues": ["C01abcdef"]}})),
        "pass",
    ),
    ("gcp.orgpolicy.domain_restricted_sharing", "web", denied(ABOVE), "unknown"),
]

INSTANCE: Final = "compute.googleapis.com/Instance"
NETWORK: Final = "compute.googleapis.com/Network"
SUBNET: Final = "compute.googleapis.com/Subnetwork"
DISK: Final = "compute.googleapis.com/Disk"
SNAPSHOT: Final = "compute.googleapis.com/Snapshot"
GROUP: Final = "compute.googleapis.com/InstanceGroupManager"
PROXY: Final = "compute.googleapis.com/TargetHttpsProxy"
TLS: Final = "compute.googleapis.com/SslPolicy"
BACKEND: Final = "compute.googleapis.com/BackendService"
COMPUTE_PROJECT: Final = "compute.googleapis.com/Project"
SQL: Final = "sqladmin.googleapis.com/Instance"
MAIN: Final = "https://www.googleapis.com/compute/v1/projects/web/global/networks/main"


def metadata(**items: str) -> dict[str, Any]:
    return {"items": [{"key": key.replace("_", "-"), "value": value} for key, value in items.items()]}


def setting(place: int = 0, **groups: dict[str, Any]) -> Change:
    """Groups of a Cloud SQL instance's settings (ipConfiguration=...) have other values."""

    def change(world: World) -> None:
        held = world.assets("web", SQL)[place]["data"]
        held["settings"] = {
            **held["settings"],
            **{
                name: {**held["settings"].get(name, {}), **value} if isinstance(value, dict) else value
                for name, value in groups.items()
            },
        }

    return change


def restored(**operation: Any) -> Change:
    """The restore of the project "web" has other values."""
    return lambda world: world.projects["web"]["sqlOperations"][0].update(operation)


def regional_disk(world: World) -> None:
    """The project "web" has a disk with a replica in another zone, which the inventory gives another type."""
    link = "https://www.googleapis.com/compute/v1/projects/web/regions/europe-west1/disks/mirrored"
    world.add(
        "web", DISK, {"kind": "compute#disk", "name": "mirrored", "selfLink": link, "labels": {"data": "sensitive"}}
    )


UNATTACHED: Final = asset(DISK, users=None)
COMPUTE: Final[list[Case]] = [
    ("gcp.compute.disk_customer_key", "app-1", as_it_is, "pass"),
    ("gcp.compute.disk_customer_key", "app-1", asset(DISK, diskEncryptionKey=None), "fail"),
    ("gcp.compute.disk_customer_key", "app-1", asset(DISK, diskEncryptionKey={"sha256": "abc="}), "pass"),
    ("gcp.compute.disk_customer_key", "spare", as_it_is, "not_applicable"),
    ("gcp.compute.disk_customer_key", "app-1", asset(DISK, labels=["data"]), "unknown"),
    ("gcp.compute.disk_customer_key", "mirrored", regional_disk, "fail"),
    ("gcp.compute.disk_snapshot_schedule", "app-1", as_it_is, "pass"),
    ("gcp.compute.disk_snapshot_schedule", "app-1", asset(DISK, resourcePolicies=None), "pass"),
    (
        "gcp.compute.disk_snapshot_schedule",
        "app-1",
        both(asset(DISK, resourcePolicies=None), asset(SNAPSHOT, status="FAILED")),
        "fail",
    ),
    (
        "gcp.compute.disk_snapshot_schedule",
        "app-1",
        both(asset(DISK, resourcePolicies=None), asset(SNAPSHOT, creationTimestamp="2026-11-16T02:00:00.000-07:00")),
        "fail",
    ),
    ("gcp.compute.disk_snapshot_schedule", "app-1", UNATTACHED, "not_applicable"),
    ("gcp.compute.disk_snapshot_schedule", "app-1", asset(DISK, resourcePolicies="nightly"), "pass"),
    (
        "gcp.compute.disk_snapshot_schedule",
        "app-1",
        both(asset(DISK, resourcePolicies="nightly"), asset(SNAPSHOT, status="FAILED")),
        "unknown",
    ),
    ("gcp.compute.instance_confidential", "app-1", as_it_is, "pass"),
    ("gcp.compute.instance_confidential", "app-1", asset(INSTANCE, confidentialInstanceConfig=None), "fail"),
    ("gcp.compute.instance_confidential", "gke-main-node-1", as_it_is, "not_applicable"),
    ("gcp.compute.instance_confidential", "app-1", asset(INSTANCE, labels=["data"]), "unknown"),
    ("gcp.compute.no_default_network", "main", as_it_is, "pass"),
    ("gcp.compute.no_default_network", "default", as_it_is, "fail"),
    ("gcp.compute.no_default_network", "main", asset(NETWORK, IPv4Range="10.240.0.0/16"), "fail"),
    ("gcp.compute.no_default_network", "main", asset(NETWORK, IPv4Range=1), "unknown"),
    ("gcp.compute.subnet_flow_logs", "apps", as_it_is, "pass"),
    ("gcp.compute.subnet_flow_logs", "apps", asset(SUBNET, logConfig=None), "fail"),
    ("gcp.compute.subnet_flow_logs", "proxies", as_it_is, "not_applicable"),
    ("gcp.compute.subnet_flow_logs", "apps", asset(SUBNET, logConfig={"enable": "true"}), "unknown"),
    ("gcp.compute.instance_no_public_ip", "app-1", as_it_is, "pass"),
    (
        "gcp.compute.instance_no_public_ip",
        "app-1",
        asset(
            INSTANCE, networkInterfaces=[{"name": "nic0", "network": MAIN, "accessConfigs": [{"natIP": "192.0.2.1"}]}]
        ),
        "fail",
    ),
    (
        "gcp.compute.instance_no_public_ip",
        "app-1",
        asset(INSTANCE, networkInterfaces=[{"name": "nic0", "network": MAIN, "ipv6AccessConfigs": [{"name": "x"}]}]),
        "fail",
    ),
    ("gcp.compute.instance_no_public_ip", "gke-main-node-1", as_it_is, "not_applicable"),
    ("gcp.compute.instance_no_public_ip", "app-1", asset(INSTANCE, networkInterfaces=None), "unknown"),
    ("gcp.compute.instance_no_default_service_account", "app-1", as_it_is, "pass"),
    (
        "gcp.compute.instance_no_default_service_account",
        "app-1",
        asset(
            INSTANCE,
            serviceAccounts=[
                {
                    "email": "70000000001-compute@developer.gserviceaccount.com",
                    "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                }
            ],
        ),
        "fail",
    ),
    ("gcp.compute.instance_no_default_service_account", "gke-main-node-1", as_it_is, "not_applicable"),
    ("gcp.compute.instance_no_default_service_account", "app-1", asset(INSTANCE, serviceAccounts=[{}]), "unknown"),
    ("gcp.compute.instance_hardened_access", "app-1", as_it_is, "pass"),
    ("gcp.compute.instance_hardened_access", "app-1", asset(INSTANCE, metadata=metadata(enable_oslogin="no")), "fail"),
    (
        "gcp.compute.instance_hardened_access",
        "app-1",
        asset(INSTANCE, metadata=metadata(serial_port_enable="1")),
        "fail",
    ),
    ("gcp.compute.instance_hardened_access", "app-1", asset(COMPUTE_PROJECT, commonInstanceMetadata={}), "fail"),
    (
        "gcp.compute.instance_hardened_access",
        "app-1",
        denied("compute.projects.get", "cloudasset.assets.listResource"),
        "unknown",
    ),
    ("gcp.compute.instance_shielded", "app-1", as_it_is, "pass"),
    ("gcp.compute.instance_shielded", "gke-main-node-1", as_it_is, "fail"),
    ("gcp.compute.instance_shielded", "app-1", asset(INSTANCE, shieldedInstanceConfig=[]), "unknown"),
    ("gcp.compute.instance_no_ip_forwarding", "app-1", as_it_is, "pass"),
    ("gcp.compute.instance_no_ip_forwarding", "app-1", asset(INSTANCE, canIpForward=True), "fail"),
    ("gcp.compute.instance_no_ip_forwarding", "gke-main-node-1", as_it_is, "not_applicable"),
    ("gcp.compute.instance_no_ip_forwarding", "app-1", asset(INSTANCE, canIpForward="false"), "unknown"),
    ("gcp.compute.instance_no_ip_forwarding", "app-1", asset(INSTANCE, canIpForward=None), "unknown"),
    ("gcp.compute.instance_group_resilient", "apps", as_it_is, "pass"),
    ("gcp.compute.instance_group_resilient", "apps", asset(GROUP, autoHealingPolicies=None), "fail"),
    ("gcp.compute.instance_group_resilient", "apps", asset(GROUP, autoHealingPolicies={}), "unknown"),
    ("gcp.compute.load_balancer_tls", "shop", as_it_is, "pass"),
    ("gcp.compute.load_balancer_tls", "shop", asset(PROXY, sslPolicy=None), "fail"),
    ("gcp.compute.load_balancer_tls", "shop", asset(TLS, minTlsVersion="TLS_1_0"), "fail"),
    ("gcp.compute.load_balancer_tls", "shop", asset(TLS, profile="CUSTOM"), "pass"),
    ("gcp.compute.load_balancer_tls", "shop", asset(TLS, profile=None), "unknown"),
    ("gcp.compute.load_balancer_logging", "shop", as_it_is, "pass"),
    ("gcp.compute.load_balancer_logging", "shop", asset(BACKEND, logConfig=None), "fail"),
    ("gcp.compute.load_balancer_logging", "inner", as_it_is, "not_applicable"),
    ("gcp.compute.load_balancer_logging", "shop", asset(BACKEND, protocol=None), "unknown"),
    ("gcp.compute.armor_policy_attached", "shop", as_it_is, "pass"),
    ("gcp.compute.armor_policy_attached", "shop", asset(BACKEND, securityPolicy=None), "fail"),
    ("gcp.compute.armor_policy_attached", "inner", as_it_is, "not_applicable"),
    ("gcp.compute.armor_policy_attached", "shop", asset(BACKEND, loadBalancingScheme=None), "unknown"),
]

CLOUD_SQL: Final[list[Case]] = [
    ("gcp.sql.no_open_networks", "orders", as_it_is, "pass"),
    ("gcp.sql.no_open_networks", "shop", as_it_is, "fail"),
    ("gcp.sql.no_open_networks", "orders", setting(ipConfiguration={"authorizedNetworks": [{}]}), "unknown"),
    ("gcp.sql.no_public_ip", "orders", as_it_is, "pass"),
    ("gcp.sql.no_public_ip", "shop", as_it_is, "fail"),
    (
        "gcp.sql.no_public_ip",
        "orders",
        both(setting(ipConfiguration={"ipv4Enabled": None}), asset(SQL, ipAddresses=None)),
        "unknown",
    ),
    ("gcp.sql.tls_required", "orders", as_it_is, "pass"),
    ("gcp.sql.tls_required", "shop", as_it_is, "fail"),
    ("gcp.sql.tls_required", "shop", setting(2, ipConfiguration={"requireSsl": True}), "pass"),
    ("gcp.sql.tls_required", "shop", setting(2, ipConfiguration={"requireSsl": "true"}), "unknown"),
    ("gcp.sql.backups_and_recovery", "orders", as_it_is, "pass"),
    ("gcp.sql.backups_and_recovery", "shop", as_it_is, "fail"),
    ("gcp.sql.backups_and_recovery", "shop", setting(2, backupConfiguration={"binaryLogEnabled": True}), "pass"),
    ("gcp.sql.backups_and_recovery", "orders-replica", as_it_is, "not_applicable"),
    ("gcp.sql.backups_and_recovery", "orders", setting(backupConfiguration={"enabled": "true"}), "unknown"),
    ("gcp.sql.high_availability", "orders", as_it_is, "pass"),
    ("gcp.sql.high_availability", "shop", as_it_is, "fail"),
    ("gcp.sql.high_availability", "orders-replica", as_it_is, "not_applicable"),
    ("gcp.sql.high_availability", "orders", setting(availabilityType=1), "unknown"),
    ("gcp.sql.postgres_logging_flags", "orders", as_it_is, "pass"),
    ("gcp.sql.postgres_logging_flags", "orders", setting(databaseFlags=[]), "fail"),
    ("gcp.sql.postgres_logging_flags", "shop", as_it_is, "not_applicable"),
    ("gcp.sql.postgres_logging_flags", "orders", setting(databaseFlags="on"), "unknown"),
    ("gcp.sql.sqlserver_mysql_safe_flags", "shop", as_it_is, "pass"),
    ("gcp.sql.sqlserver_mysql_safe_flags", "shop", setting(2, databaseFlags=[]), "fail"),
    ("gcp.sql.sqlserver_mysql_safe_flags", "orders", as_it_is, "not_applicable"),
    ("gcp.sql.sqlserver_mysql_safe_flags", "shop", setting(2, databaseFlags=None), "fail"),
    ("gcp.sql.sqlserver_mysql_safe_flags", "shop", setting(2, databaseFlags="off"), "unknown"),
    ("gcp.backupdr.restore_proven", "web", as_it_is, "pass"),
    ("gcp.backupdr.restore_proven", "web", restored(endTime="2025-06-01T10:30:00Z"), "fail"),
    ("gcp.backupdr.restore_proven", "web", restored(error={"errors": [{"code": "INTERNAL"}]}), "fail"),
    ("gcp.backupdr.restore_proven", "web", restored(operationType="BACKUP_VOLUME"), "fail"),
    ("gcp.backupdr.restore_proven", "audit", as_it_is, "not_applicable"),
    ("gcp.backupdr.restore_proven", "web", denied("cloudsql.instances.get"), "unknown"),
]

TOPIC: Final = "pubsub.googleapis.com/Topic"
SUBSCRIPTION: Final = "pubsub.googleapis.com/Subscription"
SECRET: Final = "secretmanager.googleapis.com/Secret"
DNS: Final = "dns.googleapis.com/Policy"
ZONE: Final = "dns.googleapis.com/ManagedZone"
CLUSTER: Final = "container.googleapis.com/Cluster"
ADMISSION: Final = "binaryauthorization.googleapis.com/Policy"
SERVICE: Final = "serviceusage.googleapis.com/Service"
API_KEY: Final = "apikeys.googleapis.com/Key"
ALLOYDB: Final = "alloydb.googleapis.com/Cluster"
DATAPROC: Final = "dataproc.googleapis.com/Cluster"
PIPELINE: Final = "clouddeploy.googleapis.com/DeliveryPipeline"
TARGET: Final = "clouddeploy.googleapis.com/Target"
REPOSITORY: Final = "artifactregistry.googleapis.com/Repository"
PROVIDER: Final = "iam.googleapis.com/WorkloadIdentityPoolProvider"


def open_to(type_: str, member: str, place: int = 0) -> Change:
    """The policy of an asset names a member."""

    def change(world: World) -> None:
        world.assets("web", type_)[place]["iam"] = {"bindings": [{"role": "roles/viewer", "members": [member]}]}

    return change


OTHERS: Final[list[Case]] = [
    ("gcp.pubsub.topic_not_public", "orders", as_it_is, "pass"),
    ("gcp.pubsub.topic_not_public", "orders-dead", as_it_is, "pass"),
    ("gcp.pubsub.topic_not_public", "orders", open_to(TOPIC, "allUsers"), "fail"),
    (
        "gcp.pubsub.topic_not_public",
        "orders",
        denied("cloudasset.assets.listIamPolicy", "pubsub.topics.getIamPolicy"),
        "unknown",
    ),
    ("gcp.pubsub.dead_letter_topic", "orders", as_it_is, "pass"),
    ("gcp.pubsub.dead_letter_topic", "orders", asset(SUBSCRIPTION, deadLetterPolicy=None), "fail"),
    ("gcp.pubsub.dead_letter_topic", "orders-dead", as_it_is, "not_applicable"),
    ("gcp.pubsub.dead_letter_topic", "orders", asset(SUBSCRIPTION, deadLetterPolicy=[]), "unknown"),
    ("gcp.secretmanager.rotation_and_access", "database", as_it_is, "pass"),
    ("gcp.secretmanager.rotation_and_access", "database", asset(SECRET, rotation=None), "fail"),
    ("gcp.secretmanager.rotation_and_access", "database", open_to(SECRET, "allAuthenticatedUsers"), "fail"),
    ("gcp.secretmanager.rotation_and_access", "database", asset(SECRET, rotation={"rotationPeriod": "90d"}), "unknown"),
    ("gcp.dns.query_logging", "main", as_it_is, "pass"),
    ("gcp.dns.query_logging", "default", as_it_is, "fail"),
    ("gcp.dns.query_logging", "main", asset(DNS, enableLogging=None), "fail"),
    ("gcp.dns.query_logging", "main", asset(DNS, enableLogging="true"), "unknown"),
    ("gcp.dns.dnssec", "shop", as_it_is, "pass"),
    ("gcp.dns.dnssec", "shop", asset(ZONE, dnssecConfig=None), "fail"),
    ("gcp.dns.dnssec", "inner", as_it_is, "not_applicable"),
    ("gcp.dns.dnssec", "shop", asset(ZONE, dnssecConfig={"state": True}), "unknown"),
    ("gcp.gke.private_cluster", "main", as_it_is, "pass"),
    ("gcp.gke.private_cluster", "main", asset(CLUSTER, privateClusterConfig=None), "fail"),
    ("gcp.gke.private_cluster", "main", asset(CLUSTER, masterAuthorizedNetworksConfig={}), "fail"),
    ("gcp.gke.private_cluster", "main", asset(CLUSTER, privateClusterConfig={"enablePrivateNodes": 1}), "unknown"),
    ("gcp.gke.cluster_hardened", "main", as_it_is, "pass"),
    ("gcp.gke.cluster_hardened", "main", asset(CLUSTER, loggingConfig=None), "fail"),
    ("gcp.gke.cluster_hardened", "main", asset(CLUSTER, legacyAbac={"enabled": "no"}), "unknown"),
    ("gcp.gke.binary_authorization", "main", as_it_is, "pass"),
    ("gcp.gke.binary_authorization", "main", asset(CLUSTER, binaryAuthorization=None), "fail"),
    ("gcp.gke.binary_authorization", "main", asset(ADMISSION, defaultAdmissionRule=None), "unknown"),
    ("gcp.iam.asset_inventory_enabled", "web", as_it_is, "pass"),
    ("gcp.iam.asset_inventory_enabled", "audit", as_it_is, "fail"),
    (
        "gcp.iam.asset_inventory_enabled",
        "web",
        denied("cloudasset.assets.listResource", "serviceusage.services.list"),
        "unknown",
    ),
    ("gcp.apikeys.restricted_and_rotated", "4ce127b8", as_it_is, "pass"),
    ("gcp.apikeys.restricted_and_rotated", "4ce127b8", asset(API_KEY, restrictions=None), "fail"),
    ("gcp.apikeys.restricted_and_rotated", "4ce127b8", asset(API_KEY, createTime=None), "unknown"),
    ("gcp.alloydb.continuous_backup", "ledger", as_it_is, "pass"),
    ("gcp.alloydb.continuous_backup", "ledger", asset(ALLOYDB, continuousBackupConfig={"enabled": False}), "fail"),
    ("gcp.alloydb.continuous_backup", "ledger-copy", as_it_is, "not_applicable"),
    ("gcp.alloydb.continuous_backup", "ledger", asset(ALLOYDB, clusterType=None), "unknown"),
    ("gcp.alloydb.continuous_backup", "ledger", asset(ALLOYDB, continuousBackupConfig=None), "unknown"),
    ("gcp.alloydb.customer_key", "ledger", as_it_is, "pass"),
    ("gcp.alloydb.customer_key", "ledger", asset(ALLOYDB, encryptionConfig=None), "fail"),
    ("gcp.alloydb.customer_key", "ledger-copy", as_it_is, "not_applicable"),
    ("gcp.alloydb.customer_key", "ledger", asset(ALLOYDB, encryptionConfig=[]), "unknown"),
    ("gcp.dataproc.customer_key", "crunch", as_it_is, "pass"),
    (
        "gcp.dataproc.customer_key",
        "crunch",
        asset(DATAPROC, config={"gceClusterConfig": {"zoneUri": "us-east1-b"}}),
        "fail",
    ),
    (
        "gcp.dataproc.customer_key",
        "crunch",
        asset(DATAPROC, config={"gceClusterConfig": {"zoneUri": "us-east1-b"}, "encryptionConfig": "none"}),
        "unknown",
    ),
    ("gcp.deploy.production_approval", "shop", as_it_is, "pass"),
    ("gcp.deploy.production_approval", "shop", asset(TARGET, 1, requireApproval=None), "fail"),
    ("gcp.deploy.production_approval", "empty", as_it_is, "not_applicable"),
    ("gcp.deploy.production_approval", "shop", asset(TARGET, 1, requireApproval="yes"), "unknown"),
    ("gcp.artifactregistry.scanning_enabled", "images", as_it_is, "pass"),
    (
        "gcp.artifactregistry.scanning_enabled",
        "images",
        asset(REPOSITORY, vulnerabilityScanningConfig={"enablementState": "SCANNING_DISABLED"}),
        "fail",
    ),
    ("gcp.artifactregistry.scanning_enabled", "jars", as_it_is, "not_applicable"),
    (
        "gcp.artifactregistry.scanning_enabled",
        "images",
        asset(REPOSITORY, vulnerabilityScanningConfig={"enablementConfig": "DISABLED"}),
        "unknown",
    ),
    (
        "gcp.artifactregistry.scanning_enabled",
        "images",
        asset(REPOSITORY, vulnerabilityScanningConfig={"enablementState": "SCANNING_UNSUPPORTED"}),
        "fail",
    ),
    ("gcp.artifactregistry.scanning_enabled", "images", asset(SERVICE, 1, state=None), "unknown"),
    ("gcp.iam.workload_identity_provider_condition", "github", as_it_is, "pass"),
    ("gcp.iam.workload_identity_provider_condition", "github", asset(PROVIDER, attributeCondition=None), "fail"),
    ("gcp.iam.workload_identity_provider_condition", "own", as_it_is, "not_applicable"),
    ("gcp.iam.workload_identity_provider_condition", "github", asset(PROVIDER, attributeCondition=1), "unknown"),
]

CASES: Final[list[Case]] = [*ORGANIZATION_POLICIES, *COMPUTE, *CLOUD_SQL, *OTHERS]


@pytest.mark.parametrize(("check", "subject", "change", "verdict"), CASES, ids=ids(CASES))
def test_a_verdict_follows_from_what_the_cloud_answers(
    gcp: Google, check: str, subject: str, change: Change, verdict: str
) -> None:
    change(gcp.world)
    _, findings = scan([check], access=ORGANIZATION if subject in ("audit", "trial") else None)
    assert verdicts(findings)[check, subject] == verdict


CHECKS: Final = sorted({case[0] for case in CASES})


def test_verdicts_are_the_same_without_the_inventory(gcp: Google) -> None:
    _, bulk = scan(CHECKS, access=ORGANIZATION)
    gcp.world.off.add("cloudasset.googleapis.com")
    _, alone = scan(CHECKS, access=ORGANIZATION)

    assert [(f.check.id, f.scope, f.subject, f.verdict, f.message) for f in bulk] == [
        (f.check.id, f.scope, f.subject, f.verdict, f.message) for f in alone
    ]
    assert {finding.check.id for finding in bulk} == set(CHECKS)
