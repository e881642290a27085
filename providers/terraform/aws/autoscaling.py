"""Amazon EC2 Auto Scaling: groups, and what makes them scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.aws.autoscaling import ACTION, GROUP, POLICY
from providers.base import Unread
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_SUBNETS: Final = ("aws_subnet", "aws_default_subnet")
_PROVIDER: Final = "provider documentation"
_EC2: Final = "EC2 Auto Scaling API, CreateAutoScalingGroup: EC2 where nothing is said"
_LISTS: Final = {"load_balancers": "elb", "target_group_arns": "elbv2"}

ALSO: Final = _SUBNETS


def _zones(block: Block) -> Any:
    """The zones of a group: those of its subnets, where the plan holds them, else its own.

    A plan that changes the subnets still shows the zones that the provider read before.
    """
    if block.get("vpc_zone_identifier", None) in (None, []):
        zones = block.get("availability_zones")
    else:
        subnets = block.named("vpc_zone_identifier", *_SUBNETS)
        if isinstance(subnets, Unread):
            return subnets
        zones = [subnet.get("availability_zone") for subnet in subnets]
    if isinstance(zones, Unread):
        return zones
    return next((zone for zone in zones if isinstance(zone, Unread)), None) or sorted(set(zones))


def _checks(kinds: str) -> list[str]:
    return sorted(kinds.replace(" ", "").split(","))


def _sources(block: Block) -> Any:
    """What sends traffic to a group by its own attributes. The provider takes the lists or the blocks."""
    lists = {type_: block.get(path, [], computed=False) for path, type_ in _LISTS.items()}
    if all(values is COMPUTED for values in lists.values()):
        return _blocks(block)
    found: list[dict[str, Any]] = []
    for type_, values in lists.items():
        if values is COMPUTED:
            continue
        if isinstance(values, Unread):
            return values
        found += [{"identifier": value, "type": type_} for value in values]
    read_back = _blocks(block)
    if isinstance(read_back, Unread):
        return found if read_back is COMPUTED else read_back
    return _each_once([*found, *read_back])


def _blocks(block: Block) -> Any:
    rows = block.blocks("traffic_source", optional=True)
    return rows if isinstance(rows, Unread) else [_source(row) for row in rows]


def _source(row: Block) -> dict[str, Any]:
    return {"identifier": row.get("identifier"), "type": row.get("type")}


def _attached(block: Block) -> list[dict[str, Any]] | Unread:
    """What an attachment attaches: a target group, else a classic load balancer."""
    found = [
        {"identifier": value, "type": type_}
        for path, type_ in (("lb_target_group_arn", "elbv2"), ("elb", "elb"))
        if (value := block.get(path, None, computed=False)) not in (None, "", COMPUTED)
    ]
    return found or Unread("missing_attribute", detail="neither a target group nor a load balancer")


def _each_once(sources: Sequence[Any]) -> Any:
    found: list[Any] = []
    for source in sources:
        if isinstance(source["identifier"], Unread) or source not in found:
            found.append(source)
    return sorted(found, key=lambda row: row["identifier"] if isinstance(row["identifier"], str) else "")


def _mode(block: Block) -> Any:
    kind = block.get("policy_type", "SimpleScaling")
    if isinstance(kind, Unread) or kind != "PredictiveScaling":
        return kind if isinstance(kind, Unread) else None
    return block.get("predictive_scaling_configuration.mode", "ForecastOnly")


def _changed(size: int) -> int | None:
    return None if size == -1 else size


_SIZE: Final = f"{_PROVIDER}: 0 where nothing is said, which it sends; -1 leaves the size as it is"

MAPPINGS: Final = (
    Mapping(
        type=GROUP,
        terraform="aws_autoscaling_group",
        keys=("name", "id", "arn"),
        parts=(
            Part(
                "aws_autoscaling_attachment",
                "autoscaling_group_name",
                {"traffic_sources": Derived(("elb", "lb_target_group_arn"), _attached)},
            ),
            Part(
                "aws_autoscaling_traffic_source_attachment",
                "autoscaling_group_name",
                {"traffic_sources": Derived(("traffic_source",), _blocks)},
            ),
        ),
        properties={
            "availability_zones": Derived(("availability_zones", "vpc_zone_identifier"), _zones),
            "min_size": Attribute("min_size"),
            "max_size": Attribute("max_size"),
            "health_check_types": Attribute("health_check_type", "EC2", _EC2, convert=_checks),
            "suspended_processes": Attribute("suspended_processes", [], _PROVIDER, convert=sorted),
            "traffic_sources": Split(
                [],
                "EC2 Auto Scaling API, CreateAutoScalingGroup: none where nothing is said",
                inline=Derived((*_LISTS, "traffic_source"), _sources),
                group=_each_once,
                element=("identifier", "type"),
            ),
        },
    ),
    Mapping(
        type=POLICY,
        terraform="aws_autoscaling_policy",
        properties={
            "auto_scaling_group_name": Attribute("autoscaling_group_name"),
            "enabled": Attribute("enabled", True, _PROVIDER, optional=True),
            "predictive_mode": Derived(("policy_type", "predictive_scaling_configuration.mode"), _mode, _PROVIDER),
        },
    ),
    Mapping(
        type=ACTION,
        terraform="aws_autoscaling_schedule",
        name=Attribute("scheduled_action_name", None),
        properties={
            "auto_scaling_group_name": Attribute("autoscaling_group_name"),
            "min_size": Attribute("min_size", 0, _SIZE, convert=_changed),
            "max_size": Attribute("max_size", 0, _SIZE, convert=_changed),
        },
    ),
)
