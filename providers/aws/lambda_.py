"""AWS Lambda: functions, who may invoke them, what becomes of failures, and credentials in their environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.secrets import secrets

if TYPE_CHECKING:
    from providers.aws.caller import Caller

FUNCTION: Final = "AWS::Lambda::Function"
MAPPING: Final = "AWS::Lambda::EventSourceMapping"
TYPES: Final = (ResourceType(FUNCTION), ResourceType(MAPPING))

LATEST: Final = "$LATEST"
_GONE: Final = frozenset({"ResourceNotFoundException"})


def _functions(aws: Caller, scope: Scope) -> Iterator[Found]:
    """Every function with its published versions, which one listing returns as rows of their own."""
    latest: dict[str, Mapping[str, Any]] = {}
    versions: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in aws.pages("lambda", "list_functions", "Functions", FunctionVersion="ALL"):
        name, version = row["FunctionName"], row["Version"]
        if versions.setdefault(name, {}).setdefault(version, row) != row:
            raise ValueError("two functions of one name")
        if version == LATEST:
            latest[name] = row
    for name, current in latest.items():
        own = versions[name]
        properties = {
            "published_versions": sorted(version for version in own if version != LATEST),
            "package_type": attribute(current, "PackageType"),
            "configurations": [_configuration(own[version]) for version in sorted(own)],
            "environment_secrets": _environment_secrets([row.get("Environment") or {} for row in own.values()]),
        }
        # A function's ARN carries the version that was asked for.
        yield Found(FUNCTION, current["FunctionArn"].removesuffix(f":{LATEST}"), properties, name)


def _configuration(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "version": row["Version"],
        # Container images bring their own.
        "runtime": None if row.get("PackageType") == "Image" else attribute(row, "Runtime"),
        "dead_letter_target": (row.get("DeadLetterConfig") or {}).get("TargetArn") or None,
    }


def _environment_secrets(environments: list[Mapping[str, Any]]) -> list[dict[str, str]] | Unread:
    found: dict[str, dict[str, str]] = {}
    for environment in environments:
        if environment.get("Error"):
            # Lambda could not decrypt the variables for us (EnvironmentError).
            code = environment["Error"].get("ErrorCode")
            return Unread("access_denied", "lambda:ListFunctions", "kms:Decrypt", code)
        found.update({row["name"]: row for row in secrets(environment.get("Variables") or {})})
    return [found[name] for name in sorted(found)]


def _qualifiers(aws: Caller, function: Resource) -> Mapping[str, Any]:
    """Every name that the function can be invoked by, and the versions that then run."""
    aliases = [
        {"name": alias["Name"], "kind": "alias", "versions": _versions(alias)}
        for alias in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=function.name)
    ]
    published = [
        {"name": version, "kind": "version", "versions": [version]}
        for version in function.properties["published_versions"]
    ]
    itself = {"name": "", "kind": "function", "versions": [LATEST]}
    return {"qualifiers": [itself, *sorted(aliases, key=lambda alias: alias["name"]), *published]}


def _versions(alias: Mapping[str, Any]) -> list[str]:
    """The version of an alias, and those that a part of its traffic is shifted to."""
    shifted = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return sorted({alias["FunctionVersion"], *shifted})


def _policies(aws: Caller, function: Resource) -> Mapping[str, Any]:
    """The policy of the function itself, and of each alias and version, which have policies of their own."""
    policies = []
    for qualifier in (row["name"] for row in function.properties["qualifiers"]):
        named = {"Qualifier": qualifier} if qualifier else {}
        answer = aws.optional("lambda", "get_policy", "ResourceNotFoundException", FunctionName=function.name, **named)
        if answer is not None:
            policies.append({"qualifier": qualifier, "document": document(answer["Policy"])})
    return {"policies": policies}


def _urls(aws: Caller, function: Resource) -> Mapping[str, Any]:
    urls = aws.pages("lambda", "list_function_url_configs", "FunctionUrlConfigs", FunctionName=function.name)
    return {
        "urls": [
            {"qualifier": _qualifier(function, url["FunctionArn"]), "auth_type": attribute(url, "AuthType")}
            for url in urls
        ]
    }


def _invoke_configs(aws: Caller, function: Resource) -> Mapping[str, Any]:
    listed = aws.pages(
        "lambda", "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", FunctionName=function.name
    )
    return {
        "invoke_configs": [
            {
                "qualifier": _qualifier(function, config["FunctionArn"]),
                "failure_destination": _on_failure(config),
            }
            for config in listed
        ]
    }


def _qualifier(function: Resource, arn: str) -> str:
    """The alias or version at the end of a function's ARN; empty for the function itself."""
    if arn != function.id and not arn.startswith(f"{function.id}:"):
        raise ValueError("the answer is about another function")
    qualifier = arn.removeprefix(function.id).removeprefix(":")
    return "" if qualifier == LATEST else qualifier


