"""Amazon EC2: prefix lists, open rules, IPv6 addresses, images, gateways, and a secret in user data.

moto has no Client VPN endpoints, no block of public snapshots, and none of the images that it launches instances from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs
from xml.etree import ElementTree

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange

_NO_IMAGE: Final = b"InvalidAMIID.NotFound"


def correct(layer: Overrides) -> None:
    layer.change("ec2:DescribeImages", _launched_images)
    layer.edit("ec2:DescribeNetworkAcls", _denying_the_rest)
    snapshot_block(layer, "unblocked")
    client_vpn_endpoints(layer, {})


def snapshot_block(overrides: Overrides, state: str) -> None:
    """Set what is blocked of the public sharing of snapshots, in every region."""
    overrides.answer("ec2:GetSnapshotBlockPublicAccessState", _xml("GetSnapshotBlockPublicAccessState", "state", state))


def client_vpn_endpoints(overrides: Overrides, logging: Mapping[str, bool], state: str = "available") -> None:
    """Let there be Client VPN endpoints (id: whether they log connections), in every region."""
    items = "".join(
        f"<item><clientVpnEndpointId>{id_}</clientVpnEndpointId><status><code>{state}</code></status>"
        f"<connectionLogOptions><Enabled>{str(logs).lower()}</Enabled></connectionLogOptions></item>"
        for id_, logs in logging.items()
    )
    overrides.answer("ec2:DescribeClientVpnEndpoints", _xml("DescribeClientVpnEndpoints", "clientVpnEndpoint", items))


def _xml(operation: str, tag: str, inner: str) -> str:
    return f'<{operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><{tag}>{inner}</{tag}></{operation}Response>'


def _denying_the_rest(document: Document) -> None:
    # Every network ACL ends with an entry a direction that denies the rest; moto has them for the default one.
    for acl in document.items("NetworkAcls"):
        entries = acl.find("entrySet")
        told = {(entry.findtext("egress"), entry.findtext("ruleNumber")) for entry in entries}
        for egress in ("true", "false"):
            if (egress, "32767") not in told:
                entries.append(
                    ElementTree.fromstring(
                        "<item><cidrBlock>0.0.0.0/0</cidrBlock><protocol>-1</protocol><ruleAction>deny</ruleAction>"
                        f"<egress>{egress}</egress><ruleNumber>32767</ruleNumber></item>"
                    )
                )


def _launched_images(exchange: Exchange, answer: Answer) -> Answer:
    """An image that an instance was launched from is there; moto launches from any id."""
    asked = parse_qs(exchange.request.body.decode())
    ids = [values[0] for name, values in sorted(asked.items()) if name.startswith("ImageId.")]
    if _NO_IMAGE not in answer.body or not ids:
        return answer
    items = "".join(
        f"<item><imageId>{id_}</imageId><imageOwnerId>amazon</imageOwnerId><imageState>available</imageState>"
        "<isPublic>true</isPublic></item>"
        for id_ in ids
    )
    return replace(answer.with_body(_xml("DescribeImages", "imagesSet", items).encode()), status=200)


def build(wire: AwsWire) -> None:
    ec2 = client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    entries = [{"Cidr": "203.0.113.0/24", "Description": "office"}]
    listed = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", Entries=entries
    )["PrefixList"]["PrefixListId"]
    group = ec2.create_security_group(GroupName="offices", Description="offices", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": listed}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    web = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["web"]}])["SecurityGroups"][0]
    everyone = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    ec2.authorize_security_group_ingress(GroupId=web["GroupId"], IpPermissions=[everyone])
    # moto assigns no IPv6 addresses.
    address = b"<ipv6AddressesSet><item><ipv6Address>2600:1f18::7</ipv6Address></item></ipv6AddressesSet>"
    none = re.compile(rb"<ipv6AddressesSet ?/>|<ipv6AddressesSet></ipv6AddressesSet>")
    wire.overrides.rewrite("ec2:DescribeInstances", lambda body: none.sub(address, body))
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.register_image(Name="golden", RootDeviceName="/dev/sda1")
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, UserData=f"export TOKEN={CANARY}")
    ec2.create_transit_gateway()
    snapshot_block(wire.overrides, "block-all-sharing")
    client_vpn_endpoints(wire.overrides, {"cvpn-endpoint-0a1b2c3d4e5f67890": True})
    until = b"<isPublic>true</isPublic><deprecationTime>2028-01-01T00:00:00.000Z</deprecationTime>"
    wire.overrides.rewrite("ec2:DescribeImages", lambda body: body.replace(b"<isPublic>true</isPublic>", until))
