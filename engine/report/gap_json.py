"""The gap as JSON: every date, criterion and item with all of its resources."""

from __future__ import annotations

import json
from typing import Any, Final

from engine.model import Finding
from engine.programme.gap import Gap, Tile
from engine.programme.readiness import Milestone
from engine.programme.remediation import Task
from engine.programme.scoped import Item
from engine.report import Options, vendors
from engine.report import gap_words as words

SCHEMA: Final = "auditreel/gap/v1"
Document = dict[str, Any]


def render(gap: Gap, options: Options) -> str:
    """The gap as JSON, indented."""
    del options
    return json.dumps(document(gap), indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def document(gap: Gap) -> Document:
    """The gap as plain values."""
    return {
        "schema": SCHEMA,
        "organization": gap.organization,
        "engine": gap.engine_version,
        "demonstration": gap.demonstration,
        "on": gap.on.isoformat(),
        "scanned_at": gap.scanned_at,
        "standing": words.NOT_AN_OPINION,
        "dates": [_date(found) for found in gap.milestones],
        "counts": dict(gap.counts),
        "failures_outside_scope": gap.outside,
        "criteria": [_tile(tile) for tile in gap.tiles],
        "controls": [
            {"id": id_, "statement": row.control.statement, "owner": row.control.owner, "word": row.word,
             "reason": row.reason, "criteria": list(row.control.criteria), "checks": list(row.checks)}
            for id_, row in sorted(gap.controls.items())
        ],
        "subservices": vendors.documents(gap.vendors, _words(gap)),
        "user_entity_controls": vendors.owed(gap.entity_controls, _words(gap)),
        "items": [_item(gap, item) for item in gap.items],
    }  # fmt: skip


def _words(gap: Gap) -> dict[str, str]:
    return {id_: row.word for id_, row in gap.controls.items()}


def _date(found: Milestone) -> Document:
    waits = [
        {"what": wait.what, "until": wait.until.isoformat(), "items": list(wait.items), "planned": wait.planned}
        for wait in found.waits
    ]
    return {"name": found.name, "earliest": found.on.isoformat(), "waits_for": waits}


def _tile(tile: Tile) -> Document:
    return {
        "id": tile.criterion.id,
        "title": tile.criterion.title,
        "series": tile.criterion.series,
        "state": tile.state,
        "reason": tile.reason,
        "controls": list(tile.controls),
        "items": list(tile.items),
        "aspects_without_a_control": list(tile.uncovered),
    }


def _item(gap: Gap, item: Item) -> Document:
    return {
        "id": item.id,
        "kind": item.kind,
        "topic": item.topic,
        "what": item.what,
        "severity": item.severity,
        "effort": item.effort,
        "owner": words.owner(gap, item),
        "criteria": list(item.criteria),
        "controls": list(item.controls),
        "resources": item.resources,
        "check": item.check,
        "fix": [{"how": how, "text": text} for how, text in item.fix],
        "holds_up": item.holds,
        "plan": _task(gap.tasks[item.id]) if item.id in gap.tasks else None,
        "findings": [_finding(finding) for finding in item.findings],
    }


def _task(task: Task) -> Document:
    return {
        "owner": task.owner,
        "target": task.target.isoformat() if task.target else None,
        "ticket": task.ticket,
        "note": task.note,
        "opened_on": task.opened_on.isoformat(),
    }


def _finding(finding: Finding) -> Document:
    return {
        "check": finding.check.id,
        "provider": finding.scope.provider,
        "account": finding.scope.account,
        "region": finding.scope.region,
        "subject": {"kind": finding.subject.kind, "type": finding.subject.type, "id": finding.subject.id},
        "verdict": finding.verdict,
        "message": finding.message,
    }
