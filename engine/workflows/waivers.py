"""Accepted failures: waivers are written here, and have their effect when somebody commits them.

A waiver names the resources that were failing when it was approved. What fails is read from the newest sealed run, or
from a snapshot that is named, and judged by the checks at hand, as the next run will be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.content import written
from engine.content.files import Document, read
from engine.content.load import Content, load
from engine.content.provenance import Commit
from engine.content.root import find
from engine.content.waivers import waiver_of, waiver_problems
from engine.content.wording import suggestion
from engine.custody import inspection
from engine.errors import Problem, UsageError
from engine.judging import waivers
from engine.model import Finding, Waiver, WaiverState
from engine.run import pipeline
from engine.run.request import RunRequest
from engine.workflows import own


@dataclass(frozen=True, slots=True)
class Terms:
    """What people agree on: why a failure is accepted, by whom, and for how long.

    ``approved`` is the day of the approval; ``start`` and ``expires`` are the first and last day.
    """

    kind: str
    owner: str
    approver: str
    reason: str
    approved: date
    start: date
    expires: date
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A waiver as it was written, and where its resources were seen failing: a run's id or a file, and when.

    ``left_out`` are resources that it named and that fail no more.
    """

    waiver: Waiver
    seen_in: str
    as_of: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """Every waiver as it stands now, and the run or file that its matches are of (None: they are not known).

    ``unseen`` are the ids of those that match nothing because what they name was not seen.
    """

    states: tuple[WaiverState, ...]
    seen_in: str | None = None
    as_of: str | None = None
    unseen: frozenset[str] = frozenset()


def add(
    request: RunRequest, check: str, account: str | None, resources: Sequence[str], terms: Terms, id_: str | None
) -> Accepted:
    """Write a waiver for what fails of a check: the ``resources`` named, else all of the account.

    Raises UsageError where nothing of that fails, or the organisation's rules refuse it; nothing is written then.
    """
    doing = "writing a waiver"
    content = own(request.policy, doing)
    if check not in content.checks:
        raise UsageError(f"{doing}: there is no check {check}{suggestion(check, content.checks)}")
    seen_in, as_of, findings = _failing(request, (check,), content)
    failing = _of_account(findings, check, account, seen_in, doing)
    theirs = failing[0].scope.account
    ids = {finding.subject.id for finding in failing}
    for wanted in resources:
        if wanted not in ids:
            raise UsageError(f"{doing}: {wanted} does not fail {check} in {seen_in}{suggestion(wanted, ids)}")
    names = sorted(set(resources) or ids)
    folder = content.root.policies / "waivers"
    path = folder / f"{id_ or _free(folder, check, names)}.yaml"
    source = written.text_of(_value(check, theirs, names, terms))
    waiver = _proper(written.accepted(path, source, content.root, "waiver", doing), content, doing)
    written.add(path, source)
    return Accepted(waiver, seen_in, as_of)


def renew(request: RunRequest, id_: str, changes: Mapping[str, str]) -> Accepted:
    """Write a new period, with a new approval, into a waiver's file; what fails no more is no longer named.

    ``changes`` are its new values by key. A resource that fails and is not named stays a new failure. Raises UsageError
    where nothing that it names fails any more.
    """
    doing = f"renewing the waiver {id_}"
    content, waiver, document = _of_file(request.policy, id_, doing)
    seen_in, as_of, findings = _failing(request, (waiver.check,), content)
    mine = [finding for finding in findings if finding.scope.account == waiver.account]
    failing = {finding.subject.id for finding in mine if finding.verdict == "fail"}
    unseen = [name for name in waiver.resources if name not in failing and not _is_settled(name, mine)]
    if unseen:
        raise UsageError(
            f"{doing}: {seen_in} does not say whether {unseen[0]} still fails; name a --snapshot that does"
        )
    kept = [name for name in waiver.resources if name in failing]
    if not kept:
        raise UsageError(f"{doing}: nothing that it names fails in {seen_in}; end it: auditreel waiver expire {id_}")
    left_out = tuple(name for name in waiver.resources if name not in failing)
    source = written.edited(document, {**changes, **({"resources": kept} if left_out else {})})
    new = _proper(written.accepted(document.path, source, content.root, "waiver", doing), content, doing)
    written.replace(document.path, source)
    return Accepted(new, seen_in, as_of, left_out)


def expire(policy: Path | None, id_: str, on: date) -> Waiver:
    """Let a day be the last one of a waiver. Raises UsageError where it ended before, or begins after it."""
    doing = f"ending the waiver {id_}"
    content, waiver, document = _of_file(policy, id_, doing)
    if waiver.expires <= on:
        raise UsageError(f"{doing}: it ends on {waiver.expires} already")
    if on < waiver.start:
        raise UsageError(f"{doing}: it begins on {waiver.start} only; remove {document.path} instead")
    source = written.edited(document, {"expires": on.isoformat()})
    new = _proper(written.accepted(document.path, source, content.root, "waiver", doing), content, doing)
    written.replace(document.path, source)
    return new


