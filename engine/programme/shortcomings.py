"""What is failing, unproven or missing of the criteria in scope: one item for each thing that somebody can do.

Nothing is good by default: whatever is not shown is an item.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from engine.model import NIGHTLY_SCANS, SEVERITIES, Check, ControlConclusion, Finding
from engine.programme import sentences, vendors
from engine.programme.model import Policy, Standing
from engine.programme.scoped import NIGHTS, NOT_COLLECTED, Effort, Item, Scoped
from engine.programme.standing import DOCUMENTS

_SMALL: Final = 3
"""Resources up to which a failing check is small work."""
_LARGE: Final = 25
"""Resources beyond which it is large."""


def items_of(scope: Scoped) -> Iterator[Item]:
    """Every item, in no order."""
    found = [*_failing(scope), *_unseen(scope), *_evidence(scope), *_occurrences(scope), *_nights(scope)]
    found += _words(scope)
    yield from found
    yield from _silent(scope, {id_ for item in found for id_ in item.controls})
    yield from _unnamed(scope)
    yield from _vendors(scope)
    yield from _missing(scope)


# --- checks ----------------------------------------------------------------------------------------------------------


def _failing(scope: Scoped) -> Iterator[Item]:
    for id_, findings in scope.failing.items():
        controls, check = scope.relying[id_], findings[0].check
        count = len(findings)
        effort: Effort = "small" if count <= _SMALL else "medium" if count <= _LARGE else "large"
        yield Item(
            id=f"check/{id_}",
            kind="failing",
            topic="check",
            what=f"{_count(count, 'failure')}: {check.title}",
            severity=check.severity,
            effort=effort,
            owner=controls[0].control.owner,
            criteria=scope.reach(controls),
            controls=_ids(controls),
            fix=tuple(check.remediation.items()),
            # A photograph with a grave hole in it is none that anybody wants; a film needs every control to operate.
            holds="type_1" if check.severity == "critical" else "window",
            resources=count,
            check=id_,
            findings=findings,
        )


def _unseen(scope: Scoped) -> Iterator[Item]:
    """One item for each cause of unknown verdicts: to grant one permission is one thing to do."""
    causes: dict[tuple[str, str, bool], list[Finding]] = {}
    for findings in scope.unknown.values():
        for finding in findings:
            for key in _causes(finding):
                causes.setdefault(key, []).append(finding)
    for (reason, needs, granting), found in causes.items():
        checks = list({finding.check.id: finding.check for finding in found}.values())
        yield _unread(scope, reason, needs, granting, checks, tuple(found))
    collected = any(reason == NOT_COLLECTED for reason, _, _ in causes)
    if scope.unlisted and not collected:
        known = {check.id: check for check in scope.run.selection.checks}
        yield _unread(scope, NOT_COLLECTED, "", False, [known[id_] for id_ in scope.unlisted], ())


def _unread(
    scope: Scoped, reason: str, needs: str, granting: bool, checks: Sequence[Check], found: tuple[Finding, ...]
) -> Item:
    controls = _distinct(row for check in checks for row in scope.relying[check.id])
    severity = max((check.severity for check in checks), key=SEVERITIES.index)
    words = "never listed" if reason == NOT_COLLECTED else reason.replace("_", " ")
    named = f"{words}: {needs}" if needs else words
    told = f"{_count(len(found), 'verdict')} of " if found else ""
    fix = ("run", "auditreel run, which reads everything that the checks need")
    if scope.nights is None and not scope.run.snapshot.scopes:
        fix = ("run", "auditreel init, which makes a store; then auditreel run, which reads what the checks need")
    if granting:
        fix = ("grant", f"grant {needs}; auditreel permissions prints the whole policy")
    elif reason != NOT_COLLECTED:
        fix = ("run", "run again; auditreel doctor says what is denied, and why")
    return Item(
        id=f"unseen/{reason}/{needs}" if needs else f"unseen/{reason}",
        kind="unproven",
        topic="unseen",
        what=f"Not seen ({named}): {told}{_count(len(checks), 'check')}",
        severity=severity,
        effort="small" if granting or reason == NOT_COLLECTED else "medium",
        owner=controls[0].control.owner,
        criteria=scope.reach(controls),
        controls=_ids(controls),
        fix=(fix,),
        holds="type_1" if severity == "critical" else "window",
        resources=len(found),
        findings=found,
    )


def _causes(finding: Finding) -> set[tuple[str, str, bool]]:
    """Why a verdict is unknown: the reason, what it needs, and whether that is a permission."""
    if not finding.causes:
        return {(finding.reason or "unknown", "", False)}
    return {
        (
            str(cause.unread.reason),
            cause.unread.permission or cause.unread.operation or "",
            bool(cause.unread.permission),
        )
        for cause in finding.causes
    }


# --- people's evidence -----------------------------------------------------------------------------------------------


def _evidence(scope: Scoped) -> Iterator[Item]:
    for kind, rows in scope.kinds.items():
        lacking = [(row, standing) for row, standing in rows if standing.state != "current"]
        if not lacking:
            continue
        controls = [row for row, _ in lacking]
        standing = lacking[0][1]
        document = scope.documents.get(kind)
        alone = any(row.word == "no_evidence" for row in controls)
        yield Item(
            id=f"evidence/{kind}",
            kind="unproven",
            topic="evidence",
            what=_sentence(sentences.stands(standing)),
            severity="high" if alone else "medium",
            effort="medium" if standing.state in ("absent", "template") else "small",
            owner=document.owner if document else controls[0].control.owner,
            criteria=scope.reach(controls),
            controls=_ids(controls),
            fix=(_evidence_fix(kind, standing, document, scope),),
            holds="type_1",
        )


def _evidence_fix(kind: str, standing: Standing, document: Policy | None, scope: Scoped) -> tuple[str, str]:
    add = sentences.recording(kind)
    vendor = vendors.of(scope.organization.programme, standing)
    if vendor is not None:
        return ("record", f"get the report of {vendor.name}, review it, and enter it under subservices")
    if document is None and kind in DOCUMENTS:
        return ("write", add)
    if document is None or standing.source != document.id:
        return ("record", {"not_yet": f"wait for {standing.since}, or {add}"}.get(standing.state, add))
    name = f"policies/documents/{document.path.name}"
    steps = {
        "template": "make it the organisation's own, take status: template out, and have it approved",
        "unapproved": "have it approved: approved_by, approved_on and review_by",
        "undated": "say until when it is good: review_by",
        "expired": "review it and have it approved again: approved_on and review_by",
        "not_yet": f"it holds from {standing.since}",
    }
    return ("write", f"{name}: {steps.get(standing.state) or sentences.stands(standing)}")


def _occurrences(scope: Scoped) -> Iterator[Item]:
    for id_, row in scope.controls.items():
        if row.control.occurs is None:
            continue
        over = [one for one in row.occurrences if one.state != "open"]
        absent = [one for one in over if one.state == "absent"]
        if over and not absent:
            continue
        kinds = row.control.evidence
        lacking = next((one.lacking for one in reversed(row.occurrences) if one.lacking), kinds)
        told = sentences.occurred(row.occurrences) if row.occurrences else "nothing was expected of it yet, nor kept"
        yield Item(
            id=f"occurrence/{id_}",
            kind="failing" if absent else "unproven",
            topic="occurrence",
            what=f"{id_}, every {row.control.occurs.every.replace('_', ' ')}: {told}",
            severity="high" if absent else "medium",
            effort="medium",
            owner=row.control.owner,
            criteria=scope.reach([row]),
            controls=(id_,),
            fix=tuple(("record", sentences.recording(kind)) for kind in lacking),
            # What was missed stays missed; a window can begin once the latest one was kept.
            holds="window" if not over or over[-1].state == "absent" else None,
            resources=len(absent),
        )


def _words(scope: Scoped) -> Iterator[Item]:
    """Evidence that counts on somebody's word: no file shows it. It keeps nothing waiting, and an auditor will ask."""
    for kind, rows in scope.words.items():
        controls, told = [row for row, _ in rows], dict.fromkeys(text for _, text in rows)
        yield Item(
            id=f"word/{kind}",
            kind="unproven",
            topic="evidence",
            what=_sentence("; ".join(told)),
            severity="low",
            effort="small",
            owner=controls[0].control.owner,
            criteria=scope.reach(controls),
            controls=_ids(controls),
            fix=(("record", f"auditreel evidence add --kind {kind} FILE"),),
            holds=None,
        )


