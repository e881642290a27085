"""The steps of a run in order: the file to read first.

    collect -> snapshot -> evaluate -> findings -> record       for each account
    conclude -> seal -> report

The command line parses, calls one of these, prints and exits. Nothing here prints or decides what a verdict is.

What a run is asked for, and what that selects, is :mod:`engine.run.request`; what it judges comes from
:mod:`engine.run.observing`; :mod:`engine.run.recording` keeps it. Before a run there is :mod:`engine.run.preflight`;
what is done with sealed evidence is :mod:`engine.custody`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.collection import combined, completed, refuse_unknown
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.observer import NOBODY, Observer
from engine.collection.runner import Doubts
from engine.content.checks import CompiledCheck
from engine.content.load import Content
from engine.custody import inspection
from engine.errors import DiscoveryError, Interrupted
from engine.judging.boundary import Count, counted, written
from engine.judging.conclude import assessed, conclude
from engine.judging.evaluate import evaluate
from engine.judging.selection import within
from engine.model import LISTINGS, Assessment, Bounds, Clock, Finding, Snapshot
from engine.run import recording
from engine.run.confirmation import doubted, grave
from engine.run.observing import introduced, observed, stored_snapshot
from engine.run.reads import plans
from engine.run.recording import Recording, RunPlan
from engine.run.request import Kind, RunRequest, boundary_of, compiled, plans_of, prepared, selected

if TYPE_CHECKING:
    from engine.collection.cluster import Cluster


def run(
    request: RunRequest,
    clock: Clock,
    observer: Observer = NOBODY,
    cancelled: threading.Event | None = None,
    cluster: Cluster | None = None,
) -> Assessment:
    """Collect, judge, record and conclude: what ``run-checks`` does.

    Account by account: each is judged and recorded as soon as it is read, and then let go. A ``cluster`` reads the
    accounts of providers that several machines can read; all else is done here. ``observer`` looks on. Raises
    UsageError, ContentError, InputError, and Interrupted when ``cancelled`` was set. Evidence that could not be sealed
    is part of the result, not an exception, so that nothing of what was found is lost.
    """
    cancelled = cancelled or threading.Event()
    with observer.phase("plan"):
        content, selection = selected(request, narrowed=True)
    limiter = Limiter(clock.sleep, cancelled)
    live = request.snapshot is None and request.demo is None
    with (
        # First of all: where no scheduler answers, no run began.
        cluster.connected(clock) if cluster is not None and live else nullcontext() as connection,
        introduced(selection.providers[:1] if live else (), request, content, limiter, clock) as asked,
    ):
        with observer.phase("compile"):
            checks = compiled(content, selection)
        with observer.phase("begin"):
            record = recording.begin(
                _plan_of(request, content),
                content,
                checks,
                request.store,
                request.config,
                clock,
                request.resume_within if live else 0.0,
            )
        judging = _Judging(request, content, checks, record, observer)
        doubts = judging.doubts
        try:
            parts = observed(request, content, checks, clock, observer, limiter, record, asked, doubts, connection)
            with closing(parts):
                for part in parts:
                    judging.take(part)
            snapshot, verdicts = judging.whole()
        except BaseException as error:
            # Who asks was not found out for the run was to stop: it is not over, and goes on as one that was stopped.
            stopped = cancelled.is_set() and isinstance(error, DiscoveryError)
            record.abandon(Interrupted() if stopped else error, clock)
            raise
    with observer.phase("conclude"):
        conclusion = conclude(
            verdicts,
            selection,
            snapshot,
            content.policy,
            request.fail_on,
            request.allow_incomplete,
            _listers(checks),
            judging.bounds(snapshot),
        )
        assessment = assessed(_kind(request, content), content.policy, selection, snapshot, verdicts, conclusion)
    with observer.phase("seal"):
        sealed = record.seal(replace(assessment, resumed=record.resumed), clock)
    observer.ended(sealed)
    return sealed


class _Judging:
    """What was judged so far, account by account, and what the next one is judged with."""

    def __init__(
        self,
        request: RunRequest,
        content: Content,
        checks: Sequence[CompiledCheck],
        record: Recording,
        observer: Observer,
    ) -> None:
        self._request, self._checks, self._record, self._observer = request, checks, record, observer
        self._live = request.snapshot is None and request.demo is None
        self._judged = partial(within, request.accounts, request.regions)
        self._serious = grave(checks)
        self._boundary, self._count = boundary_of(content), Count()
        self._parts: list[Snapshot] = []
        self._listings: list[Snapshot] = []
        self._findings: list[Finding] = []

    def doubts(self, part: Snapshot) -> Doubts:
        """What of a part is to be confirmed, by the boundary as it is known when the part was read."""
        if not self._serious:
            return {}
        return doubted(part, self._serious, self._judged, self._boundary.sorted(part), self._listings)

    def take(self, part: Snapshot) -> None:
        """Judge and record a part, and let go of all but its outlines."""
        # The groups of a provider's accounts come with its first part.
        self._boundary = self._boundary.knowing(part.groups)
        sorting = self._boundary.sorted(part)
        with self._observer.phase("judge", *_whose(part)):
            found = evaluate(part, self._checks, self._judged, sorting, self._listings)
        with self._observer.phase("record", *_whose(part)):
            self._record.add(part, found, sorting.out)
        self._count.add(sorting)
        # Read first, and small: what other accounts hold is joined to them.
        self._listings += [part] if self._live and _holds_listings(part) else []
        self._parts.append(part.bare)
        self._findings += (finding.bare for finding in found)

    def whole(self) -> tuple[Snapshot, tuple[Finding, ...]]:
        """All that was read, and every verdict in order. Raises UsageError where what was asked for is not there."""
        snapshot = combined(self._parts)
        scopes = (finding.scope for finding in self._findings)
        refuse_unknown(self._request.accounts, self._request.regions, snapshot, scopes)
        return snapshot, tuple(sorted(self._findings, key=lambda finding: finding.order))

    def bounds(self, snapshot: Snapshot) -> Bounds | None:
        """What the boundary came to; None where none is written."""
        return self._count.bounds(self._boundary, snapshot)


def reviewed(
    request: RunRequest, snapshot: Snapshot | None = None, on: str | None = None
) -> tuple[Content, Assessment]:
    """What a stored snapshot shows by the data folders as they are now; nothing of it is recorded.

    ``snapshot`` stands for the one that the request names; people's evidence is judged as of ``on`` (RFC 3339 UTC),
    else as of the snapshot. Raises UsageError, ContentError and InputError.
    """
    content, selection, checks = prepared(request)
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    whole = completed(snapshot or stored_snapshot(request, content), plans_of(checks, content), conform)
    judged = partial(within, request.accounts, request.regions)
    sorting = boundary_of(content).knowing(whole.groups).sorted(whole)
    verdicts = evaluate(whole, checks, judged, sorting)
    found = sorted((finding.bare for finding in verdicts), key=lambda finding: finding.order)
    bare = whole.bare
    conclusion = conclude(
        found,
        selection,
        replace(bare, as_of=on or bare.as_of),
        content.policy,
        listers=_listers(checks),
        bounds=counted(sorting, bare),
    )
    return content, assessed(_kind(request, content), content.policy, selection, bare, tuple(found), conclusion)


def judged(request: RunRequest) -> tuple[Snapshot, tuple[Finding, ...]]:
    """A stored snapshot (``request.snapshot``: a file, or a run of the store), and what the checks at hand say of it.

    Nothing is recorded. Raises as :func:`run`, and VerificationError for a run that does not verify.
    """
    content, _, checks = prepared(request)
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    snapshot = completed(stored_snapshot(request, content), plans_of(checks, content), conform)
    sorting = boundary_of(content).knowing(snapshot.groups).sorted(snapshot)
    return snapshot, evaluate(snapshot, checks, partial(within, request.accounts, request.regions), sorting)


def cluster(address: str, clocks: Callable[[threading.Event], Clock]) -> Cluster:
    """The cluster at an address (dask://host:port); ``clocks`` makes a machine's clock, which sleeps until an event.

    Raises UsageError for an address that is none.
    """
    from engine.collection.cluster import Cluster

    return Cluster(address, clocks)


def _kind(request: RunRequest, content: Content) -> Kind:
    store = request.store or content.policy.organization.store
    shown = request.demo or (request.snapshot and inspection.demonstrates(request.snapshot, store, request.config))
    return "demo" if shown else request.kind


def _plan_of(request: RunRequest, content: Content) -> RunPlan:
    return RunPlan(
        kind=_kind(request, content),
        trigger=request.trigger,
        organization=content.policy.organization.name,
        filters=request.asked(request.accounts, request.regions),
        witness=request.witness,
        boundary=written(content.policy.organization.programme.boundary),
    )


def _listers(checks: Iterable[CompiledCheck]) -> dict[str, tuple[str, ...]]:
    """The operations that list each resource type that is judged."""
    return {type_: made.listers(type_) for made in plans(checks) for type_ in made.types}


def _whose(part: Snapshot) -> tuple[str, str]:
    """The provider and account of a part; nothing of one that is of several, or of none."""
    where = {(scope.provider, scope.account) for scope in part.scopes}
    return where.pop() if len(where) == 1 else ("", "")


def _holds_listings(part: Snapshot) -> bool:
    return any(row.scope.provider == LISTINGS for row in part.collections)
