"""The one form of a bundle's archive: a zip (APPNOTE 6.3) whose members are stored, sorted by name and without times.

Equal members give equal bytes on every machine, and an archive that was written in any other way is refused: nothing
can stand between, before or after what is listed. Written and read as a stream, however large its members are.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from engine.errors import SealError
from engine.evidence import durable
from engine.evidence.entries import FileFact

LARGEST: Final = 2**32 - 1
"""Bytes of an archive, and of a member: beyond, readers differ in how they read it."""
MOST: Final = 2**16 - 1
"""Members of an archive."""
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s4B4H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_FORM: Final = (0, 0, 0, 0x21)
"""No flags, stored, at midnight of 1 January 1980, the first date that a zip archive can name."""
_VERSION: Final = 20
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """What is to be one member: its bytes, or the files that hold them one after another."""

    parts: tuple[bytes | Path, ...]

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
                continue
            with part.open("rb") as file:
                while data := file.read(durable.CHUNK):
                    yield data

    def fact(self) -> FileFact:
        """Its digest and size."""
        digest, size = hashlib.sha256(), 0
        for data in self.chunks():
            digest.update(data)
            size += len(data)
        return FileFact(digest=digest.hexdigest(), size=size)


def write(path: Path, members: Mapping[str, Member]) -> None:
    """Write an archive as a new file (0600). Raises SealError where it would be too large, OSError where it cannot."""
    if len(members) > MOST:
        raise SealError(f"writing {path}: {len(members)} members are too many for an archive; export a shorter period")
    durable.write_chunks(path, _chunks(members))


def archive(members: Mapping[str, bytes]) -> bytes:
    """The archive of members that are at hand."""
    return b"".join(_chunks({name: Member((data,)) for name, data in members.items()}))


def _chunks(members: Mapping[str, Member]) -> Iterator[bytes]:
    central, offset = list[bytes](), 0
    for name, member in sorted(members.items()):
        code, size = 0, 0
        for data in member.chunks():
            code, size = zlib.crc32(data, code), size + len(data)
        if offset + size > LARGEST:
            raise SealError(
                "writing the archive: it would be larger than 4 GB; export a shorter period or fewer criteria"
            )
        head = _head(name, code, size)
        yield head
        yield from member.chunks()
        central.append(_listed(name, code, size, offset))
        offset += len(head) + size
    yield _end(central, offset)


def _head(name: str, code: int, size: int) -> bytes:
    return _LOCAL.pack(b"PK\3\4", _VERSION, *_FORM, code, size, size, len(name), 0) + name.encode("ascii")


def _listed(name: str, code: int, size: int, offset: int) -> bytes:
    made = (_VERSION, _UNIX, _VERSION, 0)
    fixed = (*_FORM, code, size, size, len(name), 0, 0, 0, 0, _MODE, offset)
    return _CENTRAL.pack(b"PK\1\2", *made, *fixed) + name.encode("ascii")


def _end(central: list[bytes], offset: int) -> bytes:
    count, listed = len(central), b"".join(central)
    return listed + _END.pack(b"PK\5\6", 0, 0, count, count, len(listed), offset, 0)


class Archive:
    """An archive that is open for reading. ``facts`` are the digest and size of each member, by name."""

    def __init__(self, file: BinaryIO) -> None:
        """Read it once, from end to end. Raises ValueError where it is not in the one form."""
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self.facts: dict[str, FileFact] = {}
        file.seek(0)
        central, offset, last = list[bytes](), 0, ""
        while (head := file.read(_LOCAL.size)).startswith(b"PK\3\4") and len(head) == _LOCAL.size:
            said = _LOCAL.unpack(head)
            code, size, length = said[6], said[7], said[9]
            name = file.read(length).decode("ascii")
            if head + name.encode() != _head(name, code, size) or name <= last:
                raise ValueError(_OTHER_FORM)
            self._places[name] = (file.tell(), size)
            self.facts[name] = self._fact(code, size)
            central.append(_listed(name, code, size, offset))
            offset, last = file.tell(), name
        end = _end(central, offset)
        if not central or head + file.read(len(end) + 1) != end:
            raise ValueError(_OTHER_FORM)

    def _fact(self, code: int, size: int) -> FileFact:
        digest, found, left = hashlib.sha256(), 0, size
        while left and (data := self._file.read(min(left, durable.CHUNK))):
            digest.update(data)
            found, left = zlib.crc32(data, found), left - len(data)
        if left or found != code:
            raise ValueError(_OTHER_FORM)
        return FileFact(digest=digest.hexdigest(), size=size)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def names(self, folder: str = "") -> list[str]:
        """The names of members, sorted; of those in ``folder`` ("chain/") where it is given."""
        return [name for name in self._places if name.startswith(folder)]

    def read(self, name: str) -> bytes:
        """A whole member. Raises KeyError where there is none of this name."""
        place, size = self._places[name]
        self._file.seek(place)
        return self._file.read(size)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, without their ends. Raises KeyError, and ValueError where the last one is cut."""
        place, size = self._places[name]
        rest = b""
        for start in range(0, size, durable.CHUNK):
            self._file.seek(place + start)
            rest += self._file.read(min(durable.CHUNK, size - start))
            *whole, rest = rest.split(b"\n")
            yield from whole
        if rest:
            raise ValueError(f"{name} does not end with a line's end")


_OTHER_FORM: Final = "it is not an archive in the one form that is accepted"


def opened(data: bytes) -> Archive:
    """An archive that is at hand as bytes."""
    return Archive(io.BytesIO(data))


def lines(found: Iterable[bytes]) -> bytes:
    """Lines as the bytes of a member."""
    return b"".join(line + b"\n" for line in found)
