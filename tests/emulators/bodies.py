"""Edits the body of an answer by the names that the API model gives its members, in JSON and in XML alike.

A path names members from the top, through lists ("Reservations.Instances.MetadataOptions").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol
from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from tests.emulators.api_models import operation_model
from tests.emulators.identify import Call

_NAMESPACE: Final = re.compile(rb'(<[^?!][^>]*?) xmlns="[^"]*"')


class Document(Protocol):
    """A parsed body."""

    def items(self, path: str) -> list[Any]:
        """The items of the list at ``path``, in the document's own form."""
        ...

    def keep(self, path: str, items: Sequence[Any]) -> None:
        """Let the list at ``path`` hold ``items`` only."""
        ...

    def put(self, name: str, value: Any) -> None:
        """Set the top-level scalar ``name``, or take it away where ``value`` is None."""
        ...

    def get(self, name: str) -> str | None:
        """The top-level scalar ``name`` as text, or None where it is not there or empty."""
        ...

    def put_entry(self, path: str, key: str, value: str | int) -> None:
        """Set one entry of the map at ``path``."""
        ...

    def drop(self, path: str) -> None:
        """Take the member at ``path`` away, from every item of the lists on the way."""
        ...

    def clear(self) -> None:
        """Take every member away."""
        ...

    def encoded(self) -> bytes:
        """The body."""
        ...


def parsed(call: Call, body: bytes) -> Document:
    """The body of a successful answer to ``call``. Raises ValueError for a form that is neither JSON nor XML."""
    output = operation_model(call.service, call.operation).output_shape
    if not isinstance(output, StructureShape):
        raise ValueError(f"{call.name} answers without members")
    if call.protocol in ("json", "rest-json"):
        return JsonDocument(output, json.loads(body))
    if call.protocol in ("query", "ec2", "rest-xml"):
        return XmlDocument(output, ElementTree.fromstring(_NAMESPACE.sub(rb"\1", body, count=1)))
    raise ValueError(f"{call.name}: bodies in {call.protocol} cannot be edited")


def existing(service: str, operation: str, path: str) -> None:
    """Raise ValueError where the answers of an operation have no member at ``path``."""
    shape = operation_model(service, operation).output_shape
    for name in path.split("."):
        if not isinstance(shape, StructureShape):
            raise ValueError(f"{path}: what {name} stands in has no members")
        if name not in shape.members:
            raise ValueError(f"{path}: {shape.name} has no member {name}")
        shape = _inner(shape.members[name])


def _inner(member: Shape) -> Shape:
    return member.member if isinstance(member, ListShape) else member


def hollowed(call: Call, body: bytes) -> bytes:
    """The body without any member; empty where it is not made of members (a policy, a file)."""
    output = operation_model(call.service, call.operation).output_shape
    payload = output.serialization.get("payload") if output is not None else None
    if output is None or (payload and not isinstance(output.members[payload], StructureShape)):
        return b""
    document = parsed(call, body)
    document.clear()
    return document.encoded()


class _Document:
    """What both forms share: ``_top`` is the node that holds the members of ``_shape``."""

    _shape: StructureShape
    _top: Any

    def __init__(self, output: StructureShape) -> None:
        # A payload member is the body itself.
        self._payload = output.serialization.get("payload")
        self._shape = output.members[self._payload] if self._payload else output

    def _own(self, path: str) -> str:
        """A path from the top of the body, which a payload member is itself."""
        return path.removeprefix(f"{self._payload}.")

    def _parents(self, path: str) -> Iterator[tuple[Any, StructureShape, str]]:
        names = self._own(path).split(".")
        if names[0] == self._payload:
            names = names[1:]
        if not names:
            raise ValueError(f"{path} is the whole body")
        yield from self._below(self._top, self._shape, names)

    def _below(self, node: Any, shape: Shape, names: list[str]) -> Iterator[tuple[Any, StructureShape, str]]:
        name, *rest = names
        if not rest:
            yield node, shape, name
            return
        member = shape.members[name]
        for child in self._structures(node, name, member):
            yield from self._below(child, _inner(member), rest)

    def _structures(self, node: Any, name: str, member: Shape) -> list[Any]:
        raise NotImplementedError

    def _only(self, path: str) -> tuple[Any, Shape, str]:
        node, shape, name = next(self._parents(path))
        return node, shape.members[name], name


