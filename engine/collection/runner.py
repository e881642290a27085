"""Carries out a plan in one account: every reader in every scope, as concurrently as lanes allow.

In each scope the listings and the readers that add to them run first; when all those of a type have ended, its
resources are assembled and the per-resource readers start, level by level for each resource on its own. What an index
told can be confirmed afterwards, resource by resource.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, Final

from engine.collection.journal import Forgetful, Journal, Kept
from engine.collection.lanes import Lanes, Pool
from engine.collection.ledger import Ledger
from engine.collection.observer import NOBODY, Observer
from engine.collection.outcomes import MALFORMED, Outcome, attempt, contradicted, properties
from engine.collection.planner import Plan, in_levels
from engine.model import Collection, CollectionState, Resource, Scope
from providers.base import GLOBAL, Discovery, Found, Governor, Provider, Reader, Tally, Unread, place
from providers.values import merged, resource

_STATES: Final[Mapping[str, CollectionState]] = {"value": "complete", "absent": "complete", "off": "off"}

_NO_JOURNAL: Final = Forgetful()

Conforms = Callable[[Resource], Resource]
Levels = tuple[tuple[Reader, ...], ...]
Doubts = Mapping[tuple[str, str], frozenset[str]]
"""What is to be confirmed: by type and id of a resource, the properties that matter."""
Key = tuple[str, Scope]
"""A type, and the scope of its listing."""


@dataclass(slots=True)
class _Listing:
    """One type in one scope while its per-scope readers run.

    ``instead`` are per-resource readers that stand in for one of them that failed.
    """

    pending: int
    ended: dict[str, tuple[Reader, Kept, Mapping[str, Found]]] = field(default_factory=dict)
    instead: list[Reader] = field(default_factory=list)


@dataclass(slots=True)
class Collected:
    """What a run has read so far, by (type, scope of the listing)."""

    resources: dict[tuple[str, Scope], dict[str, Resource]] = field(default_factory=dict)
    collections: dict[tuple[str, Scope], Collection] = field(default_factory=dict)


class Runner:
    """One run of a plan over the scopes of an account.

    ``now`` gives the wall clock as RFC 3339 UTC; ``conforms`` makes values unread that do not fit the type's schema;
    ``observer`` is told of each execution. ``sample`` limits the per-resource readers to so many
    resources a listing, for a trial. ``pool`` are the threads that accounts share; ``journal`` knows what an earlier
    run read that died.
    """

    def __init__(
        self,
        plan: Plan,
        provider: Provider,
        discovery: Discovery,
        governor: Governor,
        now: Callable[[], str],
        conforms: Conforms,
        observer: Observer = NOBODY,
        sample: int | None = None,
        pool: Pool | None = None,
        journal: Journal | Forgetful = _NO_JOURNAL,
    ) -> None:
        self._plan, self._provider, self._discovery = plan, provider, discovery
        self._governor, self._now, self._conforms, self._observer = governor, now, conforms, observer
        self._sample, self._journal = sample, journal
        self._pool, self._shares = (Pool(), False) if pool is None else (pool, True)
        self._lanes = Lanes(self._pool)
        self._order = [one.name for reader in plan.per_scope for one in (reader, *reader.alternatives)]
        self.ledger = Ledger()
        self._lock = threading.RLock()
        self._listings: dict[tuple[str, Scope], _Listing] = {}
        self._shared: dict[Hashable, Outcome | list[Callable[[Outcome], None]]] = {}
        """How equal arguments of a shared reader ended, or who waits for that."""
        self.collected = Collected()

    def run(self) -> None:
        """Read everything. Returns when every execution has ended one way or another."""
        given: list[tuple[str, Scope]] = []
        for scope in self._discovery.scopes:
            readers = [reader for reader in self._plan.per_scope if self._runs_in(reader.where, scope)]
            for type_ in self._plan.types:
                if self._runs_in(self._plan.types[type_].where, scope):
                    pending = sum(type_ in reader.lists or type_ in reader.fills for reader in readers)
                    self._listings[type_, scope] = _Listing(pending)
                    # Noted before any reader runs: a listing that has ended has nothing pending either.
                    given += [(type_, scope)] * (not pending)
            for reader in readers:
                self._start(reader, scope, scope, partial(self._list, reader, scope))
        for type_, scope in given:
            self._assemble(type_, scope)
        self._lanes.wait()

    def close(self) -> None:
        """End the threads that are the runner's own."""
        if not self._shares:
            self._pool.close()

    def _runs_in(self, where: str, scope: Scope) -> bool:
        return where == place(scope.region)

    # --- whole scopes ---

    def _start(self, reader: Reader, listed_in: Scope, asked_in: Scope, task: Callable[[], None]) -> None:
        self.ledger.planned(listed_in, reader.name, 1)
        self._observer.planned(listed_in, reader.name)
        self._lanes.submit(self._provider.lane(reader, asked_in), task)

    def _finished(self, reader: Reader, scope: Scope, subject: str, outcome: Outcome, tally: Tally) -> None:
        self.ledger.ended(scope, reader.name, subject, outcome, tally)
        self._observer.answered(scope, reader.name, tally)

    def _list(self, reader: Reader, scope: Scope) -> None:
        kept = self._ended_listing(reader, scope)
        failed = kept.outcome.unread is not None and kept.outcome.unread.reason != "cancelled"
        alternatives = reader.alternatives if failed else ()
        ready, begun = [], []
        with self._lock:
            for type_ in {*reader.lists, *reader.fills}:
                listing = self._listings.get((type_, scope))
                if listing is not None:
                    mine = {item.id: item for item in kept.found if item.type == type_}
                    standing_in = [other for other in alternatives if type_ in {*other.lists, *other.fills}]
                    listing.instead += [other for other in standing_in if other.per == "resource"]
                    begun += [other for other in standing_in if other.per == "scope" and other not in begun]
                    listing.pending += sum(other.per == "scope" for other in standing_in) - 1
                    if not standing_in:
                        listing.ended[reader.name] = (reader, kept, mine)
                    if listing.pending == 0:
                        ready.append(type_)
        for other in begun:
            self._start(other, scope, scope, partial(self._list, other, scope))
        for type_ in ready:
            self._assemble(type_, scope)

    def _ended_listing(self, reader: Reader, scope: Scope) -> Kept:
        """How a per-scope reader ended: now, or in the run before."""
        kept = self._journal.kept(reader.name, scope, "")
        if kept is None:
            kept = self._listed(reader, scope)
            self._journal.keep(reader.name, scope, "", kept)
        self._finished(reader, scope, "", kept.outcome, kept.tally)
        return kept

    def _listed(self, reader: Reader, scope: Scope) -> Kept:
        tally = Tally()
        found: dict[tuple[str, str], Found] = {}
        self._observer.asking(scope, reader.name)

        def read() -> None:
            for item in reader.read(self._provider.caller(scope, self._governor, tally), scope):
                known = found.get((item.type, item.id))
                found[item.type, item.id] = item if known is None else contradicted(known, item)

        outcome = attempt(reader, read, self._provider.classify)
        return Kept(outcome, tally, self._now(), tuple(found.values()))

    def _assemble(self, type_: str, scope: Scope) -> None:
        ended = self._listings[type_, scope].ended
        # In the plan's order, not in the order in which threads ended.
        rows = [ended[name] for name in self._order if name in ended]
        lister, listed, found = next((row for row in rows if type_ in row[0].lists), self._given(type_, scope))
        # What a lister said of them is told below, as what any reader says.
        bare = {id_: item if lister is None else replace(item, properties={}) for id_, item in found.items()}
        resources = {item.id: resource(item, scope, listed.at) for item in bare.values()}
        for reader, kept, items in rows:
            # What a listing that broke off found before is as good as any.
            own = Outcome("value") if reader is lister else kept.outcome
            for id_, known in resources.items():
                said = items[id_].properties if id_ in items else None
                resources[id_] = self._grown(known, reader, scope, own, said)
        outcome = listed.outcome
        collection = Collection(type_, scope, _STATES.get(outcome.word, "failed"), len(resources), outcome.unread)
        with self._lock:
            self.collected.resources[type_, scope] = resources
            self.collected.collections[type_, scope] = collection
        levels = self._levels(type_, scope)
        for id_, item in list(resources.items())[: self._sample]:
            self._descend(type_, scope, levels, id_, item, 0)

    def _levels(self, type_: str, scope: Scope) -> Levels:
        """The per-resource readers of a type, with those that stand in for per-scope ones that failed."""
        planned, instead = self._plan.levels.get(type_, ()), self._listings[type_, scope].instead
        return in_levels(type_, [*instead, *chain(*planned)]) if instead else planned

    def _given(self, type_: str, scope: Scope) -> tuple[Reader | None, Kept, Mapping[str, Found]]:
        """The resources that came with the discovery, for the types that nothing else lists."""
        found = {item.id: item for where, item in self._discovery.found if item.type == type_ and where == scope}
        return None, Kept(Outcome("value"), Tally(), self._now()), found

    # --- single resources ---

    def _descend(self, type_: str, scope: Scope, levels: Levels, id_: str, item: Resource, level: int) -> None:
        """Start the readers of a level for one resource; the last to end starts the next level."""
        if level >= len(levels):
            with self._lock:
                held = self.collected.resources[type_, scope]
                if id_ in held:
                    held[id_] = self._conforms(held[id_])
            return
        left = [len(levels[level])]

        def ended(reader: Reader, outcome: Outcome) -> None:
            self._apply(type_, scope, id_, reader, outcome)
            with self._lock:
                left[0] -= 1
                last = left[0] == 0
                current = self.collected.resources[type_, scope].get(id_)
            if last and current is not None:
                self._descend(type_, scope, levels, id_, current, level + 1)

        for reader in levels[level]:
            self._read(reader, scope, item, ended)

    def _read(self, reader: Reader, scope: Scope, item: Resource, ended: Callable[[Reader, Outcome], None]) -> None:
        given = _given(reader, item)
        if given is not None:
            ended(reader, given)
            return

        if not reader.shared:
            self._ask(reader, scope, item, item.id, lambda outcome: ended(reader, outcome))
            return
        arguments = tuple(repr(item.properties.get(need)) for need in reader.needs)
        key = (reader.name, item.scope, arguments)
        with self._lock:
            known = self._shared.get(key)
            if known is None:
                self._shared[key] = [lambda outcome: ended(reader, outcome)]
            elif isinstance(known, list):
                known.append(lambda outcome: ended(reader, outcome))
        if known is None:
            self._ask(reader, scope, item, f"{item.scope} {arguments}", lambda outcome: self._settle(key, outcome))
        elif isinstance(known, Outcome):
            ended(reader, known)

    def _ask(
        self, reader: Reader, scope: Scope, item: Resource, subject: str, ended: Callable[[Outcome], None]
    ) -> None:
        """Read of one resource; ``subject`` is what the journal calls that: its id, or arguments that several share."""

        def task() -> None:
            kept = self._journal.kept(reader.name, scope, subject)
            if kept is None:
                tally = Tally()
                self._observer.asking(scope, reader.name)
                caller = self._provider.caller(item.scope, self._governor, tally)
                outcome = attempt(reader, lambda: reader.read(caller, item), self._provider.classify)
                kept = Kept(outcome, tally, self._now())
                self._journal.keep(reader.name, scope, subject, kept)
            self._finished(reader, scope, item.id, kept.outcome, kept.tally)
            ended(kept.outcome)

        self._start(reader, scope, item.scope, task)

    def _settle(self, key: Hashable, outcome: Outcome) -> None:
        """Remember how equal arguments ended, and tell who waits for it."""
        with self._lock:
            waiting = self._shared[key]
            self._shared[key] = outcome
        for tell in waiting if isinstance(waiting, list) else []:
            tell(outcome)

    def _apply(self, type_: str, scope: Scope, id_: str, reader: Reader, outcome: Outcome) -> None:
        with self._lock:
            held = self.collected.resources[type_, scope]
            current = held.get(id_)
            if current is None:
                return
            if outcome.word == "gone":
                del held[id_]
                return
            said: Mapping[str, Any] | None = outcome.value if outcome.word == "value" else None
            held[id_] = self._grown(current, reader, scope, outcome, said)

    def _grown(
        self, item: Resource, reader: Reader, scope: Scope, outcome: Outcome, said: Mapping[str, Any] | None
    ) -> Resource:
        """The resource with what a reader says of it. What an answer lacks that was given is a failure of its own."""
        grown = merged(item, properties(reader, item.type, outcome, said), reader.operations[0])
        if outcome.word == "value":
            new = {why for pointer, why in grown.unread.items() if pointer not in item.unread}
            if new:
                self.ledger.lacking(scope, reader.name, item.id, new)
        return grown

    # --- what an index told ---

    def confirm(self, doubts: Doubts) -> None:
        """Ask the services themselves what an index told of some resources; call after :meth:`run`.

        What they say stands in its place, and what they do not have any more is gone. Where they do not say it, what
        the index told stays, and the ledger says that it was not confirmed.
        """
        before: dict[Key, dict[str, Resource]] = {}
        for key, held in self.collected.resources.items():
            for type_, id_ in doubts:
                if type_ == key[0] and id_ in held:
                    before.setdefault(key, {})[id_] = held[id_]
        for key, items in before.items():
            self._confirm(key, items, doubts)
        self._lanes.wait()
        self._follow(before)
        for key, items in before.items():
            held = self.collected.resources[key]
            held.update({id_: self._conforms(held[id_]) for id_ in items if id_ in held})

    def _confirm(self, key: Key, items: Mapping[str, Resource], doubts: Doubts) -> None:
        """Start the readers that confirm what indexes told of resources of a listing."""
        type_, scope = key
        ended = self._listings[key].ended
        for reader in self._plan.per_scope:
            # Where it failed, others stood in for it, which is as good.
            if reader.name not in ended or ended[reader.name][1].outcome.word != "value":
                continue
            for other in reader.confirmed_by:
                if other.per == "resource" and other.of == type_:
                    for id_, item in items.items():
                        if doubts[type_, id_].intersection(other.fills[type_]):
                            self._read(other, scope, item, partial(self._restate, key, id_))
                elif other.per == "scope" and type_ in other.lists:
                    # That it is there at all is what it was told first.
                    self._start(other, scope, scope, partial(self._list_again, other, key, [*items]))

    def _list_again(self, reader: Reader, key: Key, ids: list[str]) -> None:
        kept = self._ended_listing(reader, key[1])
        found = {item.id: item for item in kept.found if item.type == key[0]}
        for id_ in ids:
            if id_ in found:
                self._restate(key, id_, reader, Outcome("value", found[id_].properties), kept.at)
            elif kept.outcome.word == "value":
                self.ledger.gone(key[1], reader.name)
                self._restate(key, id_, reader, Outcome("gone"))

    def _restate(self, key: Key, id_: str, reader: Reader, outcome: Outcome, at: str | None = None) -> None:
        """Put what a reader says in the place of what was known; ``at``: when the resource was listed."""
        if outcome.word not in ("value", "absent", "gone"):
            return
        with self._lock:
            held = self.collected.resources[key]
            item = held.get(id_)
            if item is None:
                return
            if outcome.word == "gone":
                del held[id_]
                return
            told = properties(reader, key[0], outcome, outcome.value if outcome.word == "value" else None)
            said = {name: value for name, value in told.items() if not isinstance(value, Unread)}
            bare = replace(_without(item, said), collected_at=at or item.collected_at)
            held[id_] = merged(bare, said, reader.operations[0])

    def _follow(self, before: Mapping[Key, Mapping[str, Resource]]) -> None:
        """Read again what was read by values that are others now, level by level."""
        changed: dict[tuple[Key, str], set[str]] = {}
        for key, items in before.items():
            for id_, old in items.items():
                new = self.collected.resources[key].get(id_)
                if new is not None:
                    known = old.properties
                    changed[key, id_] = {name for name in known if known[name] != new.properties.get(name)}
        for level in range(max((len(self._levels(*key)) for key in before), default=0)):
            for (key, id_), names in changed.items():
                for reader in chain(*self._levels(*key)[level : level + 1]):
                    if names.intersection(reader.needs):
                        names.update(reader.fills.get(key[0], ()))
                        self._ask_again(reader, key, id_)
            self._lanes.wait()

    def _ask_again(self, reader: Reader, key: Key, id_: str) -> None:
        item, ended = self.collected.resources[key].get(id_), partial(self._reread, key, id_, reader)
        if item is None:
            return
        given = _given(reader, item)
        if given is not None:
            ended(given)
        else:
            # By a name of its own: what the journal knows of it was read by the values before.
            self._ask(reader, key[1], item, f"{id_} again", ended)

    def _reread(self, key: Key, id_: str, reader: Reader, outcome: Outcome) -> None:
        """What was read by other values says nothing any more, whatever is answered now."""
        with self._lock:
            held = self.collected.resources[key]
            if id_ in held:
                held[id_] = _without(held[id_], reader.fills.get(key[0], ()))
        self._apply(*key, id_, reader, outcome)


