"""Facts of a period for what management writes itself: its assertion, the description of the system, a bridge letter.

They are facts only: the sentences around them are management's. The numbers DC 3 to DC 9 are those of the description
criteria (AICPA, DC section 200).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from engine.model import REGIONLESS
from engine.periods import CriterionInPeriod, NotRetained, Period
from engine.report import period_counts, period_words
from engine.report.layout import counted, named

Facts = Iterator[tuple[str, str]]


def assertion(period: Period) -> Facts:
    """What management needs for its assertion: (what, the fact)."""
    seen = period_counts.totals(period)
    yield "Organisation", period.organization
    yield "Period", period_words.span(period)
    yield "Criteria", _by_category(period.criteria)
    yield "Controls", f"{counted(seen.controls, 'control')}, {seen.controls_with_failures:,} with failures observed"
    words = Counter(period_words.word(row) for row in period.controls)
    yield "They show", ", ".join(f"{word} {count:,}" for word, count in words.items())
    yield (
        "Failures",
        f"{seen.failures:,}: {counted(seen.deviations, 'deviation')} by the rule, {seen.undecided:,} not decided, "
        f"{seen.within_limit:,} within the limit; {seen.open:,} open at the end",
    )
    yield "Accepted", f"{counted(seen.waivers, 'waiver')} beside {counted(seen.accepted, 'failure')}"
    yield "Coverage", period_words.coverage(period)
    for text in removed(period):
        yield "Not retained", text
    kept = [f"{row.control} {summed(row)}" for row in period_counts.summed(period)]
    if kept:
        yield "Not retained, by control", "; ".join(kept)
    for row in period.criteria:
        if row.state == "no_control":
            yield "No control", f"{row.criterion.id} {row.criterion.title}"


def removed(period: Period) -> Iterator[str]:
    """What is kept no longer, by the entries of the chain that removed it."""
    for _, group in groupby(period.not_retained, key=lambda row: row.sequence):
        yield _removed(tuple(group))


def _removed(rows: Sequence[NotRetained]) -> str:
    """What one entry of the chain removed, with the counts that were sealed: not shown elsewhere, and not forgotten."""
    first = rows[0]
    passed, failed, unknown = (sum(getattr(row, name) for row in rows) for name in ("passed", "failed", "unknown"))
    return (
        f"{counted(len(rows), 'run')} of the nights {first.night} to {rows[-1].night}, removed at {first.removed_at} "
        f"by entry {first.sequence} ({first.rule}); "
        f"sealed were {passed:,} passed, {failed:,} failed and {unknown:,} unknown verdicts"
    )


def summed(row: period_counts.Summed) -> str:
    """What the summaries of runs that are kept no longer say of a control."""
    said = row.verdicts
    return (
        f"{said.passed:,} passed, {said.failed:,} failed, {said.unknown:,} unknown, {said.not_applicable:,} not "
        f"applicable in {counted(row.runs, 'run')}, {row.failing:,} of them with failures"
    )


def description(period: Period) -> Facts:
    """What the description of the system needs, as far as runs can see it: (what, the fact)."""
    scopes = {row.scope for row in period.coverage}
    accounts = sorted({f"{scope.provider} {scope.account}" for scope in scopes})
    regions = sorted({scope.region for scope in scopes} - REGIONLESS)
    yield "DC 3 components", f"{counted(len(accounts), 'account')} ({named(accounts, 6)})"
    yield "DC 3 regions", named(regions, 12) or "none but global services"
    resources = (f"{type_} {count:,}" for type_, count in sorted(period.inventory.items()))
    yield "DC 3 resources at the end", named(resources, 30, "more types") or "none seen"
    yield "DC 4 incidents", "not in this evidence"
    yield "DC 5 criteria and controls", f"{_by_category(period.criteria)}; {counted(len(period.controls), 'control')}"
    for state, what in (
        ("subservice", "DC 7 subservice organisations"),
        ("not_relevant", "DC 8 criteria not relevant"),
    ):
        told = [
            f"{row.criterion.id} {row.criterion.title}: {row.reason}" for row in period.criteria if row.state == state
        ]
        yield what, "; ".join(told) or "none stated"
    for label, text in period_words.vendors(period):
        yield f"DC 7 {label}", text
    for label, text in period_words.customers(period):
        yield f"DC 6 {label}", text
    yield from _changes(period)


def bridge(period: Period) -> Facts:
    """What a letter for the time since the last report needs, where this period begins the day after that report's."""
    seen = period_counts.totals(period)
    before = date.fromisoformat(period.starts) - timedelta(days=1)
    yield "Last report", f"use this only where it ended on {before.isoformat()}"
    yield "Covered here", f"{period_words.span(period)}; {period_words.coverage(period)}"
    yield "Failures since", f"{counted(seen.failures, 'failure')}, {counted(seen.deviations, 'deviation')} by the rule"
    carried = sum(failure.began == "before_the_period" for failure in period.failures)
    yield "Carried over", f"{counted(carried, 'failure')} from before the period"
    yield "Open now", f"{counted(seen.open, 'failure')} at the last run"
    yield from _changes(period)


def _changes(period: Period) -> Facts:
    moved = (
        f"{type_} +{period.appeared.get(type_, 0):,} -{period.gone.get(type_, 0):,}"
        for type_ in sorted({*period.appeared, *period.gone})
    )
    yield "DC 9 resources that came and went", named(moved, 30, "more types") or "none seen"
    kinds = Counter(change.kind for change in period.changes)
    told = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    yield "DC 9 changes in how it was judged", told or "none seen"


def _by_category(rows: Iterable[CriterionInPeriod]) -> str:
    categories = Counter(row.criterion.category.replace("_", " ") for row in rows)
    return ", ".join(f"{category} {count:,}" for category, count in categories.items()) or "none"
