"""The operation that botocore was asked for is the operation that is read off its request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.emulators.identify import Request, identify

# One path and method each: no request tells them apart.
SAME_ADDRESS = {
    "s3:GetBucketLifecycle": "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketNotification": "s3:GetBucketNotificationConfiguration",
    "s3:PutBucketLifecycle": "s3:PutBucketLifecycleConfiguration",
    "s3:PutBucketNotification": "s3:PutBucketNotificationConfiguration",
}
# Signed for S3 Express or S3 Object Lambda, which are no services of boto3's.
OTHER_SIGNATURE = {
    "s3:ListDirectoryBuckets",
    "s3:WriteGetObjectResponse",
    "s3control:DeleteAccessPointScope",
    "s3control:GetAccessPointScope",
    "s3control:ListAccessPointsForDirectoryBuckets",
    "s3control:PutAccessPointScope",
}
UNSIGNED = {"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}

SERVICES = {
    "query": ("iam", "rds", "sns", "elbv2", "elb", "sts"),
    "ec2": ("ec2",),
    "json": ("sqs", "dynamodb", "kms", "logs", "config", "cloudtrail", "secretsmanager", "cloudwatch", "organizations"),
    "rest-json": ("lambda", "backup", "guardduty", "efs", "accessanalyzer", "securityhub", "account", "apigatewayv2"),
    "rest-xml": ("s3", "s3control", "cloudfront"),
}


class Sent(Exception):
    """Keeps botocore from sending the request that it made."""

    def __init__(self, request: Request) -> None:
        self.request = request


def minimal(shape: Shape | None, depth: int = 0) -> Any:
    """The least that a shape accepts."""
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_tagged_union", False):
            name = next(iter(shape.members))
            return {name: minimal(shape.members[name], depth + 1)}
        return {name: minimal(shape.members[name], depth + 1) for name in shape.required_members if depth < 6}
    if isinstance(shape, ListShape):
        return [minimal(shape.member, depth + 1)] * max(1, shape.metadata.get("min", 1))
    if isinstance(shape, MapShape):
        return {minimal(shape.key): minimal(shape.value, depth + 1)}
    if shape is None:
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "a" * max(3, shape.metadata.get("min", 3))
    if shape.type_name in ("integer", "long"):
        return int(shape.metadata.get("min", 1))
    return {"boolean": True, "float": 1.0, "double": 1.0, "timestamp": 0, "blob": b"abcd"}[shape.type_name]


def requests(service: str) -> dict[str, Request]:
    """The request of every operation of a service, by operation."""
    client = boto3.client(
        service,
        endpoint_url="http://127.0.0.1:1",
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(inject_host_prefix=False, s3={"addressing_style": "path"}),
    )

    def sent(request: Any, **_: Any) -> None:
        address = urlsplit(request.url)
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        target = f"{address.path}?{address.query}" if address.query else address.path
        data = body.encode() if isinstance(body, str) else body
        raise Sent(Request(request.method, target, headers, data))

    client.meta.events.register("before-send", sent)
    made = {}
    for method, operation in client.meta.method_to_api_mapping.items():
        model = client.meta.service_model.operation_model(operation)
        try:
            getattr(client, method)(**minimal(model.input_shape))
        except Sent as request:
            made[operation] = request.request
    assert len(made) == len(client.meta.method_to_api_mapping)
    return made


@pytest.mark.parametrize(
    ("service", "protocol"), [(service, protocol) for protocol, names in SERVICES.items() for service in names]
)
def test_every_operation_of_a_service_is_identified(service: str, protocol: str) -> None:
    expected, found = {}, {}
    for operation, request in requests(service).items():
        name = f"{service}:{operation}"
        if name in OTHER_SIGNATURE or name in UNSIGNED:
            continue
        call = identify(request)
        expected[name] = (SAME_ADDRESS.get(name, name), "eu-west-1", protocol)
        found[name] = (call.name, call.region, call.protocol)
    assert found == expected


def test_equal_arguments_give_equal_parameters_and_others_do_not() -> None:
    first, again = requests("sqs")["GetQueueAttributes"], requests("sqs")["GetQueueAttributes"]
    other = requests("sqs")["ListQueueTags"]
    assert identify(first) == identify(again)
    assert identify(first).parameters != identify(other).parameters


def test_a_call_in_cbor_is_identified_by_its_path() -> None:
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential=testing/20261123/eu-west-1/monitoring/aws4_request, Signature=0",
        "smithy-protocol": "rpc-v2-cbor",
    }
    call = identify(
        Request("POST", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", headers, b"\xa0")
    )
    assert (call.name, call.region, call.protocol) == ("cloudwatch:DescribeAlarms", "eu-west-1", "cbor")


def test_what_is_no_operation_is_named_by_its_path() -> None:
    call = identify(Request("GET", "/moto-api/data.json", {}))
    assert (call.service, call.operation, call.protocol) == ("-", "GET /moto-api/data.json", "none")
