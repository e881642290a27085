"""Amazon API Gateway: a REST API with a stage, and an HTTP API with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.aws_services import HOME, client, policy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

LOG_GROUP: Final = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:api"


def correct(layer: Overrides) -> None:
    layer.rewrite("apigateway:GetRestApis", _escaped_policies)


def build(wire: AwsWire) -> None:
    who = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}}
    api = rest_api("orders", {"GET": "AWS_IAM", "POST": "NONE"}, policy=policy("execute-api:Invoke", "*", **who))
    stage(api, "live", INFO="/*/*")
    http_stage("webhooks", "$default", logs=True)


def rest_api(name: str, methods: Mapping[str, str], endpoint: str = "REGIONAL", **settings: Any) -> str:
    """Make a REST API with these methods (verb to authorization) on its root, and a resource without any; its id."""
    gateway = client("apigateway")
    api: str = gateway.create_rest_api(name=name, endpointConfiguration={"types": [endpoint]}, **settings)["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.create_resource(restApiId=api, parentId=root, pathPart="v1")
    for verb, authorization in methods.items():
        gateway.put_method(restApiId=api, resourceId=root, httpMethod=verb, authorizationType=authorization)
        gateway.put_integration(restApiId=api, resourceId=root, httpMethod=verb, type="MOCK", requestTemplates={})
    return api


def stage(api: str, name: str, *, logs: bool = False, **levels: str) -> None:
    """Deploy a stage. ``logs``: with an access log. ``levels``: level of execution logging to the methods' path."""
    gateway = client("apigateway")
    gateway.create_deployment(restApiId=api, stageName=name)
    changes = [{"op": "replace", "path": f"{path}/logging/loglevel", "value": level} for level, path in levels.items()]
    if logs:
        changes.append({"op": "replace", "path": "/accessLogSettings/destinationArn", "value": LOG_GROUP})
    if changes:
        gateway.update_stage(restApiId=api, stageName=name, patchOperations=changes)


def http_stage(api: str, name: str, *, logs: bool) -> None:
    """Make an HTTP API with a stage, with or without access logs."""
    gateway = client("apigatewayv2")
    id_ = gateway.create_api(Name=api, ProtocolType="HTTP")["ApiId"]
    settings = {"AccessLogSettings": {"DestinationArn": LOG_GROUP, "Format": "$context.requestId"}} if logs else {}
    gateway.create_stage(ApiId=id_, StageName=name, **settings)


def _escaped_policies(body: bytes) -> bytes:
    # API Gateway escapes the quotation marks of a policy, as in a JSON string; moto returns what it was given.
    answer = json.loads(body)
    for api in answer["item"]:
        if api.get("policy"):
            api["policy"] = json.dumps(api["policy"])[1:-1]
    return json.dumps(answer).encode()
