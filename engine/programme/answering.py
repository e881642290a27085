"""Answers the requests of an auditor with what is held: people's evidence, sealed runs, the organisation's statements.

Absent evidence is shown as absent. What is expired, altered, not approved, not dated or not seen whole answers nothing,
and what failed is never handed on without being said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from engine.model import NIGHTLY_SCANS, Control
from engine.programme.answers import STATES, Answer, Holdings, Part, Reference, State
from engine.programme.model import Policy, Record, Standing
from engine.programme.needs import Demand, Need, needs
from engine.programme.populations import of_listings
from engine.programme.requests import Request, Tie
from engine.programme.run_answers import nights, of_checks
from engine.programme.sentences import named, stands
from engine.programme.standing import standing_of, supports
from engine.programme.tying import whose


def answer(request: Request, held: Holdings) -> Answer:
    """A request as it stands by what is held."""
    owner = whose(request, held.known, held.people) or "nobody"
    parts = tuple(_part(tie, request, held) for tie in request.ties)
    state: State = max((part.state for part in parts), key=STATES.index, default="open")
    said = [part.said for part in parts]
    if not parts and request.asks == "meeting":
        said.append("it asks for people's time, which no evidence answers")
    elif not parts:
        said.append(
            f"{request.tied_by} says that nothing is kept for it"
            if request.by_person
            else "nothing that is kept is known to answer it"
        )
    if request.was is not None:
        state = max(state, "stale", key=STATES.index)
        said.append(f"the auditor has changed it since {request.tied_by} tied it: look at it again")
    return Answer(request, state, owner, parts, "; ".join(said))


def _part(tie: Tie, request: Request, held: Holdings) -> Part:
    if tie.control is not None:
        return _of_control(tie.control, request, held)
    if tie.part is not None:
        return _of_statement(tie.part, held)
    if tie.file is not None:
        return _of_file(tie.file, tie.sha256, held)
    if tie.record is not None or tie.document is not None:
        return _of_one(tie, held)
    parts = []
    if tie.kind is not None:
        # Where both answer, the listing does: it is the population itself.
        population = of_listings(tie.kind, request, held)
        parts += [population] if population is not None else []
        parts.append(_of_kind(tie.kind, _control_for(tie, request, held), request, held))
    if tie.checks:
        parts.append(of_checks(held.known.checks(tie.checks), request, held.runs))
    return _either(parts)


def _either(parts: Sequence[Part]) -> Part:
    """The better of alternatives; a failure that either shows is said all the same."""
    best = min(parts, key=lambda part: STATES.index(part.state))
    failing = [part for part in parts if part is not best and part.failures]
    if not failing and (best.state == "answered" or len(parts) == 1):
        return best
    others = failing if best.state == "answered" else [part for part in parts if part is not best]
    return Part(
        state=best.state,
        said="; ".join([best.said, *(part.said for part in others)]),
        references=(*best.references, *(row for part in failing for row in part.references)),
        items=best.items,
        failures=sum(part.failures for part in (best, *failing)),
        nights=best.nights,
        unread=any(part.unread for part in parts),
    )


def _all(parts: Sequence[Part], what: str) -> Part:
    state: State = max((part.state for part in parts), key=STATES.index, default="open")
    said = "; ".join(part.said for part in parts) or f"{what} names nothing that can be shown"
    references = tuple(row for part in parts for row in part.references)
    counted = [part.items for part in parts if part.items is not None]
    return Part(
        state=state,
        said=said,
        references=references,
        items=sum(counted) if counted else None,
        failures=sum(part.failures for part in parts),
        nights=max((part.nights for part in parts), default=0),
        unread=all(part.unread for part in parts if part.state != "answered"),
    )


# --- people's evidence ------------------------------------------------------------------------------------------------


def _control_for(tie: Tie, request: Request, held: Holdings) -> str:
    """The control for which a kind is looked at: one that the request cites, else one of its criteria, else any."""
    serving = held.known.serving(tie)
    cited = [row.id for row in serving if row.id in request.controls]
    near = [row.id for row in serving if set(row.criteria).intersection(request.criteria)]
    return next(iter([*cited, *near, *(row.id for row in serving)]), "")


def _of_kind(kind: str, control: str, request: Request, held: Holdings) -> Part:
    need = _need(kind, control, held)
    documents = [row for row in held.shown.documents if row.kind == kind and row.id == need.standing.source]
    if documents:
        return _document(documents[0], need.standing)
    return _records(need, _supporting(kind, control, held), request, held)


def _need(kind: str, control: str, held: Holdings) -> Need:
    """How a kind stands: its occurrences as of today, its best evidence as of the window's end, where that is over."""
    of = next((row for row in held.known.controls if row.id == control), None)
    recurrence = of.occurs if of is not None and kind in of.evidence else None
    owner = of.owner if of is not None else ""
    (need,) = needs([Demand(kind, control, owner, recurrence)], held.shown, held.windowed)
    return replace(need, standing=replace(held.shown, on=held.at).standing(kind, control))


def _supporting(kind: str, control: str, held: Holdings) -> list[Record]:
    return [row for row in held.shown.records if supports(row, kind, control)]


