"""Azure Service Bus and Azure Event Grid: what becomes of messages and events that cannot be delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import OFF, below, bulk
from providers.azure.shapes import Shape, always, found, region, shaped, since
from providers.base import GLOBAL, Found, Reader, Resource, ResourceType, Scope

if TYPE_CHECKING:
    from providers.azure.caller import Caller

NAMESPACE: Final = "Microsoft.ServiceBus/namespaces"
SUBSCRIPTION: Final = "Microsoft.EventGrid/eventSubscriptions"
REGIONAL: Final = "Microsoft.EventGrid/locations/eventSubscriptions"
TYPES: Final = (ResourceType(NAMESPACE, GLOBAL), ResourceType(SUBSCRIPTION, GLOBAL))
QUEUES: Final = "2021-11-01"
EVENTS: Final = "2022-06-15"
SOURCES: Final = ("Microsoft.EventGrid/domains", "Microsoft.EventGrid/systemTopics", "Microsoft.EventGrid/topics")
"""What events come from: there are event subscriptions where one of these is."""

NAMESPACE_SHAPE: Final[Shape] = {"sku": always("sku.name")}
QUEUE_SHAPE: Final[Shape] = {
    "name": always("name"),
    "dead_lettering_on_expiration": always("properties.deadLetteringOnMessageExpiration"),
    "max_delivery_count": always("properties.maxDeliveryCount"),
}
SUBSCRIPTION_SHAPE: Final[Shape] = {
    "dead_letter_destination": since(EVENTS, "properties.deadLetterDestination.endpointType"),
    "identity_dead_letter_destination": since(
        EVENTS, "properties.deadLetterWithResourceIdentity.deadLetterDestination.endpointType"
    ),
    "max_delivery_attempts": since(EVENTS, "properties.retryPolicy.maxDeliveryAttempts"),
}


def _queues(azure: Caller, namespace: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{namespace.id}/queues", QUEUES)
    return {"queues": [shaped(QUEUE_SHAPE, item, QUEUES) for item in items]}


def _subscriptions(azure: Caller, scope: Scope) -> Iterator[Found]:
    """Those of global sources, and those of each location in which there is a source."""
    locations = {region(row.get("location")) for type_ in SOURCES for row in azure.rows("resources", type_)}
    within = sorted(f"/locations/{location}" for location in locations if location not in (None, "global"))
    for where in ("", *within):
        path = f"{azure.path}/providers/Microsoft.EventGrid{where}/eventSubscriptions"
        for item in azure.items(path, EVENTS):
            yield found(SUBSCRIPTION, item, shaped(SUBSCRIPTION_SHAPE, item, EVENTS))


READERS: Final = (
    bulk(NAMESPACE, NAMESPACE_SHAPE),
    below(NAMESPACE, ("queues",), f"{NAMESPACE}/queues", _queues),
    Reader(
        operations=(f"arm:{SUBSCRIPTION}", f"arm:{REGIONAL}"),
        read=_subscriptions,
        where="global",
        lists=(SUBSCRIPTION,),
        fills={SUBSCRIPTION: ("tags", *SUBSCRIPTION_SHAPE)},
        permissions=(f"{SUBSCRIPTION}/read", f"{REGIONAL}/read", *(f"{type_}/read" for type_ in SOURCES)),
        off_codes=OFF,
    ),
)
