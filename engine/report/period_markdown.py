"""A Type I or Type II report as Markdown, for a ticket or a wiki. Names from outside stand where nothing acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from engine.periods import ControlInPeriod, Failure, Period
from engine.report import Options, period_counts, period_facts, period_words
from engine.report.layout import counted
from engine.report.markdown import code, prose

SHOWN: Final = 50
"""Rows of a list that are shown; the rest is counted."""
_LONGEST: Final = 2_000


def render(period: Period, options: Options) -> bytes:
    """The report as Markdown (GitHub's, which others read too)."""
    del options
    sections: tuple[Callable[[Period], Iterator[str]], ...] = (
        _header, _totals, _nights, _criteria, _unused, _populations, _changes, _waivers, _samples, _facts,
    )  # fmt: skip
    blocks = ["\n".join(section(period)) for section in sections]
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def _prose(text: str) -> str:
    return prose(text, _LONGEST)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], what: str) -> Iterator[str]:
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join('---' for _ in headings)}|"
    for row in rows[:SHOWN]:
        yield f"| {' | '.join(row)} |"
    if len(rows) > SHOWN:
        yield f"\nand {counted(len(rows) - SHOWN, f'more {what}')}: every one is in the work paper."


def _header(period: Period) -> Iterator[str]:
    for text in period_words.firsts(period):
        yield f"> **{_prose(text)}**\n"
    yield f"# {_prose(period_words.title(period))}\n"
    yield f"- Whose: {_prose(period.organization)}"
    yield f"- When: {_prose(period_words.span(period))}"
    yield f"- Coverage: {_prose(period_words.coverage(period))}"
    yield f"- Bounds: {_prose(period_words.BETWEEN)}"
    yield f"- Digest of the period: {code(period.digest)}"
    yield f"\n{period_words.NOT_AN_OPINION}"


def _totals(period: Period) -> Iterator[str]:
    yield "## Totals\n"
    yield from _table(
        ("What", "Number"), [(label, f"{number:,}") for label, number in period_counts.labelled(period)], ""
    )


def _nights(period: Period) -> Iterator[str]:
    yield "## Not observed\n"
    rows = [
        (gap.first, gap.last, period_words.STATES[gap.state], _prose(period_words.gap(gap)))
        for gap in period_counts.shared_gaps(period)
    ]
    yield from _table(("First night", "Last night", "State", "What"), rows, "gap")
    late = [night for night in period.nights if night.late or night.unsealed or night.resumed]
    for night in late[:SHOWN]:
        told = "; ".join(f"{run}: {why}" for run, why in (*night.unsealed, *night.resumed))
        yield f"- {night.date} {period_words.night(night)}{': ' if told else ''}{_prose(told)}"
    if len(late) > SHOWN:
        yield f"- and {counted(len(late) - SHOWN, 'more night')}"


def _criteria(period: Period) -> Iterator[str]:
    controls, numbers = period_counts.by_id(period), period_counts.numbers(period)
    shown: set[str] = set()
    yield "## Criteria and controls"
    for row in period.criteria:
        yield f"\n### {_prose(f'{row.criterion.id} {row.criterion.title}')}\n"
        text = period_words.criterion(row)
        if text:
            yield _prose(text)
        if row.uncovered_aspects:
            yield f"\nAspects without a control: {_prose(period_words.aspects(row))}."
        for id_ in row.controls:
            if id_ in shown:
                yield f"\n{code(id_)}: {_prose(period_words.above(period, id_))}."
            else:
                shown.add(id_)
                yield from _control(controls[id_], numbers)
    others = [row for row in period.controls if row.control.id not in shown]
    if others:
        yield "\n### Controls that no criterion names"
    for control in others:
        yield from _control(control, numbers)


