"""Instances, volumes, snapshots, images and the region's encryption default, built to pass and to fail."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.ec2 import snapshot_block
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.wire import Answer, Exchange


def instance(**settings: Any) -> str:
    launched = boto3.client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, **settings)
    id_: str = launched["Instances"][0]["InstanceId"]
    return id_


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_instances_that_need_no_session_token_fail(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    required = instance(MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"})
    optional = instance(MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"})
    off = instance(MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "disabled"})
    stopped = instance(MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"})
    terminated = instance(MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"})
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.terminate_instances(InstanceIds=[terminated])
    _, findings = scan(("aws.ec2.instance_imdsv2_required",))
    assert by_name(findings) == {required: "pass", optional: "fail", off: "pass", stopped: "fail"}


def test_metadata_options_that_are_not_answered_are_unknown(aws_env: AwsWire) -> None:
    aws_env.overrides.without("ec2:DescribeInstances", "Reservations.Instances.MetadataOptions")
    id_ = instance(MetadataOptions={"HttpTokens": "required"})
    _, findings = scan(("aws.ec2.instance_imdsv2_required",))
    assert [(f.subject.name, f.verdict, f.reason) for f in findings] == [(id_, "unknown", "missing_attribute")]


def private_subnet(**settings: Any) -> tuple[str, str]:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return vpc, ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", **settings)["Subnet"]["SubnetId"]


def test_instances_with_public_addresses_fail(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    _, subnet = private_subnet()
    private = instance(SubnetId=subnet)
    automatic = instance()
    elastic = instance(SubnetId=subnet)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(InstanceId=elastic, AllocationId=address)
    _, findings = scan(("aws.ec2.instance_no_public_ip",))
    assert by_name(findings) == {private: "pass", automatic: "fail", elastic: "fail"}


def dual_stack_instance(*, route: str, cidr: str) -> str:
    """An instance with an IPv6 address, a route for IPv6 ("internet", "egress" or "none") and one inbound rule."""
    ec2 = boto3.client("ec2")
    vpc, subnet = private_subnet()
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    if route == "internet":
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
    if route == "egress":
        gateway = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
        id_ = gateway["EgressOnlyInternetGatewayId"]
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=id_)
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": cidr}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return instance(SubnetId=subnet, SecurityGroupIds=[group], Ipv6AddressCount=1)


def test_ipv6_counts_where_the_internet_has_a_route_and_a_rule(aws_env: AwsWire) -> None:
    reachable = dual_stack_instance(route="internet", cidr="::/0")
    egress = dual_stack_instance(route="egress", cidr="::/0")
    closed = dual_stack_instance(route="internet", cidr="2001:db8::/32")
    unrouted = dual_stack_instance(route="none", cidr="::/0")
    _with_ipv6(aws_env)
    _, findings = scan(("aws.ec2.instance_no_public_ip",))
    assert by_name(findings) == {reachable: "fail", egress: "pass", closed: "pass", unrouted: "pass"}


def _with_ipv6(wire: AwsWire) -> None:
    """moto assigns no IPv6 addresses to instances; AWS answers <ipv6AddressesSet><item><ipv6Address>."""
    address = b"<ipv6AddressesSet><item><ipv6Address>2600:1f18::7</ipv6Address></item></ipv6AddressesSet>"

    def rewrite(body: bytes) -> bytes:
        for empty in (b"<ipv6AddressesSet></ipv6AddressesSet>", b"<ipv6AddressesSet/>", b"<ipv6AddressesSet />"):
            body = body.replace(empty, address)
        return body

    wire.overrides.rewrite("ec2:DescribeInstances", rewrite)


def test_a_denied_route_listing_matters_to_ipv6_only(aws_env: AwsWire) -> None:
    dual = dual_stack_instance(route="internet", cidr="::/0")
    _with_ipv6(aws_env)
    aws_env.faults.add("denied", "ec2:DescribeRouteTables")
    _, findings = scan(("aws.ec2.instance_no_public_ip",))
    causes = [(cause.path, cause.unread.reason, cause.unread.permission) for f in findings for cause in f.causes]
    assert by_name(findings) == {dual: "unknown"}
    assert causes == [("route_tables", "access_denied", "ec2:DescribeRouteTables")]


def test_volumes_without_encryption_fail(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    good = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, Encrypted=True)["VolumeId"]
    bad = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    _, findings = scan(("aws.ec2.ebs_volume_encrypted",))
    assert by_name(findings) == {good: "pass", bad: "fail"}


def test_public_snapshots_fail_in_two_calls_however_many_there_are(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    private, shared, public = (ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(3))
    permission = {"Attribute": "createVolumePermission", "OperationType": "add"}
    ec2.modify_snapshot_attribute(SnapshotId=public, GroupNames=["all"], **permission)
    ec2.modify_snapshot_attribute(SnapshotId=shared, UserIds=["111122223333"], **permission)
    aws_env.traffic.reset()
    _, findings = scan(("aws.ec2.ebs_snapshot_not_public",))
    assert by_name(findings) == {private: "pass", shared: "pass", public: "fail"}
    assert aws_env.traffic.calls["ec2:DescribeSnapshots"] == 2


def test_snapshots_of_other_accounts_are_not_listed(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)
    owner = (b"<ownerId>123456789012</ownerId>", b"<ownerId>444455556666</ownerId>")
    aws_env.overrides.rewrite("ec2:DescribeSnapshots", lambda body: body.replace(*owner))
    snapshot, findings = scan(("aws.ec2.ebs_snapshot_not_public",))
    listings = [(row.type, row.state, row.count) for row in snapshot.collections]
    assert (findings, listings) == ((), [("AWS::EC2::Snapshot", "complete", 0)])


def test_images_that_everyone_can_launch_fail(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    source = instance()
    ec2.create_image(InstanceId=source, Name="private")
    public = ec2.create_image(InstanceId=source, Name="public")["ImageId"]
    ec2.modify_image_attribute(ImageId=public, LaunchPermission={"Add": [{"Group": "all"}]})
    _, findings = scan(("aws.ec2.ami_not_public",))
    assert by_name(findings) == {"private": "pass", "public": "fail"}


def test_regions_without_default_encryption_fail(aws_env: AwsWire) -> None:
    boto3.client("ec2", region_name="us-east-1").enable_ebs_encryption_by_default()
    _, findings = scan(("aws.ec2.ebs_default_encryption",), regions=("us-east-1", "eu-west-1"))
    assert by_name(findings) == {"us-east-1": "pass", "eu-west-1": "fail"}


def test_a_denied_listing_is_one_unknown_and_names_the_permission(aws_env: AwsWire) -> None:
    aws_env.faults.add("denied", "ec2:DescribeVolumes")
    _, findings = scan(("aws.ec2.ebs_volume_encrypted",))
    found = [(f.subject.kind, f.verdict, f.reason, f.causes[0].unread.permission) for f in findings]
    assert found == [("scope", "unknown", "access_denied", "ec2:DescribeVolumes")]


def test_instances_are_read_as_they_are(aws_env: AwsWire) -> None:
    _, subnet = private_subnet()
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "core"}]}]
    instance(SubnetId=subnet, MetadataOptions={"HttpTokens": "required"}, TagSpecifications=tags)
    wanted = {"AWS::EC2::Instance": {"http_tokens", "network_interfaces", "public_ipv4_addresses", "tags"}}
    (found,) = read(wanted).resources
    (interface,) = found.properties["network_interfaces"]
    assert found.id == f"arn:aws:ec2:us-east-1:123456789012:instance/{found.name}"
    assert (found.tags, found.unread) == ({"team": "core"}, {})
    assert found.properties["public_ipv4_addresses"] == []
    assert interface["subnet_id"] == subnet
    assert interface["ipv6_addresses"] == []


def test_a_carrier_address_is_not_public(aws_env: AwsWire) -> None:
    """In a Wavelength Zone AWS answers the carrier's address as the instance's PublicIpAddress."""
    id_ = instance()
    public = boto3.client("ec2").describe_instances(InstanceIds=[id_])["Reservations"][0]["Instances"][0]
    address = public["PublicIpAddress"].encode()
    old, new = b"<publicIp>" + address + b"</publicIp>", b"<carrierIp>" + address + b"</carrierIp>"
    aws_env.overrides.rewrite("ec2:DescribeInstances", lambda body: body.replace(old, new))
    (found,) = read({"AWS::EC2::Instance": {"public_ipv4_addresses"}}).resources
    assert found.properties["public_ipv4_addresses"] == []


def test_what_other_services_run_in_the_account_is_asked_for_too(aws_env: AwsWire) -> None:
    """An account's settings can hide managed resources from listings that do not name them."""
    asked = {}

    def note(exchange: Exchange, answer: Answer) -> Answer:
        asked[exchange.call.operation] = b"IncludeManagedResources=true" in exchange.request.body
        return answer

    for name in ("DescribeInstances", "DescribeVolumes", "DescribeNetworkInterfaces"):
        aws_env.overrides.change(f"ec2:{name}", note)
    scan(("aws.ec2.instance_imdsv2_required", "aws.ec2.ebs_volume_encrypted", "aws.ec2.security_group_no_open_ssh"))
    assert asked == {"DescribeInstances": True, "DescribeVolumes": True, "DescribeNetworkInterfaces": True}


