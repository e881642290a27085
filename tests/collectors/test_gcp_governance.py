"""Checks of what is public, watched and governed on Google Cloud by the real client stack: one scan a situation."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.collectors.gcp import ORGANIZATION, Change, as_it_is, asset, both, denied
from tests.collectors.scan import everything, read, scan, verdicts
from tests.emulators.faults import changed
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World

DATASET: Final = "bigquery.googleapis.com/Dataset"
SERVICE: Final = "run.googleapis.com/Service"
FUNCTION: Final = "cloudfunctions.googleapis.com/CloudFunction"
ALERT: Final = "monitoring.googleapis.com/AlertPolicy"
CHANNEL: Final = "monitoring.googleapis.com/NotificationChannel"
METRIC: Final = "logging.googleapis.com/LogMetric"
CONTACT: Final = "essentialcontacts.googleapis.com/Contact"
CONFIG: Final = "dlp.googleapis.com/DiscoveryConfig"
ACCOUNT: Final = "iam.googleapis.com/ServiceAccount"
CLUSTER: Final = "container.googleapis.com/Cluster"
NETWORK: Final = "compute.googleapis.com/Network"
POLICY: Final = "compute.googleapis.com/FirewallPolicy"
FIREWALL: Final = "compute.googleapis.com/Firewall"

PUBLIC: Final = "gcp.bigquery.dataset_not_public"
KEY: Final = "gcp.bigquery.dataset_customer_key"
EXPIRY: Final = "gcp.bigquery.dataset_expiry"
RUN: Final = "gcp.run.not_public"
HOOK: Final = "gcp.run.function_not_public"
UNUSED: Final = "gcp.iam.service_account_unused_removed"
CONTACTS: Final = "gcp.iam.essential_contacts"
APPROVAL: Final = "gcp.iam.access_approval"
ACCESS: Final = "gcp.monitoring.alert_iam_and_audit_changes"
NETS: Final = "gcp.monitoring.alert_network_and_storage_changes"
FINDINGS: Final = "gcp.securitycenter.enabled_and_handled"
DISCOVERY: Final = "gcp.dlp.discovery_configured"
PORTS: Final = "gcp.compute.network_policies_no_open_ports"
SSH: Final = "gcp.compute.firewall_no_open_ssh"
CLOSED: Final = "gcp.gke.private_cluster"
CHECKS: Final = (
    *(
        PUBLIC,
        KEY,
        EXPIRY,
        RUN,
        HOOK,
        UNUSED,
        CONTACTS,
        APPROVAL,
        ACCESS,
        NETS,
        FINDINGS,
        DISCOVERY,
        PORTS,
        SSH,
        CLOSED,
    ),
)
DEPLOY: Final = "deploy@web.iam.gserviceaccount.com"
DEFAULT: Final = "70000000001-compute@developer.gserviceaccount.com"
NO_INVENTORY: Final = ("cloudasset.assets.listResource", "cloudasset.assets.listIamPolicy")


def organization(**values: Any) -> Change:
    return lambda world: world.organization.update(values)


def project(**values: Any) -> Change:
    return lambda world: world.projects["web"].update(values)


def condition(place: int, kind: str, **values: Any) -> Change:
    """A condition of the policy on access has other values."""

    def change(world: World) -> None:
        world.assets("web", ALERT)[0]["data"]["conditions"][place][kind].update(values)

    return change


def invoked_by(type_: str, place: int, member: str) -> Change:
    role = "roles/run.invoker" if type_ == SERVICE else "roles/cloudfunctions.invoker"

    def change(world: World) -> None:
        world.assets("web", type_)[place]["iam"] = {"bindings": [{"role": role, "members": [member]}]}

    return change


def rules(*rows: dict[str, Any], place: int = 0) -> Change:
    """A firewall policy has these rules."""
    return asset(POLICY, place, rules=list(rows))


def rule(action: str, priority: int, *ports: str, **more: Any) -> dict[str, Any]:
    layers = [{"ipProtocol": "tcp", "ports": list(ports)}] if ports else [{"ipProtocol": "all"}]
    match = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": layers, **more.pop("match", {})}
    said = {key: value for key, value in match.items() if value is not None}
    return {"action": action, "direction": "INGRESS", "priority": priority, "match": said, **more}


def on_main(world: World) -> None:
    """The regional policy belongs to the network too."""
    link = "https://www.googleapis.com/compute/v1/projects/web/global/networks/main"
    asset(POLICY, 1, associations=[{"name": "main", "attachmentTarget": link}])(world)


BEFORE: Final = asset(NETWORK, networkFirewallPolicyEnforcementOrder="BEFORE_CLASSIC_FIREWALL")
ENROLLED: Final = {"name": "x/accessApprovalSettings", "enrolledServices": [{"cloudProduct": "all"}]}
NEWER: Final = {"enabled": True, "gcpPublicCidrsAccessEnabled": True, "cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}]}
OLD: Final = {"name": "organizations/123456789012/sources/1/findings/c", "category": "MFA_NOT_ENFORCED"}
ON_ORGANIZATION: Final = {
    "finding": {**OLD, "severity": "HIGH", "state": "ACTIVE", "createTime": "2026-01-01T00:00:00Z"},
    "resource": {"name": "//cloudresourcemanager.googleapis.com/organizations/123456789012"},
}
OF_TRIAL: Final = {
    "name": "organizations/123456789012/locations/eu/discoveryConfigs/2",
    "status": "RUNNING",
    "lastRunTime": "2026-11-20T00:00:00Z",
    "orgConfig": {"location": {"folderId": "12"}},
}

Expected = dict[tuple[str, str], str]
SITUATIONS: Final[dict[str, tuple[Change, Expected]]] = {
    "as it is": (
        as_it_is,
        {
            (PUBLIC, "orders"): "pass",
            (PUBLIC, "open"): "fail",
            (KEY, "orders"): "pass",
            (KEY, "open"): "not_applicable",
            (EXPIRY, "orders"): "pass",
            (EXPIRY, "open"): "not_applicable",
            (RUN, "shop"): "fail",
            (RUN, "ledger"): "pass",
            (RUN, "home"): "not_applicable",
            (HOOK, "hook"): "pass",
            (HOOK, "nightly"): "not_applicable",
            (UNUSED, DEPLOY): "pass",
            # Disabled; of its use nothing is known.
            (UNUSED, DEFAULT): "pass",
            (CONTACTS, "web"): "pass",
            (APPROVAL, "web"): "fail",
            (ACCESS, "web"): "pass",
            (ACCESS, "trial"): "fail",
            (NETS, "web"): "pass",
            (NETS, "trial"): "fail",
            (FINDINGS, "web"): "pass",
            (FINDINGS, "trial"): "fail",
            (DISCOVERY, "web"): "pass",
            # The configuration of the folder ran for the last time in January.
            (DISCOVERY, "trial"): "fail",
            (PORTS, "main"): "pass",
            (SSH, "allow-ssh"): "fail",
            (CLOSED, "main"): "pass",
        },
    ),
    "worse": (
        both(
            asset(DATASET, defaultEncryptionConfiguration=None),
            asset(SERVICE, 1, metadata={"name": "ledger", "labels": {"cloud.googleapis.com/location": "eu"}}),
            invoked_by(SERVICE, 1, "allAuthenticatedUsers"),
            invoked_by(FUNCTION, 0, "allUsers"),
            project(
                activities=[
                    {
                        "activity": {
                            "lastAuthenticatedTime": "2026-01-01T07:00:00Z",
                            "serviceAccount": {"serviceAccountId": "1000000000000000000001"},
                        }
                    }
                ]
            ),
            organization(contacts=[], findings=[ON_ORGANIZATION], discovery=[OF_TRIAL]),
            asset(ALERT, 0, combiner="AND"),
            asset(CHANNEL, enabled=False),
            asset(CONFIG, status="PAUSED"),
            asset(CLUSTER, masterAuthorizedNetworksConfig={**NEWER}),
            rules(rule("allow", 1, "22")),
        ),
        {
            (KEY, "orders"): "fail",
            (RUN, "ledger"): "fail",
            (HOOK, "hook"): "fail",
            (UNUSED, DEPLOY): "fail",
            (CONTACTS, "web"): "fail",
            (ACCESS, "web"): "fail",
            (NETS, "web"): "fail",
            # What is found on the organization is about each of its projects.
            (FINDINGS, "web"): "fail",
            (FINDINGS, "audit"): "fail",
            (DISCOVERY, "web"): "fail",
            (DISCOVERY, "trial"): "pass",
            (PORTS, "main"): "fail",
            (CLOSED, "main"): "fail",
        },
    ),
    "otherwise": (
        both(
            asset(DATASET, defaultTableExpirationMs=None, defaultPartitionExpirationMs="86400000"),
            asset(
                SERVICE,
                0,
                metadata={
                    "name": "shop",
                    "labels": {"cloud.googleapis.com/location": "eu"},
                    "annotations": {
                        "run.googleapis.com/ingress": "internal",
                        "run.googleapis.com/invoker-iam-disabled": "true",
                    },
                },
            ),
            asset(
                SERVICE,
                1,
                metadata={
                    "name": "ledger",
                    "labels": {"cloud.googleapis.com/location": "eu"},
                    "annotations": {"run.googleapis.com/invoker-iam-disabled": "true"},
                },
            ),
            invoked_by(FUNCTION, 0, "allUsers"),
            asset(FUNCTION, ingressSettings="ALLOW_INTERNAL_ONLY"),
            organization(accessApproval=ENROLLED, sources=[]),
            condition(1, "conditionThreshold", thresholdValue=0.5),
            BEFORE,
            rules(rule("deny", 1)),
            asset(
                CLUSTER,
                controlPlaneEndpointsConfig={"ipEndpointsConfig": {"authorizedNetworksConfig": NEWER}},
            ),
        ),
        {
            (EXPIRY, "orders"): "pass",
            (RUN, "shop"): "pass",
            (RUN, "ledger"): "fail",
            (HOOK, "hook"): "pass",
            (APPROVAL, "web"): "pass",
            # Custom roles: half an event is no event, but nobody is told of one.
            (ACCESS, "web"): "fail",
            (FINDINGS, "web"): "fail",
            # A policy of the network denies before its rules allow.
            (SSH, "allow-ssh"): "pass",
            (PORTS, "main"): "pass",
            # The newer field is believed.
            (CLOSED, "main"): "fail",
        },
    ),
    "a policy that is narrow": (
        both(
            BEFORE,
            rules(rule("deny", 1, targetSecureTags=[{"name": "tagValues/1"}]), rule("allow", 2, "22", disabled=True)),
            project(accessApproval=ENROLLED),
        ),
        {(SSH, "allow-ssh"): "fail", (PORTS, "main"): "pass", (APPROVAL, "web"): "pass"},
    ),
    "a policy of one region": (
        both(BEFORE, on_main, rules(rule("deny", 1), place=1)),
        {(SSH, "allow-ssh"): "fail", (PORTS, "main"): "pass"},
    ),
    "a policy that leaves it to the next": (
        both(
            BEFORE,
            on_main,
            rules(rule("goto_next", 1), rule("deny", 2)),
            rules(rule("allow", 1, "3000-4000", match={"srcIpRanges": [], "srcRegionCodes": ["DE"]}), place=1),
        ),
        {(SSH, "allow-ssh"): "fail", (PORTS, "main"): "pass"},
    ),
    "over IPv6 and by any source": (
        rules(rule("allow", 1, "22", match={"srcIpRanges": None}), rule("deny", 2, match={"srcIpRanges": ["::/0"]})),
        {(PORTS, "main"): "fail"},
    ),
    "the organization's policy allows": (
        organization(
            firewallPolicies=[
                {"id": "1", "attachedTo": ["organizations/123456789012"], "rules": [rule("allow", 1, "22")]}
            ]
        ),
        {(PORTS, "main"): "fail", (PORTS, "default"): "fail"},
    ),
    "denied": (
        denied(
            *NO_INVENTORY,
            "bigquery.datasets.get",
            "run.services.getIamPolicy",
            "cloudfunctions.functions.getIamPolicy",
            "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
            "essentialcontacts.contacts.list@organizations/123456789012",
            "accessapproval.settings.get",
            "monitoring.notificationChannels.list",
            "securitycenter.findings.list",
            "dlp.jobTriggers.list",
            "compute.firewallPolicies.list",
        ),
        {
            (RUN, "ledger"): "unknown",
            (HOOK, "hook"): "unknown",
            (UNUSED, DEPLOY): "unknown",
            (CONTACTS, "web"): "unknown",
            (APPROVAL, "web"): "unknown",
            (ACCESS, "web"): "unknown",
            (NETS, "web"): "unknown",
            (FINDINGS, "web"): "unknown",
            (DISCOVERY, "web"): "unknown",
            (PORTS, "main"): "unknown",
        },
    ),
    "not as documented": (
        both(
            asset(DATASET, 0, defaultTableExpirationMs="never", defaultEncryptionConfiguration={"kmsKeyName": 1}),
            asset(DATASET, 1, labels={"data": "sensitive"}, defaultEncryptionConfiguration=[]),
            lambda world: world.assets("web", DATASET)[0].pop("iam") and None,
            asset(CLUSTER, masterAuthorizedNetworksConfig={"enabled": True, "cidrBlocks": []}),
            asset(POLICY, rules=None),
            project(activities=[]),
            asset(ACCOUNT, 1, disabled=None),
        ),
        {
            # A dataset always has a policy: one that is not mentioned was not seen.
            (PUBLIC, "orders"): "unknown",
            (EXPIRY, "orders"): "unknown",
            (EXPIRY, "open"): "fail",
            (KEY, "orders"): "unknown",
            (KEY, "open"): "unknown",
            (CLOSED, "main"): "unknown",
            (PORTS, "main"): "unknown",
            (UNUSED, DEPLOY): "unknown",
            (UNUSED, DEFAULT): "unknown",
        },
    ),
}


@pytest.mark.parametrize(("change", "expected"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_verdicts_follow_from_what_the_cloud_answers(gcp: Google, change: Change, expected: Expected) -> None:
    change(gcp.world)
    _, findings = scan(CHECKS, access=ORGANIZATION)
    found = verdicts([finding for finding in findings if finding.scope.account in ("web", finding.subject.name)])
    assert {key: found.get(key) for key in expected} == expected


def test_verdicts_are_the_same_without_the_inventory(gcp: Google) -> None:
    gcp.world.page = 1
    _, bulk = scan(CHECKS)
    gcp.world.off.add("cloudasset.googleapis.com")
    _, alone = scan(CHECKS)

    assert [(f.check.id, f.subject, f.verdict, f.message) for f in bulk] == [
        (f.check.id, f.subject, f.verdict, f.message) for f in alone
    ]
    assert len(bulk) > 20


@pytest.mark.parametrize("off", [set(), {"cloudasset.googleapis.com"}], ids=["inventory", "alone"])
def test_labels_that_cloud_run_sets_itself_are_no_labels_of_a_service(gcp: Google, off: set[str]) -> None:
    """Version 2 of the API and Terraform do not have them, and the live service has the same labels by either."""
    home = gcp.world.assets("web", "run.googleapis.com/Service")[2]["data"]["metadata"]
    home["labels"] |= {"run.googleapis.com/satisfiesPzs": "true", "goog-managed-by": "cloudfunctions"}
    gcp.world.off = off
    snapshot = read({"run.googleapis.com/Service": ("tags",)}, provider="gcp")

    assert {item.name: item.tags for item in snapshot.resources} == {
        "home": {"exposure": "public", "goog-managed-by": "cloudfunctions"},
        "ledger": {},
        "shop": {},
    }


def test_what_stands_above_is_asked_once_for_all_projects(gcp: Google) -> None:
    gcp.world.organization["accessApproval"] = ENROLLED
    read(everything("gcp"), provider="gcp", access=ORGANIZATION)

    asked = [name for name in gcp.operations() if "accessapproval" in name or "securitycenter" in name]
    root = "organizations/123456789012"
    assert sorted(asked) == [
        f"accessapproval:GET /v1/{root}/accessApprovalSettings",
        f"securitycenter:GET /v2/{root}/sources",
        f"securitycenter:GET /v2/{root}/sources/-/findings",
    ]
    assert max(count for name, count in gcp.operations().items() if root in name) == 1


def test_a_denied_organization_is_asked_project_by_project(gcp: Google) -> None:
    gcp.world.denied |= {
        "accessapproval.settings.get@organizations/123456789012",
        "securitycenter.sources.list@organizations/123456789012",
    }
    gcp.world.projects["web"]["accessApproval"] = ENROLLED
    _, findings = scan([APPROVAL, FINDINGS], access=ORGANIZATION)

    assert {(f.check.id, f.scope.account): f.verdict for f in findings} == {
        (APPROVAL, "audit"): "fail",
        (APPROVAL, "trial"): "fail",
        (APPROVAL, "web"): "pass",
        (FINDINGS, "audit"): "pass",
        (FINDINGS, "trial"): "fail",
        (FINDINGS, "web"): "pass",
    }


def test_pages_that_lead_back_are_no_listing(gcp: Google) -> None:
    gcp.world.off.add("cloudasset.googleapis.com")
    gcp.faults.add(changed(lambda page: {**page, "metadata": {"continue": "1"}}), "run:GET /v1/*/services")
    snapshot = read({SERVICE: ()}, provider="gcp")

    assert [(row.state, row.unread and row.unread.detail) for row in snapshot.collections] == [
        ("failed", "pages without an end")
    ]
