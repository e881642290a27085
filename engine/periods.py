"""A period: what the frames of a year of runs show, and where there was no frame. Frozen values, like those of a run.

:mod:`engine.evidence.period` makes them of sealed runs; :mod:`engine.report` shows them and neither decides nor counts.
Between two frames nothing is claimed: every bound of a failure is the time of a frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.model import Control, ControlWord, Criterion, Scope, Severity, Subject
from engine.programme.model import EntityControl, Occurrence, Standing
from engine.programme.vendors import VendorStanding

NightState = Literal["ran", "partly", "did_not_run", "not_retained"]
MARKS: Mapping[str, str] = {"ran": "r", "partly": "p", "did_not_run": "-", "not_retained": "x", "not_in_force": "."}
"""A night of one scope and check in :attr:`CoverageRow.nights`. Partly: a listing was not complete, or a verdict was
unknown. Not in force: the check was not selected yet, or no longer, or the scope was not there, or left out."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A frame as a point in time: ``as_of`` (RFC 3339 UTC, start of collection) of a sealed run."""

    as_of: str
    run: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A sealed run of the period. ``sequence`` is its seal's place in the chain; times are RFC 3339 UTC.

    ``filtered``: it judged only a part of what was selected. ``night`` is the date of the night that it counts for.
    ``resumed_at`` is when it went on after it had stopped, each time; it began at ``started_at``.
    """

    moment: Moment
    kind: Literal["scheduled", "adhoc", "gate", "demo"]
    sequence: int
    started_at: str
    sealed_at: str
    night: str
    records: int
    root: str
    engine: str
    caller: str
    filtered: bool
    resumed_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Night:
    """A night that the schedule expects: its local date, when it was due (RFC 3339 UTC), and what became of it.

    ``late``: the first run that counts for it began after the schedule's grace; late is not absent. ``unsealed`` are
    runs that began and were never sealed, or were abandoned, with why; ``resumed`` those of its runs that had stopped
    and went on, with when.
    """

    date: str
    due_at: str
    state: NightState
    late: bool
    runs: tuple[str, ...] = ()
    unsealed: tuple[tuple[str, str], ...] = ()
    resumed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """The nights of one check in one scope, one character of :data:`MARKS` each, in the order of ``Period.nights``."""

    scope: Scope
    check: str
    nights: str


Began = Literal["after_a_pass", "first_seen", "before_the_period", "test_changed", "after_not_applicable"]
Ended = Literal["open", "corrected", "deleted", "not_applicable", "test_changed", "out_of_boundary"]


@dataclass(frozen=True, slots=True)
class Response:
    """What management says of a failure, as it was sealed ``at`` (RFC 3339 UTC) in entry ``sequence`` of the chain."""

    cause: str
    effect: str
    correction: str
    by: str
    at: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One check failing on one subject from frame to frame: an interval with the bounds that the frames give.

    It began after ``last_good`` (None: there is no earlier frame, or the subject was new) and no later than
    ``first_bad``; it lasted at least until ``last_bad`` and ended before ``first_good`` (None: open at the end of the
    period). A frame in which the subject was ``unknown`` neither ends nor begins one: ``unseen`` counts them and the
    nights without a frame, from ``last_good`` (else ``first_bad``) to ``first_good`` (else the end). ``ended``
    "test_changed" is never a correction, nor is "out_of_boundary": ``first_good`` is then the frame that showed it.
    ``replaced`` is the resource that was created in its place, where one was (same type, scope and name). ``waivers``
    are those that stood beside any of its frames, with the number of frames. ``severity`` and ``limit`` (days, None:
    any failure counts) are those in force when it began; ``deviation`` is what the control's rule says, None while it
    is open, or ended by a changed test or boundary, and still within its limit. ``responses`` are management's, in the
    order in which they were sealed: a later one takes nothing of an earlier one away. ``beside`` are the waivers again,
    each with the first and the last of the frames in a row in which it stood beside this failure.
    """

    check: str
    version: int
    severity: Severity
    scope: Scope
    subject: Subject
    last_good: Moment | None
    first_bad: Moment
    last_bad: Moment
    first_good: Moment | None
    began: Began
    ended: Ended
    frames: int
    unseen: int
    message: str | None
    limit: int | None = None
    deviation: bool | None = None
    waivers: Mapping[str, int] | None = None
    replaced: str | None = None
    responses: tuple[Response, ...] = ()
    beside: tuple[tuple[str, Moment, Moment], ...] = ()

    @property
    def digest(self) -> str:
        """What names it for good, in every report: SHA-256 of what failed where, and of the run that saw it first."""
        scope, subject = self.scope, self.subject
        place = (scope.provider, scope.account, scope.region)
        named = (self.check, *place, subject.kind, subject.type, subject.id, self.first_bad.run)
        # A name may hold half a character, as JSON can: it is no reason to have no id.
        return hashlib.sha256("\n".join(named).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def id(self) -> str:
        """The beginning of the digest, as people use it."""
        return self.digest[:12]


ChangeKind = Literal["check", "parameter", "control", "policy", "schema", "engine", "boundary", "selection"]


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in how the period was judged: first seen in the frame ``at``; before that, the frame ``after``.

    ``before`` and ``now`` are versions, values or digests as text; None: it was not there. ``weaker``: a parameter
    that lets more pass than the check's default, or of which the check does not show that it does not. One that was so
    when the period began is told at its first frame, without ``after`` and with the default as ``before``.
    """

    kind: ChangeKind
    name: str
    after: Moment | None
    at: Moment
    before: str | None
    now: str | None
    weaker: bool = False


@dataclass(frozen=True, slots=True)
class SecondSource:
    """What another source counted of a resource type beside what was listed, in the frames in which it was read.

    ``query`` is its operation. ``at`` is the frame of the greatest difference (the last of them; the last frame where
    none differs), with what was ``listed`` in it and what the source counted. Of ``frames`` ``differing`` differ.
    """

    query: str
    at: Moment
    listed: int
    counted: int
    frames: int
    differing: int

    @property
    def difference(self) -> int:
        """By how many the source counted more than were listed."""
        return self.counted - self.listed


@dataclass(frozen=True, slots=True)
class PeriodPopulation:
    """Everything of one check that was seen in any frame of the period.

    ``complete`` is false where any frame's listing was not. ``queries`` are the operations that listed it; ``second``
    is what another source counted, where one was read. What lived only between two frames is not claimed.
    ``out_of_boundary`` are resources of the type that were no part of the system in any frame; they may have been in
    others.
    """

    check: str
    resource_type: str
    count: int
    failed: int
    first_seen: Moment | None
    last_seen: Moment | None
    complete: bool
    queries: tuple[str, ...] = ()
    second: SecondSource | None = None
    out_of_boundary: int = 0


@dataclass(frozen=True, slots=True)
class ControlInPeriod:
    """What a period shows of a control: the first word that applies, always with its coverage.

    ``nights`` are those on which all its checks ran everywhere, of ``expected``; ``marks`` are all of them, as in
    :attr:`CoverageRow.nights`, empty where no machine looks. ``failures`` are all of them: those that are deviations
    first, then those undecided, then those corrected in time. ``missed`` are nights without a run, each a failure and a
    deviation of the scanning control and of no other. ``procedure`` says in auditors' words what was done (inspection,
    observation, reperformance); ``result`` counts, and never concludes. ``standings`` and ``occurrences`` are people's
    evidence, as the last run of the period holds it, on the period's last day; ``passed_over`` is what is current among
    alternatives and sets no check aside, since no file shows it.
    """

    control: Control
    word: ControlWord
    nights: int
    expected: int
    subjects: int
    failures: tuple[Failure, ...]
    deviations: int
    populations: tuple[PeriodPopulation, ...]
    not_tested_before: Mapping[str, str]
    procedure: str
    result: str
    missed: tuple[str, ...] = ()
    marks: str = ""
    standings: tuple[Standing, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    passed_over: tuple[Standing, ...] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """The occurrences of a recurring control for which nothing speaks."""
        return tuple(row.name for row in self.occurrences if row.state == "absent")

    @property
    def failed(self) -> int:
        """How many failures it shows, missed nights and absent occurrences too."""
        return len(self.failures) + len(self.missed) + len(self.absent)


@dataclass(frozen=True, slots=True)
class CriterionInPeriod:
    """A criterion with its controls; ``state`` and ``reason`` as in :class:`engine.model.CriterionConclusion`.

    ``uncovered_aspects`` are those that no control addresses; of a criterion that is not relevant, or another
    organisation's to address, there are none.
    """

    criterion: Criterion
    state: Literal["controls", "no_control", "not_relevant", "subservice"]
    controls: tuple[str, ...]
    uncovered_aspects: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaiverInPeriod:
    """A waiver that stood beside a failure in any frame: its facts as sealed, and the frames in which it did."""

    id: str
    kind: str
    check: str
    owner: str
    approver: str
    standing: str
    reason: str
    starts: str
    expires: str
    first: Moment
    last: Moment
    frames: int
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records had which verdict."""

    passed: int
    failed: int
    unknown: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class NotRetained:
    """A frame of the period that is kept no longer: its night, and what its seal and the tombstone still say of it.

    It was removed at ``removed_at`` (RFC 3339 UTC) by the entry ``sequence`` of the chain, by ``rule``; the numbers are
    those of its records by verdict. ``checks`` and ``controls`` are its summary: the same numbers by check and by
    control (ids), a check counting for every control that rests on it.
    """

    moment: Moment
    night: str
    removed_at: str
    sequence: int
    rule: str
    root: str
    passed: int
    failed: int
    unknown: int
    not_applicable: int
    waived: int
    checks: Mapping[str, Tally] = field(default_factory=dict)
    controls: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """A population that was frozen in entry ``sequence`` of the chain, and what was drawn of it.

    ``of`` is its check, or "nights"; ``unit`` what one of its ``count`` units is. ``nonce`` is the auditor's, None for
    an ``internal`` draw, and where nothing was drawn yet (then ``size`` is None too). ``drawn`` is in the order of the
    draw; ``replaced`` are units that could not be tested: (unit, what took its place, why, when).
    """

    sequence: int
    of: str
    unit: Literal["items", "nights", "events"]
    count: int
    digest: str
    nonce: str | None = None
    internal: bool = False
    size: int | None = None
    seed: str = ""
    drawn: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """The entry that closed a period (``auditreel close``), and when: RFC 3339 UTC.

    ``late`` are frames of it, or of the time before, that were sealed only after it was closed: with them the period is
    not what was closed. ``removed`` frames that it was closed with are kept no longer; of the ``open`` failures that
    were sealed then, ``uncompared`` began no later than the last of these, so that it cannot be seen any more since
    when they were failing.
    """

    sequence: int
    at: str
    late: tuple[Moment, ...] = ()
    removed: int = 0
    open: int = 0
    uncompared: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """The frames from one date to another, both included, judged together: what every report of a period shows.

    ``type_`` 1 is a single frame (design and implementation), 2 a period (operation). ``anchored`` is the first line
    of every report: by whom the chain is anchored in time, or that it is not. ``digest`` is of everything that the
    period was made of (the seals' digests, in order), so that two reports can be told apart. ``inventory`` counts the
    resources of each type at the end, ``appeared`` and ``gone`` those that came and went. ``closed`` is None while
    nobody has closed it; ``samples`` are of populations that were frozen from its frames. ``not_retained`` are frames
    that were removed: of them nothing is claimed beyond the counts that were sealed. ``vendors`` are the subservice
    organisations as they stand at its end, ``entity_controls`` what customers must do.
    """

    type_: Literal[1, 2]
    organization: str
    starts: str
    ends: str
    timezone: str
    anchored: str
    demonstration: bool
    digest: str
    frames: tuple[Frame, ...]
    nights: tuple[Night, ...]
    coverage: tuple[CoverageRow, ...]
    failures: tuple[Failure, ...]
    changes: tuple[Change, ...]
    populations: tuple[PeriodPopulation, ...]
    controls: tuple[ControlInPeriod, ...]
    criteria: tuple[CriterionInPeriod, ...]
    waivers: tuple[WaiverInPeriod, ...]
    inventory: Mapping[str, int]
    appeared: Mapping[str, int]
    gone: Mapping[str, int]
    not_retained: tuple[NotRetained, ...] = ()
    closed: Closed | None = None
    samples: tuple[Sample, ...] = ()
    vendors: tuple[VendorStanding, ...] = ()
    entity_controls: tuple[EntityControl, ...] = ()
