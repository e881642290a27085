"""AWS AppSync: GraphQL APIs."""

from __future__ import annotations

from typing import Final

from providers.aws.appsync import API
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=API,
        terraform="aws_appsync_graphql_api",
        properties={"field_log_level": Attribute("log_config.field_log_level", None)},
    ),
)
