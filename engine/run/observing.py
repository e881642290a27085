"""What a run judges, part by part: what the clouds answer now, a stored snapshot, or the demonstration's."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import engine
from engine.collection import Doubted, completed
from engine.collection.conformance import conforming
from engine.collection.executors import Executor, Threads, Work
from engine.collection.limiter import Limiter
from engine.collection.memory import release
from engine.collection.observer import Observer
from engine.collection.planner import Plan
from engine.collection.survey import Introduction, Survey
from engine.content.checks import CompiledCheck
from engine.content.load import Content
from engine.errors import UsageError
from engine.model import LISTINGS, Clock, Snapshot
from engine.run.access import apart, open_provider, settings_of
from engine.run.reads import stored
from engine.run.recording import Recording
from engine.run.request import RunRequest, boundary_of, plans_of
from providers.base import Portable, Provider

if TYPE_CHECKING:
    from engine.collection.cluster import Connection

DEMO: Final = Path(engine.__file__).resolve().parent.parent / "providers" / "_demo" / "snapshot.json"


def observed(
    request: RunRequest,
    content: Content,
    checks: Sequence[CompiledCheck],
    clock: Clock,
    observer: Observer,
    limiter: Limiter,
    record: Recording,
    asked: dict[str, Introduction],
    doubts: Doubted,
    connection: Connection | None = None,
) -> Generator[Snapshot]:
    """What to judge, part by part: the demonstration's or a stored snapshot, or what the clouds answer now.

    What is taken of ``asked``, the providers that have been asked who we are, is closed here; what ``doubts`` names of
    what indexes told is confirmed. ``connection`` is that to the cluster that reads accounts, if one does.
    """
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    if request.demo == "recorded" or request.snapshot is not None:
        yield completed(stored_snapshot(request, content), plans_of(checks, content), conform)
        return
    with _company() if request.demo else nullcontext():
        for made in plans_of(checks, content):
            introduction = asked.pop(made.provider, None) or _introduced(
                made.provider, request, content, limiter, clock
            )
            survey = Survey(
                plan=made,
                introduction=introduction,
                limiter=limiter,
                now=clock.now,
                conforms=conform,
                regions=frozenset(request.regions),
                identified=partial(record.identified, made.provider),
                observer=observer,
                executor=_executor(made, introduction.provider, request, content, clock, connection),
                doubted=doubts,
            )
            try:
                yield from survey.parts()
            finally:
                introduction.provider.close()
                release()


@contextmanager
def introduced(
    providers: Iterable[str], request: RunRequest, content: Content, limiter: Limiter, clock: Clock
) -> Iterator[dict[str, Introduction]]:
    """These providers, asked who we are; those that nobody took are closed at the end."""
    waiting = {name: _introduced(name, request, content, limiter, clock) for name in providers}
    try:
        yield waiting
    finally:
        for introduction in waiting.values():
            introduction.provider.close()


def _introduced(provider: str, request: RunRequest, content: Content, limiter: Limiter, clock: Clock) -> Introduction:
    # Listings belong to no account: what is narrowed to one is joined with all of them.
    accounts = frozenset[str]() if provider == LISTINGS else frozenset(request.accounts)
    left_out = partial(apart, boundary_of(content))
    return Introduction(open_provider(provider, request, content, clock), limiter, accounts, left_out)


def _executor(
    made: Plan, provider: Provider, request: RunRequest, content: Content, clock: Clock, connection: Connection | None
) -> Callable[[Work], Executor]:
    """Who reads a provider's accounts: the cluster, where there is one and the provider can be read from it."""
    if connection is None or not isinstance(provider, Portable):
        return Threads
    types = {name: content.types[name].type for name in made.types}
    return partial(connection.executor, settings=settings_of(made.provider, request, content, clock), types=types)


def _company() -> AbstractContextManager[Any]:
    """The fictional company's account on a loopback address, which only a checkout with the dev extra has."""
    try:
        module = import_module("tests.emulators.demo_company")
    except ModuleNotFoundError as error:
        hint = "it needs a checkout with the dev extra: pip install -e '.[dev]'"
        raise UsageError(f"starting the live demonstration: {error.name} is not there; {hint}") from error
    company: AbstractContextManager[Any] = module.company()
    return company


def stored_snapshot(request: RunRequest, content: Content) -> Snapshot:
    """The demonstration's snapshot, or the one that the request names. Raises as :func:`engine.run.reads.stored`."""
    if request.demo == "recorded":
        from engine.collection.snapshot import read

        return replace(read(DEMO), source="demo")
    store = request.store or content.policy.organization.store
    return replace(stored(request.snapshot or "", store, request.config), source="recorded")
