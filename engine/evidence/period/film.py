"""The frames up to a day, ready to be looked at: what each covered, what it judged by, and who was judged how."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec

from engine.errors import AuditreelError, VerificationError
from engine.evidence import canonical
from engine.evidence.catalogue import Catalogue
from engine.evidence.entries import Groups
from engine.evidence.period.coverage import Expired, Track, tracks
from engine.evidence.period.frames import SealedFrame
from engine.evidence.period.index import VERDICTS, Index
from engine.evidence.period.intervals import Span
from engine.evidence.period.looks import Listing, Look, Pair, View
from engine.evidence.period.schedule import Calendar, instant, night_of
from engine.evidence.runs import Reader
from engine.evidence.storage import Removal
from engine.evidence.summaries import Summary
from engine.model import InForce, Schedule, Scope, Subject
from engine.periods import Moment, SecondSource

Sources = Mapping[str, Mapping[str, bytes]]
ReadPolicy = Callable[[Sources, Mapping[str, Mapping[str, Any]]], InForce]
"""Reads the policy and the checks in the content of a run: data files by group and name, and parameters by check."""

UNKNOWN = VERDICTS.index("unknown")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a run was judged by: its content as stored, and as read."""

    content: Catalogue
    policy: InForce


class Bases:
    """Reads what runs were judged by, each content once."""

    def __init__(self, reader: Reader, read: ReadPolicy) -> None:
        self._reader, self._read = reader, read
        self._known: dict[Groups, Basis] = {}

    def of(self, frame: SealedFrame) -> Basis:
        """What a frame was judged by. Raises VerificationError where it is missing, altered or cannot be read."""
        groups = frame.seal.asked.content
        known = self._known.get(groups)
        if known is None:
            known = self._known[groups] = self._made(groups, frame)
        return known

    def checks(self, frame: SealedFrame) -> Collection[str]:
        """The checks (ids) that a frame had selected, also one that is kept no longer."""
        return self._content(frame.seal.asked.content).members.get("checks", {}).keys()

    def _content(self, groups: Groups) -> Catalogue:
        content = self._reader.content(groups)
        for fault in self._reader.faults:
            raise VerificationError(f"the store does not verify ({fault}); run `auditreel verify`")
        return content

    def _made(self, groups: Groups, frame: SealedFrame) -> Basis:
        content = self._content(groups)
        sources = {
            group: {name: content.files[digest] for name, digest in members.items()}
            for group, members in content.members.items()
        }
        parameters = {
            check: canonical.original(canonical.decode(data)) for check, data in sources.pop("parameters").items()
        }
        try:
            return Basis(content, self._read(sources, parameters))
        except AuditreelError as error:
            raise VerificationError(f"the content of run {frame.seal.asked.run} cannot be used: {error}") from error


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a film is asked for.

    Frames before ``count`` are looked at, those from ``begin`` on are the period's; of the nights those from
    ``first_night`` on (indices). ``single``: a photograph, of the last frame alone.
    """

    begin: int
    count: int
    first_night: int
    single: bool = False


@dataclass
class Film:
    """The frames up to the end of a period, and the index that they are in.

    ``gone`` are those that are kept no longer, ``expired`` their nights with the checks that they had selected.
    ``second`` is what second sources counted, by resource type; ``people`` are the private objects that the chain
    names, by digest; ``summaries`` what stays of the runs that are kept no longer.
    """

    frames: Sequence[SealedFrame]
    bases: Sequence[Basis]
    index: Index
    calendar: Calendar
    window: Window
    gone: Sequence[tuple[SealedFrame, Removal]] = ()
    expired: Expired = field(default_factory=dict)
    second: Mapping[str, SecondSource] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    summaries: Mapping[str, Summary] = field(default_factory=dict)

    @cached_property
    def looks(self) -> list[Look]:
        """What each frame looked at."""
        views: dict[tuple[Any, ...], View] = {}
        made = []
        for number, (frame, basis) in enumerate(zip(self.frames, self.bases, strict=True)):
            listings, left = self.index.listings[number], self.index.left[number]
            accounts, regions = frame.names("accounts"), frame.names("regions")
            key = (listings, left, id(basis), accounts, regions, frame.filtered)
            if key not in views:
                views[key] = self._view(listings, left, basis, accounts, regions, frame.filtered)
            made.append(Look(frame.moment, self.calendar.position(instant(frame.seal.as_of)), views[key]))
        return made

    def _view(
        self, listings: int, left: int, basis: Basis, accounts: tuple[str, ...], regions: tuple[str, ...], part: bool
    ) -> View:
        document = msgspec.json.decode(self.index.documents.values[listings])
        rows = [(_scope(place), canonical.original_text(type_), state) for *place, type_, state in document["listings"]]
        found: dict[tuple[Scope, str], Listing] = {
            (scope, type_): "failed" if state == "failed" else "complete" for scope, type_, state in rows
        }
        return View(
            checks={id_: check.resource_type for id_, check in basis.policy.checks.items()},
            listings=found,
            asked=frozenset(map(_scope, document["asked"])) | {scope for scope, _, _ in rows},
            left=tuple(_scope(row[:3]) for row in msgspec.json.decode(self.index.documents.values[left])),
            accounts=accounts,
            regions=regions,
            filtered=part,
        )

    @cached_property
    def after_end(self) -> datetime:
        """When the night after the last one is due: what begins then is another period's."""
        last = date.fromisoformat(self.calendar.dates[-1])
        return Calendar(self.calendar.schedule, last + timedelta(days=1), last + timedelta(days=3)).due[0]

    @cached_property
    def order(self) -> dict[Moment, int]:
        """The number of each frame."""
        return {look.moment: number for number, look in enumerate(self.looks)}

    @cached_property
    def scopes(self) -> list[Scope]:
        """The scopes of the index, as they are called."""
        return [_scope(place) for place in self.index.scopes.values]

    @cached_property
    def subjects(self) -> list[Subject]:
        """The subjects of the index, as they are called; one whose identity is personal by its digest."""
        names = self.index.names
        return [
            Subject(
                kind,  # type: ignore[arg-type]
                type_,
                canonical.original_text(id_),
                canonical.original_text(names.get(number, "" if shown == "identity" else id_)),
            )
            for number, (kind, type_, id_, shown) in enumerate(self.index.subjects.values)
        ]

    @cached_property
    def outside(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """The stays (first and last frame) out of the boundary, by the numbers of scope and subject."""
        index, found = self.index, dict[tuple[int, int], list[tuple[int, int]]]()
        for place, first, last in zip(index.outside, index.outside_first, index.outside_last, strict=True):
            if first < self.window.count:
                found.setdefault(index.places.values[place], []).append((first, min(last, self.window.count - 1)))
        return found

    def pair(self, stream: int) -> Pair:
        """The scope and the check of a stream."""
        scope, check, _ = self.index.streams.values[stream]
        return self.scopes[scope], self.index.checks.values[check]

    @cached_property
    def tracks(self) -> dict[Pair, Track]:
        """Every pair that was judged, with its nights."""
        unknown: dict[Pair, set[int]] = {}
        index, count = self.index, self.window.count
        for number, verdict in enumerate(index.verdict):
            if verdict == UNKNOWN and index.first[number] < count:
                frames = unknown.setdefault(self.pair(index.stream[number]), set())
                frames.update(range(index.first[number], min(index.last[number], count - 1) + 1))
        streams = {stream for stream, first in zip(index.stream, index.first, strict=True) if first < count}
        return tracks(self.looks, len(self.calendar.dates), unknown, self.expired, set(map(self.pair, streams)))

    def spans_of(self, streams: frozenset[int]) -> dict[int, list[Span]]:
        """The spans of some streams, cut off at the end of the film."""
        index, count = self.index, self.window.count
        found: dict[int, list[Span]] = {stream: [] for stream in sorted(streams)}
        texts = index.texts.values
        columns = (index.stream, index.first, index.last, index.verdict, index.test, index.text)
        for stream, first, last, verdict, test, text in zip(*columns, strict=True):
            if first < count and stream in streams:
                if last >= count:
                    last = self.tracks[self.pair(stream)].frames[-1]
                found[stream].append(Span(first, last, VERDICTS[verdict], test, texts[text] or None))
        return found

    def complete_listings(self, scope: Scope, type_: str) -> list[int]:
        """The frames in which all resources of a type that lie in a scope were listed."""
        place = (scope, type_)
        if place not in self._complete:
            looks = enumerate(self.looks)
            self._complete[place] = [number for number, look in looks if look.view.listed(scope, type_) == "complete"]
        return self._complete[place]

    @cached_property
    def _complete(self) -> dict[tuple[Scope, str], list[int]]:
        return {}

    def seen_from(self, pair: Pair) -> int | None:
        """The first frame of the period that judged a pair; None: none did."""
        frames = self.tracks[pair].frames
        place = bisect_left(frames, self.window.begin)
        return frames[place] if place < len(frames) else None


def _scope(place: Sequence[str]) -> Scope:
    return Scope(*map(canonical.original_text, place))


def film(
    frames: Sequence[SealedFrame],
    bases: Bases,
    index: Index,
    starts: date,
    ends: date,
    single: bool,
    gone: Sequence[tuple[SealedFrame, Removal]] = (),
) -> Film | None:
    """The film of a period, its calendar by the schedule that was in force at its end; None where no frame is in time.

    A photograph (``single``) is of the last frame of everything on its night, else of the last frame on it.
    """
    by: dict[int, Basis] = {number: bases.of(frame) for number, frame in enumerate(frames)}
    nights, schedule = _scheduled(frames, by, ends)
    count = sum(night <= ends for night in nights)
    if count == 0:
        return None
    if single:
        on = [number for number in range(count) if nights[number] == ends]
        whole = [number for number in on if not frames[number].filtered]
        if not on:
            return None
        count = (whole or on)[-1] + 1
    begin = count - 1 if single else sum(night < starts for night in nights[:count])
    lost = [(frame, removal, night_of(instant(frame.seal.as_of), schedule)) for frame, removal in gone]
    lost = [row for row in lost if row[2] <= ends]
    calendar = Calendar(schedule, min(nights[0], starts, *(night for *_, night in lost)), ends)
    expired: dict[int, set[str]] = {}
    for frame, _, night in lost:
        expired.setdefault(calendar.dates.index(night.isoformat()), set()).update(bases.checks(frame))
    first_night = next(place for place, day in enumerate(calendar.dates) if day >= starts.isoformat())
    return Film(
        frames=frames[:count],
        bases=[by[number] for number in range(count)],
        index=index,
        calendar=calendar,
        window=Window(begin, count, first_night, single),
        gone=[(frame, removal) for frame, removal, _ in lost],
        expired=expired,
    )


def _scheduled(frames: Sequence[SealedFrame], by: Mapping[int, Basis], ends: date) -> tuple[list[date], Schedule]:
    """The night of each frame, by the schedule of the last frame that is in time by its own schedule."""
    schedule = Schedule()
    for number in reversed(range(len(frames))):
        own = by[number].policy.organization.schedule
        if night_of(instant(frames[number].seal.as_of), own) <= ends:
            schedule = own
            break
    return list(_nights(frames, schedule)), schedule


def _nights(frames: Sequence[SealedFrame], schedule: Schedule) -> Iterator[date]:
    if not frames:
        return
    days = [instant(frame.seal.as_of) for frame in frames]
    calendar = Calendar(schedule, night_of(days[0], schedule), night_of(days[-1], schedule))
    for day in days:
        yield date.fromisoformat(calendar.dates[calendar.position(day)])
