"""Reads files that a stranger may have handed in: regular ones alone, and no larger than can be held.

A store or a bundle may come from anybody. A link leads out of it, a pipe answers never and a device without an end.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

LARGEST: Final = 1 << 28
"""Bytes of a file that is held as a whole: the list of a population has some hundred bytes a unit."""

_NONE: Final = "is no regular file"


def opened(path: Path) -> BufferedReader:
    """A regular file, open for reading. Raises OSError where it is none, a link to one included."""
    size(path)
    # It may be another one by now: opening a pipe that nobody writes to must not wait.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, _NONE, str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a regular file. Raises OSError where it is none, or has more than ``largest`` bytes."""
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > largest:
            raise OSError(errno.EFBIG, f"has more than {largest} bytes", str(path))
        return file.read(largest)


def size(path: Path) -> int:
    """The size of a regular file in bytes. Raises OSError where it is none."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, _NONE, str(path))
    return found.st_size
