"""Subservice organisations and what users owe each other, in words that formats share: a label and a text each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from engine.programme.model import EntityControl
from engine.programme.vendors import Days, VendorStanding
from engine.report.layout import counted

_METHODS = {"carve_out": "carved out", "inclusive": "included"}


def told(
    vendors: Iterable[VendorStanding], customers: Iterable[EntityControl], words: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What stands of each, what each asks of us, and what customers must do. ``words`` says what our controls show."""
    for row in vendors:
        vendor = row.vendor
        parts = [_METHODS[vendor.method], *filter(None, (row.report,)), *row.concerns]
        parts += [spoken(row.missed)] if row.missed else []
        parts.append(f"watched by {_control(vendor.monitored_by, words)}")
        yield vendor.name, "; ".join(parts)
        for text, control in vendor.duties:
            yield vendor.name, f"asks of us: {text.rstrip('.')} - {_control(control, words)}"
    for said in customers:
        depends = f"{_control(said.control, words)} depends on it"
        yield said.id, f"customers: {said.text.rstrip('.')} - {depends}"


def spoken(missed: Iterable[Days]) -> str:
    """Days that no report speaks for."""
    spans = tuple(missed)
    days = sum((ends - starts + timedelta(days=1)).days for starts, ends in spans)
    dates = ", ".join(f"{starts} to {ends}" for starts, ends in spans)
    return f"nothing speaks for {counted(days, 'day')} of the window: {dates}"


def _control(id_: str, words: Mapping[str, str]) -> str:
    return f"{id_} ({words.get(id_, 'not judged')})"


def documents(vendors: Iterable[VendorStanding], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [
        {
            "id": row.vendor.id,
            "name": row.vendor.name,
            "method": row.vendor.method,
            "state": row.state,
            "report": row.report,
            "concerns": list(row.concerns),
            "days_missed": [{"from": starts.isoformat(), "to": ends.isoformat()} for starts, ends in row.missed],
            "criteria": list(row.criteria),
            "monitored_by": row.vendor.monitored_by,
            "asks_of_us": [
                {"text": text, "control": control, "shows": words.get(control)} for text, control in row.vendor.duties
            ],
        }
        for row in vendors
    ]


def owed(customers: Iterable[EntityControl], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """What customers must do, as plain values."""
    return [
        {"id": said.id, "text": said.text, "criteria": list(said.criteria), "control": said.control,
         "shows": words.get(said.control)}
        for said in customers
    ]  # fmt: skip
