"""Failures of the period, each with the rule that was in force when it began."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from engine.evidence import canonical
from engine.evidence.period.coverage import Track
from engine.evidence.period.film import Film
from engine.evidence.period.index import VERDICTS
from engine.evidence.period.intervals import Interval, Stay, intervals
from engine.model import Control, InForce, Severity
from engine.periods import Ended, Failure

FAIL = VERDICTS.index("fail")
_ENDS = ("corrected", "deleted", "not_applicable")
"""How a failure ends that was put right. The others only stop being seen."""


@dataclass(frozen=True, slots=True)
class Found:
    """A failure of a stream, with the first frame (index) in which it was seen.

    ``days`` is how long it lasted by dates, from the frame that first saw it to the one that ended it, or to the end of
    the period.
    """

    failure: Failure
    stream: int
    first: int
    days: int


def found(film: Film) -> list[Found]:
    """The failures that lasted into the period, or began in it: by check, scope and subject, in the order of time.

    In a photograph only those that are open.
    """
    index, looks, window = film.index, film.looks, film.window
    failing = frozenset(
        stream
        for stream, verdict, first in zip(index.stream, index.verdict, index.first, strict=True)
        if verdict == FAIL and first < window.count
    )
    maker = _Maker(film)
    rows: list[Found] = []
    spans = film.spans_of(failing)
    for stream in sorted(spans, key=_order(film)):
        track = film.tracks[film.pair(stream)]
        resource_type = index.subjects.values[index.streams.values[stream][2]][1]
        rows += [
            maker.failure(stream, interval, track)
            for interval in intervals(spans[stream], track, looks, resource_type, _outside(film, stream))
            if interval.end is None or not (window.single or looks[interval.end].night < window.first_night)
        ]
    return rows


def _outside(film: Film, stream: int) -> Sequence[Stay]:
    """The stays of a stream's subject out of the boundary."""
    scope, _, subject = film.index.streams.values[stream]
    return film.outside.get((scope, subject), ())


def _order(film: Film) -> Callable[[int], tuple[str, ...]]:
    """The order of streams: check, scope, subject. Text, since values of ours take long to compare."""
    scopes = [(scope.provider, scope.account, scope.region) for scope in film.scopes]

    def key(stream: int) -> tuple[str, ...]:
        scope, check, number = film.index.streams.values[stream]
        subject = film.subjects[number]
        return (film.index.checks.values[check], *scopes[scope], subject.type, subject.id)

    return key


