"""Failures of a period as OCSF Compliance Findings (class 2003, schema 1.5), one a line, for a SIEM or a GRC tool.

One event for each failure, or, from :func:`record`, one for each evidence record. OCSF has no word for a bound, a gap
or a waiver, so these stand in ``unmapped`` with the words used everywhere else. An ``unknown`` verdict is status 0
("Unknown") and never "Pass" or "Warning".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from engine.model import Scope, Subject
from engine.periods import Failure, Moment, NotRetained, Period
from engine.report import Options, closing, period_counts, period_words
from engine.report.records import encoded

VERSION: Final = "1.5.0"
CLASS: Final = 2003
_CATEGORY: Final = 2
_CREATE, _UPDATE, _CLOSE, _OTHER = (1, "Create"), (2, "Update"), (3, "Close"), (99, "Other")
_SUMMARY: Final = (99, "Other")
"""The status of the event that sums up: it judges nothing."""
_STANDARD: Final = "AICPA Trust Services Criteria 2017"
_SEVERITY: Final = {"low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"), "critical": (5, "Critical")}
_VERDICT: Final = {"pass": (1, "Pass"), "fail": (3, "Fail"), "unknown": (0, "Unknown"), "not_applicable": (99, "Other")}
"""``compliance.status_id``. OCSF has none for what a test does not apply to."""
_ACCOUNT: Final = {"aws": (10, "AWS Account"), "gcp": (5, "GCP Account"), "azure": (6, "Azure AD Account")}
_PROVIDER: Final = {"aws": "AWS", "gcp": "GCP", "azure": "Azure", "github": "GitHub"}
_CLOSED: Final = frozenset({"corrected", "deleted", "not_applicable"})

Document = dict[str, Any]


def render(period: Period, options: Options) -> bytes:
    """One event a line: the period, what was not observed, and each failure."""
    del options
    return "".join(f"{encoded(event)}\n" for event in events(period)).encode()


def events(period: Period) -> Iterator[Document]:
    """The period with its totals, its gaps, and its failures, as events; where nothing was seen, that is said."""
    engine = period.frames[-1].engine if period.frames else ""
    yield _period(period, engine)
    for gap in period_counts.shared_gaps(period):
        yield _gap(gap, period, engine)
    numbers, serving = period_counts.numbers(period), period_counts.serving(period)
    criteria = period_counts.criteria_of(period)
    for failure in period.failures:
        key = period_counts.key(failure)
        controls = serving.get(key, ())
        asked = dict.fromkeys(criterion for id_ in controls for criterion in criteria[id_])
        event = _failure(failure, numbers[key], engine)
        event["compliance"] |= {"control": ", ".join(controls), "requirements": list(asked)}
        event["unmapped"]["period"] = period.digest
        yield event


# --- a period ---------------------------------------------------------------------------------------------------------


def _period(period: Period, engine: str) -> Document:
    told = f"{period_words.span(period)}: {period_words.coverage(period)}"
    event = _event(_OTHER, f"period/{period.digest}", _end(period), "", _SUMMARY, told, engine)
    event["finding_info"]["title"] = period_words.title(period)
    event["compliance"]["requirements"] = [row.criterion.id for row in period.criteria]
    event["unmapped"] = {
        "organization": period.organization,
        "anchored": period.anchored,
        "closed": period_words.closed(period.closed) if period.closed is not None else None,
        "demonstration": closing.WATERMARK if period.demonstration else None,
        "period": period.digest,
        "starts": period.starts,
        "ends": period.ends,
        "totals": asdict(period_counts.totals(period)),
        "controls": {row.control.id: row.word for row in period.controls},
        "samples": dict(period_words.samples(period)),
    }
    if period.not_retained:
        event["unmapped"]["not_retained"] = [_not_retained(row) for row in period.not_retained]
    return event


def _not_retained(row: NotRetained) -> Document:
    said = asdict(row)
    return {"run": said.pop("moment")["run"], "as_of": row.moment.as_of, **said}


def _gap(gap: period_counts.SharedGap, period: Period, engine: str) -> Document:
    state = period_words.STATES[gap.state]
    told = f"Not observed, {state}: {gap.first} to {gap.last}, {period_words.gap(gap)}"
    uid = f"gap/{period.digest}/{gap.state}/{gap.first}/{gap.last}"
    due = {night.date: night.due_at for night in period.nights}
    event = _event(_CREATE, uid, due[gap.last], "", _VERDICT["unknown"], told, engine)
    event["finding_info"]["title"] = f"Not observed: {gap.first} to {gap.last}, {state}"
    event["unmapped"] = {
        "period": period.digest,
        "state": gap.state,
        "first_night": gap.first,
        "last_night": gap.last,
        "nights": gap.nights,
        "of": [f"{part.check} in {part.scope}" for part in gap.gaps],
    }
    return event


def _end(period: Period) -> str:
    return period.frames[-1].sealed_at if period.frames else f"{period.ends}T00:00:00Z"


def _failure(of: Failure, number: str, engine: str) -> Document:
    closed = of.ended in _CLOSED
    ended = of.first_good if closed and of.first_good else of.last_bad
    uid = "/".join((of.check, str(of.scope), of.subject.type, of.subject.id, of.first_bad.as_of))
    activity = _CLOSE if closed else _CREATE
    event = _event(activity, uid, ended.as_of, of.severity, _VERDICT["fail"], of.message or of.check, engine)
    _about(event, (of.check, str(of.version)), of.scope, of.subject)
    event["finding_info"] |= {
        "title": f"{number}: {of.check} failing on {of.subject.name}",
        "first_seen_time": _epoch(of.first_bad.as_of),
        "last_seen_time": _epoch(of.last_bad.as_of),
        "created_time": _epoch(of.first_bad.as_of),
    }
    event |= {"start_time": _epoch(of.first_bad.as_of), "end_time": _epoch(of.last_bad.as_of)}
    event |= {"status_id": 4, "status": "Resolved"} if closed else {"status_id": 1, "status": "New"}
    event["status_detail"] = f"{period_words.began(of)}; {period_words.ended(of)}"
    event["unmapped"] = {
        "number": number,
        "id": of.id,
        "last_good": _moment(of.last_good),
        "first_bad": _moment(of.first_bad),
        "last_bad": _moment(of.last_bad),
        "first_good": _moment(of.first_good),
        "began": of.began,
        "ended": of.ended,
        "runs_failing": of.frames,
        "not_seen_within": of.unseen,
        "limit_days": of.limit,
        "deviation": of.deviation,
        "waivers": dict(of.waivers or {}),
        "replaced_by": of.replaced,
        "responses": [
            {"cause": said.cause, "effect": said.effect, "correction": said.correction, "by": said.by, "at": said.at}
            for said in of.responses
        ],
    }
    return event


# --- records ----------------------------------------------------------------------------------------------------------


def records(lines: Iterable[Mapping[str, Any]], severities: Mapping[str, str], engine: str) -> Iterator[Document]:
    """Evidence records (``schemas/evidence-record.schema.json``) as events, one each.

    ``severities`` maps a check's id to its severity, ``engine`` is the version that judged: neither is in a record.
    """
    for line in lines:
        yield record(line, severities.get(line["record"]["check"]["id"], ""), engine)


def record(line: Mapping[str, Any], severity: str, engine: str) -> Document:
    """One evidence record as an event; a severity that is not known is OCSF's "Unknown"."""
    leaf = line["record"]
    check, told = leaf["check"], leaf["subject"]
    scope = Scope(leaf["scope"]["provider"], leaf["scope"]["account"], leaf["scope"]["region"])
    subject = Subject(told["kind"], told["type"], told["id"], told.get("name", ""))
    uid = "/".join((check["id"], str(scope), subject.type, subject.id))
    message = leaf.get("message") or f"{check['id']}: {leaf['verdict']}"
    event = _event(_UPDATE, uid, line["as_of"], severity, _VERDICT[leaf["verdict"]], message, engine)
    _about(event, (check["id"], str(check["version"])), scope, subject)
    event["metadata"]["uid"] = line["leaf"]
    event["unmapped"] = {
        "verdict": leaf["verdict"],
        "reason": leaf.get("reason"),
        "waiver": line.get("waiver"),
        "run": line["run"],
        "index": line["index"],
        "leaf": line["leaf"],
        "sealed_at": line["sealed_at"],
        "collected_at": line.get("collected_at"),
    }
    return event


