"""The work paper as CSV: one file a sheet, cell for cell what the XLSX holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from engine.periods import Period
from engine.report import Options
from engine.report.period_sheet import Sheet
from engine.report.period_sheets import sheets


def files(period: Period, options: Options) -> Mapping[str, bytes]:
    """The sheets as ``NAME.csv`` (RFC 4180, but with plain line feeds; UTF-8), in their order."""
    del options
    return {f"{sheet.name}.csv": _written(sheet) for sheet in sheets(period)}


def render(period: Period, options: Options) -> bytes:
    """The work paper alone, for a terminal or a pipe."""
    return files(period, options)["workpaper.csv"]


def _written(sheet: Sheet) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(column.heading for column in sheet.columns)
    rows.writerows(sheet.rows)
    return text.getvalue().encode()
