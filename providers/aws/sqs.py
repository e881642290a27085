"""Amazon SQS: queues, their policies and where their dead letters go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

QUEUE: Final = "AWS::SQS::Queue"
TYPES: Final = (ResourceType(QUEUE),)
_BOOLEANS: Final[Mapping[Any, Any]] = {"true": True, "false": False}
"""The attributes of a queue are texts. What is none of these the schema refuses."""


def _queues(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("sqs", "list_queues"):
        # ListQueues leaves QueueUrls out when there are none.
        for url in page.get("QueueUrls") or []:
            name = url.rpartition("/")[2]
            yield Found(QUEUE, f"arn:{aws.partition}:sqs:{aws.region}:{aws.account}:{name}", {"url": url}, name)


def _attributes(aws: Caller, queue: Resource) -> Mapping[str, Any]:
    url = queue.properties["url"]
    names = ["KmsMasterKeyId", "Policy", "QueueArn", "RedrivePolicy", "SqsManagedSseEnabled"]
    attributes = aws.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names)["Attributes"]
    if "QueueArn" not in attributes:
        # Every queue has an ARN; without it the answer is not one, and absent attributes say nothing.
        raise KeyError("QueueArn")
    policy = attributes.get("Policy")
    redrive = _redrive(attributes.get("RedrivePolicy"))
    managed = attribute(attributes, "SqsManagedSseEnabled")
    return {
        "policy": document(policy) if policy else None,
        "kms_master_key_id": attributes.get("KmsMasterKeyId") or None,
        "sqs_managed_sse_enabled": _BOOLEANS.get(managed, managed),
        **redrive,
    }


def _redrive(text: str | None) -> Mapping[str, Any]:
    if not text:
        return {"dead_letter_target": None, "max_receive_count": None}
    policy = document(text)
    if isinstance(policy, Unread):
        return {"dead_letter_target": policy, "max_receive_count": policy}
    count = policy.get("maxReceiveCount")
    return {
        "dead_letter_target": attribute(policy, "deadLetterTargetArn"),
        # Text or number, as the queue's owner wrote it.
        "max_receive_count": int(count) if count is not None else attribute(policy, "maxReceiveCount"),
    }


READERS: Final = (
    Reader(
        operations=("sqs:ListQueues",),
        read=_queues,
        lists=(QUEUE,),
        fills={QUEUE: ("url",)},
        permissions=("sqs:ListQueues",),
    ),
    Reader(
        operations=("sqs:GetQueueAttributes",),
        read=_attributes,
        per="resource",
        of=QUEUE,
        needs=("url",),
        fills={
            QUEUE: (
                "policy",
                "kms_master_key_id",
                "sqs_managed_sse_enabled",
                "dead_letter_target",
                "max_receive_count",
            )
        },
        permissions=("sqs:GetQueueAttributes",),
        gone_codes=frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}),
    ),
)
