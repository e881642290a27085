"""botocore's service models, cut down to the operations that are called, which saves most of their memory and time.

A model of botocore describes every operation, shape and error of a service, with its documentation, and each client
makes a method of each operation. What the readers and the discovery declare is what is kept.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore.session
import msgspec
from botocore.loaders import JSONFileLoader, Loader, instance_cache

from providers.aws import DISCOVERY, READERS
from providers.aws.organization import OPERATIONS

WHOLE: Final = frozenset({"sts", "sso", "sso-oidc", "signin"})
"""Services that botocore itself calls for credentials."""

CALLED: Final[Mapping[str, frozenset[str]]] = {
    # For a bucket that answers from another region than was asked.
    "s3": frozenset({"HeadBucket"}),
}
"""Operations that botocore itself calls."""


@cache
def loader() -> Loader:
    """The loader of botocore's own models and of those in AWS_DATA_PATH; one for all sessions."""
    configured = botocore.session.Session().get_config_variable("data_path")
    paths = filter(None, os.path.expandvars(configured or "").split(os.pathsep))
    return _Models(extra_search_paths=[str(Path(path).expanduser()) for path in paths])


@cache
def declared() -> Mapping[str, frozenset[str]]:
    """The operations that are called, by the name that botocore has for the service."""
    found: dict[str, set[str]] = {name: set(operations) for name, operations in CALLED.items()}
    read = (name for reader in READERS for name in reader.operations)
    for name in (*read, *(name for name, _ in DISCOVERY), *OPERATIONS):
        service, _, operation = name.partition(":")
        found.setdefault(service, set()).add(operation)
    return {service: frozenset(operations) for service, operations in found.items() if service not in WHOLE}


class _ModelFiles(JSONFileLoader):  # type: ignore[misc]
    """Reads a model into plain dictionaries: a third of the time and of the memory of botocore's ordered ones."""

    def load_file(self, file_path: str) -> Any:
        """The model in a file, whose suffix is left out; None where there is no such file."""
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            path = Path(file_path + suffix)
            if path.is_file():
                with opened(path, "rb") as file:
                    return msgspec.json.decode(file.read())
        return None


class _Models(Loader):  # type: ignore[misc]
    """Finds service models without first looking for those of every service that AWS has."""

    FILE_LOADER_CLASS = _ModelFiles

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._narrowed: dict[int, dict[str, Any]] = {}

    @instance_cache  # type: ignore[untyped-decorator]
    def list_available_services(self, type_name: str) -> list[str]:
        """The services that have a folder; whether it holds a model of the type shows when that is loaded."""
        folders = [Path(path) for path in self.search_paths]
        return sorted({entry.name for folder in folders if folder.is_dir() for entry in folder.iterdir()})

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> dict[str, Any]:
        """A model of a service; that of its operations is narrowed, in place, since the loader keeps what it loads."""
        model: dict[str, Any] = super().load_service_model(service_name, type_name, api_version)
        operations = declared().get(service_name)
        if operations is not None and type_name == "service-2" and id(model) not in self._narrowed:
            model.update(narrowed(model, operations))
            self._narrowed[id(model)] = model
        return model


def narrowed(model: Mapping[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """What a service model says of these operations, and of the shapes that they take.

    An operation that the model does not have is none of it: the botocore at hand may be older than the operation. Those
    that tell a service's endpoints stay.
    """
    every = model["operations"]
    kept = {name: said for name, said in every.items() if name in operations or said.get("endpointoperation")}
    shapes: dict[str, Any] = {}
    waiting = [name for said in kept.values() for name in _shapes(said)]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            waiting += _shapes(shapes[name])
    return {"operations": _plain(kept), "shapes": _plain(shapes)}


def _shapes(said: Any) -> Iterator[str]:
    """The shapes that an operation or a shape speaks of."""
    if isinstance(said, dict):
        name = said.get("shape")
        if isinstance(name, str):
            yield name
        for value in said.values():
            yield from _shapes(value)
    elif isinstance(said, list):
        for value in said:
            yield from _shapes(value)


def _plain(said: Any) -> Any:
    """Without the text of documentation, whose place botocore asks for."""
    if isinstance(said, dict):
        return {
            name: "" if name == "documentation" and isinstance(value, str) else _plain(value)
            for name, value in said.items()
        }
    return [_plain(value) for value in said] if isinstance(said, list) else said
