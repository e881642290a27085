"""Service Bus namespaces with their queues, and event subscriptions of Event Grid, in templates."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import NULL, read
from providers.arm.declared import Declared
from providers.arm.mapping import Default, Mapping
from providers.arm.world import World
from providers.azure.messaging import (
    NAMESPACE,
    NAMESPACE_SHAPE,
    QUEUE_SHAPE,
    SOURCES,
    SUBSCRIPTION,
    SUBSCRIPTION_SHAPE,
)

_QUEUE: Final = f"{NAMESPACE}/queues"
_QUEUE_DEFAULTS: Final = {"max_delivery_count": Default(10, "Queues - Create Or Update: maxDeliveryCount")}


def _queues(item: Declared, world: World) -> Any:
    return world.many(item.key, (_QUEUE,), lambda part: read(world, part, QUEUE_SHAPE, _QUEUE_DEFAULTS), QUEUE_SHAPE)


MAPPINGS: Final = (
    Mapping(
        NAMESPACE,
        NAMESPACE_SHAPE,
        derived={"queues": _queues},
        parts=(_QUEUE,),
    ),
    Mapping(
        SUBSCRIPTION,
        SUBSCRIPTION_SHAPE,
        defaults={
            # What a subscription does not name, there is none of ("Set dead-letter location": it is off by default).
            "dead_letter_destination": NULL,
            "identity_dead_letter_destination": NULL,
            "max_delivery_attempts": Default(
                30, "Event Subscriptions - Create Or Update: RetryPolicy.maxDeliveryAttempts"
            ),
        },
        # Of a topic they are resources below it as well; all are listed under the one type.
        templates=(
            SUBSCRIPTION,
            *(f"{source}/eventSubscriptions" for source in SOURCES),
            f"{SOURCES[0]}/topics/eventSubscriptions",
        ),
    ),
)
