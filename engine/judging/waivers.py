"""What becomes of waivers in a run: which are in force, what they stand beside, which expired or match nothing.

Pure: the moment comes in as ``as_of``. A waiver never changes a verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from engine.model import Finding, Waiver, WaiverState

_Failure = tuple[str, str, str]
"""What a waiver names: check, account, id of the resource."""


def states(
    waivers: Sequence[Waiver],
    findings: Sequence[Finding],
    selected: Collection[str],
    as_of: str,
    covered: Collection[str] | None = None,
) -> tuple[WaiverState, ...]:
    """The state of every waiver as of a moment (RFC 3339 UTC), in the order given.

    ``selected`` are the ids of the checks of the run, ``covered`` the accounts that it looked at as a whole (None: all
    that waivers name). A waiver names the resources that were failing when it was approved; a failure of its check on
    any other resource is a new one and no match. What the run did not look at is not unmatched.
    """
    failures: dict[_Failure, list[Finding]] = {}
    for finding in findings:
        if finding.verdict == "fail":
            failures.setdefault(_failure(finding), []).append(finding)
    judged = _judged(waivers, findings) if covered is not None else {}
    return tuple(_state(waiver, failures, selected, as_of, covered, judged) for waiver in waivers)


_Judged = Mapping[tuple[str, str], Sequence[Finding]]
"""The findings of a check in an account."""


def _judged(waivers: Sequence[Waiver], findings: Sequence[Finding]) -> _Judged:
    found: dict[tuple[str, str], list[Finding]] = {(row.check, row.account): [] for row in waivers}
    for finding in findings:
        mine = found.get((finding.check.id, finding.scope.account))
        if mine is not None:
            mine.append(finding)
    return found


def _settled(waiver: Waiver, covered: Collection[str], judged: _Judged) -> bool:
    """Whether a run shows that nothing which a waiver names fails: each was judged, or is not among all there are."""
    mine = judged[waiver.check, waiver.account]
    whole = waiver.account in covered and all(finding.subject.kind == "resource" for finding in mine)
    for id_ in waiver.resources:
        verdicts = {finding.verdict for finding in mine if finding.subject.id == id_}
        if not (verdicts <= {"pass", "not_applicable"} if verdicts else whole):
            return False
    return True


def _state(
    waiver: Waiver,
    failures: Mapping[_Failure, Sequence[Finding]],
    selected: Collection[str],
    as_of: str,
    covered: Collection[str] | None,
    judged: _Judged,
) -> WaiverState:
    named = {id_: failures.get((waiver.check, waiver.account, id_), ()) for id_ in waiver.resources}
    matches = tuple(finding for found in named.values() for finding in found)
    unmatched = tuple(id_ for id_, found in named.items() if not found)
    if waiver.effective_at is None:
        return WaiverState(waiver, "uncommitted", matches, unmatched)
    # Whole seconds: "05.2Z" would sort before "05Z".
    if f"{as_of[:19]}Z" < waiver.effective_at:
        return WaiverState(waiver, "not_started", matches, unmatched)
    if as_of[:10] > waiver.expires.isoformat():
        return WaiverState(waiver, "expired", matches, unmatched)
    if waiver.check not in selected:
        return WaiverState(waiver, "not_selected")
    if not matches and covered is not None and not _settled(waiver, covered, judged):
        return WaiverState(waiver, "not_selected")
    return WaiverState(waiver, "in_force" if matches else "unmatched", matches, unmatched)


def waived(states: Sequence[WaiverState], findings: Sequence[Finding]) -> dict[int, Waiver]:
    """The failures that a waiver in force stands beside: the position in ``findings``, and the first such waiver."""
    beside: dict[_Failure, Waiver] = {}
    for state in states:
        if state.state == "in_force":
            for finding in state.matches:
                beside.setdefault(_failure(finding), state.waiver)
    return {
        index: beside[_failure(finding)]
        for index, finding in enumerate(findings)
        if finding.verdict == "fail" and _failure(finding) in beside
    }


def _failure(finding: Finding) -> _Failure:
    return finding.check.id, finding.scope.account, finding.subject.id
