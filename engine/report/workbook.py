"""Sheets as an XLSX workbook (ECMA-376); equal sheets give equal bytes.

Every text is written as a text, never as a formula or a link. A sheet that is too long goes on in the next one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import xlsxwriter

from engine.report import layout
from engine.report.period_sheet import Column, Row, Sheet, Value

ROWS: Final = 1_048_576
"""Rows that a sheet can have (the limit of Excel and of LibreOffice)."""
LONGEST: Final = 32_767
"""Characters that a cell can have."""
_CUT: Final = " … (cut here; the CSV file has all of it)"
_TITLE_ROWS: Final = 3
_LINE_POINTS: Final = 13
_HIGHEST: Final = 409
"""Points that a row can be high."""
_BROAD: Final = 220
"""Characters that an A3 page across can show so that they can be read; more columns take two pages."""
_INK, _PAPER, _OURS, _THEIRS, _LINE = "#1f2937", "#ffffff", "#dbe4ee", "#fff4cc", "#c3ccd6"
"""Text, page, the headings of what we say, what is the auditor's, and lines between cells."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands around the sheets: the book's title, organisation, comments and day, and what each page says.

    ``heading`` and ``about`` give the two lines above a sheet's columns. ``keys`` are how many columns of a sheet stay
    in sight (one where it is not named).
    """

    title: str
    organization: str
    comments: str
    day: date
    heading: Callable[[Sheet], str]
    about: Callable[[Sheet], str]
    keys: Mapping[str, int] = field(default_factory=dict)


def workbook(sheets: Sequence[Sheet], cover: Cover, most: int = ROWS) -> bytes:
    """The sheets as a workbook; each has at most ``most`` rows, headings included."""
    target = io.BytesIO()
    # Written in memory: a temporary file would have a time of its own.
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {
            "title": cover.title,
            "company": cover.organization,
            "comments": cover.comments,
            "created": datetime.fromisoformat(f"{cover.day}T00:00:00"),
        }
    )
    styles = _styles(book)
    for sheet in sheets:
        for name, rows in _parts(sheet, most - _TITLE_ROWS):
            _write(book.add_worksheet(name), sheet, rows, styles, cover)
    book.close()
    return target.getvalue()


def _parts(sheet: Sheet, most: int) -> Iterator[tuple[str, Sequence[Row]]]:
    """The sheet's rows in parts of at most ``most``: "failures", "failures 2", ..."""
    for number, start in enumerate(range(0, max(len(sheet.rows), 1), most), 1):
        yield sheet.name if number == 1 else f"{sheet.name} {number}", sheet.rows[start : start + most]


def _styles(book: Any) -> Mapping[str, Any]:
    base = {"font_name": "Arial", "font_size": 10, "font_color": _INK, "valign": "top"}
    grid = {**base, "border": 1, "border_color": _LINE, "text_wrap": True}
    heading = {**grid, "bold": True, "valign": "vcenter"}
    return {
        "title": book.add_format({**base, "bold": True, "font_size": 14}),
        "about": book.add_format({**base, "italic": True}),
        "text": book.add_format({**grid, "indent": 1}),
        "number": book.add_format({**grid, "num_format": "#,##0", "align": "right", "indent": 1}),
        "heading": book.add_format({**heading, "bg_color": _OURS}),
        "auditor": book.add_format({**grid, "bg_color": _THEIRS}),
        "auditor heading": book.add_format({**heading, "bg_color": "#ffe48a"}),
    }


def _write(page: Any, sheet: Sheet, rows: Sequence[Row], styles: Mapping[str, Any], cover: Cover) -> None:
    last = len(sheet.columns) - 1
    _paper(page, sheet, cover)
    page.set_row(0, 21)
    page.set_row(1, _LINE_POINTS)
    page.write_string(0, 0, _fitting(cover.heading(sheet)), styles["title"])
    page.write_string(1, 0, _fitting(cover.about(sheet)), styles["about"])
    for index, column in enumerate(sheet.columns):
        page.set_column(index, index, column.width)
        page.write_string(2, index, column.heading, styles["auditor heading" if column.auditor else "heading"])
    page.set_row(2, _LINE_POINTS * _lines([column.heading for column in sheet.columns], sheet))
    for number, row in enumerate(rows, _TITLE_ROWS):
        page.set_row(number, min(_LINE_POINTS * _lines(row, sheet), _HIGHEST))
        for index, (value, column) in enumerate(zip(row, sheet.columns, strict=True)):
            _cell(page, number, index, value, column, styles)
    page.autofilter(2, 0, 2 + len(rows), last)


def _cell(page: Any, row: int, index: int, value: Value, column: Column, styles: Mapping[str, Any]) -> None:
    style = styles["auditor" if column.auditor and not value else "text"]
    if isinstance(value, int):
        page.write_number(row, index, value, styles["number"])
    elif value:
        page.write_string(row, index, _fitting(value), style)
    else:
        page.write_blank(row, index, None, style)


def _lines(row: Sequence[Value], sheet: Sheet) -> int:
    """The lines that a row takes when its texts are wrapped: spreadsheets do not measure rows of a file they open."""
    return max(
        sum(len(layout.wrapped(line, max(column.width - 2, 1))) for line in value.split("\n"))
        if isinstance(value, str)
        else 1
        for value, column in zip(row, sheet.columns, strict=True)
    )


def _fitting(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT


def _paper(page: Any, sheet: Sheet, cover: Cover) -> None:
    """How it is printed: landscape, as wide as a page, headings on each, and what it is at the foot."""
    key = cover.keys.get(sheet.name, 1)
    page.freeze_panes(_TITLE_ROWS, key)
    page.repeat_rows(2)
    page.repeat_columns(0, key - 1)
    page.set_landscape()
    broad = sum(column.width for column in sheet.columns)
    page.set_paper(8 if broad > _BROAD // 2 else 9)  # A3, A4
    page.fit_to_pages(2 if broad > _BROAD else 1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    # An ampersand begins a code in a header.
    name = cover.organization.replace("&", "&&")[:80]
    page.set_header(f"&L{name}&R{sheet.name}")
    page.set_footer("&LPrepared by management, not examined&RPage &P of &N")
