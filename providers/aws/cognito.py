"""Amazon Cognito: user pools and their second factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

USER_POOL: Final = "AWS::Cognito::UserPool"
TYPES: Final = (ResourceType(USER_POOL),)


def _user_pools(aws: Caller, scope: Scope) -> Iterator[Found]:
    for pool in aws.pages("cognito-idp", "list_user_pools", "UserPools"):
        id_ = pool["Id"]
        arn = f"arn:{aws.partition}:cognito-idp:{aws.region}:{aws.account}:userpool/{id_}"
        yield Found(USER_POOL, arn, {}, pool.get("Name") or id_)


def _mfa(aws: Caller, pool: Resource) -> Mapping[str, Any]:
    id_ = pool.id.rpartition("/")[2]
    answer = aws.call("cognito-idp", "get_user_pool_mfa_config", UserPoolId=id_)
    return {"mfa_configuration": attribute(answer, "MfaConfiguration")}


READERS: Final = (
    Reader(
        operations=("cognito-idp:ListUserPools",),
        read=_user_pools,
        lists=(USER_POOL,),
        fills={},
        permissions=("cognito-idp:ListUserPools",),
    ),
    Reader(
        operations=("cognito-idp:GetUserPoolMfaConfig",),
        read=_mfa,
        per="resource",
        of=USER_POOL,
        fills={USER_POOL: ("mfa_configuration",)},
        permissions=("cognito-idp:GetUserPoolMfaConfig",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
