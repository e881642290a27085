"""A Dask cluster that reads accounts (the extra ``dask``): each is a task, which a worker carries out.

Dask starts a task again when its worker is lost, on another one, as often as the scheduler allows
(``distributed.scheduler.allowed-failures``, 3). An account whose task is lost for good, or that no worker is left for,
is unknown: :func:`engine.collection.parts.missing` stands for it. Journal, evidence and keys stay where the run is.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from engine.collection import parts
from engine.collection.executors import Work
from engine.collection.software import installed
from engine.collection.tasks import RunContext, Task, closed, dry_run, executed, serialised
from engine.errors import ClusterUnfit, Interrupted, UsageError
from engine.expressions.types import ObjectType
from engine.model import Clock, Scope, Snapshot
from providers.base import Tally

SCHEMES: Final[Mapping[str, str]] = {"dask": "tcp", "dask+tls": "tls"}
"""What an address begins with, and what Dask calls that. For TLS, Dask's own configuration names the certificates."""
CONNECT: Final = 10.0
"""Seconds in which a scheduler has to answer."""
PATIENCE: Final = 120.0
"""Seconds without any worker, or any word of the scheduler, after which what is under way is given up."""
LOOK: Final = 1.0
"""Seconds between two looks at the cluster."""
TRIES: Final = 3
"""How often an account is begun that a worker gave back unread, or that the scheduler forgot."""
MOST: Final = 256
"""Accounts begun and not taken, however large the cluster is: what they give waits here until it is judged."""

LOST: Final = "its workers were lost"
NOBODY: Final = "no worker was left"
ALTERED: Final = "what came back was not what was read of it"


class Cluster:
    """A cluster by its address. ``clocks`` makes a worker's clock; it is sent by name, and so a function of a module.

    ``patience`` and ``connect`` as :data:`PATIENCE` and :data:`CONNECT`. Raises UsageError for an address that is none.
    """

    def __init__(
        self,
        address: str,
        clocks: Callable[[threading.Event], Clock],
        patience: float = PATIENCE,
        connect: float = CONNECT,
    ) -> None:
        self.address, self._clocks = address, clocks
        self._patience, self._connect = patience, connect
        self._place = _place(address)

    @contextmanager
    def connected(self, clock: Clock) -> Iterator[Connection]:
        """A connection to the scheduler. Raises UsageError without the extra, ClusterUnfit where nobody answers."""
        try:
            from distributed import Client
            from distributed.security import Security
        except ModuleNotFoundError as error:
            hint = f"{error.name} is not installed: pip install 'auditreel[dask]'"
            raise UsageError(f"connecting to the cluster {self.address}: {hint}") from error
        if self._place.startswith("tls:") and Security().get_connection_args("client").get("ssl_context") is None:
            hint = "name them in Dask's configuration: distributed.comm.tls.ca-file, .client.cert and .client.key"
            raise UsageError(f"connecting to the cluster {self.address}: there are no certificates; {hint}")
        with _silent():
            try:
                client = Client(self._place, timeout=self._connect, set_as_default=False)
            except Exception as error:  # what listens there may be anything
                hint = "start one (dask scheduler), or read with the threads of this machine: --executor threads"
                why = f"no scheduler of Dask answers ({type(error).__name__})"
                raise ClusterUnfit(f"connecting to the cluster {self.address}: {why}; {hint}") from error
            try:
                yield Connection(client, self.address, self._clocks, clock, self._patience)
            finally:
                with suppress(Exception):  # the scheduler may be gone; nothing depends on it any more
                    client.close(timeout=CONNECT)


