"""Amazon Kinesis Data Streams: streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STREAM: Final = "AWS::Kinesis::Stream"
TYPES: Final = (ResourceType(STREAM),)


def _streams(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("kinesis", "list_streams"):
        for name in page["StreamNames"]:
            yield Found(STREAM, f"arn:{aws.partition}:kinesis:{aws.region}:{aws.account}:stream/{name}", {}, name)


def _summary(aws: Caller, stream: Resource) -> Mapping[str, Any]:
    answer = aws.call("kinesis", "describe_stream_summary", StreamName=stream.name)["StreamDescriptionSummary"]
    return {
        "encryption_type": attribute(answer, "EncryptionType"),
        "retention_period_hours": attribute(answer, "RetentionPeriodHours"),
    }


READERS: Final = (
    Reader(
        operations=("kinesis:ListStreams",),
        read=_streams,
        lists=(STREAM,),
        fills={},
        permissions=("kinesis:ListStreams",),
    ),
    Reader(
        operations=("kinesis:DescribeStreamSummary",),
        read=_summary,
        per="resource",
        of=STREAM,
        fills={STREAM: ("encryption_type", "retention_period_hours")},
        permissions=("kinesis:DescribeStreamSummary",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
