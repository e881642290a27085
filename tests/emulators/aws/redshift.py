"""Amazon Redshift: a cluster that writes audit logs."""

from __future__ import annotations

import json

from tests.emulators.aws_services import CANARY, HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    # moto lets the first delivery fail.
    layer.without("redshift:DescribeLoggingStatus", "LastFailureTime", "LastFailureMessage")


def build(wire: AwsWire) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "redshift.amazonaws.com"},
        "Action": ["s3:PutObject", "s3:GetBucketAcl"],
        "Resource": ["arn:aws:s3:::northwind-audit", "arn:aws:s3:::northwind-audit/*"],
    }
    s3 = client("s3")
    s3.create_bucket(Bucket="northwind-audit", CreateBucketConfiguration={"LocationConstraint": HOME})
    s3.put_bucket_policy(Bucket="northwind-audit", Policy=json.dumps({"Statement": [statement]}))
    warehouse = client("redshift")
    warehouse.create_cluster(
        ClusterIdentifier="warehouse",
        NodeType="ra3.xlplus",
        ClusterType="single-node",
        MasterUsername="master",
        MasterUserPassword=CANARY,
        Encrypted=True,
        PubliclyAccessible=False,
        AutomatedSnapshotRetentionPeriod=7,
    )
    warehouse.enable_logging(ClusterIdentifier="warehouse", BucketName="northwind-audit", S3KeyPrefix=f"{ACCOUNT}/")
