"""What became of every failure: the last one of each check on each subject, as the newest runs show it.

Seen fixed is what a later run saw pass, or a complete listing without it. A run that could not read it, or was asked
for less, says nothing of it, so that it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from engine.evidence import canonical
from engine.evidence.period import failures
from engine.evidence.period.film import Basis, Film
from engine.evidence.period.index import VERDICTS
from engine.evidence.period.owners import newest_check, owners_of
from engine.model import SEVERITIES, Verdict
from engine.periods import Failure, Moment
from engine.tracked import Accepted, Known, State, Tracked, key_of


class _Row(NamedTuple):
    """The frames, from ``first`` to ``last``, in which a stream was judged alike."""

    first: int
    last: int
    verdict: Verdict
    reason: str
    test: int


def known(film: Film, demonstration: bool) -> Known:
    """Every failure that the frames of a film saw, as it stands at its end. The film begins with the first frame."""
    return _Maker(film).known(demonstration)


class _Maker:
    """Looks at the streams of a film that ever failed; remembers what many of them share."""

    def __init__(self, film: Film) -> None:
        self._film = film
        # A stream's failures come in the order of time, so that the last one stays.
        self._last: Mapping[int, Failure] = {found.stream: found.failure for found in failures.found(film)}
        # Most nights are judged by the same content.
        self._bases: Sequence[Basis] = list({id(basis): basis for basis in film.bases}.values())
        self._criteria: dict[str, tuple[str, ...]] = {}
        self._owners: dict[str, tuple[str, ...]] = {}

    def known(self, demonstration: bool) -> Known:
        film = self._film
        newest = film.looks[-1]
        checks = frozenset[str]().union(*(basis.policy.checks for basis in self._bases))
        return Known(
            organization=film.bases[-1].policy.organization.name,
            demonstration=demonstration,
            newest=newest.moment,
            night=film.calendar.dates[newest.night],
            sequence=max(frame.placed.entry.sequence for frame in film.frames),
            rows=tuple(sorted((self._tracked(*item) for item in self._last.items()), key=_order)),
            checks=checks,
            owners=frozenset(role for check in checks for role in self._owners_of(check)),
        )

    def _tracked(self, stream: int, failure: Failure) -> Tracked:
        film = self._film
        check = newest_check(self._bases, failure.check)
        state, since, reason = self._state(stream, failure)
        return Tracked(
            key=key_of(film.frames[-1].placed.entry.store, check.id, failure.scope, failure.subject),
            state=state,
            check=check.id,
            title=check.title,
            severity=check.severity,
            criteria=self._criteria_of(check.id),
            owners=self._owners_of(check.id),
            scope=failure.scope,
            subject=failure.subject,
            failure=failure.id,
            last_good=failure.last_good,
            first_bad=failure.first_bad,
            last_bad=failure.last_bad,
            since=since,
            reason=canonical.original_text(reason) if reason else None,
            accepted=self._waived.get((stream, film.order[failure.last_bad])),
        )

    # --- what became of it ---

    def _state(self, stream: int, failure: Failure) -> tuple[State, Moment, str]:
        """The state of a failure, the run that first showed it, and the reason of an unknown verdict."""
        film, rows = self._film, self._rows[stream]
        last_bad = film.order[failure.last_bad]
        for row in rows:
            if row.first > last_bad and row.verdict in ("pass", "not_applicable"):
                same = row.test == next(r.test for r in reversed(rows) if r.last <= last_bad and r.verdict == "fail")
                seen: State = "fixed" if row.verdict == "pass" else "not_applicable"
                return seen if same else "retested", film.looks[row.first].moment, ""
        if failure.first_good is not None:
            return "gone" if failure.ended == "deleted" else "not_judged", failure.first_good, ""
        unknown = [row for row in rows if row.first > last_bad]
        if unknown:
            return "unreadable", film.looks[unknown[0].first].moment, unknown[-1].reason
        return self._unlisted(stream, last_bad) or ("failing", failure.first_bad, "")

    def _unlisted(self, stream: int, last: int) -> tuple[State, Moment, str] | None:
        """Since when a failure does not stand in the runs any more that should have seen it; None: it does."""
        pair = self._film.pair(stream)
        for look in self._film.looks[last + 1 :]:
            listing = look.view.judged(pair)
            if listing == "failed":
                return "unreadable", look.moment, ""
            if listing is None and not look.view.filtered:
                return "unseen", look.moment, ""
        return None

    @cached_property
    def _rows(self) -> Mapping[int, list[_Row]]:
        index = self._film.index
        found: dict[int, list[_Row]] = {stream: [] for stream in self._last}
        columns = (index.stream, index.first, index.last, index.verdict, index.reason, index.test)
        for stream, first, last, verdict, reason, test in zip(*columns, strict=True):
            if stream in found:
                found[stream].append(_Row(first, last, VERDICTS[verdict], index.reasons.values[reason], test))
        return found

    @cached_property
    def _waived(self) -> Mapping[tuple[int, int], Accepted]:
        """The waivers that are not over, by the stream and by the last frame in which they stood beside it."""
        index, today = self._film.index, self._film.looks[-1].moment.as_of[:10]
        found: dict[tuple[int, int], Accepted] = {}
        for stream, waiver, last in zip(index.beside, index.beside_waiver, index.beside_last, strict=True):
            row = canonical.original(msgspec.json.decode(index.waivers.values[waiver]))
            if str(row["expires"]) >= today:
                found.setdefault((stream, last), Accepted(str(row["id"]), str(row["expires"])))
        return found

    # --- whose it is ---

    def _criteria_of(self, check: str) -> tuple[str, ...]:
        """The criteria that a check serves: its own, and those of the controls that rest on it."""
        if check not in self._criteria:
            policy = next(basis.policy for basis in reversed(self._bases) if check in basis.policy.checks)
            resting = (control for control in policy.controls if failures.names(control, check))
            served = {*policy.checks[check].criteria, *(id_ for control in resting for id_ in control.criteria)}
            self._criteria[check] = tuple(sorted(served))
        return self._criteria[check]

    def _owners_of(self, check: str) -> tuple[str, ...]:
        if check not in self._owners:
            self._owners[check] = owners_of(self._bases, check)
        return self._owners[check]


def _order(row: Tracked) -> tuple[object, ...]:
    scope = (row.scope.provider, row.scope.account, row.scope.region)
    return -SEVERITIES.index(row.severity), row.check, *scope, row.subject.type, row.subject.id
