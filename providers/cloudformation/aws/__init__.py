"""CloudFormation's AWS resource types: what they are in the types of :mod:`providers.aws`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from providers.cloudformation.aws.naming import PATTERNS as NAMING
from providers.terraform.catalogue import Catalogue, catalogue

__all__ = ["CATALOGUE", "NAMING", "PUBLISHED", "SERVICES"]

SERVICES: Final = (
    "cloudtrail",
    "computing",
    "containers",
    "databases",
    "delivery",
    "elbv2",
    "firehose",
    "iam",
    "kms",
    "messaging",
    "rds",
    "s3",
    "security_groups",
)
"""The modules, one a service: each has ``MAPPINGS``. ``ALSO`` names types that its mappings read for others only."""

PUBLISHED: Final[Mapping[str, Any]] = json.loads((Path(__file__).parent / "properties.json").read_text("utf-8"))
"""The names of the properties that AWS publishes for the types that are read (CloudFormation resource schemas), as
``python -m benchmarks.cloudformation_schema`` writes them. A name that is not among them may be a slip of the pen."""

_MODULES: Final = tuple(import_module(f"{__name__}.{service}") for service in SERVICES)

CATALOGUE: Final[Catalogue] = catalogue(
    "aws",
    [mapping for module in _MODULES for mapping in getattr(module, "MAPPINGS", ())],
    [],
    [name for module in _MODULES for name in getattr(module, "ALSO", ())],
    sparse=True,
)
