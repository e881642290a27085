"""Rights in Google Cloud projects: what the policies of a project and of all that is above it grant to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.reviews.model import Line
from engine.reviews.reading import Account, missing
from providers.base import Resource

PROJECT: Final = "cloudresourcemanager.googleapis.com/Project"
_MACHINES: Final = frozenset({"serviceAccount", "deleted", "projectOwner", "projectEditor", "projectViewer"})
_MEMBERSHIP: Final = "cloudidentity.googleapis.com/Membership"
_POWERFUL: Final = frozenset({"roles/owner", "roles/editor"})


def rights(account: Account) -> Iterator[Line]:
    """Every line of a project."""
    gaps: list[Line] = []
    account.complete.add((account.provider, account.name, _MEMBERSHIP))
    for project in account.all(PROJECT, gaps):
        if why := missing_principals(project):
            gaps.append(account.gap(PROJECT, "who holds roles", why))
        groups = {row.get("group"): row.get("members") for row in project.properties.get("group_members", ())}
        people = {row.get("member"): row for row in project.properties.get("people", ())}
        for principal in project.properties.get("principals", ()):
            yield from _principal(account, project, principal, groups, people, gaps)
    yield from gaps


def missing_principals(project: Resource) -> str | None:
    """Why who holds roles is not all known. How many a group is, is another matter: its members tell."""
    for pointer, unread in project.unread.items():
        if pointer.startswith("/principals") and not pointer.endswith("/principal_count"):
            return f"{pointer}: {unread.reason}"
    return None if "principals" in project.properties else missing(project, "principals")


def _principal(
    account: Account,
    project: Resource,
    principal: Mapping[str, Any],
    groups: Mapping[Any, Any],
    people: Mapping[Any, Mapping[str, Any]],
    gaps: list[Line],
) -> Iterator[Line]:
    member, kind = principal.get("member"), principal.get("kind")
    if member is None or kind is None:
        return  # it is unread, and a gap of the project
    if kind in _MACHINES:
        account.machines[str(kind)] += 1
        return
    who, via = [str(member)], ""
    if kind == "group":
        found = groups.get(member)
        if found is None or any(row.get("member") is None for row in found):
            why = missing(project, "group_members") or "its members were not read"
            gaps.append(account.gap(_MEMBERSHIP, f"members of {member}", why))
        via = f" via {member}"
        who = sorted(str(row["member"]) for row in found or () if row.get("member") is not None)
        who += [] if found else [str(member)]
    for grant in principal.get("grants", ()):
        role, place = grant.get("role", "?"), grant.get("granted_on", "?")
        condition = " under a condition" if grant.get("condition") else ""
        for one in who:
            if one.startswith("serviceAccount:"):
                account.machines["serviceAccount"] += 1
                continue
            person = people.get(one, {})
            yield Line(
                account.provider,
                account.name,
                _MEMBERSHIP if kind == "group" else PROJECT,
                one,
                f"{role} on {place}{condition}{via if one != member else ''}",
                name=one.partition(":")[2] or one,
                privileged=_power(role),
                mfa=person.get("enrolled"),
            )


def _power(role: str) -> bool | None:
    """Whether a role administers what it is about; None of an organisation's own, whose permissions are not read."""
    if not role.startswith("roles/"):
        return None
    return role in _POWERFUL or role.lower().endswith("admin")
