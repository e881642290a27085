"""Amazon DynamoDB: tables, how they are encrypted, protected and scaled, and their continuous backups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

TABLE: Final = "AWS::DynamoDB::Table"
TYPES: Final = (ResourceType(TABLE),)


def _tables(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("dynamodb", "list_tables"):
        for name in page["TableNames"]:
            yield Found(TABLE, f"arn:{aws.partition}:dynamodb:{aws.region}:{aws.account}:table/{name}", {}, name)


def _description(aws: Caller, table: Resource) -> Mapping[str, Any]:
    description = aws.call("dynamodb", "describe_table", TableName=table.name)["Table"]
    if "TableArn" not in description:
        # Every table has an ARN; without it the answer is not one, and absent members say nothing.
        raise KeyError("TableArn")
    # Left out where a key of DynamoDB's own encrypts the table.
    encryption = description.get("SSEDescription")
    # Left out of a table that was never switched to on-demand capacity, and so is provisioned.
    billing = description.get("BillingModeSummary")
    return {
        "encryption_status": None if encryption is None else attribute(encryption, "Status"),
        "kms_key_arn": None if encryption is None else attribute(encryption, "KMSMasterKeyArn"),
        "deletion_protection": attribute(description, "DeletionProtectionEnabled"),
        "billing_mode": None if billing is None else attribute(billing, "BillingMode"),
        # Left out of a table that has none.
        "global_secondary_indexes": [
            attribute(index, "IndexName") for index in description.get("GlobalSecondaryIndexes") or []
        ],
    }


def _continuous_backups(aws: Caller, table: Resource) -> Mapping[str, Any]:
    answer = aws.call("dynamodb", "describe_continuous_backups", TableName=table.name)
    backups = answer["ContinuousBackupsDescription"]
    # PointInTimeRecoveryDescription is optional in the answer; the status inside is what speaks.
    recovery = backups.get("PointInTimeRecoveryDescription") or {}
    return {"point_in_time_recovery": attribute(recovery, "PointInTimeRecoveryStatus")}


READERS: Final = (
    Reader(
        operations=("dynamodb:ListTables",),
        read=_tables,
        lists=(TABLE,),
        fills={},
        permissions=("dynamodb:ListTables",),
    ),
    Reader(
        operations=("dynamodb:DescribeTable",),
        read=_description,
        per="resource",
        of=TABLE,
        fills={
            TABLE: (
                "encryption_status",
                "kms_key_arn",
                "deletion_protection",
                "billing_mode",
                "global_secondary_indexes",
            )
        },
        permissions=("dynamodb:DescribeTable",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
    Reader(
        operations=("dynamodb:DescribeContinuousBackups",),
        read=_continuous_backups,
        per="resource",
        of=TABLE,
        fills={TABLE: ("point_in_time_recovery",)},
        permissions=("dynamodb:DescribeContinuousBackups",),
        gone_codes=frozenset({"TableNotFoundException", "ResourceNotFoundException"}),
    ),
    Reader(
        operations=("dynamodb:ListTagsOfResource",),
        read=lambda aws, table: {
            "tags": {
                tag["Key"]: tag["Value"]
                for tag in aws.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=table.id)
            }
        },
        per="resource",
        of=TABLE,
        fills={TABLE: ("tags",)},
        permissions=("dynamodb:ListTagsOfResource",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
