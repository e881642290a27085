"""Failures of a period: a thousand planted ones come out with bounds exact to the neighbouring frames, none invented.

What is expected is found a second way, frame by frame and without the index, from what each shot was told to see.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.evidence.period import failures, nights
from engine.evidence.period.film import Film
from engine.model import Control, Scope, Subject
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
        shown = found(film)
        assert [replace(row, beside=()) for row in shown] == expected, seed
        for row in shown:
            assert {id_ for id_, _, _ in row.beside} == set(row.waivers or ()), seed
            assert all(row.first_bad <= first <= last <= row.last_bad for _, first, last in row.beside), seed
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


# --- one by one ---

DAYS = [f"2026-06-{day:02d}T01:00:00Z" for day in range(1, 10)]
ONE = "bucket-1"


def days(*said: str | None, **more: Any) -> list[Shot]:
    """A bucket on the nights from 1 June: its verdict, "absent", or None where there was no frame."""
    return [
        Shot(
            as_of,
            {ENCRYPTED: (BUCKET, 1)},
            {(HERE, BUCKET): "complete"},
            {} if verdict == "absent" else {(HERE, ENCRYPTED, ONE): verdict},
            **more,
        )
        for as_of, verdict in zip(DAYS, said, strict=False)
        if verdict is not None
    ]


def told(shots: Sequence[Shot], starts: int = 1, ends: int = 9) -> list[tuple[Any, ...]]:
    """Of each failure: last good, first bad, last bad, first good (days of June), began, ended, frames, unseen."""
    film = film_of(shots, date(2026, 6, starts), date(2026, 6, ends))

    def day(moment: Moment | None) -> int | None:
        return int(moment.as_of[8:10]) if moment is not None else None

    return [
        (
            *map(day, (row.last_good, row.first_bad, row.last_bad, row.first_good)),
            *(row.began, row.ended, row.frames, row.unseen),
        )
        for row in found(film)
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("pass", "fail", "pass"), [(1, 2, 2, 3, "after_a_pass", "corrected", 1, 0)]),
        (("pass", "fail", "pass", "fail", "pass"), [
            (1, 2, 2, 3, "after_a_pass", "corrected", 1, 0), (3, 4, 4, 5, "after_a_pass", "corrected", 1, 0)]),
        (("pass", None, "fail", None, None, "pass"), [(1, 3, 3, 6, "after_a_pass", "corrected", 1, 3)]),
        (("fail", "unknown", "fail", "pass"), [(None, 1, 3, 4, "first_seen", "corrected", 2, 1)]),
        (("pass", "unknown", "fail", "unknown", "pass"), [(1, 3, 3, 5, "after_a_pass", "corrected", 1, 2)]),
        (("unknown", "fail", "unknown"), [(None, 2, 2, None, "first_seen", "open", 1, 7)]),
        (("pass", "fail", "absent"), [(1, 2, 2, 3, "after_a_pass", "deleted", 1, 0)]),
        (("pass", "fail", "absent", "fail", "pass"), [
            (1, 2, 2, 3, "after_a_pass", "deleted", 1, 0), (None, 4, 4, 5, "first_seen", "corrected", 1, 0)]),
        (("absent", "fail", "not_applicable", "fail"), [
            (None, 2, 2, 3, "first_seen", "not_applicable", 1, 0),
            (3, 4, 4, None, "after_not_applicable", "open", 1, 5)]),
        (("pass",) * 9, []),
        (("unknown",) * 9, []),
    ],
)  # fmt: skip
def test_a_failure_has_the_bounds_of_its_neighbouring_frames(
    said: tuple[str | None, ...], expected: list[tuple[Any, ...]]
) -> None:
    assert told(days(*said)) == expected


def test_a_failure_across_the_edges_is_looked_for_before_the_period_and_never_after_it() -> None:
    shots = days("pass", "fail", "fail", "fail", "fail", "fail", "pass")

    assert told(shots, 3, 5) == [(1, 2, 5, None, "before_the_period", "open", 4, 0)]
    assert told(shots, 3, 9) == [(1, 2, 6, 7, "before_the_period", "corrected", 5, 0)]
    assert told(shots, 7, 9) == [(1, 2, 6, 7, "before_the_period", "corrected", 5, 0)]
    assert told(shots, 8, 9) == []
    assert told(shots, 1, 1) == []


@pytest.mark.parametrize(("last", "ended"), [("pass", "test_changed"), ("absent", "deleted")])
def test_a_failure_that_ends_with_a_changed_test_was_never_corrected(last: str, ended: str) -> None:
    shots = days("pass", "fail", last)
    shots[2] = shots[2].but(checks={ENCRYPTED: (BUCKET, 2)})

    assert told(shots) == [(1, 2, 2, 3, "after_a_pass", ended, 1, 0)]


def test_a_failure_that_begins_with_a_changed_test_says_so() -> None:
    shots = days("pass", "fail")
    shots[1] = shots[1].but(checks={ENCRYPTED: (BUCKET, 2)})

    assert told(shots) == [(1, 2, 2, None, "test_changed", "open", 1, 7)]


def test_a_subject_that_its_check_is_no_longer_about_was_not_deleted() -> None:
    shots = days("fail", "fail")
    shots[1] = shots[1].but(checks={ENCRYPTED: (KEY, 2)}, listings={(HERE, KEY): "complete"}, verdicts={})

    assert told(shots) == [(None, 1, 1, 2, "first_seen", "test_changed", 1, 0)]


def test_a_check_that_is_no_longer_selected_ends_its_failures_without_a_correction() -> None:
    shots = days("fail", "fail")
    shots[1] = shots[1].but(checks={LOGGED: (BUCKET, 1)}, verdicts={})

    assert told(shots) == [(None, 1, 1, 2, "first_seen", "test_changed", 1, 0)]


@pytest.mark.parametrize("left", [(Scope("aws", HERE.account, "*"),), (HERE,), ()])
def test_a_resource_that_left_the_boundary_is_told_as_that(left: tuple[Scope, ...]) -> None:
    shots = days("fail", "fail")
    shots[1] = shots[1].but(listings={(THERE, BUCKET): "complete"}, verdicts={}, left=left)

    assert told(shots) == [(None, 1, 1, 2, "first_seen", "out_of_boundary", 1, 0)]


def test_what_failed_alike_before_and_after_it_was_out_of_the_boundary_is_two_failures() -> None:
    shots = days("fail", "fail", "fail", "fail")
    shots[2] = shots[2].but(listings={(THERE, BUCKET): "complete"}, verdicts={}, left=(HERE,))

    assert told(shots) == [
        (None, 1, 2, 3, "first_seen", "out_of_boundary", 2, 0),
        (None, 4, 4, None, "first_seen", "open", 1, 5),
    ]


def test_a_waiver_in_the_middle_stands_beside_its_frames_and_ends_nothing() -> None:
    shots = days("pass", "fail", "fail", "fail", "fail", "pass")
    for place in (2, 3):
        shots[place] = shots[place].but(waived={(HERE, ENCRYPTED, ONE): "2026-014"})
    (failure,) = found(film_of(shots, date(2026, 6, 1), date(2026, 6, 9)))

    assert (failure.frames, failure.ended, failure.waivers) == (4, "corrected", {"2026-014": 2})


def renamed(*there: tuple[str, ...], names: Mapping[str, str]) -> list[Failure]:
    shots = [
        Shot(
            as_of,
            {ENCRYPTED: (BUCKET, 1)},
            {(HERE, BUCKET): "complete"},
            {(HERE, ENCRYPTED, id_): "fail" for id_ in ids},
            names=names,
        )
        for as_of, ids in zip(DAYS, there, strict=False)
    ]
    return found(film_of(shots, date(2026, 6, 1), date(2026, 6, 9)))


@pytest.mark.parametrize(
    ("there", "names", "replaced"),
    [
        ((("i-1",), ("i-2",)), {"i-1": "web", "i-2": "web"}, {"i-1": "i-2"}),
        ((("i-1",), (), (), ("i-2",)), {"i-1": "web", "i-2": "web"}, {"i-1": "i-2"}),
        ((("i-1",), (), ("i-1",)), {"i-1": "web"}, {"i-1": "i-1"}),
        ((("i-1",), ("i-2",)), {"i-1": "web", "i-2": "db"}, {"i-1": None}),
        ((("i-1", "i-2"), ("i-2",)), {"i-1": "web", "i-2": "web"}, {"i-1": None}),
        ((("i-1",), ("i-2",)), {"i-1": "", "i-2": ""}, {"i-1": None}),
    ],
)
def test_what_was_created_in_the_place_of_a_deleted_resource_is_named(
    there: tuple[tuple[str, ...], ...], names: Mapping[str, str], replaced: Mapping[str, str | None]
) -> None:
    rows = [row for row in renamed(*there, names=names) if row.ended == "deleted"]

    assert {row.subject.id: row.replaced for row in rows} == replaced


def control(id_: str, deviation: Any, **more: Any) -> Control:
    return Control(
        id_, "Buckets are encrypted.", "Operations", ("CC6.1",), "continuous", Path(f"{id_}.yaml"), "", (),
        (ENCRYPTED,), deviation=deviation, **more,
    )  # fmt: skip


LIMITS = {"critical": 1, "high": 3, "medium": 30, "low": 90}


@pytest.mark.parametrize(
    ("said", "deviations", "limit", "deviation"),
    [
        (("fail", "pass"), (LIMITS,), 3, False),
        (("fail", None, None, "pass"), (LIMITS,), 3, False),
        (("fail", None, None, None, "pass"), (LIMITS,), 3, True),
        (("fail", "absent"), (LIMITS,), 3, False),
        ((None, None, None, None, None, None, "fail"), (LIMITS,), 3, None),
        (("fail",), (LIMITS,), 3, True),
        (("fail", "pass"), ("any_failure",), None, True),
        (("fail", "pass"), (LIMITS, "any_failure"), None, True),
        (("fail", None, "pass"), (LIMITS, {**LIMITS, "high": 1}), 1, True),
        (("fail", "pass"), (), None, None),
    ],
)
def test_the_rule_of_the_control_says_which_failure_is_a_deviation(
    said: tuple[str | None, ...], deviations: tuple[Any, ...], limit: int | None, deviation: bool | None
) -> None:
    controls = tuple(control(f"DP-{number:02d}", rule) for number, rule in enumerate(deviations, 1))
    (failure,) = found(film_of(days(*said, controls=controls), date(2026, 6, 1), date(2026, 6, 9)))

    assert (failure.limit, failure.deviation) == (limit, deviation)


def test_the_rule_that_counts_is_that_of_when_it_began() -> None:
    shots = days("fail", "fail", "fail", "pass", controls=(control("DP-01", {**LIMITS, "high": 1}),))
    shots[1:] = [shot.but(controls=(control("DP-01", LIMITS),), severity="low") for shot in shots[1:]]
    (failure,) = found(film_of(shots, date(2026, 6, 1), date(2026, 6, 9)))

    assert (failure.severity, failure.limit, failure.deviation) == ("high", 1, True)


def test_a_test_that_changed_within_the_limit_leaves_it_open_whether_it_is_a_deviation() -> None:
    shots = days("fail", "pass", controls=(control("DP-01", LIMITS),))
    shots[1] = shots[1].but(checks={ENCRYPTED: (BUCKET, 2)})
    (failure,) = found(film_of(shots, date(2026, 6, 1), date(2026, 6, 9)))

    assert (failure.ended, failure.deviation) == ("test_changed", None)


# --- what lies elsewhere than where it is listed ---


def test_a_bucket_of_a_region_is_followed_by_the_listing_of_its_account() -> None:
    """Buckets are listed once an account. A run of another region says nothing of them; a listing without one does."""
    checks = {ENCRYPTED: (BUCKET, 1)}
    account = Scope(HERE.provider, HERE.account, "global")
    listed = {(account, BUCKET): "complete"}
    failing = {(HERE, ENCRYPTED, "b"): "fail"}
    elsewhere = {"regions": [THERE.region]}
    shots = [
        Shot("2026-06-01T01:00:00Z", checks, listed, failing),
        Shot("2026-06-02T01:00:00Z", checks, listed, {}, filters=elsewhere),
        Shot("2026-06-03T01:00:00Z", checks, {(account, BUCKET): "failed"}, {}),
        Shot("2026-06-04T01:00:00Z", checks, listed, failing),
        Shot("2026-06-05T01:00:00Z", checks, listed, {}),
    ]
    film = film_of(shots, date(2026, 6, 1), date(2026, 6, 5))

    (row,) = failures.found(film)

    failure = row.failure
    assert (failure.scope, failure.subject.id) == (HERE, "b")
    assert [bound and bound.as_of for bound in (failure.last_good, failure.first_bad, failure.last_bad)] == [
        None,
        "2026-06-01T01:00:00Z",
        "2026-06-04T01:00:00Z",
    ]
    assert (failure.first_good and failure.first_good.as_of, failure.ended) == ("2026-06-05T01:00:00Z", "deleted")
    assert failure.frames == 2
