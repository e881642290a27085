"""Networks in templates: security groups with their rules, networks with their subnets, flow logs, gateways."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import NONE, NULL
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import Default, Mapping
from providers.arm.places import text
from providers.arm.unresolved import Unresolved, joined
from providers.arm.world import World
from providers.azure.network import (
    FIREWALL_POLICY,
    FIREWALL_POLICY_SHAPE,
    FLOW_LOG,
    FLOW_LOG_SHAPE,
    GATEWAY,
    GATEWAY_SHAPE,
    GROUP,
    GROUP_SHAPE,
    NETWORK,
    NETWORK_SHAPE,
)

_RULE: Final = f"{GROUP}/securityRules"
_SUBNET: Final = f"{NETWORK}/subnets"


def _with(item: Declared, world: World, type_: str, key: str) -> Any:
    """A body whose list of children also holds those that are resources of their own, which come after it.

    A child of its own replaces the one of the same name, as it does when it is deployed. What may not be made, or may
    belong to another, is an element that is not known.
    """
    properties = item.properties
    if isinstance(properties, Unresolved):
        return item.body
    inline = properties.get(key)
    rows = [] if inline is None else inline
    certain, doubt = world.parts(item.key, type_)
    if isinstance(rows, Unresolved) or (not certain and doubt is None):
        made: Any = rows
    else:
        own = [_child(part) for part in certain]
        names = {text(part.last) for part in certain if part.unsure is None}
        kept = [row for row in rows if not (isinstance(row, Fields) and text(row.get("name")) in names)]
        made = [*kept, *own]
        if doubt is not None:
            made.append(Unresolved(doubt.reason, detail=doubt.detail, text=f"{{more of {type_}}}"))
    return Fields({**item.body, "properties": Fields({**properties, key: made})})


def _child(part: Declared) -> Any:
    if part.unsure is not None:
        return part.unsure
    return Fields({"name": part.last, "properties": part.properties, "id": part.id})


def _group(item: Declared, world: World) -> Any:
    return _with(item, world, _RULE, "securityRules")


def _network(item: Declared, world: World) -> Any:
    body = _with(item, world, _SUBNET, "subnets")
    properties = body.get("properties")
    subnets = properties.get("subnets") if isinstance(properties, Fields) else None
    if not isinstance(subnets, list):
        return body
    rows = [_subnet(item, row) if isinstance(row, Fields) else row for row in subnets]
    return Fields({**body, "properties": Fields({**properties, "subnets": rows})})


def _subnet(item: Declared, row: Fields) -> Fields:
    """A subnet as an answer has it: with its id, and with properties even where it sets none."""
    properties = row.get("properties")
    id_ = row.get("id")
    if id_ is None:
        id_ = joined([item.id if item.id is not None else item.address, "/subnets/", row.get("name")])
    return Fields({**row, "id": id_, "properties": Fields() if properties is None else properties})


MAPPINGS: Final = (
    Mapping(
        GROUP,
        GROUP_SHAPE,
        defaults={"security_rules": Default([], "Network Security Groups: a new group has the default rules alone")},
        prepared=_group,
        # Which subnets and interfaces name it, these say.
        untold=("default_security_rules", "subnet_ids", "network_interface_ids"),
        parts=(_RULE,),
    ),
    Mapping(
        NETWORK,
        NETWORK_SHAPE,
        defaults={"subnets": Default([], "Virtual Networks - Create Or Update: subnets are optional")},
        prepared=_network,
        parts=(_SUBNET,),
    ),
    Mapping(FLOW_LOG, FLOW_LOG_SHAPE, defaults={"retention_days": Default(0, "Flow Logs: without a policy none end")}),
    Mapping(
        GATEWAY,
        GATEWAY_SHAPE,
        defaults={
            # A gateway has the firewall that its request names.
            "firewall_enabled": NULL,
            "firewall_mode": NULL,
            "firewall_policy_id": NULL,
            "public_address_ids": NONE,
        },
    ),
    Mapping(FIREWALL_POLICY, FIREWALL_POLICY_SHAPE),
)
