"""What may be asked of sealed evidence, and the answers: one table, for JSON over HTTP and for models alike.

A question is put to somebody's link (:mod:`engine.serve.links`) and answered by what that lets see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar, get_args

import jsonschema

from engine.errors import AuditreelError
from engine.model import Clock
from engine.periods import (
    Change,
    CoverageRow,
    CriterionInPeriod,
    Ended,
    Failure,
    Frame,
    Period,
    PeriodPopulation,
    WaiverInPeriod,
)
from engine.report.html.served import ROWS, VERDICTS
from engine.report.period_counts import totals
from engine.sealed import resource_key
from engine.serve.answers import (
    ControlInList,
    ControlSeen,
    DiffSeen,
    FailureSeen,
    Glance,
    PeriodSeen,
    RecordSeen,
    ResourceInRun,
    ResourceSeen,
    Rows,
    RunSeen,
    StoreInList,
    Stores,
)
from engine.serve.library import Store
from engine.serve.links import Link
from engine.serve.seen import NotShownError, Seen, limits, problem, seen, span

T = TypeVar("T")
Schema = Mapping[str, Any]
_AT_MOST: Final = 10
"""Runs on a page of a resource's history: each is opened for it."""


class NoQuestionError(NotShownError):
    """It was asked for something that cannot be asked for; the message says what, and names nothing that is sealed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where questions are answered: the stores by name, and the link of who asks."""

    stores: Mapping[str, Store]
    link: Link
    clock: Clock

    def seen(self, given: Mapping[str, Any]) -> Seen:
        """The period that is asked about. Raises NotShownError."""
        return seen(self.link, self.stores, given["store"], given["period"])


@dataclass(frozen=True)
class Question:
    """A question: its address, whose parts are in braces, what it is for, the type it gives and what may be asked.

    ``asks`` are JSON Schemas by name. ``large``: the answer is as long as the period; no model is offered it.
    """

    name: str
    path: str
    summary: str
    gives: Any
    answer: Callable[[Desk, Mapping[str, Any]], Any]
    asks: Mapping[str, Schema]
    large: bool = False

    @cached_property
    def parts(self) -> Mapping[str, Schema]:
        """What the address holds, by name."""
        return {part[1:-1]: PARTS[part[1:-1]] for part in self.path.split("/") if part.startswith("{")}

    @cached_property
    def schema(self) -> Schema:
        """Everything that is asked for, as a JSON Schema."""
        return {
            "type": "object",
            "properties": {**self.parts, **self.asks},
            "required": list(self.parts),
            "additionalProperties": False,
        }

    @cached_property
    def _validator(self) -> jsonschema.Draft202012Validator:
        return jsonschema.Draft202012Validator(self.schema)

    def asked(self, desk: Desk, given: Mapping[str, Any]) -> Any:
        """The answer. Raises NoQuestionError, NotShownError, AuditreelError where the evidence does not verify."""
        for error in self._validator.iter_errors(dict(given)):
            place = ".".join(map(str, error.path))
            raise NoQuestionError(f"{place or 'it'}: {error.message}")
        defaults = {name: schema["default"] for name, schema in self.asks.items() if "default" in schema}
        # In JSON 1.0 is an integer as well.
        typed = {name: int(value) if isinstance(value, float) else value for name, value in given.items()}
        return self.answer(desk, {**defaults, **typed})


PARTS: Final[Mapping[str, Schema]] = {
    "store": {"type": "string", "maxLength": 64, "description": "The name of a store, as `stores` lists it."},
    "period": {
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\d--\d{4}-\d\d-\d\d$",
        "description": "The first and the last night, both included: 2026-01-01--2026-06-30.",
    },
    "run": {"type": "string", "maxLength": 64, "description": "The id of a sealed run of the period."},
    "before": {"type": "string", "maxLength": 64, "description": "The id of an earlier run of the period."},
    "index": {"type": "integer", "minimum": 0, "maximum": 999_999_999, "description": "A record's place in its run."},
    "control": {"type": "string", "maxLength": 100, "description": "The id of a control."},
    "resource": {
        "type": "string",
        "pattern": "^[0-9a-f]{24}$",
        "description": "What rows of records and of failures have as `resource`.",
    },
}
"""What stands in addresses."""
_PAGE: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 1}
_CHECK: Final[Schema] = {"type": "string", "maxLength": 300, "description": "Only rows of this check, by its id."}


def _paged(most: int = ROWS) -> dict[str, Schema]:
    return {"page": _PAGE, "size": {"type": "integer", "minimum": 1, "maximum": most, "default": most}}


