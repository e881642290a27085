"""What sealed runs answer: populations with their counts, and failures, which are never left unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.programme.answers import Part, Reference
from engine.programme.requests import Request
from engine.programme.runs_seen import RunsSeen, Seen


def nights(runs: RunsSeen) -> Part:
    """What the nights themselves come to: they are the evidence of the scanning control."""
    if runs.why is not None:
        return Part("open", runs.why, unread=True)
    if runs.late is not None:
        return Part("stale", runs.late, (_of_store(runs),))
    said = f"{runs.ran:,} of {_nights(runs.expected)} ran"
    missed = f", {runs.missed:,} did not: each is a failure" if runs.missed else ""
    return Part("answered", f"{said}{missed}, {runs.span}", (_of_store(runs),), runs.ran, runs.missed, runs.missed)


def of_checks(checks: Sequence[str], request: Request, runs: RunsSeen) -> Part:
    """What runs show of checks: how many of what were looked at, on how many nights, and every failure."""
    if runs.why is not None:
        return Part("open", runs.why, unread=True)
    seen = [runs.checks[id_] for id_ in checks if id_ in runs.checks]
    never = [id_ for id_ in checks if id_ not in runs.checks]
    if not seen:
        return Part("open", f"no sealed run judged {_listed(checks)}")
    failures = sum(row.failures for row in seen)
    hidden = [row.check for row in seen if not row.whole]
    wrong = [f"no sealed run judged {_listed(never)}"] if never else []
    wrong += [f"not seen whole when it was looked at last: {_listed(hidden)}"] if hidden else []
    wrong += [runs.late] if runs.late is not None else []
    listed = [row.check for row in seen if not row.complete]
    if request.asks in ("population", "sample") and listed:
        wrong.append(f"not every run listed all there was of {_listed(listed)}")
    told = f"{_counted(seen)}, {_failed(seen)}; {runs.span}"
    told += ", whose bundle names each item" if request.asks in ("population", "sample") else ""
    return Part(
        state="stale" if wrong else "answered",
        said="; ".join([*wrong, told]),
        references=(_of_store(runs),),
        items=max(row.count for row in seen),
        failures=failures,
        nights=max(row.expected - row.nights for row in seen),
    )


def _counted(seen: Sequence[Seen]) -> str:
    """The populations: how many of each type, and on how many nights all of them were seen."""
    counts: dict[str, int] = {}
    for row in seen:
        counts[row.type] = max(counts.get(row.type, 0), row.count)
    told = ", ".join(f"{count:,} of {type_}" for type_, count in sorted(counts.items()))
    nights, expected = min((row.nights, row.expected) for row in seen)
    return f"{_listed(row.check for row in seen)} on {told}, seen whole on {nights:,} of {_nights(expected)}"


def _failed(seen: Sequence[Seen]) -> str:
    failures, open_, deviations = (
        sum(getattr(row, name) for row in seen) for name in ("failures", "open", "deviations")
    )
    if not failures:
        return "no failures observed"
    failing = [row.check for row in seen if row.failures]
    observed = "1 FAILURE" if failures == 1 else f"{failures:,} FAILURES"
    deviating = "1 deviation" if deviations == 1 else f"{deviations:,} deviations"
    return f"{observed} OBSERVED ({open_:,} open, {deviating} by the rule) of {_listed(failing)}"


def _nights(count: int) -> str:
    return "1 night" if count == 1 else f"{count:,} nights"


def _of_store(runs: RunsSeen) -> Reference:
    return Reference("runs", runs.last, runs.digest)


def _listed(names: Iterable[str]) -> str:
    rows = list(names)
    return ", ".join(rows) if len(rows) <= 4 else f"{', '.join(rows[:4])} and {len(rows) - 4} more"
