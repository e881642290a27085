"""Amazon EC2: credentials in the user data of instances. The text is matched in memory and dropped."""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from typing import TYPE_CHECKING, Any, Final

from providers.base import Reader, Resource, Unread
from providers.secrets import secrets_in_text

if TYPE_CHECKING:
    from providers.aws.caller import Caller

INSTANCE: Final = "AWS::EC2::Instance"
TYPES: Final = ()

LARGEST: Final = 1 << 20
"""Bytes that compressed user data may grow to, of 16 KB that EC2 allows; what grows beyond is not searched."""
_GZIP: Final = b"\x1f\x8b"
_MULTIPART: Final = (b"content-type:", b"mime-version:")
_ENCODED: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}={0,2}(?:\s+[A-Za-z0-9+/]{20,}={0,2})*")
"""What may be base64 within a text: a file that cloud-init writes, or what a script decodes."""
_OPAQUE: Final = Unread("malformed_response", detail="user data that is no text cannot be searched")


class _NotSearchable(Exception):
    """Neither text nor anything that cloud-init unpacks."""


def _user_data(aws: Caller, instance: Resource) -> Mapping[str, Any]:
    answer = aws.call("ec2", "describe_instance_attribute", InstanceId=instance.name, Attribute="userData")
    # An instance without user data is answered for with an empty element.
    return {"user_data_secrets": secrets_of(answer["UserData"].get("Value"))}


def secrets_of(value: str | None) -> list[dict[str, str]] | Unread:
    """What looks like a credential in user data, by name and pattern; unread where a part of it cannot be searched.

    ``value`` is base64, of a text, or of what cloud-init unpacks: gzip, and multipart MIME whose parts may be either.
    What is found is found, whatever else there is.
    """
    found: list[dict[str, str]] = []
    opaque = False
    try:
        for part in _parts(b64decode("".join((value or "").split()), validate=True)):
            if part is None:
                opaque = True
            else:
                found += secrets_in_text(part)
                found += (row for hidden in _hidden(part) for row in secrets_in_text(hidden))
    except binascii.Error:
        opaque = True
    if found:
        distinct = {(row["name"], row["pattern"]) for row in found}
        return [{"name": name, "pattern": pattern} for name, pattern in sorted(distinct)]
    return _OPAQUE if opaque else []


def _parts(data: bytes) -> Iterator[str | None]:
    """The texts that user data consists of; None for what is no text."""
    try:
        data = _unpacked(data)
    except _NotSearchable:
        yield None
        return
    if data.lstrip().lower().startswith(_MULTIPART):
        message = message_from_bytes(data)
        if message.is_multipart():
            # Headers and what stands around the parts are searched as they are.
            yield data.decode("latin-1")
            for part in message.walk():
                if not part.is_multipart():
                    yield from _texts(part.get_payload(decode=True))
                if part.defects:
                    yield None
            return
    yield from _texts(data)


def _texts(data: Any) -> Iterator[str | None]:
    if not isinstance(data, bytes):
        yield None
        return
    try:
        yield _text(_unpacked(data))
    except _NotSearchable:
        # What stands in it as plain characters is found even so.
        yield data.decode("latin-1")
        yield None


def _hidden(text: str) -> Iterator[str]:
    """The texts that stand in a text as base64. What decodes to no text was none, or a file that no pattern fits."""
    for match in _ENCODED.finditer(text):
        for token in {"".join(match.group().split()), *match.group().split()}:
            try:
                yield _text(_unpacked(b64decode(token, validate=True)))
            except (binascii.Error, _NotSearchable):
                continue


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, LARGEST)
    except zlib.error:
        raise _NotSearchable from None
    if not unpacker.eof:
        raise _NotSearchable
    return unpacked


def _text(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _NotSearchable from None
    if "\0" in text:
        raise _NotSearchable
    return text


READERS: Final = (
    Reader(
        operations=("ec2:DescribeInstanceAttribute",),
        read=_user_data,
        per="resource",
        of=INSTANCE,
        fills={INSTANCE: ("user_data_secrets",)},
        permissions=("ec2:DescribeInstanceAttribute",),
        gone_codes=frozenset({"InvalidInstanceID.NotFound"}),
    ),
)
