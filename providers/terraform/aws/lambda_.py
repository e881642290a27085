"""AWS Lambda: functions with their permissions, URLs, aliases and failure handling, and event source mappings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from providers.aws.lambda_ import FUNCTION, LATEST, MAPPING
from providers.aws.sns import TOPIC
from providers.aws.sqs import QUEUE
from providers.base import Unread
from providers.secrets import secrets
from providers.terraform.aws.beyond import NOT_HELD, exists, more, one_of
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Given, Mapping, Part, Split

_PROVIDER: Final = "provider documentation, aws_lambda_function"
_NOTHING: Final = "Lambda API, CreateFunction: a new function has none"
_DESTINATIONS: Final = (QUEUE, TOPIC, "AWS::S3::Bucket", FUNCTION)
_STREAM: Final = re.compile(r"arn:[^:]+:(kinesis|dynamodb):")
_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)

# --- functions -------------------------------------------------------------------------------------------------------


def _published(block: Block) -> bool:
    """Whether an existing function has published versions, or may have: they keep what they were made with."""
    return exists(block) and block.get("version", None, computed=False) != LATEST


def _configurations(block: Block) -> Any:
    image = block.get("package_type", "Zip")
    runtime = image if isinstance(image, Unread) else None if image == "Image" else block.get("runtime")
    latest = {
        "version": LATEST,
        "runtime": runtime,
        "dead_letter_target": one_of(block, "dead_letter_config.target_arn", QUEUE, TOPIC),
    }
    return [latest, *([dict.fromkeys(latest, NOT_HELD)] if _published(block) else [])]


def _environment_secrets(block: Block) -> Any:
    variables = block.get("environment.variables", None)
    if isinstance(variables, Unread):
        return variables
    known = {name: value for name, value in (variables or {}).items() if isinstance(value, str)}
    unread = next((value for value in (variables or {}).values() if isinstance(value, Unread)), None)
    # One that is found decides; none is said only of what is known whole.
    return secrets(known) or unread or (NOT_HELD if _published(block) else [])


def _itself(block: Block) -> list[dict[str, Any]]:
    """The function by its own name, and that an existing one may have aliases and versions besides."""
    return [{"name": "", "kind": "function", "versions": [LATEST]}, *more(block, "name", "kind", "versions")]


def _alias(block: Block) -> list[dict[str, Any]]:
    shifted = block.get("routing_config.additional_version_weights", None)
    version = block.get("function_version")
    unread = next((value for value in (shifted, version) if isinstance(value, Unread)), None)
    versions = unread if unread is not None else sorted({version, *(shifted or {})})
    return [{"name": block.get("name"), "kind": "alias", "versions": versions}]


# --- what configures them --------------------------------------------------------------------------------------------


def _qualifier(block: Block) -> Any:
    """The alias or version that something is about; empty for the function itself."""
    qualifier = block.get("qualifier", "", computed=False)
    return "" if qualifier == LATEST else qualifier


def _qualified(read: Callable[[Block], dict[str, Any]]) -> Callable[[Block], list[dict[str, Any]]]:
    return lambda block: [{"qualifier": _qualifier(block), **read(block)}]


_CONDITIONS: Final = (
    ("source_arn", "ArnLike", "AWS:SourceArn"),
    ("source_account", "StringEquals", "AWS:SourceAccount"),
    ("principal_org_id", "StringEquals", "aws:PrincipalOrgID"),
    ("event_source_token", "StringEquals", "lambda:EventSourceToken"),
    ("function_url_auth_type", "StringEquals", "lambda:FunctionUrlAuthType"),
)


def _permission(block: Block) -> dict[str, Any]:
    """The policy statement that Lambda makes of a permission (API reference, AddPermission)."""
    principal, action = block.get("principal"), block.get("action")
    if isinstance(principal, Unread) or isinstance(action, Unread):
        return {"document": principal if isinstance(principal, Unread) else action}
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": _principal(principal),
        "Action": action,
        "Resource": "*",
    }
    conditions: dict[str, dict[str, Any]] = {}
    for path, operator, key in _CONDITIONS:
        value = block.get(path, None, optional=True)
        if isinstance(value, Unread):
            # Whether it will narrow whom the permission is for decides.
            return {"document": value}
        if value not in (None, ""):
            conditions.setdefault(operator, {})[key] = value
    return {"document": {"Version": "2012-10-17", "Statement": [{**statement, "Condition": conditions}]}}


def _principal(principal: str) -> Any:
    if principal == "*":
        return "*"
    if _ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    return {"AWS": principal} if principal.startswith("arn:") else {"Service": principal}


def _url(block: Block) -> dict[str, Any]:
    return {"auth_type": block.get("authorization_type")}


def _invoke_config(block: Block) -> dict[str, Any]:
    return {"failure_destination": one_of(block, "destination_config.on_failure.destination", *_DESTINATIONS)}


def _part(terraform: str, name: str, paths: Iterable[str], read: Callable[[Block], Any]) -> Part:
    return Part(terraform, "function_name", {name: Derived(tuple(paths), read)})


def _list(keys: tuple[str, ...], inline: Given | None = None) -> Split:
    return Split([], _NOTHING, inline=inline, group=list, element=keys)


_PERMISSION_PATHS: Final = ("principal", "action", "qualifier", *(path for path, _, _ in _CONDITIONS))

PARTS: Final = (
    _part("aws_lambda_permission", "policies", _PERMISSION_PATHS, _qualified(_permission)),
    _part("aws_lambda_function_url", "urls", ("authorization_type", "qualifier"), _qualified(_url)),
    _part(
        "aws_lambda_function_event_invoke_config",
        "invoke_configs",
        ("destination_config.on_failure.destination", "qualifier"),
        _qualified(_invoke_config),
    ),
    _part(
        "aws_lambda_alias",
        "qualifiers",
        ("name", "function_version", "routing_config.additional_version_weights"),
        _alias,
    ),
)

# --- event source mappings -------------------------------------------------------------------------------------------


def _bound(path: str) -> Derived:
    """A bound of what reads streams; other sources have none."""

    def read(block: Block) -> Any:
        value = block.get(path, None)
        source = block.get("event_source_arn", None)
        if value is not None:
            return value if isinstance(value, Unread) else int(value)
        if isinstance(source, Unread):
            return source
        return -1 if isinstance(source, str) and _STREAM.match(source) else None

    return Derived((path, "event_source_arn"), read, "Lambda API, CreateEventSourceMapping: -1, which is no bound")


def _failure(block: Block) -> Any:
    return one_of(block, "destination_config.on_failure.destination_arn", *_DESTINATIONS)


MAPPINGS: Final = (
    Mapping(
        type=FUNCTION,
        terraform="aws_lambda_function",
        keys=("function_name", "id", "arn"),
        name=Attribute("function_name", None),
        parts=PARTS,
        properties={
            "package_type": Attribute("package_type", "Zip", _PROVIDER),
            "configurations": Derived(
                ("runtime", "dead_letter_config.target_arn", "package_type", "version"), _configurations
            ),
            "environment_secrets": Derived(("environment.variables", "version"), _environment_secrets),
            "reserved_concurrent_executions": Attribute(
                "reserved_concurrent_executions",
                None,
                f"{_PROVIDER}: -1, which reserves nothing",
                convert=lambda count: int(count) if int(count) >= 0 else None,
            ),
            "qualifiers": _list(("name", "kind", "versions"), Derived(("function_name",), _itself)),
            "policies": _list(("qualifier", "document")),
            "urls": _list(("qualifier", "auth_type")),
            "invoke_configs": _list(("qualifier", "failure_destination")),
        },
    ),
    Mapping(
        type=MAPPING,
        terraform="aws_lambda_event_source_mapping",
        keys=("uuid", "id"),
        name=Attribute("uuid", None, computed=False),
        properties={
            "event_source_arn": Attribute("event_source_arn", None, convert=lambda arn: arn or None),
            "function_arn": Attribute("function_arn", computed=False),
            "failure_destination": Derived(("destination_config.on_failure.destination_arn",), _failure),
            "maximum_retry_attempts": _bound("maximum_retry_attempts"),
            "maximum_record_age_in_seconds": _bound("maximum_record_age_in_seconds"),
        },
    ),
)
