"""AWS Security Hub: standards that are subscribed to."""

from __future__ import annotations

from typing import Final

from providers.aws.securityhub import STANDARD
from providers.base import Unread
from providers.terraform.mapping import Attribute, Mapping, Split

_NOT_YET: Final = Unread("known_after_apply", detail="Security Hub makes it ready by and by")

MAPPINGS: Final = (
    Mapping(
        type=STANDARD,
        terraform="aws_securityhub_standards_subscription",
        control=True,
        keys=("id",),
        name=Attribute("standards_arn", None),
        identity=lambda block, where: block.get("id", None, computed=False),
        properties={"status": Split(_NOT_YET, "Security Hub API, GetEnabledStandards: PENDING, then READY")},
    ),
)
