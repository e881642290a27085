r"""Canonical JSON: one value, one sequence of bytes (RFC 8785, restricted), and digests over them.

Restricted to text, integers up to 2^53-1, booleans, null, arrays and objects with ASCII keys. Within that, RFC 8785,
msgspec's sorted encoding and the standard library's ``json`` write the same bytes, so anyone can write a verifier.

What a cloud returns may be outside: a name with a lone surrogate, a tag with a key in Greek. :func:`neutral` writes
such text in an escaped form that is canonical, :func:`original` takes it back, and between them nothing is lost:

* a lone surrogate becomes ``\udXXX``; backslashes that could be mistaken for such an escape are doubled;
* in keys, ``%`` and whatever is not ASCII become the percent-escapes of their UTF-8 bytes (RFC 3986, section 2.1).

Text that holds none of these stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

LARGEST: Final = 2**53 - 1
"""The largest integer (and, negated, the smallest) that every JSON reader keeps."""

_encoder = msgspec.json.Encoder(order="sorted")
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_MANY_DIGITS: Final = b"0" * 16

_ESCAPABLE: Final = re.compile(r"(\\*)([\ud800-\udfff])|(\\+)(?=ud[89a-f][0-9a-f]{2})")
_ESCAPED: Final = re.compile(r"(\\+)(ud[89a-f][0-9a-f]{2})")
_PERCENT: Final = re.compile("[%\x80-\U0010ffff]")


class NotCanonicalError(ValueError):
    """A value that canonical JSON cannot hold, or bytes that are not canonical. The message names the place."""


def encode(value: Any) -> bytes:
    """The canonical JSON of a value.

    Raises :class:`NotCanonicalError` for a float, a larger integer, a lone surrogate, a key that is not ASCII text, and
    for whatever is no JSON value.
    """
    try:
        data = _encoder.encode(value)
    except (TypeError, UnicodeEncodeError) as error:
        _inspect(value, "$")
        raise NotCanonicalError(f"$: {error}") from error
    if not data.isascii() or _MANY_DIGITS in data.translate(_DIGITS) or not _comes_back(value, data):
        _inspect(value, "$")
    return data


def encode_known(value: Any) -> bytes:
    """The canonical JSON of a value that its maker knows to be canonical; nothing is checked."""
    return _encoder.encode(value)


def encode_neutral(value: Any) -> bytes:
    """The canonical JSON of :func:`neutral` of a value; faster where nothing needs to be escaped."""
    try:
        data = encode(value)
    except NotCanonicalError:
        return encode(neutral(value))
    plain = data.isascii() and b"%" not in data and b"\\\\ud" not in data
    return data if plain else encode(neutral(value))


class _FloatFoundError(Exception):
    """A number that is no integer."""


def _no_float(text: str) -> Any:
    raise _FloatFoundError(text)


_reader = msgspec.json.Decoder(float_hook=_no_float)


def _comes_back(value: Any, data: bytes) -> bool:
    """Whether ``data`` reads as ``value``. What is no JSON value was written as text or a number and does not."""
    try:
        return bool(_reader.decode(data) == value)
    except _FloatFoundError:
        return False


def decode(data: bytes) -> Any:
    """The value whose canonical JSON is ``data``. Raises :class:`NotCanonicalError` for any other bytes."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotCanonicalError(f"no JSON: {error}") from error
    if encode(value) != data:
        raise NotCanonicalError("not in canonical form (RFC 8785)")
    return value


def digest(data: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _inspect(value: Any, place: str) -> None:
    kind = type(value)
    if value is None or kind is bool:
        return
    if isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise NotCanonicalError(f"{place}: {value} is beyond 2^53-1; write it as text")
    elif isinstance(value, str):
        if re.search(r"[\ud800-\udfff]", value):
            raise NotCanonicalError(f"{place}: text with a lone surrogate")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _inspect(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonicalError(f"{place}: key {key!r} is not ASCII text")
            _inspect(item, f"{place}.{key}")
    else:
        raise NotCanonicalError(f"{place}: {kind.__name__} has no canonical form")


def neutral(value: Any) -> Any:
    """A value with all text and keys in a form that :func:`encode` takes. Mappings become dicts, tuples lists."""
    if isinstance(value, str):
        return neutral_text(value)
    if isinstance(value, Mapping):
        return {_neutral_key(key): neutral(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [neutral(item) for item in value]
    return value


def original(value: Any) -> Any:
    """What :func:`neutral` was given."""
    if isinstance(value, str):
        return original_text(value)
    if isinstance(value, dict):
        return {original_text(unquote(key, errors="strict")): original(item) for key, item in value.items()}
    if isinstance(value, list):
        return [original(item) for item in value]
    return value


def neutral_text(text: str) -> str:
    """Text without lone surrogates."""
    if text.isascii() and "\\ud" not in text:
        return text
    return _ESCAPABLE.sub(_escape, text)


def original_text(text: str) -> str:
    """What :func:`neutral_text` was given."""
    return _ESCAPED.sub(_unescape, text) if "\\ud" in text else text


def _neutral_key(key: str) -> str:
    text = neutral_text(key)
    if text.isascii() and "%" not in text:
        return text
    return _PERCENT.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


def _escape(match: re.Match[str]) -> str:
    if match[2]:
        return f"{match[1] * 2}\\u{ord(match[2]):04x}"
    return match[3] * 2


def _unescape(match: re.Match[str]) -> str:
    backslashes, escape = match[1], match[2]
    kept = backslashes[: len(backslashes) // 2]
    return kept + (chr(int(escape[1:], 16)) if len(backslashes) % 2 else escape)
