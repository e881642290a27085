"""A progress bar on the error stream, where that is a terminal; nothing where it is not."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.collection.observer import NOBODY, Observer
from providers.base import Scope, Tally


class Counting(Observer):
    """Counts executions: ``told`` is called with how many have ended, and how many are known of."""

    def __init__(self, told: Callable[[int, int], None]) -> None:
        self._told, self._lock = told, threading.Lock()
        self._ended = self._known = 0

    def planned(self, scope: Scope, reader: str) -> None:
        """See :class:`Observer`."""
        with self._lock:
            self._known += 1

    def answered(self, scope: Scope, reader: str, tally: Tally) -> None:
        """See :class:`Observer`."""
        with self._lock:
            self._ended += 1
            ended, known = self._ended, self._known
        self._told(ended, known)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Observer]:
    """Who shows the executions that have ended, of those that are known of. ``quiet``: nobody."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield NOBODY
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)
        yield Counting(lambda ended, known: bar.update(task, completed=ended, total=known))
