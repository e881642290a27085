"""Carries out a plan over every account: a few at a time, each handed on as soon as it is whole, and then let go.

What is held at once is a few accounts, however many there are. Who reads them is an executor
(:mod:`engine.collection.executors`); each has lanes of its own, so that a throttled account slows down itself alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any

from engine.collection import Apart, Doubted, directory
from engine.collection.executors import Executor, Threads, Work
from engine.collection.journal import Forgetful, Journal
from engine.collection.lanes import Stopped
from engine.collection.ledger import discovery_rows
from engine.collection.limiter import Limiter
from engine.collection.observer import NOBODY, Observer
from engine.collection.parts import kept
from engine.collection.planner import Plan
from engine.collection.runner import Conforms
from engine.errors import Interrupted
from engine.model import GLOBAL, Collection, Scope, Snapshot
from providers.base import Directory, Provider

Identified = Callable[[Directory, str], tuple[str, Journal | Forgetful]]
"""Told who we are and when it is, gives when the collection began and the journal of what was read since."""


class Introduction:
    """A provider that is asked who we are and which of ``accounts`` (empty: all) there are, without those ``apart``.

    It is asked at once, on a thread of its own: what a run has to prepare meanwhile costs it no time.
    """

    def __init__(
        self,
        provider: Provider,
        limiter: Limiter,
        accounts: frozenset[str] = frozenset(),
        apart: Apart = lambda provider, found: {},
    ) -> None:
        self.provider = provider
        self._answer: Future[Directory] = Future()
        ask = partial(directory, provider, limiter, accounts, apart)
        # Nobody waits for it where the run ends before.
        Thread(target=self._tell, args=(ask,), name="introduction", daemon=True).start()

    def directory(self) -> Directory:
        """The answer, as soon as it is there. Raises as :func:`engine.collection.directory`."""
        return self._answer.result()

    def _tell(self, ask: Callable[[], Directory]) -> None:
        try:
            self._answer.set_result(ask())
        except BaseException as error:
            self._answer.set_exception(error)


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that reading the accounts of a provider takes.

    ``introduction`` is to say which accounts there are; ``regions`` is a filter (empty: all). ``now`` gives the wall
    clock as RFC 3339 UTC. ``identified`` is asked once, as soon as it is known who we are; ``doubted`` of each account
    what of it is to be confirmed. ``executor`` makes whoever reads the accounts.
    """

    plan: Plan
    introduction: Introduction
    limiter: Limiter
    now: Callable[[], str]
    conforms: Conforms
    regions: frozenset[str] = frozenset()
    identified: Identified = lambda directory, now: (now, Forgetful())
    observer: Observer = NOBODY
    executor: Callable[[Work], Executor] = Threads
    doubted: Doubted | None = None

    def parts(self) -> Iterator[Snapshot]:
        """The snapshots: first what is said of the accounts as a whole, then each account as soon as it is read.

        Raises UsageError and DiscoveryError as :func:`engine.collection.directory` does, Interrupted where the run is
        asked to stop, ClusterUnfit as the executor does. No more accounts are begun than the caller has taken.
        """
        provider = self.introduction.provider.name
        with self.observer.phase("discover", provider):
            found = self.introduction.directory()
        as_of, journal = self.identified(found, self.now())
        yield self._whole(found, as_of)
        with self.observer.phase("read", provider):
            yield from self._accounts(found, as_of, journal)

    def _accounts(self, found: Directory, as_of: str, journal: Journal | Forgetful) -> Iterator[Snapshot]:
        executor = self.executor(self._work(found, as_of, journal))
        waiting = deque(sorted(found.accounts))
        running: dict[Future[Any], str] = {}
        failed = True
        try:
            while waiting or running:
                while waiting and len(running) < executor.at_once and not self.limiter.cancelled.is_set():
                    account = waiting.popleft()
                    self.observer.entering(self.plan.provider, account)
                    part = kept(journal, self.plan, account, as_of)
                    if part is not None:
                        self.observer.read(self.plan.provider, account, part)
                        yield part
                    else:
                        running[executor.begin(account)] = account
                    del part
                if waiting and not running:
                    raise Interrupted
                # Wakes often enough to let signals through.
                done, _ = wait(running, 0.2, FIRST_COMPLETED)
                executor.poll()
                yield from self._taken(executor, done, running, waiting)
            failed = False
        finally:
            executor.close(failed=failed)

    def _taken(
        self, executor: Executor, done: set[Future[Any]], running: dict[Future[Any], str], waiting: deque[str]
    ) -> Iterator[Snapshot]:
        errors = list(_errors(executor, done))
        left = running.keys() - done
        # The account that made the others end may itself be about to.
        while errors and left and all(isinstance(error, Stopped) for error in errors):
            ended, left = wait(left, return_when=FIRST_COMPLETED)
            errors += _errors(executor, ended)
        if errors:
            raise next((error for error in errors if not isinstance(error, Stopped)), errors[0])
        if self.limiter.cancelled.is_set():
            raise Interrupted
        # What is judged is let go before the next is.
        while done:
            future = done.pop()
            account = running.pop(future)
            part = executor.part(account, future)
            del future
            if part is None:
                waiting.append(account)
            else:
                self.observer.read(self.plan.provider, account, part)
                yield part
            del part

    def _work(self, found: Directory, as_of: str, journal: Journal | Forgetful) -> Work:
        return Work(
            plan=self.plan,
            provider=self.introduction.provider,
            found=found,
            as_of=as_of,
            journal=journal,
            limiter=self.limiter,
            now=self.now,
            conforms=self.conforms,
            regions=self.regions,
            observer=self.observer,
            doubted=self.doubted,
        )

    def _whole(self, found: Directory, as_of: str) -> Snapshot:
        """What is known before any account is entered: who asks, which accounts are left out, and what went wrong."""
        provider = self.introduction.provider.name
        why = next(iter(found.failures.values()), None)
        everywhere = Scope(provider, "*", "*")
        gaps = [Collection(name, everywhere, "failed", 0, why) for name in sorted(self.plan.types) if why is not None]
        own = Scope(provider, found.identity.get("account", "*"), GLOBAL)
        return Snapshot(
            as_of=as_of,
            source="live",
            identity=found.identity,
            scopes=(),
            collections=tuple(gaps),
            resources=(),
            ledger=discovery_rows(own, found.tallies, found.failures),
            left_out=found.left_out,
            groups={f"{provider}/{group}": tuple(sorted(below)) for group, below in sorted(found.groups.items())},
        )


def _errors(executor: Executor, done: Iterable[Future[Any]]) -> Iterator[BaseException]:
    return (error for future in done if (error := executor.failure(future)) is not None)
