"""AWS Config: configuration recorders, what they record and whether they do, and delivery channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

RECORDER: Final = "AWS::Config::ConfigurationRecorder"
CHANNEL: Final = "AWS::Config::DeliveryChannel"
TYPES: Final = (ResourceType(RECORDER), ResourceType(CHANNEL))


def _id(aws: Caller, name: str) -> str:
    """Recorders and channels are known by their names, which are mostly "default", in a region."""
    return f"{aws.region}|{name}"


def _recorders(aws: Caller, scope: Scope) -> Iterator[Found]:
    for recorder in aws.call("config", "describe_configuration_recorders")["ConfigurationRecorders"]:
        group = recorder["recordingGroup"]
        properties = {
            "all_supported": attribute(group, "allSupported"),
            # Recorders that were set up before 2023 have none.
            "recording_strategy": (group.get("recordingStrategy") or {}).get("useOnly"),
            "excluded_resource_types": (group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or [],
        }
        yield Found(RECORDER, _id(aws, recorder["name"]), properties, recorder["name"])


def _statuses(aws: Caller, scope: Scope) -> Iterator[Found]:
    for status in aws.call("config", "describe_configuration_recorder_status")["ConfigurationRecordersStatus"]:
        last = attribute(status, "lastStatus")
        properties = {
            "recording": attribute(status, "recording"),
            # The API reference writes Success, the service SUCCESS.
            "last_status": last.upper() if isinstance(last, str) else last,
        }
        yield Found(RECORDER, _id(aws, status["name"]), properties)


def _channels(aws: Caller, scope: Scope) -> Iterator[Found]:
    for channel in aws.call("config", "describe_delivery_channels")["DeliveryChannels"]:
        properties = {"s3_bucket_name": attribute(channel, "s3BucketName")}
        yield Found(CHANNEL, _id(aws, channel["name"]), properties, channel["name"])


READERS: Final = (
    Reader(
        operations=("config:DescribeConfigurationRecorders",),
        read=_recorders,
        lists=(RECORDER,),
        fills={RECORDER: ("all_supported", "recording_strategy", "excluded_resource_types")},
        permissions=("config:DescribeConfigurationRecorders",),
    ),
    Reader(
        operations=("config:DescribeConfigurationRecorderStatus",),
        read=_statuses,
        fills={RECORDER: ("recording", "last_status")},
        permissions=("config:DescribeConfigurationRecorderStatus",),
    ),
    Reader(
        operations=("config:DescribeDeliveryChannels",),
        read=_channels,
        lists=(CHANNEL,),
        fills={CHANNEL: ("s3_bucket_name",)},
        permissions=("config:DescribeDeliveryChannels",),
    ),
)
