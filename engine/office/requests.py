"""An auditor's list of requests: read from the file that was sent, tied to what is held, kept in the policy folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from engine.content.load import Content
from engine.content.policy import Policy
from engine.content.requests import FOLDER, load_lists, save
from engine.content.wording import suggestion
from engine.errors import UsageError
from engine.office import own
from engine.programme import dates
from engine.programme.headings import LOOKED_FOR, Line, Table, table
from engine.programme.requests import PARTS, Merge, Request, RequestList, Sheet, Tie, distinct, merged
from engine.programme.tying import Known, asks, references, same_words, slug, theirs_are_ours, tied
from engine.scope import applying
from providers.tables.listing import Covered, Illegible, NotAListing, Row, Value, sheets, unnamed

_LONGEST: Final = 8_000
"""Characters of a request, as the schema has it."""
_HEADING: Final = 60
"""Characters of a heading between requests at the most."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A list as it was imported: what changed, what was passed over and why, and how the file was read."""

    requests: RequestList
    merge: Merge
    passed_over: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides of a line: what answers it (nothing named: what was, stays), whose it is, what to say.

    ``nothing``: that nothing is kept for it. ``words``: that the words of the request decide again.
    """

    by: str
    kinds: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    nothing: bool = False
    words: bool = False
    owner: str | None = None
    note: str | None = None

    @property
    def ties(self) -> bool:
        """Whether it names something that answers the line."""
        return any((self.kinds, self.checks, self.controls, self.parts, self.records, self.documents, self.files))


def known(policy: Policy) -> Known:
    """What requests may be tied to: the controls that apply, with the checks of the clouds in use."""
    organization = policy.organization
    controls = applying(policy.controls, policy.criteria, organization.categories)
    return Known(tuple(control.within(organization.providers) for control in controls))


def import_(
    file: Path,
    policy: Path | None,
    on: date,
    name: str | None = None,
    sheet: str | None = None,
    order: str | None = None,
) -> Imported:
    """Read an auditor's list into the policy folder; where it is there already, bring it up to date.

    ``name`` is the list's id (default: made of the file's name), ``sheet`` the only one to read, ``order`` how dates
    are written that can be read two ways ("day" or "month" first). Raises UsageError; nothing is written then.
    """
    doing = f"importing {file}"
    content = own(policy, doing)
    id_ = slug(name if name is not None else file.stem)
    if not id_:
        raise UsageError(f"{doing}: {file.stem} gives no id; name the list with --name")
    before = next((row for row in load_lists(content.root) if row.id == id_), None)
    read = _Reading(file, doing, content, sheet, order)
    lines = list(_named(read.requests(), before))
    lines = list(tied(lines, known(content.policy)))
    merge = merged(before.requests if before is not None else (), lines, on)
    requests = RequestList(
        id=id_,
        source=file.name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        imported_on=on,
        sheets=tuple(read.sheets),
        requests=merge.requests,
        path=content.root.policies / FOLDER / f"{id_}.yaml",
    )
    # Of lines that were dropped the columns may be others: they keep the cells that fit no sheet any more.
    requests = replace(requests, requests=tuple(_fitting(row, requests.sheets) for row in requests.requests))
    save(requests, content.root, doing)
    cites = any(row.controls for row in lines)
    if cites and not theirs_are_ours(lines, known(content.policy)):
        read.notes.append("the control ids of the list are the auditor's own: they tied nothing")
    return Imported(requests, merge, tuple(read.passed_over), tuple(read.notes))


def _fitting(row: Request, sheets: Sequence[Sheet]) -> Request:
    if row.dropped_on is None:
        return row
    width = len(sheets[0].columns)
    return replace(row, sheet=0, cells=(*row.cells[:width], *("",) * (width - len(row.cells))))


class _Reading:
    """One reading of an auditor's file: its tables and lines, and what is to be said of how they were read."""

    def __init__(self, file: Path, doing: str, content: Content, sheet: str | None, order: str | None) -> None:
        self.file, self.doing, self.content, self.sheet, self.order = file, doing, content, sheet, order
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
                rows = [*([Row(0, listing.columns)] if listing.columns else []), *listing.rows]
                found += self._of(name, rows)
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
        values = _carried_down(rows, made)
        self._refuse_illegible(name, values[made.header + 1 :], made)
        place, area = len(self.sheets), None
        self.sheets.append(Sheet(name, made.columns))
        below = [(row.number, _padded(tuple(map(_text, row.values)), len(made.columns))) for row in values]
        below = below[made.header + 1 :]
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
        criteria, _ = references((*cited, text), self.content.policy.criteria)
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
            area=next(iter(made.values(cells, "area")), area),
            criteria=criteria,
            controls=controls,
            asks=asks(text, made.values(cells, "asks")),
            contact=next(iter(made.values(cells, "owner")), None),
            due=day,
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


