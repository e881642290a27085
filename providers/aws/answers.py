"""Refuses answers that botocore would let pass as empty.

botocore parses a JSON body that is cut in half into an object without members, and any well-formed XML (a proxy's HTML
page) likewise; every member would then read as absent. This handler of its ``before-parse`` event sees the bytes first.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from providers.aws.errors import MalformedAnswer

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
