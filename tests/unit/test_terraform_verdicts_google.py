"""Google plans: they drive the checks of Google Cloud to pass, to fail and to unknown, each with its own file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.model import Resource
from providers.terraform import NotAPlan, folded
from tests.planned import (
    AT,
    CONTENT,
    GCP,
    GCP_PROJECT,
    PROJECT,
    Pair,
    Rows,
    held_in_project,
    judged_alone,
    one,
    over,
    plan,
    unknown,
    verdicts,
    verdicts_of,
    verdicts_over,
)
from tests.plans import UNKNOWN, PlanBuilder, Ref, Secret

Over = tuple[tuple[Resource, ...], Rows, Rows]
"""What a run read, and the plans over it that a check passes and fails."""

SENSITIVE = {"data": "sensitive"}
KEY = f"projects/{PROJECT}/locations/europe-west1/keyRings/r/cryptoKeys/k"


def instance(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return one("google_compute_instance", good, bad, **{**MACHINE, **both})


MACHINE: dict[str, Any] = {
    "name": "web",
    "zone": "europe-west1-b",
    "machine_type": "e2-small",
    "network_interface": [{"network": "main"}],
}


def database(good: dict[str, Any], bad: dict[str, Any], version: str = "POSTGRES_16") -> Pair:
    """A pair of instances that differ in their settings."""
    both = {"name": "d", "database_version": version, "region": "europe-west1"}
    return one("google_sql_database_instance", {"settings": [good]}, {"settings": [bad]}, **both)


def flags(**values: str) -> dict[str, Any]:
    return {"database_flags": [{"name": name.replace("__", "."), "value": value} for name, value in values.items()]}


def addresses(**values: Any) -> dict[str, Any]:
    return {"ip_configuration": [values]}


def cluster(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return one("google_container_cluster", good, bad, **{"name": "c", "location": "europe-west1", **both})


def granted(owner: Rows, prefix: str, link: str, of: str) -> Pair:
    """A pair of plans with a role on something: for one person, and for everybody."""

    def made(member: str) -> Rows:
        role = {"role": "roles/viewer", "member": member, link: Ref(of)}
        return {**owner, f"{prefix}_iam_member.m": role}

    return made("user:ada@example.com"), made("allUsers")


def labelled(kind: str, good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return one(kind, good, bad, labels=SENSITIVE, **both)


def policy(role: str, *members: str) -> str:
    return json.dumps({"bindings": [{"role": role, "members": list(members)}]})


RING: Rows = {"google_kms_key_ring.r": {"name": "r", "location": "europe-west1"}}
CRYPTO_KEY: dict[str, Any] = {"name": "k", "key_ring": Ref("google_kms_key_ring.r.id")}
TOPIC: Rows = {"google_pubsub_topic.t": {"name": "t"}}
DATASET: dict[str, Any] = {"dataset_id": "d", "location": "EU"}
SERVICE: dict[str, Any] = {"name": "s", "location": "europe-west1"}
FUNCTION: dict[str, Any] = {"name": "f", "region": "europe-west1", "runtime": "python312", "trigger_http": True}
CLUSTER: dict[str, Any] = {
    "name": "c",
    "location": "europe-west1",
    "private_cluster_config": [{"enable_private_nodes": True, "enable_private_endpoint": False}],
}


def allowed(**more: Any) -> Rows:
    """A cluster whose control plane answers one network, and what is said ``more``."""
    networks = [{"cidr_blocks": [{"cidr_block": "192.0.2.0/24"}], **more}]
    return {"google_container_cluster.c": {**CLUSTER, "master_authorized_networks_config": networks}}


PAIRS: dict[str, Pair] = {
    "gcp.alloydb.continuous_backup": one(
        "google_alloydb_cluster",
        {"continuous_backup_config": [{"enabled": True}]},
        {"continuous_backup_config": [{"enabled": False}]},
        cluster_id="c",
        location="europe-west1",
    ),
    "gcp.alloydb.customer_key": labelled(
        "google_alloydb_cluster",
        {"encryption_config": [{"kms_key_name": KEY}]},
        {},
        cluster_id="c",
        location="europe-west1",
    ),
    "gcp.apikeys.restricted_and_rotated": one(
        "google_apikeys_key",
        {
            "restrictions": [
                {
                    "api_targets": [{"service": "maps-backend.googleapis.com"}],
                    "browser_key_restrictions": [{"allowed_referrers": ["acme.example"]}],
                }
            ]
        },
        {"restrictions": [{"api_targets": [{"service": "maps-backend.googleapis.com"}]}]},
        name="k",
    ),
    "gcp.bigquery.dataset_customer_key": labelled(
        "google_bigquery_dataset", {"default_encryption_configuration": [{"kms_key_name": KEY}]}, {}, **DATASET
    ),
    "gcp.bigquery.dataset_expiry": labelled(
        "google_bigquery_dataset", {"default_table_expiration_ms": 7776000000}, {}, **DATASET
    ),
    "gcp.bigquery.dataset_not_public": one(
        "google_bigquery_dataset",
        {"access": [{"role": "OWNER", "special_group": "projectOwners"}]},
        {"access": [{"role": "READER", "special_group": "allAuthenticatedUsers"}]},
        **DATASET,
    ),
    "gcp.compute.armor_policy_attached": (
        {
            "google_compute_security_policy.p": {"name": "p"},
            "google_compute_backend_service.b": {
                "name": "b",
                "security_policy": Ref("google_compute_security_policy.p.id"),
            },
        },
        {"google_compute_backend_service.b": {"name": "b"}},
    ),
    "gcp.compute.disk_customer_key": labelled(
        "google_compute_disk",
        {"disk_encryption_key": [{"kms_key_self_link": KEY}]},
        {},
        name="d",
        zone="europe-west1-b",
    ),
    "gcp.compute.instance_confidential": instance(
        {"confidential_instance_config": [{"enable_confidential_compute": True}]}, {}, labels=SENSITIVE
    ),
    "gcp.compute.instance_group_resilient": one(
        "google_compute_region_instance_group_manager",
        {"auto_healing_policies": [{"health_check": "hc", "initial_delay_sec": 60}]},
        {},
        name="g",
        base_instance_name="g",
        region="europe-west1",
        distribution_policy_zones=["europe-west1-b", "europe-west1-c"],
    ),
    "gcp.compute.instance_no_default_service_account": instance(
        {"service_account": [{"email": f"web@{PROJECT}.iam.gserviceaccount.com", "scopes": ["cloud-platform"]}]},
        {"service_account": [{"scopes": ["https://www.googleapis.com/auth/cloud-platform"]}]},
    ),
    "gcp.compute.instance_no_ip_forwarding": instance({}, {"can_ip_forward": True}),
    "gcp.compute.instance_no_public_ip": instance(
        {}, {"network_interface": [{"network": "main", "access_config": [{"nat_ip": None}]}]}
    ),
    "gcp.compute.instance_shielded": instance(
        {"shielded_instance_config": [{"enable_vtpm": True, "enable_integrity_monitoring": True}]},
        {"shielded_instance_config": [{"enable_vtpm": False, "enable_integrity_monitoring": True}]},
    ),
    "gcp.compute.load_balancer_logging": one(
        "google_compute_backend_service", {"log_config": [{"enable": True}]}, {}, name="b", protocol="HTTPS"
    ),
    "gcp.compute.no_default_network": (
        {"google_project.p": {"project_id": "new", "name": "new", "auto_create_network": False}}
        | {"google_compute_network.n": {"name": "main"}},
        {"google_project.p": {"project_id": "new", "name": "new"}},
    ),
    "gcp.compute.subnet_flow_logs": one(
        "google_compute_subnetwork",
        {"log_config": [{"flow_sampling": 0.5}]},
        {},
        name="s",
        network="main",
        ip_cidr_range="10.0.0.0/24",
    ),
    "gcp.dataproc.customer_key": one(
        "google_dataproc_cluster",
        {"cluster_config": [{"encryption_config": [{"kms_key_name": KEY}]}]},
        {},
        name="c",
        region="europe-west1",
    ),
    "gcp.dns.dnssec": one(
        "google_dns_managed_zone", {"dnssec_config": [{"state": "on"}]}, {}, name="z", dns_name="acme.example."
    ),
    "gcp.gke.cluster_hardened": cluster(
        {
            "workload_identity_config": [{"workload_pool": f"{PROJECT}.svc.id.goog"}],
            "release_channel": [{"channel": "REGULAR"}],
        },
        {"release_channel": [{"channel": "REGULAR"}]},
        logging_config=[{"enable_components": ["SYSTEM_COMPONENTS", "WORKLOADS"]}],
    ),
    "gcp.gke.private_cluster": cluster(
        {"private_cluster_config": [{"enable_private_nodes": True, "enable_private_endpoint": True}]},
        {"private_cluster_config": [{"enable_private_nodes": True, "enable_private_endpoint": False}]},
    ),
    "gcp.iam.workload_identity_provider_condition": one(
        "google_iam_workload_identity_pool_provider",
        {"attribute_condition": "assertion.repository_owner == 'acme'"},
        {},
        workload_identity_pool_id="p",
        workload_identity_pool_provider_id="github",
        oidc=[{"issuer_uri": "https://token.actions.githubusercontent.com"}],
    ),
    "gcp.kms.key_not_public": granted(
        {**RING, "google_kms_crypto_key.k": CRYPTO_KEY},
        "google_kms_crypto_key",
        "crypto_key_id",
        "google_kms_crypto_key.k.id",
    ),
    "gcp.kms.key_rotation": (
        {**RING, "google_kms_crypto_key.k": {**CRYPTO_KEY, "rotation_period": "7776000s"}},
        {**RING, "google_kms_crypto_key.k": {**CRYPTO_KEY, "rotation_period": "31536000s"}},
    ),
    "gcp.logging.bucket_retention": one(
        "google_logging_project_bucket_config",
        {"retention_days": 400},
        {},
        bucket_id="audit",
        location="global",
        project=PROJECT,
    ),
    "gcp.pubsub.topic_not_public": granted(TOPIC, "google_pubsub_topic", "topic", "google_pubsub_topic.t.id"),
    "gcp.run.function_not_public": granted(
        {"google_cloudfunctions_function.f": FUNCTION},
        "google_cloudfunctions_function",
        "cloud_function",
        "google_cloudfunctions_function.f.name",
    ),
    "gcp.run.not_public": granted(
        {"google_cloud_run_v2_service.s": SERVICE},
        "google_cloud_run_v2_service",
        "name",
        "google_cloud_run_v2_service.s.name",
    ),
    "gcp.secretmanager.rotation_and_access": one(
        "google_secret_manager_secret",
        {"rotation": [{"rotation_period": "2592000s", "next_rotation_time": "2026-12-26T00:00:00Z"}]},
        {},
        secret_id="s",
    ),
    "gcp.sql.backups_and_recovery": database(
        {
            "backup_configuration": [
                {
                    "enabled": True,
                    "point_in_time_recovery_enabled": True,
                    "backup_retention_settings": [{"retained_backups": 14}],
                }
            ]
        },
        {"backup_configuration": [{"enabled": False}]},
    ),
    "gcp.sql.high_availability": database({"availability_type": "REGIONAL"}, {}),
    "gcp.sql.no_open_networks": database(
        addresses(authorized_networks=[{"value": "192.0.2.0/24"}]),
        addresses(authorized_networks=[{"value": "192.0.2.0/24"}, {"value": "0.0.0.0/0"}]),
    ),
    "gcp.sql.no_public_ip": database(addresses(ipv4_enabled=False), {}),
    "gcp.sql.postgres_logging_flags": database(
        flags(log_connections="on", log_disconnections="on", cloudsql__enable_pgaudit="on"),
        flags(log_connections="on", log_disconnections="on"),
    ),
    "gcp.sql.sqlserver_mysql_safe_flags": database(
        flags(local_infile="off", skip_show_database="on"), flags(skip_show_database="on"), "MYSQL_8_0"
    ),
    "gcp.sql.tls_required": database(addresses(ssl_mode="ENCRYPTED_ONLY"), {}),
    "gcp.storage.cmek": labelled(
        "google_storage_bucket", {"encryption": [{"default_kms_key_name": KEY}]}, {}, name="b", location="EU"
    ),
    "gcp.storage.lifecycle_disposal": one(
        "google_storage_bucket",
        {"lifecycle_rule": [{"action": [{"type": "Delete"}], "condition": [{"age": 90}]}]},
        {"lifecycle_rule": [{"action": [{"type": "Delete"}], "condition": [{"num_newer_versions": 3}]}]},
        name="b",
        location="EU",
        labels={"retention": "90d"},
    ),
    "gcp.storage.uniform_access": one(
        "google_storage_bucket", {"uniform_bucket_level_access": True}, {}, name="b", location="EU"
    ),
    "gcp.storage.versioning_or_soft_delete": one(
        "google_storage_bucket",
        {"versioning": [{"enabled": True}], "soft_delete_policy": [{"retention_duration_seconds": 0}]},
        {"soft_delete_policy": [{"retention_duration_seconds": 0}]},
        name="b",
        location="EU",
    ),
}
ONE_SIDED: dict[str, tuple[Rows, str, str]] = {
    "gcp.iam.service_account_no_user_keys": (
        {"google_service_account_key.k": {"service_account_id": f"web@{PROJECT}.iam.gserviceaccount.com"}},
        "fail",
        "that a key is switched off is in no plan",
    ),
    **{
        f"gcp.iam.{name}": (
            {"google_project_iam_member.m": {"project": PROJECT, "role": role, "member": member}},
            "fail",
            "of who may do what in a project a plan holds some",
        )
        for name, role, member in (
            ("no_public_bindings", "roles/viewer", "allUsers"),
            ("no_service_account_user_at_project", "roles/iam.serviceAccountUser", "group:all@example.com"),
        )
    },
    "gcp.iam.separation_of_duties": (
        {
            f"google_project_iam_member.{name}": {"project": PROJECT, "role": role, "member": "user:ada@example.com"}
            for name, role in (("a", "roles/iam.serviceAccountAdmin"), ("b", "roles/iam.serviceAccountUser"))
        },
        "fail",
        "of who may do what in a project a plan holds some",
    ),
    "gcp.iam.service_account_not_admin": (
        {
            "google_service_account.s": {"account_id": "web", "project": PROJECT},
            "google_project_iam_binding.b": {
                "project": PROJECT,
                "role": "roles/editor",
                "members": [f"serviceAccount:web@{PROJECT}.iam.gserviceaccount.com"],
            },
        },
        "fail",
        "of who may do what in a project a plan holds some",
    ),
    "gcp.iam.audit_config_data_access": (
        {
            "google_project_iam_audit_config.a": {
                "project": PROJECT,
                "service": "allServices",
                "audit_log_config": [{"log_type": "DATA_READ", "exempted_members": ["user:ada@example.com"]}],
            }
        },
        "fail",
        "a plan holds some of what is logged; what it exempts is exempt",
    ),
    "gcp.iam.service_account_key_rotated": (
        {"google_service_account_key.k": {"service_account_id": f"web@{PROJECT}.iam.gserviceaccount.com"}},
        "pass",
        "whether a key that is there is switched off is in no plan",
    ),
}
"""Checks that a plan by itself can only let pass, or only fail: the plan, the verdict, and why there is no other."""


# --- over what a run read --------------------------------------------------------------------------------------------


def named(collection: str, name: str) -> str:
    return f"//compute.googleapis.com/projects/{PROJECT}/{collection}/{name}"


def principal(member: str, *roles: str) -> dict[str, Any]:
    grants = [{"role": role, "granted_on": f"projects/{PROJECT}", "condition": None} for role in roles]
    return {"member": member, "kind": member.partition(":")[0], "principal_count": 1, "grants": grants}


def project(**more: Any) -> Resource:
    known = GCP.context[0]
    return held_in_project(known.type, known.id, known.name, **{**known.properties, **more})


def audit(log_type: str) -> dict[str, Any]:
    return {"service": "allServices", "log_type": log_type, "exempted_members": [], "set_on": f"projects/{PROJECT}"}


def role(verb: str, name: str, role: str, member: str) -> Rows:
    return {f"{verb}google_project_iam_member.{name}": {"project": PROJECT, "role": role, "member": member}}


ACCOUNT = f"web@{PROJECT}.iam.gserviceaccount.com"
ADA = "user:ada@example.com"
MAIN = named("global/networks", "main")
NETWORK = held_in_project(
    "compute.googleapis.com/Network",
    MAIN,
    "main",
    legacy_range=None,
    auto_create_subnetworks=False,
    policy_order="AFTER_CLASSIC_FIREWALL",
)
BUCKET = {"name": "records", "location": "EU"}
PIPELINE = {"name": "p", "location": "europe-west1"}
STAGES = [{"stages": [{"target_id": "dev"}, {"target_id": Ref("google_clouddeploy_target.t.name")}]}]


def rule(port: str, *ranges: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "r",
        "network": "main",
        "project": PROJECT,
        "allow": [{"protocol": "tcp", "ports": [port]}],
        "source_ranges": list(ranges),
        **more,
    }


def firewall(port: str) -> Over:
    return (
        (NETWORK,),
        {"google_compute_firewall.r": rule(port, "10.0.0.0/8")},
        {"google_compute_firewall.r": rule(port, "0.0.0.0/0")},
    )


POLICY = "google_compute_network_firewall_policy"


def policy_rule(*ports: str, **more: Any) -> dict[str, Any]:
    match = {"src_ip_ranges": ["0.0.0.0/0"], "layer4_configs": [{"ip_protocol": "tcp", "ports": list(ports)}]}
    return {"firewall_policy": Ref(f"{POLICY}.p.name"), "direction": "INGRESS", "match": [match], **more}


def policies(**rules: dict[str, Any]) -> Rows:
    """A policy of a network with these rules."""
    return {
        "google_compute_network.n": {"name": "main"},
        f"{POLICY}.p": {"name": "p"},
        f"{POLICY}_association.a": {
            "name": "a",
            "attachment_target": Ref("google_compute_network.n.id"),
            "firewall_policy": Ref(f"{POLICY}.p.id"),
        },
        **{f"{POLICY}_rule.{name}": rule for name, rule in rules.items()},
    }


REACHED = held_in_project(
    "monitoring.googleapis.com/NotificationChannel",
    f"//monitoring.googleapis.com/projects/{PROJECT}/notificationChannels/1",
    "on call",
    channel_type="email",
    enabled=True,
    verification_status=None,
)
ON_CALL = [f"projects/{PROJECT}/notificationChannels/1"]


def alerting(id_: str) -> Over:
    """Plans by which every event of a check raises an alert: by a query of the log, or by a metric for the first."""
    first, *rest = CONTENT.checks[id_].parameters["events"].default
    threshold = {
        "filter": 'metric.type="logging.googleapis.com/user/first"',
        "comparison": "COMPARISON_GT",
        "duration": "0s",
    }
    by_metric = {"display_name": "first", "condition_threshold": [threshold]}
    by_log = [{"display_name": "log", "condition_matched_log": [{"filter": query}]} for query in rest]
    both = {"display_name": "changes", "combiner": "OR", "conditions": [by_metric, *by_log]}

    def made(**more: Any) -> Rows:
        return {
            "google_logging_metric.first": {"name": "first", "filter": first},
            "google_monitoring_alert_policy.p": {**both, **more},
        }

    return (REACHED,), made(notification_channels=ON_CALL), made(notification_channels=ON_CALL, enabled=False)


def restricted(constraint: str, good: dict[str, Any], bad: dict[str, Any]) -> Over:
    def made(rules: dict[str, Any]) -> Rows:
        name = f"projects/{PROJECT}/policies/{constraint}"
        return {
            "google_org_policy_policy.p": {"name": name, "parent": f"projects/{PROJECT}", "spec": [{"rules": [rules]}]}
        }

    return (), made(good), made(bad)


APPROVALS = {"project_id": PROJECT, "enrolled_services": [{"cloud_product": "all"}]}


def contact(*categories: str) -> Rows:
    row = {"parent": f"projects/{PROJECT}", "email": "security@example.com", "language_tag": "en"}
    return {"google_essential_contacts_contact.c": {**row, "notification_category_subscriptions": list(categories)}}


OVER: dict[str, Over] = {
    "gcp.artifactregistry.scanning_enabled": (
        (
            held_in_project(
                "serviceusage.googleapis.com/Service",
                f"//serviceusage.googleapis.com/projects/{PROJECT}/services/run.googleapis.com",
                "run.googleapis.com",
                state="ENABLED",
            ),
        ),
        {
            "google_project_service.s": {"service": "containerscanning.googleapis.com"},
            "google_artifact_registry_repository.r": {"repository_id": "r", "format": "DOCKER"},
        },
        {
            "google_project_service.s": {"service": "containerscanning.googleapis.com"},
            "google_artifact_registry_repository.r": {
                "repository_id": "r",
                "format": "DOCKER",
                "vulnerability_scanning_config": [{"enablement_config": "DISABLED"}],
            },
        },
    ),
    "gcp.compute.disk_snapshot_schedule": (
        (),
        {
            "google_compute_disk.d": {"name": "d", "zone": "europe-west1-b"},
            "google_compute_instance.i": {**MACHINE, "attached_disk": [{"source": Ref("google_compute_disk.d.id")}]},
            "google_compute_resource_policy.p": {
                "name": "daily",
                "region": "europe-west1",
                "snapshot_schedule_policy": [{"schedule": [{"daily_schedule": [{"days_in_cycle": 1}]}]}],
            },
            "google_compute_disk_resource_policy_attachment.a": {
                "name": Ref("google_compute_resource_policy.p.name"),
                "disk": Ref("google_compute_disk.d.name"),
                "zone": "europe-west1-b",
            },
        },
        {
            "google_compute_disk.d": {"name": "d", "zone": "europe-west1-b"},
            "google_compute_attached_disk.a": {"disk": Ref("google_compute_disk.d.id"), "instance": "web"},
        },
    ),
    "gcp.compute.firewall_no_open_ssh": firewall("22"),
    "gcp.compute.firewall_no_open_rdp": firewall("3000-4000"),
    "gcp.compute.firewall_no_open_data_ports": firewall("5432"),
    "gcp.compute.instance_hardened_access": (
        (
            held_in_project(
                "compute.googleapis.com/Project",
                f"//compute.googleapis.com/projects/{PROJECT}",
                PROJECT,
                os_login=None,
                block_project_ssh_keys=None,
                serial_port=None,
            ),
        ),
        {
            "google_compute_instance.i": MACHINE,
            "google_compute_project_metadata_item.m": {"key": "enable-oslogin", "value": "TRUE", "project": PROJECT},
        },
        {
            "google_compute_instance.i": {**MACHINE, "metadata": {"serial-port-enable": "1"}},
            "google_compute_project_metadata.m": {"metadata": {"enable-oslogin": "TRUE"}, "project": PROJECT},
        },
    ),
    "gcp.compute.network_policies_no_open_ports": (
        (),
        policies(a=policy_rule("443", action="allow", priority=10), b=policy_rule(action="deny", priority=20)),
        policies(a=policy_rule("443", "3300-3400", action="allow", priority=10)),
    ),
    "gcp.compute.load_balancer_tls": (
        (),
        {
            "google_compute_ssl_policy.p": {"name": "p", "min_tls_version": "TLS_1_2", "profile": "MODERN"},
            "google_compute_target_https_proxy.x": {"name": "x", "ssl_policy": Ref("google_compute_ssl_policy.p.id")},
        },
        {
            "google_compute_ssl_policy.p": {"name": "p"},
            "google_compute_target_https_proxy.x": {"name": "x", "ssl_policy": Ref("google_compute_ssl_policy.p.id")},
        },
    ),
    "gcp.deploy.production_approval": (
        (),
        {
            "google_clouddeploy_target.t": {**PIPELINE, "name": "prod", "require_approval": True},
            "google_clouddeploy_delivery_pipeline.p": {**PIPELINE, "serial_pipeline": STAGES},
        },
        {
            "google_clouddeploy_target.t": {**PIPELINE, "name": "prod"},
            "google_clouddeploy_delivery_pipeline.p": {**PIPELINE, "serial_pipeline": STAGES},
        },
    ),
    "gcp.dns.query_logging": (
        (NETWORK,),
        {"google_dns_policy.p": {"name": "p", "enable_logging": True, "networks": [{"network_url": MAIN[2:]}]}},
        {"google_dns_policy.p": {"name": "p", "networks": [{"network_url": MAIN[2:]}]}},
    ),
    "gcp.gke.binary_authorization": (
        (),
        {
            "google_container_cluster.c": {
                "name": "c",
                "location": "europe-west1",
                "binary_authorization": [{"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE"}],
            },
            "google_binary_authorization_policy.p": {
                "default_admission_rule": [
                    {"evaluation_mode": "ALWAYS_DENY", "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}
                ]
            },
        },
        {"google_container_cluster.c": {"name": "c", "location": "europe-west1"}},
    ),
    "gcp.iam.access_approval": (
        (project(access_approval_services=[], access_approval_above=False),),
        {"google_project_access_approval_settings.a": APPROVALS},
        {"delete google_project_access_approval_settings.a": APPROVALS},
    ),
    "gcp.iam.essential_contacts": ((), contact("ALL"), contact("SECURITY", "BILLING")),
    "gcp.iam.asset_inventory_enabled": (
        (),
        {"google_project_service.s": {"service": "cloudasset.googleapis.com"}},
        {"google_project_service.s": {"service": "compute.googleapis.com"}},
    ),
    "gcp.iam.audit_config_data_access": (
        (project(audit_configs=[audit("ADMIN_READ"), audit("DATA_READ")]),),
        {
            "google_project_iam_audit_config.a": {
                "project": PROJECT,
                "service": "allServices",
                "audit_log_config": [{"log_type": "DATA_WRITE"}],
            }
        },
        {
            "delete google_project_iam_audit_config.a": {
                "project": PROJECT,
                "service": "allServices",
                "audit_log_config": [{"log_type": "DATA_READ"}],
            }
        },
    ),
    "gcp.iam.no_public_bindings": (
        (project(principals=[principal(ADA, "roles/viewer")]),),
        role("", "m", "roles/viewer", "group:all@example.com"),
        role("", "m", "roles/viewer", "allAuthenticatedUsers"),
    ),
    "gcp.iam.no_basic_roles": (
        (project(principals=[principal(ADA, "roles/editor", "roles/viewer")]),),
        role("delete ", "m", "roles/editor", ADA),
        role("delete ", "m", "roles/viewer", ADA),
    ),
    "gcp.iam.no_service_account_user_at_project": (
        (project(principals=[principal(ADA, "roles/viewer")]),),
        role("", "m", "roles/viewer", "user:bob@example.com"),
        {
            "google_project_iam_policy.p": {
                "project": PROJECT,
                "policy_data": policy("roles/iam.serviceAccountUser", ADA),
            }
        },
    ),
    "gcp.iam.separation_of_duties": (
        (project(principals=[principal(ADA, "roles/cloudkms.admin")]),),
        role("", "m", "roles/cloudkms.cryptoKeyDecrypter", "user:bob@example.com"),
        role("", "m", "roles/cloudkms.cryptoKeyDecrypter", ADA),
    ),
    "gcp.iam.service_account_not_admin": (
        (),
        {
            "google_service_account.s": {"account_id": "web", "project": PROJECT},
            **role("", "m", "roles/viewer", f"serviceAccount:{ACCOUNT}"),
        },
        {
            "google_service_account.s": {"account_id": "web", "project": PROJECT},
            **role("", "m", "roles/storage.objectAdmin", f"serviceAccount:{ACCOUNT}"),
        },
    ),
    "gcp.iam.service_account_key_rotated": (
        (
            held_in_project(
                "iam.googleapis.com/ServiceAccountKey",
                f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/1/keys/abc",
                "abc",
                key_type="USER_MANAGED",
                disabled=False,
                valid_after="2026-11-01T00:00:00Z",
                valid_before="9999-12-31T23:59:59Z",
                service_account=f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/1",
            ),
        ),
        {
            "keep google_service_account_key.k": {
                "service_account_id": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}",
                "id": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/abc",
                "name": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/abc",
                "valid_after": "2026-11-01T00:00:00Z",
            }
        },
        {
            "keep google_service_account_key.k": {
                "service_account_id": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}",
                "id": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/abc",
                "name": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/abc",
                "valid_after": "2026-01-01T00:00:00Z",
            }
        },
    ),
    "gcp.logging.sink_all_entries": (
        (),
        {"google_logging_project_sink.s": {"name": "all", "destination": "storage.googleapis.com/records"}},
        {
            "google_logging_project_sink.s": {
                "name": "all",
                "destination": "storage.googleapis.com/records",
                "exclusions": [{"name": "noise", "filter": "severity < WARNING"}],
            }
        },
    ),
    **{
        id_: alerting(id_)
        for id_ in ("gcp.monitoring.alert_iam_and_audit_changes", "gcp.monitoring.alert_network_and_storage_changes")
    },
    "gcp.orgpolicy.domain_restricted_sharing": restricted(
        "iam.allowedPolicyMemberDomains", {"values": [{"allowed_values": ["C01234"]}]}, {"allow_all": "TRUE"}
    ),
    "gcp.orgpolicy.resource_locations": restricted(
        "gcp.resourceLocations", {"values": [{"allowed_values": ["in:eu-locations"]}]}, {"allow_all": "TRUE"}
    ),
    "gcp.orgpolicy.service_account_key_creation_disabled": restricted(
        "iam.disableServiceAccountKeyCreation", {"enforce": "TRUE"}, {"enforce": "FALSE"}
    ),
    "gcp.pubsub.dead_letter_topic": (
        (),
        {
            **TOPIC,
            "google_pubsub_topic.dead": {"name": "dead"},
            "google_pubsub_subscription.s": {
                "name": "s",
                "topic": Ref("google_pubsub_topic.t.id"),
                "dead_letter_policy": [{"dead_letter_topic": Ref("google_pubsub_topic.dead.id")}],
            },
            "google_pubsub_subscription.dead": {"name": "dead", "topic": "dead"},
        },
        {**TOPIC, "google_pubsub_subscription.s": {"name": "s", "topic": Ref("google_pubsub_topic.t.name")}},
    ),
    "gcp.storage.bucket_not_public": (
        (),
        {
            "google_storage_bucket.b": BUCKET,
            "google_storage_bucket_iam_binding.m": {
                "bucket": "records",
                "role": "roles/storage.objectViewer",
                "members": [ADA],
            },
        },
        {
            "google_storage_bucket.b": BUCKET,
            "google_storage_bucket_access_control.a": {
                "bucket": Ref("google_storage_bucket.b.name"),
                "entity": "allUsers",
                "role": "READER",
            },
        },
    ),
    "gcp.storage.public_access_prevention": (
        (),
        {
            "google_storage_bucket.b": BUCKET,
            "google_project_organization_policy.p": {
                "project": PROJECT,
                "constraint": "constraints/storage.publicAccessPrevention",
                "boolean_policy": [{"enforced": True}],
            },
        },
        {"google_storage_bucket.b": BUCKET},
    ),
    "gcp.storage.retention_policy_locked": (
        (),
        {
            "google_storage_bucket.b": {
                **BUCKET,
                "retention_policy": [{"retention_period": 31536000, "is_locked": True}],
            },
            "google_logging_project_sink.s": {"name": "all", "destination": "storage.googleapis.com/records"},
        },
        {
            "google_storage_bucket.b": {**BUCKET, "retention_policy": [{"retention_period": 31536000}]},
            "google_logging_project_sink.s": {"name": "all", "destination": "storage.googleapis.com/records"},
        },
    ),
}
NEEDS_LIVE: dict[str, str] = {
    "gcp.backupdr.restore_proven": "what was restored is in no plan",
    "gcp.dlp.discovery_configured": "when discovery ran last is in no plan, only that it is to run",
    "gcp.iam.service_account_unused_removed": "what a service account was used for is in no plan",
    "gcp.iam.two_step_verification": "how people sign in is set in the directory, which Terraform does not hold",
    "gcp.securitycenter.enabled_and_handled": "what Security Command Center found, and who handled it, is in no plan",
}
"""Checks of Google Cloud that no plan can judge, not even over what a run read, with why."""


def test_every_check_of_google_cloud_is_driven_or_has_a_reason() -> None:
    mine = {id_ for id_ in CONTENT.checks if id_.startswith("gcp.")}
    alone = {id_ for id_ in judged_alone() if id_.startswith("gcp.")}
    assert alone == {*PAIRS, *ONE_SIDED}
    assert mine - alone == set(OVER) - alone | set(NEEDS_LIVE)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(ONE_SIDED))
def test_a_check_that_a_plan_judges_to_one_side_reaches_it(id_: str) -> None:
    rows, verdict, why = ONE_SIDED[id_]
    assert verdicts(id_, rows) == {verdict}, why


@pytest.mark.parametrize("id_", sorted(OVER))
def test_plans_over_a_run_drive_the_check_to_pass_and_to_fail(id_: str, tmp_path: Path) -> None:
    live, good, bad = OVER[id_]
    found = [verdicts_over(id_, live, rows, tmp_path, GCP) for rows in (good, bad)]
    # A plan may hold something else of the type, which is judged as well.
    assert (found[0], found[1] & {"fail", "unknown"}) == ({"pass"}, {"fail"})


# --- what a plan does not tell ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_what_is_known_only_after_apply_is_never_a_pass(id_: str) -> None:
    rows = unknown(PAIRS[id_])
    if rows is None or id_ in CERTAIN:
        assert id_ in CERTAIN or rows is None
        return
    assert verdicts(id_, rows) == {"unknown"}


CERTAIN: dict[str, str] = {}
"""Checks that a plan decides although what decides in its pair is unknown, with why."""
SERVER: dict[str, Any] = {"name": "d", "database_version": "POSTGRES_16", "region": "europe-west1"}
FURTHER: dict[str, tuple[str, Rows, str]] = {
    "a database without settings, whose settings are another's": (
        "gcp.sql.tls_required",
        {"google_sql_database_instance.x": {**SERVER, "clone": [{"source_instance_name": "other"}]}},
        "unknown",
    ),
    "a database that says nothing of its address has a public one": (
        "gcp.sql.no_public_ip",
        {"google_sql_database_instance.x": {**SERVER, "settings": [{"tier": "db-f1-micro"}]}},
        "fail",
    ),
    "a public address is added to an instance that was read with a private one": (
        "gcp.sql.no_public_ip",
        {
            "keep google_sql_database_instance.x": {
                **SERVER,
                "settings": [{"ip_configuration": [{"ipv4_enabled": True, "private_network": "n"}]}],
                "ip_address": [{"type": "PRIVATE", "ip_address": "10.0.0.3"}],
            }
        },
        "fail",
    ),
    "one network of a database is secret": (
        "gcp.sql.no_open_networks",
        {
            "google_sql_database_instance.x": {
                **SERVER,
                "settings": [
                    addresses(authorized_networks=[{"value": "192.0.2.0/24"}, {"value": Secret("0.0.0.0/0")}])
                ],
            }
        },
        "unknown",
    ),
    "how many backups are kept where nothing is said": (
        "gcp.sql.backups_and_recovery",
        {
            "google_sql_database_instance.x": {
                **SERVER,
                "settings": [{"backup_configuration": [{"enabled": True, "point_in_time_recovery_enabled": True}]}],
            }
        },
        "unknown",
    ),
    "the image decides whether a machine is shielded": (
        "gcp.compute.instance_shielded",
        {"google_compute_instance.x": MACHINE},
        "unknown",
    ),
    "a template of machines is judged as a machine": (
        "gcp.compute.instance_no_public_ip",
        {
            "google_compute_instance_template.x": {
                "name": "t",
                "network_interface": [{"network": "main", "access_config": [{}]}],
            }
        },
        "fail",
    ),
    "the network tags of a machine are no labels": (
        "gcp.compute.instance_confidential",
        {"google_compute_instance.x": {**MACHINE, "tags": ["sensitive"], "labels": None}},
        "",
    ),
    "labels of the provider's configuration count": (
        "gcp.storage.cmek",
        {"google_storage_bucket.x": {**BUCKET, "labels": None, "effective_labels": SENSITIVE}},
        "fail",
    ),
    "soft delete where nothing is said": (
        "gcp.storage.versioning_or_soft_delete",
        {"google_storage_bucket.x": BUCKET},
        "unknown",
    ),
    "a zone signs with the algorithm that is written": (
        "gcp.dns.dnssec",
        {
            "google_dns_managed_zone.x": {
                "name": "z",
                "dns_name": "acme.example.",
                "dnssec_config": [{"state": "on", "default_key_specs": [{"algorithm": "rsasha1"}]}],
            }
        },
        "fail",
    ),
    "a member that nobody knows": (
        "gcp.pubsub.topic_not_public",
        {
            **TOPIC,
            "google_pubsub_topic_iam_member.m": {"topic": "t", "role": "roles/pubsub.viewer", "member": UNKNOWN},
        },
        "unknown",
    ),
    "a whole policy that holds everybody": (
        "gcp.pubsub.topic_not_public",
        {
            **TOPIC,
            "google_pubsub_topic_iam_policy.m": {"topic": "t", "policy_data": policy("roles/viewer", "allUsers")},
        },
        "fail",
    ),
    "a whole policy is all that there is, of a topic that is there as well": (
        "gcp.pubsub.topic_not_public",
        {
            "keep google_pubsub_topic.t": {"name": "t", "id": f"projects/{PROJECT}/topics/t", "project": PROJECT},
            "keep google_pubsub_topic_iam_policy.m": {
                "project": PROJECT,
                "topic": f"projects/{PROJECT}/topics/t",
                "policy_data": policy("roles/viewer", ADA),
            },
        },
        "pass",
    ),
    "a topic that is there may have members of other plans": (
        "gcp.pubsub.topic_not_public",
        {
            "keep google_pubsub_topic.t": {"name": "t", "id": f"projects/{PROJECT}/topics/t", "project": PROJECT},
            "google_pubsub_topic_iam_member.m": {
                "topic": f"projects/{PROJECT}/topics/t",
                "role": "roles/pubsub.viewer",
                "member": ADA,
            },
        },
        "unknown",
    ),
    "a policy that is no JSON": (
        "gcp.pubsub.topic_not_public",
        {**TOPIC, "google_pubsub_topic_iam_policy.m": {"topic": "t", "policy_data": "{"}},
        "unknown",
    ),
    "the policy of a topic of the same name in another project is not this one's": (
        "gcp.pubsub.topic_not_public",
        {
            "google_pubsub_topic.t": {"name": "t", "project": "a"},
            "google_pubsub_topic.u": {"name": "t", "project": "b"},
            "google_pubsub_topic_iam_member.m": {
                "topic": "t",
                "project": "c",
                "role": "roles/pubsub.viewer",
                "member": "allUsers",
            },
        },
        "fail pass",
    ),
    "one of the topics may be meant": (
        "gcp.pubsub.topic_not_public",
        {
            'google_pubsub_topic.t["a"]': {"name": "a"},
            'google_pubsub_topic.t["b"]': {"name": "b"},
            "google_pubsub_topic_iam_member.m": {
                "topic": UNKNOWN,
                "role": "roles/pubsub.viewer",
                "member": "allUsers",
            },
        },
        "unknown",
    ),
    "a key without a period never rotates": (
        "gcp.kms.key_rotation",
        {**RING, "google_kms_crypto_key.k": {**CRYPTO_KEY, "rotation_period": None}},
        "fail",
    ),
    "pools beside a cluster": (
        "gcp.gke.cluster_hardened",
        {
            "google_container_cluster.c": {
                "name": "c",
                "location": "europe-west1",
                "remove_default_node_pool": True,
                "release_channel": [{"channel": "UNSPECIFIED"}],
                "workload_identity_config": [{"workload_pool": "p"}],
                "logging_config": [{"enable_components": ["SYSTEM_COMPONENTS", "WORKLOADS"]}],
            },
            "google_container_node_pool.a": {
                "name": "a",
                "cluster": Ref("google_container_cluster.c.name"),
                "management": [{"auto_upgrade": True}],
            },
            "google_container_node_pool.b": {
                "name": "b",
                "cluster": Ref("google_container_cluster.c.id"),
                "management": [{"auto_upgrade": False}],
            },
        },
        "fail",
    ),
    "logging that is off": (
        "gcp.gke.cluster_hardened",
        {
            "google_container_cluster.c": {
                "name": "c",
                "location": "europe-west1",
                "logging_service": "none",
                "enable_autopilot": True,
            }
        },
        "fail",
    ),
    "what Google's addresses may is left to the API": ("gcp.gke.private_cluster", allowed(), "unknown"),
    "whoever rents a machine at Google may": (
        "gcp.gke.private_cluster",
        allowed(gcp_public_cidrs_access_enabled=True),
        "fail",
    ),
    "one network may and nobody besides": (
        "gcp.gke.private_cluster",
        allowed(gcp_public_cidrs_access_enabled=False),
        "pass",
    ),
    "a dataset that lets views and one person read it": (
        "gcp.bigquery.dataset_not_public",
        {
            "google_bigquery_dataset.d": {
                **DATASET,
                "access": [
                    {"view": [{"project_id": "p", "dataset_id": "v", "table_id": "t"}]},
                    {"role": "READER", "user_by_email": "ada@example.com"},
                ],
            }
        },
        "pass",
    ),
    "a dataset that is opened by an entry of its own": (
        "gcp.bigquery.dataset_not_public",
        {
            "google_bigquery_dataset.d": DATASET,
            "google_bigquery_dataset_access.a": {
                "dataset_id": Ref("google_bigquery_dataset.d.dataset_id"),
                "role": "roles/bigquery.dataViewer",
                "iam_member": "allUsers",
            },
        },
        "fail",
    ),
    "a dataset whose blocks of access are not known": (
        "gcp.bigquery.dataset_not_public",
        {"google_bigquery_dataset.d": {**DATASET, "access": UNKNOWN}},
        "unknown",
    ),
    "one of those who may use a dataset is not known": (
        "gcp.bigquery.dataset_not_public",
        {"google_bigquery_dataset.d": {**DATASET, "access": [{"role": "READER", "iam_member": UNKNOWN}]}},
        "unknown",
    ),
    "whether an entry is about views nobody knows": (
        "gcp.bigquery.dataset_not_public",
        {
            "google_bigquery_dataset.d": {
                **DATASET,
                "access": [{"view": UNKNOWN, "role": "READER", "special_group": "allAuthenticatedUsers"}],
            }
        },
        "unknown",
    ),
    "the whole policy of a dataset": (
        "gcp.bigquery.dataset_not_public",
        {
            "google_bigquery_dataset.d": DATASET,
            "google_bigquery_dataset_iam_policy.p": {
                "dataset_id": "d",
                "policy_data": policy("roles/bigquery.dataViewer", "allAuthenticatedUsers"),
            },
        },
        "fail",
    ),
    "a service whose check for invokers is off": (
        "gcp.run.not_public",
        {"google_cloud_run_v2_service.s": {**SERVICE, "invoker_iam_disabled": True}},
        "fail",
    ),
    "a service that answers from inside, whoever invokes it": (
        "gcp.run.not_public",
        {
            "google_cloud_run_v2_service.s": {
                **SERVICE,
                "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
                "invoker_iam_disabled": True,
            }
        },
        "pass",
    ),
    "a service whose ingress has a name that is not known": (
        "gcp.run.not_public",
        {
            "google_cloud_run_v2_service.s": {
                **SERVICE,
                "ingress": "INGRESS_TRAFFIC_NONE_YET",
                "invoker_iam_disabled": True,
            }
        },
        "unknown",
    ),
    "a service that is meant to be public": (
        "gcp.run.not_public",
        {"google_cloud_run_v2_service.s": {**SERVICE, "labels": {"exposure": "public"}, "invoker_iam_disabled": True}},
        "",
    ),
    "annotations say what an older service is": (
        "gcp.run.not_public",
        {
            f"google_cloud_run_service.{name}": {
                **SERVICE,
                "name": name,
                "metadata": [{"annotations": {f"run.googleapis.com/{key}": value}}],
            }
            for name, key, value in (("a", "ingress", "internal"), ("b", "invoker-iam-disabled", "true"))
        },
        "pass fail",
    ),
    "an annotation that nobody knows": (
        "gcp.run.not_public",
        {
            "google_cloud_run_service.s": {
                **SERVICE,
                "metadata": [{"annotations": {"run.googleapis.com/invoker-iam-disabled": UNKNOWN}}],
            }
        },
        "unknown",
    ),
    "the older resource of a policy opens a service of the newer kind": (
        "gcp.run.not_public",
        {
            "keep google_cloud_run_v2_service.s": {
                **SERVICE,
                "project": PROJECT,
                "id": f"projects/{PROJECT}/locations/europe-west1/services/s",
                "ingress": "INGRESS_TRAFFIC_ALL",
            },
            "google_cloud_run_service_iam_member.m": {
                "service": f"v1/projects/{PROJECT}/locations/europe-west1/services/s",
                "role": "roles/run.invoker",
                "member": "allUsers",
            },
        },
        "fail",
    ),
    "a function of the second generation is its service": (
        "gcp.run.not_public",
        {
            "google_cloudfunctions2_function.f": {
                "name": "f",
                "location": "europe-west1",
                "service_config": [{"ingress_settings": "ALLOW_ALL"}],
            },
            "google_cloud_run_service_iam_binding.b": {
                "service": Ref("google_cloudfunctions2_function.f.service_config[0].service"),
                "location": "europe-west1",
                "role": "roles/run.invoker",
                "members": [ADA, "allUsers"],
            },
        },
        "fail",
    ),
    # No reference says that its service has its labels, by which a service says that it is meant to be open.
    "the label of a function of the second generation may or may not make its service exempt": (
        "gcp.run.not_public",
        {
            "google_cloudfunctions2_function.f": {
                "name": "f",
                "location": "europe-west1",
                "labels": {"exposure": "public"},
                "service_config": [{"ingress_settings": "ALLOW_ALL"}],
            },
            "google_cloud_run_service_iam_binding.b": {
                "service": Ref("google_cloudfunctions2_function.f.service_config[0].service"),
                "location": "europe-west1",
                "role": "roles/run.invoker",
                "members": [ADA, "allUsers"],
            },
        },
        "unknown",
    ),
    "an invoker of the first generation is none of the second": (
        "gcp.run.not_public",
        {
            "google_cloudfunctions2_function.f": {"name": "f", "location": "europe-west1"},
            "google_cloudfunctions2_function_iam_member.m": {
                "cloud_function": Ref("google_cloudfunctions2_function.f.name"),
                "role": "roles/cloudfunctions.invoker",
                "member": "allUsers",
            },
        },
        "pass",
    ),
    "a function that events start": (
        "gcp.run.function_not_public",
        {
            "google_cloudfunctions_function.f": {
                **FUNCTION,
                "trigger_http": None,
                "event_trigger": [{"event_type": "google.pubsub.topic.publish", "resource": "t"}],
            }
        },
        "",
    ),
    "control planes that answer the world": (
        "gcp.gke.private_cluster",
        {
            "google_container_cluster.c": {
                "name": "c",
                "location": "europe-west1",
                "private_cluster_config": [{"enable_private_nodes": True, "enable_private_endpoint": False}],
                "master_authorized_networks_config": [{"cidr_blocks": [{"cidr_block": "0.0.0.0/0"}]}],
            }
        },
        "fail",
    ),
    "a network without a name of its own": (
        "gcp.compute.no_default_network",
        {"google_compute_network.n": {"name": "default"}},
        "fail",
    ),
    "a project that is there may have lost its network": (
        "gcp.compute.no_default_network",
        {
            "keep google_project.p": {
                "project_id": "old",
                "id": "projects/old",
                "name": "old",
                "auto_create_network": True,
            }
        },
        "",
    ),
    "machines whose zones Google chooses": (
        "gcp.compute.instance_group_resilient",
        {
            "google_compute_region_instance_group_manager.g": {
                "name": "g",
                "auto_healing_policies": [{"health_check": "hc"}],
            }
        },
        "unknown",
    ),
    "a machine with an account of its own and few scopes": (
        "gcp.compute.instance_no_default_service_account",
        {
            "google_compute_instance.x": {
                **MACHINE,
                "service_account": [{"scopes": ["https://www.googleapis.com/auth/devstorage.read_only"]}],
            }
        },
        "pass",
    ),
    "a grant to everybody beside others in a binding": (
        "gcp.iam.no_public_bindings",
        {
            "google_project_iam_binding.b": {
                "project": PROJECT,
                "role": "roles/viewer",
                "members": [ADA, "allAuthenticatedUsers"],
            }
        },
        "fail",
    ),
    "a harmless grant does not show that there is no other": (
        "gcp.iam.no_public_bindings",
        {"google_project_iam_member.m": {"project": PROJECT, "role": "roles/viewer", "member": ADA}},
        "unknown",
    ),
}


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_is_not_taken_for_more_or_less_than_it_tells(name: str) -> None:
    id_, rows, expected = FURTHER[name]
    assert verdicts(id_, rows) == set(expected.split())


# --- over what a run read --------------------------------------------------------------------------------------------

BUCKET_ID = "//storage.googleapis.com/records"


def read_bucket(*members: str) -> Resource:
    grants = [{"role": "roles/storage.objectViewer", "granted_on": BUCKET_ID, "condition": None}]
    return held_in_project(
        "storage.googleapis.com/Bucket",
        BUCKET_ID,
        "records",
        region="eu",
        public_access_prevention="inherited",
        uniform_bucket_level_access=True,
        acl_entities=[],
        principals=[
            {"member": member, "kind": member.partition(":")[0], "grants": grants} for member in sorted(members)
        ],
    )


def there(**more: Any) -> dict[str, Any]:
    return {"bucket": "b/records", "role": "roles/storage.objectViewer", **more}


KEPT = {"keep google_storage_bucket.b": {**BUCKET, "id": "records", "uniform_bucket_level_access": True}}
SUMS: dict[str, tuple[Resource, Rows, str]] = {
    "what others granted stands": (
        read_bucket("allUsers"),
        {**KEPT, "google_storage_bucket_iam_member.m": there(member=ADA)},
        "fail",
    ),
    "what is taken away is gone": (
        read_bucket("allUsers", ADA),
        {**KEPT, "delete google_storage_bucket_iam_member.m": there(member="allUsers")},
        "pass",
    ),
    "what is granted counts": (
        read_bucket(ADA),
        {**KEPT, "google_storage_bucket_iam_member.m": there(member="allUsers")},
        "fail",
    ),
    "nothing changes": (
        read_bucket(ADA),
        {**KEPT, "keep google_storage_bucket_iam_member.m": there(member=ADA)},
        "pass",
    ),
    "a whole policy replaces what was there": (
        read_bucket("allUsers"),
        {
            **KEPT,
            "google_storage_bucket_iam_policy.m": {"bucket": "records", "policy_data": policy("roles/viewer", ADA)},
        },
        "pass",
    ),
    "of a bucket of another plan, what is granted counts": (
        read_bucket(ADA),
        {"google_storage_bucket_iam_member.m": there(member="allUsers")},
        "fail",
    ),
    "a member that nobody knows": (
        read_bucket(ADA),
        {**KEPT, "google_storage_bucket_iam_member.m": there(member=UNKNOWN)},
        "unknown",
    ),
}


@pytest.mark.parametrize("name", sorted(SUMS))
def test_a_policy_over_a_run_is_what_was_read_with_what_the_plan_does_to_it(name: str, tmp_path: Path) -> None:
    live, rows, expected = SUMS[name]
    assert verdicts_over("gcp.storage.bucket_not_public", (live,), rows, tmp_path, GCP) == {expected}


OPENS = "gcp.compute.network_policies_no_open_ports"
SSH = {"action": "allow", "priority": 10}
DENIES = {"a": policy_rule(action="deny", priority=10)}


def in_rules(port: str, of: str = POLICY) -> Rows:
    """A policy that has its rules in it."""
    match = {"src_ip_ranges": ["0.0.0.0/0"], "layer4_config": [{"ip_protocol": "tcp", "ports": [port]}]}
    rules = [{"action": "allow", "direction": "INGRESS", "priority": 10, "match": [match]}]
    kind = f"{of}_with_rules"
    association = {"name": "a", "attachment_target": Ref("google_compute_network.n.id"), "firewall_policy": "p"}
    return {
        "google_compute_network.n": {"name": "main"},
        f"{kind}.p": {"name": "p", "rule": rules},
        f"{of}_association.a": association,
    }


def matching(**match: Any) -> dict[str, Any]:
    return policy_rule("22", **SSH) | {"match": [{"layer4_configs": [{"ip_protocol": "tcp"}], **match}]}


def behind(order: str) -> Rows:
    """A rule that opens SSH in a network whose policy denies all, before its rules or after them."""
    network = {"name": "main", "network_firewall_policy_enforcement_order": order}
    opened = rule("22", "0.0.0.0/0", network=Ref("google_compute_network.n.id"))
    return {**policies(**DENIES), "google_compute_network.n": network, "google_compute_firewall.r": opened}


IN_NETWORKS: dict[str, tuple[str, Rows, str]] = {
    "a policy with its rules in it": (OPENS, in_rules("22"), "fail"),
    "a policy with its rules in it that opens another port": (OPENS, in_rules("443"), "pass"),
    "a policy of one region": (OPENS, in_rules("22", "google_compute_region_network_firewall_policy"), "fail"),
    "a rule without a source is about every one": (OPENS, policies(a=matching()), "fail"),
    "a rule for one network": (OPENS, policies(a=matching(src_ip_ranges=["192.0.2.0/24"])), "pass"),
    "ranges that nobody knows": (OPENS, policies(a=matching(src_ip_ranges=[UNKNOWN])), "unknown"),
    "what a rule says besides, and nobody knows": (
        OPENS,
        policies(
            a=policy_rule("22", action="deny", priority=5)
            | {"match": [{**policy_rule("22")["match"][0], "src_region_codes": UNKNOWN}]},
            b=policy_rule("22", **SSH),
        ),
        "unknown",
    ),
    "what is denied before is closed": (
        OPENS,
        policies(a=policy_rule("22", action="deny", priority=5), b=policy_rule("22", **SSH)),
        "pass",
    ),
    "what is denied to tagged machines only is open": (
        OPENS,
        policies(
            a=policy_rule("22", action="deny", priority=5, target_secure_tags=[{"name": "tagValues/1"}]),
            b=policy_rule("22", **SSH),
        ),
        "fail",
    ),
    "what is denied to one country only is open": (
        OPENS,
        policies(
            a=policy_rule("22", action="deny", priority=5)
            | {"match": [{**policy_rule("22")["match"][0], "src_region_codes": ["XX"]}]},
            b=policy_rule("22", **SSH),
        ),
        "fail",
    ),
    "a rule that says no protocol": (
        OPENS,
        policies(a=policy_rule("22", **SSH) | {"match": [{"src_ip_ranges": ["0.0.0.0/0"], "layer4_configs": UNKNOWN}]}),
        "unknown",
    ),
    "a rule that is switched off": (OPENS, policies(a=policy_rule("22", **SSH, disabled=True)), "pass"),
    "a policy that no network has": (
        OPENS,
        {key: row for key, row in policies(a=policy_rule("22", **SSH)).items() if "association" not in key},
        "pass",
    ),
    "whose policy it is nobody knows": (
        OPENS,
        {
            **policies(a=policy_rule("22", **SSH)),
            f"{POLICY}_association.a": {"name": "a", "attachment_target": UNKNOWN, "firewall_policy": "p"},
        },
        "unknown",
    ),
    "a policy that is there may have rules of other plans": (
        OPENS,
        {
            **{key: row for key, row in policies().items() if key != f"{POLICY}.p"},
            f"keep {POLICY}.p": {
                "name": "p",
                "project": PROJECT,
                "id": f"projects/{PROJECT}/global/firewallPolicies/p",
            },
        },
        "unknown",
    ),
    "a policy closes what a rule of the network opens": (
        "gcp.compute.firewall_no_open_ssh",
        behind("BEFORE_CLASSIC_FIREWALL"),
        "pass",
    ),
    "a policy that comes after the rules closes nothing": (
        "gcp.compute.firewall_no_open_ssh",
        behind("AFTER_CLASSIC_FIREWALL"),
        "fail",
    ),
}


@pytest.mark.parametrize("name", sorted(IN_NETWORKS))
def test_a_policy_opens_no_more_and_no_less_than_its_rules_say(name: str, tmp_path: Path) -> None:
    id_, rows, expected = IN_NETWORKS[name]
    assert verdicts_over(id_, (), rows, tmp_path, GCP) == {expected}


RUN_ID = f"projects/{PROJECT}/locations/europe-west1/services/s"
RUNS = {
    "keep google_cloud_run_v2_service.s": {
        **SERVICE,
        "project": PROJECT,
        "id": RUN_ID,
        "ingress": "INGRESS_TRAFFIC_ALL",
        "invoker_iam_disabled": False,
    }
}
AS_FUNCTION = {
    "keep google_cloudfunctions2_function.s": {
        **SERVICE,
        "project": PROJECT,
        "id": f"projects/{PROJECT}/locations/europe-west1/functions/s",
        "service_config": [{"service": RUN_ID, "ingress_settings": "ALLOW_ALL"}],
    }
}


def read_service(*members: str, unchecked: bool = False) -> Resource:
    id_ = f"//run.googleapis.com/{RUN_ID}"
    grants = [{"role": "roles/run.invoker", "granted_on": id_, "condition": None}]
    return held_in_project(
        "run.googleapis.com/Service",
        id_,
        "s",
        region="europe-west1",
        ingress="all",
        invoker_check_disabled=unchecked,
        principals=[{"member": name, "kind": name.partition(":")[0], "grants": grants} for name in members],
    )


def invoked(link: str, name: str, member: str) -> dict[str, Any]:
    return {link: name, "location": "europe-west1", "role": "roles/run.invoker", "member": member}


SERVICES: dict[str, tuple[Resource, Rows, str]] = {
    "nothing changes": (read_service(ADA), RUNS, "pass"),
    "what others granted stands": (read_service("allUsers", ADA), RUNS, "fail"),
    "what is taken away is gone": (
        read_service("allUsers", ADA),
        {**RUNS, "delete google_cloud_run_v2_service_iam_member.m": invoked("name", RUN_ID, "allUsers")},
        "pass",
    ),
    "what the older resource grants counts": (
        read_service(ADA),
        {**RUNS, "google_cloud_run_service_iam_member.m": invoked("service", f"v1/{RUN_ID}", "allUsers")},
        "fail",
    ),
    "of a service of another plan, what is granted counts": (
        read_service(ADA),
        {"google_cloud_run_service_iam_member.m": invoked("service", "s", "allUsers")},
        "fail",
    ),
    "of a service of another plan that is named in full": (
        read_service(ADA),
        {"google_cloud_run_service_iam_member.m": invoked("service", f"v1/{RUN_ID}", "allUsers")},
        "fail",
    ),
    "a function is the service that was read": (read_service(ADA), AS_FUNCTION, "pass"),
    "a function whose service checks nobody": (read_service(ADA, unchecked=True), AS_FUNCTION, "fail"),
    "what is granted to a function's service": (
        read_service(ADA),
        {**AS_FUNCTION, "google_cloud_run_service_iam_member.m": invoked("service", "s", "allUsers")},
        "fail",
    ),
}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_who_may_invoke_a_service_is_what_was_read_with_what_the_plan_does_to_it(name: str, tmp_path: Path) -> None:
    live, rows, expected = SERVICES[name]
    assert verdicts_over("gcp.run.not_public", (live,), rows, tmp_path, GCP) == {expected}


def test_of_a_dataset_of_another_plan_what_is_granted_counts(tmp_path: Path) -> None:
    id_ = f"//bigquery.googleapis.com/projects/{PROJECT}/datasets/d"
    live = held_in_project("bigquery.googleapis.com/Dataset", id_, "d", region="eu", principals=[])
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("google_bigquery_dataset_access.a", {"special_group": "allAuthenticatedUsers", "role": "READER"}),
        ("google_bigquery_dataset_iam_member.m", {"member": "allUsers", "role": "roles/bigquery.dataViewer"}),
    )
    found = [
        verdicts_over("gcp.bigquery.dataset_not_public", (live,), {address: {"dataset_id": "d", **row}}, tmp_path, GCP)
        for address, row in kinds
    ]
    assert found == [{"fail"}, {"fail"}]


def test_a_policy_that_is_there_is_as_it_was_read_until_its_rules_change(tmp_path: Path) -> None:
    name = f"projects/{PROJECT}/global/firewallPolicies/p"
    live = held_in_project(
        "compute.googleapis.com/FirewallPolicy",
        f"//compute.googleapis.com/{name}",
        "p",
        networks=[MAIN],
        regional=False,
        policy={"attached_to": "p", "rules": []},
    )
    opened = policy_rule("22", **SSH, firewall_policy="p", project=PROJECT)
    kept: Rows = {f"keep {POLICY}.p": {"name": "p", "project": PROJECT, "id": name}}
    one_more: Rows = {**kept, f"{POLICY}_rule.a": opened}
    one_less: Rows = {**kept, f"delete {POLICY}_rule.a": opened}
    found = [verdicts_over(OPENS, (NETWORK, live), rows, tmp_path, GCP) for rows in (kept, one_more, one_less)]
    assert found == [{"pass"}, {"unknown"}, {"unknown"}]


ALERTS = "gcp.monitoring.alert_iam_and_audit_changes"
CHANNEL = "google_monitoring_notification_channel.c"


def heard(channel: Rows, **more: Any) -> Rows:
    """All alerts, with a channel of the plan."""
    _, good, _ = alerting(ALERTS)
    alert = {**good["google_monitoring_alert_policy.p"], "notification_channels": [Ref(f"{CHANNEL}.id")], **more}
    return {**good, "google_monitoring_alert_policy.p": alert, **channel}


EMAIL = {"display_name": "on call", "type": "email"}
CALLED: dict[str, tuple[Rows, str]] = {
    "a channel of which the API decides whether it is to be verified": (heard({CHANNEL: EMAIL}), "unknown"),
    "a channel that is there": (
        heard({f"keep {CHANNEL}": {**EMAIL, "id": ON_CALL[0], "name": ON_CALL[0], "verification_status": ""}}),
        "pass",
    ),
    "a channel that was never verified": (
        heard(
            {f"keep {CHANNEL}": {**EMAIL, "id": ON_CALL[0], "name": ON_CALL[0], "verification_status": "UNVERIFIED"}}
        ),
        "fail",
    ),
    "a channel that is off": (heard({CHANNEL: {**EMAIL, "enabled": False}}), "fail"),
    "no channel": (heard({}, notification_channels=None), "fail"),
    "a channel of another plan, which the run did not read": (heard({}, notification_channels=ON_CALL), "fail"),
    "all of the conditions at once": (
        heard(
            {f"keep {CHANNEL}": {**EMAIL, "id": ON_CALL[0], "name": ON_CALL[0], "verification_status": ""}},
            combiner="AND",
        ),
        "fail",
    ),
}


@pytest.mark.parametrize("name", sorted(CALLED))
def test_an_alert_reaches_whom_its_channels_reach(name: str, tmp_path: Path) -> None:
    rows, expected = CALLED[name]
    assert verdicts_over(ALERTS, (), rows, tmp_path, GCP) == {expected}


def test_contacts_of_what_is_above_are_no_project_s_own_and_of_those_that_are_there_the_run_tells(
    tmp_path: Path,
) -> None:
    id_ = "gcp.iam.essential_contacts"
    name = f"projects/{PROJECT}/contacts/7"
    read = held_in_project(
        "essentialcontacts.googleapis.com/Contact",
        f"//essentialcontacts.googleapis.com/{name}",
        "7",
        categories=["ALL"],
        validation_state="INVALID",
    )
    (planned,) = contact("ALL").values()
    kept: Rows = {"keep google_essential_contacts_contact.c": {**planned, "id": name, "name": name}}
    above: Rows = {"google_essential_contacts_contact.c": {**planned, "parent": "organizations/1"}}
    found = [verdicts_over(id_, live, rows, tmp_path, GCP) for live, rows in (((read,), kept), ((), above))]
    # Which projects are below the organization is in no plan: one that nobody knows stands for them.
    assert found == [{"fail"}, {"fail", "unknown"}]


def test_a_policy_of_a_network_that_is_there_is_the_one_of_its_name(tmp_path: Path) -> None:
    live = held_in_project(
        "dns.googleapis.com/Policy",
        f"//dns.googleapis.com/projects/{PROJECT}/policies/42",
        "p",
        logging_enabled=True,
        networks=[MAIN],
    )
    values = {"name": "p", "id": f"projects/{PROJECT}/policies/p", "networks": [{"network_url": MAIN[2:]}]}
    kept = PlanBuilder().keep("google_dns_policy.p", enable_logging=True, **values)
    changed = PlanBuilder().update("google_dns_policy.p", {"enable_logging": True}, enable_logging=False, **values)
    found = [over("gcp.dns.query_logging", (NETWORK, live), builder, tmp_path, GCP) for builder in (kept, changed)]
    assert found == [{"pass"}, {"fail"}]


def test_the_provider_of_what_is_not_generally_available_is_read_as_well() -> None:
    builder = plan({"google_storage_bucket.b": BUCKET})
    for row in builder.changes:
        row["provider_name"] += "-beta"
    assert verdicts_of("gcp.storage.uniform_access", builder.data()) == {"fail"}
    for row in builder.changes:
        row["provider_name"] = "registry.terraform.io/hashicorp/aws"
    with pytest.raises(NotAPlan, match="is of provider"):
        folded(builder.data(), AT)


def test_places_are_those_that_the_plan_tells() -> None:
    rows: Rows = {
        "google_compute_instance.x": MACHINE,
        "google_storage_bucket.b": BUCKET,
        "google_compute_network.n": {"name": "main", "project": "other"},
        **RING,
        "google_kms_crypto_key.k": CRYPTO_KEY,
        "google_compute_subnetwork.s": {"name": "s", "network": "main", "project": UNKNOWN},
    }
    found = {
        item.name: (item.account, item.region, item.id)
        for item in folded(plan(rows).data(), AT).after
        if item.type != GCP_PROJECT
    }
    assert found == {
        "web": (PROJECT, "europe-west1-b", named("zones/europe-west1-b/instances", "web")),
        "records": (PROJECT, "eu", BUCKET_ID),
        "main": ("other", "global", "//compute.googleapis.com/projects/other/global/networks/main"),
        "r": (PROJECT, "europe-west1", "google_kms_key_ring.r"),
        "k": (PROJECT, "europe-west1", "google_kms_crypto_key.k"),
        "s": ("unknown", "europe-west1", "google_compute_subnetwork.s"),
    }
