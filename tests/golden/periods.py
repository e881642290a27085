"""Periods made by hand: one that shows every state once, a photograph, and one in which nothing happened.

August to October 2026 in Ireland: 92 nights, due at 03:00 local time, across the end of summer time (25 October).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.model import GLOBAL as GLOBAL_REGION
from engine.model import Control, Criterion, Scope, Subject
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
    Response,
    SecondSource,
    WaiverInPeriod,
)

ACCOUNT: Final = "111111111111"
GLOBAL: Final = Scope("aws", ACCOUNT, GLOBAL_REGION)
IRELAND: Final = Scope("aws", ACCOUNT, "eu-west-1")
FRANKFURT: Final = Scope("aws", "222222222222", "eu-central-1")

STARTS: Final = date(2026, 8, 1)
ENDS: Final = date(2026, 10, 31)
ZONE: Final = "Europe/Dublin"
DATES: Final = tuple((STARTS + timedelta(days=day)).isoformat() for day in range((ENDS - STARTS).days + 1))

MISSED: Final = ("2026-08-15", "2026-08-16", "2026-10-04")
PARTLY: Final = ("2026-09-03",)
LATE: Final = ("2026-09-20",)
NOT_RETAINED: Final = ("2026-08-02",)
RESUMED: Final = "2026-10-09"
ADHOC: Final = "2026-09-10"

ENCRYPTED: Final = "aws.s3.bucket_default_encryption"
PUBLIC: Final = "aws.s3.bucket_not_public"
PORTS: Final = "aws.ec2.security_group_no_open_admin_ports"
ROOT: Final = "aws.iam.root_mfa_enabled"
TRAIL: Final = "aws.cloudtrail.all_regions"
RESTORE: Final = "aws.backup.restore_job_completed"
DETECTOR: Final = "aws.guardduty.detector_enabled"
USERS: Final = "aws.iam.user_in_group"
"""No control uses it."""
CHECKS: Final = (ENCRYPTED, PUBLIC, PORTS, ROOT, TRAIL, RESTORE, DETECTOR, USERS)

DETECTOR_SINCE: Final = "2026-09-01"
"""The check was selected only from this night on."""
FRANKFURT_SINCE: Final = "2026-08-20"

NOT_ANCHORED: Final = "NOT ANCHORED: the key's holder could have rewritten or removed this"
ANCHORED: Final = "anchored to 2026-11-01T03:10:00Z by Example Time Stamping Authority"


# --- frames and nights ------------------------------------------------------------------------------------------------


def due(night: str) -> str:
    """When the run of a night was due: 03:00 in Dublin, as RFC 3339 UTC."""
    local = datetime.fromisoformat(f"{night}T03:00:00").replace(tzinfo=ZoneInfo(ZONE))
    return _utc(local)


def run_id(night: str) -> str:
    """The run that counts for a night."""
    return f"{night.replace('-', '')}T0300-5f2c"


def at(night: str) -> Moment:
    """The frame of a night; there is none for a night that was missed."""
    assert night not in (*MISSED, *NOT_RETAINED), night
    return Moment(_as_of(night), run_id(night))


def _as_of(night: str) -> str:
    late = timedelta(hours=9) if night in LATE else timedelta(seconds=11)
    return _utc(datetime.fromisoformat(due(night)) + late)


def _utc(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def frame(night: str, **fields: Any) -> Frame:
    """The sealed run of a night."""
    index = DATES.index(night)
    moment = at(night)
    began = datetime.fromisoformat(moment.as_of)
    told = {
        "moment": moment,
        "kind": "scheduled",
        "sequence": 2 * index + 2,
        "started_at": moment.as_of,
        "sealed_at": _utc(began + timedelta(minutes=4)),
        "night": night,
        "records": 1_204,
        "root": f"{index:02x}" * 32,
        "engine": "0.3.0" if night < "2026-09-15" else "0.4.0",
        "caller": "arn:aws:iam::111111111111:role/auditreel",
        "filtered": False,
        "resumed_at": (_resumed(night),) if night == RESUMED else (),
        **fields,
    }
    return Frame(**told)


def frames() -> tuple[Frame, ...]:
    """Every sealed run: one a night that was not missed, and one ad hoc in the afternoon, of one criterion."""
    nightly = [frame(night) for night in DATES if night not in (*MISSED, *NOT_RETAINED)]
    afternoon = frame(
        ADHOC,
        moment=Moment(f"{ADHOC}T14:30:00Z", "20260910T1430-9b1d"),
        kind="adhoc",
        sequence=500,
        started_at=f"{ADHOC}T14:30:00Z",
        sealed_at=f"{ADHOC}T14:31:12Z",
        records=310,
        caller="arn:aws:sts::111111111111:assumed-role/Engineer/ana.müller",
        filtered=True,
    )
    return tuple(sorted((*nightly, afternoon), key=lambda item: item.moment))


def nights() -> tuple[Night, ...]:
    """What became of each of the 92 nights."""
    return tuple(_night(night) for night in DATES)


def _night(night: str) -> Night:
    if night in NOT_RETAINED:
        return Night(night, due(night), "not_retained", late=False)
    if night in MISSED:
        died = (("20260816T0300-77aa", "began and was never sealed: interrupted"),) if night == "2026-08-16" else ()
        return Night(night, due(night), "did_not_run", late=False, unsealed=died)
    runs = (run_id(night), "20260910T1430-9b1d") if night == ADHOC else (run_id(night),)
    state = "partly" if night in PARTLY else "ran"
    words = f"began at {at(night).as_of}, stopped, and went on at {_resumed(night)}"
    resumed = ((run_id(night), words),) if night == RESUMED else ()
    return Night(night, due(night), state, late=night in LATE, runs=runs, resumed=resumed)  # type: ignore[arg-type]


def _resumed(night: str) -> str:
    """When a run that stopped went on, two minutes later."""
    return _utc(datetime.fromisoformat(at(night).as_of) + timedelta(minutes=2))


def coverage_row(scope: Scope, check: str, since: str = DATES[0], partly: Sequence[str] = ()) -> CoverageRow:
    """The nights of a check in a scope, in force since a night."""
    marks = "".join(MARKS[_mark(night, since, partly)] for night in DATES)
    return CoverageRow(scope, check, marks)


def _mark(night: str, since: str, partly: Sequence[str]) -> str:
    if night < since:
        return "not_in_force"
    if night in NOT_RETAINED:
        return "not_retained"
    if night in MISSED:
        return "did_not_run"
    return "partly" if night in partly else "ran"


def coverage() -> tuple[CoverageRow, ...]:
    """Each check in each scope; Frankfurt joined late, the detector's check was added late."""
    rows = [
        coverage_row(GLOBAL, ROOT),
        coverage_row(GLOBAL, USERS),
        coverage_row(IRELAND, TRAIL),
        coverage_row(IRELAND, ENCRYPTED, partly=PARTLY),
        coverage_row(IRELAND, PUBLIC),
        coverage_row(IRELAND, PORTS),
        coverage_row(IRELAND, RESTORE),
        coverage_row(IRELAND, DETECTOR, since=DETECTOR_SINCE),
        coverage_row(FRANKFURT, ENCRYPTED, since=FRANKFURT_SINCE),
        coverage_row(FRANKFURT, PUBLIC, since=FRANKFURT_SINCE),
        coverage_row(FRANKFURT, PORTS, since=FRANKFURT_SINCE, partly=PARTLY),
    ]
    return tuple(sorted(rows, key=lambda row: (row.scope, row.check)))


