"""Writes that survive a crash: whole or not at all, on disk before they are named.

Every change that evidence makes to a file system goes through these functions. A file is written under a name in the
staging folder, flushed, and then linked to its final name, which fails where that name is taken: nothing is
overwritten, and what stands under a final name is complete. Leftovers of a killed process stay in the staging folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from engine.errors import SealError

PRIVATE: Final = 0o600
FOLDER: Final = 0o700
CHUNK: Final = 1 << 20
"""Bytes that are written at once, where there are many lines."""


def make_folder(path: Path) -> None:
    """Make a folder (and those above it) so that a crash cannot lose it. An existing one is left alone."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        os.mkdir(path, FOLDER)  # noqa: PTH102 - all changes go through one module, `os`, which tests replace
    _flush_folder(path.parent)


def staged(staging: Path, name: str) -> Path:
    """A path in the staging folder that nobody else uses."""
    return staging / f"{os.getpid()}-{secrets.token_hex(6)}-{name}"


def create(path: Path, data: bytes, staging: Path) -> None:
    """Create a file, exclusively. Raises FileExistsError where ``path`` is taken, OSError where it cannot."""
    temporary = staged(staging, path.name)
    try:
        write(temporary, data)
        adopt(temporary, path)
    finally:
        discard(temporary)


def write(path: Path, data: bytes) -> None:
    """Write a new file (0600) and flush it to the disk."""
    write_chunks(path, (data,))


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write a new file of lines that is read and removed again: it is not flushed to the disk.

    Returns the length of the longest line, in bytes.
    """
    longest = 0

    def chunks() -> Iterator[bytes]:
        nonlocal longest
        held, size = [], 0
        for line in lines:
            longest = max(longest, len(line))
            held.append(line + b"\n")
            size += len(line)
            if size >= CHUNK:
                yield b"".join(held)
                held, size = [], 0
        yield b"".join(held)

    write_chunks(path, chunks(), flushed=False)
    return longest


def write_chunks(path: Path, chunks: Iterable[bytes], flushed: bool = True) -> None:
    """Write a new file (0600), chunk by chunk, and flush it to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]
        if flushed:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush(path: Path) -> None:
    """Flush a file that another library wrote, and take it out of others' reach."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, PRIVATE)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def adopt(temporary: Path, path: Path, flushed: bool = True) -> None:
    """Give a flushed file its final name, exclusively: FileExistsError where it is taken.

    What can be had again need not be ``flushed`` to the disk.
    """
    os.link(temporary, path)
    if flushed:
        _flush_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Replace a file by another, in one step."""
    temporary = staged(path.parent, path.name)
    try:
        write(temporary, data)
        move(temporary, path)
    finally:
        discard(temporary)


def move(temporary: Path, path: Path, flushed: bool = True) -> None:
    """Put a file in the place of another, in one step. What can be had again need not be ``flushed`` to the disk."""
    os.replace(temporary, path)  # noqa: PTH105
    if flushed:
        _flush_folder(path.parent)


def discard(path: Path) -> None:
    """Remove a file of the staging folder, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108


def remove(path: Path) -> None:
    """Remove a file that evidence has no use for any more, and its folder where that is empty then."""
    discard(path)
    with suppress(OSError):
        os.rmdir(path.parent)  # noqa: PTH106
    _flush_folder(path.parent if path.parent.is_dir() else path.parent.parent)


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process holds this file, and hold it. A process that ends lets it go, however it ends."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Turn an error of the operating system into a SealError that says what was being done, and what to do next."""
    try:
        yield
    except OSError as error:
        raise SealError(f"{what}: {_why(error)}; nothing that stood before was changed") from error


def _why(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full{place}: make room and run again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"the folder cannot be written{place}: allow it, or choose another store"
    return f"{error.strerror or error}{place}"
