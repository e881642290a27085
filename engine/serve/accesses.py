"""The log of who read what: a line of JSON for each request, which holds the digest of the line before it.

So the digest of the last line stands for the whole log, and whoever keeps one elsewhere can show that no line before
it was changed or taken out. Tokens never stand in it: of what opened nothing there is no path either, since a mistyped
link is one. It lies outside of the stores; what cannot be written is not shown.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from engine.errors import InputError, SealError, VerificationError
from engine.evidence.durable import PRIVATE, doing, make_folder
from engine.evidence.keys import refuse_inside

NOTHING: Final = hashlib.sha256().hexdigest()
"""What the first line has for the digest of the line before it."""
_TAIL: Final = 64 * 1024
"""Bytes within which the last line lies: a line is shorter."""
_LONGEST: Final = 2_000
"""Characters of a text in a line."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many lines a log has, and the digest of the last one."""

    count: int
    digest: str


class AccessLog:
    """Appends lines to a log; several processes may, one line after another."""

    def __init__(self, path: Path, stores: Iterable[Path] = ()) -> None:
        for store in stores:
            refuse_inside(store, path)
        self._path, self._lock = path, Lock()
        with doing(f"opening the log of accesses {path}"):
            make_folder(path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(path, flags, PRIVATE)

    def add(self, **said: str | int | None) -> None:
        """Append a line. Raises SealError where it cannot be written."""
        with self._lock, doing(f"writing the log of accesses {self._path}"):
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                self._append(_line(said, self._last()))
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _append(self, line: bytes) -> None:
        size = os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError:
            # Half a line of a disk that is full would stop the server, and look altered, once there is room again.
            os.ftruncate(self._file, size)
            raise

    def close(self) -> None:
        """Flush the log to the disk and close it; who adds a line after that is told that it cannot be written."""
        with self._lock:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1  # the system gives the old number to the next file that anybody opens

    def _last(self) -> str:
        """The digest of the last line."""
        size = os.fstat(self._file).st_size
        if size == 0:
            return NOTHING
        tail = os.pread(self._file, _TAIL, max(0, size - _TAIL))
        if not tail.endswith(b"\n"):
            raise SealError(f"the log of accesses {self._path} ends within a line; keep it aside and begin a new one")
        return hashlib.sha256(tail[:-1].rpartition(b"\n")[2]).hexdigest()


def _line(said: dict[str, Any], previous: str) -> bytes:
    kept = {key: value[:_LONGEST] if isinstance(value, str) else value for key, value in said.items()}
    return json.dumps({**kept, "previous": previous}, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def standing(path: Path, sealed: Sequence[tuple[int, int, str]] = ()) -> Standing:
    """Verify a log, and say how it stands. Raises VerificationError where a line was changed, added or taken out.

    ``sealed`` is what entries of a chain say of it: their sequence, how many lines there were, the last one's digest.
    """
    previous, count = NOTHING, 0
    wanted: dict[int, list[tuple[int, str]]] = {}
    for sequence, lines, digest in sealed:
        wanted.setdefault(lines, []).append((sequence, digest))

    about = f"the log of accesses {path}"

    def compare() -> None:
        for sequence, digest in wanted.pop(count, ()):
            if digest != previous:
                raise VerificationError(f"{about}: its first {count} lines are not those of entry {sequence}")

    try:
        with path.open("rb") as file:
            compare()
            for count, line in enumerate(file, 1):
                try:
                    said = json.loads(line)["previous"]
                except (ValueError, KeyError, TypeError) as error:
                    raise VerificationError(f"{about}: line {count} is none") from error
                if said != previous or not line.endswith(b"\n"):
                    raise VerificationError(f"{about}: line {count} does not follow the one before")
                previous = hashlib.sha256(line[:-1]).hexdigest()
                compare()
    except OSError as error:
        raise InputError(f"reading {about}: {error.strerror}") from error
    for lines, rows in sorted(wanted.items()):
        raise VerificationError(f"{about}: it has {count} lines, and entry {rows[0][0]} of the chain says {lines}")
    return Standing(count, previous)
