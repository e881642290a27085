"""Amazon S3: buckets with tags, lifecycle rules, a lock and a replica."""

from __future__ import annotations

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    s3 = client("s3")
    client("s3", "us-east-1").create_bucket(Bucket="northwind-replica")
    client("s3", "us-east-1").put_bucket_versioning(
        Bucket="northwind-replica", VersioningConfiguration={"Status": "Enabled"}
    )
    s3.put_bucket_tagging(
        Bucket="northwind-customer-documents", Tagging={"TagSet": [{"Key": "criticality", "Value": "high"}]}
    )
    rule = {
        "ID": "away",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::northwind-replica"},
    }
    s3.put_bucket_replication(
        Bucket="northwind-customer-documents",
        ReplicationConfiguration={"Role": f"arn:aws:iam::{ACCOUNT}:role/app", "Rules": [rule]},
    )
    dispose = {"ID": "dispose", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}
    s3.put_bucket_lifecycle_configuration(Bucket="northwind-exports", LifecycleConfiguration={"Rules": [dispose]})
    s3.create_bucket(
        Bucket="northwind-records",
        CreateBucketConfiguration={"LocationConstraint": HOME},
        ObjectLockEnabledForBucket=True,
    )
    s3.put_bucket_tagging(Bucket="northwind-records", Tagging={"TagSet": [{"Key": "retention", "Value": "locked"}]})
    s3.put_object_lock_configuration(
        Bucket="northwind-records",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
        },
    )
