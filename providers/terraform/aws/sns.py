"""Amazon SNS: topics and their policies."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.sns import TOPIC
from providers.terraform.aws.documents import policy
from providers.terraform.mapping import Attribute, Mapping, Part, Split

_OWNER_ONLY: Final[dict[str, Any]] = {"Version": "2012-10-17", "Statement": []}
"""The default policy, without the statement for the account that the topic will be in, which a plan may not tell."""

MAPPINGS: Final = (
    Mapping(
        type=TOPIC,
        terraform="aws_sns_topic",
        parts=(Part("aws_sns_topic_policy", "arn", {"policy": policy("policy")}),),
        properties={
            "policy": Split(
                _OWNER_ONLY,
                "SNS Developer Guide, 'Default policy': the topic's own account, and nobody else",
                inline=policy("policy"),
            ),
            "kms_master_key_id": Attribute(
                "kms_master_key_id", None, names="AWS::KMS::Key", convert=lambda key: key or None
            ),
        },
    ),
)
