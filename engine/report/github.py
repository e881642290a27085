"""Annotations on a pull request, as workflow commands that GitHub's runner reads from a step's output.

A step may have ten annotations of a kind ("Workflow commands for GitHub Actions"; what is beyond is dropped without a
word), so the last of each kind says how many there are beyond. Commands end with their line, and "%", line breaks and
in properties ":" and "," are escaped as the runner's ActionCommand does it; a name can neither end one nor begin one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.report import Options
from engine.report.results import Result, Shown, accepted, beside, headline, line, results
from engine.report.safe import safe
from engine.report.sources import Sources

MOST: Final = 10
LONGEST: Final = 1_000
LONGEST_TITLE: Final = 200

_DATA: Final = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY: Final = (*_DATA, (":", "%3A"), (",", "%2C"))


def render(shown: Shown, options: Options) -> str:
    """One command a line: what the build does and why, what stops it, what it should be warned of."""
    found = results(shown)
    passes = found.run.exit_code == 0
    first = _command(
        "notice" if passes else "error", {"title": "auditreel"}, f"{headline(found)} {beside(found)}".strip()
    )
    stopping = found.stopping
    warned = tuple(row for row in found.of("stands", "unknown") if not row.stops)
    accepted_ = found.of("waived")
    lines = [
        first,
        # The first line is an annotation too.
        *_annotations("error", stopping, MOST - 1, options.sources),
        *_annotations("warning", warned, MOST, options.sources),
        *_annotations("notice", accepted_, MOST - 1, options.sources),
    ]
    return "\n".join(lines) + "\n"


def _annotations(kind: str, rows: Sequence[Result], most: int, sources: Sources | None) -> Iterator[str]:
    kept = len(rows) if len(rows) <= most else most - 1
    for row in rows[:kept]:
        yield _annotation(kind, row, sources)
    if len(rows) > kept:
        text = f"And {len(rows) - kept:,} more: GitHub shows {MOST} of a kind. The step's summary has them."
        yield _command(kind, {"title": "auditreel"}, text)


def _annotation(kind: str, row: Result, sources: Sources | None) -> str:
    properties = {}
    where = line(row, sources) if sources is not None else None
    if where is not None and where.first:
        properties = {
            "file": safe(where.path, LONGEST),
            "line": str(where.first),
            "endLine": str(max(where.first, where.last)),
        }
    elif where is not None:
        properties = {"file": safe(where.path, LONGEST)}
    properties["title"] = safe(f"{row.word}: {row.check.title}", LONGEST_TITLE)
    told = [f"{safe(row.name, LONGEST)}: {safe(row.message, LONGEST)}"]
    if row.waiver is not None:
        told.append(f"Waived: {safe(accepted(row.waiver), LONGEST)}")
    elif row.fix and row.standing != "unknown":
        told.append(f"To change: {safe(row.fix, LONGEST)}")
    told.append(f"{row.check.id}, {row.check.severity}, {', '.join(row.check.criteria)}")
    return _command(kind, properties, "\n".join(told))


def _command(kind: str, properties: dict[str, str], text: str) -> str:
    told = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in properties.items())
    return f"::{kind} {told}::{_escaped(text, _DATA)}"


def _escaped(text: str, table: Sequence[tuple[str, str]]) -> str:
    for character, escape in table:
        text = text.replace(character, escape)
    return text
