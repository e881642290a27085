"""What the GCP collector tests share, beside :mod:`tests.collectors.scan`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.collection import directory
from engine.collection.limiter import Limiter
from providers import declared, opened
from providers.base import Directory
from tests.emulators.gcp.world import World

ORGANIZATION: Final = {"accounts": "organization"}
"""What the policy says for every project that the organization has."""

Change = Callable[[World], None]
"""What is otherwise in the organization of a test."""


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


def as_it_is(world: World) -> None:
    """Nothing changes."""


def asset(type_: str, place: int = 0, **data: Any) -> Change:
    """An asset of the project "web" has other values; None: it has no such key."""

    def change(world: World) -> None:
        held = world.assets("web", type_)[place]["data"]
        held.update(data)
        for key in [key for key, value in data.items() if value is None]:
            del held[key]

    return change


def granted(member: str, *roles: str, on: str = "web", condition: dict[str, str] | None = None) -> Change:
    """A project ("web"), a folder ("11") or the organization ("") grants roles."""

    def change(world: World) -> None:
        folder = next((row for row in world.folders if row["id"] == on), None)
        holder = world.projects.get(on) or folder or world.organization
        bound = [
            {"role": role, "members": [member], **({"condition": condition} if condition else {})} for role in roles
        ]
        policy = holder.setdefault("iam", {})
        policy["bindings"] = [*policy.get("bindings", []), *bound]

    return change


def denied(*permissions: str) -> Change:
    return lambda world: world.denied.update(permissions)


def both(*changes: Change) -> Change:
    def change(world: World) -> None:
        for one in changes:
            one(world)

    return change
