"""Whether the parts of a plan agree: its list of changes beside planned_values, prior_state and the configuration.

Terraform writes what is planned and what is there twice ("JSON Output Format": plan representation and values
representation). A plan that says two things of one resource was altered or cut: neither of the two is a value, and what
one part holds and the list of changes leaves out makes the plan incomplete, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import Unread
from providers.terraform.addresses import parse
from providers.terraform.reading import NotAPlan

if TYPE_CHECKING:
    from providers.terraform.plan import Json, Planned

TWO_VALUES: Final = Unread("ambiguous", detail="two parts of the plan give it other values")
Held = Mapping[str, "Json"]
"""Resources of planned_values or of a state by address, without the objects that earlier replacements left over."""


def held(module: Any) -> dict[str, Json]:
    """The managed resources of a module of planned_values or of a state, and of those below it."""
    return {row["address"]: row for row in _rows(module or {})}


def _rows(module: Json) -> Iterator[Json]:
    for row in module.get("resources") or ():
        if row.get("mode") == "managed" and not row.get("deposed_key"):
            yield row
    for child in module.get("child_modules") or ():
        yield from _rows(child)


def agreed(values: Json | None, other: Json | None) -> Json | None:
    """The values of a side of a change, without those that another part of the plan gives differently.

    ``other`` is the resource in that part; null where it is not there.
    """
    theirs = other.get("values") if other is not None else None
    if values is None or not isinstance(theirs, dict) or values == theirs:
        return values
    # Equal to nothing, so that a value which one of the two lacks differs.
    lacking = object()
    names = {*values, *theirs}
    differing = {name for name in names if values.get(name, lacking) != theirs.get(name, lacking)}
    return {**values, **dict.fromkeys(sorted(differing), TWO_VALUES)}


def refuse_missing(planned: Held, changes: Iterable[Planned]) -> None:
    """Refuse a plan whose list of changes lacks, or takes away, what planned_values hold."""
    there = {change.address for change in changes if change.after is not None and not change.deposed}
    missing = sorted(planned.keys() - there)
    if missing:
        raise NotAPlan(f"resource_changes lacks {len(missing)} of planned_values, such as {missing[0]}")


def refuse_moves(changes: Sequence[Planned]) -> None:
    """Refuse what cannot have been elsewhere before: a new object, and two of one address."""
    own = {change.address for change in changes if change.before is not None and change.previous_address is None}
    seen: set[str] = set()
    for change in changes:
        was = change.previous_address
        if was is None or change.deposed:
            continue
        if change.before is None or was in seen or was in own:
            raise NotAPlan(f"{change.address} cannot have been {was} before")
        seen.add(was)


def absent(configuration: Json, changes: Iterable[Planned]) -> list[str]:
    """The resources that the configuration has for certain and the plan does not hold: -target leaves some out."""
    there = {(change.at.calls, change.type, change.at.name) for change in changes if not change.deposed}
    certain = _certain(configuration.get("root_module") or {}, ())
    return [".".join((*calls, type_, name)) for calls, type_, name in certain if (calls, type_, name) not in there]


def _certain(module: Json, calls: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The managed resources of the configuration of which there is an instance, whatever its values are."""
    for row in module.get("resources") or ():
        if row.get("mode") == "managed" and not _optional(row):
            yield calls, row["type"], row["name"]
    for name, call in (module.get("module_calls") or {}).items():
        if not _optional(call):
            yield from _certain(call.get("module") or {}, (*calls, name))


def _optional(block: Json) -> bool:
    """Whether count or for_each may make no instance of it."""
    return "count_expression" in block or "for_each_expression" in block


def incomplete(document: Json, changes: Sequence[Planned], lacking: Sequence[str], state: Held) -> Iterator[str]:
    """What a plan leaves out, in sentences. ``lacking`` are the resources that only its configuration has."""
    deferred = document.get("deferred_changes") or []
    if deferred:
        yield f"{len(deferred)} changes are deferred to a later plan"
    if document.get("complete", True) is not True:
        yield "Terraform says that it is not complete: applying it will need another plan (-target, deferred changes)"
    if lacking:
        yield f"it lacks {len(lacking)} resources that its configuration has, such as {lacking[0]} (-target?)"
    again = sorted(change.address for change in changes if change.before is None and change.address in state)
    if again:
        yield f"it makes {len(again)} resources that its state already has, such as {again[0]}"
    left = sorted(state.keys() - set(_told(changes)))
    if left:
        yield f"it does not tell what becomes of {len(left)} resources of the state, such as {left[0]} (-target?)"
    unwritten = [change.address for change in changes if _unwritten(change)] if document.get("configuration") else []
    if unwritten:
        yield f"its configuration lacks {len(unwritten)} resources that it plans, such as {unwritten[0]}"


def _told(changes: Iterable[Planned]) -> Iterator[str]:
    """The addresses in the state of which a plan tells what becomes; a move changes the name, never the type."""
    for change in changes:
        if not change.deposed:
            yield change.address
            was = change.previous_address
            if was is not None and parse(was).type == change.type:
                yield was


def _unwritten(change: Planned) -> bool:
    gone = change.after is None or change.deposed or change.actions == ("forget",)
    return not gone and change.written is None


def statements(document: Json) -> Iterator[str]:
    """What else a reader of the plan should know, in sentences."""
    failed = [
        check for check in document.get("checks") or () if isinstance(check, dict) and check.get("status") == "fail"
    ]
    if failed:
        yield f"{len(failed)} of the configuration's own checks fail"
    drifted = document.get("resource_drift") or []
    if drifted:
        yield f"{len(drifted)} resources were changed outside of Terraform since its last run"
    if not document.get("configuration"):
        yield "it has no configuration, so that what refers to what is only known by value"
