"""A Type I or Type II report for a terminal: how it is anchored, coverage, controls by criterion, failures, facts.

Lists are cut where a screen would overflow, and what was cut is counted; the files of a bundle hold everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from engine.periods import ControlInPeriod, Failure, Period
from engine.report import Options, layout, period_counts, period_facts, period_words
from engine.report.layout import Page, Style, counted, right
from engine.report.safe import safe

SHOWN_FAILURES: Final = 10
SHOWN_ROWS: Final = 20

_STYLES: Final[Mapping[str, Style]] = {
    "failures_observed": "red",
    "incomplete": "yellow",
    "no_evidence": "yellow",
    "no_failures_observed": "green",
}


def render(period: Period, options: Options) -> bytes:
    """The report as a page of text for a terminal of ``options.width`` columns."""
    page = layout.page(options, margin=13)
    sections: tuple[Callable[[Period, Page], Iterator[str]], ...] = (
        _header, _totals, _nights, _criteria, _unused, _populations, _changes, _waivers, _samples, _facts, _end,
    )  # fmt: skip
    blocks = [[line.rstrip() for line in section(period, page)] for section in sections]
    return ("\n\n".join("\n".join(block) for block in blocks if block) + "\n").encode()


def _header(period: Period, page: Page) -> Iterator[str]:
    for text in period_words.firsts(period):
        alarming = not text.startswith(("anchored", "closed"))
        yield from (page.paint(line, "bold", *(("yellow",) if alarming else ())) for line in _lines(text, page))
    yield from (page.paint(line, "bold") for line in _lines(period_words.title(period), page))
    yield from page.labelled("Whose", safe(period.organization))
    yield from page.labelled("When", period_words.span(period))
    yield from page.labelled("Coverage", period_words.coverage(period))
    yield from page.labelled("Bounds", period_words.BETWEEN)
    yield from page.labelled("Digest", safe(period.digest))


def _totals(period: Period, page: Page) -> Iterator[str]:
    yield page.heading("Totals", "the same in every format")
    labels = period_counts.labelled(period)
    width = max(len(f"{number:,}") for _, number in labels)
    for label, number in labels:
        yield f"  {right(f'{number:,}', width)}  {label}"


def _nights(period: Period, page: Page) -> Iterator[str]:
    gaps = period_counts.shared_gaps(period)
    late = [night for night in period.nights if night.late]
    unsealed = [night for night in period.nights if night.unsealed]
    resumed = [night for night in period.nights if night.resumed]
    if not (gaps or late or unsealed or resumed):
        return
    yield page.heading("Not observed")
    rows = [(_span(gap.first, gap.last), f"{period_words.STATES[gap.state]}: {period_words.gap(gap)}") for gap in gaps]
    yield from _listed(rows, page, 24, "gap")
    rows = [(night.date, f"began late (due {night.due_at})") for night in late]
    rows += [(night.date, f"{safe(run)}: {safe(why)}") for night in unsealed for run, why in night.unsealed]
    rows += [(night.date, f"{safe(run)}: {safe(words)}") for night in resumed for run, words in night.resumed]
    yield from _listed(rows, page, 24, "night")


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last[5:]}"


# --- by criterion and control ----------------------------------------------------------------------------------------


def _criteria(period: Period, page: Page) -> Iterator[str]:
    controls, numbers = period_counts.by_id(period), period_counts.numbers(period)
    shown: set[str] = set()
    yield page.heading("Criteria and controls")
    for row in period.criteria:
        yield ""
        yield from (page.paint(line, "bold") for line in _lines(f"{row.criterion.id} {row.criterion.title}", page))
        text = period_words.criterion(row)
        if text:
            yield from page.paragraph(safe(text, 1_000))
        if row.uncovered_aspects:
            yield from page.labelled("Uncovered", safe(period_words.aspects(row), 1_000))
        for id_ in row.controls:
            if id_ in shown:
                yield from page.labelled(safe(id_, 11), safe(period_words.above(period, id_)))
            else:
                shown.add(id_)
                yield from _control(controls[id_], numbers, page)
    others = [row for row in period.controls if row.control.id not in shown]
    if others:
        yield ""
        yield page.heading("Controls that no criterion names")
    for control in others:
        yield from _control(control, numbers, page)


def _control(row: ControlInPeriod, numbers: Mapping[period_counts.FailureKey, str], page: Page) -> Iterator[str]:
    control = row.control
    style = _STYLES.get(row.word)
    word = page.paint(period_words.word(row), *((style,) if style else ()))
    yield f"{page.paint(layout.left(safe(control.id), page.margin), 'bold')}{word}"
    yield from page.paragraph(safe(control.statement, 1_000))
    facts = (
        ("Operation", period_words.OPERATION.get(control.operation, control.operation)),
        ("Population", period_words.populations(row)),
        ("Procedure", row.procedure),
        ("Coverage", period_words.nights(row)),
        ("Result", row.result),
        ("Untested", "; ".join(period_words.untested(row))),
        ("Rule", period_words.rule(row)),
        ("Failures", period_words.failures(row)),
        ("Response", period_words.response(row)),
    )
    for label, text in facts:
        if text:
            yield from page.labelled(f"  {label}", safe(text, 2_000), "dim")
    yield from _failures(row.failures, numbers, page)


def _failures(
    failures: Sequence[Failure], numbers: Mapping[period_counts.FailureKey, str], page: Page
) -> Iterator[str]:
    for row in failures[:SHOWN_FAILURES]:
        said = [
            f"{safe(row.subject.name)} in {safe(str(row.scope))}, {row.severity}, {period_words.decided(row)}",
            safe(row.message or row.check, 400),
            f"{period_words.began(row)}; {period_words.ended(row)}",
            f"{period_words.lasted(row)}; {period_words.seen(row)}",
            safe(period_words.accepted(row), 400),
            f"replaced by {safe(row.replaced)}" if row.replaced else "",
            f"Management's response: {safe(period_words.responses(row), 12_000)}" if row.responses else "",
            f"id {row.id}",
        ]
        first, *rest = [text for text in said if text]
        yield from page.labelled(f"  {numbers[period_counts.key(row)]}", first, "red")
        for text in rest:
            yield from page.paragraph(text)
    if len(failures) > SHOWN_FAILURES:
        more = counted(len(failures) - SHOWN_FAILURES, "more failure")
        yield from page.paragraph(f"and {more}: every one is in the work paper", "dim")


def _unused(period: Period, page: Page) -> Iterator[str]:
    serving = period_counts.serving(period)
    others = [row for row in period.failures if period_counts.key(row) not in serving]
    if others:
        yield page.heading("Failures of checks that no control uses")
        yield from _failures(others, period_counts.numbers(period), page)


# --- populations, changes, waivers, facts -----------------------------------------------------------------------------


def _populations(period: Period, page: Page) -> Iterator[str]:
    yield page.heading("Populations", "everything that was seen in any run")
    rows = [
        (
            row.check,
            f"{row.resource_type}: {period_words.population(row)}, {row.failed:,} failed"
            + (f"; by {', '.join(row.queries)}" if row.queries else ""),
        )
        for row in period.populations
    ]
    yield from _listed(rows, page, 44, "population")


def _changes(period: Period, page: Page) -> Iterator[str]:
    if period.type_ == 1:
        return
    yield page.heading("Changes in how the period was judged")
    rows = [
        (row.kind, f"{row.name}: {period_words.change(row)}; {period_words.changed(row)}") for row in period.changes
    ]
    yield from _listed(rows, page, 12, "change")


def _waivers(period: Period, page: Page) -> Iterator[str]:
    yield page.heading("Waivers", "beside failures, which they take nothing from")
    rows = [
        (
            row.id,
            f"{period_words.WAIVED.get(row.kind, row.kind)}, {row.check}: {row.reason} {row.starts} to {row.expires}; "
            f"owner {row.owner}, approved by {row.approver} ({row.standing})"
            + (", its own owner" if row.owner == row.approver else ""),
        )
        for row in period.waivers
    ]
    yield from _listed(rows, page, 16, "waiver")


def _samples(period: Period, page: Page) -> Iterator[str]:
    rows = list(period_words.samples(period))
    if rows:
        yield page.heading("Samples", "drawn from populations that were frozen first")
        yield from _listed(rows, page, 16, "sample")


def _facts(period: Period, page: Page) -> Iterator[str]:
    for heading, facts in (
        ("Facts for management's assertion", period_facts.assertion(period)),
        ("Facts for the description of the system", period_facts.description(period)),
        ("Facts for a bridge letter", period_facts.bridge(period) if period.type_ == 2 else ()),
    ):
        rows = list(facts)
        if rows:
            yield page.heading(heading)
            for what, fact in rows:
                yield from _row(what, fact, page, 26)
            yield ""


def _end(period: Period, page: Page) -> Iterator[str]:
    del period
    yield from _lines(period_words.NOT_AN_OPINION, page)


def _listed(rows: Sequence[tuple[str, str]], page: Page, margin: int, what: str) -> Iterator[str]:
    """Rows of a label and a text, so many as fit; "none" where there are none."""
    if not rows and what in ("change", "waiver", "population"):
        yield from page.paragraph("none")
    for label, text in rows[:SHOWN_ROWS]:
        yield from _row(label, text, page, margin)
    if len(rows) > SHOWN_ROWS:
        yield from page.paragraph(f"and {counted(len(rows) - SHOWN_ROWS, f'more {what}')}", "dim")


def _row(label: str, text: str, page: Page, margin: int) -> Iterator[str]:
    narrow = Page(page.width, page.paint, margin)
    if layout.cells(label) >= margin - 2:
        yield f"  {safe(label)}"
        yield from narrow.paragraph(safe(text, 2_000))
    else:
        yield from narrow.labelled(f"  {safe(label)}", safe(text, 2_000), "dim")


def _lines(text: str, page: Page) -> list[str]:
    return layout.wrapped(safe(text, 1_000), page.width)
