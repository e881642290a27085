"""The pieces that the pages of a period's PDF are made of: texts, tables, the calendar, in one set of styles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.platypus import LongTable, PageBreak, Paragraph, Spacer, Table

from engine.periods import Period
from engine.report import period_words
from engine.report.layout import counted
from engine.report.period_pdf_page import WIDTH
from engine.report.period_pdf_type import INK, shown

SHOWN_FAILURES: Final = 25
"""Failures of one control that are listed, deviations first."""
SHOWN_ROWS: Final = 200
"""Rows of any other list."""
_REST: Final = "{} more: see workpaper.xlsx, sheet {}."

_HEAD: Final = "#dbe4ee"
_LINE: Final = "#c3ccd6"
_NIGHTS: Final = {
    "ran": ("#d5ecdc", "•"),
    "partly": ("#fff0c2", "p"),
    "did_not_run": ("#f6c9c9", "-"),
    "not_retained": ("#d9d9df", "x"),
}
"""How a night looks: a colour, and a mark that says the same without it."""

Cells = Sequence[str]
Blocks = Iterator[Any]


class Drawing:
    """The pieces that pages are made of, in one set of styles."""

    def __init__(self, styles: dict[str, Any], contents: Any) -> None:
        self._styles = styles
        self.contents = contents

    def text(self, text: str, style: str = "body") -> Any:
        """A paragraph of plain text."""
        return Paragraph(shown(text), self._styles[style])

    def section(self, text: str) -> Blocks:
        """A new page with a heading of the first level."""
        yield PageBreak()
        yield self.text(text, "h1")

    def space(self, points: float) -> Any:
        """Room."""
        return Spacer(1, points)

    def table(self, headings: Cells, rows: Iterable[Cells], widths: Sequence[float], sheet: str = "") -> Blocks:
        """A table of texts, ``widths`` in parts of the page; of too many rows the rest is counted, ``sheet`` named."""
        known = list(rows)
        most = SHOWN_FAILURES if sheet == "failures" else SHOWN_ROWS
        yield self._grid([headings, *known[:most]], widths, heading=bool(headings))
        if len(known) > most:
            yield self.text(_REST.format(counted(len(known) - most, "row"), sheet), "small")
        yield self.space(6)

    def facts(self, rows: Iterable[tuple[str, str]]) -> Any:
        """Labels and what they say."""
        return self._grid([(label, text) for label, text in rows if text], (0.2, 0.8), heading=False, labels=True)

    def _grid(self, rows: Sequence[Cells], widths: Sequence[float], heading: bool, labels: bool = False) -> Any:
        rows = [row for row in rows if row]
        cells = [
            [
                self.text(text, "cell head" if (heading and not index) or (labels and not column) else "cell")
                for column, text in enumerate(row)
            ]
            for index, row in enumerate(rows)
        ]
        style: list[tuple[Any, ...]] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(_LINE)),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        style += [("BACKGROUND", (0, 0), (-1, 0), HexColor(_HEAD))] if heading else []
        return LongTable(
            cells, [part * WIDTH for part in widths], repeatRows=1 if heading else 0, style=style, hAlign="LEFT"
        )

    def calendar(self, period: Period) -> Blocks:
        """A row a month, a square a night, with a mark and a colour that say the same."""
        months: dict[str, dict[int, str]] = {}
        for night in period.nights:
            when = date.fromisoformat(night.date)
            months.setdefault(f"{when.year}-{when.month:02}", {})[when.day] = night.state
        if not months:
            return
        rows = [["", *(str(day) for day in range(1, 32))]]
        style: list[tuple[Any, ...]] = [
            ("FONT", (0, 0), (-1, -1), "Body", 6.5),
            ("ALIGN", (1, 0), (-1, -1), "CENTER"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 1),
            ("RIGHTPADDING", (0, 0), (-1, -1), 1),
            ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(INK)),
        ]
        for line, (month, states) in enumerate(months.items(), 1):
            rows.append([month, *(_NIGHTS[states[day]][1] if day in states else "" for day in range(1, 32))])
            for day, state in states.items():
                style.append(("BACKGROUND", (day, line), (day, line), HexColor(_NIGHTS[state][0])))
                style.append(("BOX", (day, line), (day, line), 0.5, HexColor("#ffffff")))
        yield Table(rows, [42, *[14.6] * 31], [12] * len(rows), style=style, hAlign="LEFT")
        marks = "; ".join(f"{mark} is {period_words.STATES[state]}" for state, (_, mark) in _NIGHTS.items())
        yield self.space(3)
        yield self.text(marks, "small")
