"""Charts as shapes: heat maps in weeks, films of a line, bars on a time line. Templates write the shapes as SVG.

All lengths are in the units of the chart's own view box. A state has a shape of its own as well as a colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from engine.periods import Change, Failure, Period, WaiverInPeriod
from engine.report import period_words
from engine.report.html import texts
from engine.report.html.nights import Square
from engine.report.layout import counted

PITCH: Final = 13
"""From one night of a heat map to the next."""
SIDE: Final = 11
"""Of a night's square."""
LEFT: Final = 26
"""Room for the days of the week."""
TOP: Final = 18
"""Room for the months."""

FILM: Final = 240
"""Width of a film."""

FILM_LEAST: Final = 1.6
"""Width of what must not be overlooked in a film."""
FILM_SHAPES: Final[Mapping[str, tuple[int, int]]] = {
    "ran": (4, 8), "failing": (0, 16), "partly": (8, 4), "did_not_run": (10, 6), "not_retained": (12, 4),
    "not_in_force": (15, 1),
}  # fmt: skip
"""Top and height of each shape in a film, in the order of drawing: what is less is seen without its colour too."""

WIDTH: Final = 600
"""Of a time line, without the room for arrows."""
ARROW: Final = 10
"""Room for an arrow on either side of a time line."""
LEAST: Final = 3.0
"""Width of the shortest bar: a single frame can be seen."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A night of a heat map, at the corner (x, y)."""

    x: int
    y: int
    square: Square

    @property
    def shape(self) -> str:
        """What is drawn: the state, or that a failure was open."""
        return "failing" if self.square.failing else self.square.state

    @property
    def symbol(self) -> str:
        """The shape's name in the page's shapes."""
        return symbol(self.square)

    @property
    def says(self) -> str:
        """The night in words."""
        return f"{self.square.date}: {self.square.words}"


@dataclass(frozen=True, slots=True)
class Block:
    """Three months of a heat map. ``plain`` is the path of all nights that ran and have nothing else to say."""

    name: str
    width: int
    height: int
    months: tuple[tuple[int, str], ...]
    plain: str
    cells: tuple[Cell, ...]
    says: str


def symbol(square: Square) -> str:
    """The name of the shape that a night is drawn as."""
    if square.failing:
        return "failing" if square.state == "ran" else "failing-partly"
    return "late" if square.late and square.state == "ran" else square.state


def key(squares: Sequence[Square]) -> tuple[tuple[str, str, str], ...]:
    """What the shapes of a heat map mean, of those that occur in it: (symbol, colour's class, words)."""
    drawn = {symbol(square) for square in squares}
    told = [(state, state, f"{words}: {texts.MEANS[state]}") for state, words in period_words.STATES.items()]
    told[1:1] = [
        ("late", "ran", "ran late"),
        ("failing", "failing", "ran, and a failure was open"),
        ("failing-partly", "failing", "partly ran, and a failure was open"),
    ]
    told = [row for row in told if row[0] in drawn]
    changed = [("changed", "changed", "the test changed")] if any(square.changed for square in squares) else []
    return (*told, *changed)


def heat_map(squares: Sequence[Square]) -> tuple[Block, ...]:
    """A heat map of nights in blocks of three months, a column a week, Monday first."""
    if not squares:
        return ()
    start = date.fromisoformat(squares[0].date)

    def block(square: Square) -> int:
        at = date.fromisoformat(square.date)
        return ((at.year - start.year) * 12 + at.month - start.month) // 3

    return tuple(_block(tuple(group)) for _, group in groupby(squares, key=block))


def _block(squares: Sequence[Square]) -> Block:
    first, last = (date.fromisoformat(squares[index].date) for index in (0, -1))
    monday = first - timedelta(days=first.weekday())
    plain, cells, months = [], [], []
    x = y = 0
    for index, square in enumerate(squares):
        at = date.fromisoformat(square.date)
        x = LEFT + (at - monday).days // 7 * PITCH
        y = TOP + at.weekday() * PITCH
        if index == 0 or at.day == 1:
            months.append((x if at.weekday() == 0 or index == 0 else x + PITCH, texts.month(at)[:3]))
        if square.plain:
            plain.append(f"M{x} {y}h{SIDE}v{SIDE}h-{SIDE}z")
        else:
            cells.append(Cell(x, y, square))
    names = [f"{texts.month(at)} {at.year}" for at in (first, last)]
    return Block(
        name=names[0] if names[0] == names[1] else f"{names[0]} to {names[1]}",
        width=LEFT + 14 * PITCH,
        height=TOP + 7 * PITCH,
        months=tuple(months),
        plain="".join(plain),
        cells=tuple(cells),
        says=summary(squares),
    )


def summary(squares: Sequence[Square]) -> str:
    """The nights of a heat map in words, for who does not see it."""
    counts = [(words, sum(square.state == state for square in squares)) for state, words in period_words.STATES.items()]
    told = [f"{number:,} {words}" for words, number in counts if number]
    failing = sum(square.failing > 0 for square in squares)
    told += [f"failures open in {failing:,}"] if failing else []
    return f"{counted(len(squares), 'night')}: {', '.join(told)}"