def _event(
    activity: tuple[int, str], uid: str, time: str, severity: str, status: tuple[int, str], message: str, engine: str
) -> Document:
    """What every event says; ``time`` is RFC 3339 UTC, ``status`` is that of the test."""
    severity_id, severity_name = _SEVERITY.get(severity, (0, "Unknown"))
    return {
        "activity_id": activity[0],
        "activity_name": activity[1],
        "category_name": "Findings",
        "category_uid": _CATEGORY,
        "class_name": "Compliance Finding",
        "class_uid": CLASS,
        "type_uid": CLASS * 100 + activity[0],
        "type_name": f"Compliance Finding: {activity[1]}",
        "time": _epoch(time),
        "severity_id": severity_id,
        "severity": severity_name,
        "message": message,
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "product": {"name": "auditreel", "vendor_name": "auditreel", "version": engine},
            "uid": f"{uid}#{time}",
        },
        "finding_info": {"uid": uid, "title": message, "desc": message},
        "compliance": {"standards": [_STANDARD], "status_id": status[0], "status": status[1]},
    }


def _about(event: Document, check: tuple[str, str], scope: Scope, subject: Subject) -> None:
    """Adds the check and what it judged."""
    status = event["compliance"]
    account_type, account_name = _ACCOUNT.get(scope.provider, (99, "Other"))
    event["metadata"]["event_code"] = check[0]
    event["finding_info"]["title"] = f"{check[0]} on {subject.name or subject.id}"
    status["checks"] = [
        {"uid": check[0], "version": check[1], "status_id": status["status_id"], "status": status["status"]}
    ]
    event["resources"] = [{"type": subject.type, "uid": subject.id, "name": subject.name, "region": scope.region}]
    event["cloud"] = {
        "provider": _PROVIDER.get(scope.provider, scope.provider),
        "account": {"uid": scope.account, "name": scope.account, "type_id": account_type, "type": account_name},
        "region": scope.region,
    }


def _epoch(moment: str) -> int:
    """Milliseconds since 1970, as OCSF counts time."""
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp() * 1000)


def _moment(moment: Moment | None) -> Document | None:
    return None if moment is None else {"as_of": moment.as_of, "run": moment.run}
