"""One finding a row, for spreadsheets: with the run, the check, the cause and the waiver joined to it.

The columns are stable: a new one is added at the end. Names from outside must not act where the file is opened. What
starts a formula gets an apostrophe before it, also after a semicolon, at which some spreadsheets split whatever the
quotes say. Control characters and line breaks become their escapes, so that a row is a line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from engine.model import Assessment
from engine.report import Options
from engine.report.safe import safe

COLUMNS: Final = (
    "verdict",
    "severity",
    "check",
    "title",
    "criteria",
    "provider",
    "account",
    "region",
    "subject",
    "resource_type",
    "resource_id",
    "resource_name",
    "message",
    "reason",
    "operation",
    "permission",
    "detail",
    "waived_by",
    "waived_until",
    "collected_at",
    "as_of",
    "organization",
    "kind",
    "run",
    "recorded",
)
_FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠])")  # noqa: RUF001 - the wide forms start formulas too


def render(assessment: Assessment, options: Options) -> str:
    """The findings as CSV (RFC 4180, but with plain line feeds), in the order of the evidence records."""
    del options
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for index in range(len(assessment.findings)):
        rows.writerow(map(cell, _row(assessment, index)))
    return text.getvalue()


def cell(text: str) -> str:
    """A text that a spreadsheet only shows, and that has no line break."""
    return _FORMULA.sub(r"\1'", safe(text, len(text)))


def _row(run: Assessment, index: int) -> tuple[str, ...]:
    row = run.findings[index]
    unread = [cause.unread for cause in row.causes]
    waiver = run.waived.get(index)
    return (
        row.verdict,
        row.check.severity,
        row.check.id,
        row.check.title,
        " ".join(row.check.criteria),
        row.scope.provider,
        row.scope.account,
        row.scope.region,
        row.subject.kind,
        row.subject.type,
        row.subject.id,
        row.subject.name,
        row.message or "",
        row.reason or "",
        _joined(why.operation for why in unread),
        _joined(why.permission for why in unread),
        _joined(why.detail for why in unread),
        waiver.id if waiver else "",
        waiver.expires.isoformat() if waiver else "",
        row.resource.collected_at if row.resource else "",
        run.as_of,
        run.organization,
        run.kind,
        run.run_id or "",
        "yes" if run.sealed is not None else "no",
    )


def _joined(texts: Iterable[str | None]) -> str:
    """The different texts, in their order."""
    return ", ".join(dict.fromkeys(text for text in texts if text))
