"""The gate as JSON: also the gate record, which is evidence of change management where a store's chain holds it."""

from __future__ import annotations

import json
from typing import Any, Final

from engine.gate.model import Change, ChangeRequest, Gate, Place, Source
from engine.model import Finding, WaiverState
from engine.report import Options

SCHEMA: Final = "auditreel/gate/v1"
Document = dict[str, Any]


def render(gate: Gate, options: Options) -> str:
    """The gate as JSON, indented."""
    return json.dumps(document(gate), indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def encoded(gate: Gate) -> bytes:
    """The gate record as the bytes of a file."""
    return render(gate, Options()).encode()


def document(gate: Gate) -> Document:
    """The gate as plain values: the plan, the commits, who approved, what judged, every verdict and what changed."""
    run = gate.assessment
    return {
        "schema": SCHEMA,
        "signed": run.sealed is not None,
        "sealed": dict(run.sealed) if run.sealed is not None else None,
        "run": run.run_id,
        "organization": run.organization,
        "engine": run.engine_version,
        "as_of": run.as_of,
        "exit_code": run.exit_code,
        "exit_reasons": {str(code): why for code, why in sorted(run.exit_reasons.items())},
        "plan": _plan(gate.source),
        "base": {"kind": gate.base, "name": gate.base_name},
        "change": _request(gate.request),
        "policy": {
            "commit": gate.policy_ref,
            "changed_in_the_change": [{"path": row.path, "kind": row.kind} for row in gate.content_changes],
        },
        "rules": {"fail_on": run.fail_on, "fail_on_all": gate.fail_on_all, "strict": gate.strict},
        "checks": [
            {"id": check.id, "version": check.version, "sha256": check.digest} for check in run.selection.checks
        ],
        "needs_live": [{"check": row.check.id, "why": row.why} for row in gate.needs_live],
        "verdicts": [_verdict(gate, finding) for finding in run.findings],
        "changes": [_change(change) for change in gate.changes],
        "waivers_in_force": [_waiver(state) for state in run.waivers],
    }


def _plan(source: Source) -> Document:
    return {
        "kind": source.kind,
        "path": source.path,
        "sha256": source.digest,
        "format_version": source.format_version,
        "tool": source.tool,
        "resources": source.resources,
        "judged": source.judged,
        "actions": dict(source.actions),
        "unmapped": dict(source.unmapped),
        "orphans": list(source.orphans),
        "incomplete": list(source.incomplete),
        "statements": list(source.statements),
        **({"parameters": dict(source.parameters)} if source.parameters else {}),
    }


def _request(change: ChangeRequest) -> Document:
    return {
        "base_commit": change.base_commit,
        "head_commit": change.head_commit,
        "pull_request": change.pull_request,
        "approvers": list(change.approvers),
    }


def _verdict(gate: Gate, finding: Finding) -> Document:
    return {
        "check": finding.check.id,
        "account": finding.scope.account,
        "region": finding.scope.region,
        "subject": {"kind": finding.subject.kind, "type": finding.subject.type, "id": finding.subject.id},
        "address": _address(gate, finding),
        "verdict": finding.verdict,
        "reason": finding.reason,
        "message": finding.message,
    }


def _waiver(state: WaiverState) -> Document:
    waiver = state.waiver
    return {
        "id": waiver.id,
        "check": waiver.check,
        "owner": waiver.owner,
        "approver": waiver.approval.approver,
        "standing": waiver.approval.standing,
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
        "state": state.state,
        "matches": sorted(finding.subject.id for finding in state.matches),
    }


def _address(gate: Gate, finding: Finding) -> str | None:
    place = gate.place(finding)
    return place.address if place is not None else None


def _change(change: Change) -> Document:
    return {
        "check": change.check.id,
        "severity": change.check.severity,
        "movement": change.movement,
        "before": change.before,
        "after": change.after,
        "account": change.scope.account,
        "region": change.scope.region,
        "subject": {"kind": change.subject.kind, "type": change.subject.type, "id": change.subject.id},
        "place": _place(change.place) if change.place is not None else None,
        "reason": change.finding.reason if change.finding is not None else None,
        "message": change.finding.message if change.finding is not None else None,
        "added": [{"path": path, "value": value} for path, value in change.added],
        "waiver": change.waiver.id if change.waiver is not None else None,
        "stops": change.stops,
    }


def _place(place: Place) -> Document:
    return {
        "address": place.address,
        "previous_address": place.previous_address,
        "modules": [{"name": step.name, "key": step.key, "source": step.source} for step in place.modules],
        "actions": list(place.actions),
        "parts": list(place.parts),
        **({"line": place.line} if place.line else {}),
    }
