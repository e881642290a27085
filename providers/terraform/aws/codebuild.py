"""AWS CodeBuild: projects, credentials that they hold in clear text, and whether their builds are logged."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.codebuild import PROJECT, STORED
from providers.base import Unread
from providers.secrets import secrets
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_PROVIDER: Final = "provider documentation, aws_codebuild_project"
_VARIABLES: Final = "environment.environment_variable"
_SOURCES: Final = ("source", "secondary_sources")


def _plaintext(block: Block) -> list[Block] | Unread:
    """The environment variables that hold their values themselves."""
    rows = block.blocks(_VARIABLES)
    if isinstance(rows, Unread):
        return rows
    kinds = [row.get("type", "PLAINTEXT") for row in rows]
    unread = next((kind for kind in kinds if isinstance(kind, Unread)), None)
    return unread or [row for row, kind in zip(rows, kinds, strict=True) if kind not in STORED]


def _names(block: Block) -> Any:
    rows = _plaintext(block)
    if isinstance(rows, Unread):
        return rows
    names = [row.get("name") for row in rows]
    return next((name for name in names if isinstance(name, Unread)), None) or sorted(set(names))


def _secrets(block: Block) -> Any:
    """The credentials found; where none is, a value that could not be looked into leaves it open whether there are."""
    pairs, unread = _pairs(block)
    found = [row for name, value in pairs for row in secrets({name: value})]
    return found if found or unread is None else unread


def _pairs(block: Block) -> tuple[list[tuple[str, str]], Unread | None]:
    pairs: list[tuple[Any, Any]] = []
    unread: Unread | None = None
    variables = _plaintext(block)
    if isinstance(variables, Unread):
        unread = variables
    else:
        pairs += [(row.get("name"), row.get("value")) for row in variables]
    for path in _SOURCES:
        rows = block.blocks(path)
        if isinstance(rows, Unread):
            unread = rows
            continue
        for number, row in enumerate(rows):
            name = row.get("source_identifier", str(number), optional=True)
            pairs.append((f"source {name}" if isinstance(name, str) else name, row.get("location", "")))
    untold = next((value for pair in pairs for value in pair if isinstance(value, Unread)), unread)
    return [(name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str)], untold


def _status(name: str, default: str) -> Derived:
    """Null where nothing is set, so that CodeBuild's default holds; within a block the provider's does."""

    def read(block: Block) -> Any:
        logs = block.block("logs_config")
        logs = logs.block(name) if isinstance(logs, Block) else logs
        return logs.get("status", default) if isinstance(logs, Block) else logs

    return Derived((f"logs_config.{name}.status",), read, _PROVIDER)


MAPPINGS: Final = (
    Mapping(
        type=PROJECT,
        terraform="aws_codebuild_project",
        name=Attribute("name", None),
        properties={
            "plaintext_variables": Derived((_VARIABLES,), _names, f"{_PROVIDER}: PLAINTEXT where no type is said"),
            "plaintext_secrets": Derived((_VARIABLES, *_SOURCES), _secrets, _PROVIDER),
            "cloudwatch_logs_status": _status("cloudwatch_logs", "ENABLED"),
            "s3_logs_status": _status("s3_logs", "DISABLED"),
        },
    ),
)
