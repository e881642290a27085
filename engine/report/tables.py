"""Tables of counts: a row for each control or check, what it shows in words, and its counts flush right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.model import Assessment, ControlConclusion, Population
from engine.report import sentences, summary
from engine.report.layout import Page, Style, cells, clipped, columns, left, right
from engine.report.safe import safe

_HEADINGS: Final = ("pass", "fail", "waived", "unknown", "n/a")
_SHORT: Final = ("pass", "fail", "wvd", "unk", "n/a")
_KEY: Final = " (wvd: waived, unk: unknown)"
_ROOMY: Final = 100
"""Columns from which headings are whole words."""

_STYLES: Final[tuple[tuple[Style, ...], ...]] = ((), ("red",), (), ("yellow",), ())
_WORDS: Final[dict[str, Style]] = {
    "failures observed": "red",
    "failures, incomplete": "red",
    "incomplete": "yellow",
    "no evidence": "yellow",
    "no failures observed": "green",
}
_WORD_WIDTH: Final = max(map(len, _WORDS))
_NAME_WIDTH: Final = 26
_LEAST_STATEMENT: Final = 20
"""Columns below which a statement says too little to be shown."""


def counts(row: ControlConclusion | Population | summary.Share) -> tuple[str, ...]:
    """The counts of a row as text, in the order of the headings."""
    numbers = (row.passed, row.failed, row.waived, row.unknown, row.not_applicable)
    return tuple(f"{number:,}" for number in numbers)


class Figures:
    """The columns of counts of one table, as wide as the widest number needs."""

    def __init__(self, rows: Sequence[Sequence[str]], page: Page) -> None:
        self._page = page
        self._headings = _HEADINGS if page.width >= _ROOMY else _SHORT
        self._widths = columns([self._headings, *rows])
        self.width = sum(self._widths) + len(self._widths)

    def heading(self, text: str) -> str:
        """The table's first line: what it lists, and the headings of the counts."""
        key = "" if self._headings is _HEADINGS else _KEY
        shown = zip(self._headings, self._widths, strict=True)
        figures = "".join(" " + right(heading, width) for heading, width in shown)
        room = self._page.width - self.width - cells(text)
        return (
            self._page.paint(text, "bold")
            + self._page.paint(left(key, room), "dim")
            + self._page.paint(figures, "bold")
        )

    def row(self, figures: Sequence[str]) -> str:
        """The counts of one row; zeros step back."""
        shown = zip(figures, self._widths, _STYLES, strict=True)
        return "".join(
            " " + self._page.paint(right(text, width), *(("dim",) if text == "0" else styles))
            for text, width, styles in shown
        )

    def told(self, text: str) -> str:
        """Words in the place of the counts of one row."""
        return " " + right(text, self.width - 1)


class Controls:
    """Rows of controls: id, statement, words, counts."""

    def __init__(self, conclusions: Sequence[ControlConclusion], page: Page) -> None:
        self._page = page
        self._figures = Figures([counts(row) for row in conclusions], page)
        longest = max((cells(safe(row.control.id)) for row in conclusions), default=0)
        room = page.width - 2 - _WORD_WIDTH - 1 - self._figures.width
        self._name = min(longest, _NAME_WIDTH)
        self._statement = room - self._name - 1
        if self._statement < _LEAST_STATEMENT:
            self._name, self._statement = max(room, 1), 0

    def heading(self, text: str) -> str:
        """The table's first line."""
        return self._figures.heading(text)

    def row(self, conclusion: ControlConclusion) -> str:
        """A control's line."""
        paint = self._page.paint
        name = "  " + left(safe(conclusion.control.id), self._name)
        if self._statement:
            name += " " + left(safe(conclusion.control.statement, 400), self._statement)
        word = summary.word(conclusion)
        told = summary.people(conclusion)
        figures = self._figures.told(told) if told else self._figures.row(counts(conclusion))
        return f"{name} {paint(left(word, _WORD_WIDTH), *_style(word))}{figures}"


def _style(word: str) -> tuple[Style, ...]:
    return (_WORDS[word],) if word in _WORDS else ()


def providers(run: Assessment, page: Page) -> Iterator[str]:
    """A table of the providers, where there are several: what was scanned of each, and what it came to."""
    rows = summary.shares(run)
    if len(rows) < 2:
        return
    figures = Figures([counts(row) for row in rows], page)
    yield figures.heading("Provider")
    room = page.width - figures.width
    for row in rows:
        name, text = f"  {left(row.provider, page.margin - 2)}", sentences.shared(run, row)
        # Whose a part of a name is nobody could tell.
        told = text if cells(name + text) <= room else sentences.share(row)
        yield left(name + told, room) + figures.row(counts(row))


def checks(run: Assessment, page: Page) -> Iterator[str]:
    """A table of the checks by id; of a population of none it says what was looked for."""
    figures = Figures([counts(row) for row in run.populations], page)
    types = {check.id: check.resource_type for check in run.selection.checks}
    seen = summary.seen(run)
    room = page.width - figures.width
    yield figures.heading("Check")
    for row in run.populations:
        yield left(f"  {row.check}", room) + figures.row(counts(row))
        if not row.complete:
            text = f"    population at least {seen[row.check]:,}: not all could be listed"
            yield page.paint(clipped(text, page.width), "yellow")
        elif not row.listed:
            yield page.paint(clipped(f"    none exist: {types[row.check]}", page.width), "dim")
