"""Builds CloudFormation templates: resources by logical id, each its type and its properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Rows = Mapping[str, tuple[str, Mapping[str, Any]]]


def template(rows: Rows, **sections: Any) -> dict[str, Any]:
    """A template with these resources."""
    resources = {name: {"Type": type_, "Properties": dict(values)} for name, (type_, values) in rows.items()}
    return {"AWSTemplateFormatVersion": "2010-09-09", **sections, "Resources": resources}


def data(rows: Rows, **sections: Any) -> bytes:
    """Such a template as the bytes of a file."""
    return json.dumps(template(rows, **sections)).encode()


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, of]}
