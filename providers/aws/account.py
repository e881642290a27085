"""AWS Account Management: whom AWS turns to in a matter of security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Reader, Resource, ResourceType

if TYPE_CHECKING:
    from providers.aws.caller import Caller

ACCOUNT: Final = "AWS::Account"
TYPES: Final[tuple[ResourceType, ...]] = ()


def _security_contact(aws: Caller, account: Resource) -> Mapping[str, Any]:
    contact = aws.call("account", "get_alternate_contact", AlternateContactType="SECURITY")["AlternateContact"]
    # Name, address and number are a person's, and nobody judges them: they go no further.
    address = contact.get("EmailAddress")
    return {"security_contact_has_email": MISSING if address is None else bool(address.strip())}


READERS: Final = (
    Reader(
        operations=("account:GetAlternateContact",),
        read=_security_contact,
        per="resource",
        of=ACCOUNT,
        fills={ACCOUNT: ("security_contact_has_email",)},
        permissions=("account:GetAlternateContact",),
        absent_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
