"""Two sealed runs side by side: a film of two frames, whatever lies between them.

What is read is verified as for a period: the chain, the files and the roots of both runs. What nobody looked at is
neither fixed nor gone; it is no longer covered, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import msgspec

from engine.diffs import TURNS, Diff, Listed, Side, Turn, Turned, Uncovered, WaiverEnd
from engine.evidence import anchors, canonical, tables
from engine.evidence.chain import Reading
from engine.evidence.layout import Layout
from engine.evidence.period import changes, keeping
from engine.evidence.period.changes import Weaker
from engine.evidence.period.chosen import Runs, chosen
from engine.evidence.period.film import Bases, Film, ReadPolicy, Window
from engine.evidence.period.frames import SealedFrame, frames, removed, unsealed
from engine.evidence.period.index import VERDICTS
from engine.evidence.period.looks import ANY, View
from engine.evidence.period.owners import newest_check, owners_of, roles_of
from engine.evidence.period.schedule import Calendar, instant, night_of
from engine.evidence.period.uncovered import uncovered
from engine.evidence.runs import Reader
from engine.evidence.trust import Trust
from engine.model import REGIONLESS, SEVERITIES, Scope, Subject, Verdict

_FIRST, _SECOND = 0, 1


def diff(store: Path, trust: Trust, asked: Runs, read_policy: ReadPolicy, weaker: Weaker, within: int) -> Diff:
    """What differs between two runs of a store; waivers that end within so many days of the second are told.

    Without ids they are the newest run that read the clouds and the last one before it that was asked the same.
    Raises UsageError where there are no two such runs, VerificationError where what is read does not verify.
    """
    reading = keeping.verified_chain(Layout(store), trust)
    pair = chosen(reading, trust, asked, store)
    return of_pair(pair, Layout(store), reading, trust, read_policy, weaker, within)


def of_pair(
    pair: Sequence[SealedFrame],
    layout: Layout,
    reading: Reading,
    trust: Trust,
    read_policy: ReadPolicy,
    weaker: Weaker,
    within: int,
) -> Diff:
    """What differs between two runs of a chain. Raises VerificationError where either does not verify."""
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        index = keeping.indexed(pair, reader)
        bases = Bases(reader, read_policy)
        film = Film(
            frames=pair,
            bases=[bases.of(frame) for frame in pair],
            index=index,
            calendar=_calendar(pair, bases),
            window=Window(begin=1, count=2, first_night=0),
        )
    return _Compared(film, reading).shown(anchors.line(_anchor(reading, trust, pair)), trust, weaker, within)


def _anchor(reading: Reading, trust: Trust, pair: Sequence[SealedFrame]) -> anchors.Anchor | None:
    """What anchors both: the later seal's."""
    return anchors.anchoring(reading, trust).of(max(frame.placed.entry.sequence for frame in pair))


def _calendar(pair: Sequence[SealedFrame], bases: Bases) -> Calendar:
    """The nights of both runs, by the schedule of the second."""
    schedule = bases.of(pair[_SECOND]).policy.organization.schedule
    days = sorted(night_of(instant(frame.seal.as_of), schedule) for frame in pair)
    return Calendar(schedule, days[0], days[-1])


