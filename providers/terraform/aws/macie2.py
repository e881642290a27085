"""Amazon Macie: the session of an account in a region."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.macie2 import SESSION
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Mapping, Where


def _identity(block: Block, where: Where) -> Any:
    # The provider's id of a session is the account's.
    account = block.get("id", None, computed=False)
    return f"{where.region}|{account}" if where.region is not None and isinstance(account, str) else None


MAPPINGS: Final = (
    Mapping(
        type=SESSION,
        terraform="aws_macie2_account",
        control=True,
        keys=("id",),
        name=Attribute("id", None, computed=False),
        identity=_identity,
        properties={
            "status": Attribute("status", "ENABLED", "Macie API, EnableMacie: ENABLED where nothing is said"),
        },
    ),
)
