"""A page of Markdown for whose change is judged: what happens and why, what to change, where and how.

The first line says it all; what stops the change comes next, each failure with its file, its line and what to write;
what does not stop it is folded away. The page is as long as its place allows, and says what it left out. Names are
shown as :mod:`engine.report.markdown` shows them, so that nothing in one acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from engine.gate.model import Gate
from engine.report import Options, closing, sentences, summary
from engine.report.layout import counted
from engine.report.markdown import LONGEST_FACT, code, prose
from engine.report.results import ACCEPTING, Result, Results, Shown, accepted, beside, headline, line, parts, results
from engine.report.sources import Sources

SHOWN: Final = 6_400
"""Rows of a section on the longest page; shorter ones show a half, a quarter, and so on."""
SHOWN_VALUES: Final = 5
SHOWN_PARTS: Final = 5


def page(shown: Shown, options: Options, most: int, start: str = "") -> str:
    """The page in at most ``most`` bytes of UTF-8, after ``start``."""
    found = results(shown)
    rows = SHOWN
    while rows:
        text = start + _page(found, options.sources, rows)
        if len(text.encode("utf-8", "replace")) <= most:
            return text
        rows //= 2
    first, second = (prose(text, LONGEST_FACT) for text in (headline(found), beside(found)))
    return f"{start}## {first}\n\n{second}\n\nThe rest is too long for this place; the other formats have it.\n"


def _page(found: Results, sources: Sources | None, most: int) -> str:
    known = [row for row in found.stopping if row.standing != "unknown"]
    unknown = [row for row in found.stopping if row.standing == "unknown"]
    sections = (
        [f"## {prose(headline(found), LONGEST_FACT)}"],
        [prose(beside(found), LONGEST_FACT)],
        _other_reasons(found),
        _stopping(found, "What to change", known, sources, most),
        _accepting(found, most),
        _stopping(found, "What nobody can tell", unknown, sources, most),
        _folded("Not known, which does not stop this", _quiet(found), sources, most),
        _folded("Failures that do not stop this", found.of("stands"), sources, most),
        _folded("Accepted failures", found.of("waived"), sources, most),
        _folded("Fixed", found.of("fixed"), sources, most),
        *((_content(found.gate), _live(found.gate, most), _plan(found.gate, most)) if found.gate is not None else ()),
        _closing(found),
    )  # fmt: skip
    blocks = ["\n".join(section) for section in sections]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _other_reasons(found: Results) -> Iterator[str]:
    for exit_code, reason in sorted(found.run.exit_reasons.items()):
        if exit_code not in (0, 3):
            yield f"- **exit {exit_code}**: {prose(reason, LONGEST_FACT)}"


# --- what stops it ---------------------------------------------------------------------------------------------------


def _stopping(found: Results, title: str, rows: Sequence[Result], sources: Sources | None, most: int) -> Iterator[str]:
    """What stops it, by check: why it matters once, and each subject with its place."""
    if not rows:
        return
    yield f"### {title}"
    for _, group in groupby(rows[:most], key=lambda row: (row.check.id, row.fix)):
        yield from _check(found, list(group), sources)
    yield from _rest(rows, most)


def _check(found: Results, rows: Sequence[Result], sources: Sources | None) -> Iterator[str]:
    first = rows[0]
    check = first.check
    criteria = prose(sentences.criteria(check.criteria, [row.criterion for row in found.run.criteria]))
    yield f"\n**{check.severity.upper()}: {prose(check.title)}** ({criteria}, {code(check.id)})\n"
    for row in rows:
        yield f"- {_where(row, sources)}: **{row.word}**. {prose(row.message, LONGEST_FACT)}"
        added = row.change.added if row.change is not None and row.change.movement == "worse" else ()
        if added:
            values = [f"{code(path)} {code(str(value))}" for path, value in added[:SHOWN_VALUES]]
            yield f"  - new beside what failed before: {', '.join(values)}{_beyond(len(added), SHOWN_VALUES)}"
        known = parts(row, sources)
        if known:
            names = [f"{code(name)} in {code(f'{at.path}:{at.first}')}" for name, at in known[:SHOWN_PARTS]]
            yield f"  - its parts: {', '.join(names)}{_beyond(len(known), SHOWN_PARTS)}"
    if first.standing == "unknown":
        return
    if first.fix:
        written = first.fix in check.remediation.values()
        yield f"\n**How:** {code(first.fix, LONGEST_FACT) if written else prose(first.fix)}"
    yield f"\n**Why:** {prose(check.rationale, LONGEST_FACT)}"


def _accepting(found: Results, most: int) -> Iterator[str]:
    """How what a change makes fail is accepted instead, and what the waivers name."""
    rows = [row for row in found.stopping if row.standing == "fails"] if found.gate is not None else []
    if not rows:
        return
    yield f"<details><summary>To accept it instead: a waiver</summary>\n\n{prose(ACCEPTING, LONGEST_FACT)}\n"
    for row in rows[:most]:
        yield f"- check {code(row.check.id)}, account {code(row.scope.account)}, resource {code(row.subject.id)}"
    yield f"{_beyond(len(rows), most).strip()}\n</details>"


def _where(row: Result, sources: Sources | None) -> str:
    """What it is about, and where that is written or runs."""
    where = line(row, sources)
    if where is None:
        return f"{code(row.name)} in {code(str(row.scope))}"
    if not where.first:
        return code(row.name)
    at = code(f"{where.path}:{where.first}")
    return f"{code(row.name)} in {at}" + (" (the call of its module)" if where.called else "")


def _rest(rows: Sequence[Result], most: int) -> Iterator[str]:
    if len(rows) > most:
        yield f"\nand **{len(rows) - most:,} more**, which this place has no room for; the other formats have them."


def _beyond(count: int, most: int) -> str:
    return f" and {count - most:,} more" if count > most else ""


# --- what does not stop it -------------------------------------------------------------------------------------------


def _quiet(found: Results) -> tuple[Result, ...]:
    return tuple(row for row in found.of("unknown") if not row.stops)


def _folded(title: str, rows: Sequence[Result], sources: Sources | None, most: int) -> Iterator[str]:
    if not rows:
        return
    yield f"<details><summary>{title}: {len(rows):,}</summary>\n"
    for row in rows[:most]:
        told = f"- {code(row.check.id)} {_where(row, sources)}"
        if row.waiver is not None:
            told += f": {prose(accepted(row.waiver), LONGEST_FACT)}"
        elif row.standing != "fixed":
            told += f": {row.word}. {prose(row.message)}"
        yield told
    yield from _rest(rows, most)
    yield "\n</details>"


def _content(gate: Gate) -> Iterator[str]:
    """What the change does to what it is judged by."""
    if gate.content_changes:
        yield "### Changes that do not apply to this change itself\n"
        yield "Checks, controls, policy and waivers were read from the base commit.\n"
        for row in gate.content_changes:
            yield f"- {row.kind}: {code(row.path)}"


def _live(gate: Gate, most: int) -> Iterator[str]:
    rows = gate.needs_live
    if rows:
        yield f"<details><summary>Checks that need the live account, not judged here: {len(rows):,}</summary>\n"
        for row in rows[:most]:
            yield f"- {code(row.check.id)}: {prose(row.why)}"
        yield f"{_beyond(len(rows), most).strip()}\n</details>"


def _plan(gate: Gate, most: int) -> Iterator[str]:
    """What was judged, by what, beside what."""
    source, request = gate.source, gate.request
    actions = ", ".join(f"{count:,} {name}" for name, count in sorted(source.actions.items()))
    yield "### What was judged\n"
    yield (
        f"- Plan {code(source.path)} (SHA-256 {code(source.digest)}), {prose(source.tool)}: "
        f"{counted(source.resources, 'resource')}{f' ({prose(actions)})' if actions else ''}, "
        f"judged as {source.judged:,}"
    )
    for text in (*source.incomplete, *source.statements):
        yield f"- {prose(text, LONGEST_FACT)}"
    if source.unmapped:
        names = [f"{code(name)} {count:,}" for name, count in sorted(source.unmapped.items())]
        many = counted(sum(source.unmapped.values()), "resource")
        shown = f"{', '.join(names[:most])}{_beyond(len(names), most)}"
        yield f"- **Not judged**: {many} of types that no mapping reads: {shown}"
    if source.orphans:
        shown = f"{', '.join(map(code, source.orphans[:most]))}{_beyond(len(source.orphans), most)}"
        yield f"- Parts of something that the plan does not hold: {shown}"
    policy = (
        f"of {code(gate.policy_ref)}" if gate.policy_ref else "**of the working folder, which this change can change**"
    )
    yield f"- Before: by {prose(gate.base_name)}; checks, controls and waivers {policy}"
    given = [
        f"{label} {code(value)}"
        for label, value in (
            ("pull request", request.pull_request),
            ("base", request.base_commit),
            ("head", request.head_commit),
            ("approved by", ", ".join(request.approvers)),
        )
        if value
    ]
    if given:
        yield f"- As CI says: {', '.join(given)}"


def _closing(found: Results) -> Iterator[str]:
    run = found.run
    if found.gate is None:
        yield f"Judged: {prose(sentences.judged(run), LONGEST_FACT)}. {prose(sentences.covered(run), LONGEST_FACT)}"
    loud = [state for state in run.waivers if state.state in ("expired", "uncommitted", "not_started", "unmatched")]
    for state in sorted(loud, key=lambda state: state.waiver.id):
        yield f"- Waiver {code(state.waiver.id)}: **{sentences.waiver(state)[0]}** {prose(sentences.waiver(state)[1])}"
    told = (
        f"Recorded: {prose(closing.recorded(run), LONGEST_FACT)}"
        if run.sealed is not None
        else "**Unsigned**: no signing key here, so the record is in a file and in no store"
        if found.gate is not None and found.gate.unsigned
        else prose(closing.standing(run))
    )
    sums = summary.totals(run)
    yield f"\n{told} · {sums.passed:,} pass, {sums.failed:,} fail, {sums.unknown:,} unknown · {prose(run.as_of)}"
