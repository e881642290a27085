"""A year made by a seed: enough nights, controls and failures to lay out, to split and to look at."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from engine.model import Scope, Subject
from engine.periods import (
    MARKS,
    Change,
    ControlInPeriod,
    CoverageRow,
    CriterionInPeriod,
    Failure,
    Frame,
    Moment,
    Night,
    Period,
    PeriodPopulation,
    WaiverInPeriod,
)
from tests.golden.periods import ANCHORED, NOT_ANCHORED, control, criterion

SCOPES: Final = (
    Scope("aws", "111111111111", "eu-west-1"),
    Scope("aws", "111111111111", "us-east-1"),
    Scope("aws", "222222222222", "eu-west-1"),
)
PREFIX: Final = "arn:aws:ec2:eu-west-1:111111111111:example/"
TOPICS: Final = (
    ("CC6.1", "Logical access protections guard information assets", (
        "Users prove a second factor before they reach a console",
        "Stored customer data is encrypted with a key that we manage",
        "Access keys are replaced every ninety days")),
    ("CC6.3", "Access follows roles, least privilege and separation of duties", (
        "Nobody holds administrative rights without a named approval",)),
    ("CC6.6", "Boundaries are protected against outside threats", (
        "Nobody reaches an administrative port from the internet",
        "Databases have no public address")),
    ("CC7.2", "Systems are monitored for anomalies", (
        "Administrative activity is logged in every region",
        "Threat detection is on in every region")),
    ("CC8.1", "Changes are authorised, tested and approved", (
        "Production images are scanned before they are deployed",)),
    ("A1.2", "Environmental protection, backup and recovery infrastructure operate", (
        "Databases are backed up daily and kept for thirty-five days",
        "A restore from backup is tried every quarter")),
)  # fmt: skip
STATEMENTS: Final = tuple(text for _, _, statements in TOPICS for text in statements)
CHECKS: Final = tuple(f"aws.example.check_{index:02}" for index in range(len(STATEMENTS)))


def year(failures: int = 40, nights: int = 365, seed: int = 7, anchored: bool = False, demo: bool = False) -> Period:
    """A period of ``nights`` with gaps, late nights, changes and waivers, and about ``failures`` failures."""
    chance = random.Random(seed)
    start = date(2024, 12, 1)
    dates = [(start + timedelta(days=index)).isoformat() for index in range(nights)]
    states = [_state(chance, index) for index in range(nights)]
    frames = tuple(
        _frame(day, index) for index, (day, state) in enumerate(zip(dates, states, strict=True)) if state in "rp"
    )
    moments = [frame.moment for frame in frames]
    waivers = (_waiver(moments),)
    found = tuple(_failure(chance, moments, index, waivers[0].id) for index in range(failures))
    changes = (
        Change("engine", "auditreel", moments[70], moments[71], "0.3.0", "0.4.0"),
        Change("check", CHECKS[1], moments[150], moments[151], "version 1", "version 2"),
        Change("parameter", f"{CHECKS[2]}.max_age_days", moments[200], moments[201], "90", "180", weaker=True),
    )
    populations = tuple(_population(check, index, found, moments) for index, check in enumerate(CHECKS))
    controls = tuple(_control(index, found, populations, states) for index in range(len(STATEMENTS)))
    rows = (
        CoverageRow(scope, check, "".join(_mark(state, scope, check, index) for index, state in enumerate(states)))
        for scope in SCOPES
        for check in CHECKS
    )
    return Period(
        type_=2,
        organization="Northwind Traders GmbH",
        starts=dates[0],
        ends=dates[-1],
        timezone="Europe/Berlin",
        anchored=ANCHORED if anchored else NOT_ANCHORED,
        demonstration=demo,
        digest="9c41d07be2" * 6 + "a1b2",
        frames=frames,
        nights=tuple(_night(day, state, index) for index, (day, state) in enumerate(zip(dates, states, strict=True))),
        coverage=tuple(rows),
        failures=found,
        changes=changes,
        populations=populations,
        controls=controls,
        criteria=tuple(_criteria()),
        waivers=waivers,
        inventory={"AWS::EC2::SecurityGroup": 312, "AWS::IAM::User": 58, "AWS::RDS::DBInstance": 21},
        appeared={"AWS::EC2::SecurityGroup": 40, "AWS::IAM::User": 9, "AWS::Lambda::Function": 3},
        gone={"AWS::EC2::SecurityGroup": 31, "AWS::IAM::User": 4, "AWS::Lambda::Function": 3},
    )


def _state(chance: random.Random, index: int) -> str:
    if 24 <= index <= 27 or index == 190:
        return "-"
    if index in (100, 101):
        return "x"
    return "p" if chance.random() < 0.02 else "r"


def _mark(state: str, scope: Scope, check: str, index: int) -> str:
    if scope.account == "222222222222" and index < 90:
        return MARKS["not_in_force"]
    if state == "p":
        return "p" if scope.region == "us-east-1" and check == CHECKS[index % len(CHECKS)] else "r"
    if scope.region == "us-east-1" and 240 <= index <= 250 and check == CHECKS[7] and state == "r":
        return "-"
    return state


def _frame(day: str, index: int) -> Frame:
    moment = Moment(f"{day}T02:00:{index % 60:02}Z", f"{day.replace('-', '')}T0300-{index:04x}")
    return Frame(
        moment=moment,
        kind="scheduled",
        sequence=2 * index + 2,
        started_at=moment.as_of,
        sealed_at=f"{day}T02:04:11Z",
        night=day,
        records=20_000 + index,
        root=f"{index % 256:02x}" * 32,
        engine="0.3.0" if index < 71 else "0.4.0",
        caller="arn:aws:sts::111111111111:assumed-role/auditreel/nightly",
        filtered=False,
    )


def _night(day: str, state: str, index: int) -> Night:
    named = {mark: name for name, mark in MARKS.items()}
    died = (("20250609T0300-dead", "began and was never sealed: the runner was evicted"),) if index == 190 else ()
    return Night(day, f"{day}T02:00:00Z", named[state], late=state == "r" and index % 61 == 40, unsealed=died)  # type: ignore[arg-type]


def _waiver(moments: list[Moment]) -> WaiverInPeriod:
    return WaiverInPeriod(
        id="WV-2025-01",
        kind="risk_accepted",
        check=CHECKS[1],
        owner="data-platform@example.com",
        approver="ciso@example.com",
        standing="corroborated",
        reason="The partner's mirror cannot read objects under a customer key before its move in May.",
        starts=moments[60].as_of[:10],
        expires=moments[160].as_of[:10],
        first=moments[60],
        last=moments[160],
        frames=101,
        subjects=(f"{PREFIX}item-001",),
    )


def _failure(chance: random.Random, moments: list[Moment], index: int, waiver: str) -> Failure:
    first = chance.randrange(1, len(moments) - 2)
    last = min(len(moments) - 1, first + int(chance.expovariate(1 / 18)))
    kind = index % 10
    check = (1, 4, 2, 1, 9)[index % 5]
    open_ = last >= len(moments) - 2
    told: dict[str, Any] = {
        "last_good": moments[first - 1],
        "first_good": None if open_ else moments[last + 1],
        "began": "after_a_pass",
        "ended": "open" if open_ else "corrected",
    }
    if kind == 3:
        first, told = 0, {**told, "last_good": None, "began": "before_the_period"}
    if kind == 4:
        told = {**told, "last_good": None, "began": "first_seen"}
    if kind == 5 and not open_:
        told["ended"] = "deleted"
    if kind == 6:
        last, told = len(moments) - 1, {**told, "first_good": None, "ended": "open"}
    days = last - first
    deviation: bool | None = days > 14
    if told["ended"] == "open" and days <= 14:
        deviation = None
    beside = sum(60 <= place <= 160 for place in range(first, last + 1))
    return Failure(
        check=CHECKS[check],
        version=1,
        severity=chance.choice(("high", "critical", "medium")),
        scope=chance.choice(SCOPES),
        subject=Subject("resource", "AWS::Example::Item", f"{PREFIX}item-{index:03}", f"item-{index:03}"),
        first_bad=moments[first],
        last_bad=moments[last],
        frames=last - first + 1,
        unseen=0,
        message=f"The setting of item-{index:03} is off.",
        limit=14,
        deviation=deviation,
        waivers={waiver: beside} if check == 1 and beside else None,
        **told,
    )


def _population(check: str, index: int, failures: tuple[Failure, ...], moments: list[Moment]) -> PeriodPopulation:
    failed = len({failure.subject.id for failure in failures if failure.check == check})
    return PeriodPopulation(check, "AWS::Example::Item", 40 * (index + 1) + failed, failed, moments[0], moments[-1],
                            complete=index != 7, queries=("example:ListItems",), second=None)  # fmt: skip


def _control(
    index: int, failures: tuple[Failure, ...], populations: tuple[PeriodPopulation, ...], states: list[str]
) -> ControlInPeriod:
    topic = next(id_ for id_, _, statements in TOPICS if STATEMENTS[index] in statements)
    mine = tuple(
        sorted(
            (failure for failure in failures if failure.check == CHECKS[index]),
            key=lambda failure: (failure.deviation is not True, failure.deviation is False),
        )
    )
    word = "failures_observed" if mine else "incomplete" if index == 7 else "no_failures_observed"
    population = populations[index]
    return ControlInPeriod(
        control=replace(
            control(f"CTL-{index:02}", f"{STATEMENTS[index]}.", (topic,), (CHECKS[index],)),
            deviation={"critical": 2, "high": 14, "medium": 30},
        ),
        word=word,  # type: ignore[arg-type]
        nights=sum(state == "r" for state in states),
        expected=len(states),
        subjects=population.count,
        failures=mine,
        deviations=sum(failure.deviation is True for failure in mine),
        populations=(population,),
        not_tested_before={},
        procedure="Inspected the configuration of every item on each night, and reperformed the evaluation from the "
        "stored configuration.",
        result=f"{len(mine)} failures of {population.failed} of {population.count} items.",
    )


def _criteria() -> Iterator[CriterionInPeriod]:
    for id_, title, statements in TOPICS:
        series = id_.partition(".")[0]
        of = replace(criterion("CC6.1", title), id=id_, series=series)
        ids = tuple(f"CTL-{STATEMENTS.index(text):02}" for text in statements)
        yield CriterionInPeriod(of, "controls", ids)
    yield CriterionInPeriod(criterion("CC9.1", "Business disruption risks are mitigated"), "no_control", ())
    yield CriterionInPeriod(criterion("CC6.4", "Physical access to facilities and media is restricted"), "subservice",
                            (), reason="Amazon Web Services runs the buildings.")  # fmt: skip
