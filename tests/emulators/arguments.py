"""Reads and sets the top-level arguments of a request, in every protocol but CBOR."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

from tests.emulators.api_models import operation_model
from tests.emulators.identify import Call, Request


def argument(request: Request, call: Call, name: str) -> str | None:
    """A top-level argument of a request, or None where it was not given."""
    place, key = _place(call, name)
    value = _arguments(request, place).get(key)
    return None if value is None else str(value)


def with_argument(request: Request, call: Call, name: str, value: str | None) -> Request:
    """The request with a top-level argument set, or without it where ``value`` is None."""
    place, key = _place(call, name)
    arguments = _arguments(request, place)
    if value is None and key not in arguments:
        return request
    arguments.pop(key, None)
    if value is not None:
        arguments[key] = value
    if place == "query":
        return replace(request, target=f"{request.path}?{urlencode(arguments)}")
    if place == "xml":
        return replace(request, body=_with_element(request.body, key, value))
    body = urlencode(arguments) if place == "form" else json.dumps(arguments)
    return replace(request, body=body.encode())


def _place(call: Call, name: str) -> tuple[str, str]:
    shape = operation_model(call.service, call.operation).input_shape.members[name]
    key = str(shape.serialization.get("name", name))
    if call.protocol == "ec2":
        return "form", str(shape.serialization.get("queryName", key[0].upper() + key[1:]))
    if call.protocol == "query":
        return "form", key
    if shape.serialization.get("location") == "querystring":
        return "query", key
    return ("xml" if call.protocol == "rest-xml" else "json"), key


def _arguments(request: Request, place: str) -> dict[str, Any]:
    if place == "json":
        value: dict[str, Any] = json.loads(request.body or b"{}")
        return value
    if place == "xml":
        return {_local(child): child.text for child in ElementTree.fromstring(request.body)} if request.body else {}
    text = urlsplit(request.target).query if place == "query" else request.body.decode()
    return dict(parse_qsl(text, keep_blank_values=True))


def _with_element(body: bytes, name: str, text: str | None) -> bytes:
    root = ElementTree.fromstring(body)
    for child in [child for child in root if _local(child) == name]:
        root.remove(child)
    if text is not None:
        ElementTree.SubElement(root, f"{root.tag.removesuffix(_local(root))}{name}").text = text
    return bytes(ElementTree.tostring(root))


def _local(element: ElementTree.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