# --- failures ---------------------------------------------------------------------------------------------------------


def bucket(name: str) -> Subject:
    """A bucket as a subject."""
    return Subject("resource", "AWS::S3::Bucket", f"arn:aws:s3:::{name}", name)


def group(name: str, id_: str) -> Subject:
    """A security group as a subject."""
    arn = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/{id_}"
    return Subject("resource", "AWS::EC2::SecurityGroup", arn, name)


def failure(check: str, subject: Subject, bad: tuple[str, str], **fields: Any) -> Failure:
    """A failure from the frame of one night to that of another; after a pass the night before, unless said."""
    told: dict[str, Any] = {
        "check": check,
        "version": 1,
        "severity": "high",
        "scope": IRELAND,
        "subject": subject,
        "last_good": None,
        "first_bad": at(bad[0]),
        "last_bad": at(bad[1]),
        "first_good": None,
        "began": "after_a_pass",
        "ended": "open",
        "frames": _frames_between(*bad),
        "unseen": sum(bad[0] <= night <= bad[1] for night in (*MISSED, *NOT_RETAINED)),
        "message": f"Default encryption of {subject.name} is AES256, not an approved algorithm.",
        "limit": 14,
        **fields,
    }
    return Failure(**told)


def _frames_between(first: str, last: str) -> int:
    return sum(first <= night <= last and night not in (*MISSED, *NOT_RETAINED) for night in DATES)


