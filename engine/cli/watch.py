"""Signals: the first one asks a run to stop in good order, the second one ends it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final

from engine.errors import Interrupted

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Watch:
    """Watches for Ctrl-C and SIGTERM while a command runs.

    ``cancelled`` is what threads look at. Where nobody does, a signal raises Interrupted in the main thread; inside
    :meth:`orderly` the first one only sets ``cancelled``. ``received`` is the first signal that came.
    """

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.received: int | None = None
        self._orderly = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Watch:
        for number in _SIGNALS:
            before = signal.getsignal(number)
            # Ignored from the start (nohup, a job in the background of sh) stays ignored.
            if before is not signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._arrived)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    @contextmanager
    def orderly(self) -> Iterator[threading.Event]:
        """While work that looks at ``cancelled`` is under way, which ends by itself soon after it is set."""
        self._orderly = True
        try:
            yield self.cancelled
        finally:
            self._orderly = False

    def exit_code(self, code: int) -> int:
        """``code``, unless a signal outweighs it: 2, 1 and 5 come before 130 and 143, these before 3, 4 and 0."""
        return 128 + self.received if self.received is not None and code in (0, 3, 4) else code

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        again = self.received is not None
        self.received = self.received or number
        self.cancelled.set()
        if again:
            # Threads may hold requests that nothing can interrupt; what is on disk is whole at any moment.
            os._exit(128 + self.received)
        if not self._orderly:
            raise Interrupted(number)
        with _quietly():
            name = signal.Signals(number).name
            sys.stderr.write(f"\n{name}: stopping; requests in flight are waited for (again to end at once)\n")
            sys.stderr.flush()


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError):
        # The stream is closed, or was being written to when the signal came.
        return
