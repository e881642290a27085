"""Issues in an Azure Pipelines build, as logging commands that the agent reads from a step's output.

"Logging commands", section "LogIssue". What the agent unescapes (its CommandStringConvertor) is escaped: ";", "]", line
breaks, and "%" as %AZP25. The agent finds a command anywhere in a line; a name can neither end one nor hold one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.report import Options
from engine.report.results import Result, Shown, accepted, beside, headline, line, results
from engine.report.safe import safe
from engine.report.sources import Sources

MOST: Final = 200
"""Issues of a kind: the build's page shows ten of a step, its log every one."""
LONGEST: Final = 1_000

_ESCAPES: Final = (("%", "%AZP25"), (";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"))


def render(shown: Shown, options: Options) -> str:
    """One command a line: what the build does and why, what stops it, what it should be warned of."""
    found = results(shown)
    warned = tuple(row for row in found.of("stands", "unknown") if not row.stops)
    whole = f"{headline(found)} {beside(found)}".strip()
    first = safe(whole, LONGEST) if found.run.exit_code == 0 else _issue("error", {}, whole)
    lines = [
        first,
        *_issues("error", found.stopping, options.sources),
        *_issues("warning", warned, options.sources),
        # The agent knows no kind below a warning.
        *(
            f"{safe(row.name)}: waived: {safe(accepted(row.waiver), LONGEST)}"
            for row in found.of("waived")
            if row.waiver
        ),
    ]
    return "\n".join(lines) + "\n"


def _issues(kind: str, rows: Sequence[Result], sources: Sources | None) -> list[str]:
    told = [_told(kind, row, sources) for row in rows[:MOST]]
    if len(rows) > MOST:
        told.append(_issue(kind, {}, f"And {len(rows) - MOST:,} more, which the other formats have."))
    return told


def _told(kind: str, row: Result, sources: Sources | None) -> str:
    where = line(row, sources) if sources is not None else None
    properties = {}
    if where is not None:
        properties["sourcepath"] = safe(where.path, LONGEST)
    if where is not None and where.first:
        properties |= {"linenumber": str(where.first), "columnnumber": "1"}
    properties["code"] = row.check.id
    text = f"{safe(row.name, LONGEST)}: {row.word}: {safe(row.message, LONGEST)}"
    if row.fix and row.standing != "unknown":
        text += f" To change: {safe(row.fix, LONGEST)}"
    return _issue(kind, properties, text)


def _issue(kind: str, properties: Mapping[str, str], text: str) -> str:
    told = "".join(f"{name}={_escaped(value)};" for name, value in {"type": kind, **properties}.items())
    return f"##vso[task.logissue {told}]{_escaped(safe(text, 4 * LONGEST))}"


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text
