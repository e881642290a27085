"""Microsoft Entra ID: who administers it, what Conditional Access demands, applications, and users who came to rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.scan import read, scan
from tests.collectors.test_azure_entra import user
from tests.emulators.azure.recordings import EXPORT
from tests.emulators.azure.wire import AzureWire

ADMINS, USERS, LEGACY = DEMANDS = (
    "azure.entra.mfa_required_for_admins",
    "azure.entra.mfa_required_for_users",
    "azure.entra.legacy_authentication_blocked",
)
DEFAULTS = (
    "azure.entra.user_app_consent_restricted",
    "azure.entra.users_create_no_applications",
    "azure.entra.users_create_no_security_groups",
    "azure.entra.users_create_no_tenants",
)
LIMITED = "azure.entra.global_admins_limited"
CREDENTIALS = CURRENT, SHORT = (
    "azure.entra.application_credentials_current",
    "azure.entra.application_secrets_short_lived",
)
STALE, REGISTERED = "azure.entra.stale_users_disabled", "azure.entra.user_mfa_registered"
POLICIES = "identity/conditionalAccess/policies"
SECURITY_DEFAULTS = "policies/identitySecurityDefaultsEnforcementPolicy"
ASSIGNED = "roleManagement/directory/roleAssignments"
ELIGIBLE = "roleManagement/directory/roleEligibilityScheduleInstances"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GROUP = "9c0e0000-0000-4000-8000-000000000001"


def policy(azure: AzureWire, controls: dict[str, Any] | None, **conditions: Any) -> None:
    """A policy as Microsoft Graph shows it: conditions that are not set are there, and null or empty."""
    users = {
        "includeUsers": ["All"],
        "excludeUsers": [],
        "includeGroups": [],
        "excludeGroups": [],
        "includeRoles": [],
        "excludeRoles": [],
        "includeGuestsOrExternalUsers": None,
        "excludeGuestsOrExternalUsers": None,
        **conditions.pop("users", {}),
    }
    applications = {
        "includeApplications": ["All"],
        "excludeApplications": [],
        "includeUserActions": [],
        "includeAuthenticationContextClassReferences": [],
        "applicationFilter": None,
        **conditions.pop("applications", {}),
    }
    told = {
        "clientAppTypes": ["all"],
        "signInRiskLevels": [],
        "userRiskLevels": [],
        "servicePrincipalRiskLevels": [],
        "platforms": None,
        "locations": None,
        "devices": None,
        "clientApplications": None,
        **conditions,
        "users": users,
        "applications": applications,
    }
    number = len(azure.tenant.directory[POLICIES])
    azure.tenant.directory[POLICIES].append(
        {
            "id": f"ca000000-0000-4000-8000-{number:012}",
            "displayName": f"Policy {number}",
            "state": "enabled",
            "conditions": told,
            "grantControls": None
            if controls is None
            else {
                "operator": "OR",
                "builtInControls": [],
                "customAuthenticationFactors": [],
                "termsOfUse": [],
                "authenticationStrength": None,
                **controls,
            },
        }
    )


def demands(azure: AzureWire) -> dict[str, str]:
    azure.tenant.directory[SECURITY_DEFAULTS]["isEnabled"] = False
    return {f.check.id: f.verdict for f in scan(DEMANDS)[1]}


# --- Conditional Access ---


def test_security_defaults_are_enough_by_themselves(azure: AzureWire) -> None:
    azure.faults.add("denied", f"graph:{POLICIES}")
    assert {f.check.id: f.verdict for f in scan(DEMANDS)[1]} == dict.fromkeys(DEMANDS, "pass")


def test_policies_that_demand_it_of_everyone_pass(azure: AzureWire) -> None:
    policy(azure, {"builtInControls": ["mfa"]})
    policy(azure, {"builtInControls": ["block"]}, clientAppTypes=["exchangeActiveSync", "other"])
    assert demands(azure) == dict.fromkeys(DEMANDS, "pass")


def test_a_tenant_without_policies_fails(azure: AzureWire) -> None:
    assert demands(azure) == dict.fromkeys(DEMANDS, "fail")


STRENGTH = {"id": "00000000-0000-0000-0000-000000000002", "requirementsSatisfied": "mfa"}


@pytest.mark.parametrize(
    ("controls", "conditions", "verdict"),
    [
        ({"authenticationStrength": STRENGTH}, {}, "pass"),
        ({"authenticationStrength": {**STRENGTH, "requirementsSatisfied": "none"}}, {}, "fail"),
        ({"builtInControls": ["mfa", "compliantDevice"]}, {}, "fail"),
        ({"builtInControls": ["mfa", "compliantDevice"], "operator": "AND"}, {}, "pass"),
        ({"builtInControls": ["mfa"], "termsOfUse": ["7"]}, {}, "fail"),
        (None, {}, "fail"),
        ({"builtInControls": ["mfa"]}, {"locations": {"includeLocations": ["All"], "excludeLocations": []}}, "pass"),
        (
            {"builtInControls": ["mfa"]},
            {"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}},
            "fail",
        ),
        ({"builtInControls": ["mfa"]}, {"platforms": {"includePlatforms": ["all"], "excludePlatforms": []}}, "pass"),
        ({"builtInControls": ["mfa"]}, {"platforms": {"includePlatforms": ["iOS"]}}, "fail"),
        ({"builtInControls": ["mfa"]}, {"userRiskLevels": ["high"]}, "fail"),
        ({"builtInControls": ["mfa"]}, {"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}, "fail"),
        ({"builtInControls": ["mfa"]}, {"brandNewCondition": {"mode": "exclude"}}, "fail"),
        ({"builtInControls": ["mfa"]}, {"applications": {"applicationFilter": {"mode": "exclude"}}}, "fail"),
        ({"builtInControls": ["mfa"]}, {"applications": {"excludeApplications": ["7"]}}, "fail"),
        ({"builtInControls": ["mfa"]}, {"users": {"excludeGroups": [GROUP]}}, "fail"),
        ({"builtInControls": ["mfa"]}, {"users": {"excludeRoles": [GLOBAL_ADMINISTRATOR]}}, "fail"),
    ],
)
def test_what_a_policy_leaves_open_is_open(azure: AzureWire, controls: Any, conditions: Any, verdict: str) -> None:
    policy(azure, controls, **conditions)
    found = demands(azure)
    assert (found[ADMINS], found[USERS], found[LEGACY]) == (verdict, verdict, "fail")


def test_guests_who_are_left_out_by_a_word_among_the_users_are_left_out(azure: AzureWire) -> None:
    policy(azure, {"builtInControls": ["mfa"]}, users={"excludeUsers": ["GuestsOrExternalUsers"]})
    policy(
        azure,
        {"builtInControls": ["block"]},
        users={"excludeUsers": ["GuestsOrExternalUsers"]},
        clientAppTypes=["exchangeActiveSync", "other"],
    )
    found = demands(azure)
    assert (found[USERS], found[LEGACY]) == ("fail", "fail")


def test_policies_that_are_reported_only_demand_nothing(azure: AzureWire) -> None:
    policy(azure, {"builtInControls": ["mfa"]})
    azure.tenant.directory[POLICIES][0]["state"] = "enabledForReportingButNotEnforced"
    assert demands(azure) == dict.fromkeys(DEMANDS, "fail")


@pytest.mark.parametrize("kind", ["denied", "server_error", "hollow", "truncated"])
def test_policies_that_are_not_seen_are_unknown_where_defaults_are_off(azure: AzureWire, kind: Any) -> None:
    policy(azure, {"builtInControls": ["mfa"]})
    azure.faults.add(kind, f"graph:{POLICIES}")
    assert demands(azure) == dict.fromkeys(DEMANDS, "unknown")


def lose(body: Any) -> None:
    del body["value"][0]["conditions"]["clientAppTypes"]


def test_a_policy_without_a_condition_that_it_must_have_decides_nothing(azure: AzureWire) -> None:
    policy(azure, {"builtInControls": ["mfa"]})
    azure.edit(f"graph:{POLICIES}", lose)
    assert demands(azure)[USERS] == "unknown"


@pytest.mark.skipif(not EXPORT.is_file(), reason="the recordings are not beside the checkout")
def test_exported_policies_are_read(azure: AzureWire) -> None:
    """The export names Microsoft Graph's properties in PowerShell's case."""
    exported = json.loads(EXPORT.read_text(encoding="utf-8-sig"))["conditional_access_policies"]
    azure.tenant.directory[POLICIES] = [camel(row) for row in exported]
    snapshot = read({"Microsoft.Graph/conditionalAccessPolicies": FILLS}, provider="azure")
    assert {pointer for item in snapshot.resources for pointer in item.unread} == set()
    found = demands(azure)
    assert (found[USERS], found[LEGACY]) == ("pass", "pass")


FILLS = {"state", "include_users", "excludes_guests", "limited_by", "built_in_controls", "authentication_strength"}


def camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


# --- what ordinary users may do ---


def test_a_tenant_whose_users_may_do_little_passes(azure: AzureWire) -> None:
    assert {f.check.id: f.verdict for f in scan(DEFAULTS)[1]} == dict.fromkeys(DEFAULTS, "pass")


def test_a_tenant_as_it_comes_fails(azure: AzureWire) -> None:
    azure.tenant.directory["policies/authorizationPolicy"]["defaultUserRolePermissions"] = {
        "allowedToCreateApps": True,
        "allowedToCreateSecurityGroups": True,
        "allowedToCreateTenants": True,
        "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"],
    }
    assert {f.check.id: f.verdict for f in scan(DEFAULTS)[1]} == dict.fromkeys(DEFAULTS, "fail")


def test_permissions_that_are_not_told_are_unknown(azure: AzureWire) -> None:
    azure.tenant.directory["policies/authorizationPolicy"]["defaultUserRolePermissions"] = {}
    assert {(f.verdict, f.reason) for f in scan(DEFAULTS)[1]} == {("unknown", "missing_attribute")}


# --- administrators ---


def administrator(azure: AzureWire, number: int, type_: str = "user", path: str = ASSIGNED, **more: Any) -> None:
    id_ = GROUP if type_ == "group" else f"05e40000-0000-4000-8000-{number:012}"
    azure.tenant.directory[path].append(
        {
            "id": f"assignment-{len(azure.tenant.directory[path])}",
            "principalId": id_,
            "directoryScopeId": "/",
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "principal": {"@odata.type": f"#microsoft.graph.{type_}", "id": id_},
            **more,
        }
    )


def member(number: int, type_: str = "user") -> dict[str, Any]:
    object_ = {"@odata.type": f"#microsoft.graph.{type_}", "id": f"05e40000-0000-4000-8000-{number:012}"}
    return object_ | {"accountEnabled": True, "userType": "Member"} if type_ == "user" else object_


def limited() -> tuple[str, str | None]:
    (finding,) = scan((LIMITED,))[1]
    return finding.verdict, finding.reason


def test_few_administrators_pass(azure: AzureWire) -> None:
    administrator(azure, 1)
    administrator(azure, 2, path=ELIGIBLE)
    administrator(azure, 3, roleDefinitionId="fe930be7-5e62-47db-91af-98c3a49a38b1")
    assert limited() == ("pass", None)
    (tenant,) = read({"Microsoft.Graph/organization": {"global_administrators"}}, provider="azure").resources
    assert [(row["principal_id"][-1], row["eligible"]) for row in tenant.properties["global_administrators"]] == [
        ("1", False),
        ("2", True),
    ]


@pytest.mark.parametrize("size", [1, 100])
def test_members_of_groups_are_administrators_of_their_own(azure: AzureWire, size: int) -> None:
    administrator(azure, 1)
    administrator(azure, 0, "group")
    nested = {"@odata.type": "#microsoft.graph.group", "id": "9c0e0000-0000-4000-8000-000000000002"}
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [*map(member, range(1, 6)), nested]
    azure.graph.page_size = size
    assert limited() == ("pass", None)
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"].append(member(6, "servicePrincipal"))
    assert limited() == ("fail", None)


def test_one_administrator_is_too_few(azure: AzureWire) -> None:
    administrator(azure, 1)
    administrator(azure, 2, "servicePrincipal")
    assert limited() == ("fail", None)


def test_without_privileged_identity_management_nobody_is_eligible(azure: AzureWire) -> None:
    azure.tenant.data["licences"] = ["AAD_PREMIUM"]
    administrator(azure, 1)
    administrator(azure, 2)
    assert limited() == ("pass", None)


@pytest.mark.parametrize("operation", [f"graph:{ASSIGNED}", f"graph:{ELIGIBLE}", "graph:groups/{id}/transitiveMembers"])
def test_administrators_who_are_not_seen_are_unknown(azure: AzureWire, operation: str) -> None:
    administrator(azure, 1)
    administrator(azure, 2)
    administrator(azure, 0, "group")
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(3)]
    azure.faults.add("denied", operation)
    assert limited() == ("unknown", "access_denied")


# --- applications ---


def application(azure: AzureWire, name: str, secrets: list[Any], certificates: list[Any]) -> None:
    number = len(azure.tenant.directory["applications"])
    credentials = {"passwordCredentials": secrets, "keyCredentials": certificates}
    azure.tenant.directory["applications"].append(
        {"id": f"a9900000-0000-4000-8000-{number:012}", "displayName": name, **credentials}
    )


def credential(start: str | None, end: str | None) -> dict[str, Any]:
    return {"keyId": "c0ed0000-0000-4000-8000-000000000001", "startDateTime": start, "endDateTime": end}


def test_applications_pass_and_fail_by_what_they_sign_in_with(azure: AzureWire) -> None:
    good = credential("2026-06-01T00:00:00.1234567Z", "2027-06-01T00:00:00Z")
    long = credential("2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z")
    old = credential("2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z")
    application(azure, "good", [good], [good])
    application(azure, "long", [long], [])
    application(azure, "old", [good], [old])
    application(azure, "bare", [], [])
    _, findings = scan(CREDENTIALS)
    assert {(f.check.id, f.subject.name): f.verdict for f in findings} == {
        (CURRENT, "good"): "pass",
        (CURRENT, "long"): "pass",
        (CURRENT, "old"): "fail",
        (CURRENT, "bare"): "not_applicable",
        (SHORT, "good"): "pass",
        (SHORT, "long"): "fail",
        (SHORT, "old"): "pass",
        (SHORT, "bare"): "not_applicable",
    }


def test_an_application_whose_credentials_are_not_told_is_unknown(azure: AzureWire) -> None:
    application(azure, "unsaid", [], [])
    del azure.tenant.directory["applications"][0]["passwordCredentials"]
    assert {(f.verdict, f.reason) for f in scan(CREDENTIALS)[1]} == {("unknown", "missing_attribute")}


# --- users ---


def test_users_pass_and_fail_by_when_they_came_last(azure: AzureWire) -> None:
    user(azure, 1, signInActivity={"lastSuccessfulSignInDateTime": "2026-11-01T00:00:00Z"})
    user(azure, 2, signInActivity={"lastSuccessfulSignInDateTime": "2026-01-03T00:00:00Z"}, registered=False)
    user(azure, 3, signInActivity=None)
    user(azure, 4, signInActivity=None, createdDateTime="2026-11-20T00:00:00Z")
    user(azure, 5, signInActivity=None, accountEnabled=False)
    user(azure, 6, signInActivity=None, userType="Guest")
    _, findings = scan((STALE, REGISTERED))
    found = {(f.check.id, f.subject.name[:5]): f.verdict for f in findings}
    assert [found[STALE, f"user{number}"] for number in range(1, 7)] == [
        "pass",
        "fail",
        "fail",
        "pass",
        "not_applicable",
        "not_applicable",
    ]
    assert [found[REGISTERED, f"user{number}"] for number in (1, 2, 5, 6)] == [
        "pass",
        "fail",
        "not_applicable",
        "not_applicable",
    ]


def test_sign_ins_and_registrations_take_a_licence(azure: AzureWire) -> None:
    user(azure, 1)
    azure.tenant.data["licences"] = []
    assert {(f.verdict, f.reason) for f in scan((STALE, REGISTERED))[1]} == {("unknown", "not_licensed")}
