"""Tasks on threads, a bounded number of each lane at a time, so that one busy service cannot take every thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

WORKERS: Final = 64
WIDTH: Final = 24
"""Tasks of one lane that hold a thread."""


class Pool:
    """The threads that the accounts of a run share: first come, first served, whose task it may be.

    ``stopped`` is set where a task raised: nothing that waits will run any more.
    """

    def __init__(self, workers: int = WORKERS) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="collect")
        self.stopped = threading.Event()
        self._closing = threading.Lock()

    def submit(self, task: Callable[..., None], *arguments: object) -> None:
        """Run ``task`` on a thread; after :meth:`close`, not at all."""
        with self._closing:
            if not self.stopped.is_set():
                self._executor.submit(task, *arguments)

    def close(self, *, failed: bool = False) -> None:
        """End the threads: wait for what runs, or, where it ``failed``, for nothing."""
        if failed:
            # Who submits meanwhile does so before, or not at all.
            with self._closing:
                self.stopped.set()
        self._executor.shutdown(wait=not failed, cancel_futures=True)


class Stopped(Exception):
    """Another account's task raised, and ended this one's."""


class Lanes:
    """Runs tasks of one account until none is left. A task may submit more. A task's exception ends the wait."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[Hashable, deque[Callable[[], None]]] = {}
        self._running: dict[Hashable, int] = {}
        self._left = 0
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def submit(self, lane: Hashable, task: Callable[[], None]) -> None:
        """Run ``task`` when its lane has room."""
        with self._changed:
            self._left += 1
            if self._running.get(lane, 0) >= WIDTH:
                self._waiting.setdefault(lane, deque()).append(task)
                return
            self._running[lane] = self._running.get(lane, 0) + 1
        self._pool.submit(self._run, lane, task)

    def _run(self, lane: Hashable, task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            with self._changed:
                self._error = self._error or error
        with self._changed:
            self._left -= 1
            queue = self._waiting.get(lane)
            following = queue.popleft() if queue and self._error is None else None
            if following is None:
                self._running[lane] -= 1
            if self._left == 0 or self._error:
                self._changed.notify_all()
        if following is not None:
            self._pool.submit(self._run, lane, following)

    def wait(self) -> None:
        """Return when every task has ended; raise what a task raised. Wakes often enough to let signals through."""
        with self._changed:
            while self._left and self._error is None and not self._pool.stopped.is_set():
                self._changed.wait(0.2)
            if self._error is None and not self._left:
                return
        self._pool.close(failed=True)
        raise self._error or Stopped
