"""The private part: what a schema marks as personal stands in an erasable file, and a digest in its place.

A resource schema marks a property with ``"x-personal": true``, and at its top level ``"x-personal-identity": true``
where id and name are personal. Records and bodies then hold ``SHA-256(salt || object)`` with ``salt =
HMAC-SHA256(store secret, object)``: equal values keep equal digests, nobody without the secret can guess a value from
its digest, and once the file is erased the digest says nothing. Every hash still verifies.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from engine.evidence import canonical

ANY: Final = "*"
"""In a place: each item of a list."""

_WORD: Final = re.compile(r"\w+")
_SALT: Final = re.compile(r"[0-9a-f]{64}")
_INTERPOLATED: Final = re.compile(r"\$\{([^}]*)\}")

Commit = Callable[[Mapping[str, Any]], str]
"""Takes a private object, keeps it, and gives its digest."""


class RedactedError(Exception):
    """A private object is needed and is not there. The message is its digest."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is personal in the resources of one type.

    ``places`` are paths below ``properties`` (:data:`ANY` stands for the items of a list), ``names`` every property
    name on the way to one.
    """

    identity: bool = False
    places: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Words that betray that a path or a message speaks of something personal."""
        words = {part for place in self.places for part in place if part != ANY}
        return frozenset(words | {"id", "name"} if self.identity else words)

    def __bool__(self) -> bool:
        return self.identity or bool(self.places)


NOTHING: Final = Marks()


def marks(schema: Mapping[str, Any]) -> Marks:
    """What a resource schema marks as personal.

    Raises ValueError where a mark stands at a place that cannot be followed to a property: it would be silently
    ignored.
    """
    followed: set[int] = set()
    places = tuple(sorted(set(_places(schema, schema, (), followed, 0))))
    if () in places or any(id(node) not in followed for node in _marked(schema)):
        raise ValueError("x-personal stands where it cannot be followed to a property")
    return Marks(schema.get("x-personal-identity") is True, places)


def _places(
    node: Any, schema: Mapping[str, Any], place: tuple[str, ...], followed: set[int], depth: int
) -> Iterator[tuple[str, ...]]:
    if not isinstance(node, Mapping) or depth > 64:
        return
    if node.get("x-personal") is True:
        followed.update(id(inner) for inner in _marked(node))
        while place and place[-1] == ANY:  # a list with a hole has no length: all of it is private
            place = place[:-1]
        yield place
        return
    for name, below in node.get("properties", {}).items():
        yield from _places(below, schema, (*place, name), followed, depth + 1)
    yield from _places(node.get("items"), schema, (*place, ANY), followed, depth + 1)
    for word in ("anyOf", "oneOf", "allOf"):
        for below in node.get(word, ()):
            yield from _places(below, schema, place, followed, depth + 1)
    reference = node.get("$ref", "")
    if reference.startswith("#/$defs/"):
        target = schema.get("$defs", {}).get(reference.removeprefix("#/$defs/"))
        yield from _places(target, schema, place, followed, depth + 1)


def _marked(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if node.get("x-personal") is True:
            yield node
        for below in node.values():
            yield from _marked(below)
    elif isinstance(node, (list, tuple)):
        for below in node:
            yield from _marked(below)


def split(properties: Mapping[str, Any], places: tuple[tuple[str, ...], ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Properties without the personal ones, and the personal ones by JSON Pointer (RFC 6901)."""
    private: dict[str, Any] = {}
    public: Any = properties
    for place in places:
        public = _without(public, place, "", private)
    return dict(public), private


def _without(value: Any, place: tuple[str, ...], pointer: str, private: dict[str, Any]) -> Any:
    part, rest = place[0], place[1:]
    if part == ANY and isinstance(value, (list, tuple)):
        return [_without(item, rest, f"{pointer}/{index}", private) for index, item in enumerate(value)]
    if not isinstance(value, Mapping) or part not in value:
        return value
    below = f"{pointer}/{part.replace('~', '~0').replace('/', '~1')}"
    if rest:
        return {**value, part: _without(value[part], rest, below, private)}
    private[below] = value[part]
    return {key: item for key, item in value.items() if key != part}


def joined(properties: Mapping[str, Any], private: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`split` was given."""
    whole: Any = dict(properties)
    for pointer, value in sorted(private.items(), key=lambda item: item[0].count("/")):  # what encloses comes first
        parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        whole = _with(whole, parts, value)
    return dict(whole)


def _with(whole: Any, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    if isinstance(whole, list):
        index = int(parts[0])
        return [*whole[:index], _with(whole[index], parts[1:], value), *whole[index + 1 :]]
    return {**whole, parts[0]: _with(whole.get(parts[0]), parts[1:], value)}


def speaks_of(path: str, types: Mapping[str, Marks]) -> bool:
    """Whether a path or an expression ("resource.owner.email") may show something personal.

    ``types`` maps a variable (``resource``, each relation) to the marks of its type. Errs on the side of yes: one
    word in common with a marked property is enough, and so is a variable of a marked type as a whole.
    """
    words = set(_WORD.findall(path))
    return any(words & found.names or _whole(variable, path) for variable, found in types.items() if found)


def template_speaks_of(template: str, types: Mapping[str, Marks]) -> bool:
    """Whether what a message template interpolates may show something personal; see :func:`speaks_of`."""
    return any(speaks_of(expression, types) for expression in _INTERPOLATED.findall(template))


def _whole(variable: str, path: str) -> bool:
    return re.search(rf"\b{variable}\b(?!\.(?!map\b|filter\b)|\[\d+\]\.)", path) is not None


class PrivateObjects:
    """Commits to private objects with the store's secret, and keeps what is to be written by digest."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.files: dict[str, bytes] = {}

    def commit(self, value: Mapping[str, Any]) -> str:
        """The digest that stands for a private object."""
        data = canonical.encode(value)
        salt = hmac.digest(self._secret, data, "sha256")
        name = commitment(salt, data)
        if name not in self.files:
            self.files[name] = canonical.encode({"object": value, "salt": salt.hex()})
        return name


def commitment(salt: bytes, data: bytes) -> str:
    """``SHA-256(salt || canonical object)``."""
    return sha256(salt + data).hexdigest()


def opened(name: str, file: bytes) -> dict[str, Any]:
    """The object in a private file called ``name``. Raises ValueError where the file is not the one of that digest."""
    content = canonical.decode(file)
    if not isinstance(content, dict) or content.keys() != {"object", "salt"}:
        raise ValueError("not a private object")
    value, salt = content["object"], content["salt"]
    if not isinstance(value, dict) or not isinstance(salt, str) or not _SALT.fullmatch(salt):
        raise ValueError("not a private object")
    if commitment(bytes.fromhex(salt), canonical.encode(value)) != name:
        raise ValueError("its digest is not its name")
    return value
