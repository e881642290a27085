"""Cloud Identity: who is in the groups that hold roles, and which of the people behind roles prove a second factor.

IAM grants roles to groups and does not say who is in them; Google's directory does, to whom it lets. What it does not
tell is named: a group whose members were not read, and an element of which nothing was read for people nobody can list.
Both are asked by Google Workspace's rules, not by IAM's: whoever scans needs an administrator's role there, or
domain-wide delegation to act as somebody who has it.

Sources: Cloud Identity API reference, "groups.lookup", "groups.memberships.list"; Admin SDK Directory API reference,
"users.list" (isEnrolledIn2Sv, isEnforcedIn2Sv).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Reader, Resource, ResourceType, Unread
from providers.gcp.fields import Field, flag, read, text, texts
from providers.gcp.projects import PROJECT

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

TYPES: Final[tuple[ResourceType, ...]] = ()
GROUPS: Final = "https://cloudidentity.googleapis.com/v1"
USERS: Final = "https://admin.googleapis.com/admin/directory/v1/users"
ORGANIZATION: Final = "https://cloudresourcemanager.googleapis.com/v3"
LOOKUP: Final = "cloudidentity.groups.lookup"
MEMBERSHIPS: Final = "cloudidentity.groups.memberships.list"
LIST_USERS: Final = "directory.users.list"
GET_ORGANIZATION: Final = "cloudresourcemanager.organizations.get"
READ_GROUPS: Final = "workspace:groups.read"
READ_USERS: Final = "workspace:users.read"

_KINDS: Final[Mapping[str, str]] = {"GROUP": "group", "SERVICE_ACCOUNT": "serviceAccount", "USER": "user"}
_MEMBER: Final[Mapping[str, Field]] = {"kind": Field("type"), "id": Field("preferredMemberKey.id")}
_USER: Final[Mapping[str, Field]] = {
    "email": Field("primaryEmail"),
    "aliases": Field("aliases", texts, []),
    "enrolled": Field("isEnrolledIn2Sv", flag),
    "enforced": Field("isEnforcedIn2Sv", flag),
    "suspended": Field("suspended", flag),
}
_SAID: Final = ("enrolled", "enforced", "suspended")
NOT_LISTED: Final = Unread("not_collected", LIST_USERS, detail="not in the organization's directory")
NO_ORGANIZATION: Final = Unread("not_collected", LIST_USERS, detail="the project has no organization")


# --- groups ---


def _groups(gcp: Caller, project: Resource) -> Mapping[str, Any]:
    names = [row["member"] for row in project.properties["principals"] if row.get("kind") == "group"]
    return {"group_members": [{"group": name, "members": _members(gcp, name)} for name in names]}


def _members(gcp: Caller, group: str) -> list[dict[str, Any]] | Unread:
    """Who is in a group, groups in it expanded; an element that was not read where one of these was not."""
    direct = _direct(gcp, group)
    if isinstance(direct, Unread):
        return direct
    found: dict[str, None] = {}
    unread: list[Unread] = []
    seen, waiting = {group}, list(direct)
    while waiting:
        member = waiting.pop()
        if not member.startswith("group:"):
            found[member] = None
        elif member not in seen:
            seen.add(member)
            inner = _direct(gcp, member)
            if isinstance(inner, Unread):
                unread.append(inner)
            else:
                waiting += inner
    return [{"member": member} for member in sorted(found)] + [{"member": why} for why in unread]


def _direct(gcp: Caller, group: str) -> list[str] | Unread:
    return gcp.for_all(f"members {group}", MEMBERSHIPS, partial(_memberships, gcp, group), READ_GROUPS)


def _memberships(gcp: Caller, group: str) -> list[str]:
    address = group.partition(":")[2]
    name = text(gcp.get(LOOKUP, f"{GROUPS}/groups:lookup", **{"groupKey.id": address})["name"])
    pages = gcp.pages(MEMBERSHIPS, f"{GROUPS}/{name}/memberships", "memberships", size=500, view="FULL")
    rows = [read(_MEMBER, item) for item in pages]
    return [f"{_KINDS[row['kind']]}:{row['id']}" for row in rows]


# --- people ---


def _people(gcp: Caller, project: Resource) -> Mapping[str, Any]:
    wanted: dict[str, None] = {}
    unread: list[Unread] = []
    # Of people that nobody can list, the cause is what kept the policy or the group from being read.
    why = project.unread
    for place, row in enumerate(project.properties["principals"]):
        if "member" not in row:
            unread.append(why[f"/principals/{place}/member"])
        elif row["kind"] in ("user", "domain"):
            wanted[row["member"]] = None
    for place, group in enumerate(project.properties["group_members"]):
        if "members" not in group:
            unread.append(why[f"/group_members/{place}/members"])
            continue
        for inner, member in enumerate(group["members"]):
            if "member" not in member:
                unread.append(why[f"/group_members/{place}/members/{inner}/member"])
            elif member["member"].startswith("user:"):
                wanted[member["member"]] = None
    known = _users(gcp) if wanted else {}
    return {"people": [*_each(sorted(wanted), known), *(_nobody(why) for why in unread)]}


def _each(wanted: list[str], known: Mapping[str, Mapping[str, Any]] | Unread) -> Iterator[dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    for member in wanted:
        kind, _, name = member.partition(":")
        if isinstance(known, Unread):
            told[member] = {"member": member, **dict.fromkeys(_SAID, known)}
        elif kind == "domain":
            for email, user in known.items():
                if email == user["email"] and email.endswith(f"@{name.lower()}"):
                    told[f"user:{email}"] = _person(f"user:{email}", user)
        else:
            held = known.get(name.lower())
            told[member] = _person(member, held) if held else {"member": member, **dict.fromkeys(_SAID, NOT_LISTED)}
    return iter(told.values())


def _person(member: str, user: Mapping[str, Any]) -> dict[str, Any]:
    return {"member": member, **{key: user[key] for key in _SAID}}


def _nobody(why: Unread) -> dict[str, Any]:
    return dict.fromkeys(("member", *_SAID), why)


def _users(gcp: Caller) -> Mapping[str, Mapping[str, Any]] | Unread:
    """The users of the organization's directory by their addresses, asked once a run."""
    organization = next((one.name for one in gcp.ancestors if one.name.startswith("organizations/")), None)
    if organization is None:
        return NO_ORGANIZATION
    return gcp.for_all(f"users {organization}", LIST_USERS, partial(_listed, gcp, organization), READ_USERS)


def _listed(gcp: Caller, organization: str) -> dict[str, Mapping[str, Any]]:
    customer = text(gcp.get(GET_ORGANIZATION, f"{ORGANIZATION}/{organization}")["directoryCustomerId"])
    pages = gcp.directory.pages(
        LIST_USERS, USERS, "users", kind="admin#directory#users", limit="maxResults", size=500, customer=customer
    )
    found: dict[str, Mapping[str, Any]] = {}
    for user in [read(_USER, item) for item in pages]:
        user["email"] = user["email"].lower()
        for address in (user["email"], *user["aliases"]):
            found[address.lower()] = user
    return found


READERS: Final = (
    Reader(
        operations=(LOOKUP, MEMBERSHIPS),
        read=_groups,
        per="resource",
        where=GLOBAL,
        of=PROJECT,
        needs=("principals",),
        fills={PROJECT: ("group_members",)},
        permissions=(READ_GROUPS,),
    ),
    Reader(
        operations=(LIST_USERS, GET_ORGANIZATION),
        read=_people,
        per="resource",
        where=GLOBAL,
        of=PROJECT,
        needs=("principals", "group_members"),
        fills={PROJECT: ("people",)},
        permissions=(READ_USERS, "resourcemanager.organizations.get"),
    ),
)