LONG: Final = failure(
    ENCRYPTED,
    bucket("invoices-eu"),
    ("2026-08-14", "2026-09-09"),
    last_good=at("2026-08-13"),
    first_good=at("2026-09-10"),
    ended="corrected",
    deviation=True,
    responses=(
        Response(
            cause="A template was copied.",
            effect="Invoices lay under a key of the provider's.",
            correction="The template takes our key since.",
            by="Dana Platform",
            at="2026-09-11T08:00:00Z",
            sequence=120,
        ),
    ),
)
"""Beyond its limit, corrected, with two nights in it that were missed; management responded."""
FORMULA: Final = failure(
    ENCRYPTED,
    bucket('=HYPERLINK("https://example.com";"=1+1")'),
    ("2026-08-20", "2026-08-26"),
    scope=FRANKFURT,
    first_good=at("2026-08-27"),
    began="first_seen",
    ended="deleted",
    deviation=False,
)
"""New when first seen, deleted within its limit; its name would be a formula."""
CARRIED: Final = failure(
    ENCRYPTED,
    bucket("旧請求書-архив-أرشيف-😀"),
    ("2026-08-01", "2026-10-31"),
    began="before_the_period",
    deviation=True,
    waivers={"WV-2026-03": 56},
)
"""Open from edge to edge, waived for a part; its name takes four scripts and an emoji."""
OLD_TEST: Final = failure(
    ENCRYPTED,
    bucket("exports"),
    ("2026-09-01", "2026-09-14"),
    last_good=at("2026-08-31"),
    ended="test_changed",
    first_good=at("2026-09-15"),
    deviation=False,
)
NEW_TEST: Final = failure(
    ENCRYPTED,
    bucket("logs-raw"),
    ("2026-10-28", "2026-10-31"),
    version=2,
    last_good=at("2026-10-27"),
    began="test_changed",
    deviation=None,
)
"""Open and still within its limit: not decided."""
PUBLISHED: Final = failure(
    PUBLIC,
    bucket("website-<script>alert(1)</script>"),
    ("2026-09-05", "2026-09-06"),
    severity="critical",
    limit=None,
    last_good=at("2026-09-04"),
    first_good=at("2026-09-07"),
    began="after_not_applicable",
    ended="not_applicable",
    deviation=True,
    message="Everyone can read website-<script>alert(1)</script>.",
    waivers={"WV-2026-09": 2},
)
FLAPS: Final = tuple(
    failure(
        PORTS,
        group("bastion", "sg-0a1b2c3d"),
        (bad, bad),
        severity="critical",
        limit=2,
        last_good=at(before),
        first_good=at(good),
        ended="corrected",
        deviation=False,
        message="0.0.0.0/0 reaches port 22.",
    )
    for before, bad, good in (
        ("2026-09-21", "2026-09-22", "2026-09-23"),
        ("2026-09-24", "2026-09-25", "2026-09-26"),
        ("2026-09-27", "2026-09-28", "2026-09-29"),
    )
)
"""One group, opened and closed three times."""
REPLACED: Final = failure(
    PORTS,
    group("app", "sg-0000aaaa"),
    ("2026-10-01", "2026-10-07"),
    severity="critical",
    limit=2,
    last_good=at("2026-09-30"),
    first_good=at("2026-10-08"),
    ended="deleted",
    deviation=True,
    message="0.0.0.0/0 reaches port 3389.",
    replaced=f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/sg-0000bbbb",
)
MOVED: Final = failure(
    PORTS,
    group("legacy", "sg-0000cccc"),
    ("2026-10-18", "2026-10-19"),
    severity="critical",
    scope=FRANKFURT,
    limit=2,
    last_good=at("2026-10-17"),
    first_good=at("2026-10-20"),
    ended="out_of_boundary",
    deviation=False,
    message="0.0.0.0/0 reaches port 22.",
)
UNUSED: Final = failure(
    USERS,
    Subject("resource", "AWS::IAM::User", f"arn:aws:iam::{ACCOUNT}:user/ana.müller", "ana.müller"),
    ("2026-10-10", "2026-10-12"),
    severity="low",
    scope=GLOBAL,
    limit=None,
    last_good=at("2026-10-09"),
    first_good=at("2026-10-13"),
    ended="corrected",
    deviation=None,
    message=None,
)
"""Of a check that no control uses."""
FAILURES: Final = tuple(
    sorted(
        (LONG, FORMULA, CARRIED, OLD_TEST, NEW_TEST, PUBLISHED, *FLAPS, REPLACED, MOVED, UNUSED),
        key=lambda row: (row.scope, row.check, row.subject.type, row.subject.id, row.first_bad),
    )
)


