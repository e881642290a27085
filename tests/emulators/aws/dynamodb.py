"""Amazon DynamoDB: a table with tags, and one with a key of the company's, an index and provisioned capacity."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    tables = client("dynamodb")
    arn = tables.describe_table(TableName="sessions")["Table"]["TableArn"]
    tables.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "web"}])
    key = client("kms").create_key(Description="tables")["KeyMetadata"]["Arn"]
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    index = {
        "IndexName": "by-id",
        "KeySchema": schema,
        "Projection": {"ProjectionType": "ALL"},
        "ProvisionedThroughput": capacity,
    }
    tables.create_table(
        TableName="orders",
        KeySchema=schema,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput=capacity,
        GlobalSecondaryIndexes=[index],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        DeletionProtectionEnabled=True,
    )