def _given(reader: Reader, item: Resource) -> Outcome | None:
    """How a per-resource reader ends that need not ask: by what it needs and lacks, or by what the resource says."""
    lacking = next((item.unread[f"/{need}"] for need in reader.needs if f"/{need}" in item.unread), None)
    if lacking is not None:
        return Outcome("failed", unread=lacking)
    try:
        known = reader.known(item) if reader.known is not None else None
    except MALFORMED:
        # A part of what it needs was not read: asking shows what that comes to.
        return None
    return None if known is None else Outcome("value", known)


def _without(item: Resource, names: Iterable[str]) -> Resource:
    """The resource without what was said of some properties."""
    dropped = frozenset(names)
    return replace(
        item,
        properties={name: value for name, value in item.properties.items() if name not in dropped},
        unread={pointer: why for pointer, why in item.unread.items() if pointer.split("/")[1] not in dropped},
    )


def unlisted(provider: str, discovery: Discovery, plan: Plan) -> list[Collection]:
    """The collections that a failed discovery leaves open, one a type.

    Of an account that was not entered those of all types; else those of regional types, in the regions that nobody
    could name.
    """
    why = next(iter(discovery.failures.values()), None)
    scope = Scope(provider, discovery.account, "*")
    return [
        Collection(type_.name, scope, "failed", 0, why)
        for type_ in plan.types.values()
        if why is not None and (type_.where != GLOBAL or not discovery.scopes)
    ]