def _records(need: Need, records: Sequence[Record], request: Request, held: Holdings) -> Part:
    found = need.standing
    if found.state != "current":
        sources = [row for row in records if row.id == found.source]
        return Part("open" if found.state == "absent" else "stale", stands(found), tuple(map(_reference, sources)))
    # What happened until the window's end may be written down after it.
    drawn = request.asks in ("population", "sample")
    speaking = [
        row
        for row in records
        if row.effective_on is not None
        and row.effective_on <= (held.shown.on if drawn else held.at)
        and (row.effective_on >= held.shown.window[0] or row.id == found.source)
    ]
    whole = sorted((row for row in speaking if row.whole), key=lambda row: (row.effective_on or date.min, row.id))
    items = sum(len(row.rows) for row in whole) if any(row.rows for row in whole) else None
    wrong = list(_missed(need, held))
    wrong += [stands(Standing(found.kind, "altered", row.id)) for row in speaking if not row.whole]
    if drawn and need.demand.recurrence is None:
        wrong += _short(found.kind, whole, held)
    if request.asks == "sample" and items is None:
        wrong.append("its records list no rows, so that nobody can draw from them")
    late = [row.name for row in need.occurrences if row.state == "late"]
    told = list(map(_record_said, whole))
    told += [f"{', '.join(late)} came late"] if late else []
    if drawn:
        told.append("how many there are its files say" if items is None else f"{items:,} in all")
    if request.asks == "sample" and items is not None:
        told.append("the auditor draws from these")
    return Part("stale" if wrong else "answered", "; ".join([*wrong, *told]), tuple(map(_reference, whole)), items)


def _missed(need: Need, held: Holdings) -> Iterator[str]:
    """The occurrences that nothing fills: for good, or not yet though they were due."""
    for row in need.occurrences:
        if row.state == "absent":
            yield f"{named(need.demand.kind)} of {row.name} is absent"
        elif row.lacking and row.due < held.shown.on:
            yield f"{named(need.demand.kind)} of {row.name} is late: it was due on {row.due}"


def _short(kind: str, records: Sequence[Record], held: Holdings) -> Iterator[str]:
    """Why records do not hold all events of the window: none of them speaks for its last day, once that is over."""
    last = max((row.effective_on for row in records if row.effective_on is not None), default=date.min)
    starts, ends = held.shown.window
    if last < starts:
        yield f"{named(kind)} speaks for no day of the window, which began on {starts}"
    elif last < held.at == ends:
        yield f"{named(kind)} speaks up to {last}, and the window ended on {ends}"


def _record_said(row: Record) -> str:
    count = f", {len(row.rows):,} {'row' if len(row.rows) == 1 else 'rows'}" if row.rows else ""
    return f"{row.title} of {row.effective_on} (record {row.id}{count})"


def _document(row: Policy, found: Standing) -> Part:
    if found.state != "current":
        return Part("stale", stands(found), (_document_reference(row),))
    approved = f"approved by {row.approved_by} on {row.approved_on}, to be reviewed by {row.review_by}"
    return Part("answered", f"{row.title}, version {row.version}, {approved}", (_document_reference(row),))


def _reference(row: Record) -> Reference:
    files = tuple(row.path.with_suffix("") / file.name for file in row.files if file.state == "whole")
    return Reference("record", row.id, row.digest, (row.path, *files))


def _document_reference(row: Policy) -> Reference:
    return Reference("document", row.id, row.digest, (row.path,))


def _of_one(tie: Tie, held: Holdings) -> Part:
    """A single record or document that a person named."""
    for row in held.shown.records if tie.record is not None else ():
        if row.id == tie.record:
            found = standing_of(row, held.shown.on)
            if found.state != "current":
                return Part("stale", stands(found), (_reference(row),))
            return Part("answered", _record_said(row), (_reference(row),), len(row.rows) or None)
    for document in held.shown.documents if tie.document is not None else ():
        if document.id == tie.document:
            return _document(document, standing_of(document, held.shown.on))
    what = f"record {tie.record}" if tie.record is not None else f"document {tie.document}"
    return Part("open", f"there is no {what} any more")


def _of_file(name: str, sha256: str | None, held: Holdings) -> Part:
    found = held.files.get(name)
    if found is None:
        return Part("open", f"the file {name} is not there any more")
    path, digest = found
    if digest != sha256:
        return Part("stale", f"the file {name} is not what it was when it was tied")
    return Part("answered", f"the file {name}", (Reference("file", name, digest, (path,)),))


def _of_statement(part: str, held: Holdings) -> Part:
    stated = held.stated[part]
    references = (Reference("statement", part, stated.sha256, stated.files),) if stated.files else ()
    what = named(part)
    if stated.lacking:
        word: State = "stale" if stated.entries else "open"
        return Part(
            word,
            f"{what}: {', '.join(map(named, stated.lacking))} is not written",
            references if stated.entries else (),
        )
    if not stated.entries and part != "waivers":
        return Part("open", f"nothing is written of {what}")
    return Part(
        "answered",
        f"{what}, {stated.entries:,} {'entry' if stated.entries == 1 else 'entries'}",
        references,
        stated.entries,
    )


# --- controls ---------------------------------------------------------------------------------------------------------


def _of_control(id_: str, request: Request, held: Holdings) -> Part:
    """Everything that a control names: its kinds of evidence, its checks, and one of each of its alternatives."""
    control = next((row for row in held.known.controls if row.id == id_), None)
    if control is None:
        return Part("open", f"there is no control {id_} any more")
    return _all(list(_parts(control, request, held)), id_)


def _parts(control: Control, request: Request, held: Holdings) -> Iterator[Part]:
    for kind in control.evidence:
        yield nights(held.runs) if kind == NIGHTLY_SCANS else _of_kind(kind, control.id, request, held)
    if control.checks:
        yield of_checks(control.checks, request, held.runs)
    for group in control.alternatives:
        checks = [of_checks((name,), request, held.runs) for name in group if "." in name]
        kinds = [_of_kind(name, control.id, request, held) for name in group if "." not in name]
        yield _either([*kinds, *checks])
