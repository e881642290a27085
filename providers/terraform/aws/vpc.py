"""Amazon VPC: VPCs, subnets, network ACLs and flow logs, and how other networks come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.aws.gateways import CLIENT_VPN_ENDPOINT, TRANSIT_GATEWAY
from providers.aws.network_acls import NETWORK_ACL
from providers.aws.vpc import FLOW_LOG, SUBNET, VPC
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

_PROVIDER: Final = "provider documentation"
_ID: Final = Attribute("id", None, computed=False)
_OWNER: Final = Attribute("owner_id", None, "EC2 API: what is made is the account's own")
_ENTRY: Final = ("rule_number", "action", "protocol", "from_port", "to_port", "cidr")
_NUMBERS: Final = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58", "ipv6-icmp": "58"}
"""Protocols by the names that the provider takes (IANA, Assigned Internet Protocol Numbers)."""
_WITH_PORTS: Final = ("6", "17")


# --- network ACLs ----------------------------------------------------------------------------------------------------


def _entry(row: Block, number: str, action: str) -> dict[str, Any]:
    protocol = row.get("protocol")
    if isinstance(protocol, str):
        protocol = _NUMBERS.get(protocol.lower(), protocol)
    has_ports = isinstance(protocol, Unread) or protocol in _WITH_PORTS
    cidrs = [row.get(path, None) for path in ("cidr_block", "ipv6_cidr_block")]
    given = [cidr for cidr in cidrs if cidr not in (None, "")]
    found = row.get(action)
    return {
        "rule_number": row.get(number),
        "action": found.lower() if isinstance(found, str) else found,
        "protocol": protocol,
        "from_port": row.get("from_port", None) if has_ports else None,
        "to_port": row.get("to_port", None) if has_ports else None,
        "cidr": given[0] if given else Unread("missing_attribute", detail="no address block"),
    }


def _inline(block: Block) -> Any:
    rows = block.blocks("ingress")
    return rows if isinstance(rows, Unread) else [_entry(row, "rule_no", "action") for row in rows]


def _rule(block: Block) -> list[dict[str, Any]]:
    return [_entry(block, "rule_number", "rule_action")]


def _inbound(block: Block) -> Any:
    egress = block.get("egress", False)
    return egress if isinstance(egress, Unread) else not egress


def _by_number(entries: Sequence[Any]) -> Any:
    return sorted(entries, key=lambda entry: entry["rule_number"] if isinstance(entry["rule_number"], int) else -1)


_RULE: Final = Part(
    "aws_network_acl_rule",
    "network_acl_id",
    {
        "ingress": Derived(
            ("rule_number", "rule_action", "protocol", "from_port", "to_port", "cidr_block", "ipv6_cidr_block"), _rule
        )
    },
    _inbound,
)


def _acl(terraform: str) -> Mapping:
    return Mapping(
        type=NETWORK_ACL,
        terraform=terraform,
        name=_ID,
        parts=(_RULE,),
        properties={
            "owner_id": _OWNER,
            "ingress": Split(
                [],
                "EC2 API, CreateNetworkAcl: it denies everything; the provider removes the entries of the default one",
                inline=Derived(("ingress",), _inline),
                group=_by_number,
                element=_ENTRY,
            ),
        },
    )


# --- VPCs, subnets, flow logs ----------------------------------------------------------------------------------------


_LOGGED: Final = (
    *("vpc_id", "subnet_id", "eni_id", "transit_gateway_id", "transit_gateway_attachment_id"),
    "regional_nat_gateway_id",
)


def _logged(block: Block) -> Any:
    """What a flow log is of: the one of its attributes that is set."""
    values = (block.get(path, None, optional=True) for path in _LOGGED)
    found = next((value for value in values if value is not None), None)
    return found if found is not None else Unread("missing_attribute", detail="nothing that it is of")


def _vpc(terraform: str, default: bool, source: str) -> Mapping:
    return Mapping(
        type=VPC,
        terraform=terraform,
        name=_ID,
        properties={"owner_id": _OWNER, "is_default": Constant(default, source)},
    )


def _subnet(terraform: str, public: bool) -> Mapping:
    return Mapping(
        type=SUBNET,
        terraform=terraform,
        name=_ID,
        properties={
            "owner_id": _OWNER,
            "map_public_ip_on_launch": Attribute(
                "map_public_ip_on_launch", public, f"provider source, {terraform}: {str(public).lower()}"
            ),
        },
    )


MAPPINGS: Final = (
    _vpc("aws_vpc", False, "EC2 API, CreateVpc: CreateDefaultVpc makes default ones"),
    _vpc("aws_default_vpc", True, f"{_PROVIDER}, aws_default_vpc"),
    _subnet("aws_subnet", False),
    _subnet("aws_default_subnet", True),
    _acl("aws_network_acl"),
    _acl("aws_default_network_acl"),
    Mapping(
        type=FLOW_LOG,
        terraform="aws_flow_log",
        name=_ID,
        control=True,
        properties={
            "resource_id": Derived(_LOGGED, _logged),
            "traffic_type": Attribute("traffic_type", "ALL", "EC2 API, CreateFlowLogs: transit gateways log all"),
        },
    ),
    Mapping(
        type=TRANSIT_GATEWAY,
        terraform="aws_ec2_transit_gateway",
        name=_ID,
        properties={
            "owner_id": _OWNER,
            "auto_accept_shared_attachments": Attribute("auto_accept_shared_attachments", "disable", _PROVIDER),
        },
    ),
    Mapping(
        type=CLIENT_VPN_ENDPOINT,
        terraform="aws_ec2_client_vpn_endpoint",
        name=_ID,
        properties={"connection_log_enabled": Attribute("connection_log_options.enabled")},
    ),
)