def _control(row: ControlInPeriod, numbers: Mapping[period_counts.FailureKey, str]) -> Iterator[str]:
    control = row.control
    yield f"\n**{code(control.id)}: {period_words.word(row)}.** {_prose(control.statement)}\n"
    facts = (
        ("Owner", control.owner),
        ("Operation", period_words.OPERATION.get(control.operation, control.operation)),
        ("Population", period_words.populations(row)),
        ("Procedure", row.procedure),
        ("Coverage", period_words.nights(row)),
        ("Result", row.result),
        ("Not tested throughout", "; ".join(period_words.untested(row))),
        ("Counts as a deviation", period_words.rule(row)),
        ("Failures", period_words.failures(row)),
        ("Response on record", period_words.response(row)),
    )
    yield from (f"- {label}: {_prose(text)}" for label, text in facts if text)
    if row.failures:
        yield ""
        yield from _failures(row.failures, numbers)


def _failures(failures: Sequence[Failure], numbers: Mapping[period_counts.FailureKey, str]) -> Iterator[str]:
    rows = [
        (
            f"{numbers[period_counts.key(row)]} {code(row.id)}",
            f"{code(row.subject.name)} {_prose(row.message or row.check)}",
            _prose(f"{period_words.began(row)}; {period_words.ended(row)}"),
            _prose(f"{period_words.lasted(row)}; {period_words.seen(row)}"),
            _prose("; ".join(filter(None, (period_words.decided(row), period_words.accepted(row))))),
            _prose(period_words.responses(row)),
        )
        for row in failures
    ]
    yield from _table(
        ("Failure", "What", "From when to when", "How long", "By the rule; waivers", "Management's response"),
        rows,
        "failure",
    )


def _unused(period: Period) -> Iterator[str]:
    serving = period_counts.serving(period)
    others = [row for row in period.failures if period_counts.key(row) not in serving]
    if others:
        yield "## Failures of checks that no control uses\n"
        yield from _failures(others, period_counts.numbers(period))


def _populations(period: Period) -> Iterator[str]:
    yield "## Populations\n"
    rows = [
        (
            code(row.check),
            code(row.resource_type),
            _prose(period_words.population(row)),
            f"{row.failed:,}",
            ", ".join(map(code, row.queries)),
        )
        for row in period.populations
    ]
    yield from _table(("Check", "Resource type", "Items", "Failed", "Query"), rows, "population")


def _changes(period: Period) -> Iterator[str]:
    if period.type_ == 1:
        return
    yield "## Changes in how the period was judged\n"
    rows = [
        (row.kind, code(row.name), _prose(period_words.change(row)), _prose(period_words.changed(row)))
        for row in period.changes
    ]
    yield from _table(("What", "Name", "From, to", "Between runs"), rows, "change")


def _waivers(period: Period) -> Iterator[str]:
    yield "## Waivers\n"
    rows = [
        (
            code(row.id),
            _prose(f"{period_words.WAIVED.get(row.kind, row.kind)}: {row.check}. {row.reason}"),
            _prose(f"owner {row.owner}; approved by {row.approver} ({row.standing})"),
            f"{_prose(row.starts)} to {_prose(row.expires)}",
            counted(row.frames, "run"),
        )
        for row in period.waivers
    ]
    yield from _table(("Waiver", "What and why", "Who", "In force", "Beside failures in"), rows, "waiver")


def _samples(period: Period) -> Iterator[str]:
    rows = [(_prose(of), _prose(text)) for of, text in period_words.samples(period)]
    if rows:
        yield "## Samples\n"
        yield from _table(("Population", "Sample"), rows, "sample")


def _facts(period: Period) -> Iterator[str]:
    for heading, facts in (
        ("Facts for management's assertion", period_facts.assertion(period)),
        ("Facts for the description of the system", period_facts.description(period)),
        ("Facts for a bridge letter", period_facts.bridge(period) if period.type_ == 2 else ()),
    ):
        rows = list(facts)
        if rows:
            yield f"\n## {heading}\n"
        yield from (f"- {what}: {_prose(fact)}" for what, fact in rows)
