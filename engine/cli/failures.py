"""From exceptions to a message on the error stream and an exit code: the one place that does it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from engine.errors import AuditreelError

BUG: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
_ENGINE: Final = Path(__file__).resolve().parents[2]


def code_of(error: BaseException) -> int:
    """The exit code of what was raised."""
    if isinstance(error, AuditreelError):
        return error.exit_code
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED
    return USAGE if isinstance(error, click.ClickException) else BUG


def guarded(work: Callable[[], int], traceback: bool) -> int:
    """What ``work`` returns, or the exit code of what it raised, after saying so. ``traceback``: say where, too."""
    try:
        code = work()
    except (KeyboardInterrupt, Exception) as error:
        message = _message(error)
        traced = traceback and (message is None or isinstance(error, AuditreelError))
        _tell(_trace(error) if traced else message if message is not None else _bug(error))
        code = code_of(error)
    return _flushed(code)


def complete_streams() -> None:
    """Open to nowhere what was closed before the start: a file of ours that took its number would be written into."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # A file gets the lowest number that is free, which is the stream's own.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _message(error: BaseException) -> str | None:
    """What an exception that is raised on purpose tells the user; None for any other."""
    if isinstance(error, AuditreelError):
        return "\n".join([str(error), *getattr(error, "__notes__", ())])
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "stopped by SIGINT"
    if isinstance(error, click.UsageError) and not isinstance(error, click.exceptions.NoArgsIsHelpError):
        return _usage(error)
    return error.format_message() if isinstance(error, click.ClickException) else None


def wants_traceback(arguments: Sequence[str]) -> bool:
    """Whether ``--debug`` or AUDITREEL_DEBUG asks for tracebacks."""
    return "--debug" in arguments or os.environ.get("AUDITREEL_DEBUG", "").lower() not in (
        "",
        "0",
        "false",
        "no",
        "off",
    )


def _usage(error: click.UsageError) -> str:
    context = error.ctx
    command = context.command_path if context is not None else "auditreel"
    # Choices come on lines of their own, each with a tab.
    return f"{command}: {' '.join(error.format_message().split())}\nSee: {command} --help"


def _bug(error: BaseException) -> str:
    """Type and place only: the text of an unforeseen exception may hold what must not be printed."""
    from traceback import walk_tb

    from providers.base import WrongDeclaration  # here: help and usage errors load none of it

    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    own = [f"{Path(file).relative_to(_ENGINE)}:{line}" for file, line in frames if Path(file).is_relative_to(_ENGINE)]
    if isinstance(error, WrongDeclaration):
        # It is told by what is declared; the last place is where it was found out.
        return f"{error} ({' '.join(own[-2:-1])})"
    place = f" at {own[-1]}" if own else ""
    return (
        f"auditreel failed: {type(error).__name__}{place}. This is a defect, no verdict on your systems. "
        "Run it again with --debug and report what it prints, after a look at what that reveals."
    )


def _trace(error: BaseException) -> str:
    from traceback import format_exception

    return "".join(format_exception(error)).rstrip("\n")


def _tell(message: str) -> None:
    from engine.cli.streams import say

    say(message)


def _mute() -> None:
    from engine.cli.streams import mute

    mute()


def _flushed(code: int) -> int:
    """``code``, with standard output flushed here, where a reader that is gone is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _mute()
    except (OSError, ValueError) as error:
        _mute()
        _tell(f"writing to standard output: {getattr(error, 'strerror', None) or error}")
        return code if code in (BUG, USAGE) else USAGE
    return code
