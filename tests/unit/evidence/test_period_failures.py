"""Failures of a period: a thousand planted ones come out with bounds exact to the neighbouring frames, none invented.

What is expected is found a second way, frame by frame and without the index, from what each shot was told to see.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.evidence.period import failures, nights
from engine.evidence.period.film import Film
from engine.model import Scope, Subject
from engine.periods import CoverageRow, Failure, Moment
from tests.unit.evidence.filmed import BERLIN, BUCKET, HERE, KEY, THERE, Shot, film_of, run_of

ENCRYPTED, LOGGED, ROTATED = "aws.s3.encrypted", "aws.s3.logged", "aws.kms.rotated"
CHECKS = {ENCRYPTED: (BUCKET, 1), LOGGED: (BUCKET, 1), ROTATED: (KEY, 1)}
VERDICTS = ("pass", "fail", "unknown", "not_applicable", "absent")
Key = tuple[Scope, str, str]


# --- a world of dice ---


def world(seed: int) -> tuple[list[Shot], date, date]:
    """Frames of some weeks around a day on which the clocks are changed, or a leap day, with every kind of fault."""
    chance = random.Random(seed)
    first = chance.choice([date(2028, 2, 20), date(2026, 3, 20), date(2026, 10, 15), date(2026, 6, 1)])
    length = chance.randrange(14, 30)
    versions = dict.fromkeys(CHECKS, 1)
    selected, states, waived, shots = set(CHECKS), {}, set(), []
    keys = [
        (scope, check, f"{type_[5:7].lower()}-{number}")
        for scope in (HERE, THERE)
        for check, (type_, _) in CHECKS.items()
        for number in range(4)
    ]
    for day in range(length):
        for check in CHECKS:
            versions[check] += chance.random() < 0.04
            if chance.random() < 0.04:
                selected ^= {check}
        frames = chance.choices((0, 1, 2), (15, 75, 10))[0]
        at = datetime(first.year, first.month, first.day, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(days=day)
        for number in range(frames):
            for key in keys:
                if key not in states or chance.random() < 0.3:
                    states[key] = chance.choices(VERDICTS, (40, 30, 10, 8, 12))[0]
            moment = at.astimezone(ZoneInfo("UTC")) + timedelta(hours=5 * number, minutes=chance.randrange(200))
            shots.append(
                shot(chance, moment, {check: (CHECKS[check][0], versions[check]) for check in selected}, states)
            )
            waived = {key for key in keys if (key in waived) == (chance.random() > 0.2)}
            beside = {key: f"waiver-{key[2]}" for key in waived if shots[-1].verdicts.get(key) == "fail"}
            shots[-1] = shots[-1].but(waived=beside)
    starts = first + timedelta(days=chance.randrange(0, length // 2))
    return shots, starts, first + timedelta(days=chance.randrange(length // 2, length + 3))


def shot(
    chance: random.Random, moment: datetime, checks: Mapping[str, tuple[str, int]], states: Mapping[Key, str]
) -> Shot:
    filters: dict[str, Any] = {}
    if chance.random() < 0.12:
        filters = chance.choice([{"accounts": [HERE.account]}, {"accounts": [THERE.account]}, {"checks": [ENCRYPTED]}])
        checks = {check: said for check, said in checks.items() if check in filters.get("checks", CHECKS)}
    left, scopes = (), [HERE, THERE]
    fate = chance.random()
    if fate < 0.1:
        left, scopes = (THERE,), [HERE]
    elif fate < 0.18:
        scopes = [HERE]
    scopes = [scope for scope in scopes if scope.account in filters.get("accounts", (scope.account,))]
    types = {type_ for type_, _ in checks.values()} | {BUCKET}
    listings = {
        (scope, type_): chance.choices(("complete", "off", "failed"), (85, 3, 12))[0]
        for scope in scopes
        for type_ in sorted(types)
        if chance.random() > 0.04
    }
    verdicts = {}
    for (scope, check, id_), state in states.items():
        listing = listings.get((scope, checks[check][0])) if check in checks else None
        seen = listing == "complete" or (listing == "failed" and chance.random() < 0.5)
        if seen and state != "absent":
            verdicts[scope, check, id_] = state
    as_of = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Shot(as_of, checks, listings, verdicts, tuple(left), filters)


# --- the second way ---


class Naive:
    """Reads shots one by one. Slow, plain, and without any of the engine's own values."""

    def __init__(self, shots: Sequence[Shot], starts: date, ends: date) -> None:
        zone = ZoneInfo(BERLIN.timezone)
        self.all = shots
        self.nights = [self.night(shot, zone) for shot in shots]
        self.count = sum(night <= ends for night in self.nights)
        self.shots, self.starts, self.ends = shots[: self.count], starts, ends
        first = min(starts, *self.nights)
        self.days = [first + timedelta(days=n) for n in range((ends - first).days + 1)]

    @staticmethod
    def night(shot: Shot, zone: ZoneInfo) -> date:
        moment = datetime.fromisoformat(shot.as_of.replace("Z", "+00:00"))
        for back in (-1, 0, 1, 2):
            day = moment.date() - timedelta(days=back)
            if datetime(day.year, day.month, day.day, 2, 30, tzinfo=zone).timestamp() <= moment.timestamp():
                return day
        raise AssertionError(shot.as_of)

    def judged(self, shot: Shot, scope: Scope, check: str) -> bool:
        return (
            check in shot.checks
            and (scope, shot.checks[check][0]) in shot.listings
            and scope.account in shot.filters.get("accounts", (scope.account,))
        )

    def complete(self, shot: Shot, scope: Scope, check: str) -> bool:
        return shot.listings[scope, shot.checks[check][0]] != "failed"

    def asked(self, shot: Shot, scope: Scope) -> bool:
        return any(place == scope for place, _ in shot.listings)

    def mark(self, day: date, scope: Scope, check: str) -> str:
        judging = [n for n, shot in enumerate(self.shots) if self.judged(shot, scope, check)]
        tonight = [n for n in judging if self.nights[n] == day]
        if tonight:
            return "r" if any(self.saw_everything(self.shots[n], scope, check) for n in tonight) else "p"
        whole = [n for n, shot in enumerate(self.shots) if not shot.filters]
        before = [n for n in whole if self.nights[n] <= day]
        if not before:
            return "." if whole and whole[0] < judging[0] and day < self.nights[judging[0]] else "-"
        last = self.shots[before[-1]]
        if scope in last.left:
            return "."
        inside = self.nights[judging[0]] <= day <= self.nights[judging[-1]]
        return "." if not inside and (check not in last.checks or not self.asked(last, scope)) else "-"

    def saw_everything(self, shot: Shot, scope: Scope, check: str) -> bool:
        unknown = any(key[:2] == (scope, check) and verdict == "unknown" for key, verdict in shot.verdicts.items())
        return self.complete(shot, scope, check) and not unknown

    def coverage(self) -> list[CoverageRow]:
        pairs = sorted(
            {
                (scope, check)
                for shot in self.shots
                for scope in (HERE, THERE)
                for check in CHECKS
                if self.judged(shot, scope, check)
            }
        )
        rows = []
        for scope, check in pairs:
            marks = "".join(self.mark(day, scope, check) for day in self.days if day >= self.starts)
            if set(marks) != {"."}:
                rows.append(CoverageRow(scope, check, marks))
        return rows

    def observed(self, number: int, key: Key) -> str:
        shot, (scope, check, _) = self.shots[number], key
        if self.judged(shot, scope, check):
            if key in shot.verdicts:
                return shot.verdicts[key]
            return "gone" if self.complete(shot, scope, check) else "unseen"
        if shot.filters:
            return "nothing"
        if scope in shot.left:
            return "left out"
        later = any(self.judged(other, scope, check) for other in self.shots[number:])
        if not later and check not in shot.checks:
            return "deselected"
        return "nothing" if later or self.asked(shot, scope) else "left out"

    def failures(self) -> list[Failure]:
        keys = sorted({key for shot in self.shots for key in shot.verdicts}, key=lambda key: (key[1], key[0], key[2]))
        return [row for key in keys for row in self.of(key)]

    def of(self, key: Key) -> Iterator[Failure]:
        check = key[1]
        good: tuple[int, str, int] | None = None
        bad: list[int] = []
        began, bound, ended = "", None, ""
        for number in range(len(self.shots)):
            seen = self.observed(number, key)
            version = self.shots[number].checks[check][1] if check in self.shots[number].checks else 0
            if seen == "fail":
                if not bad:
                    bound = good[0] if good else None
                    began = good[1] if good else "first_seen"
                    if good and good[2] != version:
                        began = "test_changed"
                bad.append(number)
            elif seen in ("pass", "not_applicable"):
                if bad:
                    ended = "corrected" if seen == "pass" else "not_applicable"
                    if self.shots[bad[-1]].checks[check][1] != version:
                        ended = "test_changed"
                    yield from self.told(key, began, bound, bad, number, ended)
                    bad = []
                good = (number, "after_a_pass" if seen == "pass" else "after_not_applicable", version)
            elif seen in ("gone", "left out", "deselected"):
                if bad:
                    ended = {"gone": "deleted", "left out": "out_of_boundary", "deselected": "test_changed"}[seen]
                    yield from self.told(key, began, bound, bad, number, ended)
                    bad = []
                good = None
        if bad:
            yield from self.told(key, began, bound, bad, None, "open")

    def told(
        self, key: Key, began: str, good: int | None, bad: list[int], end: int | None, ended: str
    ) -> Iterator[Failure]:
        if end is not None and self.nights[end] < self.starts:
            return
        scope, check, id_ = key
        after, before = good if good is not None else bad[0], end if end is not None else len(self.shots)
        blind = sum(self.observed(number, key) in ("unknown", "unseen") for number in range(after + 1, before))
        until = self.nights[end] if end is not None else self.ends + timedelta(days=1)
        blind += sum(self.mark(day, scope, check) == "-" for day in self.days if self.nights[after] < day < until)
        waivers = Counter(self.shots[number].waived[key] for number in bad if key in self.shots[number].waived)
        yield Failure(
            check=check,
            version=self.shots[bad[0]].checks[check][1],
            severity="high",
            scope=scope,
            subject=Subject("resource", CHECKS[check][0], id_, id_),
            last_good=self.moment(good) if good is not None else None,
            first_bad=self.moment(bad[0]),
            last_bad=self.moment(bad[-1]),
            first_good=self.moment(end) if end is not None else None,
            began="before_the_period" if self.nights[bad[0]] < self.starts else began,  # type: ignore[arg-type]
            ended=ended,  # type: ignore[arg-type]
            frames=len(bad),
            unseen=blind,
            message=f"{id_} fails.",
            waivers=dict(waivers) or None,
        )

    def moment(self, number: int) -> Moment:
        return Moment(self.shots[number].as_of, run_of(number + 1, self.shots[number]))


