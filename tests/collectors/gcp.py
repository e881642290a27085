"""What the GCP collector tests share, beside :mod:`tests.collectors.scan`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from engine.collection import directory
from engine.collection.limiter import Limiter
from providers import declared, opened
from providers.base import Directory

ORGANIZATION: Final = {"accounts": "organization"}
"""What the policy says for every project that the organization has."""


def everything() -> dict[str, set[str]]:
    """All that the provider's readers read, by type."""
    wanted: dict[str, set[str]] = {}
    for reader in declared("gcp").readers:
        for type_ in reader.lists:
            wanted.setdefault(type_, set())
        for type_, names in reader.fills.items():
            wanted.setdefault(type_, set()).update(names)
    return wanted


def found(access: Mapping[str, Any] | None = None) -> Directory:
    """The projects that there are."""
    adapter = opened("gcp", timeout=5.0, access=access)
    try:
        return directory(adapter, Limiter(lambda seconds: None, threading.Event()))
    finally:
        adapter.close()
