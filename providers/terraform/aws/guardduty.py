"""Amazon GuardDuty: detectors and their features."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.guardduty import DETECTOR
from providers.base import Unread
from providers.terraform.aws.beyond import NOT_HELD
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_KEYS: Final = ("name", "status")


def _status(enabled: bool) -> str:
    return "ENABLED" if enabled else "DISABLED"


def _feature(block: Block) -> list[dict[str, Any]]:
    return [{key: block.get(key) for key in _KEYS}]


def _others(block: Block) -> Unread:
    # GuardDuty turns features on by itself when it is enabled (User Guide, "GuardDuty protection plans").
    return NOT_HELD


MAPPINGS: Final = (
    Mapping(
        type=DETECTOR,
        terraform="aws_guardduty_detector",
        control=True,
        name=Attribute("id", None, computed=False),
        parts=(Part("aws_guardduty_detector_feature", "detector_id", {"features": Derived(_KEYS, _feature)}),),
        properties={
            "status": Attribute("enable", True, "provider documentation, aws_guardduty_detector", convert=_status),
            "features": Split(
                [],
                "GuardDuty API, CreateDetector",
                inline=Derived(("enable",), _others),
                group=list,
                element=_KEYS,
            ),
        },
    ),
)
