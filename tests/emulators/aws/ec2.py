"""Amazon EC2: prefix lists, open rules, IPv6 addresses, an image and an instance with a secret in its user data."""

from __future__ import annotations

import re

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire


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
