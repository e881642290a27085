"""Finds the table of requests on an auditor's sheet: which row names the columns, and what each column means.

No two auditors name their columns alike, or in one order, and titles stand above them. So columns are known by their
words; a sheet on which no column says what is asked holds no requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.programme.requests import OURS

Role = Literal["id", "text", "criteria", "control", "owner", "due", "area", "asks", "other"]
Line = tuple[int, tuple[str, ...]]
"""A row: its number in the file, and its cells as texts."""

_SEARCHED: Final = 60
"""Rows from the top in which the header is looked for."""
_LONGEST: Final = 60
"""Characters of a heading; what is longer is prose."""
_BRIEF: Final = 8
"""Characters of a number such as "4.1" or "IT-07"."""

# The first row that has a word of the heading decides: "Control description" is of a control, "Request owner" an owner.
_WORDS: Final[tuple[tuple[Role, tuple[str, ...]], ...]] = (
    ("due", ("due", "deadline", "needed by", "required by", "target date")),
    ("owner", ("requested from",)),
    ("other", ("provided", "received", "response", "link", "location", "file", "filename", "uploaded", "status",
               "comment", "comments", "notes", "remark", "remarks", "date", "priority", "reviewer", "submitted",
               "period", "delivered", "screenshot", "requested by", "requested on")),
    ("owner", ("owner", "responsible", "assignee", "assigned", "poc", "contact", "preparer", "prepared")),
    ("criteria", ("criteria", "criterion", "tsc", "tsp", "framework", "trust services")),
    ("control", ("control", "controls")),
    ("asks", ("type", "population", "sample")),
    ("id", ("id", "no", "nr", "num", "number", "#", "ref", "reference", "index")),
    ("area", ("area", "category", "domain", "section", "process", "topic", "workstream", "group")),
    ("text", ("request", "requests", "requested", "description", "detail", "details", "evidence", "item", "items",
              "document", "documents", "documentation", "information", "title", "deliverable", "artifact", "artifacts",
              "needed", "required", "ask", "subject", "question")),
)  # fmt: skip
LOOKED_FOR: Final = "request, description, evidence requested, item, document, information, title or details"
"""The words by which a column that says what is asked is known, for who has to be told."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of requests: the position of its header among the rows, its columns' names, and what each means.

    ``returned``: our columns stood behind these, so that we wrote it.
    """

    header: int
    columns: tuple[str, ...]
    roles: tuple[Role, ...]
    returned: bool = False

    def values(self, cells: Sequence[str], role: Role) -> tuple[str, ...]:
        """What a row says in the columns of a role, in their order; blank cells are left out."""
        return tuple(cell for cell, mine in zip(cells, self.roles, strict=True) if mine == role and cell)


def table(rows: Sequence[Line]) -> Table | None:
    """The table on a sheet: below the row that names the most columns. None where none says what is asked."""
    best: tuple[int, int] | None = None
    for position, (_, cells) in enumerate(rows[:_SEARCHED]):
        roles = [role(cell) for cell in cells if cell]
        known = {found for found in roles if found is not None}
        # A title is one cell; a row of the table holds prose.
        if "text" in known and len(roles) > 1 and len(known) > 1 and roles.count(None) <= len(roles) // 2:
            best = max(best or (0, 0), (len(known), -position))
    if best is None:
        return None
    header = -best[1]
    columns = rows[header][1]
    ours = next((index for index in range(len(columns)) if columns[index:][: len(OURS)] == OURS), None)
    # What an export of ours added stands at the end.
    width = max((_width(cells) for _, cells in rows[header:]), default=len(columns)) if ours is None else ours
    named = (*columns[:width], *("",) * (width - len(columns)))
    below = [cells[:width] for _, cells in rows[header + 1 :]]
    return Table(header, named, tuple(_settled([role(name) for name in named], below)), ours is not None)


def _width(cells: Sequence[str]) -> int:
    return next((index for index in range(len(cells), 0, -1) if cells[index - 1]), 0)


def role(heading: str) -> Role | None:
    """What a column of this heading holds; None where its words say nothing."""
    if not heading or len(heading) > _LONGEST:
        return None
    words = re.findall(r"[a-z]+|#", heading.lower())
    said = f" {' '.join(words)} "
    for found, names in _WORDS:
        if any(f" {name} " in said for name in names):
            return found
    return None


def _settled(roles: Sequence[Role | None], below: Sequence[Sequence[str]]) -> Iterator[Role]:
    """One meaning a column, after what stands in it: "Item" may number the lines, or say what is asked.

    Of several columns that could be the id, the first is it; the others are only kept.
    """
    brief = [
        found == "text" and all(len(cells[index]) <= _BRIEF for cells in below if index < len(cells))
        for index, found in enumerate(roles)
    ]
    numbered = "id" in roles
    spoken = any(found == "text" and not short for found, short in zip(roles, brief, strict=True))
    for found, short in zip(roles, brief, strict=True):
        if found == "text" and short and spoken and not numbered:
            numbered = True
            yield "id"
        elif found == "id":
            first, roles = "id" in roles, [None if other == "id" else other for other in roles]
            yield "id" if first else "other"
        else:
            yield found or "other"
