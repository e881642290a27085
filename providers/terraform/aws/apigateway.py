"""Amazon API Gateway, REST APIs: their methods, resource policies and stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.aws.apigateway import REST_API, STAGE
from providers.aws.logs import LOG_GROUP
from providers.base import Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_RESOURCE: Final = "aws_api_gateway_resource"
_IN_BODY: Final = Unread("not_collected", detail="an OpenAPI definition says which methods there are")
_METHOD: Final = ("path", "http_method", "authorization_type")
_SETTINGS: Final = ("path", "logging_level")

ALSO: Final = (_RESOURCE,)


def _method(block: Block) -> list[dict[str, Any]]:
    return [
        {
            "path": _path(block),
            "http_method": block.get("http_method"),
            "authorization_type": block.get("authorization"),
        }
    ]


def _path(block: Block) -> Any:
    """The path of the method's resource; the provider tells it once it exists."""
    found = block.named("resource_id", _RESOURCE)
    if isinstance(found, Unread):
        return found
    return found[0].get("path") if len(found) == 1 else Unread("not_collected", detail="not in this plan")


def _in_order(rows: Sequence[Any]) -> Any:
    return sorted(rows, key=lambda row: [str(row[key]) if isinstance(row[key], str) else "" for key in row])


def _method_settings(block: Block) -> list[dict[str, Any]]:
    # "The default value is OFF" where a setting leaves the level to API Gateway (API reference, MethodSetting).
    level = block.get("settings.logging_level", "OFF")
    return [{"path": block.get("method_path"), "logging_level": level}]


MAPPINGS: Final = (
    Mapping(
        type=REST_API,
        terraform="aws_api_gateway_rest_api",
        parts=(
            Part(
                "aws_api_gateway_method",
                "rest_api_id",
                {"methods": Derived(("http_method", "authorization", "resource_id"), _method)},
            ),
            Part("aws_api_gateway_rest_api_policy", "rest_api_id", {"policy": policy("policy")}),
        ),
        properties={
            "endpoint_types": Attribute(
                "endpoint_configuration.types",
                ["EDGE"],
                "API Gateway Developer Guide, 'API endpoint types': edge-optimized where nothing is said",
            ),
            "policy": Split(
                None, "API Gateway API, CreateRestApi: none where nothing is said", inline=policy("policy")
            ),
            "methods": Split(
                [],
                "API Gateway API, CreateRestApi: a new API has no methods",
                inline=Attribute("body", COMPUTED, "without a definition methods are resources", lambda body: _IN_BODY),
                group=_in_order,
                element=_METHOD,
            ),
        },
    ),
    Mapping(
        type=STAGE,
        terraform="aws_api_gateway_stage",
        # The id that the provider makes up is no name that others use.
        keys=("stage_name", "arn"),
        name=Attribute("stage_name", None),
        parts=(
            Part(
                "aws_api_gateway_method_settings",
                "stage_name",
                {"method_settings": Derived(("method_path", "settings.logging_level"), _method_settings)},
                same=("rest_api_id",),
            ),
        ),
        properties={
            "access_log_destination": Attribute("access_log_settings.destination_arn", None, names=LOG_GROUP),
            "method_settings": Split(
                [],
                "API Gateway API, CreateStage: a new stage has no settings of methods",
                group=_in_order,
                element=_SETTINGS,
            ),
        },
    ),
)
