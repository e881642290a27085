"""Server parameters of the flexible servers of PostgreSQL and MySQL: text, in a case that differs by engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import below
from providers.azure.shapes import always
from providers.base import MISSING, Reader, Resource

if TYPE_CHECKING:
    from providers.azure.caller import Caller

_VALUE: Final = always("properties.value")


def parameters(of: str, names: tuple[str, ...], version: str) -> Reader:
    """The reader of these parameters of each server of a type; one that the server does not name is unread."""

    def read(azure: Caller, server: Resource) -> Mapping[str, Any]:
        items = azure.items(f"{server.id}/configurations", version)
        values = {str(item.get("name")).lower(): _VALUE.of(item, version) for item in items}
        return {"parameters": {name: values.get(name, MISSING) for name in names}}

    return below(of, ("parameters",), f"{of}/configurations", read)
