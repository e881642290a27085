"""The campaign as a table that a manager fills in with a spreadsheet, and what came back.

The columns up to ``reviewer`` are the population; a spreadsheet must not change them. No cell of theirs is a bare
number or date, which spreadsheets rewrite. ``decision``, ``by``, ``on`` and ``note`` are the reviewer's.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.errors import InputError
from engine.report.csv import cell
from engine.reviews.model import Line

SHOWN: Final = ("line", "account", "name", "identity", "access", "allows", "privileged", "mfa", "last_used", "not_seen")
ASKED: Final = ("reviewer", "decision", "by", "on", "note")
_YES: Final[Mapping[bool | None, str]] = {True: "yes", False: "no", None: "not known"}
_LARGEST: Final = 16 << 20
_ISO: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it came back: its key, the cells that nobody should change, and what was filled in."""

    number: int
    key: str
    shown: Mapping[str, str]
    decision: str
    by: str
    on: str
    note: str


def shown(line: Line) -> dict[str, str]:
    """The cells of a line that are the population's; a spreadsheet only shows them."""
    cells = {
        "line": f"L-{line.key}",
        "account": f"{line.provider} {line.account}",
        "name": line.name,
        "identity": "everybody there" if line.whole else line.identity,
        "access": line.access,
        "allows": line.allows,
        "privileged": "" if line.unseen else _YES[line.privileged],
        "mfa": "" if line.unseen else _YES[line.mfa],
        "last_used": _used(line),
        "not_seen": line.unseen,
    }
    return {column: cell(text) for column, text in cells.items()}


def _used(line: Line) -> str:
    if line.unseen:
        return ""
    return line.last_used if line.last_used == "never" else f"on {line.last_used}" if line.last_used else "not known"


def write(lines: Iterable[Line], reviewers: Mapping[str, str]) -> bytes:
    """The table (RFC 4180, UTF-8 with a byte order mark, by which spreadsheets know it); ``reviewers`` are by key."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow((*SHOWN, *ASKED))
    for line in lines:
        rows.writerow([*shown(line).values(), cell(reviewers.get(line.key, "")), "", "", "", ""])
    return text.getvalue().encode("utf-8-sig")


def read(data: bytes, name: str) -> tuple[Row, ...]:
    """The rows of a table as a spreadsheet saved it: with commas, semicolons or tabs. Raises InputError."""
    doing = f"reading {name}"
    if len(data) > _LARGEST:
        raise InputError(f"{doing}: it is larger than {_LARGEST >> 20} MiB")
    try:
        text = data.decode().lstrip("\ufeff")  # some programs write it twice
    except UnicodeDecodeError as error:
        raise InputError(f"{doing}: it is no UTF-8; save it as CSV UTF-8") from error
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = list(table)
    except csv.Error as error:
        raise InputError(f"{doing}: it is no CSV: {error}") from error
    lacking = {*SHOWN, *ASKED}.difference(table.fieldnames or ())
    if lacking:
        raise InputError(f"{doing}: the columns {', '.join(sorted(lacking))} are missing")
    return tuple(
        Row(
            number=number,
            key=(row["line"] or "").strip().removeprefix("L-"),
            shown={column: row[column] or "" for column in SHOWN},
            decision=(row["decision"] or "").strip().casefold(),
            by=(row["by"] or "").strip(),
            on=(row["on"] or "").strip(),
            note=(row["note"] or "").strip(),
        )
        for number, row in enumerate(rows, 2)
        if any(isinstance(value, str) and value.strip() for value in row.values())
    )


def day_of(text: str) -> date | None:
    """A day as people and spreadsheets write it where only one day can be meant: 2026-11-26 or 26.11.2026."""
    match = _ISO.fullmatch(text)
    parts = match.groups() if match else ()
    if not match and (match := _DOTTED.fullmatch(text)):
        parts = tuple(reversed(match.groups()))
    try:
        return date(*map(int, parts)) if parts else None
    except ValueError:
        return None