@dataclass(frozen=True, slots=True)
class Film:
    """All nights as one thin line: (shape, path) for each shape that occurs."""

    width: int
    paths: tuple[tuple[str, str], ...]
    says: str


def film(squares: Sequence[Square]) -> Film | None:
    """A film of the nights, for a table's cell; None where there are none."""
    if not squares:
        return None
    step = FILM / len(squares)
    paths: dict[str, list[str]] = {}
    at = 0
    for shape, group in groupby("failing" if square.failing else square.state for square in squares):
        many = len(list(group))
        top, height = FILM_SHAPES[shape]
        # One night of a year would be less than a point wide.
        width = many * step if shape == "ran" else max(FILM_LEAST, many * step)
        x = min(at * step, FILM - width)
        paths.setdefault(shape, []).append(f"M{_n(x)} {top}h{_n(width)}v{height}h{_n(-width)}z")
        at += many
    return Film(
        FILM, tuple((shape, "".join(paths[shape])) for shape in FILM_SHAPES if shape in paths), summary(squares)
    )


def _n(number: float) -> str:
    """A number of a chart, to a tenth."""
    return f"{number:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Bar:
    """A failure on the time line: hatched where its bounds are uncertain, whole where every bound is a frame.

    Each part is (x, width). ``waived`` are the parts in which a waiver stood beside it. ``marks`` are where the test
    changed. ``end`` is the x of its end sign, named after how it ended.
    """

    before: tuple[str, str] | None
    sure: tuple[str, str]
    after: tuple[str, str] | None
    waived: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    opens_left: bool
    opens_right: bool
    end: str
    says: str


class TimeLine:
    """The axis of a period: one for all its bars."""

    def __init__(self, period: Period) -> None:
        self._start = texts.seconds(f"{period.starts[:10]}T00:00:00Z")
        self._end = texts.seconds(f"{period.ends[:10]}T00:00:00Z") + 86_400
        self._waivers = {waiver.id: waiver for waiver in period.waivers}
        self.width = WIDTH + 2 * ARROW
        self.months = tuple(self._months(date.fromisoformat(period.starts[:10]), date.fromisoformat(period.ends[:10])))
        self.missed = tuple(self._missed(period))

    def _x(self, as_of: str) -> float:
        share = (texts.seconds(as_of) - self._start) / (self._end - self._start)
        return ARROW + WIDTH * min(1.0, max(0.0, share))

    def _months(self, first: date, last: date) -> Iterable[tuple[str, str]]:
        at = first.replace(day=1)
        while at <= last:
            x = self._x(f"{max(at, first).isoformat()}T00:00:00Z")
            yield _n(x), texts.month(at)[:3] if (last - first).days < 400 or at.month % 3 == 1 else ""
            at = (at + timedelta(days=32)).replace(day=1)

    def _missed(self, period: Period) -> Iterable[tuple[str, str]]:
        """The nights without a frame, as (x, width)."""
        for missed, group in groupby(period.nights, key=lambda night: night.state in ("did_not_run", "not_retained")):
            if missed:
                nights = list(group)
                x = self._x(f"{nights[0].date}T00:00:00Z")
                end = self._x(f"{(date.fromisoformat(nights[-1].date) + timedelta(days=1)).isoformat()}T00:00:00Z")
                yield _n(x), _n(end - x)

    def bar(self, failure: Failure, changes: Iterable[Change] = ()) -> Bar:
        """A failure as a bar."""
        first, last = self._x(failure.first_bad.as_of), self._x(failure.last_bad.as_of)
        sure = max(LEAST, last - first)
        first = min(first, ARROW + WIDTH - sure)
        last = first + sure
        before = None if failure.last_good is None else self._part(self._x(failure.last_good.as_of), first)
        to: float | None = ARROW + WIDTH if failure.ended == "open" else None
        if failure.first_good is not None:
            to = self._x(failure.first_good.as_of)
        after = None if to is None else self._part(last, to)
        marks = sorted({self._x(change.at.as_of) for change in changes})
        return Bar(
            before=before,
            sure=(_n(first), _n(sure)),
            after=after,
            waived=tuple(self._waived(failure)),
            marks=tuple(map(_n, marks)),
            opens_left=failure.began == "before_the_period",
            opens_right=failure.ended == "open",
            end=_n(max(last, to if to is not None else last)),
            says=texts.bounds(failure),
        )

    def _part(self, start: float, end: float) -> tuple[str, str] | None:
        return (_n(start), _n(end - start)) if end - start >= 0.1 else None

    def _waived(self, failure: Failure) -> Iterable[tuple[str, str]]:
        for _, first, last in failure.beside:
            yield self._strip(first.as_of, last.as_of)
        if failure.beside:
            return
        known: Mapping[str, WaiverInPeriod] = self._waivers
        for id_ in failure.waivers or ():
            if id_ in known:
                start = max(failure.first_bad, known[id_].first).as_of
                end = min(failure.last_bad, known[id_].last).as_of
                if start <= end:
                    yield self._strip(start, end)

    def _strip(self, start: str, end: str) -> tuple[str, str]:
        x = self._x(start)
        width = max(LEAST, self._x(end) - x)
        return _n(min(x, ARROW + WIDTH - width)), _n(width)
