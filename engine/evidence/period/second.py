"""What a second source counts of a population: its number beside the number that was listed, frame by frame.

A resource schema says of a property ``"x-counts": TYPE``: it is how many resources of that type its account has, as
another operation (``x-operation``) gives it. It is read where a check reads that resource, and compared in each frame
in which the account's listing was complete. A population of a year is of other size than any night's, so what is
compared is what was listed in the same frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import msgspec

from engine.evidence import canonical
from engine.evidence.period.film import Film
from engine.periods import SecondSource

MARK: Final = "x-counts"

Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Counting:
    """A property that counts: of which resources it is, and how often there is what."""

    on: str
    name: str
    counted: str
    query: str


ReadBodies = Callable[[Iterable[str]], Mapping[str, Any]]
"""Gives the bodies of some digests, as far as they are kept."""


def seconds(film: Film, read_bodies: ReadBodies) -> dict[str, SecondSource]:
    """What second sources counted, by the resource type that they count."""
    countings = _countings(film)
    if not countings:
        return {}
    bodies = _bodies(film, {counting.on for counting in countings})
    read = read_bodies({digest for rows in bodies.values() for _, _, _, digest in rows})
    found = {}
    for counting in countings:
        said: dict[tuple[Account, int], int] = {}
        for account, first, last, digest in bodies.get(counting.on, ()):
            number = read.get(digest, {}).get("properties", {}).get(counting.name)
            if isinstance(number, int):
                said.update(((account, frame), number) for frame in range(first, last + 1))
        second = _compared(film, counting, said)
        if second is not None:
            found[counting.counted] = second
    return found


def _countings(film: Film) -> list[_Counting]:
    """The properties that count, by the schemas of the last frame, of types that its checks judged."""
    content = film.bases[-1].content
    judged = {check.resource_type for basis in film.bases for check in basis.policy.checks.values()}
    rows = []
    for name, digest in content.members.get("schemas", {}).items():
        data = content.files.get(digest, b"")
        if MARK.encode() not in data:
            continue
        for key, said in msgspec.json.decode(data).get("properties", {}).items():
            if said.get(MARK) in judged:
                rows.append(_Counting(name, key, said[MARK], said.get("x-operation", "")))
    return rows


def _bodies(film: Film, types: Iterable[str]) -> dict[str, list[tuple[Account, int, int, str]]]:
    """Of each type the bodies of its resources, by digest, and the frames of the period in which they were so."""
    index, window, wanted = film.index, film.window, set(types)
    found: dict[str, set[tuple[Account, int, int, str]]] = {}
    for stream, first, last, body in zip(index.stream, index.first, index.last, index.body, strict=True):
        scope, _, subject = index.streams.values[stream]
        type_ = canonical.original_text(index.subjects.values[subject][1])
        if type_ in wanted and body and first < window.count and last >= window.begin:
            account = index.scopes.values[scope][:2]
            row = (account, max(first, window.begin), min(last, window.count - 1), index.bodies.values[body])
            found.setdefault(type_, set()).add(row)
    return {type_: sorted(rows) for type_, rows in found.items()}


def _compared(film: Film, counting: _Counting, said: Mapping[tuple[Account, int], int]) -> SecondSource | None:
    """The comparison over all accounts of a frame that can be compared."""
    listed = {account: _listed(film, counting.counted, account) for account in {place[0] for place in said}}
    complete = set(_complete(film, counting.counted))
    sums: dict[int, tuple[int, int]] = {}
    for (account, frame), number in said.items():
        if (account, frame) in complete:
            before = sums.get(frame, (0, 0))
            sums[frame] = (before[0] + listed[account][frame], before[1] + number)
    if not sums:
        return None
    at = max(sums, key=lambda frame: (abs(sums[frame][1] - sums[frame][0]), frame))
    return SecondSource(
        query=counting.query,
        at=film.looks[at].moment,
        listed=sums[at][0],
        counted=sums[at][1],
        frames=len(sums),
        differing=sum(one != other for one, other in sums.values()),
    )


def _listed(film: Film, type_: str, account: Account) -> list[int]:
    """How many resources of a type an account had in each frame."""
    steps = [0] * (film.window.count + 1)
    index = film.index
    for place, first, last in zip(index.present, index.present_first, index.present_last, strict=True):
        scope, subject = index.places.values[place]
        same = index.scopes.values[scope][:2] == account and index.subjects.values[subject][1] == type_
        if same and first < film.window.count:
            steps[first] += 1
            steps[min(last + 1, film.window.count)] -= 1
    return list(accumulate(steps))


def _complete(film: Film, type_: str) -> Iterator[tuple[Account, int]]:
    """The accounts, and the frames in which every listing of a type in them was complete."""
    for frame in range(film.window.begin, film.window.count):
        states: dict[Account, set[str]] = {}
        for (scope, listed), state in film.looks[frame].view.listings.items():
            if listed == type_:
                account = (canonical.neutral_text(scope.provider), canonical.neutral_text(scope.account))
                states.setdefault(account, set()).add(state)
        yield from ((account, frame) for account, found in states.items() if found == {"complete"})
