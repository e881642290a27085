"""The work paper as XLSX, with the same cells as the CSV files; equal periods give equal bytes."""

from __future__ import annotations

from datetime import date

from engine.periods import Period
from engine.report import Options, closing, period_words
from engine.report.period_sheets import sheets
from engine.report.workbook import ROWS, Cover, workbook


def render(period: Period, options: Options, most: int = ROWS) -> bytes:
    """The work paper; a sheet has at most ``most`` rows, headings included."""
    del options
    first = closing.WATERMARK if period.demonstration else period.anchored
    cover = Cover(
        title=period_words.title(period),
        organization=period.organization,
        comments="\n".join(period_words.firsts(period)),
        day=date.fromisoformat(period.ends),
        heading=lambda sheet: f"{period.organization}: {sheet.name}. {period_words.span(period)}.",
        about=lambda sheet: f"{first}. {sheet.about}",
        keys={"workpaper": 2},
    )
    return workbook(sheets(period), cover, most)
