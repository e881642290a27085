"""Amazon SQS: queues, with policies and redrive policies of their own or in resources beside them."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.documents import document
from providers.aws.sqs import QUEUE
from providers.base import MISSING, Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_REDRIVE: Final = "redrive_policy"
_NONE: Final = "SQS API, CreateQueue: none unless given"


def _dead_letter_target(block: Block) -> Any:
    """The queue that failures go to: a planned one, too, where the policy is not known only for its sake."""
    found = _said(block, "deadLetterTargetArn")
    if isinstance(found, Unread) and found.reason == "known_after_apply":
        return block.id(_REDRIVE, QUEUE, None)
    return found


def _max_receive_count(block: Block) -> Any:
    count = _said(block, "maxReceiveCount")
    return count if count is None or isinstance(count, Unread) else int(count)


def _said(block: Block, key: str) -> Any:
    text = block.get(_REDRIVE, None)
    if isinstance(text, Unread) or not text:
        return text or None
    said = document(text)
    return said if isinstance(said, Unread) else said.get(key, MISSING)


_TARGET: Final = Derived((_REDRIVE,), _dead_letter_target)
_COUNT: Final = Derived((_REDRIVE,), _max_receive_count)


def _managed(block: Block) -> Any:
    """Whether SQS encrypts with keys of its own; where nothing is said, how the queue is made decides."""
    key = block.get("kms_master_key_id", None)
    if isinstance(key, str) and key:
        return False
    return block.get("sqs_managed_sse_enabled", optional=True, computed=False)


MAPPINGS: Final = (
    Mapping(
        type=QUEUE,
        terraform="aws_sqs_queue",
        keys=("url", "id", "arn"),
        parts=(
            Part("aws_sqs_queue_policy", "queue_url", {"policy": policy("policy")}),
            Part(
                "aws_sqs_queue_redrive_policy",
                "queue_url",
                {"dead_letter_target": _TARGET, "max_receive_count": _COUNT},
            ),
        ),
        properties={
            "url": Attribute("url", computed=False),
            "policy": Split(None, _NONE, inline=policy("policy")),
            "dead_letter_target": Split(None, _NONE, inline=_TARGET),
            "max_receive_count": Split(None, _NONE, inline=_COUNT),
            "kms_master_key_id": Attribute(
                "kms_master_key_id", None, names="AWS::KMS::Key", convert=lambda key: key or None
            ),
            "sqs_managed_sse_enabled": Derived(("sqs_managed_sse_enabled", "kms_master_key_id"), _managed),
        },
    ),
)