def test_a_route_whose_gateway_is_gone_leads_nowhere(aws_env: AwsWire) -> None:
    id_ = dual_stack_instance(route="internet", cidr="::/0")
    _with_ipv6(aws_env)
    state = (b"<state>active</state>", b"<state>blackhole</state>")
    aws_env.overrides.rewrite("ec2:DescribeRouteTables", lambda body: body.replace(*state))
    _, findings = scan(("aws.ec2.instance_no_public_ip",))
    assert by_name(findings) == {id_: "pass"}


@pytest.mark.parametrize("operation", ["ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups"])
def test_a_route_table_or_group_that_is_not_in_sight_is_unknown(aws_env: AwsWire, operation: str) -> None:
    """Of a VPC that another account shares, not everything need be visible."""
    id_ = dual_stack_instance(route="internet", cidr="::/0")
    _with_ipv6(aws_env)
    name = operation.removeprefix("ec2:Describe")
    aws_env.overrides.edit(operation, lambda document: document.keep(name, []))
    _, findings = scan(("aws.ec2.instance_no_public_ip",))
    assert by_name(findings) == {id_: "unknown"}


def test_a_stopped_instance_keeps_its_elastic_address_only(aws_env: AwsWire) -> None:
    """What AWS gave at launch it takes back when the instance stops; moto keeps it."""
    ec2 = boto3.client("ec2")
    _, subnet = private_subnet()
    automatic, elastic = instance(), instance(SubnetId=subnet)
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(InstanceId=elastic, AllocationId=address["AllocationId"])
    ec2.stop_instances(InstanceIds=[automatic, elastic])
    kept = address["PublicIp"].encode()

    def taken_back(document: Document) -> None:
        for reservation in document.items("Reservations"):
            for holder in list(reservation.iter()):
                for tag in ("association", "ipAddress"):
                    for held in holder.findall(tag):
                        if kept not in ElementTree.tostring(held):
                            holder.remove(held)

    aws_env.overrides.edit("ec2:DescribeInstances", taken_back)
    _, findings = scan(("aws.ec2.instance_no_public_ip",))
    assert by_name(findings) == {automatic: "pass", elastic: "fail"}


