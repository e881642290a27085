"""The whole assessment as one JSON document of a versioned form: ``schemas/report-json.schema.json``."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model import (
    Assessment,
    Bounds,
    Check,
    Collection,
    ControlConclusion,
    CriterionConclusion,
    LedgerRow,
    Population,
    WaiverState,
)
from engine.report import Options, closing, records, summary, vendors
from engine.report.records import Document


def render(assessment: Assessment, options: Options) -> str:
    """The assessment as an indented document."""
    del options
    return records.encoded(document(assessment), indent=2) + "\n"


def document(run: Assessment) -> Document:
    """The document as plain JSON values."""
    return {
        "version": records.VERSION,
        "run": _run(run),
        "selection": _selection(run),
        "exit": {
            "code": run.exit_code,
            "reasons": {str(code): reason for code, reason in run.exit_reasons.items()},
            "fail_on": run.fail_on,
        },
        "totals": _totals(run),
        "coverage": _coverage(run),
        "boundary": _boundary(run.boundary) if run.boundary is not None else None,
        "criteria": [_criterion(row) for row in run.criteria],
        "controls": [_control(row) for row in run.controls],
        "checks": [_check(check, run) for check in run.selection.checks],
        "unused_checks": list(run.unused_checks),
        "fix_first": [_fix(fix) for fix in summary.fixes(run)],
        "gaps": [_gap(gap) for gap in summary.gaps(run)],
        "subservices": vendors.documents(run.vendors, _words(run)),
        "user_entity_controls": vendors.owed(run.entity_controls, _words(run)),
        "waivers": [_waiver(state) for state in run.waivers],
        "findings": [records.finding(run, index) for index in range(len(run.findings))],
        "record": _record(run),
    }


def _words(run: Assessment) -> Mapping[str, str]:
    return {row.control.id: row.word for row in run.controls}


def _run(run: Assessment) -> Document:
    return {
        "id": run.run_id,
        "kind": run.kind,
        "demonstration": run.kind == "demo",
        "organization": run.organization,
        "engine_version": run.engine_version,
        "as_of": run.as_of,
        "finished_at": run.snapshot.finished_at,
        "resumed": run.resumed,
        "source": run.snapshot.source,
        "identity": dict(run.snapshot.identity),
    }


def _selection(run: Assessment) -> Document:
    chosen = run.selection
    return {
        "providers": list(chosen.providers),
        "criteria": list(chosen.criteria),
        "patterns": list(chosen.patterns),
        "accounts": list(chosen.accounts),
        "regions": list(chosen.regions),
        "severity": chosen.severity,
        "not_chosen": [check.id for check in chosen.not_chosen],
    }


def _totals(run: Assessment) -> Document:
    sums = summary.totals(run)
    return {
        "listed": sums.listed,
        "passed": sums.passed,
        "failed": sums.failed,
        "waived": sums.waived,
        "unknown": sums.unknown,
        "not_applicable": sums.not_applicable,
    }


def _coverage(run: Assessment) -> Document:
    seen = summary.coverage(run)
    snapshot = run.snapshot
    return {
        "reads": {
            "planned": seen.planned,
            "answered": seen.answered,
            "refused": dict(seen.refused),
            "calls": seen.calls,
        },
        "resources": seen.resources,
        "scopes": [records.scope(row) for row in sorted(snapshot.scopes)],
        "left_out": [
            {**records.scope(row.scope), "name": row.name, "why": row.why}
            for row in sorted(snapshot.left_out, key=lambda row: row.scope)
        ],
        "listings": [_listing(row) for row in snapshot.collections],
        "readers": [_reader(row) for row in snapshot.ledger],
    }


def _boundary(row: Bounds) -> Document:
    return {
        "in": row.inside,
        "out_of_boundary": row.out_of_boundary,
        "undecided": row.undecided,
        "types": dict(row.types),
        "rules": [
            {
                "id": rule.id,
                "state": rule.state,
                "reason": rule.reason,
                "approver": rule.approver,
                "approved_on": rule.approved_on.isoformat(),
                "resources": rule.resources,
            }
            for rule in row.rules
        ],
        "unnamed": [{"provider": place.provider, "account": place.account} for place in row.unnamed],
    }


def _listing(row: Collection) -> Document:
    return {
        "type": row.type,
        "scope": records.scope(row.scope),
        "state": row.state,
        "count": row.count,
        "unread": records.unread(row.unread) if row.unread is not None else None,
    }


def _reader(row: LedgerRow) -> Document:
    return {
        "scope": records.scope(row.scope),
        "reader": row.reader,
        "planned": row.planned,
        "calls": row.calls,
        "retries": row.retries,
        "polls": row.polls,
        "outcomes": dict(row.outcomes),
        "digest": row.digest,
        "failures": [
            dict(zip(("resource", "reason", "permission", "detail"), failure, strict=True)) for failure in row.failures
        ],
    }


def _criterion(row: CriterionConclusion) -> Document:
    return {
        "id": row.criterion.id,
        "title": row.criterion.title,
        "series": row.criterion.series,
        "series_title": row.criterion.series_title,
        "category": row.criterion.category,
        "state": row.state,
        "reason": row.reason,
        "selected": row.selected,
        "controls": [conclusion.control.id for conclusion in row.controls],
        "uncovered_aspects": list(row.uncovered_aspects),
    }


def _control(row: ControlConclusion) -> Document:
    return {
        "id": row.control.id,
        "statement": row.control.statement,
        "owner": row.control.owner,
        "operation": row.control.operation,
        "criteria": list(row.control.criteria),
        "digest": row.control.digest,
        "word": row.word,
        "reason": row.reason,
        "complete": row.complete,
        "passed": row.passed,
        "failed": row.failed,
        "waived": row.waived,
        "unknown": row.unknown,
        "not_applicable": row.not_applicable,
        "checks": list(row.checks),
        "unused": list(row.unused),
        "not_run": list(row.not_run),
        "deviations": row.deviations,
    }


def _check(check: Check, run: Assessment) -> Document:
    rows: Mapping[str, Population] = {row.check: row for row in run.populations}
    return {
        "id": check.id,
        "version": check.version,
        "digest": check.digest,
        "title": check.title,
        "severity": check.severity,
        "resource_type": check.resource_type,
        "criteria": list(check.criteria),
        "population": _population(rows[check.id]) if check.id in rows else None,
    }


def _population(row: Population) -> Document:
    return {
        "listed": row.listed,
        "count": row.count,
        "complete": row.complete,
        "passed": row.passed,
        "failed": row.failed,
        "waived": row.waived,
        "unknown": row.unknown,
        "not_applicable": row.not_applicable,
        "queries": list(row.queries),
        "out_of_boundary": row.out_of_boundary,
    }


def _fix(fix: summary.Fix) -> Document:
    return {
        "check": fix.check.id,
        "severity": fix.check.severity,
        "failures": len(fix.failures),
        "waived": fix.waived,
        "resources": [finding.subject.id for finding in fix.failures],
    }


def _gap(gap: summary.Gap) -> Document:
    return {
        "reason": gap.reason,
        "needs": gap.needs,
        "permission": gap.granting,
        "verdicts": gap.verdicts,
        "checks": list(gap.checks),
        "scopes": [records.scope(row) for row in gap.scopes],
    }


def _waiver(state: WaiverState) -> Document:
    return {
        **records.waiver(state.waiver),
        "state": state.state,
        "unmatched": list(state.unmatched),
        "matches": [{"check": row.check.id, "subject": row.subject.id} for row in state.matches],
    }


def _record(run: Assessment) -> Document | None:
    if run.sealed is None:
        return None
    return {**records.plain(run.sealed), "anchoring": closing.anchoring(run)}
