"""Answers that several readers of an account use, each asked for once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """What was asked for, by account and key, while the account is read. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, dict[Hashable, Future[Any]]] = {}

    def once(self, account: str, key: Hashable, ask: Callable[[], T]) -> T:
        """What ``ask`` returned, or raised, when it was first asked for the account; others wait for it meanwhile."""
        with self._lock:
            answers = self._known.setdefault(account, {})
            known = answers.get(key)
            future: Future[T] = Future() if known is None else known
            answers[key] = future
        if known is None:
            try:
                future.set_result(ask())
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def forget(self, account: str) -> None:
        """Let an account's answers go."""
        with self._lock:
            self._known.pop(account, None)