def _place(address: str) -> str:
    """An address as Dask has it. Raises UsageError."""
    try:
        found = urlsplit(address)
        host, port = found.hostname, found.port
    except ValueError:
        found, host, port = urlsplit(""), None, None
    rest = (found.username, found.password, found.path.strip("/"), found.query, found.fragment)
    if found.scheme not in SCHEMES or not host or not port or any(rest):
        forms = ", ".join(f"{scheme}://HOST:PORT" for scheme in SCHEMES)
        raise UsageError(f"choosing an executor: {address!r} is none; there are: threads, {forms}")
    return f"{SCHEMES[found.scheme]}://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def _silent() -> Iterator[None]:
    """What Dask logs of lost workers is told by the run itself."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


class Connection:
    """A connection to the scheduler of a cluster."""

    def __init__(
        self,
        client: Any,
        address: str,
        clocks: Callable[[threading.Event], Clock],
        clock: Clock,
        patience: float,
    ) -> None:
        self.client, self.address = client, address
        self._clocks, self.clock, self.patience = clocks, clock, patience

    def executor(self, work: Work, settings: Mapping[str, Any], types: Mapping[str, ObjectType]) -> Workers:
        """The workers, ready to read; ``settings`` open the provider, ``types`` are the schemas of what is read.

        Raises ClusterUnfit where there is no worker, or one that would not read as this machine does; Interrupted.
        """
        context = RunContext(
            run=uuid.uuid4().hex,
            provider=work.plan.provider,
            settings=dict(settings),
            reads={type_: tuple(sorted(names)) for type_, names in work.plan.wanted.items()},
            types=dict(types),
            identity=dict(work.found.identity),
            regions=work.regions,
            as_of=work.as_of,
            clock=self._clocks,
        )
        made = Workers(self, work, context)
        try:
            made.dry_run()
        except BaseException:
            made.close(failed=True)
            raise
        return made


class Workers:
    """The workers of a cluster, as an executor (:class:`engine.collection.executors.Executor`) of one run."""

    def __init__(self, connection: Connection, work: Work, context: RunContext) -> None:
        self._connection, self._work, self._context = connection, work, context
        self._client, self._monotonic = connection.client, connection.clock.monotonic
        self._executor = self._client.get_executor(pure=False)
        self._expected = installed()
        self._begun: Counter[str] = Counter()
        self._running: set[Future[Any]] = set()
        self._gone = False
        self._seen = self._looked = self._ended = self._monotonic()
        self.at_once = 1

    def dry_run(self) -> None:
        """Have each worker show that it would read as this machine does. See :meth:`Connection.executor`."""
        task = serialised(Task(self._context, "", ""))
        # Sent to any worker: clusters that grow with their work make the first one for this.
        first = self._executor.submit(_dry_run, self._expected, task)
        self._await({first}, FIRST_COMPLETED)
        if not first.done():
            why = f"no worker took work within {self._connection.patience:.0f} s"
            raise ClusterUnfit(f"reading by the cluster {self._connection.address}: {why}; start workers (dask worker)")
        futures = {
            self._executor.submit(_dry_run, self._expected, task, workers=[address], allow_other_workers=False): address
            for address in self._addresses()
        }
        self._await(futures, None)
        defects = [future.exception() for future in (first, *futures) if future.done() and not future.cancelled()]
        refusals = sorted(
            f"{where or futures.get(future, 'a worker')}: {why}"
            for future in (first, *futures)
            if future.done()
            for where, why in [_refusal(future)]
            if why is not None
        )
        if refusals:
            listed = "\n  ".join(dict.fromkeys(refusals))
            hint = "give every worker the software and the role of this machine, or stop it; then run this again"
            raise ClusterUnfit(f"reading by the cluster {self._connection.address}: {hint}:\n  {listed}")
        for error in defects:
            if error is not None and not _is_of_cluster(error):
                raise error
        self._look()

    def begin(self, account: str) -> Future[Any]:
        """Begin to read an account; where nobody is left to read it, it has ended already."""
        self._begun[account] += 1
        if self._begun[account] == 1:
            self._work.observer.planned(self._whole(account), parts.READING)
        future: Future[Any]
        if not self._gone:
            task = serialised(Task(self._context, account, self._work.found.accounts[account]))
            try:
                future = self._executor.submit(_read, self._expected, task)
                self._running.add(future)
                return future
            except Exception:  # the client has closed, since it lost its scheduler
                self._gone = True
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future

    def poll(self) -> None:
        """Look whether anybody is left who reads; where nobody is for too long, nothing is waited for any more."""
        now = self._monotonic()
        if self._gone or now - self._looked < LOOK:
            return
        self._looked = now
        # Long silence is an account that takes long, or workers that take none up: those that are paused for ever.
        silent = now - self._ended > self._connection.patience
        if self._look() and (not silent or self._at_work()):
            self._seen = self._monotonic()
        elif self._monotonic() - self._seen > self._connection.patience:
            self._gone = True
            for future in self._running:
                future.cancel()

    def failure(self, ended: Future[Any]) -> BaseException | None:
        """A defect of the task, or that a worker which came later would not read as this machine does."""
        where, why = _refusal(ended)
        if why is not None:
            hint = "give it the software and the role of this machine, or stop it; then run this again"
            return ClusterUnfit(f"reading by the cluster {self._connection.address}: {hint}:\n  {where}: {why}")
        return None if ended.cancelled() or _is_of_cluster(ended.exception()) else ended.exception()

    def part(self, account: str, ended: Future[Any]) -> Snapshot | None:
        """What was read of an account; what stands for it where nobody could; None where somebody may yet."""
        self._running.discard(ended)
        self._ended = self._monotonic()
        part, why = self._result(account, ended)
        if part is None and not self._gone and self._begun[account] < TRIES and not _is_killed(ended):
            return None
        self._work.observer.answered(self._whole(account), parts.READING, Tally())
        if part is not None:
            return part
        work = self._work
        return parts.missing(work.plan, account, why, work.found.identity, work.now(), work.as_of)

    def _result(self, account: str, ended: Future[Any]) -> tuple[Snapshot | None, str]:
        work = self._work
        if ended.cancelled() or ended.exception() is not None:
            return None, NOBODY if self._gone else LOST
        word, said, _ = ended.result()
        if word != "part":
            return None, said
        try:
            part = parts.unpacked(said, work.plan, account, work.as_of)
        except parts.NotThatPart:
            return None, ALTERED
        parts.keep(work.journal, work.plan, account, part, said, work.now())
        return part, ""

    def _whole(self, account: str) -> Scope:
        """All of an account, which is one execution here."""
        return Scope(self._context.provider, account, "*")

    def close(self, *, failed: bool) -> None:
        """Cancel what is under way, and have the workers drop what they made for the run."""
        for future in self._running:
            future.cancel()
        with suppress(Exception):  # without a scheduler nothing can be told to anybody, and nothing has to
            self._executor.shutdown(wait=False)
            if not self._gone:
                self._client.sync(
                    self._client.run, closed, self._context.run, on_error="ignore", callback_timeout=CONNECT
                )

    def _look(self) -> bool:
        """Whether the scheduler answers and has a worker; how many accounts may be under way follows from these."""
        try:
            told = self._client.sync(self._client.scheduler.identity, n_workers=0, callback_timeout=CONNECT / 2)
            workers, threads = int(told["n_workers"]), int(told["total_threads"])
        except Exception:  # a scheduler that is gone, hangs or answers something else: nobody is seen
            return False
        # One more a worker than it reads at once, so that none waits for its next.
        self.at_once = min(MOST, max(1, workers + threads))
        return workers > 0

    def _at_work(self) -> bool:
        """Whether any worker carries out any task, be it somebody else's: who waits for others is not forgotten."""
        try:
            told = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT / 2)
            counts = [worker["metrics"]["task_counts"] for worker in told["workers"].values()]
            return any(count.get(state, 0) > 0 for count in counts for state in ("executing", "long-running"))
        except Exception:
            return False

    def _addresses(self) -> list[str]:
        try:
            told = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT)
            return sorted(told["workers"])
        except Exception:  # told when accounts are read
            return []

    def _await(self, futures: Any, until: str | None) -> None:
        """Wait for futures, as long as patience lasts. Raises Interrupted where the run is asked to stop."""
        start = self._monotonic()
        left = set(futures)
        while left and self._monotonic() - start < self._connection.patience:
            if self._work.limiter.cancelled.is_set():
                raise Interrupted
            done, left = wait(left, 0.2, FIRST_COMPLETED)
            if done and until == FIRST_COMPLETED:
                return


