"""Microsoft Entra ID: the tenant's policies, and its users with what they have registered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan
from tests.emulators.azure.tenant import TENANT
from tests.emulators.azure.wire import AzureWire

ACCESS, INVITES = CHECKS = ("azure.entra.guest_access_restricted", "azure.entra.guest_invitations_restricted")
POLICY = "policies/authorizationPolicy"
REPORT = "reports/authenticationMethods/userRegistrationDetails"
USER = "Microsoft.Graph/users"
WANTED = {USER: {"account_enabled", "user_type", "created_at", "mfa_registered", "mfa_capable"}}


def user(azure: AzureWire, number: int, registered: bool | None = True, **more: Any) -> None:
    id_ = f"05e40000-0000-4000-8000-{number:012}"
    name = f"user{number}@contoso.example"
    facts = {"userType": "Member", "accountEnabled": True, "createdDateTime": "2026-01-02T03:04:05Z", **more}
    azure.tenant.directory["users"].append({"id": id_, "userPrincipalName": name, "displayName": name, **facts})
    if registered is not None:
        row = {"id": id_, "userPrincipalName": name, "isMfaRegistered": registered, "isMfaCapable": registered}
        azure.tenant.directory[REPORT].append(row)


def test_a_tenant_passes_and_fails_by_its_policies(azure: AzureWire) -> None:
    assert {f.check.id: f.verdict for f in scan(CHECKS)[1]} == dict.fromkeys(CHECKS, "pass")
    azure.tenant.directory[POLICY] |= {
        "guestUserRoleId": "a0b1b346-4d3e-4e8b-98f8-753987be4970",
        "allowInvitesFrom": "everyone",
    }
    _, findings = scan(CHECKS)
    assert {f.check.id: f.verdict for f in findings} == dict.fromkeys(CHECKS, "fail")
    assert {(f.subject.name, f.scope.account, f.scope.region) for f in findings} == {
        ("Contoso", TENANT, "organization")
    }


def test_a_permission_of_microsoft_graph_that_is_missing_is_named(azure: AzureWire) -> None:
    azure.tenant.data["applications"][0]["roles"] = ["User.Read.All"]
    _, findings = scan(CHECKS)
    assert {(f.verdict, f.causes[0].unread.permission) for f in findings} == {("unknown", "Policy.Read.All")}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_users_are_read_over_pages_of_any_size(azure: AzureWire, size: int) -> None:
    for number in range(3):
        user(azure, number, registered=number > 0)
    azure.graph.page_size = size
    found = {item.name: item.properties["mfa_registered"] for item in read(WANTED, provider="azure").resources}
    assert found == {"user0@contoso.example": False, "user1@contoso.example": True, "user2@contoso.example": True}


def test_a_user_whom_the_report_does_not_mention_is_unread(azure: AzureWire) -> None:
    user(azure, 1, registered=None)
    (found,) = read(WANTED, provider="azure").resources
    assert {pointer: why.reason for pointer, why in found.unread.items()} == {
        "/mfa_registered": "missing_attribute",
        "/mfa_capable": "missing_attribute",
    }


def test_a_report_that_takes_a_licence_is_not_licensed(azure: AzureWire) -> None:
    user(azure, 1)
    azure.tenant.data["licences"] = []
    (found,) = read(WANTED, provider="azure").resources
    (why,) = set(found.unread.values())
    assert (why.reason, why.operation, why.permission) == ("not_licensed", f"graph:{REPORT}", None)
    assert found.properties["account_enabled"] is True


def test_a_listing_that_breaks_off_is_not_complete(azure: AzureWire) -> None:
    for number in range(3):
        user(azure, number)
    azure.graph.page_size = 1
    azure.faults.add("server_error", "graph:users", after=2)
    snapshot = read(WANTED, provider="azure")
    assert [(row.type, row.state, row.count) for row in snapshot.collections] == [(USER, "failed", 2)]


def test_a_page_without_its_list_is_malformed(azure: AzureWire) -> None:
    azure.edit("graph:users", lambda body: body.pop("value"))
    snapshot = read(WANTED, provider="azure")
    assert [(row.state, row.unread and row.unread.reason) for row in snapshot.collections] == [
        ("failed", "malformed_response")
    ]


def spoil(body: Any) -> None:
    body["isEnabled"] = "true"


def test_a_text_in_the_place_of_a_boolean_is_malformed(azure: AzureWire) -> None:
    azure.edit("graph:policies/identitySecurityDefaultsEnforcementPolicy", spoil)
    (found,) = read({"Microsoft.Graph/organization": {"security_defaults_enabled"}}, provider="azure").resources
    assert found.unread["/security_defaults_enabled"].reason == "malformed_response"