def side(frame: SealedFrame, night: str) -> Side:
    """A run as one side of a difference; ``night`` is the date that it counts for."""
    seal = frame.seal
    return Side(
        run=seal.asked.run,
        kind=seal.asked.kind,
        as_of=seal.as_of,
        until=seal.collected_until,
        sequence=frame.placed.entry.sequence,
        source=seal.source,
        filtered=frame.filtered,
        night=night,
        resumed=frame.resumption,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a run says of a stream."""

    verdict: Verdict
    reason: str | None
    test: int
    text: str | None


class _Compared:
    """Looks at a film of two frames."""

    def __init__(self, film: Film, reading: Reading) -> None:
        self._film, self._reading = film, reading
        self._before, self._after = (look.view for look in film.looks)

    def shown(self, anchored: str, trust: Trust, weaker: Weaker, within: int) -> Diff:
        film = self._film
        new, gone = self._resources()
        return Diff(
            organization=film.bases[_SECOND].policy.organization.name,
            anchored=anchored,
            demonstration=trust.purpose == "demonstration",
            before=self._side(_FIRST),
            after=self._side(_SECOND),
            turned=tuple(sorted(self._turned(), key=_order)),
            new=new,
            gone=gone,
            changes=changes.of_film(film, weaker, standing=False),
            waivers=tuple(self._waivers(within)),
            uncovered=tuple(self._uncovered()),
            missed=tuple(self._missed(trust)),
            unsealed=tuple(self._unsealed()),
        )

    def _side(self, number: int) -> Side:
        film = self._film
        return side(film.frames[number], film.calendar.dates[film.looks[number].night])

    # --- verdicts ---

    def _turned(self) -> Iterator[Turned]:
        film = self._film
        said: tuple[dict[int, _Said], dict[int, _Said]] = ({}, {})
        index = film.index
        columns = (index.stream, index.first, index.last, index.verdict, index.reason, index.test, index.text)
        for stream, first, last, verdict, reason, test, text in zip(*columns, strict=True):
            row = _Said(VERDICTS[verdict], index.reasons.values[reason] or None, test, index.texts.values[text] or None)
            for frame in range(first, last + 1):
                said[frame][stream] = row
        for stream in sorted(said[_FIRST].keys() | said[_SECOND].keys()):
            before, after = said[_FIRST].get(stream), said[_SECOND].get(stream)
            turn = self._turn(stream, before, after)
            if turn is not None:
                yield self._row(stream, turn, before, after)

    def _turn(self, stream: int, before: _Said | None, after: _Said | None) -> Turn | None:
        was, is_ = before.verdict if before else None, after.verdict if after else None
        if after is None:
            return self._vanished(stream, was)
        if is_ == "unknown":
            return "unreadable" if was != "unknown" else None
        if before is not None and before.test != after.test and was != is_:
            return "test_changed"
        if is_ == "fail":
            if was != "fail":
                return "found_failing" if was == "unknown" else "new_failure"
            waived = self._waived[_FIRST].get(stream), self._waived[_SECOND].get(stream)
            return None if bool(waived[0]) == bool(waived[1]) else "waived" if waived[1] else "no_longer_waived"
        return "fixed" if was == "fail" else "readable" if was == "unknown" else None

    def _vanished(self, stream: int, was: Verdict | None) -> Turn | None:
        """What became of a verdict that the second run does not have."""
        if was not in ("fail", "unknown"):
            return None
        scope, check = self._film.pair(stream)
        subject = self._film.subjects[self._film.index.streams.values[stream][2]]
        if subject.kind == "scope":
            return "readable" if self._listed_again(scope, check, subject.type) else "unseen"
        whole = self._after.judged((scope, check)) == "complete" and self._after.checks[check] == subject.type
        return ("gone" if was == "fail" else None) if whole else "unseen"

    def _listed_again(self, scope: Scope, check: str, type_: str) -> bool:
        """Whether the second run listed all of a type where the first could not."""
        found = [
            state
            for (place, listed), state in self._after.listings.items()
            if listed == type_
            and place.provider == scope.provider
            and scope.account in (place.account, ANY)
            and scope.region in (place.region, ANY, *REGIONLESS)
        ]
        return self._after.checks.get(check) == type_ and bool(found) and "failed" not in found

    def _row(self, stream: int, turn: Turn, before: _Said | None, after: _Said | None) -> Turned:
        film = self._film
        scope, id_ = film.pair(stream)
        check = newest_check(film.bases, id_)
        told = after or before
        assert told is not None  # noqa: S101 - a stream was judged in one of the two
        return Turned(
            turn=turn,
            check=id_,
            title=check.title,
            severity=check.severity,
            scope=scope,
            subject=film.subjects[film.index.streams.values[stream][2]],
            before=before.verdict if before else None,
            after=after.verdict if after else None,
            owners=owners_of(film.bases, id_),
            reason=canonical.original_text(told.reason) if told.reason else None,
            message=canonical.original_text(told.text) if told.text else None,
            waiver=self._waived[_SECOND].get(stream),
        )

    @cached_property
    def _waived(self) -> tuple[dict[int, str], dict[int, str]]:
        """The waiver beside each stream's failure, in each run."""
        index = self._film.index
        found: tuple[dict[int, str], dict[int, str]] = ({}, {})
        columns = (index.beside, index.beside_waiver, index.beside_first, index.beside_last)
        for stream, waiver, first, last in zip(*columns, strict=True):
            id_ = str(canonical.original(msgspec.json.decode(index.waivers.values[waiver]))["id"])
            for frame in range(first, last + 1):
                found[frame].setdefault(stream, id_)
        return found

    # --- resources, waivers ---

    def _resources(self) -> tuple[tuple[Listed, ...], tuple[Listed, ...]]:
        """What is new and what is gone: only where the other run listed the type there to its end."""
        film, index = self._film, self._film.index
        there: tuple[set[int], set[int]] = (set(), set())
        for place, first, last in zip(index.present, index.present_first, index.present_last, strict=True):
            for frame in range(first, last + 1):
                there[frame].add(place)

        def listed(places: Iterable[int], other: View) -> tuple[Listed, ...]:
            rows = []
            for place in places:
                scope, subject = index.places.values[place]
                known: Subject = film.subjects[subject]
                if other.listed(film.scopes[scope], known.type) == "complete":
                    rows.append(Listed(known.type, film.scopes[scope], known.id))
            return tuple(sorted(rows))

        new, gone = there[_SECOND] - there[_FIRST], there[_FIRST] - there[_SECOND]
        return listed(new, self._before), listed(gone, self._after)

    def _waivers(self, within: int) -> Iterator[WaiverEnd]:
        since, on = (date.fromisoformat(frame.seal.as_of[:10]) for frame in self._film.frames)
        policy = self._film.bases[_SECOND].policy
        held, roles = policy.organization.programme.owners, {control.owner for control in policy.controls}
        for waiver in sorted(policy.waivers.values(), key=lambda row: (row.expires, row.id)):
            days = (waiver.expires - on).days
            if 0 <= days <= within or (days < 0 and waiver.expires >= since):
                owners = roles_of(waiver.owner, held) or tuple({waiver.owner} & roles)
                owners = owners or owners_of(self._film.bases, waiver.check)
                yield WaiverEnd(waiver.id, waiver.check, waiver.owner, waiver.expires.isoformat(), days, owners)

    # --- what was not looked at ---

    def _uncovered(self) -> Iterator[Uncovered]:
        index = self._film.index
        rows = msgspec.json.decode(index.documents.values[index.left[_SECOND]])
        left = [(Scope(*map(canonical.original_text, place)), canonical.original_text(why)) for *place, why in rows]
        return uncovered(self._before, self._after, left)

    def _missed(self, trust: Trust) -> Iterator[str]:
        """The nights strictly between the two on which no run read the clouds, as far as the chain keeps any."""
        calendar, film = self._film.calendar, self._film
        every = [*frames(self._reading, trust.purpose == "demonstration")]
        every += [frame for frame, _ in removed(self._reading, trust.purpose == "demonstration")]
        ran = {calendar.position(instant(frame.seal.as_of)) for frame in every}
        low, high = sorted(look.night for look in film.looks)
        yield from (calendar.dates[night] for night in range(low + 1, high) if night not in ran)

    def _unsealed(self) -> Iterator[tuple[str, str]]:
        low, high = sorted(instant(frame.seal.as_of) for frame in self._film.frames)
        for began, run, why in unsealed(self._reading):
            if low < instant(began) < high:
                yield run, canonical.original_text(why)


def _order(row: Turned) -> tuple[object, ...]:
    scope = (row.scope.provider, row.scope.account, row.scope.region)
    severity = -SEVERITIES.index(row.severity)
    return list(TURNS).index(row.turn), severity, row.check, *scope, row.subject.type, row.subject.id
