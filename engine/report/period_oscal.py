"""A period as OSCAL assessment results (NIST, model 1.2): observations, findings and risks, for tools to read.

OSCAL knows no sampling, no gaps and no "not observed", so these stand as observations with properties in a namespace of
ours. A finding is written for failures only, never for their absence: its status says that failures were observed on
the items named, and "satisfied" is a conclusion, which is the auditor's. Identifiers are UUIDs of version 5, of what
they name: a failure keeps its own from report to report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from itertools import chain
from typing import Any, Final

from engine.periods import CriterionInPeriod, Failure, Frame, Period, WaiverInPeriod
from engine.report import Options, closing, period_counts, period_oscal_observations, period_words
from engine.report.period_oscal_names import (
    Document,
    Name,
    control_uuid,
    failure_uuid,
    item_uuid,
    props,
    string,
    text,
    token,
    uuid_of,
)
from engine.report.records import encoded

VERSION: Final = "1.2.1"
_STATE: Final = (
    "Failures were observed on the items of the related observations; the status says that and no more. Whether the "
    "control meets its criteria is the auditor's to say, and no finding is written where no failures were observed."
)
_CLOSED: Final = frozenset({"corrected", "deleted", "not_applicable"})
"""How a failure ends for good; a changed test or boundary ends what is seen of it."""

Gathered = Callable[[Iterator[Document]], Any]
"""How rows are wanted: all at once (list), or one after the other (iter)."""


def render(period: Period, options: Options) -> bytes:
    """The assessment results as JSON (ASCII, sorted keys), an observation, risk or finding a line."""
    del options
    return b"".join(piece.encode() for piece in (*_pieces(_document(period, iter)), "\n"))


def _pieces(value: Any, depth: int = 0) -> Iterator[str]:
    """JSON text piece by piece, so that a year of failures never stands in memory as values and as text."""
    if not _lazy(value):
        yield encoded(value)
        return
    mapping = isinstance(value, dict)
    opening, closing_, separator = ("{", "}", "") if mapping else ("[", "]", "")
    yield opening
    for key, item in sorted(value.items()) if mapping else ((None, item) for item in value):
        yield f"{separator}\n{'  ' * (depth + 1)}"
        yield f"{encoded(key)}: " if mapping else ""
        yield from _pieces(item, depth + 1)
        separator = ","
    yield f"\n{'  ' * depth}{closing_}"


def _lazy(value: Any) -> bool:
    """Whether a value is, or holds, what is made only while it is written."""
    if isinstance(value, dict):
        return any(map(_lazy, value.values()))
    return isinstance(value, Iterator) or (isinstance(value, list) and any(map(_lazy, value)))


def document(period: Period) -> Document:
    """The assessment results as plain JSON values."""
    return _document(period, list)


def _document(period: Period, gathered: Gathered) -> Document:
    name = partial(uuid_of, period.organization)
    party, plan = name("party"), name("plan", period.digest)
    results: Document = {
        "uuid": name("results", period.digest),
        "metadata": {
            "title": text(period_words.title(period)),
            "last-modified": _modified(period),
            "version": period.digest[:16],
            "oscal-version": VERSION,
            "props": props(
                ("anchored", period.anchored),
                ("period-digest", period.digest),
                *([("demonstration", closing.WATERMARK)] if period.demonstration else []),
            ),
            "roles": [{"id": "prepared-by", "title": "Management, which prepared this; nobody examined it"}],
            "parties": [{"uuid": party, "type": "organization", "name": string(period.organization)}],
            "responsible-parties": [{"role-id": "prepared-by", "party-uuids": [party]}],
            "remarks": text(f"{'. '.join(period_words.firsts(period))}. {period_words.NOT_AN_OPINION}"),
        },
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(period, name, gathered)],
        "back-matter": {
            "resources": gathered(chain((_plan(period, plan),), (_run(row, name) for row in period.frames)))
        },
    }
    return {"assessment-results": results}


# --- the result -------------------------------------------------------------------------------------------------------


def _result(period: Period, name: Name, gathered: Gathered) -> Document:
    counts = period_counts.totals(period)
    totals = ((field.name, str(getattr(counts, field.name))) for field in fields(counts))
    last = _modified(period)
    observations = chain(
        (period_oscal_observations.of_control(row, last, name) for row in period.controls),
        period_oscal_observations.of_failures(period, name),
        period_oscal_observations.of_gaps(period, last, name),
        period_oscal_observations.of_removed(period, last, name),
    )
    items = _some(iter(_inventory(period, name)), gathered)
    result: Document = {
        "uuid": name("result", period.digest),
        "title": text(f"{period.organization}: {period_words.span(period)}"),
        "description": text(f"{period_words.coverage(period)} {period_words.BETWEEN}"),
        "start": period.frames[0].moment.as_of if period.frames else f"{period.starts}T00:00:00Z",
        "end": period.frames[-1].sealed_at if period.frames else f"{period.ends}T00:00:00Z",
        "props": props(*totals, *(("sample", f"{of}: {says}") for of, says in period_words.samples(period))),
        "local-definitions": {"inventory-items": items} if items else {},
        "reviewed-controls": _reviewed(period),
        "observations": _some(observations, gathered),
        "risks": _some(_risks(period, name), gathered),
        "findings": _some(_findings(period, name), gathered),
    }
    # OSCAL has no empty lists.
    return {key: value for key, value in result.items() if value}


def _some(rows: Iterator[Document], gathered: Gathered) -> Any:
    """Rows as they are wanted; None where there are none."""
    first = next(rows, None)
    return None if first is None else gathered(chain((first,), rows))


def _reviewed(period: Period) -> Document:
    criteria = [{"control-id": token(row.criterion.id)} for row in period.criteria]
    controls = [{"objective-id": token(row.control.id)} for row in period.controls]
    selection: Document = {"description": "The Trust Services Criteria (AICPA, 2017), by their identifiers."}
    selected: Document = {"include-controls": criteria} if criteria else {"include-all": {}}
    selection |= selected
    told = [(f"criterion-{token(row.criterion.id)}", _criterion(row)) for row in period.criteria]
    selection |= {"props": props(*told)} if told else {}
    found: Document = {
        "description": "The criteria, and the organisation's controls as the objectives that were looked at.",
        "control-selections": [selection],
    }
    if controls:
        found["control-objective-selections"] = [{"include-objectives": controls}]
    return found


def _criterion(row: CriterionInPeriod) -> str:
    if row.state == "controls":
        told = f"controls: {', '.join(row.controls)}"
        return told + (f"; aspects without a control: {period_words.aspects(row)}" if row.uncovered_aspects else "")
    return period_words.criterion(row)


def _inventory(period: Period, name: Name) -> list[Document]:
    """The items that failed, once each."""
    found: dict[str, Document] = {}
    for failure in period.failures:
        of = failure.subject
        item = item_uuid(failure, name)
        found[item] = {
            "uuid": item,
            "description": text(f"{of.type} {of.name}"),
            "props": props(
                ("type", of.type),
                ("id", of.id),
                ("name", of.name),
                ("provider", failure.scope.provider),
                ("account", failure.scope.account),
                ("region", failure.scope.region),
            ),
        }
    return [found[key] for key in sorted(found)]


# --- findings and risks -----------------------------------------------------------------------------------------------


def _findings(period: Period, name: Name) -> Iterator[Document]:
    criteria = period_counts.criteria_of(period)
    for row in period.controls:
        if not row.failed:
            continue
        observations = [control_uuid(row, name)]
        observations += [failure_uuid("observation", failure, name) for failure in row.failures]
        risks = [{"risk-uuid": failure_uuid("risk", failure, name)} for failure in row.failures]
        yield {
            "uuid": name("finding", period.digest, row.control.id),
            "title": text(f"{row.control.id}: {period_words.failures(row)}"),
            "description": text(row.result),
            "props": props(
                ("deviations", str(row.deviations)),
                *(("criterion", criterion) for criterion in criteria[row.control.id]),
            ),
            "target": {
                "type": "objective-id",
                "target-id": token(row.control.id),
                "status": {"state": "not-satisfied", "reason": "other", "remarks": _STATE},
            },
            "related-observations": [{"observation-uuid": found} for found in observations],
            **({"related-risks": risks} if risks else {}),
        }


def _risks(period: Period, name: Name) -> Iterator[Document]:
    serving = period_counts.serving(period)
    for failure in period.failures:
        waivers = [row for row in period.waivers if row.id in (failure.waivers or {})]
        yield {
            "uuid": failure_uuid("risk", failure, name),
            "title": text(f"{failure.check} failing on {failure.subject.name}"),
            "description": text(failure.message or failure.check),
            "statement": text(f"{period_words.began(failure)}; {period_words.ended(failure)}"),
            "props": props(
                ("severity", failure.severity),
                *(("control", id_) for id_ in serving.get(period_counts.key(failure), ())),
                *(("waiver", _waiver(row)) for row in waivers),
            ),
            "status": "closed" if failure.ended in _CLOSED else "open",
            **_remediations(failure, name),
            "related-observations": [{"observation-uuid": failure_uuid("observation", failure, name)}],
        }


def _remediations(failure: Failure, name: Name) -> Document:
    """Management's responses, as what OSCAL calls responses to a risk; nothing where there are none."""
    rows = [
        {
            "uuid": name("response", failure.digest, str(said.sequence)),
            "lifecycle": "completed" if failure.ended in _CLOSED else "planned",
            "title": text(f"Management's response, entry {said.sequence} of the chain"),
            "description": text(said.correction),
            "props": props(("cause", said.cause), ("effect", said.effect), ("by", said.by), ("at", said.at)),
        }
        for said in failure.responses
    ]
    return {"remediations": rows} if rows else {}


