"""Amazon API Gateway, HTTP and WebSocket APIs: their stages."""

from __future__ import annotations

from typing import Final

from providers.aws.apigatewayv2 import STAGE
from providers.aws.logs import LOG_GROUP
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=STAGE,
        terraform="aws_apigatewayv2_stage",
        properties={
            "access_log_destination": Attribute("access_log_settings.destination_arn", None, names=LOG_GROUP),
        },
    ),
)
