"""A process that records runs, for tests that kill it, starve it, or let several of them race.

python -m tests.end_to_end.evidence_child record FOLDER COUNT
python -m tests.end_to_end.evidence_child killed PREPARED WORK
python -m tests.end_to_end.evidence_child killed-init PREPARED WORK
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401 - before the forks, which then need not load it

from engine.errors import SealError
from engine.evidence import durable
from engine.evidence.keys import initialise
from tests.unit.evidence.synthetic_runs import (
    END,
    START,
    begun,
    content,
    judged,
    plan,
    record,
    reopened,
    sealed,
)

CHANGES = ("open", "write", "fsync", "fchmod", "link", "replace", "unlink", "mkdir")


class Countdown:
    """The ``os`` module, which at the n-th change of the file system does what it is told instead."""

    def __init__(self, changes: int, then: Callable[[str, tuple[Any, ...]], None]) -> None:
        self.left, self._then = changes, then

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        if name not in CHANGES:
            return function

        def counted(*given: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self._then(name, given)
            return function(*given, **named)

        return counted


def killed(name: str, given: tuple[Any, ...]) -> None:
    """Die as by a power cut: of a write, half is done."""
    if name == "write":
        os.write(given[0], given[1][: len(given[1]) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


def one_run(folder: Path) -> None:
    """A run that stores new content, private objects and bodies."""
    run = begun(reopened(folder), plan(), content(), START)
    sealed(run, judged(seed="new"), END)


def made(folder: Path) -> None:
    """Keys, trust file and store."""
    initialise(folder / "store", folder / "config", environment={})


def kill_everywhere(prepared: Path, work: Path, action: Callable[[Path], None]) -> None:
    """One process after the other on a copy of ``prepared``, each killed one change later, until one is through."""
    for changes in range(1, 10_000):
        folder = work / f"{changes:04d}"
        shutil.copytree(prepared, folder)
        child = os.fork()
        if child == 0:
            durable.os = Countdown(changes, killed)  # type: ignore[assignment]
            action(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(0 if status == 0 else 1)


def record_many(folder: Path, count: int) -> None:
    """Runs one after the other; what cannot be sealed ends with 5."""
    for number in range(count):
        record(reopened(folder), judged(seed=f"{os.getpid()}-{number}"))


def main() -> None:
    """Do what the arguments say."""
    verb, first, second = sys.argv[1:]
    try:
        if verb.startswith("killed"):
            kill_everywhere(Path(first), Path(second), made if verb == "killed-init" else one_run)
        else:
            record_many(Path(first), int(second))
    except SealError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(SealError.exit_code)


if __name__ == "__main__":
    main()