def _waiver(row: WaiverInPeriod) -> str:
    """A waiver as a property of a risk: no response in OSCAL's sense, since it takes nothing away."""
    return (
        f"{row.id}: {period_words.WAIVED.get(row.kind, row.kind)}, {row.starts} to {row.expires}, owner {row.owner}, "
        f"approved by {row.approver} ({row.standing}): {row.reason}"
    )


# --- what is referred to ----------------------------------------------------------------------------------------------


def _plan(period: Period, uuid: str) -> Document:
    return {
        "uuid": uuid,
        "title": "What was planned: the checks, controls and schedule in force",
        "description": text(
            "No assessment plan in OSCAL stands behind this. What was planned is in the sealed runs: checks, controls, "
            f"policy and schedule as they were evaluated. Digest of the period: {period.digest}."
        ),
    }


def _run(frame: Frame, name: Name) -> Document:
    return {
        "uuid": name("run", frame.moment.run),
        "title": text(f"Run {frame.moment.run}"),
        "props": props(
            ("as-of", frame.moment.as_of),
            ("night", frame.night),
            ("kind", frame.kind),
            ("sealed-at", frame.sealed_at),
            ("chain-entry", str(frame.sequence)),
            ("records", str(frame.records)),
            ("merkle-root", frame.root),
            ("engine", frame.engine),
            ("caller", frame.caller),
            ("filtered", "yes" if frame.filtered else "no"),
            *(("resumed-at", at) for at in frame.resumed_at),
        ),
    }


def _modified(period: Period) -> str:
    return period.frames[-1].sealed_at if period.frames else f"{period.ends}T00:00:00Z"
