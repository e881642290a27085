"""The adapter as a whole: who we are, which subscriptions there are, and that nothing withheld looks like nothing."""

from __future__ import annotations

import base64
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from engine.collection import collect, directory, entered
from engine.collection.limiter import Limiter
from engine.collection.planner import plan
from engine.errors import DiscoveryError, UsageError
from engine.model import Snapshot
from engine.run.preflight import diagnose
from engine.run.request import RunRequest
from providers import declared, opened
from providers.base import Directory, LeftOut, Scope
from tests.collectors.scan import STILL, accounts, read, scan
from tests.emulators.azure.tenant import CLIENT, OBJECT, SECRET, SUBSCRIPTION, TENANT, subscription
from tests.emulators.azure.wire import AzureWire

VAULT, ACCOUNT, GROUP = (
    "Microsoft.KeyVault/vaults",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Network/networkSecurityGroups",
)
VAULTS = {VAULT: {"soft_delete_enabled"}}
CHECK = ("azure.keyvault.soft_delete_enabled",)
SUBSCRIPTIONS = "arm:Microsoft.Resources/subscriptions"
OTHER = "5ab5c21a-0000-4000-8000-000000000002"


def known(access: dict[str, Any] | None = None) -> Directory:
    return accounts("azure", access)


def vault(azure: AzureWire, name: str, **more: Any) -> str:
    return azure.tenant.add(VAULT, name, {"enableSoftDelete": True}, **more)


def numbered(first: int, end: int) -> list[dict[str, Any]]:
    return [subscription(f"5ab5c21a-0000-4000-8000-{number:012}", f"Sub {number}") for number in range(first, end)]


def states(snapshot: Snapshot) -> list[tuple[str, str, int, str | None]]:
    return [(row.type, row.state, row.count, row.unread.reason if row.unread else None) for row in snapshot.collections]


# --- who we are ---

WHO = {"account": TENANT, "principal": OBJECT, "tenant": TENANT, "application": CLIENT}


def test_a_client_secret_signs_in(azure: AzureWire) -> None:
    found = known()
    assert found.identity == WHO
    assert found.accounts == {TENANT: "Contoso", SUBSCRIPTION: "Production"}
    assert next(iter(found.accounts)) == TENANT
    assert (found.failures, found.left_out, found.answered_at) == ({}, (), "2026-11-23T12:00:00Z")


def test_a_certificate_signs_in(azure: AzureWire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scanner")]), datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "client.pem").write_bytes(private + public)
    azure.tenant.data["applications"][0]["publicKey"] = key.public_key()
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "client.pem"))
    assert known().identity == WHO


def test_a_workload_identity_signs_in(azure: AzureWire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "federated").write_text("planted.federated.token")
    azure.tenant.data["applications"][0]["federated"] = "planted.federated.token"
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "federated"))
    assert known().identity == WHO