class _Maker:
    """Makes failures of intervals; remembers what many of them share."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._beside, self._successors = _beside(film), _Successors(film)
        self._resting: dict[tuple[int, str], tuple[Control, ...]] = {}
        self._ruled: dict[tuple[int, str, str, str, int], tuple[int | None, bool | None]] = {}
        self._ordinals = [date.fromisoformat(day).toordinal() for day in film.calendar.dates]

    def failure(self, stream: int, interval: Interval, track: Track) -> Found:
        """The failure of a stream."""
        film = self._film
        looks, (scope, check) = film.looks, track.pair
        first, end, good = interval.first_bad, interval.end, interval.last_good
        policy = film.bases[first].policy
        message, severity = interval.spans[0].message, policy.checks[check].severity
        days = self._ordinals[looks[end].night if end is not None else -1] - self._ordinals[looks[first].night]
        limit, deviation = self._ruling(policy, check, severity, interval.ended, days)
        frames = sum([_judged(track, span.first, span.last) for span in interval.spans])
        failure = Failure(
            check=check,
            version=film.index.tests.values[interval.spans[0].test][1],
            severity=severity,
            scope=scope,
            subject=film.subjects[film.index.streams.values[stream][2]],
            last_good=looks[good].moment if good is not None else None,
            first_bad=looks[first].moment,
            last_bad=looks[interval.last_bad].moment,
            first_good=looks[end].moment if end is not None else None,
            began="before_the_period" if looks[first].night < film.window.first_night else interval.began,
            ended=interval.ended,
            frames=frames,
            unseen=_unseen(film, interval, track, frames),
            message=canonical.original_text(message) if message is not None else None,
            limit=limit,
            deviation=deviation,
            waivers=_waivers(interval, self._beside.get(stream, ()), track),
            beside=tuple(
                (waiver, looks[low].moment, looks[high].moment)
                for waiver, low, high in sorted(_stood(interval, self._beside.get(stream, ()), track))
            ),
            replaced=self._successors.of(stream, interval) if interval.ended == "deleted" else None,
        )
        return Found(failure, stream, first, days)

    def _ruling(
        self, policy: InForce, check: str, severity: Severity, ended: Ended, days: int
    ) -> tuple[int | None, bool | None]:
        key = (id(policy), check, severity, ended, days)
        if key not in self._ruled:
            self._ruled[key] = ruling(self._controls(policy, check), severity, ended, days)
        return self._ruled[key]

    def _controls(self, policy: InForce, check: str) -> tuple[Control, ...]:
        key = (id(policy), check)
        if key not in self._resting:
            self._resting[key] = tuple(control for control in policy.controls if names(control, check))
        return self._resting[key]


def _judged(track: Track, first: int, last: int) -> int:
    return bisect_right(track.frames, last) - bisect_left(track.frames, first)


def _unseen(film: Film, interval: Interval, track: Track, failed: int) -> int:
    """Frames that judged the check and did not see the subject, and nights without a frame, between its bounds."""
    looks = film.looks
    after = interval.last_good if interval.last_good is not None else interval.first_bad
    before = interval.end if interval.end is not None else len(looks)
    failed -= interval.last_good is None
    night = looks[interval.end].night if interval.end is not None else len(film.calendar.dates)
    return track.judged_between(after, before) - failed + track.missed_between(looks[after].night, night)


def names(control: Control, check: str) -> bool:
    """Whether a control rests on a check, be it as one of several alternatives."""
    return check in control.checks or any(check in group for group in control.alternatives)


def ruling(controls: Iterable[Control], severity: Severity, ended: Ended, days: int) -> tuple[int | None, bool | None]:
    """The limit (days) of a failure by the rules of controls, and whether it is a deviation.

    The strictest rule counts where they differ; without a control none says anything. ``days`` is how long it lasted.
    """
    limits = [None if isinstance(control.deviation, str) else control.deviation[severity] for control in controls]
    if not limits:
        return None, None
    if None in limits:
        return None, True
    limit = min(number for number in limits if number is not None)
    if days > limit:
        return limit, True
    # What was put right in time is none; what is open, or stopped being tested, may still become one.
    return limit, False if ended in _ENDS else None


# --- what stood beside, and what came after ---


def _beside(film: Film) -> dict[int, list[tuple[str, int, int]]]:
    """The waivers that stood beside failures of each stream: id, first and last frame."""
    index = film.index
    ids = [str(canonical.original(msgspec.json.decode(text))["id"]) for text in index.waivers.values]
    rows: dict[int, list[tuple[str, int, int]]] = {}
    for stream, waiver, first, last in zip(
        index.beside, index.beside_waiver, index.beside_first, index.beside_last, strict=True
    ):
        if first < film.window.count:
            rows.setdefault(stream, []).append((ids[waiver], first, min(last, film.window.count - 1)))
    return rows


def _waivers(interval: Interval, beside: Iterable[tuple[str, int, int]], track: Track) -> Mapping[str, int] | None:
    counts: dict[str, int] = {}
    for waiver, first, last in beside:
        for span in interval.spans:
            low, high = max(first, span.first), min(last, span.last)
            if low <= high:
                counts[waiver] = counts.get(waiver, 0) + _judged(track, low, high)
    return dict(sorted(counts.items())) or None


def _stood(interval: Interval, beside: Iterable[tuple[str, int, int]], track: Track) -> Iterator[tuple[str, int, int]]:
    """The frames (first, last) of a failure in which each waiver stood beside it."""
    for waiver, first, last in beside:
        for span in interval.spans:
            begin = bisect_left(track.frames, max(first, span.first))
            end = bisect_right(track.frames, min(last, span.last)) - 1
            if begin <= end:
                yield waiver, track.frames[begin], track.frames[end]


class _Successors:
    """Finds the resource that was created in the place of another: same type, scope and name."""

    def __init__(self, film: Film) -> None:
        self._film = film
        index = film.index
        self._by_name: dict[tuple[int, str, str], list[tuple[int, int]]] = {}
        begun: dict[int, int] = {}
        for place, first in zip(index.present, index.present_first, strict=True):
            begun.setdefault(place, first)
            self._note(place, first)
        self._begun = begun

    def _note(self, place: int, first: int) -> None:
        index = self._film.index
        scope, subject = index.places.values[place]
        name = index.names.get(subject)
        if name and first < self._film.window.count:
            type_ = index.subjects.values[subject][1]
            self._by_name.setdefault((scope, type_, name), []).append((first, place))

    def of(self, stream: int, interval: Interval) -> str | None:
        """The id of the first that came after a failing resource was last seen; the same id where that came back."""
        index = self._film.index
        scope, _, own = index.streams.values[stream]
        name = index.names.get(own)
        if not name:
            return None
        for first, place in sorted(self._by_name.get((scope, index.subjects.values[own][1], name), ())):
            other = index.places.values[place][1]
            came = first if other == own else self._begun[place]
            if came > interval.last_bad and (other != own or (interval.end is not None and came > interval.end)):
                return self._film.subjects[other].id
        return None
