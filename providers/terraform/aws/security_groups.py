"""Amazon EC2 security groups: rules inline, in one resource each, and in the older resource for either direction.

A rule that admits several networks is several here, each with one; rules with one protocol and port range are put
together again as EC2 does (DescribeSecurityGroups).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split, Where

SECURITY_GROUP: Final = "AWS::EC2::SecurityGroup"
PREFIX_LIST: Final = "aws_ec2_managed_prefix_list"
ALSO: Final = (PREFIX_LIST,)
_ALL: Final = ("-1", "all")
_NEW: Final = "EC2 API, CreateSecurityGroup: a new group admits nothing; the provider removes the default outbound rule"

Rule = dict[str, Any]
PORTS: Final = ("protocol", "from_port", "to_port")


def _ports(block: Block, protocol: str) -> Rule:
    """Protocol and ports; what has no ports has them null, as in EC2's answers."""
    name = block.get(protocol)
    if isinstance(name, str) and name.lower() in _ALL:
        return {"protocol": "-1", "from_port": None, "to_port": None}
    name = name.lower() if isinstance(name, str) else name
    return {"protocol": name, "from_port": block.get("from_port", None), "to_port": block.get("to_port", None)}


def _networks(block: Block, *paths: str) -> Iterator[Any]:
    for path in paths:
        value = block.get(path, None, computed=False)
        if isinstance(value, (str, Unread)):
            yield value
        else:
            yield from value or ()


def _prefix_lists(block: Block, path: str) -> Iterator[Rule]:
    """What the prefix lists of a rule admit: theirs are known where the plan holds them."""
    ids = block.get(path, None, computed=False)
    if ids in (None, []):
        return
    lists = block.named(path, PREFIX_LIST)
    if isinstance(lists, Unread):
        yield {"cidrs": lists, "prefix_list_ids": ids if isinstance(ids, (Unread, list)) else [ids]}
        return
    for found in lists:
        entries = found.blocks("entry")
        cidrs = entries if isinstance(entries, Unread) else [entry.get("cidr") for entry in entries]
        yield {
            "cidrs": cidrs,
            "prefix_list_ids": [] if isinstance(ids, Unread) else ids if isinstance(ids, list) else [ids],
        }


def _ingress(block: Block, protocol: str, networks: Sequence[str], prefix_lists: str) -> list[Rule]:
    """The rule, once for each network; once without any where it only admits groups, or the group itself."""
    ports = _ports(block, protocol)
    found = [
        {**ports, "cidrs": cidr if isinstance(cidr, Unread) else [cidr], "prefix_list_ids": []}
        for cidr in _networks(block, *networks)
    ]
    found += [{**ports, **admitted} for admitted in _prefix_lists(block, prefix_lists)]
    return found or [{**ports, "cidrs": [], "prefix_list_ids": []}]


def together(rules: Sequence[Rule]) -> Any:
    """The rules as EC2 lists them: one for each protocol and port range."""
    merged: list[Rule] = []
    for rule in rules:
        ports = {key: rule[key] for key in PORTS}
        same = next((item for item in merged if ports.items() <= item.items()), None)
        if same is None or any(isinstance(value, Unread) for value in (*rule.values(), *same.values())):
            merged.append(dict(rule))
            continue
        for key in ("cidrs", "prefix_list_ids"):
            if key in rule:
                same[key] = [*same[key], *(value for value in rule[key] if value not in same[key])]
    return sorted(merged, key=_order)


def _order(rule: Rule) -> list[tuple[bool, str, int]]:
    values = (rule[key] for key in PORTS)
    return [
        (isinstance(value, (str, int)), value if isinstance(value, str) else "", value if isinstance(value, int) else 0)
        for value in values
    ]


def _inline(path: str, outbound: bool) -> Derived:
    def read(block: Block) -> Any:
        rules = block.blocks(path)
        if isinstance(rules, Unread):
            return rules
        if outbound:
            return [_ports(rule, "protocol") for rule in rules]
        networks = ("cidr_blocks", "ipv6_cidr_blocks")
        return [row for rule in rules for row in _ingress(rule, "protocol", networks, "prefix_list_ids")]

    return Derived((path,), read)


def _is(direction: str) -> Callable[[Block], Any]:
    def applies(block: Block) -> Any:
        type_ = block.get("type")
        return type_ if isinstance(type_, Unread) else type_ == direction

    return applies


def _rule_networks(block: Block) -> list[Rule]:
    return _ingress(block, "protocol", ("cidr_blocks", "ipv6_cidr_blocks"), "prefix_list_ids")


def _one_network(block: Block) -> list[Rule]:
    return _ingress(block, "ip_protocol", ("cidr_ipv4", "cidr_ipv6"), "prefix_list_id")


_RULE: Final = ("protocol", "from_port", "to_port", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids")
_SINGLE: Final = ("ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id")

PARTS: Final = (
    Part("aws_security_group_rule", "security_group_id", {"ingress": Derived(_RULE, _rule_networks)}, _is("ingress")),
    Part(
        "aws_security_group_rule",
        "security_group_id",
        {"egress": Derived(_RULE[:3], lambda block: [_ports(block, "protocol")])},
        _is("egress"),
    ),
    Part("aws_vpc_security_group_ingress_rule", "security_group_id", {"ingress": Derived(_SINGLE, _one_network)}),
    Part(
        "aws_vpc_security_group_egress_rule",
        "security_group_id",
        {"egress": Derived(_SINGLE[:3], lambda block: [_ports(block, "ip_protocol")])},
    ),
)


def _identity(block: Block, where: Where) -> Any:
    id_ = block.get("id", None, computed=False)
    if isinstance(id_, str) and where.account and where.region:
        return f"arn:{where.partition}:ec2:{where.region}:{where.account}:security-group/{id_}"
    return block.get("arn", None, computed=False)


def _mapping(terraform: str, name: Attribute) -> Mapping:
    return Mapping(
        type=SECURITY_GROUP,
        terraform=terraform,
        name=name,
        identity=_identity,
        parts=PARTS,
        properties={
            "group_id": Attribute("id"),
            "vpc_id": Attribute("vpc_id", names="AWS::EC2::VPC"),
            "ingress": Split(
                [],
                _NEW,
                inline=_inline("ingress", False),
                group=together,
                element=(*PORTS, "cidrs", "prefix_list_ids"),
            ),
            "egress": Split([], _NEW, inline=_inline("egress", True), group=together, element=PORTS),
        },
    )


MAPPINGS: Final = (
    _mapping("aws_security_group", Attribute("name", None)),
    _mapping("aws_default_security_group", Attribute("name", "default", "EC2 User Guide: its name is default")),
)
