"""Which resource is meant: types and scopes as templates may write them, and the ids that they give."""

from __future__ import annotations

from typing import Any

from providers.arm.declared import parts
from providers.arm.places import Text, Where, below
from providers.arm.unresolved import joined


def written_whole(type_: Any, parent: str) -> bool:
    """Whether the type of a resource within another is written whole."""
    return isinstance(type_, str) and type_.lower().startswith(f"{parent.lower()}/")


def split(type_: str) -> tuple[str, bool, str]:
    """A type that is written below what it is an extension of: that one's type, and the rest behind "providers"."""
    of, found, kind = type_.partition("/providers/")
    return of, bool(found), kind


def id_below(scope: Text | None, type_: str, named: list[Text]) -> Text | None:
    """The id of a resource below a scope; None where its name has other parts than its type."""
    if scope is None or len(type_.split("/")) - 1 != len(named):
        return None
    return below(scope, type_, named)


def scope_id(where: Where, given: Text) -> Text:
    """The id of the scope of an extension resource, which may be written without what is above it."""
    shown = given if isinstance(given, str) else given.text
    if shown == "/":
        return ""
    if shown.lower().startswith(("/subscriptions/", "/providers/", "{")):
        return given.rstrip("/") if isinstance(given, str) else given
    words = parts(given)
    kinds, names = words[1::2], words[2::2]
    if len(words) % 2 == 0 or not all(isinstance(word, str) for word in (words[0], *kinds)):
        return joined([where.id, "/providers/", given])
    return below(where.id, "/".join([str(words[0]), *map(str, kinds)]), names)
