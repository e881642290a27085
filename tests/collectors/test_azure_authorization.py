"""Who may do what: role assignments from above and below, custom roles, principals that left, locks and policies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.azure.tenant import SUBSCRIPTION, TENANT, subscription
from tests.emulators.azure.wire import AzureWire

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
DEFINITION = "Microsoft.Authorization/roleDefinitions"
POLICY = "Microsoft.Authorization/policyAssignments"
OWNERS, GUESTS, DELETED, DISABLED = (
    "azure.authorization.owners_limited",
    "azure.authorization.no_guest_privileged_access",
    "azure.authorization.no_deleted_principals",
    "azure.authorization.no_disabled_principals",
)
CUSTOM = ("azure.authorization.no_custom_owner_roles", "azure.authorization.custom_roles_assign_no_roles")
LOCKS = "azure.authorization.resource_locks"
POLICIES = LOCATIONS, BASELINE = ("azure.policy.locations_restricted", "azure.policy.baseline_assigned")
PATH = f"/subscriptions/{SUBSCRIPTION}"
ABOVE = "/providers/Microsoft.Management/managementGroups/landing-zones"
OWNER, READER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
GROUP = "9c0e0000-0000-4000-8000-000000000001"
COLLECTIONS = {"User": "users", "Group": "groups", "ServicePrincipal": "servicePrincipals"}


def principal(azure: AzureWire, number: int, type_: str = "User", **more: Any) -> str:
    """A principal that the directory holds, and its id."""
    id_ = GROUP if type_ == "Group" else f"05e40000-0000-4000-8000-{number:012}"
    facts: dict[str, Any] = {"id": id_}
    if type_ != "Group":
        facts |= {"accountEnabled": True}
    if type_ == "User":
        facts |= {"userType": "Member", "createdDateTime": "2026-01-02T03:04:05Z", "userPrincipalName": f"u{number}"}
    azure.tenant.directory[COLLECTIONS[type_]].append({**facts, **more})
    return id_


def assign(azure: AzureWire, id_: str, type_: str = "User", role: str = OWNER, at: str = PATH, **more: Any) -> str:
    """An assignment, and its name."""
    name = f"a5510000-0000-4000-8000-{len(azure.tenant.resources):012}"
    role_id = f"{PATH}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    known = {"principalId": id_, "principalType": type_, "roleDefinitionId": role_id, "scope": at or "/", **more}
    azure.tenant.add(ASSIGNMENT, name, known, below=at)
    return name


def member(number: int, **more: Any) -> dict[str, Any]:
    user = {"@odata.type": "#microsoft.graph.user", "id": f"05e40000-0000-4000-8000-{number:012}"}
    return {**user, "accountEnabled": True, "userType": "Member", **more}


def owners() -> tuple[str, str | None]:
    (finding,) = scan((OWNERS,))[1]
    return finding.verdict, finding.reason


# --- owners ---


def test_owners_count_wherever_above_they_were_made(azure: AzureWire) -> None:
    assign(azure, principal(azure, 1))
    assert owners() == ("fail", None)
    assign(azure, principal(azure, 2), at=ABOVE)
    assert owners() == ("pass", None)
    assign(azure, principal(azure, 3), at="")
    assert owners() == ("pass", None)
    assign(azure, principal(azure, 4), at=f"{PATH}/resourceGroups/rg")
    assign(azure, principal(azure, 5), role=READER)
    assign(azure, principal(azure, 6), at="/providers/Microsoft.Management/managementGroups/elsewhere")
    assert owners() == ("pass", None)
    rows = read({ASSIGNMENT: {"scope_level"}}, provider="azure").resources
    assert sorted(item.properties["scope_level"] for item in rows) == [
        "management_group",
        "resource_group",
        "root",
        "subscription",
        "subscription",
    ]


def test_members_of_a_group_own_what_it_owns(azure: AzureWire) -> None:
    assign(azure, principal(azure, 0, "Group"), "Group")
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(1), member(2)]
    assert owners() == ("pass", None)
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] += [member(3), member(4)]
    assert owners() == ("fail", None)


def test_service_principals_in_a_group_own_what_it_owns(azure: AzureWire) -> None:
    assign(azure, principal(azure, 0, "Group"), "Group")
    service = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "05e40000-0000-4000-8000-000000000008"}
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(1), member(2), member(3), service]
    assert owners() == ("fail", None)


def test_a_group_that_holds_users_alone_has_no_service_principals(azure: AzureWire) -> None:
    assign(azure, principal(azure, 0, "Group", groupTypes=["Unified"]), "Group")
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(1), member(2)]
    assert owners() == ("pass", None)


def test_an_owner_who_was_deleted_is_none(azure: AzureWire) -> None:
    assign(azure, principal(azure, 1))
    assign(azure, "05e40000-0000-4000-8000-000000000009")
    assert owners() == ("fail", None)


@pytest.mark.parametrize("operation", ["arm:Microsoft.Authorization/roleAssignments", "graph:groups/{id}/*"])
def test_owners_who_are_not_seen_are_unknown(azure: AzureWire, operation: str) -> None:
    assign(azure, principal(azure, 1))
    assign(azure, principal(azure, 0, "Group"), "Group")
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(2)]
    azure.faults.add("denied", operation)
    assert owners() == ("unknown", "access_denied")


def test_a_group_that_several_subscriptions_know_is_asked_for_once(azure: AzureWire) -> None:
    azure.tenant.subscriptions.append(subscription("5ab5c21a-0000-4000-8000-000000000002", "Sandbox"))
    assign(azure, principal(azure, 0, "Group"), "Group", at=ABOVE)
    assign(azure, GROUP, "Group", role=READER, at=ABOVE)
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(1), member(2)]
    assert {f.verdict for f in scan((OWNERS,))[1]} == {"pass"}
    # For its users, and for its service principals.
    assert azure.traffic.calls["graph:groups/{id}/transitiveMembers"] == 2
    assert azure.traffic.calls["arm:Microsoft.Authorization/roleAssignments"] == 2


# --- principals ---


def test_principals_pass_and_fail_by_what_became_of_them(azure: AzureWire) -> None:
    names = {
        "there": assign(azure, principal(azure, 1), role=READER),
        "disabled": assign(azure, principal(azure, 2, accountEnabled=False), role=READER),
        "gone": assign(azure, "05e40000-0000-4000-8000-000000000009", role=READER),
        "program": assign(azure, principal(azure, 3, "ServicePrincipal"), "ServicePrincipal", role=READER),
        "no program": assign(azure, "05e40000-0000-4000-8000-000000000008", "ServicePrincipal", role=READER),
        "group": assign(azure, principal(azure, 0, "Group"), "Group", role=READER),
        "no group": assign(azure, "9c0e0000-0000-4000-8000-000000000009", "Group", role=READER),
        "foreign": assign(azure, "9c0e0000-0000-4000-8000-000000000008", "ForeignGroup", role=READER),
    }
    _, findings = scan((DELETED, DISABLED))
    found = verdicts(findings)
    assert {who: (found[DELETED, name], found[DISABLED, name]) for who, name in names.items()} == {
        "there": ("pass", "pass"),
        "disabled": ("pass", "fail"),
        "gone": ("fail", "not_applicable"),
        "program": ("pass", "pass"),
        "no program": ("fail", "not_applicable"),
        "group": ("pass", "not_applicable"),
        "no group": ("fail", "not_applicable"),
        "foreign": ("not_applicable", "not_applicable"),
    }


def test_many_principals_are_asked_for_fifteen_at_a_time(azure: AzureWire) -> None:
    for number in range(31):
        assign(azure, principal(azure, number), role=READER)
    assert {f.verdict for f in scan((DELETED,))[1]} == {"pass"}
    assert azure.traffic.calls["graph:users"] == 3


@pytest.mark.parametrize("kind", ["denied", "server_error", "hollow", "truncated", "expired_token"])
def test_a_directory_that_does_not_answer_deletes_nobody(azure: AzureWire, kind: Any) -> None:
    assign(azure, principal(azure, 1))
    azure.faults.add(kind, "graph:users")
    assert {f.verdict for f in scan((DELETED, DISABLED, GUESTS))[1]} == {"unknown"}


# --- guests ---


def test_guests_fail_where_what_they_hold_is_privileged(azure: AzureWire) -> None:
    guest = principal(azure, 1, userType="Guest")
    azure.tenant.add(DEFINITION, CUSTOM_ID, {**ROLE, "permissions": [allowed("Microsoft.Authorization/*")]}, below=PATH)
    azure.tenant.add(DEFINITION, NARROW_ID, {**ROLE, "permissions": [allowed("*/read")]}, below=PATH)
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [member(2), member(1, userType="Guest")]
    names = {
        "owner": assign(azure, guest),
        "above": assign(azure, guest, at=ABOVE),
        "reader": assign(azure, guest, role=READER),
        "custom": assign(azure, guest, role=CUSTOM_ID),
        "narrow": assign(azure, guest, role=NARROW_ID),
        "group": assign(azure, principal(azure, 0, "Group"), "Group"),
        "member": assign(azure, principal(azure, 3)),
    }
    found = verdicts(scan((GUESTS,))[1])
    assert {who: found[GUESTS, name] for who, name in names.items()} == {
        "owner": "fail",
        "above": "fail",
        "reader": "not_applicable",
        "custom": "fail",
        "narrow": "not_applicable",
        "group": "fail",
        "member": "pass",
    }


def test_a_member_of_whom_only_the_id_is_shown_is_unknown(azure: AzureWire) -> None:
    azure.tenant.directory[f"groups/{GROUP}/transitiveMembers"] = [
        {"@odata.type": "#microsoft.graph.user", "id": "05e40000-0000-4000-8000-000000000001"}
    ]
    assign(azure, principal(azure, 0, "Group"), "Group")
    assert [(f.verdict, f.reason) for f in scan((GUESTS,))[1]] == [("unknown", "missing_attribute")]


# --- custom roles ---

CUSTOM_ID, NARROW_ID = "c0510000-0000-4000-8000-000000000001", "c0510000-0000-4000-8000-000000000002"
ROLE = {"roleName": "Operators", "type": "CustomRole", "assignableScopes": [PATH]}


def allowed(*actions: str, less: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"actions": list(actions), "notActions": list(less), "dataActions": [], "notDataActions": []}


@pytest.mark.parametrize(
    ("permissions", "scopes", "expected"),
    [
        (allowed("Microsoft.Compute/*/read"), [PATH], ("pass", "pass")),
        (allowed("*"), [PATH], ("fail", "fail")),
        (allowed("*", less=("Microsoft.Authorization/*/Write",)), [ABOVE], ("fail", "pass")),
        (allowed("*"), [f"{PATH}/resourceGroups/rg"], ("pass", "fail")),
        (allowed("*/write"), ["/"], ("pass", "fail")),
    ],
)
def test_custom_roles_are_judged_by_what_they_allow_where(
    azure: AzureWire, permissions: Any, scopes: list[str], expected: tuple[str, str]
) -> None:
    role = {**ROLE, "permissions": [permissions], "assignableScopes": scopes}
    azure.tenant.add(DEFINITION, CUSTOM_ID, role, below=PATH)
    azure.tenant.add(DEFINITION, OWNER, {**role, "roleName": "Owner", "type": "BuiltInRole"}, below="")
    found = verdicts(scan(CUSTOM)[1])
    assert found == {(check, "Operators"): verdict for check, verdict in zip(CUSTOM, expected, strict=True)}


def test_a_custom_role_of_which_nobody_says_what_it_allows_is_unknown(azure: AzureWire) -> None:
    azure.tenant.add(DEFINITION, CUSTOM_ID, ROLE, below=PATH)
    assert {(f.verdict, f.reason) for f in scan(CUSTOM)[1]} == {("unknown", "missing_attribute")}


# --- locks ---


def group(azure: AzureWire, name: str, **tags: str) -> str:
    id_ = f"{PATH}/resourceGroups/{name}"
    body = {"id": id_, "name": name, "type": "Microsoft.Resources/resourceGroups", "location": "westeurope"}
    azure.tenant.resources.append({**body, "tags": tags or None, "properties": {"provisioningState": "Succeeded"}})
    return id_


def lock(azure: AzureWire, on: str, level: str = "CanNotDelete") -> None:
    azure.tenant.add("Microsoft.Authorization/locks", f"lock-{len(azure.tenant.resources)}", {"level": level}, below=on)


def test_critical_groups_pass_and_fail_by_their_locks(azure: AzureWire) -> None:
    lock(azure, group(azure, "Locked", criticality="high"))
    inside = f"{group(azure, 'inside', criticality='high')}/providers/Microsoft.KeyVault/vaults/v"
    lock(azure, inside)
    group(azure, "other", criticality="low")
    group(azure, "untagged")
    assert verdicts(scan((LOCKS,))[1]) == {
        (LOCKS, "Locked"): "pass",
        (LOCKS, "inside"): "fail",
        (LOCKS, "other"): "not_applicable",
        (LOCKS, "untagged"): "not_applicable",
    }
    lock(azure, PATH, "ReadOnly")
    assert verdicts(scan((LOCKS,))[1])[LOCKS, "inside"] == "pass"


def test_locks_that_are_not_seen_are_unknown(azure: AzureWire) -> None:
    group(azure, "critical", criticality="high")
    azure.tenant.data["applications"][0]["notActions"] = ["Microsoft.Authorization/locks/read"]
    (finding,) = scan((LOCKS,))[1]
    assert (finding.verdict, finding.causes[0].unread.permission) == ("unknown", "Microsoft.Authorization/locks/read")


# --- policies ---

ALLOWED = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c"
BENCHMARK = "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"


def enforce(azure: AzureWire, definition: str, at: str = PATH, **more: Any) -> None:
    known = {"policyDefinitionId": definition, "scope": at, "enforcementMode": "Default", "notScopes": [], **more}
    if definition == ALLOWED:
        known.setdefault("parameters", {"listOfAllowedLocations": {"value": ["westeurope"]}})
    azure.tenant.add(POLICY, f"policy-{len(azure.tenant.resources)}", known, below=at)


def judged() -> tuple[str, str]:
    found = {f.check.id: f.verdict for f in scan(POLICIES)[1]}
    return found[LOCATIONS], found[BASELINE]


@pytest.mark.parametrize("at", [PATH, ABOVE, f"/providers/Microsoft.Management/managementGroups/{TENANT}"])
def test_policies_from_above_hold_below(azure: AzureWire, at: str) -> None:
    enforce(azure, ALLOWED, at)
    enforce(azure, BENCHMARK, at)
    assert judged() == ("pass", "pass")


@pytest.mark.parametrize(
    "more",
    [
        {"enforcementMode": "DoNotEnforce"},
        {"notScopes": [PATH]},
        {"notScopes": [ABOVE]},
        {"resourceSelectors": [{"name": "some", "selectors": []}]},
        {"overrides": [{"kind": "policyEffect", "value": "Disabled"}]},
    ],
)
def test_policies_that_do_not_bind_do_not_count(azure: AzureWire, more: dict[str, Any]) -> None:
    enforce(azure, ALLOWED, **more)
    enforce(azure, BENCHMARK, **more)
    assert judged() == ("fail", "fail")


def test_policies_of_a_resource_group_bind_no_subscription(azure: AzureWire) -> None:
    enforce(azure, ALLOWED, f"{PATH}/resourceGroups/rg")
    enforce(azure, BENCHMARK, f"{PATH}/resourceGroups/rg")
    assert judged() == ("fail", "fail")


def test_policies_that_are_not_seen_are_unknown(azure: AzureWire) -> None:
    azure.faults.add("denied", f"arm:{POLICY}")
    assert judged() == ("unknown", "unknown")