def _on_failure(configured: Mapping[str, Any]) -> str | None:
    destination: str | None = ((configured.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    return destination or None


def _concurrency(aws: Caller, function: Resource) -> Mapping[str, Any]:
    # Lambda answers with an empty object for a function that has nothing reserved.
    answer = aws.call("lambda", "get_function_concurrency", FunctionName=function.name)
    return {"reserved_concurrent_executions": answer.get("ReservedConcurrentExecutions")}


def _tags(aws: Caller, function: Resource) -> Mapping[str, Any]:
    return {"tags": attribute(aws.call("lambda", "list_tags", Resource=function.id), "Tags")}


def _mappings(aws: Caller, scope: Scope) -> Iterator[Found]:
    for mapping in aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings"):
        # A Kafka cluster that is not AWS's has no ARN.
        source = mapping.get("EventSourceArn")
        properties = {
            "event_source_arn": source,
            "function_arn": attribute(mapping, "FunctionArn"),
            "failure_destination": _on_failure(mapping),
            "maximum_retry_attempts": _bound(mapping, source, "MaximumRetryAttempts"),
            "maximum_record_age_in_seconds": _bound(mapping, source, "MaximumRecordAgeInSeconds"),
        }
        id_ = f"arn:{aws.partition}:lambda:{aws.region}:{aws.account}:event-source-mapping:{mapping['UUID']}"
        yield Found(MAPPING, id_, properties, mapping["UUID"])


def _bound(mapping: Mapping[str, Any], source: str | None, name: str) -> Any:
    """A bound of what reads streams, which Lambda always tells; other sources have none."""
    value = mapping.get(name)
    if value is None and source is not None and source.split(":")[2] in ("kinesis", "dynamodb"):
        return MISSING
    return value


READERS: Final = (
    Reader(
        operations=("lambda:ListFunctions",),
        read=_functions,
        lists=(FUNCTION,),
        fills={FUNCTION: ("published_versions", "package_type", "configurations", "environment_secrets")},
        permissions=("lambda:ListFunctions",),
    ),
    Reader(
        operations=("lambda:ListAliases",),
        read=_qualifiers,
        per="resource",
        of=FUNCTION,
        needs=("published_versions",),
        fills={FUNCTION: ("qualifiers",)},
        permissions=("lambda:ListAliases",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("lambda:GetPolicy",),
        read=_policies,
        per="resource",
        of=FUNCTION,
        needs=("qualifiers",),
        fills={FUNCTION: ("policies",)},
        permissions=("lambda:GetPolicy",),
    ),
    Reader(
        operations=("lambda:ListFunctionUrlConfigs",),
        read=_urls,
        per="resource",
        of=FUNCTION,
        fills={FUNCTION: ("urls",)},
        permissions=("lambda:ListFunctionUrlConfigs",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("lambda:ListFunctionEventInvokeConfigs",),
        read=_invoke_configs,
        per="resource",
        of=FUNCTION,
        fills={FUNCTION: ("invoke_configs",)},
        permissions=("lambda:ListFunctionEventInvokeConfigs",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("lambda:GetFunctionConcurrency",),
        read=_concurrency,
        per="resource",
        of=FUNCTION,
        fills={FUNCTION: ("reserved_concurrent_executions",)},
        permissions=("lambda:GetFunctionConcurrency",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("lambda:ListTags",),
        read=_tags,
        per="resource",
        of=FUNCTION,
        fills={FUNCTION: ("tags",)},
        permissions=("lambda:ListTags",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("lambda:ListEventSourceMappings",),
        read=_mappings,
        lists=(MAPPING,),
        fills={
            MAPPING: (
                "event_source_arn",
                "function_arn",
                "failure_destination",
                "maximum_retry_attempts",
                "maximum_record_age_in_seconds",
            )
        },
        permissions=("lambda:ListEventSourceMappings",),
    ),
)
