"""Amazon EC2: instances, volumes, snapshots and machine images. What belongs to the network is in :mod:`.vpc`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

REGION: Final = "AWS::Region"
INSTANCE: Final = "AWS::EC2::Instance"
VOLUME: Final = "AWS::EC2::Volume"
SNAPSHOT: Final = "AWS::EC2::Snapshot"
IMAGE: Final = "AWS::EC2::Image"
TYPES: Final = tuple(ResourceType(name) for name in (INSTANCE, VOLUME, SNAPSHOT, IMAGE))


def arn(aws: Caller, kind: str, id_: str) -> str:
    """The ARN of what the scope's account holds in EC2 ("volume", "vol-0a1b")."""
    return f"arn:{aws.partition}:ec2:{aws.region}:{aws.account}:{kind}/{id_}"


def tags(item: Mapping[str, Any]) -> dict[str, str]:
    """The tags of an item of an EC2 listing."""
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags") or []}


def values(items: Iterable[Mapping[str, Any]] | None, key: str) -> list[str] | Unread:
    """What the items of a list that is always returned hold under ``key``."""
    found = [item.get(key) for item in items] if items is not None else [None]
    return MISSING if None in found else [value for value in found if value is not None]


def together(*lists: list[str] | Unread) -> list[str] | Unread:
    """One list of several, sorted, since EC2 promises no order; unread where one of them is."""
    unread = next((part for part in lists if isinstance(part, Unread)), None)
    return unread or sorted({value for part in lists if not isinstance(part, Unread) for value in part})


# --- instances ---


def _instances(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Without IncludeManagedResources, an account's settings can hide what other services run in it.
    for reservation in aws.pages("ec2", "describe_instances", "Reservations", IncludeManagedResources=True):
        for instance in reservation["Instances"]:
            # EC2 lists a terminated instance for up to an hour.
            if (instance.get("State") or {}).get("Name") != "terminated":
                yield _instance(aws, instance)


def _instance(aws: Caller, instance: Mapping[str, Any]) -> Found:
    options = instance.get("MetadataOptions") or {}
    interfaces = instance.get("NetworkInterfaces")
    if interfaces is not None:
        interfaces = sorted(interfaces, key=lambda interface: str(interface.get("NetworkInterfaceId")))
    properties = {
        "http_tokens": attribute(options, "HttpTokens"),
        "http_endpoint": attribute(options, "HttpEndpoint"),
        "vpc_id": attribute(instance, "VpcId"),
        "state": attribute(instance.get("State") or {}, "Name"),
        "image_id": attribute(instance, "ImageId"),
        "public_ipv4_addresses": MISSING if interfaces is None else _public_ipv4(instance, interfaces),
        "network_interfaces": MISSING if interfaces is None else [_interface(interface) for interface in interfaces],
        "tags": tags(instance),
    }
    return Found(INSTANCE, arn(aws, "instance", instance["InstanceId"]), properties, instance["InstanceId"])


def _public_ipv4(instance: Mapping[str, Any], interfaces: Iterable[Mapping[str, Any]]) -> list[str]:
    associations = [
        holder.get("Association") or {}
        for interface in interfaces
        # The interface's own association is that of its primary address; each secondary address can have one too.
        for holder in (interface, *(interface.get("PrivateIpAddresses") or []))
    ]
    public = {instance.get("PublicIpAddress"), *(association.get("PublicIp") for association in associations)}
    # In a Wavelength Zone, PublicIpAddress is the address in the carrier's network.
    carrier = {association.get("CarrierIp") for association in associations}
    return sorted(address for address in public - carrier if address)


def _interface(interface: Mapping[str, Any]) -> dict[str, Any]:
    addresses = values(interface.get("Ipv6Addresses"), "Ipv6Address")
    prefixes = values(interface.get("Ipv6Prefixes") or [], "Ipv6Prefix")
    return {
        "network_interface_id": attribute(interface, "NetworkInterfaceId"),
        "subnet_id": attribute(interface, "SubnetId"),
        "group_ids": together(values(interface.get("Groups"), "GroupId")),
        "ipv6_addresses": together(addresses, prefixes),
    }


def _image_deprecation(aws: Caller, instance: Resource) -> Mapping[str, Any]:
    # Whoever owns it, and whether or not it can still be launched. An image that was deregistered, or that is no longer
    # shared with the account, is in an empty answer.
    asked: dict[str, Any] = {
        "ImageIds": [instance.properties["image_id"]],
        "IncludeDeprecated": True,
        "IncludeDisabled": True,
    }
    images = list(aws.pages("ec2", "describe_images", "Images", sized=False, **asked))
    if not images:
        return {"image_deprecated_at": Unread("unavailable", detail="the image is not in sight")}
    deprecation = images[0].get("DeprecationTime")
    return {"image_deprecated_at": None if deprecation is None else instant(deprecation)}


# --- volumes, snapshots, images ---


def _volumes(aws: Caller, scope: Scope) -> Iterator[Found]:
    for volume in aws.pages("ec2", "describe_volumes", "Volumes", IncludeManagedResources=True):
        properties = {
            "encrypted": attribute(volume, "Encrypted"),
            "state": attribute(volume, "State"),
            "tags": tags(volume),
        }
        yield Found(VOLUME, arn(aws, "volume", volume["VolumeId"]), properties, volume["VolumeId"])


def _snapshots(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Public are those that "all" may restore: one listing instead of DescribeSnapshotAttribute for each. Where block
    # public access withholds snapshots that are shared with everyone, they are not among them.
    public = {snapshot["SnapshotId"] for snapshot in _own_snapshots(aws, RestorableByUserIds=["all"])}
    for snapshot in _own_snapshots(aws):
        id_ = snapshot["SnapshotId"]
        properties = {
            "public": id_ in public,
            "volume_id": attribute(snapshot, "VolumeId"),
            "state": attribute(snapshot, "State"),
            "started_at": instant(snapshot.get("StartTime")),
            "tags": tags(snapshot),
        }
        yield Found(SNAPSHOT, f"arn:{aws.partition}:ec2:{aws.region}::snapshot/{id_}", properties, id_)


def _own_snapshots(aws: Caller, **arguments: Any) -> Iterator[dict[str, Any]]:
    for snapshot in aws.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], **arguments):
        if snapshot["OwnerId"] == aws.account:
            yield snapshot


