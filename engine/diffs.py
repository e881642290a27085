"""What differs between two sealed runs: frozen values, like those of a period.

:mod:`engine.evidence.period.diff` makes them of what two runs stored; :mod:`engine.report` shows them and neither
decides nor counts. A verdict that differs because its test changed is told apart: it is never a correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.model import SEVERITIES, Scope, Severity, Subject, Verdict
from engine.periods import Change

Turn = Literal[
    "new_failure",
    "found_failing",
    "no_longer_waived",
    "test_changed",
    "unreadable",
    "unseen",
    "fixed",
    "readable",
    "gone",
    "waived",
]
"""What became of a verdict, by the same test in both runs but for "test_changed" (the check's bytes or parameters).

"unreadable": nobody can tell any more; "readable": somebody can again; "found_failing": and it fails, since when nobody
knows, for an unknown verdict begins no failure. "unseen": it failed, or was unknown, and nobody looked again. "gone":
it failed, and a complete listing shows that its resource is not there. "fixed": it failed, and passes or does not apply
now. "waived": it fails still, and a waiver stands beside it now; "no_longer_waived" the reverse."""


@dataclass(frozen=True, slots=True)
class Side:
    """A run as one side: its id and kind, when it began to read and until when it read (RFC 3339 UTC), its seal.

    ``source`` is "live", or what else it judged ("recorded", "demo"). ``filtered``: it judged only a part. ``resumed``
    says when it began and went on, where it had stopped.
    """

    run: str
    kind: str
    as_of: str
    until: str | None
    sequence: int
    source: str
    filtered: bool
    night: str
    resumed: str | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """A verdict that is another in the second run. ``before`` and ``after`` are null where there is none.

    A subject whose identity is personal is named by its digest. ``owners`` are those of the controls that rest on the
    check. ``reason`` is that of an unknown verdict, ``waiver`` the one that stands beside the failure now.
    """

    turn: Turn
    check: str
    title: str
    severity: Severity
    scope: Scope
    subject: Subject
    before: Verdict | None
    after: Verdict | None
    owners: tuple[str, ...]
    reason: str | None = None
    message: str | None = None
    waiver: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A resource that only one of the runs listed, though both listed its type there; personal ids by their digest."""

    type: str
    scope: Scope
    id: str


@dataclass(frozen=True, slots=True)
class WaiverEnd:
    """A waiver of the second run that ended since the first (``days`` below 0), or ends in ``days`` days.

    ``owner`` is as its file says, ``owners`` are the roles whose it is: no person is named among them.
    """

    id: str
    check: str
    owner: str
    expires: str
    days: int
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What the first run judged and the second did not: an account, a region of one, or a check everywhere.

    ``checks`` is how many checks were judged there; ``why`` is what the second run says of it.
    """

    kind: Literal["account", "region", "check"]
    name: str
    checks: int
    why: str


@dataclass(frozen=True, slots=True)
class Diff:
    """Two runs side by side. ``turned`` is by turn, severity, check and subject.

    ``missed`` are nights strictly between the two on which no run read the clouds, ``unsealed`` runs that began between
    them and have no seal, with why. ``changes`` are those of checks, parameters, controls, policy, schemas, engine,
    boundary and selection. ``resources`` is how many the second run listed. ``anchored`` is the first line.
    """

    organization: str
    anchored: str
    demonstration: bool
    before: Side
    after: Side
    turned: tuple[Turned, ...]
    new: tuple[Listed, ...]
    gone: tuple[Listed, ...]
    changes: tuple[Change, ...]
    waivers: tuple[WaiverEnd, ...]
    uncovered: tuple[Uncovered, ...]
    missed: tuple[str, ...] = ()
    unsealed: tuple[tuple[str, str], ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether nothing differs, and nothing is missing between the two."""
        told = (self.turned, self.new, self.gone, self.changes, self.waivers)
        return not any((*told, self.uncovered, self.missed, self.unsealed))


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are to be told of a night: what changed, and which runs are missing. ``night`` is that of now.

    ``diff`` is None where the newest run is not of this night, or is the first that was asked so (``first``; with
    ``counts`` of its verdicts). ``overdue`` are nights since the newest run whose run is late by the schedule, or over;
    ``unsealed`` runs that began since and have no seal, with why. ``empty``: the store holds no run at all.
    """

    organization: str
    demonstration: bool
    night: str
    diff: Diff | None = None
    first: Side | None = None
    counts: Mapping[str, int] | None = None
    overdue: tuple[str, ...] = ()
    unsealed: tuple[tuple[str, str], ...] = ()
    empty: bool = False

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return (self.diff is None or self.diff.quiet) and not (
            self.first or self.overdue or self.unsealed or self.empty
        )


STOPPING: Final = frozenset({"new_failure", "found_failing", "no_longer_waived", "test_changed"})
"""Turns that are reason for exit code 3, where the verdict is now a failure beside which no waiver stands."""


def exit_reasons(diff: Diff, fail_on: Severity, allow_incomplete: bool) -> dict[int, str]:
    """The exit codes that apply, with why: 3 for what fails newly, 4 for what was seen and is seen no more."""
    least = SEVERITIES.index(fail_on)
    failing = sum(
        row.turn in STOPPING and row.after == "fail" and row.waiver is None and SEVERITIES.index(row.severity) >= least
        for row in diff.turned
    )
    blind = sum(row.turn in ("unreadable", "unseen") for row in diff.turned)
    found: dict[int, str] = {}
    if failing:
        found[3] = f"new failures at or above {fail_on}: {failing:,}"
    if (blind or diff.uncovered) and not allow_incomplete:
        lost = (f"verdicts no longer known: {blind:,}" if blind else "", _lost(diff))
        found[4] = ", ".join(filter(None, lost))
    return found


def _lost(diff: Diff) -> str:
    kinds = {kind: sum(row.kind == kind for row in diff.uncovered) for kind in ("account", "region", "check")}
    lost = ", ".join(f"{kind}s {count:,}" for kind, count in kinds.items() if count)
    return f"no longer judged: {lost}" if lost else ""


TURNS: Final[Mapping[Turn, str]] = {
    "new_failure": "New failures",
    "found_failing": "Readable again, and failing",
    "no_longer_waived": "Failures that no waiver stands beside any more",
    "test_changed": "Other verdicts by a changed test",
    "unreadable": "Newly unreadable",
    "unseen": "Failed or unknown before, and not looked at again",
    "fixed": "Fixed",
    "readable": "Readable again",
    "gone": "Failed before, and gone",
    "waived": "Failures that are waived now",
}
"""The turns in the order in which they are told, each with its heading."""
