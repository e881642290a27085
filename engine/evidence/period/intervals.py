"""From runs of equal verdicts to failures with honest bounds. Pure.

Every bound is the time of a frame. What nobody saw (an unknown verdict, a listing that was not complete, a night
without a frame) neither begins nor ends a failure; only a frame that shows something else does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.evidence.period.coverage import Track
from engine.evidence.period.looks import Look
from engine.model import Verdict
from engine.periods import Began, Ended


class Span(NamedTuple):
    """Frames, from ``first`` to ``last``, in which a subject was judged alike wherever its check was judged at all.

    ``test`` tells versions of the check (its bytes and its parameters) apart.
    """

    first: int
    last: int
    verdict: Verdict
    test: int
    message: str | None = None


@dataclass(slots=True)
class Interval:
    """A failure as frames (indices): see :class:`engine.periods.Failure` for what the bounds mean.

    ``spans`` are those that failed; ``end`` is the frame that ended it, None where it is open.
    """

    last_good: int | None
    began: Began
    spans: list[Span]
    end: int | None = None
    ended: Ended = "open"

    @property
    def first_bad(self) -> int:
        """The first frame in which it failed."""
        return self.spans[0].first

    @property
    def last_bad(self) -> int:
        """The last frame in which it failed."""
        return self.spans[-1].last


class _Before(NamedTuple):
    """What was last known of a subject that did not fail: the frame, the word for what follows, and the test."""

    frame: int | None
    began: Began
    test: int | None


_NOTHING = _Before(None, "first_seen", None)


Stay = tuple[int, int]
"""The first and the last frame of a stay."""


def intervals(
    spans: Sequence[Span], track: Track, looks: Sequence[Look], resource_type: str, outside: Sequence[Stay] = ()
) -> Iterator[Interval]:
    """The failures of one subject. ``spans`` are in order; ``track`` is the pair that judged it.

    ``outside`` are its stays out of the boundary: it was there, and not judged.
    """
    before, current = _NOTHING, None
    walk = _Gaps(track, looks, resource_type, outside)
    spans = list(_apart(spans, track)) if track.outs else spans
    for index, span in enumerate(spans):
        if index:
            vanished = walk.between(spans[index - 1].last, span.first)
            if vanished is not None:
                if current is not None:
                    yield _closed(current, *vanished)
                before, current = _NOTHING, None
        if span.verdict == "fail":
            if current is None:
                changed = before.test is not None and before.test != span.test
                current = Interval(before.frame, "test_changed" if changed else before.began, [])
            current.spans.append(span)
        elif span.verdict != "unknown":
            if current is not None:
                ended: Ended = "corrected" if span.verdict == "pass" else "not_applicable"
                yield _closed(current, span.first, "test_changed" if current.spans[-1].test != span.test else ended)
                current = None
            before = _Before(span.last, "after_a_pass" if span.verdict == "pass" else "after_not_applicable", span.test)
    if current is not None:
        vanished = walk.between(spans[-1].last, len(looks))
        yield _closed(current, *vanished) if vanished is not None else current


def _apart(spans: Sequence[Span], track: Track) -> Iterator[Span]:
    """Spans, cut where the scope was left out: what was equal before and after was not seen in between."""
    for span in spans:
        rest = span
        for out in track.outs:
            if rest.first < out < rest.last:
                place = bisect_left(track.frames, out)
                yield rest._replace(last=track.frames[place - 1])
                rest = rest._replace(first=track.frames[place])
        yield rest


def _closed(interval: Interval, frame: int, ended: Ended) -> Interval:
    interval.end, interval.ended = frame, ended
    return interval


class _Gaps:
    """What happened to a subject in the frames in which it does not stand."""

    def __init__(self, track: Track, looks: Sequence[Look], resource_type: str, outside: Sequence[Stay] = ()) -> None:
        self._track, self._looks, self._type, self._outside = track, looks, resource_type, outside

    def between(self, after: int, before: int) -> tuple[int, Ended] | None:
        """The first frame strictly between two that shows that it was gone, and how; None: nobody saw that."""
        if before == after + 1:
            return None
        events = (self._deleted(after, before), self._out(after, before), self._moved(after, before))
        return min((event for event in events if event is not None), default=None)

    def _moved(self, after: int, before: int) -> tuple[int, Ended] | None:
        """When it was seen out of the boundary."""
        frames = [max(first, after + 1) for first, last in self._outside if first < before and last > after]
        return (min(frames), "out_of_boundary") if frames else None

    def _deleted(self, after: int, before: int) -> tuple[int, Ended] | None:
        frames, complete = self._track.frames, self._track.complete
        for place in range(bisect_right(frames, after), bisect_left(frames, before)):
            frame = frames[place]
            if complete[place] and not any(first <= frame <= last for first, last in self._outside):
                # The check may judge another type now: then its subject is not deleted but no longer tested.
                same = self._looks[frame].view.checks.get(self._track.pair[1]) == self._type
                return frame, "deleted" if same else "test_changed"
        return None

    def _out(self, after: int, before: int) -> tuple[int, Ended] | None:
        scope, check = self._track.pair
        last = self._track.frames[-1]
        for frame in range(after + 1, before):
            view = self._looks[frame].view
            if view.filtered or view.judged(self._track.pair) is not None:
                continue
            if view.left_out(scope):
                return frame, "out_of_boundary"
            if frame > last and view.dropped(self._track.pair):
                return frame, "out_of_boundary" if check in view.checks else "test_changed"
        return None
