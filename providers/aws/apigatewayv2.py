"""Amazon API Gateway, HTTP and WebSocket APIs: their stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STAGE: Final = "AWS::ApiGatewayV2::Stage"
TYPES: Final = (ResourceType(STAGE),)


def _stages(aws: Caller, scope: Scope) -> Iterator[Found]:
    # A list first: the pages' token would grow old while the stages of each are read.
    for api in list(aws.pages("apigatewayv2", "get_apis", "Items")):
        id_ = api["ApiId"]
        arn = f"arn:{aws.partition}:apigateway:{aws.region}::/apis/{id_}"
        for stage in aws.pages("apigatewayv2", "get_stages", "Items", gone="NotFoundException", ApiId=id_):
            logs = stage.get("AccessLogSettings")
            properties = {"access_log_destination": None if logs is None else attribute(logs, "DestinationArn")}
            name = stage["StageName"]
            yield Found(STAGE, f"{arn}/stages/{name}", properties, f"{api.get('Name') or id_}/{name}")


READERS: Final = (
    Reader(
        operations=("apigatewayv2:GetApis", "apigatewayv2:GetStages"),
        read=_stages,
        lists=(STAGE,),
        fills={STAGE: ("access_log_destination",)},
        permissions=("apigateway:GET",),
    ),
)
