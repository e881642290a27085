"""A run's heartbeat: metrics for Prometheus (text exposition format 0.0.4), and a line of JSON. Pure.

A file of metrics is read back, so that a run that dies leaves when the last one ended and was sealed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from engine.model import Assessment
from engine.report import summary

Metrics = Mapping[tuple[str, str], float]
"""Values by name and by the labels as text ("" for none)."""

HELP: Final[Mapping[str, str]] = {
    "in_progress": "1 from the start of a run to its end; it stays 1 where the run was killed.",
    "start_timestamp_seconds": "When the last run began.",
    "end_timestamp_seconds": "When the last run that ended by itself ended, however it ended.",
    "duration_seconds": "How long that run took.",
    "exit_code": "Its exit code: 0, 1 defect, 2 usage, 3 failures, 4 incomplete, 5 not sealed, 130 and 143 stopped.",
    "complete": "1 where it judged everything that it was asked for: no listing failed and nothing is unknown.",
    "sealed": "1 where it was sealed in an evidence store.",
    "resumed": "1 where it went on with a run that had died.",
    "verdicts": "Its verdicts by kind; absent where it reached none.",
    "waived": "Its failures beside which a waiver stands.",
    "seal_sequence": "Place in the chain of the last seal that a run with this file made.",
    "seal_timestamp_seconds": "When that run ended.",
    "next_due_timestamp_seconds": "When the next run is due by the schedule of organization.yaml.",
    "next_late_timestamp_seconds": "When a run that has not begun by then is late.",
}
"""Every metric (all are gauges), without its prefix, with what it says."""
PREFIX: Final = "auditreel_run_"
_KEPT: Final = frozenset({"seal_sequence", "seal_timestamp_seconds", "next_due_timestamp_seconds",
                          "next_late_timestamp_seconds"})  # fmt: skip
"""What stays of an earlier run where this one has nothing of its own to say."""
_SAMPLE: Final = rf"{PREFIX}([a-z_]+)(?:\{{([a-z]+=\"[a-z_]+\")\}})? (-?[0-9.e+]+)"


@dataclass(frozen=True, slots=True)
class Beat:
    """A run as far as it came. Times are RFC 3339 UTC; ``code`` is None while it is under way.

    ``due`` is when the next run is due, and from when it is late; None where the policy could not be read.
    """

    started_at: str
    ended_at: str | None = None
    seconds: float = 0.0
    code: int | None = None
    assessment: Assessment | None = None
    due: tuple[str, str] | None = None


def metrics(beat: Beat, before: Metrics) -> dict[tuple[str, str], float]:
    """The values of a run; of the one before it what still holds."""
    due = dict(zip(("next_due_timestamp_seconds", "next_late_timestamp_seconds"), beat.due or (), strict=False))
    found = {(name, ""): _epoch(text) for name, text in due.items()}
    found["start_timestamp_seconds", ""] = _epoch(beat.started_at)
    if beat.ended_at is None or beat.code is None:
        return {**before, **found, ("in_progress", ""): 1}
    run = beat.assessment
    sealed = run.sealed if run is not None else None
    found |= {
        ("in_progress", ""): 0,
        ("end_timestamp_seconds", ""): _epoch(beat.ended_at),
        ("duration_seconds", ""): round(beat.seconds, 3),
        ("exit_code", ""): beat.code,
        ("complete", ""): run is not None and complete(run),
        ("sealed", ""): sealed is not None,
        ("resumed", ""): run is not None and run.resumed is not None,
    }
    if run is not None:
        counts = _counts(run)
        found |= {("verdicts", f'verdict="{word}"'): count for word, count in counts.items() if word != "waived"}
        found["waived", ""] = counts["waived"]
    if sealed is not None:
        found["seal_sequence", ""] = sealed["sequence"]
        found["seal_timestamp_seconds", ""] = _epoch(beat.ended_at)
    return {**{key: value for key, value in before.items() if key[0] in _KEPT}, **found}


def complete(run: Assessment) -> bool:
    """Whether everything that was asked for was judged, whatever the exit code was allowed to pass over."""
    return all(row.complete and not row.unknown for row in run.populations) and 4 not in run.exit_reasons


def _counts(run: Assessment) -> dict[str, int]:
    sums = summary.totals(run)
    return {
        "pass": sums.passed,
        "fail": sums.failed,
        "unknown": sums.unknown,
        "not_applicable": sums.not_applicable,
        "waived": sums.waived,
    }


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def exposition(values: Metrics) -> str:
    """Metrics as Prometheus' textfile collector reads them."""
    return "".join(f"{line}\n" for line in _lines(values))


def _lines(values: Metrics) -> Iterator[str]:
    for name, text in HELP.items():
        mine = sorted((labels, value) for (metric, labels), value in values.items() if metric == name)
        if mine:
            yield f"# HELP {PREFIX}{name} {text}"
            yield f"# TYPE {PREFIX}{name} gauge"
        for labels, value in mine:
            number = f"{float(value):.3f}".rstrip("0").rstrip(".")
            yield f"{PREFIX}{name}{'{' + labels + '}' if labels else ''} {number}"


def parsed(text: str) -> dict[tuple[str, str], float]:
    """The values in a file of ours; what is not ours is left out."""
    rows = (re.fullmatch(_SAMPLE, line) for line in text.splitlines())
    return {(row[1], row[2] or ""): float(row[3]) for row in rows if row is not None and row[1] in HELP}


def line(beat: Beat) -> str:
    """The run as one line of JSON."""
    run = beat.assessment
    sealed = (run.sealed if run is not None else None) or {}
    document: dict[str, Any] = {
        "event": "auditreel.run",
        "version": 1,
        "started_at": beat.started_at,
        "ended_at": beat.ended_at,
        "seconds": round(beat.seconds, 3),
        "exit_code": beat.code,
        "exit_reasons": {str(code): reason for code, reason in run.exit_reasons.items()} if run is not None else {},
        "complete": run is not None and complete(run),
        "kind": run.kind if run is not None else None,
        "as_of": run.as_of if run is not None else None,
        "run": run.run_id if run is not None else None,
        "resumed": run.resumed if run is not None else None,
        "verdicts": _counts(run) if run is not None else None,
        "seal": {name: sealed.get(name) for name in ("sequence", "digest", "root")} if sealed else None,
        "next_due_at": beat.due[0] if beat.due is not None else None,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
