"""Amazon S3: a bucket under a partner's key, and one with ACLs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.wire import Answer, Exchange

PARTNER: Final = "999999999999"
_ACCOUNT_BLOCK: Final = (
    '<?xml version="1.0"?><PublicAccessBlockConfiguration>'
    "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>"
    "<BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>"
    "</PublicAccessBlockConfiguration>"
)


def build(wire: AwsWire) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="northwind-partner", CreateBucketConfiguration={"LocationConstraint": HOME})
    key = f"arn:aws:kms:{HOME}:{PARTNER}:key/11111111-2222-3333-4444-555555555555"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="northwind-partner", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_ownership_controls(
        Bucket="northwind-partner", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_bucket_ownership_controls(
        Bucket="northwind-public-site", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_acl(Bucket="northwind-public-site", ACL="public-read")
    # Not seeded: outside of our adapter, boto3 puts the account's id before the host of S3 Control.
    wire.overrides.answer("s3control:GetPublicAccessBlock", _ACCOUNT_BLOCK)
    wire.overrides.change("kms:DescribeKey", _partners_key)


def _partners_key(exchange: Exchange, answer: Answer) -> Answer:
    """The partner lets us see its key; moto knows no key of another account."""
    if PARTNER.encode() not in exchange.request.body:
        return answer
    body = {"KeyMetadata": {"KeyId": "11111111-2222-3333-4444-555555555555", "KeyManager": "CUSTOMER"}}
    return replace(answer.with_body(json.dumps(body).encode()), status=200)
