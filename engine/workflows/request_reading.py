"""Reads an auditor's list of requests: every sheet on which a column says what is asked, and each of its lines.

Nothing is passed over in silence: a row that says something and asks nothing is named, as is a sheet without a table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from engine.errors import UsageError
from engine.programme import dates
from engine.programme.headings import LOOKED_FOR, Line, Table, table
from engine.programme.requests import Request, Sheet
from engine.programme.tying import asks, references
from providers.tables.listing import Covered, Illegible, NotAListing, Row, Value, sheets, unnamed

_LONGEST: Final = 8_000
"""Characters of a request, as the schema has it."""
_ID: Final = 120
"""Characters of an id, as the schema has it."""
_QUOTED: Final = re.compile(r"(^|;)'(?=\s*[=+\-@])", re.MULTILINE)
"""What an export of ours puts before that which a spreadsheet would take for a formula."""
_NAME: Final = 400
"""Characters of an area or a contact that are kept beside the cells."""
_HEADING: Final = 60
"""Characters of a heading between requests at the most."""


class Reading:
    """One reading of an auditor's file: its tables and lines, and what is to be said of how they were read.

    ``criteria`` are the ids that there are; ``sheet`` is the only one to read (None: each), ``order`` says what stands
    first in dates that can be read two ways. ``sha256`` is the file's digest, once it was read.
    """

    def __init__(self, file: Path, doing: str, criteria: Collection[str], sheet: str | None, order: str | None) -> None:
        self.file, self.doing, self.criteria, self.sheet, self.order = file, doing, criteria, sheet, order
        self.sha256 = ""
        self.sheets: list[Sheet] = []
        self.passed_over: list[str] = []
        self.notes: list[str] = []

    def requests(self) -> list[Request]:
        """Every line of every table, without an id where the list has none. Raises UsageError where there is none."""
        found: list[Request] = []
        try:
            names = (self.sheet,) if self.sheet is not None else sheets(self.file)
            for name in names:
                listing = unnamed(self.file, name)
                self.sha256 = listing.sha256
                rows = [*([Row(0, listing.columns)] if listing.columns else []), *listing.rows]
                found += self._of(listing.sheet, rows)
        except NotAListing as error:
            raise UsageError(f"{self.doing}: {error}") from error
        except OSError as error:
            raise UsageError(f"{self.doing}: {error.strerror or error}") from error
        if not found:
            looked = f"in {len(names)} sheets " if len(names) > 1 else ""
            raise UsageError(
                f"{self.doing}: {looked}no row names a column that says what is asked; looked for a heading with the "
                f"words {LOOKED_FOR}. Rename the column, or name its sheet with --sheet"
            )
        return found

    def _of(self, name: str | None, rows: Sequence[Row]) -> Iterator[Request]:
        lines: list[Line] = [(row.number, tuple(map(_text, row.values))) for row in rows]
        made = table(lines)
        if made is None:
            if name is not None and lines:
                self.passed_over.append(f"sheet {name}: no row names a column that says what is asked")
            return
        if name is None:
            self._refuse_moved(rows[made.header :])
        values = _carried_down(rows, made)
        self._refuse_illegible(name, values[made.header + 1 :], made)
        place, area = len(self.sheets), None
        self.sheets.append(Sheet(name, made.columns))
        below = [(row.number, _padded(tuple(map(_text, row.values)), len(made.columns))) for row in values]
        below = below[made.header + 1 :]
        if made.returned:
            below = [(number, tuple(_QUOTED.sub(r"\1", cell) for cell in cells)) for number, cells in below]
        due = dates.reader([value for _, cells in below for value in made.values(cells, "due")], self.order)
        headings = []
        for number, cells in below:
            text = _joined(made.values(cells, "text"))
            said = [cell for cell in cells if cell]
            if not said or cells == made.columns:
                continue  # blank, or the header printed again at the top of a page
            if len(said) == 1 and _is_heading(said[0], text, made):
                area = said[0]
                headings.append(f"{number} ({area[:40]})")
            elif not text:
                self.passed_over.append(f"{_at(name, number)}: it says nothing that is asked: {' | '.join(said)[:80]}")
            elif len(text) > _LONGEST:
                raise UsageError(
                    f"{self.doing}: {_at(name, number)}: a request of {len(text):,} characters is too long"
                )
            elif len(next(iter(made.values(cells, "id")), "")) > _ID:
                raise UsageError(f"{self.doing}: {_at(name, number)}: its id is longer than {_ID} characters")
            else:
                yield self._request(place, number, cells, made, text, area, due)
        if headings:
            where = f"sheet {name}, rows" if name is not None else "rows"
            self.notes.append(f"taken for headings between requests: {where} {', '.join(headings)}")

    def _request(
        self,
        place: int,
        number: int,
        cells: tuple[str, ...],
        made: Table,
        text: str,
        area: str | None,
        due: dates.Reader,
    ) -> Request:
        cited = (*made.values(cells, "criteria"), *made.values(cells, "control"))
        criteria, _ = references((*cited, text), self.criteria)
        _, controls = references(cited, ())
        day, why = due(_joined(made.values(cells, "due")))
        if why is not None:
            self.notes.append(f"{_at(self.sheets[place].name, number)}: {why}")
        return Request(
            id=next(iter(made.values(cells, "id")), ""),
            text=text,
            row=number,
            sheet=place,
            cells=cells,
            area=(next(iter(made.values(cells, "area")), None) or area or "")[:_NAME] or None,
            criteria=criteria,
            controls=controls,
            asks=asks(text, made.values(cells, "asks")),
            contact=next(iter(made.values(cells, "owner")), "")[:_NAME] or None,
            due=day,
        )

    def _refuse_moved(self, rows: Sequence[Row]) -> None:
        """Where separators tell cells apart, one more or less moves all that follow; a heading stands by itself."""
        width = len(rows[0].values)
        for row in rows:
            if len(row.values) != width and sum(value is not None for value in row.values) > 1:
                raise UsageError(
                    f"{self.doing}: {_at(None, row.number)}: it has {len(row.values)} cells for {width} columns"
                )

    def _refuse_illegible(self, name: str | None, rows: Sequence[Row], made: Table) -> None:
        """What is asked must be readable: a request that nobody read is one that nobody answers."""
        for row in rows:
            for value, role in zip(row.values, made.roles, strict=False):
                if isinstance(value, Illegible) and not isinstance(value, Covered) and role in ("text", "id"):
                    raise UsageError(f"{self.doing}: {_at(name, row.number)}: a cell cannot be read: {value.why}")


def _carried_down(rows: Sequence[Row], made: Table) -> list[Row]:
    """The rows in which a cell that lies under a merged one of its column has that one's value."""
    by_number = {row.number: row for row in rows}
    found = []
    for row in rows:
        values = list(row.values)
        for index, value in enumerate(values):
            if isinstance(value, Covered):
                above = by_number.get(value.row)
                down = above is not None and value.column == index and row.number != value.row
                # A request that is merged over rows is one request, not several.
                carried = down and index < len(made.roles) and made.roles[index] not in ("text", "id")
                values[index] = above.values[index] if carried and above is not None else None
        found.append(Row(row.number, tuple(values)))
    return found


def _is_heading(said: str, text: str, made: Table) -> bool:
    """Whether a row of one cell is a heading between the requests, and not a request that says nothing else."""
    return len(made.roles) > 1 and (not text or ("id" in made.roles and len(said) <= _HEADING and said[-1] not in ".?"))


def _padded(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*cells[:width], *("",) * (width - len(cells)))


def _text(value: Value) -> str:
    if value is None or isinstance(value, Covered):
        return ""
    if isinstance(value, Illegible):
        return f"(not read: {value.why})"
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value.isoformat() if isinstance(value, date) else str(value)
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text).strip()


def _joined(values: Sequence[str]) -> str:
    return ". ".join(value.rstrip(".") if index < len(values) - 1 else value for index, value in enumerate(values))


def _at(sheet: str | None, number: int) -> str:
    return f"sheet {sheet}, row {number}" if sheet is not None else f"row {number}"
