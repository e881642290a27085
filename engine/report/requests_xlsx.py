"""An auditor's list of requests written back as XLSX: the auditor's columns, ours behind them, a sheet of totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from engine.programme.answers import Answer
from engine.programme.requests import RequestList
from engine.report.requests import sheets
from engine.report.workbook import Cover, workbook


def render(
    of: RequestList, answers: Sequence[Answer], organization: str, on: date, runs: str, places: Mapping[Path, str]
) -> bytes:
    """The list as a workbook; equal answers give equal bytes. ``runs`` says what was read of them, or why nothing."""
    title = f"Answers to {of.source}"
    facts = (
        ("What this is", f"{title}, prepared by management and not examined"),
        ("Organisation", organization),
        ("As of", on.isoformat()),
        ("SHA-256 of the list that was sent", of.sha256),
        ("Sealed runs", runs),
    )
    cover = Cover(
        title=title,
        organization=organization,
        comments="Prepared by management, not examined.",
        day=on,
        heading=lambda sheet: f"{organization}: {sheet.name}, as of {on}.",
        about=lambda sheet: sheet.about,
    )
    return workbook(sheets(of, answers, facts, places), cover)
