"""A thousand failures are planted one by one, each of a kind; all come out as they were planted, and no other does.

They lie in eighty nights over a leap day and the night on which clocks go forward, with nights that were missed, were
late, or had two frames, and end before, with or after the period.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from engine.evidence.period import failures, nights
from engine.evidence.period.film import Film
from engine.model import Scope, Subject
from engine.periods import Failure, Moment
from tests.unit.evidence.filmed import BERLIN, BUCKET, HERE, THERE, Shot, film_of, run_of

PLANTED = 1000
STEADY, CHANGED = "aws.s3.encrypted", "aws.s3.logged"
FIRST, LENGTH = date(2028, 2, 1), 80
STARTS, ENDS = FIRST + timedelta(days=12), FIRST + timedelta(days=70)
MISSED = frozenset({7, 20, 21, 28, 40, 53, 54, 55, 66})
LATE, TWICE = frozenset({14, 29, 54, 60}), frozenset({9, 27, 33, 61})
CLOCKS_CHANGE, LEAP_DAY = date(2028, 3, 26), date(2028, 2, 29)


def moments() -> Iterator[tuple[int, str]]:
    """The frames: the night (from 0), and when: two hours after it was due, late ones six, second ones twelve."""
    for night in range(LENGTH):
        day = FIRST + timedelta(days=night)
        due = datetime(day.year, day.month, day.day, 2, 30, tzinfo=ZoneInfo(BERLIN.timezone)).astimezone(UTC)
        hours = [] if night in MISSED else [6] if night in LATE else [2, 12] if night in TWICE else [2]
        yield from ((night, (due + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")) for hour in hours)


FRAMES = tuple(moments())
NIGHTS = tuple(night for night, _ in FRAMES)
COUNT = sum(FIRST + timedelta(days=night) <= ENDS for night in NIGHTS)
"""Frames up to the end of the period."""
BEGIN = sum(FIRST + timedelta(days=night) < STARTS for night in NIGHTS)
VERSION_2 = 44
"""The frame from which on the second check is another version."""
LEFT = 50
"""The frame from which on the second account is out of the boundary."""


@dataclass
class Story:
    """What one resource was seen as in each frame ("" for not there), and the failures that this makes."""

    id: str
    scope: Scope = HERE
    check: str = STEADY
    seen: list[str] = field(default_factory=lambda: ["pass"] * len(FRAMES))
    waived: dict[int, str] = field(default_factory=dict)
    name: str = ""
    expected: list[Failure] = field(default_factory=list)

    def put(self, verdict: str, first: int, end: int) -> None:
        """See it as ``verdict`` from one frame to before another."""
        self.seen[first:end] = [verdict] * (end - first)

    def beside(self, bad: tuple[int, ...]) -> Iterator[tuple[str, Moment, Moment]]:
        """The frames in a row in which a waiver stood beside it: the waiver, the first and the last of them."""
        stood = [frame for frame in bad if frame in self.waived]
        for _, group in groupby(enumerate(stood), key=lambda row: (row[1] - row[0], self.waived[row[1]])):
            row = [frame for _, frame in group]
            yield self.waived[row[0]], moment(row[0]), moment(row[-1])

    def fails(
        self, good: int | None, bad: tuple[int, ...], end: int | None, began: str, ended: str, **more: Any
    ) -> None:
        """Expect a failure with these frames: the last good one, the bad ones, the one that ended it."""
        bad = tuple(frame for frame in bad if frame < COUNT)
        end = None if end is None or end >= COUNT else end
        if not bad or (end is not None and end < BEGIN):
            return
        after = good if good is not None else bad[0]
        until = NIGHTS[end] if end is not None else (ENDS - FIRST).days + 1
        blind = sum(self.seen[frame] == "unknown" for frame in range(after + 1, end if end is not None else COUNT))
        blind += sum(NIGHTS[after] < night < until for night in MISSED)
        self.expected.append(
            Failure(
                check=self.check,
                version=2 if self.check == CHANGED and bad[0] >= VERSION_2 else 1,
                severity="high",
                scope=self.scope,
                subject=Subject("resource", BUCKET, self.id, self.name or self.id),
                last_good=None if good is None else moment(good),
                first_bad=moment(bad[0]),
                last_bad=moment(bad[-1]),
                first_good=None if end is None else moment(end),
                began="before_the_period" if bad[0] < BEGIN else began,  # type: ignore[arg-type]
                ended="open" if end is None else ended,  # type: ignore[arg-type]
                frames=len(bad),
                unseen=blind,
                message=f"{self.id} fails.",
                beside=tuple(self.beside(bad)),
                waivers=dict(Counter(self.waived[frame] for frame in bad if frame in self.waived)) or None,
                **(more if end is not None else {}),
            )
        )


def moment(frame: int) -> Moment:
    as_of = FRAMES[frame][1]
    return Moment(as_of, run_of(frame + 1, Shot(as_of, {}, {})))


# --- the kinds ---


def window(chance: random.Random, longest: int = 12) -> tuple[int, int]:
    """The first frame of a failure, and the first after it."""
    first = chance.randrange(1, COUNT - 4)
    return first, min(first + chance.randrange(1, longest), COUNT + 3)


def corrected(chance: random.Random, id_: str) -> list[Story]:
    story, (first, end) = Story(id_), window(chance)
    story.put("fail", first, end)
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "corrected")
    return [story]


def came_failing(chance: random.Random, id_: str) -> list[Story]:
    story, (first, end) = Story(id_), window(chance)
    story.put("", 0, first)
    story.put("fail", first, end)
    story.fails(None, tuple(range(first, end)), end, "first_seen", "corrected")
    return [story]


def deleted(chance: random.Random, id_: str) -> list[Story]:
    story, (first, end) = Story(id_), window(chance)
    story.put("fail", first, end)
    story.put("", end, len(FRAMES))
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "deleted")
    return [story]


def created_again(chance: random.Random, id_: str) -> list[Story]:
    """The same name and id, some frames later, and it fails again."""
    story, (first, end) = Story(id_, name=f"name of {id_}"), window(chance)
    back = min(end + chance.randrange(1, 4), len(FRAMES) - 1)
    story.put("fail", first, end)
    story.put("", end, back)
    story.put("fail", back, back + 1)
    seen_again = {"replaced": id_} if back < COUNT and back > end else {}
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "deleted", **seen_again)
    story.fails(None, (back,), back + 1, "first_seen", "corrected")
    return [story]


def renamed(chance: random.Random, id_: str) -> list[Story]:
    """Another id under the same name, in the frame in which the first is gone."""
    old, new = Story(f"{id_}-old", name=id_), Story(f"{id_}-new", name=id_)
    first, end = window(chance)
    old.put("fail", first, end)
    old.put("", end, len(FRAMES))
    new.put("", 0, end)
    old.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "deleted", replaced=new.id)
    return [old, new]


def flapping(chance: random.Random, id_: str) -> list[Story]:
    story, first = Story(id_), chance.randrange(1, COUNT - 8)
    for frame in range(first, first + 6, 2):
        story.put("fail", frame, frame + 1)
        story.fails(frame - 1, (frame,), frame + 1, "after_a_pass", "corrected")
    return [story]


def unknown_inside(chance: random.Random, id_: str) -> list[Story]:
    story, first = Story(id_), chance.randrange(1, COUNT - 6)
    story.put("fail", first, first + 5)
    story.put("unknown", first + 2, first + 3)
    bad = tuple(frame for frame in range(first, first + 5) if frame != first + 2)
    story.fails(first - 1, bad, first + 5, "after_a_pass", "corrected")
    return [story]


def unknown_around(chance: random.Random, id_: str) -> list[Story]:
    """Nobody saw when it began and when it ended: the bounds are the frames that saw."""
    story, first = Story(id_), chance.randrange(2, COUNT - 6)
    story.put("unknown", first - 1, first + 4)
    story.put("fail", first, first + 2)
    story.fails(first - 2, (first, first + 1), first + 4, "after_a_pass", "corrected")
    return [story]


def waived_inside(chance: random.Random, id_: str) -> list[Story]:
    story, first = Story(id_), chance.randrange(1, COUNT - 8)
    story.put("fail", first, first + 7)
    story.waived = dict.fromkeys(range(first + 2, first + 4), "WV-1")
    story.fails(first - 1, tuple(range(first, first + 7)), first + 7, "after_a_pass", "corrected")
    return [story]


def applied_no_more(chance: random.Random, id_: str) -> list[Story]:
    story, (first, end) = Story(id_), window(chance)
    story.put("fail", first, end)
    story.put("not_applicable", end, len(FRAMES))
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "not_applicable")
    return [story]


def over_the_first_edge(chance: random.Random, id_: str) -> list[Story]:
    story, first, end = Story(id_), chance.randrange(1, BEGIN), chance.randrange(BEGIN, COUNT)
    story.put("fail", first, end)
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "corrected")
    return [story]


def over_the_last_edge(chance: random.Random, id_: str) -> list[Story]:
    story, first, end = Story(id_), chance.randrange(BEGIN, COUNT), chance.randrange(COUNT, len(FRAMES) + 1)
    story.put("fail", first, end)
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "open")
    return [story]


def over_both_edges(chance: random.Random, id_: str) -> list[Story]:
    story = Story(id_)
    story.put("fail", 0, len(FRAMES))
    story.fails(None, tuple(range(len(FRAMES))), None, "first_seen", "open")
    return [story]


def ended_by_another_test(chance: random.Random, id_: str) -> list[Story]:
    story, first = Story(id_, check=CHANGED), chance.randrange(1, VERSION_2)
    story.put("fail", first, VERSION_2)
    story.fails(first - 1, tuple(range(first, VERSION_2)), VERSION_2, "after_a_pass", "test_changed")
    return [story]


def began_with_another_test(chance: random.Random, id_: str) -> list[Story]:
    story, end = Story(id_, check=CHANGED), chance.randrange(VERSION_2 + 1, COUNT)
    story.put("fail", VERSION_2, end)
    story.fails(VERSION_2 - 1, tuple(range(VERSION_2, end)), end, "test_changed", "corrected")
    return [story]


def failed_over_another_test(chance: random.Random, id_: str) -> list[Story]:
    """A test that changes while something fails, and finds the same, ends nothing."""
    story, first, end = (
        Story(id_, check=CHANGED),
        chance.randrange(1, VERSION_2),
        chance.randrange(VERSION_2 + 1, COUNT),
    )
    story.put("fail", first, end)
    story.fails(first - 1, tuple(range(first, end)), end, "after_a_pass", "corrected")
    return [story]


def left_the_boundary(chance: random.Random, id_: str) -> list[Story]:
    story, first = Story(id_, scope=THERE), chance.randrange(1, LEFT)
    story.put("fail", first, len(FRAMES))
    story.fails(first - 1, tuple(range(first, LEFT)), LEFT, "after_a_pass", "out_of_boundary")
    return [story]


KINDS: tuple[Callable[[random.Random, str], list[Story]], ...] = (
    corrected, came_failing, deleted, created_again, renamed, flapping, unknown_inside, unknown_around, waived_inside,
    applied_no_more, over_the_first_edge, over_the_last_edge, over_both_edges, ended_by_another_test,
    began_with_another_test, failed_over_another_test, left_the_boundary,
)  # fmt: skip


def planted() -> tuple[list[Story], Counter[str]]:
    """Stories of every kind by turns, until there are a thousand failures; and resources that never fail."""
    chance, stories, kinds = random.Random(2028), [], Counter[str]()
    for number in range(10_000):
        kind = KINDS[number % len(KINDS)]
        told = kind(chance, f"{kind.__name__}-{number:04d}")
        failed = sum(len(story.expected) for story in told)
        if failed <= PLANTED - sum(kinds.values()):
            stories += told
            kinds[kind.__name__] += failed
        if sum(kinds.values()) == PLANTED:
            break
    stories += [Story(f"clean-{number}", check=check) for number in range(25) for check in (STEADY, CHANGED)]
    return stories, kinds


def filmed(stories: list[Story]) -> Film:
    shots = []
    for frame, (_, as_of) in enumerate(FRAMES):
        out = frame >= LEFT
        scopes = [HERE] if out else [HERE, THERE]
        there = [story for story in stories if story.seen[frame] and story.scope in scopes]
        verdicts: Mapping[Any, str] = {(story.scope, story.check, story.id): story.seen[frame] for story in there}
        shots.append(
            Shot(
                as_of,
                {STEADY: (BUCKET, 1), CHANGED: (BUCKET, 2 if frame >= VERSION_2 else 1)},
                {(scope, BUCKET): "complete" for scope in scopes},
                verdicts,
                left=(THERE,) if out else (),
                waived={(s.scope, s.check, s.id): s.waived[frame] for s in there if frame in s.waived},
                names={story.id: story.name for story in there if story.name},
            )
        )
    return film_of(shots, STARTS, ENDS)


def test_a_thousand_planted_failures_come_out_as_planted_and_no_other() -> None:
    stories, kinds = planted()
    assert sum(kinds.values()) == PLANTED
    assert min(kinds[kind.__name__] for kind in KINDS) >= 25
    film = filmed(stories)
    expected = sorted((row for story in stories for row in story.expected), key=order)
    found = [row.failure for row in failures.found(film)]

    assert sorted(found, key=order) == expected
    assert sum(over(row, CLOCKS_CHANGE) for row in expected) >= 50
    assert sum(over(row, LEAP_DAY) for row in expected) >= 50
    assert sum(row.unseen > 0 for row in expected) >= 200
    late = {moment(frame) for frame, night in enumerate(NIGHTS) if night in LATE - MISSED}
    assert (
        sum(not late.isdisjoint({row.last_good, row.first_bad, row.last_bad, row.first_good}) for row in expected) >= 50
    )


def test_the_nights_around_them_are_told_as_they_were() -> None:
    told = nights.nights(filmed([Story("clean")]), ())
    assert [(night.date, night.state, night.late) for night in told] == [
        ((FIRST + timedelta(days=night)).isoformat(), *state(night)) for night in range(12, 71)
    ]


def state(night: int) -> tuple[str, bool]:
    return ("did_not_run", False) if night in MISSED else ("ran", night in LATE)


def order(row: Failure) -> tuple[Any, ...]:
    return row.check, row.scope, row.subject.id, row.first_bad


def over(row: Failure, day: date) -> bool:
    """Whether a failure lasted over a night."""
    ends = row.first_good.as_of[:10] if row.first_good is not None else ENDS.isoformat()
    return row.first_bad.as_of[:10] < day.isoformat() <= ends
