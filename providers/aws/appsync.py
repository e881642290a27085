"""AWS AppSync: GraphQL APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

API: Final = "AWS::AppSync::GraphQLApi"
TYPES: Final = (ResourceType(API),)


def _apis(aws: Caller, scope: Scope) -> Iterator[Found]:
    for api in aws.pages("appsync", "list_graphql_apis", "graphqlApis"):
        # Left out of an API that logs nothing.
        logs = api.get("logConfig")
        properties = {"field_log_level": None if logs is None else attribute(logs, "fieldLogLevel")}
        yield Found(API, api["arn"], properties, api.get("name") or api["apiId"])


READERS: Final = (
    Reader(
        operations=("appsync:ListGraphqlApis",),
        read=_apis,
        lists=(API,),
        fills={API: ("field_log_level",)},
        permissions=("appsync:ListGraphqlApis",),
    ),
)
