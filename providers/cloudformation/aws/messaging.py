"""Amazon SQS and SNS: queues and topics, with their policies beside them."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, policy, tags, truth, whole
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_OWNER_ONLY: Final = {"Version": "2008-10-17", "Statement": []}
"""The default policy of a topic, without the statement for the account that it will be in."""
_DEFAULT: Final = "SNS Developer Guide, 'Default access policy': the topic's own account, and nobody else"


def _managed(block: Block) -> Any:
    """Whether SQS encrypts with a key of its own: by default, where no key of KMS does."""
    key, own = block.get("KmsMasterKeyId", None), block.get("SqsManagedSseEnabled", None)
    if own is not None:
        return truth(own)
    return key if isinstance(key, Unread) and key.reason != "known_after_apply" else key in (None, "")


def _redrive(name: str) -> Derived:
    def read(block: Block) -> Any:
        found = block.block("RedrivePolicy")
        if found is None or isinstance(found, Unread):
            return found
        value = found.get(name)
        return whole(value) if name == "maxReceiveCount" else found.id(name, "AWS::SQS::Queue")

    return Derived(("RedrivePolicy",), read)


MAPPINGS: Final = (
    Mapping(
        "AWS::SQS::Queue",
        "AWS::SQS::Queue",
        {
            "policy": Split(None, "SQS API: a new queue has no policy"),
            "dead_letter_target": _redrive("deadLetterTargetArn"),
            "max_receive_count": _redrive("maxReceiveCount"),
            "kms_master_key_id": Attribute(
                "KmsMasterKeyId", None, names="AWS::KMS::Key", convert=lambda key: key or None
            ),
            "sqs_managed_sse_enabled": Derived(
                ("SqsManagedSseEnabled", "KmsMasterKeyId"), _managed, f"{DOCUMENTED}: true by default"
            ),
            "tags": tags(),
        },
        parts=(
            Part("AWS::SQS::QueuePolicy", "Queues", {"policy": policy("PolicyDocument")}),
            Part("AWS::SQS::QueueInlinePolicy", "Queue", {"policy": policy("PolicyDocument")}),
        ),
        keys=("QueueUrl", "Arn"),
        name=Attribute("QueueName", None),
        identity=arn("AWS::SQS::Queue"),
    ),
    Mapping(
        "AWS::SNS::Topic",
        "AWS::SNS::Topic",
        {
            "policy": Split(_OWNER_ONLY, _DEFAULT),
            "kms_master_key_id": Attribute(
                "KmsMasterKeyId", None, names="AWS::KMS::Key", convert=lambda key: key or None
            ),
            "tags": tags(),
        },
        parts=(
            Part("AWS::SNS::TopicPolicy", "Topics", {"policy": policy("PolicyDocument")}),
            Part("AWS::SNS::TopicInlinePolicy", "TopicArn", {"policy": policy("PolicyDocument")}),
        ),
        keys=("TopicArn", "Arn"),
        name=Attribute("TopicName", None),
        identity=arn("AWS::SNS::Topic"),
    ),
)