def _images(aws: Caller, scope: Scope) -> Iterator[Found]:
    for image in aws.pages("ec2", "describe_images", "Images", Owners=["self"], IncludeDisabled=True):
        id_ = image["ImageId"]
        properties = {"public": attribute(image, "Public"), "tags": tags(image)}
        yield Found(IMAGE, f"arn:{aws.partition}:ec2:{aws.region}::image/{id_}", properties, image.get("Name") or id_)


# --- the region ---


def _default_encryption(aws: Caller, region: Resource) -> Mapping[str, Any]:
    answer = aws.call("ec2", "get_ebs_encryption_by_default")
    return {"ebs_encryption_by_default": attribute(answer, "EbsEncryptionByDefault")}


def _snapshot_block(aws: Caller, region: Resource) -> Mapping[str, Any]:
    answer = aws.call("ec2", "get_snapshot_block_public_access_state")
    return {"snapshot_block_public_access": attribute(answer, "State")}


READERS: Final = (
    Reader(
        operations=("ec2:DescribeInstances",),
        read=_instances,
        lists=(INSTANCE,),
        fills={
            INSTANCE: (
                "http_tokens",
                "http_endpoint",
                "vpc_id",
                "state",
                "image_id",
                "public_ipv4_addresses",
                "network_interfaces",
                "tags",
            )
        },
        permissions=("ec2:DescribeInstances",),
    ),
    Reader(
        operations=("ec2:DescribeImages",),
        read=_image_deprecation,
        per="resource",
        of=INSTANCE,
        needs=("image_id",),
        shared=True,
        fills={INSTANCE: ("image_deprecated_at",)},
        permissions=("ec2:DescribeImages",),
    ),
    Reader(
        operations=("ec2:DescribeVolumes",),
        read=_volumes,
        lists=(VOLUME,),
        fills={VOLUME: ("encrypted", "state", "tags")},
        permissions=("ec2:DescribeVolumes",),
    ),
    Reader(
        operations=("ec2:DescribeSnapshots",),
        read=_snapshots,
        lists=(SNAPSHOT,),
        fills={SNAPSHOT: ("public", "volume_id", "state", "started_at", "tags")},
        permissions=("ec2:DescribeSnapshots",),
    ),
    Reader(
        operations=("ec2:DescribeImages",),
        read=_images,
        lists=(IMAGE,),
        fills={IMAGE: ("public", "tags")},
        permissions=("ec2:DescribeImages",),
    ),
    Reader(
        operations=("ec2:GetEbsEncryptionByDefault",),
        read=_default_encryption,
        per="resource",
        of=REGION,
        fills={REGION: ("ebs_encryption_by_default",)},
        permissions=("ec2:GetEbsEncryptionByDefault",),
    ),
    Reader(
        operations=("ec2:GetSnapshotBlockPublicAccessState",),
        read=_snapshot_block,
        per="resource",
        of=REGION,
        fills={REGION: ("snapshot_block_public_access",)},
        permissions=("ec2:GetSnapshotBlockPublicAccessState",),
    ),
)
