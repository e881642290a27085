"""Waivers: from the files of ``policies/waivers``, and what makes one improper. One accepted failure a file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from engine.content.files import Document
from engine.content.provenance import Commit
from engine.content.references import accounts_of, no_account
from engine.content.wording import suggestion
from engine.errors import Problem
from engine.model import Approval, Organization, Waiver

_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")


def waiver_of(document: Document, commit: Commit | None) -> Waiver:
    """The waiver in a file that its schema accepts; ``commit`` brought it (None: no repository says)."""
    value = document.value
    start, approved_on = date.fromisoformat(value["start"]), date.fromisoformat(value["approved_on"])
    approver: str = value["approver"]
    approval = Approval(
        approver=approver,
        approved_on=approved_on,
        standing="corroborated" if commit and _same(approver) in map(_same, commit.signer) else "asserted",
        self_approved=_same(approver) == _same(value["owner"]),
    )
    return Waiver(
        id=document.path.stem,
        kind=value["kind"],
        check=value["check"],
        resources=tuple(value["resources"]),
        owner=value["owner"],
        reason=value["reason"].strip(),
        start=start,
        expires=date.fromisoformat(value["expires"]),
        approval=approval,
        path=document.path,
        digest=hashlib.sha256(document.source).hexdigest(),
        ticket=value.get("ticket"),
        account=value["account"],
        effective_at=_effective(max(start, approved_on), commit),
    )


def _effective(day: date, commit: Commit | None) -> str | None:
    """When a waiver can begin to have effect, ``day`` being when it would by itself."""
    begin = f"{day.isoformat()}T00:00:00Z"
    if commit is None:
        return begin
    return None if commit.committed_at is None else max(begin, commit.committed_at)


def _same(name: str) -> str:
    """A person's name or address as it is compared: case and white space tell nobody apart."""
    return " ".join(name.casefold().split())


def waiver_problems(
    waiver: Waiver, document: Document, organization: Organization, known: Collection[str]
) -> Iterator[Problem]:
    """What the organisation's rules refuse in a waiver, and what it refers to that is not there."""
    if not _ID.fullmatch(waiver.id):
        yield document.problem(
            (), "the file's name is the waiver's id: lower-case letters, digits, dot, hyphen, underscore"
        )
    if waiver.check not in known:
        yield document.problem(("check",), f"there is no check {waiver.check}{suggestion(waiver.check, known)}")
    accounts = accounts_of(organization, waiver.check.partition(".")[0])
    if accounts is not None and waiver.account not in accounts:
        yield document.problem(("account",), no_account(waiver.account, accounts))
    days = (waiver.expires - waiver.start).days + 1
    if days < 1:
        yield document.problem(("expires",), f"{waiver.expires} is before the start, {waiver.start}")
    elif days > organization.waiver_days:
        allowed = f"organization.yaml allows {organization.waiver_days}"
        yield document.problem(("expires",), f"lasts {days} days from {waiver.start}: {allowed}")
    if days >= 1 and waiver.approval.approved_on > waiver.expires:
        yield document.problem(("approved_on",), f"{waiver.approval.approved_on} is after it expires, {waiver.expires}")
    if waiver.approval.self_approved and not organization.self_approval:
        yield document.problem(("approver",), "is the owner: self-approval is refused by organization.yaml")
