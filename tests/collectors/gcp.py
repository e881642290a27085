"""What the GCP collector tests share, beside :mod:`tests.collectors.scan`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from tests.emulators.gcp.world import World

ORGANIZATION: Final = {"accounts": "organization"}
"""What the policy says for every project that the organization has."""

Change = Callable[[World], None]
"""What is otherwise in the organization of a test."""


Case = tuple[str, str, Change, str]
"""A check, the name of what it judges, what is otherwise, and the verdict."""


def ids(cases: Iterable[Case]) -> list[str]:
    """A name for each case, counted where two would have the same."""
    told: Counter[str] = Counter()
    names = []
    for check, subject, _, verdict in cases:
        name = f"{check}-{subject}-{verdict}"
        told[name] += 1
        names.append(f"{name}-{told[name]}" if told[name] > 1 else name)
    return names


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
