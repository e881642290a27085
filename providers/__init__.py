"""Reads the world: one package a provider. Knows no check and imports nothing from ``engine``.

A provider's package declares what it can read (``TYPES``, ``READERS``) without its SDK; its ``adapter`` module holds
the :class:`providers.base.Provider` and imports the SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from providers.base import Provider, Reader, ResourceType

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws": ("boto3", "botocore"),
    "azure": ("azure-identity", "azure"),
    "gcp": ("google-auth", "google", "requests"),
    "github": ("requests",),
    "tables": (),
}
"""The providers, and what to install first; or what is imported of it, where that has another name.

Where any of these is not found, the provider's extra is not installed.
"""


class NotInstalled(Exception):
    """The provider's SDK is not there. ``extra`` is what to install."""

    def __init__(self, extra: str, module: str) -> None:
        self.extra, self.module = extra, module
        super().__init__(f"the provider {extra} needs {module}: pip install 'auditreel[{extra}]'")


def declared(provider: str) -> Declared:
    """What the provider can read. Needs no SDK."""
    return Declared(import_module(f"providers.{provider}"))


class Declared:
    """A provider's resource types and readers."""

    def __init__(self, package: Any) -> None:
        self.types: Mapping[str, ResourceType] = package.TYPES
        self.readers: tuple[Reader, ...] = package.READERS
        self.discovered: Mapping[str, tuple[str, ...]] = package.DISCOVERED
        self.discovery: tuple[tuple[str, tuple[str, ...]], ...] = package.DISCOVERY
        self.entering: Callable[[Mapping[str, Any]], Mapping[str, str]] = package.entering


def opened(provider: str, **settings: Any) -> Provider:
    """The provider's adapter. Raises :class:`NotInstalled` where its SDK is missing."""
    try:
        adapter = import_module(f"providers.{provider}.adapter")
        result: Provider = adapter.open(**settings)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in EXTRAS[provider]:
            raise NotInstalled(provider, EXTRAS[provider][0]) from error
        raise
    return result
