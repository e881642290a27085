"""A provider that answers what a test tells it to, and counts who asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.collection import Doubted, collect, directory, entered
from engine.collection.limiter import Limiter
from engine.collection.observer import NOBODY, Observer
from engine.collection.planner import Plan, plan
from engine.model import Snapshot
from providers.base import (
    GLOBAL,
    Directory,
    Discovery,
    Failure,
    Found,
    Governor,
    Reader,
    Resource,
    ResourceType,
    Scope,
    Tally,
    Unread,
)

BOX = "Test::Box"
ACCOUNT = "111122223333"
AT = "2026-11-23T02:00:00Z"


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.code)


def denied(code: str = "AccessDenied", operation: str | None = None) -> Refused:
    return Refused(Failure("access_denied", code, operation, "req-1"))


@dataclass(slots=True)
class Asker:
    """What scripted readers call with: counted, and governed."""

    provider: Scripted
    scope: Scope
    governor: Governor
    tally: Tally

    def __call__(self, *what: Any, answer: Callable[[], Any] = lambda: None) -> Any:
        with self.provider.lock:
            self.provider.calls.append((self.scope.region, *what))
        self.tally.calls += 1
        return self.governor("lane", answer, self.provider.classify, self.tally)


@dataclass
class Scripted:
    """A provider of ``types`` with ``readers``, in ``regions`` of each account of ``members``."""

    readers: tuple[Reader, ...]
    types: Mapping[str, ResourceType] = field(default_factory=lambda: {BOX: ResourceType(BOX)})
    discovered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regions: tuple[str, ...] = ("north",)
    failures: Mapping[str, Unread] = field(default_factory=dict)
    identity: Callable[[], Any] = lambda: None
    answered_at: str | None = None
    given: tuple[tuple[str, Found], ...] = ()
    discovery: tuple[tuple[str, tuple[str, ...]], ...] = (("test:WhoAmI", ("test:WhoAmI",)),)
    name: str = "test"
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    members: tuple[str, ...] = (ACCOUNT,)
    left: list[str] = field(default_factory=list)
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accounts(self, governor: Governor) -> Directory:
        governor("sts", self.identity, self.classify, Tally())
        identity = {"account": ACCOUNT}
        return Directory(
            identity,
            dict.fromkeys(self.members, "somebody"),
            tallies={"test:WhoAmI": Tally(calls=1)},
            answered_at=self.answered_at,
        )

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        scopes = tuple(Scope(self.name, account, region) for region in (GLOBAL, *self.regions))
        tallies = {operation: Tally(calls=1) for operation in self.failures}
        found = tuple((Scope(self.name, account, region), item) for region, item in self.given)
        return Discovery(account, scopes, found, (), self.failures, tallies)

    def leave(self, account: str) -> None:
        self.left.append(account)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Asker:
        return Asker(self, scope, governor, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        return (reader.operations[0].partition(":")[0], scope.region)

    def classify(self, error: Exception) -> Failure | None:
        return error.failure if isinstance(error, Refused) else None

    def close(self) -> None:
        self.closed = True

    def planned(self, reads: Mapping[str, Iterable[str]]) -> Plan:
        return plan(self.name, self, reads)  # type: ignore[arg-type]


def lister(
    *items: Found | Exception, fills: tuple[str, ...] = (), operation: str = "box:ListBoxes", **settings: Any
) -> Reader:
    """Lists boxes: yields the items, and raises an exception where one stands."""

    def read(ask: Asker, scope: Scope) -> Iterator[Found]:
        ask(operation)
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    return Reader((operation,), read, {BOX: fills}, (operation,), lists=(BOX,), **settings)


def getter(
    operation: str,
    answer: Callable[[Resource], Any],
    *fills: str,
    governed: bool = False,
    **settings: Any,
) -> Reader:
    """Reads properties of one box: what ``answer`` gives, as an answer of the provider where ``governed``."""

    def read(ask: Asker, item: Resource) -> Any:
        if governed:
            return ask(operation, item.id, answer=lambda: answer(item))
        ask(operation, item.id)
        return answer(item)

    return Reader((operation,), read, {BOX: fills}, (operation,), per="resource", of=BOX, **settings)


def box(id_: str, **properties: Any) -> Found:
    return Found(BOX, id_, properties)


def raising(error: Exception) -> Callable[..., Any]:
    def read(*_: Any) -> Any:
        raise error

    return read


def scan(
    provider: Scripted,
    *names: str,
    cancelled: threading.Event | None = None,
    sleep: Callable[[float], None] = lambda seconds: None,
    conforms: Callable[[Resource], Resource] = lambda item: item,
    sample: int | None = None,
    observer: Observer = NOBODY,
    reads: Mapping[str, Iterable[str]] | None = None,
    doubted: Doubted | None = None,
) -> Snapshot:
    """Collect these properties of boxes (else what ``reads`` says), on a clock that stands still."""
    governor = Limiter(sleep, cancelled or threading.Event())
    directory(provider, governor)
    found = entered(provider, ACCOUNT, governor)
    made = provider.planned({BOX: names} if reads is None else reads)
    return collect(made, provider, found, governor, lambda: AT, conforms, observer, sample, doubted=doubted)
