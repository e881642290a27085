"""What became of each night that the schedule expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.evidence.period.coverage import NOT_IN_FORCE, RAN
from engine.evidence.period.film import Film
from engine.evidence.period.schedule import instant, text_of
from engine.periods import CoverageRow, Night, NightState


def nights(film: Film, unsealed: Sequence[tuple[str, str, str]]) -> tuple[Night, ...]:
    """The nights of the period. ``unsealed`` are runs without a seal: when they began, which, and why."""
    return tuple(_each(film, unsealed))


def _each(film: Film, unsealed: Sequence[tuple[str, str, str]]) -> Iterator[Night]:
    calendar = film.calendar
    runs: dict[int, list[int]] = {}
    for number, look in enumerate(film.looks):
        runs.setdefault(look.night, []).append(number)
    lost: dict[int, list[tuple[str, str]]] = {}
    for began, run, why in unsealed:
        if instant(began) < film.after_end:
            lost.setdefault(calendar.position(instant(began)), []).append((run, why))
    incomplete = _incomplete(film)
    for place in range(film.window.first_night, len(calendar.dates)):
        mine = runs.get(place, [])
        first = min((instant(film.looks[number].moment.as_of) for number in mine), default=None)
        yield Night(
            date=calendar.dates[place],
            due_at=text_of(calendar.due[place]),
            state=_state(bool(mine), place in film.expired, place in incomplete),
            late=first is not None and first > calendar.late_from(place),
            runs=tuple(film.looks[number].moment.run for number in mine),
            unsealed=tuple(lost.get(place, ())),
            resumed=tuple(
                (frame.moment.run, frame.resumption)
                for frame in (film.frames[number] for number in mine)
                if frame.resumption is not None
            ),
        )


def _state(ran: bool, expired: bool, incomplete: bool) -> NightState:
    if not ran:
        return "not_retained" if expired else "did_not_run"
    return "partly" if incomplete else "ran"


def _incomplete(film: Film) -> set[int]:
    """Nights on which something that was in force did not run, or did not see everything."""
    return {
        place
        for marks in {track.marks for track in film.tracks.values()}
        for place, mark in enumerate(marks)
        if mark not in (RAN, NOT_IN_FORCE)
    }


def coverage(film: Film) -> tuple[CoverageRow, ...]:
    """The nights of every check and scope that was in force in the period, by scope and check."""
    rows = [
        CoverageRow(scope, check, track.marks[film.window.first_night :])
        for (scope, check), track in film.tracks.items()
    ]
    return tuple(row for row in rows if set(row.nights) != {NOT_IN_FORCE})