# --- images of instances ---

IMAGE = ("aws.ec2.image_not_deprecated",)


def deprecated(wire: AwsWire, **times: str) -> None:
    """Set when images are deprecated ("ami-old" as ``ami_old``)."""

    def edit(document: Document) -> None:
        for image in document.items("Images"):
            when = times.get(str(image.findtext("imageId")).replace("-", "_"))
            if when:
                ElementTree.SubElement(image, "deprecationTime").text = when

    wire.overrides.edit("ec2:DescribeImages", edit)


def of_image(image: str) -> str:
    launched = boto3.client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)
    id_: str = launched["Instances"][0]["InstanceId"]
    return id_


def test_instances_of_deprecated_images_fail(aws_env: AwsWire) -> None:
    old, new, now, none = of_image("ami-old"), of_image("ami-new"), of_image("ami-now"), of_image("ami-none")
    deprecated(
        aws_env,
        ami_old="2024-03-01T00:00:00.000Z",
        ami_new="2027-03-01T00:00:00.000Z",
        ami_now="2026-11-23T12:00:00.000Z",
    )
    _, findings = scan(IMAGE)
    assert by_name(findings) == {old: "fail", new: "pass", now: "fail", none: "pass"}
    assert {f.message for f in findings if f.subject.name == old} == {
        f"Instance {old} runs image ami-old, deprecated since 2024-03-01T00:00:00Z."
    }


