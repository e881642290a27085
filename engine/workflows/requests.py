"""An auditor's list of requests: read from the file that was sent, tied to what is held, kept in the policy folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from engine.content.load import Content
from engine.content.policy import Policy
from engine.content.requests import FOLDER, load_lists, save
from engine.content.wording import suggestion
from engine.errors import UsageError
from engine.judging.scope import applying
from engine.programme.requests import PARTS, Merge, Request, RequestList, Sheet, Tie, distinct, merged
from engine.programme.tying import Known, same_words, slug, theirs_are_ours, tied
from engine.workflows import own
from engine.workflows.request_reading import Reading


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
    read = Reading(file, doing, content.policy.criteria, sheet, order)
    lines = list(_named(read.requests(), before))
    lines = list(tied(lines, known(content.policy)))
    merge = merged(before.requests if before is not None else (), lines, on)
    requests = RequestList(
        id=id_,
        source=file.name,
        sha256=read.sha256,
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


def _named(requests: Sequence[Request], before: RequestList | None) -> Iterator[Request]:
    """The lines with ids: the auditor's; where there is none, that of the line that said the same, else a new one."""
    # What the list still has is meant before what it had once.
    old = sorted(before.requests, key=lambda row: row.dropped_on is not None) if before is not None else []
    theirs = {row.id for row in requests if row.id}
    taken = {row.id for row in (*old, *requests) if row.id}
    fresh = (f"R-{number:03}" for number in range(1, len(requests) + len(taken) + 1))
    free = (id_ for id_ in fresh if id_ not in taken)
    ids = []
    for row in requests:
        numbered = () if row.id else (one for one in old if one.id not in theirs)
        same = next((one for one in numbered if same_words(one.text, row.text)), None)
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
