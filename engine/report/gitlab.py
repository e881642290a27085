"""What stops a merge request and what stands beside it, as GitLab's code quality report.

GitLab's documentation, "Code Quality", section "Code Quality report format". It shows what is new beside the target
branch by the fingerprints, which are one of a check and its subject; equal ones are shown once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.report import Options, records
from engine.report.records import Document
from engine.report.results import Result, Results, Shown, headline, line, results
from engine.report.safe import safe
from engine.report.sources import FIRST, Line, Sources

LONGEST: Final = 1_000

_SEVERITY: Final = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def render(shown: Shown, options: Options) -> str:
    """The issues as one JSON list. Accepted failures are none; a run that is not whole, or no real one, is one."""
    found = results(shown)
    rows = found.of("fails", "unknown", "stands")
    issues = [*_whole(found), *(_issue(row, options.sources) for row in rows)]
    return records.encoded(issues, indent=2) + "\n"


def _whole(found: Results) -> Iterator[Document]:
    run = found.run
    if run.kind == "demo" or run.exit_code not in (0, 3) or set(run.exit_reasons) - {0, 3}:
        yield {
            "check_name": "auditreel",
            "description": safe(headline(found), LONGEST),
            "fingerprint": f"auditreel-exit-{run.exit_code}",
            "severity": "blocker",
            "location": {"path": FIRST, "lines": {"begin": 1}},
        }


def _issue(row: Result, sources: Sources | None) -> Document:
    where = line(row, sources) or Line(f"checks/{row.check.id.replace('.', '/')}.yaml")
    text = f"{safe(row.name, LONGEST)}: {row.word}: {safe(row.message, LONGEST)}"
    if row.fix and row.standing != "unknown":
        text += f" To change: {safe(row.fix, LONGEST)}"
    return {
        "check_name": row.check.id,
        "description": text,
        "fingerprint": row.fingerprint,
        "severity": _SEVERITY[row.check.severity] if row.stops else "info",
        "location": {"path": where.path, "lines": {"begin": where.first or 1}},
    }
