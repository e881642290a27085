"""Pub/Sub: topics, who may use them, and subscriptions.

Source: provider documentation, google_pubsub_topic, google_pubsub_subscription.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import MISSING, Unread
from providers.gcp.kms import KEY
from providers.gcp.pubsub import HOST, SUBSCRIPTION, TOPIC
from providers.terraform.block import Block
from providers.terraform.google.iam_policies import PRINCIPALS, parts
from providers.terraform.google.naming import LABELS, NOT_TOLD, mapping, project, text
from providers.terraform.mapping import Attribute, Derived


def _topic(path: str, absent: Any) -> Derived:
    """The name of a topic, "projects/PROJECT/topics/NAME"; of one that is only planned, what stands for its id."""

    def read(block: Block) -> Any:
        value = block.get(path, None, computed=False)
        if value in (None, ""):
            return absent
        known = block.owner(path, TOPIC)
        if isinstance(known, str):
            return known.removeprefix(f"//{HOST}/")
        if isinstance(value, Unread) or "/" in value:
            return value
        own = project(block)
        return NOT_TOLD if own is None else f"projects/{own}/topics/{value}"

    return Derived((path,), read)


MAPPINGS: Final = (
    mapping(
        HOST,
        TOPIC,
        "google_pubsub_topic",
        {
            "kms_key": Attribute("kms_key_name", None, names=KEY, convert=text),
            "principals": PRINCIPALS,
            "tags": LABELS,
        },
        keys=("id", "name"),
        parts=parts("google_pubsub_topic", "topic", HOST),
    ),
    mapping(
        HOST,
        SUBSCRIPTION,
        "google_pubsub_subscription",
        {
            "topic": _topic("topic", MISSING),
            "dead_letter_topic": _topic("dead_letter_policy.dead_letter_topic", None),
            "tags": LABELS,
        },
        keys=("id", "name"),
    ),
)
