"""What may be asked of sealed evidence: one table, for JSON over HTTP and for models alike.

A question is put to somebody's link (:mod:`engine.serve.links`) and answered by what that lets see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, get_args

import jsonschema

from engine.periods import Change, CriterionInPeriod, Ended, Frame, PeriodPopulation, WaiverInPeriod
from engine.report.html.served import ROWS, VERDICTS
from engine.serve import answering
from engine.serve.answering import Desk, Given, NoQuestionError
from engine.serve.answers import (
    ControlInList,
    ControlSeen,
    CoverageSeen,
    DiffSeen,
    FailureSeen,
    Glance,
    PeriodSeen,
    RecordSeen,
    ResourceSeen,
    Rows,
    RunSeen,
    Stores,
)

Schema = Mapping[str, Any]
_AT_MOST: Final = 10
"""Runs on a page of a resource's history: each is opened for it."""


@dataclass(frozen=True)
class Question:
    """A question: its address, whose parts are in braces, what it is for, the type it gives and what may be asked.

    ``asks`` are JSON Schemas by name. ``large``: the answer is as long as the period; no model is offered it.
    """

    name: str
    path: str
    summary: str
    gives: Any
    answer: Callable[[Desk, Given], Any]
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

    def asked(self, desk: Desk, given: Given) -> Any:
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


_IN: Final = "/{store}/{period}"
_RUN: Final = f"{_IN}/runs/{{run}}"
_VERDICT: Final[Schema] = {"type": "string", "enum": list(VERDICTS)}
_ENDED: Final[Schema] = {"type": "string", "enum": list(get_args(Ended)), "description": "open, or how it ended."}

QUESTIONS: Final = (
    Question("stores", "/stores", "The stores that the link shows.", Stores, answering.stores, {}),
    Question(
        "period",
        _IN,
        "A period (FIRST--LAST night, both included), whole.",
        PeriodSeen,
        answering.period,
        {},
        large=True,
    ),
    Question(
        "glance",
        f"{_IN}/glance",
        "A period in numbers: nights, controls, criteria, failures.",
        Glance,
        answering.glance,
        {},
    ),
    Question(
        "criteria",
        f"{_IN}/criteria",
        "Criteria with their controls, and what nobody addresses.",
        Rows[CriterionInPeriod],
        answering.listed(lambda period: period.criteria),
        _paged(),
    ),
    Question(
        "controls",
        f"{_IN}/controls",
        "Controls: what the period shows of each, in a word, with coverage and counts.",
        Rows[ControlInList],
        answering.listed(answering.in_list),
        _paged(),
    ),
    Question(
        "control",
        f"{_IN}/controls/{{control}}",
        "A control with its failures, populations, people's evidence and how it was tested.",
        ControlSeen,
        answering.control,
        {},
    ),
    Question(
        "failures",
        f"{_IN}/failures",
        "Failures of a period as intervals, each with the bounds that the nights give.",
        Rows[FailureSeen],
        answering.failures,
        {"check": _CHECK, "ended": _ENDED, **_paged()},
    ),
    Question(
        "runs",
        f"{_IN}/runs",
        "Sealed runs of a period: when they read and were sealed, their roots and counts.",
        Rows[Frame],
        answering.listed(lambda period: period.frames),
        _paged(),
    ),
    Question(
        "coverage",
        f"{_IN}/coverage",
        "Which check ran where on which night: r ran, p in part, - did not run, x not retained, . not in force.",
        CoverageSeen,
        answering.coverage,
        {"check": _CHECK, **_paged()},
    ),
    Question(
        "populations",
        f"{_IN}/populations",
        "How many resources each check was about, and whether their listings were complete.",
        Rows[PeriodPopulation],
        answering.listed(lambda period: period.populations),
        {"check": _CHECK, **_paged()},
    ),
    Question(
        "waivers",
        f"{_IN}/waivers",
        "Waivers that stood beside failures: who accepted what, why, until when.",
        Rows[WaiverInPeriod],
        answering.listed(lambda period: period.waivers),
        {"check": _CHECK, **_paged()},
    ),
    Question(
        "changes",
        f"{_IN}/changes",
        "What changed in how it was judged: checks, parameters, controls, policy, boundary, engine.",
        Rows[Change],
        answering.listed(lambda period: period.changes),
        _paged(),
    ),
    Question(
        "run",
        _RUN,
        "A sealed run of the period with its records.",
        RunSeen,
        answering.run,
        {"verdict": _VERDICT, "check": _CHECK, **_paged()},
    ),
    Question("record", f"{_RUN}/records/{{index}}", "A record with its proof.", RecordSeen, answering.record, {}),
    Question(
        "resource",
        f"{_IN}/resources/{{resource}}",
        "One resource's history: its failures in the period, and its records run by run.",
        ResourceSeen,
        answering.resource,
        _paged(_AT_MOST),
    ),
    Question(
        "diff",
        f"{_RUN}/since/{{before}}",
        "What changed between two runs of the period: verdicts, resources, how it was judged, what is seen no more.",
        DiffSeen,
        answering.diff,
        _paged(),
    ),
)
"""Every question, in the order in which somebody who knows nothing yet would put them."""
