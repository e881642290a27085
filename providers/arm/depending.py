"""Parts of values, and what is known of a function's result where its arguments are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.arm.functions import DEEP
from providers.arm.loading import Fields
from providers.arm.unresolved import Unresolved, heaviest, quoted, unresolved, within


class Open(Fields):
    """An object of which only some properties are known; ``text`` is the expression that gives it."""

    __slots__ = ("text",)

    def __init__(self, values: Mapping[str, Any], text: str) -> None:
        super().__init__(values)
        self.text = text


def got(of: Any, key: Any, safe: bool = False) -> Any:
    """A property or an element of a value. Raises LookupError or TypeError where it has none."""
    unknown = [item for item in (of, key) if isinstance(item, Unresolved)]
    if unknown:
        why = heaviest(unknown)
        return Unresolved(why.reason, detail=why.detail, text=f"{{{quoted(of)}[{quoted(key)}]}}")
    if of is None and safe:
        return None
    if isinstance(of, dict) and isinstance(key, str):
        if key in of:
            return of[key]
        if isinstance(of, Open):
            return unresolved(f"{of.text}.{key}", f"{of.text} is told when it is deployed")
        if safe:
            return None
        raise LookupError(f"the object has no property {key!r:.80}")
    if isinstance(of, list) and isinstance(key, int) and not isinstance(key, bool):
        if 0 <= key < len(of):
            return of[key]
        if safe:
            return None
        raise LookupError(f"the list has no element {key}")
    raise TypeError(f"{key!r:.80} cannot be asked of it")


def keeping(lower: str, arguments: list[Any]) -> list[Unresolved]:
    """What keeps a function from being evaluated."""
    if lower in _MAKES:
        return []
    if lower in DEEP:
        return [*within(arguments)]
    looked = [*arguments, *(arguments[0] if lower in _INSIDE and isinstance(arguments[0], list) else [])]
    return [item for item in looked if isinstance(item, Unresolved)]


def depending(name: str, arguments: list[Any], unknown: list[Unresolved]) -> Unresolved:
    """The result of a function that is not known because of some of its arguments."""
    why = heaviest(unknown)
    return Unresolved(why.reason, detail=why.detail, text=f"{{{called(name, arguments)}}}")


def called(name: str, arguments: list[Any]) -> str:
    """A call as it is written."""
    return f"{name}({', '.join(map(quoted, arguments))})"


def are_loops(value: Any) -> bool:
    """Whether a property called copy is a loop, and not just a property."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Fields) and isinstance(item.get("name"), str) and "input" in item for item in value)
    )


_MAKES: Final = frozenset({"createarray", "createobject"})
"""Functions that only put values together, which need not be known."""
_INSIDE: Final = frozenset({"flatten", "shallowmerge"})
"""Functions that look at what the elements of a list hold."""