# --- populations, controls, criteria ----------------------------------------------------------------------------------


def population(check: str, resource_type: str, count: int, failed: int = 0, **fields: Any) -> PeriodPopulation:
    """Everything of a check that was seen in any frame."""
    told: dict[str, Any] = {
        "first_seen": at(DATES[0]) if count else None,
        "last_seen": at(DATES[-1]) if count else None,
        "complete": True,
        "queries": (),
        **fields,
    }
    return PeriodPopulation(check, resource_type, count, failed, **told)


def second(query: str, listed: int, counted: int) -> SecondSource:
    """What another source counted in every run; where it differs, it does in the last two."""
    differing = 2 if counted != listed else 0
    return SecondSource(query, at(DATES[-1]), listed, counted, len(frames()), differing)


COUNTED_GROUPS: Final = second("ec2:DescribeAccountAttributes", 48, 48)
COUNTED_BUCKETS: Final = second("s3:ListAllMyBuckets", 143, 145)
POPULATIONS: Final = (
    population(RESTORE, "AWS::Backup::RestoreJob", 0, queries=("backup:ListRestoreJobs",)),
    population(TRAIL, "AWS::Account", 1, queries=("sts:GetCallerIdentity",)),
    population(PORTS, "AWS::EC2::SecurityGroup", 48, 3, queries=("ec2:DescribeSecurityGroups",), second=COUNTED_GROUPS),
    population(DETECTOR, "AWS::EC2::Region", 2, first_seen=at(DETECTOR_SINCE), complete=False,
               queries=("ec2:DescribeRegions",)),
    population(ROOT, "AWS::Account", 1, queries=("sts:GetCallerIdentity",)),
    population(USERS, "AWS::IAM::User", 17, 1, queries=("iam:ListUsers",)),
    population(ENCRYPTED, "AWS::S3::Bucket", 143, 5, queries=("s3:ListBuckets",), second=COUNTED_BUCKETS),
    population(PUBLIC, "AWS::S3::Bucket", 143, 1, queries=("s3:ListBuckets",), second=COUNTED_BUCKETS),
)  # fmt: skip