def _refusal(ended: Future[Any]) -> tuple[str, str | None]:
    """Which worker refused to read, and why (None: none did). A worker without auditreel cannot say so itself."""
    if ended.cancelled():
        return "", None
    error = ended.exception()
    if isinstance(error, ImportError) or str(error).startswith("Can't get attribute"):
        return "a worker", f"it lacks what is to be carried out ({error})"
    if error is None and ended.result()[0] == "refused":
        _, why, where = ended.result()
        return where, why
    return "", None


def _is_of_cluster(error: BaseException | None) -> bool:
    """Whether an error is the loss of a worker or of the scheduler, and none of the task itself."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    return error is None or isinstance(error, (CancelledError, CommClosedError, KilledWorker))


def _is_killed(ended: Future[Any]) -> bool:
    """Whether Dask began an account on as many workers as it may, and lost each of them."""
    from distributed import KilledWorker

    return not ended.cancelled() and isinstance(ended.exception(), KilledWorker)


# --- on the worker ---------------------------------------------------------------------------------------------------


def _read(expected: Mapping[str, str], task: bytes) -> tuple[str, Any, str]:
    """What a task answers, and which worker gives it. Ends early when the task is cancelled."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    cancelled, ended = threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK):
            # Dask lets a running task of which nobody wants to know any more run on, and calls it cancelled.
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                cancelled.set()
                return

    threading.Thread(target=watch, name="watch", daemon=True).start()
    try:
        return *executed(expected, task, cancelled), worker.address
    finally:
        ended.set()


def _dry_run(expected: Mapping[str, str], task: bytes) -> tuple[str, Any, str]:
    from distributed import get_worker

    return *dry_run(expected, task), get_worker().address