def test_each_image_is_asked_for_once_also_where_it_is_deprecated_or_disabled(aws_env: AwsWire) -> None:
    one, two, other = of_image("ami-1"), of_image("ami-1"), of_image("ami-2")
    asked = []

    def note(exchange: Exchange, answer: Answer) -> Answer:
        said = parse_qs(exchange.request.body.decode())
        asked.append((said["ImageId.1"], said["IncludeDeprecated"], said["IncludeDisabled"], said.get("MaxResults")))
        return answer

    aws_env.overrides.change("ec2:DescribeImages", note)
    _, findings = scan(IMAGE)
    assert by_name(findings) == {one: "pass", two: "pass", other: "pass"}
    # EC2 refuses a page size beside ids.
    assert sorted(asked) == [([image], ["true"], ["true"], None) for image in ("ami-1", "ami-2")]


def test_an_image_that_is_not_in_sight_is_unknown(aws_env: AwsWire) -> None:
    """What was deregistered is in an empty answer at first, then an error."""
    id_ = of_image("ami-gone")
    aws_env.overrides.edit("ec2:DescribeImages", lambda document: document.keep("Images", []))
    _, empty = scan(IMAGE)
    aws_env.faults.add("error", "ec2:DescribeImages", code="InvalidAMIID.NotFound", status=400)
    _, missing = scan(IMAGE)
    assert [(f.subject.name, f.verdict, f.causes[0].unread.detail) for f in (*empty, *missing)] == [
        (id_, "unknown", "the image is not in sight"),
        (id_, "unknown", missing[0].causes[0].unread.detail),
    ]
    assert str(missing[0].causes[0].unread.detail).startswith("InvalidAMIID.NotFound")


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["ec2:DescribeInstances", "ec2:DescribeImages"])
def test_an_image_that_could_not_be_read_is_unknown(aws_env: AwsWire, operation: str, kind: Any) -> None:
    of_image("ami-1")
    aws_env.faults.add(kind, operation)
    _, findings = scan(IMAGE)
    assert {f.verdict for f in findings} == {"unknown"}


def test_a_date_that_is_none_is_unknown(aws_env: AwsWire) -> None:
    of_image("ami-odd")
    deprecated(aws_env, ami_odd="soon")
    _, findings = scan(IMAGE)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


# --- the region's block of public snapshots ---

BLOCK = ("aws.ec2.snapshot_block_public_access",)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("block-all-sharing", "pass"), ("block-new-sharing", "pass"), ("unblocked", "fail"), ("unheard-of", "fail")],
)
def test_regions_where_snapshots_can_be_shared_with_everyone_fail(aws_env: AwsWire, state: str, verdict: str) -> None:
    snapshot_block(aws_env.overrides, state)
    _, findings = scan(BLOCK, regions=("us-east-1", "eu-west-1"))
    assert by_name(findings) == {"us-east-1": verdict, "eu-west-1": verdict}


def test_a_region_that_nobody_touched_fails(aws_env: AwsWire) -> None:
    _, findings = scan(BLOCK)
    assert [f.message for f in findings] == ["Block public access for EBS snapshots is unblocked in us-east-1."]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_a_block_that_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    aws_env.faults.add(kind, "ec2:GetSnapshotBlockPublicAccessState")
    _, findings = scan(BLOCK)
    assert by_name(findings) == {"us-east-1": "unknown"}
