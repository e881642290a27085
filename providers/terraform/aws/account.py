"""AWS Account Management: the account's alternate contact for security."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.account import ACCOUNT
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Setting


def _own_security(block: Block) -> Any:
    """Whether a contact is the one for security of the account that Terraform works in."""
    kind, account = block.get("alternate_contact_type"), block.get("account_id", None)
    if isinstance(kind, Unread) or isinstance(account, Unread):
        return next(value for value in (kind, account) if isinstance(value, Unread))
    return kind == "SECURITY" and not account


def _is_there(address: Any) -> bool:
    return bool(address.strip())


SETTINGS: Final = (
    Setting(
        ACCOUNT,
        "aws_account_alternate_contact",
        {"security_contact_has_email": Attribute("email_address", convert=_is_there)},
        removed={"security_contact_has_email": None},
        source="Account Management API, DeleteAlternateContact: there is none then",
        applies=_own_security,
        where=("partition",),
    ),
)
