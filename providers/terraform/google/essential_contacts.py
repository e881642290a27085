"""Essential Contacts: whom Google tells of incidents, of a project; those of what is above it are no project's own.

Sources: provider documentation, google_essential_contacts_contact; Essential Contacts API reference, "ValidationState".
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.essential_contacts import CONTACT
from providers.terraform.block import Block
from providers.terraform.google.naming import NOT_HELD, exists, last, mapping
from providers.terraform.mapping import Attribute, Derived


def _of_project(block: Block) -> Any:
    parent = block.get("parent")
    return parent if isinstance(parent, Unread) else parent.startswith("projects/")


def _state(block: Block) -> Any:
    # What has become of a contact that is there, the provider does not tell.
    return NOT_HELD if exists(block) else "VALID"


MAPPINGS: Final = (
    mapping(
        "essentialcontacts.googleapis.com",
        CONTACT,
        "google_essential_contacts_contact",
        {
            "categories": Attribute("notification_category_subscriptions"),
            "validation_state": Derived((), _state, "API reference, ValidationState: new contacts begin as valid"),
        },
        keys=("id", "name"),
        # Its name is a number, which the API gives.
        name=Attribute("name", None, computed=False, convert=last),
        applies=_of_project,
        control=True,
    ),
)
