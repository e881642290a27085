"""To read one account on another machine: a task that can be pickled, and what that machine makes for it.

What is sent says what to read and where; nothing of it is a credential. The machine asks the provider with its own
(the SDK's default chain), by clients, threads and limits that it makes once a run and shares between accounts.
"""

from __future__ import annotations

import pickle
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from engine.collection import collect, entered
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.memory import release
from engine.collection.parts import packed
from engine.collection.planner import Plan, plan
from engine.collection.software import differences
from engine.errors import Interrupted
from engine.expressions.types import ObjectType
from engine.model import Clock
from providers import NotInstalled, declared, opened
from providers.base import AnotherIdentity, NotConfigured, Portable

Answer = tuple[Literal["part", "refused", "lost"], Any]
"""A part's bytes; or why this machine is not to read; or why it did not, this time."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all accounts of a run have in common.

    ``run`` tells runs apart. ``settings`` open the provider, ``reads`` are the properties to read by resource type,
    ``types`` the schemas of these; ``identity`` is who found the accounts, ``regions`` a filter (empty: all), ``as_of``
    when the collection began (RFC 3339 UTC). ``clock`` makes a machine's clock; what it sleeps ends with the event.
    """

    run: str
    provider: str
    settings: Mapping[str, Any] = field(repr=False)
    reads: Mapping[str, tuple[str, ...]] = field(repr=False)
    types: Mapping[str, ObjectType] = field(repr=False)
    identity: Mapping[str, str] = field(repr=False)
    regions: frozenset[str]
    as_of: str
    clock: Callable[[threading.Event], Clock]


@dataclass(frozen=True, slots=True)
class Task:
    """An account to be read, by its id and the name that its owner gave it."""

    context: RunContext
    account: str
    name: str


def serialised(task: Task) -> bytes:
    """A task as bytes, which a machine opens only after it has compared its software."""
    return zlib.compress(pickle.dumps(task), 1)


def executed(expected: Mapping[str, str], data: bytes, cancelled: threading.Event) -> Answer:
    """Read the account of a task (:func:`serialised`), on a machine whose software is as ``expected``.

    ``cancelled`` ends it early. Raises only what is a defect.
    """
    differs = differences(expected)
    if differs:
        return "refused", f"its software is another: {', '.join(differs)}"
    # Sent by whoever may run any code on this machine anyhow: it is a worker of theirs.
    task: Task = pickle.loads(zlib.decompress(data))  # noqa: S301
    try:
        with _session_of(task.context) as session:
            return "part", session.read(task, cancelled)
    except Refused as error:
        return "refused", str(error)
    except Unanswered as error:
        return "lost", str(error)
    except Interrupted:
        return "lost", "cancelled"
    finally:
        release()


def dry_run(expected: Mapping[str, str], data: bytes) -> Answer:
    """What :func:`executed` would answer before it reads; where it would read, a part of no bytes.

    What the machine needs for the run is made, so that no account waits for it.
    """
    differs = differences(expected)
    if differs:
        return "refused", f"its software is another: {', '.join(differs)}"
    task: Task = pickle.loads(zlib.decompress(data))  # noqa: S301 - as above
    try:
        with _session_of(task.context):
            return "part", b""
    except Refused as error:
        return "refused", str(error)
    except Unanswered as error:
        return "lost", str(error)


class Refused(Exception):
    """Why this machine is not to read: not for want of luck, so that trying again would help nobody."""


class Unanswered(Exception):
    """Why this machine could not read now; another one may."""


class Session:
    """What a machine has made for a run: the provider with its clients, and the limit on requests in flight."""

    def __init__(self, context: RunContext) -> None:
        """Open the provider and ask who we are. Raises Refused and Unanswered."""
        self.users = 0
        self.plan: Plan = plan(context.provider, declared(context.provider), context.reads)
        self._conforms = conforming(context.types)
        # Never stopped: credentials renew themselves through it, whichever account was read first.
        never = threading.Event()
        self._limiter = Limiter(context.clock(never).sleep, never)
        try:
            provider = opened(context.provider, **context.settings)
        except (NotInstalled, NotConfigured) as error:
            raise Refused(f"opening {context.provider}: {error}") from error
        if not isinstance(provider, Portable):
            raise TypeError(f"{context.provider} cannot be read from several machines")
        self._provider: Portable = provider
        try:
            self._join(context)
        except BaseException:
            provider.close()
            raise

    def _join(self, context: RunContext) -> None:
        try:
            self._provider.join(context.identity, self._limiter)
        except AnotherIdentity as error:
            raise Refused(f"it asks {context.provider} as {error.mine}, not as {error.theirs}") from error
        except Exception as error:
            failure = self._provider.classify(error)
            if failure is None:
                raise
            # Without its cause, whose text is the provider's.
            kind = Unanswered if failure.temporary else Refused
            raise kind(f"asking {context.provider} who it is: {failure.reason} ({failure.detail})") from None

    def read(self, task: Task, cancelled: threading.Event) -> bytes:
        """The part of an account. Raises Interrupted where it is cancelled."""
        context, account = task.context, task.account
        clock = context.clock(cancelled)
        governor = self._limiter.apart(clock.sleep, cancelled)
        self._provider.expect(account, task.name)
        try:
            discovery = entered(self._provider, account, governor, context.regions)
            part = collect(
                self.plan, self._provider, discovery, governor, clock.now, self._conforms, as_of=context.as_of
            )
            if cancelled.is_set():
                raise Interrupted
            return packed(replace(part, identity=context.identity))
        finally:
            self._provider.leave(account)

    def close(self) -> None:
        """Drop the clients and their connections."""
        self._provider.close()


_SESSIONS: Final[dict[str, Session]] = {}
_LOCK: Final = threading.Lock()


@contextmanager
def _session_of(context: RunContext) -> Iterator[Session]:
    """The session of a run on this machine, made by the first of its accounts; those that nobody uses make room."""
    with _LOCK:
        session = _SESSIONS.get(context.run)
        if session is None:
            for run in [run for run, other in _SESSIONS.items() if not other.users]:
                _SESSIONS.pop(run).close()
            session = _SESSIONS[context.run] = Session(context)
        session.users += 1
    try:
        yield session
    finally:
        with _LOCK:
            session.users -= 1


def closed(run: str) -> None:
    """Drop what this machine made for a run, unless it still reads for it."""
    with _LOCK:
        if run in _SESSIONS and not _SESSIONS[run].users:
            _SESSIONS.pop(run).close()