class JsonDocument(_Document):
    """A JSON body."""

    def __init__(self, output: StructureShape, value: dict[str, Any]) -> None:
        super().__init__(output)
        self._top = value

    def items(self, path: str) -> list[Any]:
        node, member, name = self._only(path)
        return list(node.get(_json_key(name, member)) or [])

    def keep(self, path: str, items: Sequence[Any]) -> None:
        node, member, name = self._only(path)
        node[_json_key(name, member)] = list(items)

    def put(self, name: str, value: Any) -> None:
        name = self._own(name)
        key = _json_key(name, self._shape.members[name])
        self._top.pop(key, None)
        if value is not None:
            self._top[key] = value

    def get(self, name: str) -> str | None:
        name = self._own(name)
        return self._top.get(_json_key(name, self._shape.members[name])) or None

    def put_entry(self, path: str, key: str, value: str | int) -> None:
        node, member, name = self._only(path)
        node.setdefault(_json_key(name, member), {})[key] = value

    def drop(self, path: str) -> None:
        for node, shape, name in self._parents(path):
            node.pop(_json_key(name, shape.members[name]), None)

    def clear(self) -> None:
        self._top.clear()

    def encoded(self) -> bytes:
        return json.dumps(self._top).encode()

    def _structures(self, node: Any, name: str, member: Shape) -> list[Any]:
        value = node.get(_json_key(name, member))
        return value if isinstance(value, list) else [value] if value is not None else []


class XmlDocument(_Document):
    """An XML body. Namespaces are dropped: botocore does not look at them."""

    def __init__(self, output: StructureShape, root: ElementTree.Element) -> None:
        super().__init__(output)
        self._root = root
        wrapper = output.serialization.get("resultWrapper")
        inner = root.find(wrapper) if wrapper else None
        self._top = root if inner is None else inner

    def items(self, path: str) -> list[Any]:
        node, member, name = self._only(path)
        return [item for holder in self._holders(node, name, member) for item in holder]

    def keep(self, path: str, items: Sequence[Any]) -> None:
        node, member, name = self._only(path)
        if _flattened(member):
            self._remove(node, _tag(name, member))
            node.extend(items)
            return
        if node.find(_tag(name, member)) is None:
            ElementTree.SubElement(node, _tag(name, member))
        node.find(_tag(name, member))[:] = items

    def put(self, name: str, value: Any) -> None:
        name = self._own(name)
        tag = _tag(name, self._shape.members[name])
        self._remove(self._top, tag)
        if value is not None:
            ElementTree.SubElement(self._top, tag).text = str(value).lower() if isinstance(value, bool) else str(value)

    def get(self, name: str) -> str | None:
        name = self._own(name)
        return self._top.findtext(_tag(name, self._shape.members[name])) or None

    def put_entry(self, path: str, key: str, value: str | int) -> None:
        node, member, name = self._only(path)
        entries = node.find(_tag(name, member))
        for entry in entries.findall("entry"):
            if entry.findtext("key") == key:
                entries.remove(entry)
        entry = ElementTree.SubElement(entries, "entry")
        ElementTree.SubElement(entry, "key").text = key
        ElementTree.SubElement(entry, "value").text = str(value)

    def drop(self, path: str) -> None:
        for node, shape, name in self._parents(path):
            self._remove(node, _tag(name, shape.members[name]))

    def clear(self) -> None:
        self._top[:] = []

    def encoded(self) -> bytes:
        return bytes(ElementTree.tostring(self._root, encoding="utf-8", xml_declaration=True))

    def _structures(self, node: Any, name: str, member: Shape) -> list[Any]:
        if isinstance(member, ListShape):
            return [item for holder in self._holders(node, name, member) for item in holder]
        return list(node.findall(_tag(name, member)))

    def _holders(self, node: Any, name: str, member: Shape) -> list[Any]:
        found = node.findall(_tag(name, member))
        return [found] if _flattened(member) else found

    @staticmethod
    def _remove(node: Any, tag: str) -> None:
        for child in node.findall(tag):
            node.remove(child)


def _json_key(name: str, member: Shape) -> str:
    return str(member.serialization.get("name", name))


def _flattened(member: Shape) -> bool:
    return isinstance(member, ListShape) and bool(member.serialization.get("flattened"))


def _tag(name: str, member: Shape) -> str:
    # A flattened list's items stand where the list would, under the item's own name where it has one.
    if isinstance(member, ListShape) and _flattened(member) and "name" in member.member.serialization:
        return str(member.member.serialization["name"])
    return str(member.serialization.get("name", name))