def _cut(rows: Sequence[T], given: Mapping[str, Any]) -> tuple[T, ...]:
    """The rows of a page. Raises NoQuestionError for one behind the last: nothing on it would look like nothing."""
    page, size = given["page"], given["size"]
    last = max(1, -(-len(rows) // size))
    if page > last:
        raise NoQuestionError(f"page {page}: the last one is {last}")
    return tuple(rows[(page - 1) * size : page * size])


def _stores(desk: Desk, given: Mapping[str, Any]) -> Stores:
    del given
    link, rows = desk.link, []
    for name, store in desk.stores.items():
        if store.id not in link.stores:
            continue
        try:
            held = store.held()
        except AuditreelError as error:
            rows.append(StoreInList(name, None, False, None, None, (), problem(error, store, link)))
            continue
        nights = span(held, link, desk.clock.now())
        rows.append(
            StoreInList(
                name=name,
                anchored=held.overview.anchored,
                demonstration=held.overview.demonstration,
                first=None if nights is None else nights[0].isoformat(),
                last=None if nights is None else nights[1].isoformat(),
                closed=tuple(
                    window for window in held.overview.closed if link.covers(*map(date.fromisoformat, window))
                ),
                problem=None,
            )
        )
    return Stores(limits(link), tuple(rows))


def _period(desk: Desk, given: Mapping[str, Any]) -> PeriodSeen:
    at = desk.seen(given)
    return PeriodSeen(at.notices, at.period)


def _glance(desk: Desk, given: Mapping[str, Any]) -> Glance:
    at = desk.seen(given)
    period = at.period
    return Glance(
        limits=at.notices,
        anchored=period.anchored,
        demonstration=period.demonstration,
        organization=period.organization,
        starts=period.starts,
        ends=period.ends,
        closed=period.closed,
        totals=totals(period),
        controls=Counter(row.word for row in period.controls),
        criteria=Counter(row.state for row in period.criteria),
        open=Counter(row.severity for row in period.failures if row.ended == "open"),
    )


def _listed(of: Callable[[Period], Sequence[Any]]) -> Callable[[Desk, Mapping[str, Any]], Any]:
    """A page of what a period has; ``check`` narrows it, where it may be asked for."""

    def answer(desk: Desk, given: Mapping[str, Any]) -> Rows[Any]:
        at = desk.seen(given)
        rows = [row for row in of(at.period) if "check" not in given or row.check == given["check"]]
        return _rows(at, rows, given)

    return answer


def _rows(at: Seen, rows: Sequence[T], given: Mapping[str, Any]) -> Rows[T]:
    return Rows(at.notices, at.period.anchored, given["page"], given["size"], len(rows), _cut(rows, given))


def _controls(period: Period) -> list[ControlInList]:
    return [
        ControlInList(
            id=row.control.id,
            statement=row.control.statement,
            owner=row.control.owner,
            criteria=row.control.criteria,
            word=row.word,
            nights=row.nights,
            expected=row.expected,
            subjects=row.subjects,
            failed=row.failed,
            deviations=row.deviations,
            result=row.result,
        )
        for row in period.controls
    ]


def _control(desk: Desk, given: Mapping[str, Any]) -> ControlSeen:
    at = desk.seen(given)
    for row in at.period.controls:
        if row.control.id == given["control"]:
            return ControlSeen(at.notices, at.period.anchored, row)
    raise NotShownError


def _failures(desk: Desk, given: Mapping[str, Any]) -> Rows[FailureSeen]:
    at = desk.seen(given)
    fits = [
        failure
        for failure in at.period.failures
        if all(given.get(name, getattr(failure, name)) == getattr(failure, name) for name in ("check", "ended"))
    ]
    found = _rows(at, fits, given)
    return Rows(found.limits, found.anchored, found.page, found.size, found.count, tuple(map(_failure, found.rows)))


def _failure(failure: Failure) -> FailureSeen:
    return FailureSeen(failure.id, resource_key(failure.scope, failure.subject), failure)


def _run(desk: Desk, given: Mapping[str, Any]) -> RunSeen:
    at = desk.seen(given)
    run = at.run(given["run"])
    rows = [
        row for row in run.rows if all(given.get(name, getattr(row, name)) == getattr(row, name) for name in _NARROW)
    ]
    shown = replace(run, rows=_cut(rows, given))
    return RunSeen(at.notices, at.period.anchored, shown, given["page"], given["size"], len(rows))


_NARROW: Final = ("verdict", "check")


def _record(desk: Desk, given: Mapping[str, Any]) -> RecordSeen:
    at = desk.seen(given)
    run = at.run(given["run"])
    found = at.store.inspected(run.run).record(at.index(run, str(given["index"])))
    return RecordSeen(at.notices, at.period.anchored, run.run, run.root, run.total, found)


def _resource(desk: Desk, given: Mapping[str, Any]) -> ResourceSeen:
    at, key = desk.seen(given), given["resource"]
    frames = at.period.frames[::-1]
    runs = tuple(
        ResourceInRun(
            run=frame.moment.run,
            night=frame.night,
            as_of=frame.moment.as_of,
            records=tuple(row for row in at.run(frame.moment.run).rows if row.resource == key),
        )
        for frame in _cut(frames, given)
    )
    failures = tuple(row for row in map(_failure, at.period.failures) if row.resource == key)
    places = [(row.failure.subject, row.failure.scope) for row in failures]
    places += [(row.subject, row.scope) for run in runs for row in run.records]
    subject, scope = places[0] if places else (None, None)
    return ResourceSeen(
        limits=at.notices,
        anchored=at.period.anchored,
        resource=key,
        subject=subject,
        scope=scope,
        failures=failures,
        page=given["page"],
        size=given["size"],
        count=len(frames),
        runs=runs,
    )


def _diff(desk: Desk, given: Mapping[str, Any]) -> DiffSeen:
    at = desk.seen(given)
    found = at.compared(given["before"], given["run"])
    shown = replace(found, turned=_cut(found.turned, given))
    return DiffSeen(at.notices, given["page"], given["size"], len(found.turned), shown)


_IN: Final = "/{store}/{period}"
_RUN: Final = f"{_IN}/runs/{{run}}"
_VERDICT: Final[Schema] = {"type": "string", "enum": list(VERDICTS)}
_ENDED: Final[Schema] = {"type": "string", "enum": list(get_args(Ended)), "description": "open, or how it ended."}

QUESTIONS: Final = (
    Question("stores", "/stores", "The stores that the link shows.", Stores, _stores, {}),
    Question("period", _IN, "A period (FIRST--LAST night, both included), whole.", PeriodSeen, _period, {}, large=True),
    Question(
        "glance", f"{_IN}/glance", "A period in numbers: nights, controls, criteria, failures.", Glance, _glance, {}
    ),
    Question(
        "criteria",
        f"{_IN}/criteria",
        "Criteria with their controls, and what nobody addresses.",
        Rows[CriterionInPeriod],
        _listed(lambda period: period.criteria),
        _paged(),
    ),
    Question(
        "controls",
        f"{_IN}/controls",
        "Controls: what the period shows of each, in a word, with coverage and counts.",
        Rows[ControlInList],
        _listed(_controls),
        _paged(),
    ),
    Question(
        "control",
        f"{_IN}/controls/{{control}}",
        "A control with its failures, populations, people's evidence and how it was tested.",
        ControlSeen,
        _control,
        {},
    ),
    Question(
        "failures",
        f"{_IN}/failures",
        "Failures of a period as intervals, each with the bounds that the nights give.",
        Rows[FailureSeen],
        _failures,
        {"check": _CHECK, "ended": _ENDED, **_paged()},
    ),
    Question(
        "runs",
        f"{_IN}/runs",
        "Sealed runs of a period: when they read and were sealed, their roots and counts.",
        Rows[Frame],
        _listed(lambda period: period.frames),
        _paged(),
    ),
    Question(
        "coverage",
        f"{_IN}/coverage",
        "Which check ran where on which night: r ran, p in part, - did not run, x not retained, . not in force.",
        Rows[CoverageRow],
        _listed(lambda period: period.coverage),
        {"check": _CHECK, **_paged()},
    ),
    Question(
        "populations",
        f"{_IN}/populations",
        "How many resources each check was about, and whether their listings were complete.",
        Rows[PeriodPopulation],
        _listed(lambda period: period.populations),
        {"check": _CHECK, **_paged()},
    ),
    Question(
        "waivers",
        f"{_IN}/waivers",
        "Waivers that stood beside failures: who accepted what, why, until when.",
        Rows[WaiverInPeriod],
        _listed(lambda period: period.waivers),
        {"check": _CHECK, **_paged()},
    ),
    Question(
        "changes",
        f"{_IN}/changes",
        "What changed in how it was judged: checks, parameters, controls, policy, boundary, engine.",
        Rows[Change],
        _listed(lambda period: period.changes),
        _paged(),
    ),
    Question(
        "run",
        _RUN,
        "A sealed run of the period with its records.",
        RunSeen,
        _run,
        {"verdict": _VERDICT, "check": _CHECK, **_paged()},
    ),
    Question("record", f"{_RUN}/records/{{index}}", "A record with its proof.", RecordSeen, _record, {}),
    Question(
        "resource",
        f"{_IN}/resources/{{resource}}",
        "One resource's history: its failures in the period, and its records run by run.",
        ResourceSeen,
        _resource,
        _paged(_AT_MOST),
    ),
    Question(
        "diff",
        f"{_RUN}/since/{{before}}",
        "What changed between two runs of the period: verdicts, resources, how it was judged, what is seen no more.",
        DiffSeen,
        _diff,
        _paged(),
    ),
)
"""Every question, in the order in which somebody who knows nothing yet would put them."""