def control(id_: str, statement: str, criteria: Sequence[str], checks: Sequence[str], **fields: Any) -> Control:
    """A control of the Head of Security."""
    told: dict[str, Any] = {
        "owner": "Head of Security",
        "operation": "continuous",
        "path": Path("policies/controls/example.yaml"),
        "digest": "cd" * 32,
        "aspects": (f"{criteria[0]}.authentication",),
        **fields,
    }
    return Control(id_, statement, criteria=tuple(criteria), checks=tuple(checks), **told)


def shown(of: Control, word: str, failures: Sequence[Failure] = (), **fields: Any) -> ControlInPeriod:
    """A control in the period; its populations are those of its checks."""
    populations = tuple(row for row in POPULATIONS if row.check in of.checks)
    told: dict[str, Any] = {
        "nights": 87,
        "expected": 92,
        "subjects": sum(row.count for row in populations),
        "deviations": sum(row.deviation is True for row in failures),
        "not_tested_before": {},
        "procedure": "Inspected the configuration that the provider's interface returned for every item of the "
        "population on each night, and reperformed the evaluation from the stored configuration.",
        "result": "No failures observed in 87 of 92 nights.",
        **fields,
    }
    return ControlInPeriod(control=of, word=word, failures=tuple(failures), populations=populations, **told)  # type: ignore[arg-type]


CONTROLS: Final = (
    shown(
        control("AC-01", "The root user of every cloud account signs in with a hardware security key beside its "
                "password.", ["CC6.1"], [ROOT]),
        "no_failures_observed",
        nights=88,
        result="No failures observed in 1 of 1 item; 88 of 92 nights.",
    ),
    shown(
        control("BK-02", "A restore from backup is tried every quarter.", ["A1.2"], [RESTORE], operation="per_event",
                owner="Platform engineering lead"),
        "did_not_occur",
        nights=88,
        result="No restore job was seen in any of 88 nights: did not occur.",
    ),
    shown(
        control("DP-01", "Stored customer data is encrypted with a key that we manage.", ["C1.1", "CC6.1"],
                [ENCRYPTED, PUBLIC],
                deviation={"critical": 2, "high": 14, "medium": 30, "low": 90}),
        "failures_observed",
        (CARRIED, LONG, PUBLISHED, NEW_TEST, FORMULA, OLD_TEST),
        result="6 failures of 6 of 286 items, 3 of them deviations and 1 not decided; 87 of 92 nights.",
    ),
    shown(
        control("GV-01", "The board reviews security quarterly.", ["CC1.2"], [], operation="recurring",
                evidence=("board_minutes",), owner="Chief Executive"),
        "no_evidence",
        nights=0,
        procedure="Inspected the documents handed in for each expected occurrence.",
        result="0 of 1 expected occurrence has evidence.",
    ),
    shown(
        control("MO-01", "Threat detection is on in every region.", ["CC7.2"], [DETECTOR]),
        "incomplete",
        nights=60,
        not_tested_before={DETECTOR: "2026-09-01"},
        result="No failures observed in 60 of 92 nights; at least 2 items: not all could be listed.",
    ),
    shown(
        control("MO-02", "Administrative activity is logged in every region.", ["CC7.2"], [TRAIL]),
        "no_failures_observed",
        nights=88,
        result="No failures observed in 1 of 1 item; 88 of 92 nights.",
    ),
    shown(
        control("NW-01", "Nobody reaches an administrative port from the internet.", ["CC6.6"], [PORTS],
                deviation={"critical": 2, "high": 14, "medium": 30, "low": 90}),
        "failures_observed",
        (REPLACED, *FLAPS, MOVED),
        result="5 failures of 3 of 48 items, 1 of them a deviation; 87 of 92 nights.",
    ),
)  # fmt: skip


