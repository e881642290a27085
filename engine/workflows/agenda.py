"""What falls due, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from engine.content.load import Content, load
from engine.content.requests import load_lists
from engine.content.root import find
from engine.model import Waiver
from engine.programme.due import Due, due, of_requests, ordered
from engine.programme.needs import needs
from engine.workflows import shown
from engine.workflows.demands import demands


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is due on a day, or until another (``until``). ``people`` maps a role to who holds it.

    ``lacking`` are the kinds of evidence of which there is nothing good and that no day makes due.
    """

    organization: str
    on: date
    until: date
    rows: tuple[Due, ...]
    people: Mapping[str, tuple[str, ...]]
    lacking: tuple[str, ...]


def agenda(policy: Path | None, on: date, days: int) -> Agenda:
    """Everything of a policy folder that is overdue, or falls due within some days, the oldest first."""
    from engine.workflows import due_reviews

    root = find(policy)
    content = load(root)
    found = content.policy
    until = on + timedelta(days=days)
    # A quarter begins long before it is due: the window reaches beyond what is looked at.
    seen = shown(found, on, timedelta(days=max(days, 365)))
    wanted = needs(demands(found), seen, found.organization.window is not None)
    owners = {control.id: control.owner for control in found.controls}
    programme = found.organization.programme
    rows = due(wanted, found.records, found.documents, programme, owners, (on, until))
    told = {row.subject for row in rows}
    lacking = {
        need.demand.kind
        for need in wanted
        if need.state == "lacking" and need.awaited and need.due is None and need.standing.source not in told
    }
    return Agenda(
        organization=found.organization.name,
        on=on,
        until=until,
        rows=ordered(
            (
                *rows,
                *_of_waivers(found.waivers, on, until),
                *due_reviews.due(found, root.policies, on),
                *_of_approvals(content),
                *_of_requests(content, on, until),
            )
        ),
        people=programme.owners,
        lacking=tuple(sorted(lacking)),
    )


def _of_approvals(content: Content) -> Iterator[Due]:
    """Documents whose approval is nobody's word but their author's."""
    from engine.workflows.history import unapproved

    for document, found in unapproved(content.policy.documents, content.root):
        told = "git shows nobody but who wrote it" if found.standing == "alone" else found.why
        what = f"{document.title} says that {document.approved_by} approved it: {told}"
        then = f"commit {document.path} with a signature, or a line Approved-by, of somebody who did not write it"
        yield Due(document.owner, "undated", None, document.id, what, then)


def _of_requests(content: Content, on: date, until: date) -> Iterator[Due]:
    lists = load_lists(content.root)
    if lists:
        # What reads lists from files is not loaded for who has none.
        from engine.programme.answering import answer
        from engine.workflows.answering import UNREAD, holdings

        held, _ = holdings(content, lists, UNREAD, on)
        for requests in lists:
            yield from of_requests(requests.id, [answer(row, held) for row in requests.standing], (on, until))


def _of_waivers(waivers: Sequence[Waiver], on: date, until: date) -> Iterator[Due]:
    for waiver in waivers:
        what = f"the waiver of {waiver.check}"
        renew = f"correct it, or auditreel waiver renew {waiver.id}"
        if waiver.expires < on:
            ended = f"{what} ended: its failures count again"
            yield Due(waiver.owner, "overdue", waiver.expires, waiver.id, ended, f"{renew}, or remove {waiver.path}")
        elif waiver.effective_at is None:
            yield Due(
                waiver.owner, "undated", None, waiver.id, f"{what} has no effect: no commit brought it", "commit it"
            )
        elif waiver.expires <= until:
            yield Due(waiver.owner, "due", waiver.expires, waiver.id, f"{what} ends", renew)
