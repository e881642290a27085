"""A gate on the screen: what stops it first, then what nobody can tell, what else changed, and what was not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from engine.gates import Change, Gate
from engine.model import SEVERITIES
from engine.report import Options, layout
from engine.report.layout import Page, counted, named
from engine.report.safe import safe

SHOWN: Final = 25
"""Rows of a section; the other formats have all."""
_TITLES: Final = (
    ("new_failure", "New failures"),
    ("worse", "Failures that grew"),
    ("control_deleted", "Controls that are deleted"),
    ("unknown", "Nobody can tell"),
    ("unchanged_failure", "Failed before, fails still"),
    ("fixed", "Fixed"),
)


def render(gate: Gate, options: Options) -> str:
    """The gate as a page of text for a terminal of ``options.width`` columns."""
    page = layout.page(options)
    sections = [_header(gate, page)]
    sections += [_section(title, gate.of(movement), page) for movement, title in _TITLES]  # type: ignore[arg-type]
    sections += [_content(gate, page), _left(gate, page), _closing(gate, page)]
    blocks = [[line.rstrip() for line in section] for section in sections]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _header(gate: Gate, page: Page) -> Iterator[str]:
    run, source = gate.assessment, gate.source
    yield page.heading(f"Gate of {safe(source.path)}", f"as of {run.as_of}")
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
    yield from page.labelled("Before", f"by {safe(gate.base_name)}", most=2)
    commit = (
        f"as of commit {gate.policy_ref[:12]}"
        if gate.policy_ref
        else "as in the working folder, which a change can change"
    )
    yield from page.labelled("Policy", f"checks, controls and waivers {commit}", most=2)
    for text in (*source.incomplete, *source.statements):
        yield from page.labelled("Note", safe(text), most=3)


def _section(title: str, changes: Iterable[Change], page: Page) -> Iterator[str]:
    rows = list(changes)
    if not rows:
        return
    yield page.heading(title, str(len(rows)))
    for change in sorted(rows, key=_gravity)[:SHOWN]:
        where = change.place.address if change.place is not None else change.subject.id
        mark = "stops" if change.stops else "waived" if change.waiver is not None else ""
        yield from page.labelled(mark, f"{change.check.id} [{change.check.severity}] {safe(where)}", most=2)
        finding = change.finding
        if finding is not None and finding.message and change.movement != "fixed":
            yield from page.labelled("", safe(finding.message), most=3)
        if change.waiver is not None:
            text = (
                f"accepted until {change.waiver.expires} by {change.waiver.approval.approver}: {change.waiver.reason}"
            )
            yield from page.labelled("", safe(text), most=3)
    if len(rows) > SHOWN:
        yield from page.labelled("", f"and {len(rows) - SHOWN} more: --format json has all")


def _gravity(change: Change) -> tuple[bool, int]:
    """What stops first, and of that the most severe."""
    return not change.stops, -SEVERITIES.index(change.check.severity)


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


def _closing(gate: Gate, page: Page) -> Iterator[str]:
    run = gate.assessment
    stopping = sum(change.stops for change in gate.changes)
    unknown = len(gate.of("unknown"))
    yield page.heading("Stops" if run.exit_code else "Does not stop", counted(stopping, "reason"))
    if unknown:
        later = sum(change.movement == "unknown" and not change.stops for change in gate.changes)
        yield from page.labelled("Unknown", f"{counted(unknown, 'verdict')}, of which {later} do not stop it", most=2)
    if run.sealed is not None:
        yield from page.labelled("Recorded", f"run {run.run_id} in {safe(str(run.sealed['store']))}")
    else:
        yield from page.labelled("Recorded", "not in a store" if not gate.unsigned else "unsigned, in a file")
    gravest = min((change for change in gate.changes if change.stops), key=_gravity, default=None)
    if gravest is not None:
        yield from page.labelled("Next", f"auditreel explain {gravest.check.id}")
