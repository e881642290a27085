"""What becomes of waivers in a run: which are in force, what they stand beside, which expired or match nothing.

Pure: the moment comes in as ``as_of``. A waiver never changes a verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from engine.model import Finding, Waiver, WaiverState

_Failure = tuple[str, str, str]
"""What a waiver names: check, account, id of the resource."""


def states(
    waivers: Sequence[Waiver], findings: Sequence[Finding], selected: Collection[str], as_of: str
) -> tuple[WaiverState, ...]:
    """The state of every waiver as of a moment (RFC 3339 UTC), in the order given.

    ``selected`` are the ids of the checks of the run. A waiver names the resources that were failing when it was
    approved; a failure of its check on any other resource is a new one and no match.
    """
    failures: dict[_Failure, list[Finding]] = {}
    for finding in findings:
        if finding.verdict == "fail":
            failures.setdefault(_failure(finding), []).append(finding)
    return tuple(_state(waiver, failures, selected, as_of) for waiver in waivers)


def _state(
    waiver: Waiver, failures: Mapping[_Failure, Sequence[Finding]], selected: Collection[str], as_of: str
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
