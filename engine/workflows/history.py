"""Git as evidence of review: who wrote policy documents and controls, and who approved them as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.content.load import load
from engine.content.provenance import Unanswered, Written, written
from engine.content.root import Root, find
from engine.programme.model import Policy
from engine.reviews.persons import same

Standing = Literal["corroborated", "asserted", "alone", "uncommitted", "unknown"]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A file of the policy folder, and what git shows of its review.

    "corroborated": somebody else than who wrote it signed it. "asserted": the commit names somebody else, on the word
    of whoever wrote it. "alone": nobody but who wrote it. "uncommitted", "unknown": nothing is shown, and ``why``.
    ``approved_by`` is whom a document names itself, ``confirmed`` whether git shows that one among ``approvers``; both
    are None of a file that names nobody.
    """

    file: str
    standing: Standing
    written: Written | None = None
    approvers: tuple[str, ...] = ()
    why: str = ""
    approved_by: str | None = None
    confirmed: bool | None = None


def reviewed(policy: Path | None) -> tuple[Reviewed, ...]:
    """Every policy document and every file of controls, by name. Raises ContentError, UsageError."""
    root = find(policy)
    found = load(root).policy
    documents = {document.path: document for document in found.documents}
    paths = sorted({*documents, *(control.path for control in found.controls)})
    return tuple(_reviewed(path, documents.get(path), root) for path in paths)


def unapproved(documents: Iterable[Policy], root: Root) -> Iterator[tuple[Policy, Reviewed]]:
    """The documents that name who approved them, where git shows nobody but who wrote them, or not what stands there.

    What git cannot tell is not among them: ``evidence history`` says it.
    """
    for document in documents:
        if document.template or document.approved_by is None or document.approved_on is None:
            continue
        found = _reviewed(document.path, document, root)
        if found.standing in ("alone", "uncommitted"):
            yield document, found


def _reviewed(path: Path, document: Policy | None, root: Root) -> Reviewed:
    name = path.relative_to(root.policies).as_posix() if path.is_relative_to(root.policies) else path.name
    named = document.approved_by if document is not None else None
    confirmed = None if named is None else False
    try:
        told = written(path)
    except Unanswered as error:
        return Reviewed(name, "unknown", why=f"git does not tell: {error}", approved_by=named, confirmed=confirmed)
    if told is None:
        why = "no git repository holds it"
        return Reviewed(name, "unknown", why=why, approved_by=named, confirmed=confirmed)
    if told.commit is None:
        why = "it is not committed as it stands"
        return Reviewed(name, "uncommitted", told, why=why, approved_by=named, confirmed=confirmed)
    if told.doubts:
        return Reviewed(name, "unknown", told, why="; ".join(told.doubts), approved_by=named, confirmed=confirmed)
    others = tuple(dict.fromkeys(_others(told)))
    signed = {approval.who for approval in told.approvals if approval.how == "signature"}
    standing: Standing = "alone"
    if others:
        standing = "corroborated" if signed.intersection(others) else "asserted"
    if named is not None:
        confirmed = any(_is(named, who) for who in others)
    return Reviewed(name, standing, told, others, "", named, confirmed)


def _others(told: Written) -> Iterator[str]:
    """Those who approved and are none of those who wrote it. Who may be one of them is not counted."""
    for approval in told.approvals:
        if not any(_may_be(approval.who, author) for author in told.authors):
            yield approval.who


def _parts(who: str) -> tuple[str, ...]:
    """The name and the address of "Name <address>"."""
    name, _, address = who.partition("<")
    return tuple(filter(None, (name.strip(), address.rstrip("> ").strip())))


def _may_be(one: str, other: str) -> bool:
    return any(same(left, right) != "no" for left in _parts(one) for right in _parts(other))


def _is(one: str, other: str) -> bool:
    return any(same(left, right) == "yes" for left in _parts(one) for right in _parts(other))
