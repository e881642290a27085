"""From the properties that checks read to the readers that must run, and so to calls and permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.errors import NoReader, UsageError
from providers import Declared
from providers.base import Reader, ResourceType, WrongDeclaration


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be read of one provider.

    ``types`` are the resource types listed; ``levels`` maps a type to its per-resource readers, those of a later level
    needing properties of an earlier one; ``per_scope`` are the listers and the readers that add to listed resources;
    ``wanted`` maps a type to the properties that checks read.
    """

    provider: str
    types: Mapping[str, ResourceType]
    per_scope: tuple[Reader, ...]
    levels: Mapping[str, tuple[tuple[Reader, ...], ...]]
    wanted: Mapping[str, frozenset[str]]

    @property
    def readers(self) -> tuple[Reader, ...]:
        """Every reader of the plan, listers first."""
        below = (reader for levels in self.levels.values() for level in levels for reader in level)
        return (*self.per_scope, *below)

    @property
    def alternatives(self) -> tuple[Reader, ...]:
        """The readers that run only where another fails or is to be confirmed, as far as they read what is wanted."""
        return tuple(other for reader in self.per_scope for other in self.others(reader))

    def others(self, reader: Reader) -> tuple[Reader, ...]:
        """Those of the alternatives that may run because of one reader."""
        # One that does both is the same object.
        both = {id(other): other for other in (*reader.alternatives, *reader.confirmed_by)}
        return tuple(other for other in both.values() if set(self.types) & {*other.lists, *other.fills})

    @property
    def from_indexes(self) -> bool:
        """Whether anything is read from an index that can be confirmed."""
        return any(reader.confirmed_by for reader in self.per_scope)

    @property
    def permissions(self) -> tuple[str, ...]:
        """The vendor's action names that the plan takes, sorted, without those of the discovery."""
        readers = (*self.readers, *self.alternatives)
        return tuple(sorted({name for reader in readers for name in reader.permissions}))

    def listers(self, type_name: str) -> tuple[str, ...]:
        """The operations that list a type, those of alternatives after the others."""
        readers = (*self.per_scope, *self.alternatives)
        return tuple(o for reader in readers if type_name in reader.lists for o in reader.operations)


def plan(provider: str, declared: Declared, reads: Mapping[str, Iterable[str]]) -> Plan:
    """The plan that reads ``reads`` (resource type -> properties; identity such as id and region needs no reader).

    Raises NoReader for a type or property that no reader of the provider gives, WrongDeclaration for a type that one
    gives and the provider does not name.
    """
    wanted: dict[str, set[str]] = {type_: set() for type_ in reads}
    givers = _givers(declared)
    places: set[int] = set()
    queue = [(type_, name) for type_, names in sorted(reads.items()) for name in ("", *sorted(names))]
    while queue:
        type_, name = queue.pop()
        if name:
            wanted[type_].add(name)
            if name in declared.discovered.get(type_, ()):
                continue
        elif type_ in declared.discovered:
            continue
        place = givers.get((type_, name))
        if place is None:
            raise NoReader(provider, type_, name)
        if place not in places:
            places.add(place)
            reader = declared.readers[place]
            others = (*reader.alternatives, *reader.confirmed_by)
            queue += [(one.of or type_, need) for one in (reader, *others) for need in one.needs]
    if unknown := sorted(wanted.keys() - declared.types.keys()):
        raise WrongDeclaration(
            f"declaring providers/{provider}: its TYPES lack {', '.join(unknown)}, which its readers give"
        )
    chosen = _together([declared.readers[place] for place in sorted(places)])
    per_scope = tuple(reader for reader in chosen if reader.per == "scope")
    levels = {type_: in_levels(type_, [r for r in chosen if r.per == "resource" and r.of == type_]) for type_ in wanted}
    return Plan(
        provider,
        {type_: declared.types[type_] for type_ in sorted(wanted)},
        per_scope,
        {type_: rows for type_, rows in levels.items() if rows},
        {type_: frozenset(names) for type_, names in wanted.items()},
    )


def _givers(declared: Declared) -> dict[tuple[str, str], int]:
    """The place of the first reader that fills a property of a type, or (without a property) lists the type."""
    givers: dict[tuple[str, str], int] = {}
    for place, reader in enumerate(declared.readers):
        for type_ in reader.lists:
            givers.setdefault((type_, ""), place)
        for type_, names in reader.fills.items():
            for name in names:
                givers.setdefault((type_, name), place)
    return givers


def _together(readers: list[Reader]) -> list[Reader]:
    """The readers, those that can be one made one, in the place of the first."""
    groups: dict[object, list[Reader]] = {}
    for place, reader in enumerate(readers):
        groups.setdefault(reader.together or place, []).append(reader)
    return [group[0].together(tuple(group)) if group[0].together else group[0] for group in groups.values()]


def in_levels(type_: str, readers: list[Reader]) -> tuple[tuple[Reader, ...], ...]:
    """Per-resource readers of a type, those of a later level needing properties of an earlier one.

    Raises UsageError where they need each other.
    """
    levels: list[tuple[Reader, ...]] = []
    waiting = readers
    while waiting:
        later = {name for reader in waiting for name in reader.fills.get(type_, ())}
        ready = tuple(reader for reader in waiting if not later.intersection(reader.needs))
        if not ready:
            names = ", ".join(reader.name for reader in waiting)
            raise UsageError(f"planning what to read: the readers of {type_} need each other: {names}")
        levels.append(ready)
        waiting = [reader for reader in waiting if reader not in ready]
    return tuple(levels)
