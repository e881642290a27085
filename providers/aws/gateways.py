"""Amazon EC2: how other networks come in, by transit gateways and by Client VPN endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.aws.ec2 import arn
from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

TRANSIT_GATEWAY: Final = "AWS::EC2::TransitGateway"
CLIENT_VPN_ENDPOINT: Final = "AWS::EC2::ClientVpnEndpoint"
TYPES: Final = (ResourceType(TRANSIT_GATEWAY), ResourceType(CLIENT_VPN_ENDPOINT))


def _transit_gateways(aws: Caller, scope: Scope) -> Iterator[Found]:
    for gateway in aws.pages("ec2", "describe_transit_gateways", "TransitGateways"):
        # EC2 lists what was deleted for a while.
        if gateway.get("State") != "deleted":
            options = gateway.get("Options") or {}
            properties = {
                "owner_id": attribute(gateway, "OwnerId"),
                "auto_accept_shared_attachments": attribute(options, "AutoAcceptSharedAttachments"),
            }
            yield Found(TRANSIT_GATEWAY, gateway["TransitGatewayArn"], properties, gateway["TransitGatewayId"])


def _client_vpn_endpoints(aws: Caller, scope: Scope) -> Iterator[Found]:
    for endpoint in aws.pages("ec2", "describe_client_vpn_endpoints", "ClientVpnEndpoints"):
        if (endpoint.get("Status") or {}).get("Code") != "deleted":
            id_ = endpoint["ClientVpnEndpointId"]
            options = endpoint.get("ConnectionLogOptions") or {}
            properties = {"connection_log_enabled": attribute(options, "Enabled")}
            yield Found(CLIENT_VPN_ENDPOINT, arn(aws, "client-vpn-endpoint", id_), properties, id_)


READERS: Final = (
    Reader(
        operations=("ec2:DescribeTransitGateways",),
        read=_transit_gateways,
        lists=(TRANSIT_GATEWAY,),
        fills={TRANSIT_GATEWAY: ("owner_id", "auto_accept_shared_attachments")},
        permissions=("ec2:DescribeTransitGateways",),
    ),
    Reader(
        operations=("ec2:DescribeClientVpnEndpoints",),
        read=_client_vpn_endpoints,
        lists=(CLIENT_VPN_ENDPOINT,),
        fills={CLIENT_VPN_ENDPOINT: ("connection_log_enabled",)},
        permissions=("ec2:DescribeClientVpnEndpoints",),
    ),
)
