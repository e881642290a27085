"""What falls due: a thing that somebody has to do by a day, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from engine.programme.model import Occurrence, Policy, Programme, Record, Subservice
from engine.programme.needs import Need
from engine.programme.sentences import named, recording, stands
from engine.programme.standing import last_day

if TYPE_CHECKING:
    from engine.programme.answers import Answer

State = Literal["overdue", "late", "due", "undated"]


@dataclass(frozen=True, slots=True)
class Due:
    """Something to do. ``owner`` is the role or person whose it is; ``by`` the day, None where it is due at once.

    "overdue": the day is over. "late": it is over, and the grace is not. "due": it is still to come. "undated": no day
    was set, and it counts for nothing until it is done. ``subject`` is the id of what it is about.
    """

    owner: str
    state: State
    by: date | None
    subject: str
    what: str
    next: str


def due(
    needs: Iterable[Need],
    records: Iterable[Record],
    documents: Iterable[Policy],
    programme: Programme,
    owners: Mapping[str, str],
    window: tuple[date, date],
) -> tuple[Due, ...]:
    """All that is overdue on a day, or falls due until another one (``window``), the oldest first.

    ``owners`` maps controls to the roles that own them. Waivers are the caller's to add.
    """
    on, until = window
    wanted, written = tuple(needs), tuple(documents)
    # A document falls due by itself, once for all controls that its kind serves.
    papers = {(document.kind, document.id) for document in written}
    found = [
        row
        for need in wanted
        if (need.standing.kind, need.standing.source) not in papers or need.demand.recurrence is not None
        for row in _of_need(need, on, until)
    ]
    found += [row for record in records for row in _of_record(record, wanted)]
    found += [row for document in written for row in _of_document(document, on, until)]
    found += [
        row
        for service in programme.subservices
        for row in _of_vendor(service, owners.get(service.monitored_by, "nobody"), on, until)
    ]
    return ordered(found)


def of_requests(list_: str, answers: Iterable[Answer], window: tuple[date, date]) -> Iterator[Due]:
    """The requests of an auditor that are not answered: to each owner by its day, what has none at once.

    Those that only runs can answer, which are not looked at here, are one row an owner.
    """
    on, until = window
    unread: dict[str, list[date | None]] = {}
    for row in answers:
        by = row.request.due
        if row.state == "answered" or (by is not None and by > until):
            continue
        if row.rests_on_runs:
            unread.setdefault(row.owner, []).append(by)
            continue
        state: State = "undated" if by is None else "overdue" if by < on else "due"
        what = f"request {row.request.id} is {row.state}: {row.request.text[:120]} ({row.said})"
        yield Due(row.owner, state, by, list_, what, f"auditreel requests show {list_}")
    for owner, days in unread.items():
        by = min(filter(None, days), default=None)
        state = "undated" if by is None else "overdue" if by < on else "due"
        what = f"requests that sealed runs answer, which are not read here: {len(days)}"
        yield Due(owner, state, by, list_, what, f"auditreel requests show {list_} --store DIR")


def ordered(rows: Iterable[Due]) -> tuple[Due, ...]:
    """What is due longest ago first; what has no day stands before what is still to come."""
    rank = {"overdue": 0, "late": 1, "undated": 2, "due": 3}
    return tuple(sorted(rows, key=lambda row: (rank[row.state], row.by or date.min, row.subject, row.what)))


def _of_need(need: Need, on: date, until: date) -> Iterator[Due]:
    demand = need.demand
    recorded = recording(demand.kind)
    if demand.recurrence is not None:
        for row in need.occurrences:
            if row.lacking and row.due <= until:
                yield Due(demand.owner, _state(row, on), row.due, demand.control, _expected(need, row, on), recorded)
        return
    found = need.standing
    # What else suffices is for a run to see; what stood and ends is told all the same.
    ends = found.until is not None and found.until <= until and found.state in ("current", "expired")
    if ends:
        state: State = "overdue" if found.state == "expired" else "due"
        yield Due(demand.owner, state, found.until, demand.control, stands(found), recorded)


def _state(row: Occurrence, on: date) -> State:
    if row.state == "absent":
        return "overdue"
    return "late" if row.due < on else "due"


def _expected(need: Need, row: Occurrence, on: date) -> str:
    what = f"{named(need.demand.kind)} of {row.name}"
    if row.state == "absent":
        return f"{what} is absent: the grace ended on {row.closes}, and nothing that comes now fills it"
    return f"{what} is late: the grace ends on {row.closes}" if row.due < on else f"{what} is expected"


def _of_record(record: Record, needs: Iterable[Need]) -> Iterator[Due]:
    """What keeps a record from counting, told to who recorded it."""
    if not any(need.demand.kind == record.kind for need in needs):
        return
    if not record.whole:
        broken = ", ".join(f"{file.name} is {file.state}" for file in record.files if file.state != "whole")
        what = f"{record.title}: {broken}; it counts for nothing"
        yield Due(record.by, "undated", None, record.id, what, f"restore the files of {record.path}")
    elif last_day(record) is None or record.effective_on is None:
        what = f"{record.title} says no date for which it speaks; it counts for nothing"
        yield Due(record.by, "undated", None, record.id, what, f"set effective_on in {record.path}")


def _of_document(document: Policy, on: date, until: date) -> Iterator[Due]:
    def row(state: State, by: date | None, what: str, then: str) -> Due:
        return Due(document.owner, state, by, document.id, f"{document.title} {what}", f"{then} in {document.path}")

    if document.template:
        yield row(
            "undated",
            None,
            "is a template: make it yours and approve it",
            "drop status; set approved_by, approved_on and review_by",
        )
    elif document.approved_by is None or document.approved_on is None:
        yield row("undated", None, "is not approved", "set approved_by, approved_on and review_by")
    elif document.review_by is None:
        yield row("undated", None, "says no day for its next review", "set review_by")
    elif document.review_by <= until:
        overdue = document.review_by < on
        told = "was to be reviewed" if overdue else "is to be reviewed"
        yield row("overdue" if overdue else "due", document.review_by, told, "set version, approved_on and review_by")


def _of_vendor(service: Subservice, owner: str, on: date, until: date) -> Iterator[Due]:
    def row(state: State, by: date | None, what: str, then: str) -> Due:
        return Due(owner, state, by, service.id, f"{service.name}: {what}", f"{then} in organization.yaml")

    report = service.report
    if report is None:
        yield row("undated", None, "there is no report of its own", "ask for it, review it, and set report")
        return
    if report.reviewed_on is None:
        what = f"its report to {report.ends} is not reviewed"
        yield row("undated", None, what, "set reviewed_on and reviewed_by")
    letter = report.bridge_until is not None and report.bridge_until > report.ends
    spoken = report.bridge_until if letter and report.bridge_until is not None else report.ends
    if spoken <= until:
        said = f"bridge letter to {spoken}" if letter else "no bridge letter"
        what = f"its report ends on {report.ends}, {said}: nothing speaks for the days after"
        yield row("overdue" if spoken < on else "due", spoken, what, "ask for the next one or a bridge letter; set it")
