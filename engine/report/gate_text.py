"""A gate on the screen: what stops the change, where, why, how to mend it or have it accepted; then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from engine.gate.model import Gate
from engine.report import Options, layout, sentences
from engine.report.layout import Page, counted, named
from engine.report.results import ACCEPTING, Result, Results, accepted, beside, headline, line, parts, results
from engine.report.safe import safe
from engine.report.sources import Sources

SHOWN: Final = 25
"""Rows of a section; the other formats have all."""
SHOWN_PARTS: Final = 3
LONGEST: Final = 2_000
"""Characters of a sentence; what does not fit its lines ends with how long it is."""


def render(gate: Gate, options: Options) -> str:
    """The gate as a page of text for a terminal of ``options.width`` columns."""
    page, found, sources = layout.page(options), results(gate), options.sources
    unknown = [row for row in found.of("unknown") if not row.stops]
    sections = (
        _verdict(found, page),
        _stopping(found, sources, page),
        _section("Unknown, does not stop", unknown, sources, page),
        _section("Fails, does not stop", found.of("stands"), sources, page),
        _section("Accepted", found.of("waived"), sources, page),
        _section("Fixed", found.of("fixed"), sources, page),
        _content(gate, page),
        _judged(gate, page),
        _left(gate, page),
        _closing(found, gate, page),
    )
    blocks = [[line.rstrip() for line in section] for section in sections]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _verdict(found: Results, page: Page) -> Iterator[str]:
    assert found.gate is not None  # noqa: S101 - it was made of one
    yield page.heading(f"Gate of {safe(found.gate.source.path)}", f"as of {found.run.as_of}")
    yield from layout.wrapped(safe(headline(found), LONGEST), page.width)
    yield from layout.wrapped(safe(beside(found), LONGEST), page.width)
    for code, reason in sorted(found.run.exit_reasons.items()):
        # Where nothing else stops it, the headline says it already.
        if code not in (0, 3) and found.stopping:
            yield from page.labelled(f"exit {code}", safe(reason, LONGEST), most=4)


# --- verdicts --------------------------------------------------------------------------------------------------------


def _stopping(found: Results, sources: Sources | None, page: Page) -> Iterator[str]:
    """What stops the change, by check: each subject with its place, then why and what to do, once."""
    rows = found.stopping
    if not rows:
        return
    yield page.heading("Stops the change", str(len(rows)))
    groups = [list(group) for _, group in groupby(rows[:SHOWN], key=lambda row: (row.check.id, row.standing, row.fix))]
    for group in groups:
        yield from _check(found, group, sources, page)
    yield from _more(rows, page)
    failing = [group for group in groups if group[0].standing == "fails"]
    if failing:
        yield from page.labelled("To accept", ACCEPTING, most=3)
    for group in failing:
        accounts = ", ".join(sorted({safe(row.scope.account) for row in group}))
        ids = named(dict.fromkeys(safe(row.subject.id) for row in group), 3)
        yield from page.labelled("", f"check {group[0].check.id}, account {accounts}, resources {ids}", most=3)


def _check(found: Results, rows: Sequence[Result], sources: Sources | None, page: Page) -> Iterator[str]:
    first = rows[0]
    check = first.check
    criteria = sentences.criteria(check.criteria, [row.criterion for row in found.run.criteria])
    yield from page.labelled(check.severity.upper(), f"{check.title} ({criteria}, {check.id})", most=3)
    for row in rows:
        yield from page.labelled("", f"{row.word}: {_where(row, sources)}", most=3)
        yield from page.labelled("", safe(row.message, LONGEST), most=4)
        known = parts(row, sources)
        if known:
            names = named((f"{safe(name)} in {safe(at.path)}:{at.first}" for name, at in known), SHOWN_PARTS)
            yield from page.labelled("", f"by {names}", most=3)
    if first.standing == "unknown":
        return
    yield from page.labelled("Why", safe(check.rationale, LONGEST), most=4)
    if first.fix:
        yield from page.labelled("To mend", safe(first.fix, LONGEST), most=6)


def _where(row: Result, sources: Sources | None) -> str:
    """What it is about, and where that is written."""
    at = line(row, sources) if sources is not None else None
    if at is None or not at.first:
        return safe(row.name)
    return f"{safe(row.name)} in {safe(at.path)}:{at.first}" + (" (the call of its module)" if at.called else "")


def _section(title: str, rows: Sequence[Result], sources: Sources | None, page: Page) -> Iterator[str]:
    if not rows:
        return
    yield page.heading(title, str(len(rows)))
    for row in rows[:SHOWN]:
        yield from page.labelled(row.check.severity, f"{row.check.id} {_where(row, sources)}", most=2)
        if row.waiver is not None:
            yield from page.labelled("", safe(accepted(row.waiver), LONGEST), most=3)
        elif row.standing != "fixed":
            yield from page.labelled("", safe(row.message, LONGEST), most=3)
    yield from _more(rows, page)


def _more(rows: Sequence[Result], page: Page) -> Iterator[str]:
    if len(rows) > SHOWN:
        yield from page.labelled("", f"and {len(rows) - SHOWN:,} more: --format json has all")


# --- what was judged, and what was not -------------------------------------------------------------------------------


def _judged(gate: Gate, page: Page) -> Iterator[str]:
    run, source = gate.assessment, gate.source
    yield page.heading("What was judged", "")
    counts = ", ".join(f"{count} {action}" for action, count in source.actions.items()) or "no resource"
    label = "Plan" if source.kind == "terraform" else "Template"
    yield from page.labelled(label, f"{source.tool}, format {source.format_version}: {counts}", most=3)
    judged = (
        f"{counted(source.judged, 'resource')} of {source.resources} by {counted(len(run.selection.checks), 'check')}"
    )
    verdicts = Counter(finding.verdict for finding in run.findings)
    told = ", ".join(
        f"{verdicts[name]} {name.replace('_', ' ')}" for name in ("pass", "fail", "unknown", "not_applicable")
    )
    yield from page.labelled("Judged", f"{judged}: {told}", most=3)
    yield from page.labelled("Before", f"by {safe(gate.base_name)}", most=3)
    commit = (
        f"as of commit {gate.policy_ref[:12]}"
        if gate.policy_ref
        else "as in the working folder, which a change can change (--policy-ref)"
    )
    yield from page.labelled("Policy", f"checks, controls and waivers {commit}", most=2)
    for text in (*source.incomplete, *source.statements):
        yield from page.labelled("Note", safe(text), most=3)


def _content(gate: Gate, page: Page) -> Iterator[str]:
    if not gate.content_changes:
        return
    yield page.heading("Changed in this pull request, does not apply to it", str(len(gate.content_changes)))
    for row in gate.content_changes[:SHOWN]:
        yield from page.labelled(row.kind, safe(row.path), most=2)
    if len(gate.content_changes) > SHOWN:
        yield from page.labelled("", f"and {len(gate.content_changes) - SHOWN} more")


def _left(gate: Gate, page: Page) -> Iterator[str]:
    source = gate.source
    if not (gate.needs_live or source.unmapped or source.orphans):
        return
    yield page.heading("Not judged", "")
    if gate.needs_live:
        names = named((row.check.id for row in gate.needs_live), 4)
        yield from page.labelled(
            "Live", f"{counted(len(gate.needs_live), 'check')} need the live account: {names}", most=3
        )
    if source.unmapped:
        kinds = (f"{safe(type_)} ({count})" for type_, count in source.unmapped.items())
        total = counted(sum(source.unmapped.values()), "resource")
        yield from page.labelled("Types", f"{total} of types that no check reads: {named(kinds, 6)}", most=4)
    if source.orphans:
        names = named(map(safe, source.orphans), 4)
        yield from page.labelled(
            "Parts", f"{counted(len(source.orphans), 'part')} of what this plan does not hold: {names}", most=3
        )


def _closing(found: Results, gate: Gate, page: Page) -> Iterator[str]:
    run = gate.assessment
    if run.sealed is not None:
        yield from page.labelled("Recorded", f"run {run.run_id} in {safe(str(run.sealed['store']))}")
    else:
        yield from page.labelled("Recorded", "not in a store" if not gate.unsigned else "unsigned, in a file")
    if found.stopping:
        yield from page.labelled("Next", f"auditreel explain {found.stopping[0].check.id}")
    yield f"exit {run.exit_code}"
