"""Who reads the accounts of a survey: the threads of this machine, or (:mod:`engine.collection.cluster`) others.

Either way it is an executor of :mod:`concurrent.futures` with one task, an account. The survey begins accounts, a
bounded number at a time, and takes what they give as they end.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from engine.collection import Doubted, collect, entered, refuse_regions
from engine.collection.journal import Forgetful, Journal
from engine.collection.lanes import Pool
from engine.collection.limiter import Limiter
from engine.collection.memory import release
from engine.collection.observer import Observer
from engine.collection.planner import Plan
from engine.collection.runner import Conforms
from engine.model import Snapshot
from providers.base import Directory, Provider

AT_ONCE: Final = 6
"""Accounts under way on a machine: enough that the last requests of one are no pause for the others."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an executor is to do: read ``plan`` in accounts of ``found``, of which each provider knows how to enter one.

    ``as_of`` is when the collection began; the others are as of :class:`engine.collection.survey.Survey`.
    """

    plan: Plan
    provider: Provider
    found: Directory
    as_of: str
    journal: Journal | Forgetful
    limiter: Limiter
    now: Callable[[], str]
    conforms: Conforms
    regions: frozenset[str]
    observer: Observer
    doubted: Doubted | None = None


class Executor(Protocol):
    """Reads accounts. Used from one thread."""

    @property
    def at_once(self) -> int:
        """How many accounts may be begun and not taken."""
        ...

    def begin(self, account: str) -> Future[Any]:
        """Begin to read an account."""
        ...

    def poll(self) -> None:
        """Look after what is under way; called several times a second while it is waited for."""
        ...

    def failure(self, ended: Future[Any]) -> BaseException | None:
        """What is to end the run, of an account that has ended."""
        ...

    def part(self, account: str, ended: Future[Any]) -> Snapshot | None:
        """What was read of an account that has ended without a failure; None where it is to be begun again."""
        ...

    def close(self, *, failed: bool) -> None:
        """End: where it ``failed``, without waiting for what is under way."""
        ...


class Threads:
    """Threads of this machine. Accounts share them, and the limit on requests in flight."""

    at_once = AT_ONCE

    def __init__(self, work: Work) -> None:
        self._work = work
        self._pool = Pool()
        self._entering = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="account")

    def begin(self, account: str) -> Future[Snapshot]:
        """See :class:`Executor`."""
        return self._entering.submit(self._read, account)

    def poll(self) -> None:
        """Threads need nothing."""

    def failure(self, ended: Future[Snapshot]) -> BaseException | None:
        """See :class:`Executor`."""
        return ended.exception()

    def part(self, account: str, ended: Future[Snapshot]) -> Snapshot:
        """See :class:`Executor`."""
        return ended.result()

    def close(self, *, failed: bool) -> None:
        """See :class:`Executor`."""
        self._pool.close(failed=failed)
        self._entering.shutdown(wait=not failed, cancel_futures=True)

    def _read(self, account: str) -> Snapshot:
        work = self._work
        governor = work.limiter.apart()
        try:
            discovery = entered(work.provider, account, governor, work.regions)
            if len(work.found.accounts) == 1:
                # Of several accounts only the last one shows that a region is in none.
                refuse_regions(work.regions, discovery)
            snapshot = collect(
                work.plan,
                work.provider,
                discovery,
                governor,
                work.now,
                work.conforms,
                work.observer,
                pool=self._pool,
                journal=work.journal,
                as_of=work.as_of,
                doubted=work.doubted,
            )
            return replace(snapshot, identity=work.found.identity)
        finally:
            work.provider.leave(account)
            release()
