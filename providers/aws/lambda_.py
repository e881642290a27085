"""AWS Lambda: functions, who may invoke them, and credentials in their environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread
from providers.secrets import secrets

if TYPE_CHECKING:
    from providers.aws.caller import Caller

FUNCTION: Final = "AWS::Lambda::Function"
TYPES: Final = (ResourceType(FUNCTION),)


def _functions(aws: Caller, scope: Scope) -> Iterator[Found]:
    """Every function with its published versions, which one listing returns as rows of their own."""
    latest: dict[str, Mapping[str, Any]] = {}
    versions: dict[str, list[str]] = {}
    environments: dict[str, list[Mapping[str, Any]]] = {}
    for row in aws.pages("lambda", "list_functions", "Functions", FunctionVersion="ALL"):
        name, version = row["FunctionName"], row["Version"]
        environments.setdefault(name, []).append(row.get("Environment") or {})
        if version == "$LATEST":
            if latest.setdefault(name, row) != row:
                raise ValueError("two functions of one name")
        else:
            versions.setdefault(name, []).append(version)
    for name, current in latest.items():
        properties = {
            "published_versions": sorted(versions.get(name, [])),
            "environment_secrets": _environment_secrets(environments[name]),
        }
        # A function's ARN carries the version that was asked for.
        yield Found(FUNCTION, current["FunctionArn"].removesuffix(":$LATEST"), properties, name)


def _environment_secrets(environments: list[Mapping[str, Any]]) -> list[dict[str, str]] | Unread:
    found: dict[str, dict[str, str]] = {}
    for environment in environments:
        if environment.get("Error"):
            # Lambda could not decrypt the variables for us (EnvironmentError).
            code = environment["Error"].get("ErrorCode")
            return Unread("access_denied", "lambda:ListFunctions", "kms:Decrypt", code)
        found.update({row["name"]: row for row in secrets(environment.get("Variables") or {})})
    return [found[name] for name in sorted(found)]


def _policies(aws: Caller, function: Resource) -> Mapping[str, Any]:
    """The policy of the function itself, and of each alias and version, which have policies of their own."""
    aliases = [row["Name"] for row in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=function.name)]
    policies = []
    for qualifier in ("", *sorted(aliases), *function.properties["published_versions"]):
        named = {"Qualifier": qualifier} if qualifier else {}
        answer = aws.optional("lambda", "get_policy", "ResourceNotFoundException", FunctionName=function.name, **named)
        if answer is not None:
            policies.append({"qualifier": qualifier, "document": document(answer["Policy"])})
    return {"policies": policies}


READERS: Final = (
    Reader(
        operations=("lambda:ListFunctions",),
        read=_functions,
        lists=(FUNCTION,),
        fills={FUNCTION: ("published_versions", "environment_secrets")},
        permissions=("lambda:ListFunctions",),
    ),
    Reader(
        operations=("lambda:GetPolicy", "lambda:ListAliases"),
        read=_policies,
        per="resource",
        of=FUNCTION,
        needs=("published_versions",),
        fills={FUNCTION: ("policies",)},
        permissions=("lambda:GetPolicy", "lambda:ListAliases"),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
