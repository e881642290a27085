"""What is told of sealed evidence, to programs and to models: frozen values, sent as JSON by every way there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.diffs import Diff
from engine.model import ControlWord, Scope, Severity, Subject
from engine.periods import Closed, ControlInPeriod, CoverageRow, Failure, Period
from engine.report.period_counts import Totals
from engine.sealed import SealedRecord, SealedRow, SealedRun

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """Anything that is told: what its reader may see, in sentences, none for who sees everything."""

    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfStore(Told):
    """Of a store: when one in a bucket was read, and whether that is current ("" for a folder); how it is anchored."""

    read: str
    anchored: str


@dataclass(frozen=True, slots=True)
class Paged(OfStore):
    """In pages: this one (from 1), of how many entries, and how many there are in all that fit what was asked."""

    page: int
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class StoreInList:
    """A store: its name in addresses, how it is anchored, its nights and closed periods; or its ``problem``."""

    name: str
    anchored: str | None
    demonstration: bool
    first: str | None
    last: str | None
    closed: tuple[tuple[str, str], ...]
    problem: str | None
    read: str


@dataclass(frozen=True, slots=True)
class Stores(Told):
    """The stores of a link, and what it lets see, in words."""

    stores: tuple[StoreInList, ...]


@dataclass(frozen=True, slots=True)
class PeriodSeen(OfStore):
    """A period, and what the link lets see of it."""

    period: Period


@dataclass(frozen=True, slots=True)
class Glance(OfStore):
    """A period in numbers, which the report prints too.

    ``controls`` counts them by the word that each shows, ``criteria`` by their state, ``open`` the failures that were
    open at the end, by severity.
    """

    demonstration: bool
    organization: str
    starts: str
    ends: str
    closed: Closed | None
    totals: Totals
    controls: Mapping[ControlWord, int]
    criteria: Mapping[str, int]
    open: Mapping[Severity, int]


@dataclass(frozen=True, slots=True)
class Rows(Paged, Generic[T]):
    """A page of rows."""

    rows: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class CoverageSeen(Paged):
    """A page of coverage: each row has a mark for each of the ``nights``, which are dates."""

    nights: tuple[str, ...]
    rows: tuple[CoverageRow, ...]


@dataclass(frozen=True, slots=True)
class ControlInList:
    """A control in a list: what a period shows of it in a word, with its coverage and counts.

    ``nights`` are those on which all its checks ran everywhere, of ``expected``. ``failed`` are its failures, nights
    without a run and absent occurrences; ``result`` says it in a sentence.
    """

    id: str
    statement: str
    owner: str
    criteria: tuple[str, ...]
    word: ControlWord
    nights: int
    expected: int
    subjects: int
    failed: int
    deviations: int
    result: str


@dataclass(frozen=True, slots=True)
class ControlSeen(OfStore):
    """A control with what a period shows of it."""

    control: ControlInPeriod


@dataclass(frozen=True, slots=True)
class FailureSeen:
    """A failure with its ``id``, which is the same in every report, and what its subject is called in addresses."""

    id: str
    resource: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class RunSeen(Paged):
    """A run and the records on one page of it."""

    run: SealedRun


@dataclass(frozen=True, slots=True)
class RecordSeen(OfStore):
    """A record with its proof."""

    run: str
    root: str
    total: int
    record: SealedRecord


@dataclass(frozen=True, slots=True)
class ResourceInRun:
    """What a run judged of a resource; without ``records`` it has none of it, which says nothing of the resource."""

    run: str
    night: str
    as_of: str
    records: tuple[SealedRow, ...]


@dataclass(frozen=True, slots=True)
class ResourceSeen(Paged):
    """A resource in a period: its failures in all of it, and its records in the runs of a page, the newest first.

    ``subject`` and ``scope`` are null where neither a failure nor a run on this page has anything of it. The pages are
    of the period's runs.
    """

    resource: str
    subject: Subject | None
    scope: Scope | None
    failures: tuple[FailureSeen, ...]
    runs: tuple[ResourceInRun, ...]


@dataclass(frozen=True, slots=True)
class DiffSeen(Paged):
    """What differs between two runs, and one page of the verdicts that turned."""

    diff: Diff


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is nothing else."""

    problem: str
