"""Google Cloud: who is in groups and whether people prove a second factor, where the caller may know it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from providers import opened
from providers.base import NotConfigured
from tests.collectors.gcp import Change, as_it_is, both, denied, granted
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.faults import replaced
from tests.emulators.gcp import credentials
from tests.emulators.gcp.errors import disabled
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import PROJECT, World

SECOND: Final = "gcp.iam.two_step_verification"
OWNERS: Final = "gcp.iam.no_basic_roles"
ADMIN: Final = "admin@example.com"


def group(name: str, *members: dict[str, Any]) -> Change:
    return lambda world: world.directory["groups"].update({name: list(members)})


def member(kind: str, address: str) -> dict[str, Any]:
    return {"type": kind, "preferredMemberKey": {"id": address}}


CY: Final = group("new@example.com", member("USER", "cy@example.com"))
OWNED: Final = granted("group:new@example.com", "roles/owner")
SITUATIONS: Final[dict[str, tuple[Change, str, str]]] = {
    # Ada, and by the groups Bo and a service account, which has no second factor to prove.
    "as it is": (as_it_is, "pass", "pass"),
    "a user without": (granted("user:cy@example.com", "roles/viewer"), "fail", "pass"),
    "a suspended user without": (granted("user:di@example.com", "roles/viewer"), "pass", "pass"),
    "a user by another address": (granted("user:BOB@example.com", "roles/viewer"), "pass", "pass"),
    "a user without, from above": (granted("user:cy@example.com", "roles/viewer", on="11"), "fail", "pass"),
    "a user without, in a group": (both(CY, granted("group:new@example.com", "roles/viewer")), "fail", "pass"),
    "a domain with one without": (granted("domain:example.com", "roles/viewer"), "fail", "pass"),
    "somebody of another directory": (granted("user:eve@elsewhere.example", "roles/viewer"), "unknown", "pass"),
    "a group that is not expanded": (granted("group:hidden@example.com", "roles/owner"), "unknown", "unknown"),
    "a group in a group that is not expanded": (
        both(group("new@example.com", member("GROUP", "hidden@example.com")), OWNED),
        "unknown",
        "unknown",
    ),
    "a group of two owners": (
        both(group("new@example.com", member("USER", "ada@example.com"), member("USER", "bo@example.com")), OWNED),
        "pass",
        "pass",
    ),
    "a group with a third owner": (
        both(group("new@example.com", member("GROUP", "staff@example.com"), member("USER", "di@example.com")), OWNED),
        "pass",
        "fail",
    ),
    "a member of a kind nobody heard of": (
        both(group("new@example.com", member("OTHER", "x")), OWNED),
        "unknown",
        "unknown",
    ),
    "users are denied": (denied("workspace:users.read"), "unknown", "pass"),
    "the directory's customer is denied": (denied("resourcemanager.organizations.get"), "unknown", "pass"),
    "groups are denied": (denied("workspace:groups.read"), "unknown", "pass"),
    "a policy above is denied": (denied("resourcemanager.organizations.getIamPolicy"), "unknown", "unknown"),
    "users without what is asked": (
        lambda world: world.directory["users"][0].pop("isEnrolledIn2Sv"),
        "unknown",
        "pass",
    ),
}


@pytest.mark.parametrize(("change", "second", "owners"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_people_are_judged_by_whichever_way_they_hold_roles(
    gcp: Google, change: Change, second: str, owners: str
) -> None:
    change(gcp.world)
    _, findings = scan([SECOND, OWNERS])
    assert verdicts(findings) == {(SECOND, "web"): second, (OWNERS, "web"): owners}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (denied("resourcemanager.folders.getIamPolicy"), "resourcemanager.folders.getIamPolicy"),
        (denied("workspace:groups.read"), "workspace:groups.read"),
        (denied("workspace:users.read"), "workspace:users.read"),
    ],
    ids=["a policy above", "a group", "users"],
)
def test_of_people_nobody_could_list_the_permission_that_was_missing_is_named(
    gcp: Google, change: Change, missing: str
) -> None:
    change(gcp.world)
    _, (finding,) = scan([SECOND])
    assert {(cause.unread.reason, cause.unread.permission) for cause in finding.causes} == {("access_denied", missing)}


def people(access: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    snapshot = read({PROJECT: ("people",)}, provider="gcp", access={"accounts": ["web"], **access})
    (found,) = snapshot.resources
    return found.properties["people"], {
        key: (why.reason, why.detail) for key, why in found.unread.items() if key.startswith("/people")
    }


def test_an_administrator_lets_the_service_account_read_users(gcp: Google) -> None:
    gcp.world.delegated.add(ADMIN)
    found, unread = people({"directory_admin": ADMIN})

    assert (found[0], unread) == (
        {"member": "user:ada@example.com", "enrolled": True, "enforced": True, "suspended": False},
        {},
    )
    asked = {gcp.holder(call) for call in gcp.calls if call.host == "admin.googleapis.com"}
    assert asked == {ADMIN}
    # Nothing else is asked in the administrator's name.
    assert ADMIN not in {gcp.holder(call) for call in gcp.calls if call.host != "admin.googleapis.com"}


def test_delegation_that_is_not_allowed_leaves_people_unread(gcp: Google) -> None:
    found, unread = people({"directory_admin": ADMIN})

    assert [row["member"] for row in found] == ["user:ada@example.com", "user:bo@example.com"]
    assert set(unread.values()) == {("access_denied", "RefreshError")}


def test_credentials_of_a_user_cannot_read_the_directory(
    gcp: Google, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials.federation(tmp_path)))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "web")
    _, unread = people({})
    assert {reason for reason, _ in unread.values()} == {"access_denied"}

    with pytest.raises(NotConfigured, match="directory_admin"):
        opened("gcp", timeout=5.0, access={"accounts": ["web"], "directory_admin": ADMIN})


def test_a_directory_that_answers_otherwise_leaves_people_unread(gcp: Google) -> None:
    for fault, reason in (
        (disabled("70000000001"), "service_disabled"),
        (replaced(b'{"kind": "admin#directory#users", "users": 1}'), "malformed_response"),
    ):
        gcp.faults.clear()
        gcp.faults.add(fault, "admin:*")
        _, unread = people({})
        assert {why for why, _ in unread.values()} == {reason}


def test_a_group_and_the_directory_are_asked_once_a_run(gcp: Google) -> None:
    read({PROJECT: ("people",)}, provider="gcp", access={"accounts": "organization"})

    assert {
        name: count for name, count in gcp.operations().items() if name.startswith(("cloudidentity:", "admin:"))
    } == {
        "cloudidentity:GET /v1/groups:lookup": 3,
        "cloudidentity:GET /v1/groups/staff/memberships": 1,
        "cloudidentity:GET /v1/groups/shop/memberships": 1,
        "cloudidentity:GET /v1/groups/interns/memberships": 1,
        "admin:GET /admin/directory/v1/users": 1,
    }


def test_a_project_without_an_organization_has_no_directory(gcp: Google) -> None:
    def alone(world: World) -> None:
        del world.projects["web"]["parent"]

    alone(gcp.world)
    _, unread = people({})
    assert set(unread.values()) == {("not_collected", "the project has no organization")}
