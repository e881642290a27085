"""Regions that do not have a service: no gap where AWS says so itself and nothing answers to the name, else one."""

from __future__ import annotations

import pytest

from tests.collectors.scan import read
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions

CLUSTER = "AWS::DAX::Cluster"
NOWHERE = "http://nowhere.invalid:9/"  # RFC 6761: a name that never resolves


@pytest.mark.parametrize(
    ("region", "endpoint", "state", "reason"),
    [
        ("me-south-1", NOWHERE, "off", None),
        # botocore knows an endpoint there: the name will resolve again.
        ("eu-west-1", NOWHERE, "failed", "unavailable"),
        # Something has the name: the region may be newer than botocore.
        ("me-south-1", "http://127.0.0.1:9/", "failed", "unavailable"),
    ],
)
def test_a_listing_is_off_only_where_the_service_is_not_offered(
    aws_env: AwsWire, monkeypatch: pytest.MonkeyPatch, region: str, endpoint: str, state: str, reason: str | None
) -> None:
    regions(aws_env.overrides, region, "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DAX", endpoint)

    snapshot = read({CLUSTER: {"endpoint_encryption_type"}}, regions=(region,))

    (row,) = [row for row in snapshot.collections if row.scope.region == region]
    assert (row.state, row.unread.reason if row.unread else None) == (state, reason)
    (told,) = [row for row in snapshot.ledger if row.reader == "dax:DescribeClusters"]
    assert told.outcomes == {reason or "off": 1}
