"""Azure Service Bus and Azure Event Grid: what becomes of messages and events that cannot be delivered."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.messaging import NAMESPACE, SUBSCRIPTION
from providers.base import Unread
from providers.terraform.azurerm.naming import NAME, PROVIDER, RESOURCE, identity, known
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_BLOB: Final = "storage_blob_dead_letter_destination"
_IDENTITY: Final = "dead_letter_identity"


def _queue(block: Block) -> list[dict[str, Any]]:
    return [
        {
            "name": block.get("name"),
            "dead_lettering_on_expiration": block.get("dead_lettering_on_message_expiration", False),
            "max_delivery_count": block.get("max_delivery_count", 10),
        }
    ]


_QUEUE: Final = Part(
    "azurerm_servicebus_queue",
    "namespace_id",
    {
        "queues": Derived(
            ("name", "dead_lettering_on_message_expiration", "max_delivery_count"), _queue, f"{PROVIDER}: false, 10"
        )
    },
)


def _dead_letters(by_identity: bool) -> Derived:
    """Where events go that cannot be delivered: named alone, or with the identity by which it is reached."""

    def read(block: Block) -> Any:
        destination, reached = block.blocks(_BLOB), block.blocks(_IDENTITY, optional=True)
        for found in (destination, reached):
            if isinstance(found, Unread):
                return found
        return "StorageBlob" if destination and bool(reached) is by_identity else None

    return Derived((_BLOB, _IDENTITY), read)


def _subscription(terraform: str) -> Mapping:
    return Mapping(
        type=SUBSCRIPTION,
        terraform=terraform,
        name=NAME,
        identity=known(),
        where="global",
        properties={
            "dead_letter_destination": _dead_letters(False),
            "identity_dead_letter_destination": _dead_letters(True),
            "max_delivery_attempts": Attribute("retry_policy.max_delivery_attempts", None),
        },
    )


MAPPINGS: Final = (
    Mapping(
        type=NAMESPACE,
        terraform="azurerm_servicebus_namespace",
        keys=RESOURCE,
        name=NAME,
        identity=identity(NAMESPACE),
        parts=(_QUEUE,),
        properties={
            "sku": Attribute("sku"),
            "queues": Split(
                [],
                "Service Bus API: a new namespace has none",
                group=list,
                element=("name", "dead_lettering_on_expiration", "max_delivery_count"),
            ),
        },
    ),
    _subscription("azurerm_eventgrid_event_subscription"),
    _subscription("azurerm_eventgrid_system_topic_event_subscription"),
)
