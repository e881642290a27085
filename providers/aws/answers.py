"""Refuses answers that botocore would let pass as empty, or as false.

botocore parses a JSON body that is cut in half into an object without members, and any well-formed XML (a proxy's HTML
page) likewise; every member would then read as absent. The handler of its ``before-parse`` event sees the bytes first.
What is not "true" botocore reads as false, and what JSON gives for a text as it is: its parsers are told otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from botocore.parsers import BaseJSONParser, BaseXMLResponseParser, ResponseParserFactory

from providers.aws.errors import MalformedAnswer

_BOOLEANS: Final = {"true": True, "false": False}
_ROOT: Final = re.compile(rb"<(?![?!])\s*(?:[\w.-]+:)?([\w.-]+)")


def verified(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Raise :class:`MalformedAnswer` where a success answer is not in the form that the operation's protocol returns.

    ``operation_model`` and ``response_dict`` are botocore's (``before-parse.<service>.<operation>``).
    """
    if response_dict["status_code"] >= 300 or operation_model.has_streaming_output or not _has_body(operation_model):
        return
    why = _fault(operation_model, response_dict["body"])
    if why is not None:
        service = operation_model.service_model.signing_name
        request_id = _request_id(response_dict["headers"])
        raise MalformedAnswer(f"{service}:{operation_model.name}", why, request_id)


def _has_body(operation_model: Any) -> bool:
    shape = operation_model.output_shape
    return shape is not None and any("location" not in member.serialization for member in shape.members.values())


def _fault(operation_model: Any, body: bytes) -> str | None:
    if not body.strip():
        return "empty body"
    protocol = operation_model.service_model.resolved_protocol
    payload = operation_model.output_shape.serialization.get("payload")
    if payload and operation_model.output_shape.members[payload].type_name in ("string", "blob"):
        return None
    if protocol in ("json", "rest-json"):
        return None if _is_json_object(body) else "not a JSON object"
    if protocol in ("query", "ec2", "rest-xml"):
        root = _ROOT.search(body)
        if root is None:
            return "not XML"
        name = root.group(1)
        if name.lower() == b"html":
            return "a web page"
        if protocol != "rest-xml" and name != f"{operation_model.name}Response".encode():
            return "another root element"
    return None


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _request_id(headers: Any) -> str | None:
    found: str | None = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    return found


# --- values ----------------------------------------------------------------------------------------------------------


class Parsers(ResponseParserFactory):  # type: ignore[misc]
    """botocore's parsers, which raise ValueError or TypeError for a boolean, a text or a list that is none.

    A null is no item of a list. A component of botocore's session ("response_parser_factory").
    """

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol ("json", "rest-xml", ...)."""
        parser = super().create_parser(protocol_name)
        if isinstance(parser, BaseXMLResponseParser):
            parser._handle_boolean = _written_boolean
        elif isinstance(parser, BaseJSONParser):
            parser._handle_boolean = _json_boolean
            parser._handle_string = _only_text(getattr(parser, "_handle_string", parser._default_handle))
            parser._handle_list = _whole_list(parser._handle_list)
        return parser


def _written_boolean(shape: Any, node: Any) -> bool:
    """A boolean that is written: in an element, or in a header."""
    text = str(getattr(node, "text", node)).strip().lower()
    if text not in _BOOLEANS:
        raise ValueError("not a boolean")
    return _BOOLEANS[text]


def _json_boolean(shape: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if shape.serialization.get("location") == "header":
        return _written_boolean(shape, value)
    raise TypeError("not a boolean")


def _only_text(handle: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def handle_string(shape: Any, value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError("not a text")
        return handle(shape, value)

    return handle_string


def _whole_list(handle: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def handle_list(shape: Any, node: Any) -> Any:
        if shape.serialization.get("location") != "header" and (not isinstance(node, list) or None in node):
            raise TypeError("not a list, or not a whole one")
        return handle(shape, node)

    return handle_list
