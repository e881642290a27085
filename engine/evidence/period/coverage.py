"""Which check ran where on which night, and which nights are missing.

A pair (a check in a scope) is in force from the first frame that judged it to the last. Before and after, a night is
missing unless a frame of everything shows that the check was not selected or the scope not there; in between it is
missing always, since what comes back was not gone for good.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from engine.evidence.period.looks import ANY, Listing, Look, Pair, View
from engine.periods import MARKS

RAN, PARTLY, MISSING = MARKS["ran"], MARKS["partly"], MARKS["did_not_run"]
NOT_RETAINED, NOT_IN_FORCE = MARKS["not_retained"], MARKS["not_in_force"]

Expired = Mapping[int, Collection[str]]
"""Nights (index in the calendar) of which frames are no longer kept, with the checks that those had selected."""
NOTHING_EXPIRED: Expired = {}


@dataclass(slots=True)
class Track:
    """One pair through the frames: those that judged it (indices, rising), and which of them listed all.

    ``marks`` is one character of :data:`engine.periods.MARKS` for each night of the calendar; ``missed`` counts the
    missing nights before each, so that they can be counted between two. ``outs`` are the frames (indices) that left the
    scope out on purpose.
    """

    pair: Pair
    frames: list[int] = field(default_factory=list)
    complete: list[bool] = field(default_factory=list)
    marks: str = ""
    missed: list[int] = field(default_factory=list)
    outs: list[int] = field(default_factory=list)

    def missed_between(self, after: int, before: int) -> int:
        """The missing nights strictly between two nights."""
        return self.missed[before] - self.missed[after + 1] if before > after + 1 else 0

    def judged_between(self, after: int, before: int) -> int:
        """The frames that judged the pair strictly between two frames."""
        return max(0, bisect_right(self.frames, before - 1) - bisect_right(self.frames, after))


def tracks(
    looks: Sequence[Look],
    nights: int,
    unknown: Mapping[Pair, Collection[int]],
    expired: Expired = NOTHING_EXPIRED,
    lying: Collection[Pair] = (),
) -> dict[Pair, Track]:
    """Every pair that any frame judged, with its nights.

    ``looks`` are in order; ``nights`` is how many the calendar has. ``unknown`` holds, of each pair, frames in which
    a verdict was unknown: it ran, and did not see everything. ``expired`` are nights of which a frame is not kept.
    ``lying`` are the pairs of the subjects, which may lie elsewhere than where they were listed (a bucket in a region).
    """
    found: dict[Pair, Track] = {}
    pairs: dict[int, dict[Pair, Listing]] = {}
    for index, look in enumerate(looks):
        key = id(look.view)
        if key not in pairs:
            pairs[key] = look.view.pairs(lying)
        for pair, listing in pairs[key].items():
            track = found.get(pair)
            if track is None:
                track = found[pair] = Track(pair)
            track.frames.append(index)
            track.complete.append(listing == "complete")
    latest = _latest_whole(looks, nights)
    first_whole = next((index for index, look in enumerate(looks) if not look.view.filtered), len(looks))
    leaving = _leaving(looks)
    nothing: frozenset[int] = frozenset()
    for pair, track in found.items():
        track.outs = sorted(index for view, frames in leaving if view.left_out(pair[0]) for index in frames)
        track.marks = _marks(track, looks, latest, first_whole, unknown.get(pair, nothing), expired)
        total, track.missed = 0, [0]
        for mark in track.marks:
            total += mark in (MISSING, NOT_RETAINED)
            track.missed.append(total)
    return dict(sorted(found.items()))


def _leaving(looks: Sequence[Look]) -> list[tuple[View, list[int]]]:
    """The views that leave scopes out, each with its frames."""
    found: dict[int, tuple[View, list[int]]] = {}
    for index, look in enumerate(looks):
        if look.view.left and not look.view.filtered:
            found.setdefault(id(look.view), (look.view, []))[1].append(index)
    return list(found.values())


def _latest_whole(looks: Sequence[Look], nights: int) -> list[int | None]:
    """Of each night, the last frame of everything on it or before it."""
    latest: list[int | None] = [None] * nights
    for index, look in enumerate(looks):
        if not look.view.filtered:
            latest[look.night] = index
    for night in range(1, nights):
        if latest[night] is None:
            latest[night] = latest[night - 1]
    return latest


def _marks(
    track: Track,
    looks: Sequence[Look],
    latest: Sequence[int | None],
    first_whole: int,
    unknown: Collection[int],
    expired: Expired,
) -> str:
    ran: dict[int, str] = {}
    for index, complete in zip(track.frames, track.complete, strict=True):
        night = looks[index].night
        mark = RAN if complete and index not in unknown else PARTLY
        if ran.get(night) != RAN:
            ran[night] = mark
    first, last = looks[track.frames[0]].night, looks[track.frames[-1]].night
    marks = []
    for night, whole in enumerate(latest):
        if night in ran:
            marks.append(ran[night])
        elif track.pair[1] in expired.get(night, ()):
            # It was selected then. Whether it ran there, and what it saw, nobody can say any more.
            marks.append(NOT_RETAINED)
        elif _out_of_force(track, looks, whole, first_whole, night, first, last):
            marks.append(NOT_IN_FORCE)
        else:
            marks.append(MISSING)
    return "".join(marks)


def _out_of_force(
    track: Track, looks: Sequence[Look], whole: int | None, first_whole: int, night: int, first: int, last: int
) -> bool:
    """Whether a night without a frame of the pair is one on which none was due; ``whole`` is the last whole frame."""
    scope = track.pair[0]
    if ANY in (scope.account, scope.region):
        return True  # it stands for what could not be found or entered that night; nobody expects it on another
    if whole is None:
        # Before the first frame of everything nobody knows what was selected; a pair that it lacked came later.
        return night < first and first_whole < track.frames[0]
    view = looks[whole].view
    if view.left_out(scope):
        return True
    return not first <= night <= last and view.dropped(track.pair)
