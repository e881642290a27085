"""Bodies in a file instead of in memory: a year has more of them than a process should hold."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from engine.evidence import canonical

_HELD = 5_000


class BodyFile(MutableMapping[str, Any]):
    """Bodies by digest, appended to a file; in memory stays where each one lies. Nothing is ever taken out."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._places: dict[bytes, tuple[int, int]] = {}
        self._read = lru_cache(_HELD)(self._parsed)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def line(self, digest: str) -> bytes:
        """A body's canonical JSON. Raises KeyError where there is none."""
        place, size = self._places[bytes.fromhex(digest)]
        self._file.seek(place)
        return self._file.read(size)

    def _parsed(self, digest: str) -> Any:
        return msgspec.json.decode(self.line(digest))

    def __getitem__(self, digest: str) -> Any:
        return self._read(digest)

    def __setitem__(self, digest: str, body: Any) -> None:
        key = bytes.fromhex(digest)
        if key not in self._places:
            data = canonical.encode_known(body)
            self._places[key] = (self._file.seek(0, 2), len(data))
            self._file.write(data)

    def __delitem__(self, digest: str) -> None:
        raise TypeError("a body is not taken out")

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, str) and bytes.fromhex(digest) in self._places

    def __iter__(self) -> Iterator[str]:
        return (digest.hex() for digest in self._places)

    def __len__(self) -> int:
        return len(self._places)