def _named(requests: Sequence[Request], before: RequestList | None) -> Iterator[Request]:
    """The lines with ids: the auditor's; where there is none, that of the line that said the same, else a new one."""
    old = list(before.requests) if before is not None else []
    taken = {row.id for row in (*old, *requests) if row.id}
    fresh = (f"R-{number:03}" for number in range(1, len(requests) + len(taken) + 1))
    free = (id_ for id_ in fresh if id_ not in taken)
    ids = []
    for row in requests:
        same = next((one for one in old if not row.id and same_words(one.text, row.text)), None)
        if same is not None:
            old.remove(same)
        ids.append(row.id or (same.id if same is not None else next(free)))
    for row, id_ in zip(requests, distinct(ids), strict=True):
        yield replace(row, id=id_)


# --- what people decide -----------------------------------------------------------------------------------------------


def found(content: Content, id_: str | None, doing: str) -> RequestList:
    """A list of the policy folder by its id; without one the only one there is. Raises UsageError, ContentError."""
    lists = {row.id: row for row in load_lists(content.root)}
    if not lists:
        raise UsageError(f"{doing}: no list of requests is imported; see: auditreel requests import --help")
    if id_ is None and len(lists) > 1:
        raise UsageError(f"{doing}: name the list; there are {', '.join(lists)}")
    wanted = id_ if id_ is not None else next(iter(lists))
    if wanted not in lists:
        near = suggestion(wanted, lists) or f"; there are {', '.join(lists)}"
        raise UsageError(f"{doing}: there is no list {wanted}{near}")
    return lists[wanted]


def decide(policy: Path | None, list_: str | None, line: str, decision: Decision, on: date) -> Request:
    """Write what a person decided of a line into its list; gives the line as it is now. Raises UsageError."""
    doing = f"tying the request {line}"
    content = own(policy, doing)
    requests = found(content, list_, doing)
    by_id = {row.id: row for row in requests.requests}
    if line not in by_id:
        raise UsageError(f"{doing}: {requests.id} has no such line{suggestion(line, by_id)}")
    if decision.nothing + decision.words + decision.ties > 1:
        raise UsageError(f"{doing}: it is tied to something, to nothing, or by its words; name one")
    was = by_id[line]
    now = replace(
        was,
        owner=was.owner if decision.owner is None else decision.owner,
        note=was.note if decision.note is None else decision.note,
    )
    if decision.words:
        now = replace(now, tied_by="words", tied_on=None, was=None)
        again = tied(
            [replace(row, ties=()) if row.id == line else row for row in requests.standing], known(content.policy)
        )
        now = replace(now, ties=next((row.ties for row in again if row.id == line), ()))
    elif decision.ties or decision.nothing:
        now = replace(now, ties=tuple(_ties(decision, content, doing)), tied_by=decision.by, tied_on=on, was=None)
    elif decision.owner is None and decision.note is None:
        raise UsageError(f"{doing}: say what answers it, that nothing does, whose it is, or a note; see --help")
    rows = tuple(now if row.id == line else row for row in requests.requests)
    save(replace(requests, requests=rows), content.root, doing)
    return now


def _ties(decision: Decision, content: Content, doing: str) -> Iterator[Tie]:
    policy = content.policy
    why = f"{decision.by} says so"
    kinds = {
        kind
        for control in policy.controls
        for kind in (*control.evidence, *(n for g in control.alternatives for n in g))
    }
    kinds = (
        {kind for kind in kinds if "." not in kind}
        | {row.kind for row in policy.records}
        | {row.kind for row in policy.documents}
    )
    for kind in decision.kinds:
        yield Tie(why, "certain", kind=_of(kind, kinds, "kind of evidence", doing))
    if decision.checks:
        for pattern in decision.checks:
            if not known(policy).checks((pattern,)):
                raise UsageError(f"{doing}: no check that a control of ours rests on matches {pattern}")
        yield Tie(why, "certain", checks=decision.checks)
    for id_ in decision.controls:
        yield Tie(why, "certain", control=_of(id_, {row.id for row in known(policy).controls}, "control", doing))
    for part in decision.parts:
        yield Tie(why, "certain", part=_of(part, PARTS, "part", doing))
    for id_ in decision.records:
        yield Tie(why, "certain", record=_of(id_, {row.id for row in policy.records}, "record", doing))
    for id_ in decision.documents:
        yield Tie(why, "certain", document=_of(id_, {row.id for row in policy.documents}, "document", doing))
    for path in decision.files:
        yield _file(path, content.root.policies, why, doing)


def _of(name: str, names: object, what: str, doing: str) -> str:
    known_names = sorted(names)  # type: ignore[call-overload]
    if name not in known_names:
        raise UsageError(f"{doing}: there is no {what} {name}{suggestion(name, known_names)}")
    return name


def _file(path: Path, policies: Path, why: str, doing: str) -> Tie:
    whole, folder = path.resolve(), policies.resolve()
    if not whole.is_relative_to(folder):
        raise UsageError(f"{doing}: {path} does not lie in {policies}; record it with: auditreel evidence add")
    try:
        digest = hashlib.sha256(whole.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{doing}: reading {path}: {error.strerror or error}") from error
    return Tie(why, "certain", file=whole.relative_to(folder).as_posix(), sha256=digest)
