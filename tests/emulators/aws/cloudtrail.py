"""AWS CloudTrail: a trail with event selectors, that delivers to its log group."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    objects = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::northwind-customer-documents/"]}
    client("cloudtrail").put_event_selectors(
        TrailName="northwind",
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [objects]}],
    )
    delivered = datetime(2026, 11, 23, 23, tzinfo=UTC).timestamp()
    wire.overrides.edit(
        "cloudtrail:GetTrailStatus", lambda answer: answer.put("LatestCloudWatchLogsDeliveryTime", delivered)
    )