def _unnamed(scope: Scoped) -> Iterator[Item]:
    """Accounts that were discovered and that no rule of the boundary names: nobody said that they are in, or out."""
    bounds = scope.run.boundary
    for place in bounds.unnamed if bounds is not None else ():
        controls = _distinct(
            row for id_, rows in scope.relying.items() if id_.partition(".")[0] == place.provider for row in rows
        )
        yield Item(
            id=f"unseen/boundary/{place.provider}/{place.account}",
            kind="unproven",
            topic="unseen",
            what=f"No rule of the boundary names the account {place.account} of {place.provider}: runs are incomplete",
            severity="high",
            effort="small",
            owner=controls[0].control.owner if controls else "",
            criteria=scope.reach(controls),
            controls=_ids(controls),
            fix=(
                ("decide", "is it part of the system? name it in a rule of boundary in organization.yaml, and approve"),
            ),
            holds="window",
        )


# --- controls, nights, vendors ---------------------------------------------------------------------------------------


def _silent(scope: Scoped, told: Collection[str]) -> Iterator[Item]:
    """Controls that show nothing, or not all, for a reason that no other item names (``told`` are those of these)."""
    for id_, row in scope.controls.items():
        if id_ in told or row.word == "failures_observed" or scope.shows(row):
            continue
        nothing = bool(row.checks) and row.complete
        named = bool(row.checks or row.not_run or row.control.evidence)
        what = row.reason[0].lower() + row.reason[1:].rstrip(".")
        fix = "keep it for what is planned, or take it out of policies/controls"
        if not nothing:
            fix = "name its evidence in policies/controls, or the cloud that its checks read under providers"
        yield Item(
            id=f"control/{id_}",
            kind="unproven",
            topic="control",
            what=f"{id_}: {what if named else 'nothing is named that could show it'}",
            severity="low" if nothing else "high",
            effort="small" if nothing else "medium",
            owner=row.control.owner,
            criteria=scope.reach([row]),
            controls=(id_,),
            fix=(("decide", fix),),
            # What complete listings show not to exist keeps nobody waiting.
            holds=None if nothing else "type_1",
        )


