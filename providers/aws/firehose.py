"""Amazon Data Firehose: streams, and where they deliver to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STREAM: Final = "AWS::KinesisFirehose::DeliveryStream"
TYPES: Final = (ResourceType(STREAM),)
_DEPRECATED: Final = "S3DestinationDescription"
"""Stands beside ExtendedS3DestinationDescription and says part of the same; other destinations hold it below."""


def _streams(aws: Caller, scope: Scope) -> Iterator[Found]:
    for name in aws.pages("firehose", "list_delivery_streams", "DeliveryStreamNames"):
        arn = f"arn:{aws.partition}:firehose:{aws.region}:{aws.account}:deliverystream/{name}"
        yield Found(STREAM, arn, {}, name)


def _description(aws: Caller, stream: Resource) -> Mapping[str, Any]:
    answer = aws.call("firehose", "describe_delivery_stream", DeliveryStreamName=stream.name)
    told = answer["DeliveryStreamDescription"]
    encryption = attribute(told, "DeliveryStreamEncryptionConfiguration")
    return {
        "delivery_stream_type": attribute(told, "DeliveryStreamType"),
        "encryption_status": MISSING if encryption is MISSING else attribute(encryption, "Status"),
        "destinations": _destinations(told),
    }


def _destinations(told: Mapping[str, Any]) -> Any:
    if told["HasMoreDestinations"] or not told["Destinations"]:
        # A stream has one destination: neither more than were told nor none is an answer.
        return MISSING
    return [_destination(destination) for destination in told["Destinations"]]


def _destination(told: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = [kind for kind in told if kind.endswith("DestinationDescription") and kind != _DEPRECATED]
    options = [attribute(told[kind], "CloudWatchLoggingOptions") for kind in kinds or [_DEPRECATED]]
    (logging,) = options
    return {
        "id": attribute(told, "DestinationId"),
        "logging_enabled": MISSING if logging is MISSING else attribute(logging, "Enabled"),
    }


READERS: Final = (
    Reader(
        operations=("firehose:ListDeliveryStreams",),
        read=_streams,
        lists=(STREAM,),
        fills={},
        permissions=("firehose:ListDeliveryStreams",),
    ),
    Reader(
        operations=("firehose:DescribeDeliveryStream",),
        read=_description,
        per="resource",
        of=STREAM,
        fills={STREAM: ("delivery_stream_type", "encryption_status", "destinations")},
        permissions=("firehose:DescribeDeliveryStream",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
