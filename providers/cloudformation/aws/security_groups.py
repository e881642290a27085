"""Amazon EC2 security groups: rules inline, and rules in a resource each."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, tags, whole
from providers.terraform.aws.security_groups import PORTS, SECURITY_GROUP, together
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split, Where

PREFIX_LIST: Final = "AWS::EC2::PrefixList"
ALSO: Final = (PREFIX_LIST,)
_EVERYTHING: Final = {"protocol": "-1", "from_port": None, "to_port": None}
_NUMBERS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
"""Protocols that EC2 gives a name (EC2 API, IpPermission)."""
_DEFAULT_VPC: Final = Unread("known_after_apply", detail="the default VPC of the account")
_ALL: Final = ("-1", "all")
_PATHS: Final = ("IpProtocol", "FromPort", "ToPort")
_OUTBOUND: Final = (
    "CloudFormation Template Reference, AWS::EC2::SecurityGroup: without an egress rule the default one, which admits "
    "everything, stays"
)

Rule = dict[str, Any]


def _ports(block: Block) -> Rule:
    name = block.get("IpProtocol")
    if isinstance(name, Unread):
        return {"protocol": name, "from_port": name, "to_port": name}
    name = str(name).lower()
    if name in _ALL:
        return dict(_EVERYTHING)
    return {
        "protocol": _NUMBERS.get(name, name),
        "from_port": whole(block.get("FromPort", None)),
        "to_port": whole(block.get("ToPort", None)),
    }


def _ingress(block: Block) -> list[Rule]:
    ports = _ports(block)
    found = []
    for path in ("CidrIp", "CidrIpv6"):
        cidr = block.get(path, None)
        if cidr is not None:
            found.append({**ports, "cidrs": cidr if isinstance(cidr, Unread) else [cidr], "prefix_list_ids": []})
    ids = block.get("SourcePrefixListId", None)
    if ids is not None:
        found.append({**ports, **_prefix_list(block, ids)})
    return found or [{**ports, "cidrs": [], "prefix_list_ids": []}]


def _prefix_list(block: Block, ids: Any) -> Rule:
    lists = block.named("SourcePrefixListId", PREFIX_LIST)
    if isinstance(lists, Unread):
        return {"cidrs": lists, "prefix_list_ids": ids if isinstance(ids, Unread) else [ids]}
    rows = [found.blocks("Entries") for found in lists]
    unread = next((row for row in rows if isinstance(row, Unread)), None)
    cidrs = [entry.get("Cidr") for row in rows if not isinstance(row, Unread) for entry in row]
    return {
        "cidrs": unread if unread is not None else cidrs,
        "prefix_list_ids": [] if isinstance(ids, Unread) else [ids],
    }


def _inline(path: str, outbound: bool) -> Derived:
    def read(block: Block) -> Any:
        rules = block.rows(path)
        if isinstance(rules, Unread):
            return rules
        found: list[Any] = []
        for rule in rules:
            if isinstance(rule, Unread):
                # One more that may admit anything, beside those that are known.
                keys = PORTS if outbound else (*PORTS, "cidrs", "prefix_list_ids")
                found.append(dict.fromkeys(keys, rule))
            else:
                found += [_ports(rule)] if outbound else _ingress(rule)
        return found

    return Derived((path,), read)


def _by_id(block: Block) -> bool:
    return block.get("GroupId", None) is not None


def _by_name(block: Block) -> bool:
    return not _by_id(block)


def _identity(block: Block, where: Where) -> Any:
    id_ = block.get("id", None)
    if isinstance(id_, str) and id_.startswith("sg-") and where.account and where.region:
        return f"arn:{where.partition}:ec2:{where.region}:{where.account}:security-group/{id_}"
    return None


_RULE: Final = (*_PATHS, "CidrIp", "CidrIpv6", "SourcePrefixListId")

MAPPINGS: Final = (
    Mapping(
        SECURITY_GROUP,
        "AWS::EC2::SecurityGroup",
        {
            "group_id": Derived((), lambda block: Unread("known_after_apply", detail="EC2 gives a group its id")),
            "vpc_id": Attribute("VpcId", _DEFAULT_VPC, DOCUMENTED, names="AWS::EC2::VPC"),
            "ingress": Split(
                [],
                "EC2 API, CreateSecurityGroup: a new group admits nothing",
                inline=_inline("SecurityGroupIngress", False),
                group=together,
                element=(*PORTS, "cidrs", "prefix_list_ids"),
            ),
            "egress": Split(
                [],
                _OUTBOUND,
                inline=Derived(
                    ("SecurityGroupEgress",),
                    lambda block: (
                        _inline("SecurityGroupEgress", True).read(block)
                        if block.get("SecurityGroupEgress", []) != []
                        else [dict(_EVERYTHING)]
                    ),
                    _OUTBOUND,
                ),
                group=together,
                element=PORTS,
            ),
            "tags": tags(),
        },
        parts=(
            Part("AWS::EC2::SecurityGroupIngress", "GroupId", {"ingress": Derived(_RULE, _ingress)}, _by_id),
            Part("AWS::EC2::SecurityGroupIngress", "GroupName", {"ingress": Derived(_RULE, _ingress)}, _by_name),
            Part(
                "AWS::EC2::SecurityGroupEgress",
                "GroupId",
                {"egress": Derived(_PATHS, lambda block: [_ports(block)])},
            ),
        ),
        keys=("GroupId", "GroupName"),
        name=Attribute("GroupName", None, f"{DOCUMENTED}: a name of CloudFormation's choice"),
        identity=_identity,
    ),
)