def test_a_managed_identity_signs_in(azure: AzureWire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", azure.login.identity_header)
    assert known().identity == WHO


def test_the_azure_cli_signs_in(azure: AzureWire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = azure.login.give(azure.tenant.data["applications"][0], azure.url)
    said = {"accessToken": token, "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800, "tenant": TENANT}
    program = tmp_path / "az"
    program.write_text(f"#!/bin/sh\ncat <<'EOF'\n{json.dumps(said)}\nEOF\n")
    program.chmod(0o755)
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    assert known().identity == WHO


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("AZURE_CLIENT_SECRET", "wrong~secret", "AADSTS7000215"),
        ("AZURE_CLIENT_ID", "c11e0000-0000-4000-8000-00000000dead", "AADSTS700016"),
    ],
)
def test_a_refused_sign_in_is_told_by_its_code_alone(
    azure: AzureWire, monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DiscoveryError) as raised:
        known()
    assert str(raised.value) == f"asking azure who we are: access_denied ({code})"


def test_nobody_signed_in_is_a_matter_of_usage(azure: AzureWire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    with pytest.raises(UsageError, match="no credentials were found"):
        known()


def test_a_token_that_names_no_holder_is_malformed(azure: AzureWire) -> None:
    azure.edit("login:token", lambda body: body.update(access_token="opaque"))
    with pytest.raises(DiscoveryError, match="malformed_response"):
        known()


# --- which subscriptions there are ---


def test_subscriptions_of_other_tenants_and_deleted_ones_are_left_out(azure: AzureWire) -> None:
    foreign, deleted = subscription(OTHER, "Foreign"), subscription("5ab5c21a-0000-4000-8000-000000000003", "Deleted")
    azure.tenant.subscriptions.extend([{**foreign, "tenantId": "other"}, {**deleted, "state": "Deleted"}])
    azure.manager.page_size = 1
    found = known()
    assert set(found.accounts) == {TENANT, SUBSCRIPTION}
    assert found.left_out == (
        LeftOut(Scope("azure", OTHER, "*"), "Foreign", "of another tenant"),
        LeftOut(Scope("azure", deleted["subscriptionId"], "*"), "Deleted", "deleted"),
    )


def test_subscriptions_that_cannot_be_listed_leave_the_tenant_and_a_gap(azure: AzureWire) -> None:
    fault = azure.faults.add("server_error", SUBSCRIPTIONS)
    found = known()
    assert set(found.accounts) == {TENANT}
    assert [(why.reason, why.permission) for why in found.failures.values()] == [("unavailable", None)]
    azure.faults.remove(fault)
    azure.tenant.data["applications"][0]["actions"] = ["Microsoft.Resources/subscriptions/read"]
    (why,) = known({"accounts": "tenant"}).failures.values()
    assert (why.reason, why.permission) == ("access_denied", "Microsoft.Management/managementGroups/descendants/read")


def test_the_doctor_names_subscriptions_that_cannot_be_listed(azure: AzureWire, tmp_path: Path) -> None:
    azure.faults.add("denied", SUBSCRIPTIONS)
    (found,) = diagnose(RunRequest(config=tmp_path, checks=CHECK), STILL)
    assert [(row.operations, row.reason, row.permission) for row in found.denied] == [
        (SUBSCRIPTIONS, "access_denied", "Microsoft.Resources/subscriptions/read")
    ]


def test_rules_leave_subscriptions_out_by_group_and_tag(azure: AzureWire) -> None:
    azure.tenant.subscriptions.append({**subscription(OTHER, "Sandbox"), "tags": {"env": "test"}})
    azure.tenant.subscriptions[1]["managementGroups"] = ["sandboxes", TENANT]
    by_group = known({"exclude": {"management_groups": ["sandboxes"]}})
    by_tag = known({"exclude": {"tags": {"env": ["test", "dev"]}}})
    included = known({"include": {"management_groups": ["landing-zones"]}})
    assert [set(found.accounts) for found in (by_group, by_tag, included)] == [{TENANT, SUBSCRIPTION}] * 3
    assert [found.left_out[0].why for found in (by_group, by_tag, included)] == ["excluded", "excluded", "not included"]


def test_a_tag_in_another_case_is_the_same_tag(azure: AzureWire) -> None:
    azure.tenant.subscriptions.append({**subscription(OTHER, "Shop"), "tags": {"Env": "prod"}})
    assert set(known({"include": {"tags": {"env": "prod"}}}).accounts) == {TENANT, OTHER}
    assert set(known({"exclude": {"tags": {"ENV": "prod"}}}).accounts) == {TENANT, SUBSCRIPTION}


@pytest.mark.parametrize("rules", [{"include": {"tags": {"env": "prod"}}}, {"exclude": {"tags": {"env": "prod"}}}])
def test_a_subscription_of_which_nobody_knows_the_tags_is_not_left_out_by_them(
    azure: AzureWire, rules: dict[str, Any]
) -> None:
    azure.tenant.subscriptions.append({**subscription(OTHER, "Hidden"), "tags": {"env": "prod"}})
    azure.tenant.data["applications"][0]["subscriptions"] = [SUBSCRIPTION]
    assert OTHER in known({"accounts": "tenant", **rules}).accounts


def test_a_subscription_of_the_tenant_that_nobody_shows_us_is_a_gap(azure: AzureWire) -> None:
    azure.tenant.subscriptions.append(subscription(OTHER, "Hidden"))
    azure.tenant.data["applications"][0]["subscriptions"] = [SUBSCRIPTION]
    assert set(known().accounts) == {TENANT, SUBSCRIPTION}
    assert known({"accounts": "tenant"}).accounts == {TENANT: "Contoso", SUBSCRIPTION: "Production", OTHER: "Hidden"}


# --- what is withheld, cut or lent ---


def test_rows_that_are_withheld_are_not_an_empty_listing(azure: AzureWire) -> None:
    vault(azure, "withheld")
    azure.tenant.data["applications"][0]["notActions"] = [f"{VAULT}/read"]
    snapshot, findings = scan((*CHECK, "azure.storage.secure_transfer_required"))
    assert states(snapshot) == [(VAULT, "failed", 0, "access_denied"), (ACCOUNT, "complete", 0, None)]
    assert [(f.verdict, f.causes[0].unread.permission) for f in findings] == [("unknown", f"{VAULT}/read")]


@pytest.mark.parametrize(
    ("type_", "denied"),
    [
        ("Microsoft.Authorization/roleAssignments", None),
        ("Microsoft.Authorization/roleDefinitions", None),
        ("Microsoft.Authorization/policyAssignments", None),
        ("Microsoft.Authorization/locks", None),
        ("Microsoft.EventGrid/eventSubscriptions", None),
        ("Microsoft.EventGrid/eventSubscriptions", "Microsoft.EventGrid/locations/eventSubscriptions"),
    ],
)
def test_a_list_of_resource_manager_that_is_withheld_is_not_an_empty_one(
    azure: AzureWire, type_: str, denied: str | None
) -> None:
    azure.manager.withholds = True
    azure.tenant.add("Microsoft.EventGrid/topics", "orders", {})
    assert states(read({type_: set()}, provider="azure")) == [(type_, "complete", 0, None)]
    azure.tenant.data["applications"][0]["notActions"] = [f"{denied or type_}/read"]
    (listing,) = read({type_: set()}, provider="azure").collections
    assert (listing.state, listing.count) == ("failed", 0)
    assert listing.unread is not None
    assert (listing.unread.reason, listing.unread.permission) == ("access_denied", f"{denied or type_}/read")


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("defender_alerts", "Microsoft.Security/alerts"),
        ("defender_plans", "Microsoft.Security/pricings"),
        ("diagnostic_settings", "Microsoft.Insights/diagnosticSettings"),
        ("security_contacts", "Microsoft.Security/securityContacts"),
    ],
)
def test_what_is_withheld_of_a_subscription_is_not_that_it_has_none(azure: AzureWire, name: str, type_: str) -> None:
    azure.manager.withholds = True
    azure.tenant.data["applications"][0]["notActions"] = [f"{type_}/read"]
    (subscription,) = read({"Microsoft.Resources/subscriptions": {name}}, provider="azure").resources
    assert name not in subscription.properties
    why = subscription.unread[f"/{name}"]
    assert (why.reason, why.permission) == ("access_denied", f"{type_}/read")


