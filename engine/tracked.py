"""Every failure that the sealed runs of a store saw, as it stands now: what a tracker of issues is told. Frozen values.

:mod:`engine.evidence.period.tracked` makes them of a film of all runs; :mod:`engine.tracker` compares them with the
issues that there are. What was not seen fixed stands, whoever looked away since.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from engine.model import Scope, Severity, Subject
from engine.periods import Moment

State = Literal["failing", "unreadable", "unseen", "not_judged", "fixed", "not_applicable", "retested", "gone"]
"""What the runs show of a failure. "failing": it fails in the newest run that looked. "unreadable": its verdict is
unknown since, or its listing failed. "unseen": a run of everything did not look there. "not_judged": its check was
taken out, or it was put out of the boundary, and nobody saw it fixed. "fixed": it passes, "not_applicable": the check
does not apply to it any more, "retested": it passes, or does not apply, by a test that is another now, which corrects
nothing. "gone": a complete listing does not have it."""
STANDING: Final[frozenset[State]] = frozenset({"failing", "unreadable", "unseen"})
SETTLED: Final[frozenset[State]] = frozenset({"fixed", "not_applicable", "retested", "gone"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """The waiver that stands beside a failure, by its id, and its last day (a date)."""

    waiver: str
    expires: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """The last failure of a check on a subject, and what became of it.

    ``failure`` is the id by which reports and ``auditreel respond`` name it. ``since`` is the run that first showed the
    ``state``; of "failing" it is the first that saw it fail. ``reason`` is that of an unknown verdict. ``criteria`` are
    those of the check and of the controls that rest on it, ``owners`` the roles of these controls. A subject whose
    identity is personal is named by its digest.
    """

    key: str
    state: State
    check: str
    title: str
    severity: Severity
    criteria: tuple[str, ...]
    owners: tuple[str, ...]
    scope: Scope
    subject: Subject
    failure: str
    last_good: Moment | None
    first_bad: Moment
    last_bad: Moment
    since: Moment
    reason: str | None = None
    accepted: Accepted | None = None

    @property
    def stands(self) -> bool:
        """Whether it fails as far as anybody knows."""
        return self.state in STANDING

    @property
    def settled(self) -> bool:
        """Whether a run saw that it does not fail any more."""
        return self.state in SETTLED


@dataclass(frozen=True, slots=True)
class Known:
    """All failures of a store, the most severe first, as of its newest run that read the clouds.

    ``sequence`` is the place in the chain of the last seal among its runs, ``night`` the date that ``newest`` counts
    for. ``checks`` and ``owners`` are all that there are, whether anything failed or not.
    """

    organization: str
    demonstration: bool
    newest: Moment
    night: str
    sequence: int
    rows: tuple[Tracked, ...]
    checks: frozenset[str]
    owners: frozenset[str]


def key_of(store: str, check: str, scope: Scope, subject: Subject) -> str:
    """What names a check on a subject for good in one store: SHA-256 of what diffs and records tell it apart by."""
    place = (scope.provider, scope.account, scope.region)
    named = (store, check, *place, subject.kind, subject.type, subject.id)
    # A name may hold half a character, as JSON can.
    return hashlib.sha256("\n".join(named).encode("utf-8", "surrogatepass")).hexdigest()
