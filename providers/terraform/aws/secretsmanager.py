"""AWS Secrets Manager: secrets, their resource policies and their rotation."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.secretsmanager import SECRET
from providers.base import Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import Block
from providers.terraform.mapping import Constant, Derived, Mapping, Part, Split

_NONE: Final = "Secrets Manager API, CreateSecret: none until one is set"


def _rotates(block: Block) -> Any:
    """Older provider versions have the rotation in the secret itself."""
    function = block.get("rotation_lambda_arn", None, optional=True)
    return function if isinstance(function, Unread) else True if function else None


MAPPINGS: Final = (
    Mapping(
        type=SECRET,
        terraform="aws_secretsmanager_secret",
        parts=(
            Part("aws_secretsmanager_secret_policy", "secret_arn", {"policy": policy("policy")}),
            Part(
                "aws_secretsmanager_secret_rotation",
                "secret_id",
                {"rotation_enabled": Constant(True, "Secrets Manager API, RotateSecret: configures and turns it on")},
            ),
        ),
        properties={
            "policy": Split(None, _NONE, inline=policy("policy")),
            "rotation_enabled": Split(
                None, _NONE, inline=Derived(("rotation_lambda_arn",), _rotates), removed=False, optional=True
            ),
            "last_rotated_at": Split(None, "Secrets Manager API, ListSecrets: null of what never rotated"),
            "created_at": Split(Unread("known_after_apply"), "when it is made"),
            "owning_service": Constant(None, "Secrets Manager API: what a service makes has an owner, and no other"),
            "primary_region": Constant(None, "provider documentation: replicas are blocks of the primary secret"),
        },
    ),
)
