"""AWS IAM Identity Center: permission sets."""

from __future__ import annotations

from typing import Final

from providers.aws.sso import PERMISSION_SET, seconds
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=PERMISSION_SET,
        terraform="aws_ssoadmin_permission_set",
        keys=("arn",),
        properties={
            "instance_arn": Attribute("instance_arn"),
            "session_duration_seconds": Attribute(
                "session_duration",
                "PT1H",
                "provider documentation, aws_ssoadmin_permission_set",
                convert=seconds,
            ),
        },
    ),
)
