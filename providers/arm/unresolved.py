"""Values that a template's expressions give only when it is deployed, and texts that are made of them.

Whoever reads a resource may hand such a value on, for it is an :class:`providers.base.Unread`; whoever looks into it
gets :class:`Looked`, so that no reader that was written for answers of Azure takes it for a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.base import Reason, Unread

_WEIGHT = {"sensitive": 2, "not_collected": 1}
"""Which reason stands for a value that several things keep from being known."""


class Looked(Exception):
    """A value that is not known was looked into. ``why`` is the value."""

    def __init__(self, why: Unread) -> None:
        self.why = why
        super().__init__(why.detail)


@dataclass(frozen=True, slots=True, eq=False)
class Unresolved(Unread):
    """A value that is not known yet.

    ``text`` writes it, in braces where it is not known: two that are written alike are the same value, whatever it will
    be, since functions of templates have no side effects.
    """

    text: str = ""

    def _look(self, *_: Any) -> NoReturn:
        raise Looked(self)

    __bool__ = __len__ = __iter__ = __int__ = __float__ = __index__ = __str__ = __hash__ = _look
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __getitem__ = __add__ = __radd__ = _look

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Looked(self)

    @property
    def plain(self) -> Unread:
        """The same, as evidence has it."""
        return Unread(self.reason, detail=self.detail)


def unresolved(text: str, detail: str, reason: Reason = "known_after_apply") -> Unresolved:
    """What an expression gives that is not known here; ``text`` is the expression."""
    return Unresolved(reason, detail=detail, text=f"{{{text}}}")


def heaviest(values: Iterable[Unresolved]) -> Unresolved:
    """The one of several values that are not known whose reason stands for all."""
    return max(values, key=lambda value: _WEIGHT.get(value.reason, 0))


def within(value: Any) -> Iterator[Unresolved]:
    """Everything that is not known in a value, at any depth."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Unresolved):
            yield item
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def joined(parts: Iterable[Any]) -> str | Unresolved:
    """Texts put together, which are not known where one of them is not."""
    pieces = list(parts)
    unknown = [piece for piece in pieces if isinstance(piece, Unresolved)]
    text = "".join(written(piece) for piece in pieces)
    if not unknown:
        return "".join(map(worded, pieces))
    why = heaviest(unknown)
    return Unresolved(why.reason, detail=why.detail, text=text)


def written(piece: Any) -> str:
    """How a part of a text is written: braces that are its own are doubled."""
    return piece.text if isinstance(piece, Unresolved) else worded(piece).replace("{", "{{").replace("}", "}}")


def worded(value: Any) -> str:
    """A value as Resource Manager writes it into text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (bool, int, float)) else json.dumps(value)


def quoted(value: Any) -> str:
    """A value as an argument in the text of an expression."""
    if isinstance(value, Unresolved):
        text = value.text
        whole = text.startswith("{") and text.endswith("}") and text.count("{") == 1
        return text[1:-1] if whole else f"'{text}'"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {quoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(quoted, value)) + "]"
    return json.dumps(value).replace('"', "'")


def settled(value: Any) -> Any:
    """A value with plain Unreads for what is not known in it, which anybody may compare."""
    if isinstance(value, Unresolved):
        return value.plain
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    return [settled(item) for item in value] if isinstance(value, list) else value
