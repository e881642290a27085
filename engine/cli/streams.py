"""Where output goes: data to standard output, all else to the error stream, reports to files whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.report import Options

PRIVATE: Final = 0o600
UNKNOWN_WIDTH: Final = 100
"""Columns where nothing says how wide the reader's page is."""


def say(message: str) -> None:
    """Tell the user something on the error stream; what a terminal would obey is escaped, line by line."""
    from engine.report.safe import safe

    text = "\n".join(safe(line, 4000) for line in message.split("\n"))
    with suppress(OSError, ValueError):
        sys.stderr.write(_encodable(text, sys.stderr) + "\n")
        sys.stderr.flush()


def emit(text: str) -> None:
    """Write data to standard output. A reader that has gone is no error."""
    try:
        sys.stdout.write(_encodable(text, sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        mute()
    except (OSError, ValueError) as error:
        mute()
        raise UsageError(f"writing to standard output: {getattr(error, 'strerror', None) or error}") from error


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def mute() -> None:
    """Send what is still to be written to standard output nowhere, so that no later flush can fail."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def options(environment: Mapping[str, str] | None = None) -> Options:
    """How standard output is read: the terminal's width (COLUMNS first), and colours.

    NO_COLOR outweighs FORCE_COLOR, and both outweigh what the terminal is.
    """
    from engine.report import Options

    environment = os.environ if environment is None else environment
    width = shutil.get_terminal_size((UNKNOWN_WIDTH, 24)).columns
    return Options(width=width, color=colored(environment, sys.stdout.isatty()))


def colored(environment: Mapping[str, str], terminal: bool) -> bool:
    """Whether to use colours."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"


def check_target(path: Path) -> None:
    """Refuse a file that could not be written before any work is done. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"writing {path}: it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"writing {path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"writing {path}: the folder {path.parent} cannot be written to")


def make_folder(path: Path) -> None:
    """Make a folder (0700), with those above it, where it is not there. Raises UsageError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"making the folder {path}: {error.strerror or error}") from error


def write(path: Path, content: str | bytes, mode: int = PRIVATE) -> None:
    """Write a file (0600, or another mode) whole or not at all; text as UTF-8. Raises UsageError.

    A link is followed; what is no regular file (a pipe, a device) is written into.
    """
    target = path.resolve()
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            target.write_bytes(data)
            return
        _replace(target, data, mode)
    except BrokenPipeError:
        return
    except OSError as error:
        raise UsageError(f"writing {path}: {error.strerror or error}") from error


def _replace(target: Path, data: bytes, mode: int) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask is
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
