"""AWS Systems Manager: documents and whom they are shared with."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.ssm import DOCUMENT
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping


def _shared(block: Block) -> Any:
    permissions = block.get("permissions", None)
    ids = permissions if permissions is None or isinstance(permissions, Unread) else permissions.get("account_ids", "")
    if ids is None or isinstance(ids, Unread):
        return [] if ids is None else ids
    return sorted({account.strip().lower() for account in ids.split(",") if account.strip()})


MAPPINGS: Final = (
    Mapping(
        type=DOCUMENT,
        terraform="aws_ssm_document",
        keys=("name", "id", "arn"),
        properties={
            "shared_account_ids": Derived(
                ("permissions",), _shared, "SSM API, ModifyDocumentPermission: a new document is private"
            )
        },
    ),
)