def found(film: Film) -> list[Failure]:
    return [row.failure for row in failures.found(film)]


PLANTED: Counter[str] = Counter()


@pytest.mark.parametrize("part", range(4))
def test_planted_failures_have_the_bounds_of_their_frames_and_none_is_invented(part: int) -> None:
    planted: Counter[str] = Counter()
    for seed in range(part * 20, part * 20 + 20):
        shots, starts, ends = world(seed)
        naive = Naive(shots, starts, ends)
        if not naive.shots:
            continue
        film = film_of(shots, starts, ends)
        expected = naive.failures()
        assert found(film) == expected, seed
        assert list(nights.coverage(film)) == naive.coverage(), seed
        planted.update(f"{row.began} {row.ended}" for row in expected)
        planted["all"] += len(expected)
        planted["waived"] += sum(row.waivers is not None for row in expected)
        planted["unseen"] += sum(row.unseen > 0 for row in expected)
    assert planted["all"] > 300
    assert {name.split()[-1] for name in planted} >= {
        *("open", "corrected", "deleted", "not_applicable", "test_changed", "out_of_boundary", "waived", "unseen")
    }
    assert {name.split()[0] for name in planted} >= {
        *("after_a_pass", "first_seen", "before_the_period", "test_changed", "after_not_applicable")
    }
