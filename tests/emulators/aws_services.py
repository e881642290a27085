"""One module a service in ``tests/emulators/aws``: how moto is made to answer as that service does, and what to read.

A module may define ``correct(layer)``, which corrects what moto gets wrong or lacks for any account (an operation that
moto lacks answers as AWS does where there is nothing), and ``build(wire)``, which gives the account that tests share
something to read for each reader of the service. Adding a service is adding a file.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import boto3

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides

HOME: Final = "eu-west-1"
"""The region that most of the shared account lies in."""
CANARY: Final = "Canary7PlantedSecretXk2f9Qw"
"""Stands wherever the account holds a secret; nothing that we write may hold it."""


def correct(layer: Overrides) -> None:
    """Let every service answer as AWS does."""
    for module in _modules():
        if hasattr(module, "correct"):
            module.correct(layer)


def build(wire: AwsWire) -> None:
    """Make what every service's readers read. The environment must point at ``wire``."""
    for module in _modules():
        if hasattr(module, "build"):
            module.build(wire)


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = sorted(path.stem for path in (Path(__file__).parent / "aws").glob("*.py"))
    return tuple(import_module(f"tests.emulators.aws.{name}") for name in names)


def client(service: str, region: str = HOME) -> Any:
    """boto3's client of a service."""
    return boto3.client(service, region_name=region)


def policy(action: str, resource: str, **more: Any) -> str:
    """A policy document that allows one action."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
