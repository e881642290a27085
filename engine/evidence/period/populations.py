"""Populations of a period, and what there was of each resource type at its end."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from engine.evidence import canonical
from engine.evidence.period.film import Film
from engine.evidence.period.index import VERDICTS
from engine.periods import PeriodPopulation

PASS, FAIL, UNKNOWN, NOT_APPLICABLE = (VERDICTS.index(word) for word in ("pass", "fail", "unknown", "not_applicable"))


@dataclass(slots=True)
class Seen:
    """What was seen of one check in the frames of the period.

    ``subjects`` are (scope, subject) numbers of resources that it applied to in any frame; ``passed``, ``failed`` and
    ``unknown`` are those with that verdict in any, ``unknown`` with the scopes that were not listed completely.
    ``first`` and ``last`` are frames, None where nothing was seen.
    """

    resource_type: str
    subjects: set[tuple[int, int]] = field(default_factory=set)
    passed: set[tuple[int, int]] = field(default_factory=set)
    failed: set[tuple[int, int]] = field(default_factory=set)
    unknown: set[tuple[int, int]] = field(default_factory=set)
    first: int | None = None
    last: int | None = None
    complete: bool = True
    queries: set[str] = field(default_factory=set)


def seen(film: Film) -> dict[str, Seen]:
    """What was seen of each check that a frame of the period judged, by id."""
    found: dict[str, Seen] = {}
    for (_, check), track in film.tracks.items():
        frames = [(frame, whole) for frame, whole in zip(track.frames, track.complete, strict=True)]
        mine = [whole for frame, whole in frames if frame >= film.window.begin]
        if mine:
            resource_type = film.looks[track.frames[-1]].view.checks[check]
            row = found.setdefault(check, Seen(resource_type))
            row.complete = row.complete and all(mine)
    _add_spans(film, found)
    _add_queries(film, found)
    return dict(sorted(found.items()))


def _add_spans(film: Film, found: Mapping[str, Seen]) -> None:
    index, window = film.index, film.window
    begin, count = window.begin, window.count
    # Of each stream the verdicts that it had in the period, as bits, and where it first and last applied.
    had = bytearray(len(index.streams.values))
    firsts: dict[int, int] = {}
    lasts: dict[int, int] = {}
    for stream, first, last, verdict in zip(index.stream, index.first, index.last, index.verdict, strict=True):
        if first >= count or last < begin:
            continue
        if first < begin:
            # A span may reach into the period though no frame of the period judged it.
            begun = film.seen_from(film.pair(stream))
            if begun is None or begun > last:
                continue
            first = begun
        had[stream] |= 1 << verdict
        if verdict != NOT_APPLICABLE:
            firsts.setdefault(stream, first)
            lasts[stream] = last
    for stream, bits in enumerate(had):
        if not bits:
            continue
        scope, check, subject = index.streams.values[stream]
        row, place = found[index.checks.values[check]], (scope, subject)
        if bits & 1 << UNKNOWN:
            row.unknown.add(place)
        if stream not in firsts or index.subjects.values[subject][0] != "resource":
            continue
        row.subjects.add(place)
        if bits & 1 << PASS:
            row.passed.add(place)
        if bits & 1 << FAIL:
            row.failed.add(place)
        last = lasts[stream] if lasts[stream] < count else film.tracks[film.pair(stream)].frames[-1]
        row.first = firsts[stream] if row.first is None else min(row.first, firsts[stream])
        row.last = last if row.last is None else max(row.last, last)


def _add_queries(film: Film, found: Mapping[str, Seen]) -> None:
    documents = {film.index.populations[number] for number in range(film.window.begin, film.window.count)}
    for document in documents:
        for check, complete, queries in msgspec.json.decode(film.index.documents.values[document]):
            if check in found:
                found[check].queries.update(map(canonical.original_text, queries))
                found[check].complete = found[check].complete and complete


def populations(film: Film, rows: Mapping[str, Seen]) -> tuple[PeriodPopulation, ...]:
    """The populations, by check, each with what a second source counted of its resource type, where one was read."""
    moments = [look.moment for look in film.looks]
    out = _outside(film)
    return tuple(
        PeriodPopulation(
            check=check,
            resource_type=row.resource_type,
            count=len(row.subjects),
            failed=len(row.failed),
            first_seen=moments[row.first] if row.first is not None else None,
            last_seen=moments[row.last] if row.last is not None else None,
            complete=row.complete,
            queries=tuple(sorted(row.queries)),
            second=film.second.get(row.resource_type),
            out_of_boundary=out[row.resource_type],
        )
        for check, row in rows.items()
    )


def _outside(film: Film) -> Counter[str]:
    """How many resources of each type were out of the boundary in a frame of the period."""
    types = film.index.subjects.values
    return Counter(
        canonical.original_text(types[subject][1])
        for (_, subject), stays in film.outside.items()
        if any(last >= film.window.begin for _, last in stays)
    )


@dataclass(frozen=True, slots=True)
class Inventory:
    """Resources by type: those that were not known to be gone at the end, those that came, and those that went."""

    at_end: Mapping[str, int]
    appeared: Mapping[str, int]
    gone: Mapping[str, int]


def inventory(film: Film) -> Inventory:
    """What the frames' listings show. Only a complete listing shows that something is not there."""
    there: dict[str, set[int]] = {}
    came: dict[str, set[int]] = {}
    went: dict[str, set[int]] = {}
    begin = film.window.begin
    for place, stays in _presences(film).items():
        scope, subject = film.index.places.values[place]
        type_ = film.index.subjects.values[subject][1]
        whole = film.complete_listings(film.scopes[scope], canonical.original_text(type_))
        # Where no complete listing lies between two stays, nobody saw that it was gone.
        absent = [next(iter(whole[bisect_right(whole, last) :]), film.window.count) for _, last in stays]
        begins = [first for first, _ in stays]
        if absent[-1] == film.window.count:
            there.setdefault(type_, set()).add(place)
        if any(begin <= gone < back for gone, back in zip(absent, [*begins[1:], film.window.count], strict=True)):
            went.setdefault(type_, set()).add(place)
        before = [-1, *(last for _, last in stays)]
        if any(
            first >= begin and bisect_right(whole, first - 1) > bisect_right(whole, last)
            for first, last in zip(begins, before, strict=False)
        ):
            came.setdefault(type_, set()).add(place)
    return Inventory(_counts(there), _counts(came), _counts(went))


def _presences(film: Film) -> dict[int, list[tuple[int, int]]]:
    """Of each place the times that a resource was there, in order: first and last frame."""
    index, count = film.index, film.window.count
    found: dict[int, list[tuple[int, int]]] = {}
    for place, first, last in zip(index.present, index.present_first, index.present_last, strict=True):
        if first < count:
            found.setdefault(place, []).append((first, min(last, count - 1)))
    return found


def _counts(rows: Mapping[str, set[int]]) -> Mapping[str, int]:
    return {type_: len(places) for type_, places in sorted(rows.items())}