def criterion(id_: str, title: str, category: str = "security", **fields: Any) -> Criterion:
    """A criterion in our words."""
    series = id_.partition(".")[0]
    told: dict[str, Any] = {
        "series": series,
        "series_title": {"CC1": "Control environment", "CC6": "Logical and physical access",
                         "CC7": "System operations", "CC9": "Risk mitigation", "A1": "Availability",
                         "C1": "Confidentiality", "P1": "Notice"}[series],
        "category": category,
        "evidence": "both",
        "frequency": "continuous",
        "typical_evidence": ("configuration",),
        "aspects": {f"{id_}.authentication": "Users prove who they are"},
        **fields,
    }  # fmt: skip
    return Criterion(id_, title, **told)


CRITERIA: Final = (
    CriterionInPeriod(criterion("CC1.2", "Board oversees internal control independently of management"), "controls",
                      ("GV-01",), ("board_independence", "follow_up")),
    CriterionInPeriod(criterion("CC6.1", "Logical access protections guard information assets"), "controls",
                      ("AC-01", "DP-01")),
    CriterionInPeriod(criterion("CC6.4", "Physical access to facilities and media is restricted"), "subservice", (),
                      reason="Amazon Web Services runs the buildings; its report of 2026-09-30 is on file."),
    CriterionInPeriod(criterion("CC6.6", "Boundaries are protected against outside threats"), "controls", ("NW-01",)),
    CriterionInPeriod(criterion("CC7.2", "Systems are monitored for anomalies"), "controls", ("MO-01", "MO-02")),
    CriterionInPeriod(criterion("CC9.1", "Business disruption risks are mitigated"), "no_control", (),
                      ("insurance",)),
    CriterionInPeriod(criterion("A1.2", "Environmental protection, backup and recovery infrastructure operate",
                                "availability"), "controls", ("BK-02",)),
    CriterionInPeriod(criterion("C1.1", "Confidential information is identified and kept protected",
                                "confidentiality"), "controls", ("DP-01",)),
    CriterionInPeriod(criterion("P1.1", "People are told how their data is used", "privacy"), "not_relevant", (),
                      reason="No personal data is kept but that of staff."),
)  # fmt: skip


# --- changes, waivers -------------------------------------------------------------------------------------------------

SEPTEMBER: Final = at("2026-09-14"), at("2026-09-15")
CHANGES: Final = (
    Change("boundary", f"aws/{FRANKFURT.account}", at("2026-08-19"), at(FRANKFURT_SINCE), None, "in the boundary"),
    Change("selection", DETECTOR, at("2026-08-31"), at(DETECTOR_SINCE), None, "selected"),
    Change("check", ENCRYPTED, *SEPTEMBER, "version 1", "version 2"),
    Change("engine", "auditreel", *SEPTEMBER, "0.3.0", "0.4.0"),
    Change("schema", "resources/aws/s3_bucket.schema.json", *SEPTEMBER, "aa" * 32, "bb" * 32),
    Change("parameter", f"{ENCRYPTED}.approved_algorithms", at("2026-10-11"), at("2026-10-12"),
           '["aws:kms"]', '["AES256","aws:kms"]', weaker=True),
    Change("control", "DP-01", at("2026-10-11"), at("2026-10-12"), "ce" * 32, "cd" * 32),
    Change("policy", "organization.yaml", at("2026-10-11"), at("2026-10-12"), "11" * 32, "22" * 32),
    Change("boundary", f"aws/{FRANKFURT.account}/{FRANKFURT.region}: sg-0000cccc", at("2026-10-19"), at("2026-10-20"),
           "in the boundary", "out of the boundary after it failed"),
)  # fmt: skip

WAIVERS: Final = (
    WaiverInPeriod(
        id="WV-2026-03",
        kind="risk_accepted",
        check=ENCRYPTED,
        owner="data-platform",
        approver="ciso@example.com",
        standing="corroborated",
        reason="Holds the public price list only; re-encrypting breaks the partner's mirror.",
        starts="2026-09-05",
        expires="2026-10-31",
        first=at("2026-09-05"),
        last=at("2026-10-31"),
        frames=56,
        subjects=(CARRIED.subject.id,),
    ),
    WaiverInPeriod(
        id="WV-2026-09",
        kind="planned_fix",
        check=PUBLIC,
        owner="web@example.com",
        approver="web@example.com",
        standing="asserted",
        reason="@SUM(A1) the launch needed it",
        starts="2026-09-05",
        expires="2026-09-07",
        first=at("2026-09-05"),
        last=at("2026-09-06"),
        frames=2,
        subjects=(PUBLISHED.subject.id,),
    ),
)


