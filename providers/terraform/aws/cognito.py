"""Amazon Cognito: user pools and their second factor."""

from __future__ import annotations

from typing import Final

from providers.aws.cognito import USER_POOL
from providers.terraform.mapping import Attribute, Mapping

MAPPINGS: Final = (
    Mapping(
        type=USER_POOL,
        terraform="aws_cognito_user_pool",
        properties={
            "mfa_configuration": Attribute("mfa_configuration", "OFF", "provider documentation, aws_cognito_user_pool")
        },
    ),
)
