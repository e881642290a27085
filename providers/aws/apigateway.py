"""Amazon API Gateway, REST APIs: their methods and resource policies, and their stages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

REST_API: Final = "AWS::ApiGateway::RestApi"
STAGE: Final = "AWS::ApiGateway::Stage"
TYPES: Final = (ResourceType(REST_API), ResourceType(STAGE))

_NOT_FOUND: Final = "NotFoundException"


def _apis(aws: Caller, scope: Scope) -> Iterator[Found]:
    # One reader for both: each would list the APIs. A list first, since the pages' position would grow old.
    for api in list(aws.pages("apigateway", "get_rest_apis", "items")):
        stages = aws.optional("apigateway", "get_stages", _NOT_FOUND, restApiId=api["id"])
        if stages is None:
            continue  # deleted since it was listed
        arn = f"arn:{aws.partition}:apigateway:{aws.region}::/restapis/{api['id']}"
        name = api.get("name") or api["id"]
        properties = {
            "endpoint_types": attribute(api.get("endpointConfiguration") or {}, "types"),
            "policy": _policy(api.get("policy")),
        }
        yield Found(REST_API, arn, properties, name)
        for stage in stages["item"]:
            yield _stage(f"{arn}/stages/{stage['stageName']}", f"{name}/{stage['stageName']}", stage)


def _policy(text: str | None) -> Any:
    """The resource policy, whose quotation marks API Gateway escapes as in a JSON string; null where there is none."""
    if not text:
        return None
    if text.lstrip().startswith('{\\"'):
        # What is still no JSON then, document() says.
        with suppress(ValueError):
            text = json.loads(f'"{text}"')
    return document(text)


def _stage(arn: str, name: str, stage: Mapping[str, Any]) -> Found:
    logs = stage.get("accessLogSettings")
    settings = stage.get("methodSettings") or {}
    properties = {
        "access_log_destination": None if logs is None else attribute(logs, "destinationArn"),
        "method_settings": [
            {"path": path, "logging_level": attribute(settings[path], "loggingLevel")} for path in sorted(settings)
        ],
    }
    return Found(STAGE, arn, properties, name)


def _methods(aws: Caller, api: Resource) -> Mapping[str, Any]:
    id_ = api.id.rpartition("/")[2]
    resources = aws.pages("apigateway", "get_resources", "items", restApiId=id_, embed=["methods"])
    methods = [
        {
            "path": resource["path"],
            "http_method": verb,
            "authorization_type": attribute(method, "authorizationType"),
        }
        for resource in resources
        # A resource that is only a part of paths has none.
        for verb, method in (resource.get("resourceMethods") or {}).items()
    ]
    return {"methods": sorted(methods, key=lambda method: (method["path"], method["http_method"]))}


READERS: Final = (
    Reader(
        operations=("apigateway:GetRestApis", "apigateway:GetStages"),
        read=_apis,
        lists=(REST_API, STAGE),
        fills={
            REST_API: ("endpoint_types", "policy"),
            STAGE: ("access_log_destination", "method_settings"),
        },
        permissions=("apigateway:GET",),
    ),
    Reader(
        operations=("apigateway:GetResources",),
        read=_methods,
        per="resource",
        of=REST_API,
        fills={REST_API: ("methods",)},
        permissions=("apigateway:GET",),
        gone_codes=frozenset({_NOT_FOUND}),
    ),
)
