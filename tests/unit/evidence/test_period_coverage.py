"""Five hundred planted gaps are all shown, each where it was planted, and none is invented."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.evidence.period import nights
from engine.model import Schedule, Scope
from engine.periods import CoverageRow
from tests.unit.evidence.filmed import BERLIN, BUCKET, HERE, KEY, THERE, Shot, film_of

ELSEWHERE = Scope("aws", "222222222222", "eu-central-1")
EVERYWHERE = Scope("aws", "*", "*")
SCOPES = (HERE, THERE, ELSEWHERE)
CHECKS = {"aws.s3.encrypted": (BUCKET, 1), "aws.s3.logged": (BUCKET, 1), "aws.kms.rotated": (KEY, 1)}
PAIRS = sorted((scope, check) for scope in SCOPES for check in CHECKS)
Marks = dict[tuple[Scope, str], list[str]]

NEW_YORK = Schedule("day", "01:45", "America/New_York", 3)
STARTS = (
    (BERLIN, date(2028, 2, 18)),  # over a leap day, into the night of the clock change
    (BERLIN, date(2026, 10, 10)),
    (NEW_YORK, date(2026, 10, 20)),
    (NEW_YORK, date(2028, 2, 22)),
    (Schedule(), date(2026, 1, 1)),
)
LENGTH = 45


def whole(as_of: str) -> Shot:
    """A frame that looked at everything, and saw it."""
    listings = {(scope, type_): "complete" for scope in SCOPES for type_ in (BUCKET, KEY)}
    verdicts = {(scope, check, f"one-{CHECKS[check][0]}"): "pass" for scope, check in PAIRS}
    return Shot(as_of, CHECKS, listings, verdicts)


def without(shot: Shot, scopes: tuple[Scope, ...] = (), types: tuple[str, ...] = ()) -> Shot:
    """The same frame without some scopes, or without some types in the scopes that are left."""
    gone = {place for place in shot.listings if place[0] in scopes or place[1] in types}
    return shot.but(
        listings={place: state for place, state in shot.listings.items() if place not in gone},
        verdicts={key: verdict for key, verdict in shot.verdicts.items() if (key[0], CHECKS[key[1]][0]) not in gone},
    )


Gap = Callable[[random.Random, Shot], tuple[Shot | None, dict[tuple[Scope, str], str]]]


def night(chance: random.Random, shot: Shot) -> tuple[Shot | None, dict[tuple[Scope, str], str]]:
    return None, dict.fromkeys(PAIRS, "-")


def region(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    gone = chance.choice(SCOPES)
    return without(shot, (gone,)), {pair: "-" for pair in PAIRS if pair[0] == gone}


def account(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    gone = tuple(scope for scope in SCOPES if scope.account == THERE.account)
    return without(shot, gone), {pair: "-" for pair in PAIRS if pair[0] in gone}


def excluded(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    """Left out on purpose: no gap, but out of force."""
    gone = tuple(scope for scope in SCOPES if scope.account == THERE.account)
    left = (Scope("aws", THERE.account, "*"),)
    return without(shot, gone).but(left=left), {pair: "." for pair in PAIRS if pair[0] in gone}


def accounts_unknown(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    """The listing of accounts failed, which a row of its own says: nobody knows what else is not there."""
    gone = tuple(scope for scope in SCOPES if scope.account == THERE.account)
    failed = {(EVERYWHERE, type_): "failed" for type_ in (BUCKET, KEY)}
    narrowed = without(shot, gone)
    marks = {pair: "-" for pair in PAIRS if pair[0] in gone} | {(EVERYWHERE, check): "p" for check in CHECKS}
    return narrowed.but(listings={**narrowed.listings, **failed}), marks


def service(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    type_ = chance.choice((BUCKET, KEY))
    return without(shot, (), (type_,)), {pair: "-" for pair in PAIRS if CHECKS[pair[1]][0] == type_}


def check(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    """Taken out of the selection for a night: what comes back was not gone for good."""
    gone = chance.choice(sorted(CHECKS))
    kept = {id_: said for id_, said in shot.checks.items() if id_ != gone}
    verdicts = {key: verdict for key, verdict in shot.verdicts.items() if key[1] != gone}
    return shot.but(checks=kept, verdicts=verdicts), {pair: "-" for pair in PAIRS if pair[1] == gone}


def filtered(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    """A night with nothing but a run that was asked for one check in one account."""
    kept = chance.choice(sorted(CHECKS))
    checks = {kept: CHECKS[kept]}
    verdicts = {
        key: verdict for key, verdict in shot.verdicts.items() if key[1] == kept and key[0].account == HERE.account
    }
    # What is related is read in every account, and judged in none but the one.
    narrowed = shot.but(checks=checks, verdicts=verdicts, filters={"checks": [kept], "accounts": [HERE.account]})
    return narrowed, {pair: "-" for pair in PAIRS if pair != (HERE, kept)}


def page(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    scope, type_ = place = chance.choice(sorted(shot.listings))
    kept = {
        key: verdict
        for key, verdict in shot.verdicts.items()
        if key[0] != scope or CHECKS[key[1]][0] != type_ or chance.random() < 0.5
    }
    partly = {pair: "p" for pair in PAIRS if (pair[0], CHECKS[pair[1]][0]) == place}
    return shot.but(listings={**shot.listings, place: "failed"}, verdicts=kept), partly


def denied(chance: random.Random, shot: Shot) -> tuple[Shot, dict[tuple[Scope, str], str]]:
    key = chance.choice(sorted(shot.verdicts))
    return shot.but(verdicts={**shot.verdicts, key: "unknown"}), {key[:2]: "p"}


GAPS: tuple[Gap, ...] = (
    night, night, region, account, excluded, accounts_unknown, service, check, filtered, page, denied
)  # fmt: skip


def moments(schedule: Schedule, first: date, chance: random.Random) -> Iterator[str]:
    zone = UTC if schedule.timezone == "UTC" else ZoneInfo(schedule.timezone)
    hour, minute = map(int, schedule.at.split(":"))
    for day in range(LENGTH):
        on = first + timedelta(days=day)
        due = datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone).astimezone(UTC)
        yield (due + timedelta(minutes=chance.randrange(120))).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("seed", range(16))
def test_planted_gaps_are_all_shown_and_none_is_invented(seed: int) -> None:
    chance = random.Random(seed)
    schedule, first = STARTS[seed % len(STARTS)]
    marks: Marks = {pair: ["r"] * LENGTH for pair in PAIRS}
    shots, planted, gap = [], Counter[str](), None
    for day, as_of in enumerate(moments(schedule, first, chance)):
        shot: Shot | None = whole(as_of)
        # The first and the last night are whole: what is missing lies between. So is the night after an exclusion,
        # since who was out when anybody looked last is not missed on a night without a frame.
        if 0 < day < LENGTH - 1 and gap is not excluded and chance.random() < 0.9:
            gap = chance.choice(GAPS)
            shot, wrong = gap(chance, whole(as_of))
            planted[gap.__name__] += 1
            for pair, mark in wrong.items():
                marks.setdefault(pair, ["."] * LENGTH)[day] = mark
        else:
            gap = None
        shots += [shot] if shot is not None else []
    film = film_of(shots, first, first + timedelta(days=LENGTH - 1), schedule)

    assert nights.coverage(film) == tuple(CoverageRow(*pair, "".join(marks[pair])) for pair in sorted(marks))
    told = nights.nights(film, ())
    assert [night.state for night in told] == [state({marks[pair][day] for pair in marks}) for day in range(LENGTH)]
    assert not any(night.late for night in told)
    assert sum(planted.values()) >= 32


def state(marks: set[str]) -> str:
    if marks <= {"-", "."}:
        return "did_not_run"
    return "ran" if marks <= {"r", "."} else "partly"


def test_a_check_added_late_was_not_in_force_and_one_that_is_dropped_is_no_more() -> None:
    early, late = {"aws.s3.encrypted": (BUCKET, 1)}, {"aws.s3.logged": (BUCKET, 1)}
    days = [f"2026-06-{day:02d}T01:00:00Z" for day in range(1, 8)]
    listings = {(HERE, BUCKET): "complete"}
    shots = [Shot(as_of, early | (late if n > 1 else {}), listings) for n, as_of in enumerate(days[:4])]
    shots += [Shot(days[5], late, listings)]

    film = film_of(shots, date(2026, 5, 31), date(2026, 6, 7))
    assert [(row.check, row.nights) for row in nights.coverage(film)] == [
        ("aws.s3.encrypted", "-rrrr-.."),
        ("aws.s3.logged", "...rr-r-"),
    ]


def test_nights_that_are_no_longer_kept_are_not_told_as_missed() -> None:
    shots = [whole("2026-06-01T01:00:00Z"), whole("2026-06-04T01:00:00Z")]
    film = film_of(shots, date(2026, 6, 1), date(2026, 6, 4))
    film.expired = {2: CHECKS}

    assert {row.nights for row in nights.coverage(film)} == {"r-xr"}
    assert [night.state for night in nights.nights(film, ())] == ["ran", "did_not_run", "not_retained", "ran"]


@pytest.mark.parametrize(
    ("as_of", "night", "late"),
    [
        ("2026-06-02T00:29:00Z", 0, True),
        ("2026-06-02T00:30:00Z", 1, False),
        ("2026-06-02T04:30:00Z", 1, False),
        ("2026-06-02T04:30:01Z", 1, True),
    ],
)
def test_late_is_told_and_is_not_absent(as_of: str, night: int, late: bool) -> None:
    film = film_of([whole(as_of)], date(2026, 6, 1), date(2026, 6, 2))
    told = nights.nights(film, ())

    assert [(row.state, row.late) for row in told] == [
        ("ran", late) if place == night else ("did_not_run", False) for place in (0, 1)
    ]
