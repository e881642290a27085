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
_ENGINE: Final = Path(__file__).resolve().parents[2]


def guarded(work: Callable[[], int], traceback: bool) -> int:
    """What ``work`` returns, or the exit code of what it raised, after saying so. ``traceback``: say where, too."""
    try:
        code = work()
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        _mute()
        code = 0
    except click.exceptions.NoArgsIsHelpError as error:
        _tell(error.format_message())
        code = USAGE
    except click.UsageError as error:
        _tell(_usage(error))
        code = USAGE
    except click.ClickException as error:
        _tell(error.format_message())
        code = USAGE
    except (KeyboardInterrupt, click.Abort):
        _tell("stopped by SIGINT")
        code = 130
    except AuditreelError as error:
        _tell(_trace(error) if traceback else "\n".join([str(error), *getattr(error, "__notes__", ())]))
        code = error.exit_code
    except Exception as error:
        _tell(_trace(error) if traceback else _bug(error))
        code = BUG
    return _flushed(code)


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
    return f"{command}: {error.format_message()}\nSee: {command} --help"


def _bug(error: Exception) -> str:
    """Type and place only: the text of an unforeseen exception may hold what must not be printed."""
    from traceback import walk_tb

    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    own = [f"{Path(file).relative_to(_ENGINE)}:{line}" for file, line in frames if Path(file).is_relative_to(_ENGINE)]
    place = f" at {own[-1]}" if own else ""
    return (
        f"auditreel failed: {type(error).__name__}{place}. This is a defect, no verdict on your systems. "
        "Run it again with --debug and report what it prints, after a look at what that reveals."
    )


def _trace(error: Exception) -> str:
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
        _tell(f"writing to standard output: {error}")
        return code if code in (BUG, USAGE) else USAGE
    return code
