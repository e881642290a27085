"""Essential Contacts: whom Google tells of incidents, of a project and of what is above it.

Source: Essential Contacts API reference, "Contact".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.fields import Field, read, text, texts
from providers.gcp.listing import Listing, by_name, listed
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller
    from providers.gcp.hierarchy import Ancestor

CONTACT: Final = "essentialcontacts.googleapis.com/Contact"
TYPES: Final = (ResourceType(CONTACT, GLOBAL),)
API: Final = "https://essentialcontacts.googleapis.com/v1"
LIST: Final = "essentialcontacts.projects.contacts.list"
PERMISSION: Final = "essentialcontacts.contacts.list"
PAGE: Final = 100

_CONTACT: Final[Mapping[str, Field]] = {
    "categories": Field("notificationCategorySubscriptions", texts),
    # VALIDATION_STATE_UNSPECIFIED is left out: nobody knows.
    "validation_state": Field("validationState", text, "VALIDATION_STATE_UNSPECIFIED"),
}


def _above(gcp: Caller, scope: Scope) -> Iterator[Found]:
    found: list[dict[str, Any]] = []
    for ancestor in gcp.ancestors:
        contacts = ancestor.unread or _contacts_of(gcp, ancestor)
        if isinstance(contacts, Unread):
            # There may be more: an element of which nothing was read.
            found.append(dict.fromkeys((*_CONTACT, "set_on"), contacts))
        else:
            found += contacts
    yield Found(PROJECT, project_id(gcp.number), {"inherited_contacts": found})


def _contacts_of(gcp: Caller, ancestor: Ancestor) -> list[dict[str, Any]] | Unread:
    operation = f"essentialcontacts.{ancestor.name.partition('/')[0]}.contacts.list"

    def contacts() -> list[dict[str, Any]]:
        items = gcp.pages(operation, f"{API}/{ancestor.name}/contacts", "contacts", size=PAGE)
        return [{**read(_CONTACT, item), "set_on": ancestor.name} for item in items]

    return gcp.above(operation, ancestor, contacts, PERMISSION)


READERS: Final = (
    listed(
        CONTACT,
        _CONTACT,
        Listing(
            LIST,
            PERMISSION,
            f"{API}/projects/{{project}}/contacts",
            "contacts",
            by_name("essentialcontacts.googleapis.com"),
            size=PAGE,
        ),
    ),
    Reader(
        operations=("essentialcontacts.folders.contacts.list", "essentialcontacts.organizations.contacts.list"),
        read=_above,
        where=GLOBAL,
        fills={PROJECT: ("inherited_contacts",)},
        permissions=(PERMISSION,),
    ),
)
