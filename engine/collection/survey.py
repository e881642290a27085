"""Carries out a plan over every account: a few at a time, each handed on as soon as it is whole, and then let go.

What is held at once is a few accounts, however many there are. They share the threads and the limit on requests in
flight; each has lanes of its own, so that a throttled account slows down itself alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from threading import Thread
from typing import Final

from engine.collection import Apart, Doubted, collect, directory, entered, refuse_regions
from engine.collection.journal import Forgetful, Journal
from engine.collection.lanes import Pool, Stopped
from engine.collection.ledger import discovery_rows
from engine.collection.limiter import Limiter
from engine.collection.memory import release
from engine.collection.planner import Plan
from engine.collection.runner import Conforms, Progress
from engine.errors import Interrupted
from engine.model import GLOBAL, Collection, Scope, Snapshot
from providers.base import Directory, Provider

AT_ONCE: Final = 6
"""Accounts under way: enough that the last requests of one are no pause for the others."""

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
    what of it is to be confirmed.
    """

    plan: Plan
    introduction: Introduction
    limiter: Limiter
    now: Callable[[], str]
    conforms: Conforms
    regions: frozenset[str] = frozenset()
    identified: Identified = lambda directory, now: (now, Forgetful())
    progress: Progress = lambda ended, known: None
    doubted: Doubted | None = None

    def parts(self) -> Iterator[Snapshot]:
        """The snapshots: first what is said of the accounts as a whole, then each account as soon as it is read.

        Raises UsageError and DiscoveryError as :func:`engine.collection.directory` does, Interrupted where the run is
        asked to stop. No more accounts are begun than the caller has taken.
        """
        found = self.introduction.directory()
        as_of, journal = self.identified(found, self.now())
        yield self._whole(found, as_of)
        one = _account(self, found, as_of, journal)
        waiting = deque(sorted(found.accounts))
        running: set[Future[Snapshot]] = set()
        pool = Pool()
        entering = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="account")
        failed = True
        try:
            while waiting or running:
                while waiting and len(running) < AT_ONCE and not self.limiter.cancelled.is_set():
                    running.add(entering.submit(one, waiting.popleft(), pool))
                if not running:
                    raise Interrupted
                # Wakes often enough to let signals through.
                done, running = wait(running, 0.2, FIRST_COMPLETED)
                yield from self._taken(done, running)
            failed = False
        finally:
            pool.close(failed=failed)
            entering.shutdown(wait=not failed, cancel_futures=True)

    def _taken(self, done: set[Future[Snapshot]], running: set[Future[Snapshot]]) -> Iterator[Snapshot]:
        errors = list(_errors(done))
        # The account that made the others end may itself be about to.
        while errors and running and all(isinstance(error, Stopped) for error in errors):
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            errors += _errors(ended)
        if errors:
            raise next((error for error in errors if not isinstance(error, Stopped)), errors[0])
        if self.limiter.cancelled.is_set():
            raise Interrupted
        # What is judged is let go before the next is.
        while done:
            yield done.pop().result()

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


def _errors(done: Iterable[Future[Snapshot]]) -> Iterator[BaseException]:
    return (error for future in done if (error := future.exception()) is not None)


def _account(
    survey: Survey, found: Directory, as_of: str, journal: Journal | Forgetful
) -> Callable[[str, Pool], Snapshot]:
    """A function that reads one account, on the threads of a pool."""
    told, provider = _Told(survey.progress), survey.introduction.provider

    def read(account: str, pool: Pool) -> Snapshot:
        governor = survey.limiter.apart()
        try:
            discovery = entered(provider, account, governor, survey.regions)
            if len(found.accounts) == 1:
                # Of several accounts only the last one shows that a region is in none.
                refuse_regions(survey.regions, discovery)
            snapshot = collect(
                survey.plan,
                provider,
                discovery,
                governor,
                survey.now,
                survey.conforms,
                told.apart(),
                pool=pool,
                journal=journal,
                as_of=as_of,
                doubted=survey.doubted,
            )
            return replace(snapshot, identity=found.identity)
        finally:
            provider.leave(account)
            release()

    return read


class _Told:
    """Adds up the progress of accounts."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._lock = progress, threading.Lock()
        self._ended = self._known = 0

    def apart(self) -> Progress:
        """The progress of one account."""
        last = (0, 0)

        def told(ended: int, known: int) -> None:
            nonlocal last
            with self._lock:
                self._ended += ended - last[0]
                self._known += known - last[1]
                last = (ended, known)
                sums = self._ended, self._known
            self._progress(*sums)

        return told