def _nights(scope: Scoped) -> Iterator[Item]:
    if scope.nights is not None and scope.nights.last_ran:
        return
    controls = [row for row in scope.controls.values() if NIGHTLY_SCANS in row.control.evidence]
    told = "no store was asked"
    if scope.nights is not None:
        ran = f"{scope.nights.ran} of {scope.nights.expected} ran"
        told = ran if scope.nights.expected else "the store holds no run yet"
    schedule = scope.organization.schedule
    yield Item(
        id=NIGHTS,
        kind="unproven",
        topic="nights",
        what=f"No sealed run of last night is known ({told})",
        severity="high",
        effort="small",
        owner=controls[0].control.owner if controls else "",
        criteria=scope.reach(controls),
        controls=_ids(controls),
        fix=(
            ("run", f"every day at {schedule.at} {schedule.timezone}: auditreel run --trigger scheduled --store STORE"),
        ),
        holds="window",
    )


def _vendors(scope: Scoped) -> Iterator[Item]:
    for row in scope.vendors:
        vendor = row.vendor
        controls = [found for found in scope.run.controls if found.control.id == vendor.monitored_by]
        days = ", ".join(f"{starts} to {ends}" for starts, ends in row.missed)
        told = [*row.concerns, *([f"nothing speaks for {days} of the window"] if days else [])]
        if not told:
            continue
        grave = any(f"opinion {word}" in row.concerns for word in ("adverse", "disclaimer"))
        fix = "ask for the report or bridge letter, review it, and enter it under subservices"
        if row.state == "current" and not row.missed:
            fix = "say in the review what it means for us, and which control of ours makes up for it"
        yield Item(
            id=f"vendor/{vendor.id}",
            kind="unproven",
            topic="vendor",
            what=f"{vendor.name}: {'; '.join(told)}",
            severity="high" if grave else "medium",
            effort="small",
            owner=controls[0].control.owner if controls else "",
            # What we assume of it is shown by its report alone.
            criteria=tuple(id_ for id_ in scope.criteria if id_ in {*scope.reach(controls), *row.criteria}),
            controls=_ids(controls),
            fix=(("record", fix),),
            holds="type_2",
        )


# --- what is not there -----------------------------------------------------------------------------------------------


def _missing(scope: Scoped) -> Iterator[Item]:
    for id_, row in scope.criteria.items():
        criterion = row.criterion
        if not row.controls:
            usual = ", ".join(criterion.typical_evidence)
            yield Item(
                id=f"criterion/{id_}",
                kind="missing",
                topic="criterion",
                what=f"No control: {id_} {criterion.title}",
                severity="high",
                effort="large",
                owner="",
                criteria=(id_,),
                controls=(),
                fix=(("write", f"a control for {id_} in policies/controls; auditors usually see: {usual}"),),
                holds="type_1",
            )
            continue
        for name in row.uncovered_aspects:
            yield Item(
                id=f"aspect/{id_}.{name}",
                kind="missing",
                topic="aspect",
                what=f"No control addresses {id_}: {criterion.aspects[name]}",
                severity="low",
                effort="medium",
                owner=row.controls[0].control.owner,
                criteria=(id_,),
                controls=(),
                fix=(("write", f"name {id_}.{name} in the control that addresses it, or write one"),),
                holds=None,
            )


def _distinct(rows: Iterable[ControlConclusion]) -> list[ControlConclusion]:
    return list({row.control.id: row for row in rows}.values())


def _ids(rows: Sequence[ControlConclusion]) -> tuple[str, ...]:
    return tuple(row.control.id for row in rows)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
