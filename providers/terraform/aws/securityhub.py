"""AWS Security Hub: standards that are subscribed to."""

from __future__ import annotations

from typing import Final

from providers.aws.securityhub import STANDARD
from providers.base import Unread
from providers.terraform.mapping import Attribute, Constant, Mapping, Split

_NOT_YET: Final = Unread("known_after_apply", detail="Security Hub makes it ready by and by")
_STATUS: Final = Split(_NOT_YET, "Security Hub API, GetEnabledStandards: PENDING, then READY")

MAPPINGS: Final = (
    Mapping(
        type=STANDARD,
        terraform="aws_securityhub_standards_subscription",
        control=True,
        keys=("id",),
        name=Attribute("standards_arn", None),
        identity=lambda block, where: block.get("id", None, computed=False),
        properties={"status": _STATUS},
    ),
    # Enabling the hub subscribes to its default standards, and deleting it ends whatever it is subscribed to.
    Mapping(
        type=STANDARD,
        terraform="aws_securityhub_account",
        control=True,
        keys=("id",),
        name=Constant("default standards", "provider documentation, enable_default_standards"),
        identity=lambda block, where: None,
        applies=lambda block: block.get("enable_default_standards", True, optional=True),
        properties={"status": _STATUS},
    ),
)
