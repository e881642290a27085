"""What a template's parameters are worth: what is given for them, their defaults, and nothing where neither tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.loading import Document
from providers.templates import NotATemplate

PSEUDO: Final = frozenset(
    {
        *("AWS::AccountId", "AWS::Region", "AWS::Partition", "AWS::StackName", "AWS::StackId", "AWS::URLSuffix"),
        "AWS::NotificationARNs",
    }
)
"""Pseudo parameters, which may be given like others (CloudFormation User Guide, "Pseudo parameters reference")."""
_MADE: Final = ("AWS::StackId", "AWS::NotificationARNs")
"""What nobody knows before the stack is made; where it will be, whoever deploys it knows."""
LARGEST: Final = 2**20
"""Bytes of a file of parameters at the most."""
_KEYS: Final = frozenset(
    {
        *("Type", "Default", "AllowedValues", "AllowedPattern", "ConstraintDescription", "Description", "MaxLength"),
        *("MaxValue", "MinLength", "MinValue", "NoEcho"),
    }
)
_LISTS: Final = ("CommaDelimitedList", "List<")
_STORED: Final = "AWS::SSM::Parameter::Value<"
_PARTITIONS: Final = (
    ("cn-", ("aws-cn", "amazonaws.com.cn")),
    ("us-gov-", ("aws-us-gov", "amazonaws.com")),
    ("", ("aws", "amazonaws.com")),
)


class NotParameters(Exception):
    """What was given as parameters is none; the text says why."""


def given(arguments: Iterable[str]) -> dict[str, str]:
    """Parameter values by name, of arguments that are ``KEY=VALUE`` or files. Raises NotParameters.

    A file is JSON: the AWS CLI's list of ParameterKey and ParameterValue, CodePipeline's object with "Parameters", or
    an object of names and values.
    """
    found: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        rows = [(name, value)] if equals and not Path(argument).is_file() else _file(Path(argument))
        for key, text in rows:
            if found.get(key, text) != text:
                raise NotParameters(f"{key} is given two values")
            found[key] = text
    return found


def _file(path: Path) -> list[tuple[str, str]]:
    try:
        if path.stat().st_size > LARGEST:
            raise NotParameters(f"{path} is larger than {LARGEST} bytes")
        value = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise NotParameters(f"{path} is neither KEY=VALUE nor a file: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise NotParameters(f"{path} is no JSON of parameters: {error}") from error
    if isinstance(value, dict) and isinstance(value.get("Parameters"), (dict, list)):
        value = value["Parameters"]
    if isinstance(value, list):
        # UsePreviousValue: what the stack has is not in the file.
        rows = [
            (row.get("ParameterKey"), row.get("ParameterValue"))
            for row in value
            if isinstance(row, dict) and row.get("UsePreviousValue") not in (True, "true")
        ]
        if len(rows) < sum(1 for row in value if not (isinstance(row, dict) and row.get("UsePreviousValue"))):
            raise NotParameters(f"{path}: an entry is no object with ParameterKey and ParameterValue")
    else:
        rows = list(value.items()) if isinstance(value, dict) else [(None, None)]
    found = []
    for key, text in rows:
        if isinstance(text, (int, bool)):
            text = json.dumps(text)
        if not isinstance(key, str) or not isinstance(text, str):
            raise NotParameters(f"{path}: parameters are names with texts as their values")
        found.append((key, text))
    if len({key for key, _ in found}) < len(found):
        raise NotParameters(f"{path}: a parameter stands in it twice")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return values


def values(document: Document, chosen: Mapping[str, str], *, others: bool = False) -> dict[str, Any]:
    """Every parameter and pseudo parameter of a template: its value, or an Unread. Raises NotATemplate.

    ``others``: values may be given for parameters that it does not have.
    """
    declared = _declared(document)
    unknown = sorted(set(chosen) - set(declared) - PSEUDO)
    if unknown and not others:
        raise NotATemplate(f"a value is given for the parameter {unknown[0]!r:.80}, which it does not have")
    found: dict[str, Any] = {name: _value(document, name, row, chosen) for name, row in declared.items()}
    return {**found, **_pseudo(chosen)}


def hidden(document: Document) -> frozenset[str]:
    """The parameters whose values are nobody's to print: those with NoEcho."""
    return frozenset(name for name, row in _declared(document).items() if row.get("NoEcho", False) not in _FALSE)


_FALSE: Final = (False, "false", "False")


def _declared(document: Document) -> Mapping[str, Mapping[str, Any]]:
    rows = document.value.get("Parameters", {})
    if not isinstance(rows, dict):
        raise document.error(("Parameters",), "it is no object")
    for name, row in rows.items():
        at = ("Parameters", name)
        if not isinstance(row, dict) or not isinstance(row.get("Type"), str):
            raise document.error(at, "a parameter is an object with a Type")
        if other := sorted(set(row) - _KEYS):
            raise document.error((*at, other[0]), "a parameter has no such key")
    return rows


def _value(document: Document, name: str, row: Mapping[str, Any], chosen: Mapping[str, str]) -> Any:
    at = ("Parameters", name)
    value = chosen.get(name, row.get("Default"))
    allowed = row.get("AllowedValues")
    if allowed is not None and not isinstance(allowed, list):
        raise document.error((*at, "AllowedValues"), "it is no list")
    if row.get("NoEcho", False) not in _FALSE:
        return Unread("sensitive", detail=f"the parameter {name} has NoEcho")
    if value is None:
        # Whoever deploys it knows: it is not given here, which is not the same as nobody knowing before.
        return Unread("not_collected", detail=f"the parameter {name} has no value here")
    if isinstance(value, (dict, list)):
        raise document.error((*at, "Default"), "a default is no text or number")
    text = worded(value)
    if allowed is not None and text not in {worded(item) for item in allowed}:
        raise document.error(at, f"the value {text!r:.80} is not among its AllowedValues")
    if row["Type"].startswith(_STORED):
        return Unread("known_after_apply", detail=f"the parameter {name} is read from the parameter store")
    if row["Type"].startswith(_LISTS):
        return [item.strip() for item in text.split(",")]
    return text


def worded(value: Any) -> str:
    """A value as CloudFormation writes it into text."""
    return value if isinstance(value, str) else json.dumps(value)


def _pseudo(chosen: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: chosen[name] for name in PSEUDO if name in chosen}
    region = chosen.get("AWS::Region")
    if region is not None:
        partition, suffix = next(pair for start, pair in _PARTITIONS if region.startswith(start))
        found.setdefault("AWS::Partition", partition)
        found.setdefault("AWS::URLSuffix", suffix)
    for name in PSEUDO - found.keys():
        made = name in _MADE
        why = f"{name} is made when it is deployed" if made else f"{name} is not given here"
        found[name] = Unread("known_after_apply" if made else "not_collected", detail=why)
    return found
