"""Amazon Data Firehose: streams, and what is logged of their deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STREAM: Final = "AWS::KinesisFirehose::DeliveryStream"
TYPES: Final = (ResourceType(STREAM),)
_DEPRECATED: Final = "S3DestinationDescription"
"""Stands beside ExtendedS3DestinationDescription and says part of the same."""


def _streams(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("firehose", "list_delivery_streams"):
        for name in page["DeliveryStreamNames"]:
            arn = f"arn:{aws.partition}:firehose:{aws.region}:{aws.account}:deliverystream/{name}"
            yield Found(STREAM, arn, {}, name)


def _description(aws: Caller, stream: Resource) -> Mapping[str, Any]:
    answer = aws.call("firehose", "describe_delivery_stream", DeliveryStreamName=stream.name)
    told = answer["DeliveryStreamDescription"]
    return {
        "delivery_stream_type": attribute(told, "DeliveryStreamType"),
        # That a stream without encryption may lack its status is documented nowhere.
        "encryption_status": attribute(told.get("DeliveryStreamEncryptionConfiguration") or {}, "Status"),
        "cloudwatch_logging_enabled": _logging(told),
    }


def _logging(told: Mapping[str, Any]) -> Any:
    if told["HasMoreDestinations"] or len(told["Destinations"]) != 1:
        return Unread("ambiguous")  # a stream has one destination
    (destination,) = told["Destinations"]
    kinds = [name for name in destination if name.endswith("DestinationDescription")]
    if len(kinds) > 1:
        kinds = [name for name in kinds if name != _DEPRECATED]
    if len(kinds) != 1:
        return Unread("ambiguous")  # of a kind that the SDK does not know, or of several
    return attribute(destination[kinds[0]].get("CloudWatchLoggingOptions") or {}, "Enabled")


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
        fills={STREAM: ("delivery_stream_type", "encryption_status", "cloudwatch_logging_enabled")},
        permissions=("firehose:DescribeDeliveryStream",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
