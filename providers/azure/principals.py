"""Who principals are, by Microsoft Graph: the members of groups, users and service principals by their ids.

What is asked here is the tenant's, and the same for each of its subscriptions: it is asked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from providers.azure.shapes import MALFORMED
from providers.base import MISSING

if TYPE_CHECKING:
    from providers.azure.caller import Caller

USERS: Final = "graph:users"
GROUPS: Final = "graph:groups"
SERVICE_PRINCIPALS: Final = "graph:servicePrincipals"
MEMBERS: Final = "graph:groups/{id}/transitiveMembers"
AT_ONCE: Final = 15
"""Values of an ``in`` of a $filter ("Use the $filter query parameter", limits)."""
_ADVANCED: Final = {"ConsistencyLevel": "eventual"}
"""With $count=true, what a cast takes ("Advanced query capabilities on directory objects")."""
_KINDS: Final = {"#microsoft.graph.user": "User", "#microsoft.graph.serviceprincipal": "ServicePrincipal"}
_SELECTED: Final = {
    "users": "id,accountEnabled,userType",
    "groups": "id",
    "servicePrincipals": "id,accountEnabled",
}
"""By collection: what is asked of a principal. Those of users are not among what is given unasked."""


def kind(object_: Mapping[str, Any]) -> str | None:
    """User or ServicePrincipal, as Azure's role assignments call them; None for a directory object of another kind."""
    return _KINDS.get(str(object_.get("@odata.type")).lower())


def members(azure: Caller, group: str) -> list[dict[str, Any]]:
    """The users and service principals that are in a group, at any depth: ``{id, type, enabled, guest}``.

    GET groups/{id}/transitiveMembers, GroupMember.Read.All. Without a permission for a kind of members, Microsoft Graph
    gives those with their ids and nothing else: the rest of them is unread. Service principals are not among the
    members that version 1.0 lists unless it is asked for them, as an advanced query ("Known issues with Microsoft
    Graph", groups); so that each kind is asked for.
    """
    users = _cast(azure, group, "user", "id,accountEnabled,userType")
    # That users could be asked for so leaves one reason to refuse this: a group that holds no service principals
    # ("List group transitive members": a cast to a type of members that the group does not support).
    services = _cast(azure, group, "servicePrincipal", "id,accountEnabled", frozenset({"Request_UnsupportedQuery"}))
    return [
        *(_member(item, "User") for item in users),
        *(_member(item, "ServicePrincipal") for item in services),
    ]


def _cast(
    azure: Caller, group: str, type_: str, selected: str, absent: frozenset[str] = frozenset()
) -> list[Mapping[str, Any]]:
    path = f"groups/{group}/transitiveMembers/microsoft.graph.{type_}?$select={selected}&$count=true&$top=999"
    return azure.once(path, lambda: list(azure.entra_items(path, absent, headers=_ADVANCED)), tenant=True)


def _member(item: Mapping[str, Any], type_: str) -> dict[str, Any]:
    return {
        "id": item["id"],
        "type": type_,
        "enabled": enabled(item),
        "guest": guest(item) if type_ == "User" else False,
    }


def enabled(item: Mapping[str, Any]) -> Any:
    """Whether a user or a service principal can sign in."""
    value = item.get("accountEnabled")
    return MISSING if value is None else value


def guest(user: Mapping[str, Any]) -> Any:
    """Whether a user is a guest."""
    value = user.get("userType")
    if value is None:
        return MISSING
    return value.lower() == "guest" if isinstance(value, str) else MALFORMED


def named(azure: Caller, collection: str, ids: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Those of ``ids`` that there are in a collection ("users", "groups", "servicePrincipals").

    GET of the collection with ``$filter=id in (...)``; User.Read.All, GroupMember.Read.All or Application.Read.All.
    """
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), AT_ONCE):
        yield from _batch(azure, collection, wanted[first : first + AT_ONCE])


def _batch(azure: Caller, collection: str, ids: list[str]) -> list[Mapping[str, Any]]:
    listed = ",".join(f"'{id_}'" for id_ in ids)
    rule = quote(f"id in ({listed})")
    path = f"{collection}?$select={_SELECTED[collection]}&$filter={rule}"
    return azure.once(path, lambda: list(azure.entra_items(path)), tenant=True)
