"""As much of ASN.1's distinguished encoding (DER, ITU-T X.690) as time stamps take, read strictly and written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

INTEGER: Final = 0x02
OCTETS: Final = 0x04
OBJECT: Final = 0x06
TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31


class Element(NamedTuple):
    """A tag of one byte, what it encloses, and both with the length between them, as they stood."""

    tag: int
    content: bytes
    whole: bytes

    def inside(self) -> list[Element]:
        """The elements that this one encloses. Raises ValueError where it encloses anything else."""
        return list(_elements(self.content))

    def of(self, tag: int) -> Element:
        """The element itself, which must have ``tag``. Raises ValueError for another."""
        if self.tag != tag:
            raise ValueError(f"DER: tag {self.tag:#04x} where {tag:#04x} must stand")
        return self


def read(data: bytes) -> Element:
    """The one element that ``data`` is. Raises ValueError for anything more or less."""
    found = list(_elements(data))
    if len(found) != 1:
        raise ValueError(f"DER: {len(found)} elements where there must be one")
    return found[0]


def _elements(data: bytes) -> Iterator[Element]:
    start = 0
    while start < len(data):
        if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
            raise ValueError("DER: cut off, or a tag of more than one byte")
        size, body = data[start + 1], start + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(data[start + 2 : body], "big")
            if size < 0x80 or data[start + 2] == 0:
                raise ValueError("DER: a length that is not in its one form")
        if body + size > len(data):
            raise ValueError("DER: cut off")
        yield Element(data[start], data[body : body + size], data[start : body + size])
        start = body + size


def write(tag: int, *content: bytes) -> bytes:
    """An element that encloses ``content``."""
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(value: int) -> bytes:
    """A number that is not negative."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(content: bytes) -> str:
    """An object identifier with dots."""
    numbers, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers or content[-1] & 0x80:
        raise ValueError("DER: no object identifier")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
