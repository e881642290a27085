"""Pub/Sub: topics, who may use them, and subscriptions.

Source: Pub/Sub API reference, "projects.topics", "projects.subscriptions".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Resource, ResourceType
from providers.gcp.assets import own_principals, policy
from providers.gcp.fields import Field, labels, text
from providers.gcp.listing import Listing, by_name, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

TOPIC: Final = "pubsub.googleapis.com/Topic"
SUBSCRIPTION: Final = "pubsub.googleapis.com/Subscription"
TYPES: Final = (ResourceType(TOPIC, GLOBAL), ResourceType(SUBSCRIPTION, GLOBAL))
API: Final = "https://pubsub.googleapis.com/v1"
HOST: Final = "pubsub.googleapis.com"
POLICY: Final = "pubsub.projects.topics.getIamPolicy"

_TOPIC: Final[Mapping[str, Field]] = {
    # "If unset, the topic is encrypted with a Google-managed key."
    "kms_key": Field("kmsKeyName", text, None),
    "tags": Field("labels", labels, {}),
}
_SUBSCRIPTION: Final[Mapping[str, Field]] = {
    # "_deleted-topic_" once the topic is gone.
    "topic": Field("topic"),
    # "If dead_letter_policy is not set, dead lettering is disabled."
    "dead_letter_topic": Field("deadLetterPolicy.deadLetterTopic", text, None),
    "tags": Field("labels", labels, {}),
}


def _policy(gcp: Caller, topic: Resource) -> Mapping[str, Any]:
    url = f"{API}/{topic.id.removeprefix(f'//{HOST}/')}:getIamPolicy"
    return gcp.get(POLICY, url, **{"options.requestedPolicyVersion": 3})


READERS: Final = (
    listed(
        TOPIC,
        _TOPIC,
        Listing(
            "pubsub.projects.topics.list",
            "pubsub.topics.list",
            f"{API}/projects/{{project}}/topics",
            "topics",
            by_name(HOST),
            size=1000,
        ),
    ),
    listed(
        SUBSCRIPTION,
        _SUBSCRIPTION,
        Listing(
            "pubsub.projects.subscriptions.list",
            "pubsub.subscriptions.list",
            f"{API}/projects/{{project}}/subscriptions",
            "subscriptions",
            by_name(HOST),
            size=1000,
        ),
    ),
    policy(
        TOPIC,
        ("principals",),
        own_principals,
        _policy,
        operation=POLICY,
        permission="pubsub.topics.getIamPolicy",
        unmentioned={"principals": []},
    ),
)
