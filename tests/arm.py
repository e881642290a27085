"""Builds ARM templates: resources as they are written, with the sections around them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

SCHEMA: Final = "https://schema.management.azure.com/schemas/{}#"
GROUP: Final = SCHEMA.format("2019-04-01/deploymentTemplate.json")
SUBSCRIPTION: Final = SCHEMA.format("2018-05-01/subscriptionDeploymentTemplate.json")
PARAMETERS: Final = SCHEMA.format("2019-04-01/deploymentParameters.json")
GIVEN: Final = {
    "subscription().subscriptionId": "5d1b0000-0000-4000-8000-000000000001",
    "resourceGroup().name": "rg-app",
    "resourceGroup().location": "westeurope",
}
"""Where a template is deployed to."""

Rows = Sequence[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]]


def row(type_: str, name: str, version: str, properties: Any = None, **more: Any) -> dict[str, Any]:
    """A resource."""
    found = {"type": type_, "apiVersion": version, "name": name, **more}
    return found if properties is None else {**found, "properties": properties}


def template(rows: Rows, **sections: Any) -> dict[str, Any]:
    """A template with these resources."""
    version = {"languageVersion": "2.0"} if isinstance(rows, Mapping) else {}
    return {"$schema": GROUP, **version, "contentVersion": "1.0.0.0", **sections, "resources": rows}


def data(rows: Rows, **sections: Any) -> bytes:
    """Such a template as the bytes of a file."""
    return json.dumps(template(rows, **sections)).encode()


def id_of(type_: str, *names: str) -> str:
    """The expression that names a resource."""
    return f"[resourceId('{type_}', {', '.join(repr(name) for name in names)})]"