def register(request: RunRequest, now: str) -> Register:
    """Every waiver as it stands at a moment (RFC 3339 UTC); what it matches is of the newest run, or the snapshot."""
    content = load(find(request.policy))
    known = content.policy.waivers
    store = request.store or content.policy.organization.store
    if not known or (store is None and request.snapshot is None):
        # Without a run nobody knows what they match, which is not the same as nothing.
        return Register(waivers.states(known, (), content.checks, now))
    checks = tuple(sorted({waiver.check for waiver in known}))
    seen_in, as_of, findings = _failing(request, checks, content)
    states = waivers.states(known, findings, content.checks, now)
    unseen = frozenset(state.waiver.id for state in states if not state.matches and not _seen(state.waiver, findings))
    return Register(states, seen_in, as_of, unseen)


def _failing(request: RunRequest, checks: Sequence[str], content: Content) -> tuple[str, str, tuple[Finding, ...]]:
    """What checks say of a snapshot, the one named or the newest run's: where it is from, when, and the findings."""
    store = request.store or content.policy.organization.store
    named = request.snapshot
    if named is None:
        if store is None:
            raise UsageError(
                "reading what fails: no store is named, and no --snapshot; use --store DIR, or auditreel init"
            )
        named = inspection.latest(store, request.config)
    snapshot, findings = pipeline.judged(replace(request, checks=tuple(checks), snapshot=named, store=store))
    return named, snapshot.as_of, findings


def _of_account(
    findings: Iterable[Finding], check: str, account: str | None, seen_in: str, doing: str
) -> list[Finding]:
    """The failures of a check in an account, the only one that has any where none is named."""
    verdicts: Counter[str] = Counter()
    failing = []
    for finding in findings:
        if account in (None, finding.scope.account):
            verdicts[finding.verdict] += 1
            if finding.verdict == "fail":
                failing.append(finding)
    if not failing:
        told = ", ".join(f"{count} {name}" for name, count in sorted(verdicts.items())) or "it says nothing of it"
        where = f" in {account}" if account else ""
        raise UsageError(f"{doing}: nothing fails {check}{where} in {seen_in} ({told}): there is nothing to accept")
    accounts = sorted({finding.scope.account for finding in failing})
    if len(accounts) > 1:
        raise UsageError(f"{doing}: {check} fails in {', '.join(accounts)}; a waiver is of one: --account")
    return failing


def _seen(waiver: Waiver, findings: Iterable[Finding]) -> bool:
    """Whether findings tell of everything that a waiver names."""
    mine = [row for row in findings if row.scope.account == waiver.account and row.check.id == waiver.check]
    return all(_is_settled(name, mine) for name in waiver.resources)


def _is_settled(resource: str, findings: Sequence[Finding]) -> bool:
    """Whether findings show that a resource does not fail: it was judged, or it is not among all there are."""
    verdicts = {finding.verdict for finding in findings if finding.subject.id == resource}
    if verdicts:
        return verdicts <= {"pass", "not_applicable"}
    return bool(findings) and all(finding.subject.kind == "resource" for finding in findings)


def _value(check: str, account: str, resources: Sequence[str], terms: Terms) -> dict[str, Any]:
    value = {
        "kind": terms.kind,
        "check": check,
        "account": account,
        "resources": list(resources),
        "owner": terms.owner,
        "approver": terms.approver,
        "approved_on": terms.approved,
        "reason": terms.reason,
        "start": terms.start,
        "expires": terms.expires,
        "ticket": terms.ticket,
    }
    return {key: said for key, said in value.items() if said is not None}


def _proper(document: Document, content: Content, doing: str) -> Waiver:
    """The waiver in a document, by every rule that a run would hold it to. No commit has brought it yet."""
    waiver = waiver_of(document, Commit(None))
    problems: list[Problem] = list(waiver_problems(waiver, document, content.policy.organization, content.checks))
    written.refuse(problems, doing)
    return waiver


def _of_file(policy: Path | None, id_: str, doing: str) -> tuple[Content, Waiver, Document]:
    content = own(policy, doing)
    found = {waiver.id: waiver for waiver in content.policy.waivers}
    if id_ not in found:
        raise UsageError(f"{doing}: there is no waiver {id_}{suggestion(id_, found) or '; see: auditreel waiver list'}")
    problems: list[Problem] = []
    document = read(found[id_].path, problems)
    written.refuse(problems, doing)
    if document is None:
        raise UsageError(f"{doing}: {found[id_].path} cannot be read")
    return content, found[id_], document


def _free(folder: Path, check: str, resources: Collection[str]) -> str:
    """An id for a waiver: what its check is about, and the resource where there is one alone."""
    words = check.split(".", 1)[1]
    if len(resources) == 1:
        words += "-" + re.split(r"[/:]", next(iter(resources)))[-1]
    wanted = re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")[:80].rstrip("-")
    taken = {path.stem.casefold() for path in folder.rglob("*.yaml")} if folder.is_dir() else set()
    number, id_ = 1, wanted
    while id_ in taken:
        number += 1
        id_ = f"{wanted}-{number}"
    return id_
