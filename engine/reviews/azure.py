"""Rights in Entra and in Azure subscriptions: users of a tenant, Global Administrators, assignments of roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.reviews.model import Line
from engine.reviews.reading import Account, day, missing

USER: Final = "Microsoft.Graph/users"
_TENANT: Final = "Microsoft.Graph/organization"
_ASSIGNMENT: Final = "Microsoft.Authorization/roleAssignments"
_DEFINITION: Final = "Microsoft.Authorization/roleDefinitions"
_BUILT_IN: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": ("Owner", True),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": ("Contributor", True),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": ("User Access Administrator", True),
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": ("Role Based Access Control Administrator", True),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("Reader", False),
}
"""Roles of every tenant that change all resources or give rights, and the one that does neither (Azure built-in roles,
general and privileged)."""


def rights(account: Account) -> Iterator[Line]:
    """Every line of a tenant or of a subscription; an account is one of the two."""
    gaps: list[Line] = []
    if account.within("organization"):
        yield from _users(account, gaps)
        yield from _administrators(account, gaps)
    else:
        yield from _assignments(account, gaps)
    yield from gaps


def _users(account: Account, gaps: list[Line]) -> Iterator[Line]:
    for user in account.all(USER, gaps):
        if why := missing(user, "account_enabled", "user_type"):
            gaps.append(account.gap(USER, user.name, why, user.id))
            continue
        if user.properties["account_enabled"]:
            guest = user.properties["user_type"] == "Guest"
            yield _line(account, USER, user.id, "sign-in as a guest" if guest else "sign-in", "", None)


def _administrators(account: Account, gaps: list[Line]) -> Iterator[Line]:
    for tenant in account.all(_TENANT, gaps):
        if why := missing(tenant, "global_administrators"):
            gaps.append(account.gap(_TENANT, "Global Administrators", why))
        for row in tenant.properties.get("global_administrators", ()):
            if row.get("principal_type") != "User":
                account.machines["service principal"] += 1
                continue
            via = f" via group {row['group_id']}" if row.get("group_id") else ""
            access = f"Global Administrator{' (eligible)' if row.get('eligible') else ''}{via}"
            yield _line(account, _TENANT, row.get("principal_id", "?"), access, "", True)


def _assignments(account: Account, gaps: list[Line]) -> Iterator[Line]:
    needed = ("role_id", "principal_id", "principal_type", "scope", "group_members")
    custom = {
        row.properties["role_id"]: row.name
        for row in account.resources.get(_DEFINITION, [])
        if "role_id" in row.properties
    }
    for row in account.all(_ASSIGNMENT, gaps):
        if why := missing(row, *needed):
            gaps.append(account.gap(_ASSIGNMENT, row.id, why))
        if missing(row, "role_id", "principal_id", "principal_type", "scope"):
            continue
        said = row.properties
        name, power = _BUILT_IN.get(said["role_id"], (custom.get(said["role_id"], f"role {said['role_id']}"), None))
        access = f"{name} on {said['scope']}"
        members = said.get("group_members")
        if said["principal_type"] == "User":
            yield _line(account, _ASSIGNMENT, said["principal_id"], access, "", power)
        elif said["principal_type"] in ("ServicePrincipal", "Device"):
            account.machines["service principal"] += 1
        elif members is None:
            # A group of another directory, or one that nobody could look into.
            yield _line(account, _ASSIGNMENT, said["principal_id"], f"{access}, all members of the group", "", power)
        else:
            for member in members:
                if member.get("type") == "User":
                    via = f"{access} via group {said['principal_id']}"
                    yield _line(account, _ASSIGNMENT, member["id"], via, "", power)
                else:
                    account.machines["service principal"] += 1


def _line(account: Account, source: str, id_: str, access: str, allows: str, power: bool | None) -> Line:
    person: Mapping[str, Any] = account.directory.get(id_, {})
    signed = day([person["last_sign_in_at"]]) if "last_sign_in_at" in person else ""
    return Line(
        account.provider,
        account.name,
        source,
        id_,
        access,
        name=person.get("name", id_),
        allows=allows,
        privileged=power,
        mfa=person.get("mfa_registered"),
        last_used=signed,
    )