def test_without_knowing_what_is_granted_no_listing_is_complete(azure: AzureWire) -> None:
    vault(azure, "there")
    azure.faults.add("server_error", "arm:Microsoft.Authorization/permissions")
    assert states(read(VAULTS, provider="azure")) == [(VAULT, "failed", 0, "unavailable")]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_every_row_is_read_over_pages_of_any_size(azure: AzureWire, size: int) -> None:
    names = [f"vault{number}" for number in range(5)]
    for name in names:
        vault(azure, name)
    azure.resource_graph.page_size = size
    snapshot = read(VAULTS, provider="azure")
    assert [item.name for item in snapshot.resources] == names
    assert azure.traffic.calls["resourcegraph:resources"] == -(-5 // size)


def drop_token(body: Any) -> None:
    body.pop("$skipToken", None)


def same_token(body: Any) -> None:
    body["$skipToken"] = "again"


def foreign(body: Any) -> None:
    body["nextLink"] = "https://attacker.example/subscriptions?api-version=2022-12-01"


@pytest.mark.parametrize(
    ("edit", "detail"),
    [
        (drop_token, "resultTruncated"),
        (lambda body: body.update(count=7), "another count of rows"),
        (lambda body: body.update(totalRecords=3), "fewer rows than there are"),
        (lambda body: body.pop("totalRecords"), "no totalRecords"),
        (lambda body: body.pop("data"), "no data"),
        (lambda body: body["data"][0].pop("id"), "rows without id or type"),
        (lambda body: body.update({"$skipToken": 7}), "pages without an end"),
    ],
)
def test_a_page_that_contradicts_itself_is_malformed(azure: AzureWire, edit: Any, detail: str) -> None:
    vault(azure, "one")
    vault(azure, "two")
    azure.resource_graph.page_size = 1
    azure.edit("resourcegraph:resources", edit)
    (row,) = read(VAULTS, provider="azure").collections
    assert row.unread is not None
    assert (row.state, row.unread.reason, (row.unread.detail or "").partition(" (")[0]) == (
        "failed",
        "malformed_response",
        detail,
    )


def test_pages_that_lead_back_are_malformed(azure: AzureWire) -> None:
    azure.edit("graph:users", lambda body: body.update({"@odata.nextLink": f"{azure.url}/graph/v1.0/users"}))
    snapshot = read({"Microsoft.Graph/users": {"user_type"}}, provider="azure")
    assert states(snapshot) == [("Microsoft.Graph/users", "failed", 0, "malformed_response")]


def test_a_next_page_on_another_host_is_not_asked_for(azure: AzureWire) -> None:
    azure.edit("arm:Microsoft.Resources/subscriptions", foreign)
    (why,) = known().failures.values()
    assert (why.reason, why.detail) == ("malformed_response", "the next page is on another host")


def test_a_tenant_of_twenty_subscriptions_and_twenty_thousand_resources_takes_few_queries(azure: AzureWire) -> None:
    azure.tenant.subscriptions.extend(numbered(2, 21))
    for row in azure.tenant.subscriptions:
        for number in range(1000):
            type_ = (VAULT, ACCOUNT, GROUP)[number % 3]
            azure.tenant.add(type_, f"held{number}", {}, subscription=row["subscriptionId"])
    azure.resource_graph.page_size = 500
    wanted = {type_: {"tags"} for type_ in (VAULT, ACCOUNT, GROUP)}
    snapshot = read({**wanted, "Microsoft.Resources/subscriptions": {"management_groups"}}, provider="azure")
    assert (len(snapshot.resources), {row.state for row in snapshot.collections}) == (20 * 1000 + 20, {"complete"})
    calls = azure.traffic.calls
    assert {name: calls[name] for name in calls if name.startswith("resourcegraph:")} == {
        "resourcegraph:resources": 40,
        "resourcegraph:resourcecontainers": 20,
    }
    assert calls.total() < 200
    assert not azure.traffic.repeats


# --- pace, time and tokens ---


def test_throttling_without_retry_after_is_waited_out(azure: AzureWire) -> None:
    vault(azure, "there")
    azure.faults.add("throttled", "resourcegraph:resources", times=3)
    snapshot = read(VAULTS, provider="azure")
    assert states(snapshot) == [(VAULT, "complete", 1, None)]
    assert {row.reader: row.retries for row in snapshot.ledger if row.retries} == {
        f"resourcegraph:resources/{VAULT}": 3
    }


def test_retry_after_is_waited_for(azure: AzureWire) -> None:
    waited: list[float] = []
    azure.faults.add("throttled", "arm:Microsoft.Resources/subscriptions", times=1, headers=(("retry-after", "17"),))
    adapter = opened("azure", timeout=5.0)
    found = directory(adapter, Limiter(waited.append, threading.Event()))
    adapter.close()
    assert (found.failures, waited) == ({}, [17.0])


def test_a_retry_after_of_an_hour_is_not_waited_for(azure: AzureWire) -> None:
    vault(azure, "there")
    azure.faults.add("throttled", "resourcegraph:resources", headers=(("retry-after", "3600"),))
    (row,) = read(VAULTS, provider="azure").collections
    assert row.unread is not None
    assert (row.state, row.unread.reason) == ("failed", "throttled")
    assert (row.unread.detail or "").startswith("RateLimiting, Retry-After 3600")
    assert azure.traffic.calls["resourcegraph:resources"] == 1


def test_a_window_of_the_quota_is_waited_for_and_not_run_into(azure: AzureWire) -> None:
    azure.tenant.subscriptions.extend(numbered(2, 6))
    clock = [0.0]
    azure.resource_graph.clock = lambda: clock[0]
    azure.resource_graph.quota = 2
    adapter = opened("azure", timeout=5.0)

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    limiter = Limiter(sleep, threading.Event())
    found = directory(adapter, limiter)
    made = plan("azure", declared("azure"), VAULTS)
    for account in found.accounts:
        collect(made, adapter, entered(adapter, account, limiter), limiter, lambda: "2026-11-23T12:00:00Z", lambda r: r)
    adapter.close()
    statuses = [entry.status for entry in azure.traffic.log if entry.call.service == "resourcegraph"]
    assert statuses == [200] * 5


def test_a_challenge_for_claims_is_met(azure: AzureWire) -> None:
    claims = base64.urlsafe_b64encode(b'{"access_token":{"nbf":{"essential":true}}}').decode().rstrip("=")
    challenge = f'Bearer authorization_uri="{azure.url}", error="insufficient_claims", claims="{claims}"'
    azure.faults.add(
        "error",
        "arm:Microsoft.Resources/subscriptions",
        times=1,
        code="InvalidAuthenticationToken",
        status=401,
        headers=(("www-authenticate", challenge),),
    )
    found = known()
    assert (found.failures, set(found.accounts)) == ({}, {TENANT, SUBSCRIPTION})
    assert azure.traffic.calls["login:token"] == 2


def test_an_expired_token_is_a_refusal_that_names_no_permission(azure: AzureWire) -> None:
    vault(azure, "there")
    azure.faults.add("expired_token", "resourcegraph:resources")
    _, findings = scan(CHECK)
    (cause,) = findings[0].causes
    assert (cause.unread.reason, cause.unread.permission) == ("access_denied", None)
    assert (cause.unread.detail or "").startswith("ExpiredAuthenticationToken")


def test_no_secret_and_no_token_is_said_anywhere(
    azure: AzureWire, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    vault(azure, "there")
    caplog.set_level(logging.DEBUG)
    azure.faults.add("expired_token", "arm:Microsoft.Insights/*")
    snapshot = read({**VAULTS, "Microsoft.Resources/subscriptions": {"diagnostic_settings"}}, provider="azure")
    said = f"{snapshot} {caplog.text} {''.join(capfd.readouterr())}"
    assert len(azure.login.issued) >= 1
    assert [word for word in (SECRET, "planted", *azure.login.issued) if word in said] == []