# --- periods ----------------------------------------------------------------------------------------------------------


def every_state() -> Period:
    """A period in which everything happens that can: read it beside what is rendered of it."""
    return Period(
        type_=2,
        organization="Example Ltd & Söhne",
        starts=STARTS.isoformat(),
        ends=ENDS.isoformat(),
        timezone=ZONE,
        anchored=ANCHORED,
        demonstration=False,
        digest="5e" * 32,
        frames=frames(),
        nights=nights(),
        coverage=coverage(),
        failures=FAILURES,
        changes=CHANGES,
        populations=POPULATIONS,
        controls=CONTROLS,
        criteria=CRITERIA,
        waivers=WAIVERS,
        inventory={"AWS::Account": 2, "AWS::EC2::SecurityGroup": 46, "AWS::IAM::User": 16, "AWS::S3::Bucket": 141},
        appeared={"AWS::EC2::SecurityGroup": 5, "AWS::IAM::User": 2, "AWS::S3::Bucket": 12},
        gone={"AWS::EC2::SecurityGroup": 2, "AWS::IAM::User": 1, "AWS::S3::Bucket": 2},
    )


def photograph() -> Period:
    """One frame, for a Type I report: the last night of :func:`every_state`; the chain is not anchored."""
    night = DATES[-1]
    last = frame(night)
    open_ = tuple(replace(row, last_good=None, first_bad=row.last_bad, began="before_the_period", frames=1, unseen=0,
                          waivers=None) for row in FAILURES if row.ended == "open")  # fmt: skip
    controls = [replace(row, **_photographed(row, open_)) for row in CONTROLS]
    return replace(
        every_state(),
        type_=1,
        starts=night,
        ends=night,
        anchored=NOT_ANCHORED,
        frames=(last,),
        nights=(_night(night),),
        coverage=tuple(replace(row, nights=row.nights[-1]) for row in coverage()),
        failures=open_,
        changes=(),
        controls=tuple(controls),
        waivers=(),
        appeared={},
        gone={},
    )


def _photographed(row: ControlInPeriod, open_: Sequence[Failure]) -> Mapping[str, Any]:
    mine = tuple(failure for failure in open_ if failure.check in row.control.checks)
    told: dict[str, Any] = {
        "nights": min(row.nights, 1),
        "expected": 1,
        "failures": mine,
        "deviations": sum(failure.deviation is True for failure in mine),
    }
    if mine:
        told["result"] = f"{len(mine)} failures in the frame of 2026-10-31."
    elif row.word in ("failures_observed", "no_failures_observed"):
        told |= {"word": "no_failures_observed", "result": "No failures observed in the frame of 2026-10-31."}
    return told


def nothing() -> Period:
    """A demonstration in which no frame was taken and nothing is known: nothing may come out of it as good news."""
    missed = tuple(
        replace(night, state="did_not_run", late=False, runs=(), unsealed=(), resumed=()) for night in nights()
    )
    return replace(
        every_state(),
        anchored=NOT_ANCHORED,
        demonstration=True,
        frames=(),
        nights=missed,
        coverage=tuple(CoverageRow(row.scope, row.check, MARKS["did_not_run"] * len(DATES)) for row in coverage()),
        failures=(),
        changes=(),
        populations=(),
        controls=tuple(
            replace(row, word="no_evidence", nights=0, subjects=0, failures=(), deviations=0, populations=(),
                    result="No frame was taken: not observed.") for row in CONTROLS
        ),
        waivers=(),
        inventory={},
        appeared={},
        gone={},
    )  # fmt: skip
