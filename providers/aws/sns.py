"""Amazon SNS: topics and subscriptions. Subscribers' addresses and telephone numbers are never kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

SUBSCRIPTION: Final = "AWS::SNS::Subscription"
TOPIC: Final = "AWS::SNS::Topic"
TYPES: Final = (ResourceType(SUBSCRIPTION), ResourceType(TOPIC))


def _subscriptions(aws: Caller, scope: Scope) -> Iterator[Found]:
    for item in aws.pages("sns", "list_subscriptions", "Subscriptions"):
        arn, topic = item["SubscriptionArn"], item["TopicArn"]
        if arn == "Deleted":
            continue
        pending = not arn.startswith("arn:")
        properties = {"topic_arn": topic, "protocol": attribute(item, "Protocol"), "pending_confirmation": pending}
        # Those that wait have no ARN yet, so that a topic's show as one.
        yield Found(SUBSCRIPTION, f"{topic}:{arn}" if pending else arn, properties)


def _topics(aws: Caller, scope: Scope) -> Iterator[Found]:
    for topic in aws.pages("sns", "list_topics", "Topics"):
        arn = topic["TopicArn"]
        yield Found(TOPIC, arn, {}, arn.rpartition(":")[2])


def _topic_attributes(aws: Caller, topic: Resource) -> Mapping[str, Any]:
    attributes = aws.call("sns", "get_topic_attributes", TopicArn=topic.id)["Attributes"]
    return {
        # Every topic has a policy; the default one lets in the owner's account.
        "policy": document(attributes["Policy"]),
        # There only where encryption is on.
        "kms_master_key_id": attributes.get("KmsMasterKeyId") or None,
    }


READERS: Final = (
    Reader(
        operations=("sns:ListSubscriptions",),
        read=_subscriptions,
        lists=(SUBSCRIPTION,),
        fills={SUBSCRIPTION: ("topic_arn", "protocol", "pending_confirmation")},
        permissions=("sns:ListSubscriptions",),
    ),
    Reader(
        operations=("sns:ListTopics",),
        read=_topics,
        lists=(TOPIC,),
        fills={},
        permissions=("sns:ListTopics",),
    ),
    Reader(
        operations=("sns:GetTopicAttributes",),
        read=_topic_attributes,
        per="resource",
        of=TOPIC,
        fills={TOPIC: ("policy", "kms_master_key_id")},
        permissions=("sns:GetTopicAttributes",),
        gone_codes=frozenset({"NotFound", "NotFoundException"}),
    ),
)
