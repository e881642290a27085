"""AWS Secrets Manager: what is known about secrets, never what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import Found, Reader, Resource, ResourceType, Scope
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

SECRET: Final = "AWS::SecretsManager::Secret"  # noqa: S105 (the name of a type)
TYPES: Final = (ResourceType(SECRET),)


def _secrets(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Secrets that are scheduled for deletion are listed only when they are asked for.
    for secret in aws.pages("secretsmanager", "list_secrets", "SecretList"):
        rotated = secret.get("LastRotatedDate")
        properties = {
            # The API leaves out what a secret never had: a rotation, an owner that is a service, a primary elsewhere.
            "rotation_enabled": secret.get("RotationEnabled"),
            "last_rotated_at": instant(rotated) if rotated else None,
            "owning_service": secret.get("OwningService"),
            "primary_region": secret.get("PrimaryRegion"),
            "created_at": instant(secret.get("CreatedDate")),
            "tags": {tag["Key"]: tag["Value"] for tag in secret.get("Tags") or []},
        }
        yield Found(SECRET, secret["ARN"], properties, secret["Name"])


def _policy(aws: Caller, secret: Resource) -> Mapping[str, Any]:
    answer = aws.call("secretsmanager", "get_resource_policy", SecretId=secret.id)
    if answer["ARN"] != secret.id:
        raise ValueError("the answer is about another secret")
    policy = answer.get("ResourcePolicy")
    return {"policy": document(policy) if policy else None}


READERS: Final = (
    Reader(
        operations=("secretsmanager:ListSecrets",),
        read=_secrets,
        lists=(SECRET,),
        fills={
            SECRET: ("rotation_enabled", "last_rotated_at", "owning_service", "primary_region", "created_at", "tags")
        },
        permissions=("secretsmanager:ListSecrets",),
    ),
    Reader(
        operations=("secretsmanager:GetResourcePolicy",),
        read=_policy,
        per="resource",
        of=SECRET,
        fills={SECRET: ("policy",)},
        permissions=("secretsmanager:GetResourcePolicy",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
