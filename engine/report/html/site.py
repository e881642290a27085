"""What stands on which page: the values that the templates show, and the links between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from engine.model import Criterion
from engine.periods import Change, ControlInPeriod, CriterionInPeriod, Failure, Night, Period
from engine.report import period_counts, period_words
from engine.report.html import charts, nights, texts

INDEX: Final = "index.html"
FOLDER: Final = "pages/"
"""Where the pages of a split report stand beside the index."""
SHOWN: Final = 200
"""Failures that a control shows as bars; all are in the register."""
PAGE: Final = 500
"""Failures on a page of the register, where it has pages of its own."""

SECTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("coverage", "Coverage"),
    ("shown", "Summary"),
    ("criteria", "Criteria"),
    ("failures", "Failures"),
    ("controls", "Controls"),
    ("gaps", "Gaps"),
    ("changes", "Changes"),
    ("populations", "Populations"),
    ("samples", "Samples"),
    ("not-retained", "Not retained"),
    ("waivers", "Waivers"),
    ("runs", "Runs"),
    ("facts", "Facts"),
)
"""The sections of the index: anchors, and what links to them say."""

CRITERIA: Final[Mapping[str, str]] = {
    "controls": "with controls",
    "no_control": "that no control addresses",
    "subservice": "left to a subservice organisation",
    "not_relevant": "not relevant",
}
"""What stands behind criteria, as a count's noun."""
TOTALS: Final[Mapping[str, str]] = {
    "ran": "ran", "partly": "partly", "did_not_run": "missed", "not_retained": "not_retained",
}  # fmt: skip
"""A night's state, and the total that counts it."""

_FOR_ALL: Final = frozenset({"engine", "boundary", "policy", "schema"})
_OF_CHECKS: Final = frozenset({"check", "parameter", "selection"})
_SLUG: Final = re.compile(r"[^A-Za-z0-9.-]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A failure in the register: its number (its anchor too), its page, how it counts, which controls show it."""

    failure: Failure
    number: str
    page: str
    counts: str
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A control as its section shows it. ``failures`` are (its entry, its own reading of it, the bar)."""

    of: ControlInPeriod
    anchor: str
    page: str
    squares: tuple[nights.Square, ...]
    blocks: tuple[charts.Block, ...]
    film: charts.Film | None
    stretches: tuple[nights.Stretch, ...]
    changes: tuple[Change, ...]
    failures: tuple[tuple[Entry, Failure, charts.Bar], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A criterion, the controls whose sections stand under it, and the page that they stand on."""

    of: CriterionInPeriod
    page: str
    anchor: str
    controls: tuple[Shown, ...]

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Its controls whose sections stand under an earlier criterion."""
        own = {shown.of.control.id for shown in self.controls}
        return tuple(id_ for id_ in self.of.controls if id_ not in own)


@dataclass(frozen=True, slots=True)
class Missed:
    """Nights in a row with something to say: less than ran in time and in one piece, or a run that was not sealed.

    ``told`` are the runs that were not sealed, and those that stopped and went on, each with what happened.
    """

    first: str
    last: str
    count: int
    words: str
    told: tuple[tuple[str, str], ...]


class Site:
    """A period laid out on one page, or ``split`` into one a criterion and further ones of the register."""

    def __init__(self, period: Period, split: bool) -> None:
        self.period = period
        self.split = split
        self.line = charts.TimeLine(period)
        seen = nights.Nights(period)
        self.squares = seen.whole(period.changes)
        self.blocks = charts.heat_map(self.squares)
        self.stretches = _words(self.squares)
        self.entries = self._register()
        self._entries = {period_counts.key(entry.failure): entry for entry in self.entries}
        self.places = self._place(seen)
        self.controls: Mapping[str, Shown] = {shown.of.control.id: shown for at in self.places for shown in at.controls}
        self.missed = tuple(_missed(period.nights))
        self.gaps = nights.gaps(period)
        self.unanchored = period.anchored.startswith("NOT ANCHORED")
        self.titles = {row.criterion.id: row.criterion.title for row in period.criteria}
        self.words = _counted(
            (row.word for row in period.controls), {word: word.replace("_", " ") for word in period_counts.WORDS}
        )
        self.states = _counted((row.state for row in period.criteria), CRITERIA)
        self.totals = period_counts.totals(period)
        self.labelled = period_counts.labelled(period)
        self.nights = tuple(
            (state, words, getattr(self.totals, TOTALS[state]))
            for state, words in period_words.STATES.items()
            if state in TOTALS
        )
        self.counting = tuple((words, getattr(self.totals, name)) for name, words in texts.COUNTS.items())
        types = sorted({*period.inventory, *period.appeared, *period.gone})
        self.inventory = tuple(
            (type_, period.inventory.get(type_, 0), period.appeared.get(type_, 0), period.gone.get(type_, 0))
            for type_ in types
        )
        self.inventory_totals = tuple(
            sum(counts.values()) for counts in (period.inventory, period.appeared, period.gone)
        )
        self.register_page = self.entries[0].page if self.entries else INDEX
        self.register_pages = tuple(
            (page, index * PAGE + 1, min((index + 1) * PAGE, len(self.entries)))
            for index, page in enumerate(dict.fromkeys(entry.page for entry in self.entries))
        )
        self.runs = frozenset(frame.moment.run for frame in period.frames)
        alone = [entry for entry in self.entries if not entry.controls]
        self.alone = len(alone)
        self.unruled = tuple((entry, entry.failure, self.line.bar(entry.failure)) for entry in alone[:SHOWN])
        there = {
            "controls": bool(period.controls) and not split,
            "samples": bool(period.samples),
            "not-retained": bool(period.not_retained),
        }
        self.sections = tuple(section for section in SECTIONS if there.get(section[0], True))

    @staticmethod
    def key_of(squares: Sequence[nights.Square]) -> tuple[tuple[str, str, str], ...]:
        """The key of a heat map."""
        return charts.key(squares)

    def _register(self) -> tuple[Entry, ...]:
        numbers, serving = period_counts.numbers(self.period), period_counts.serving(self.period)
        order = list(texts.COUNTS)
        ranked = sorted(self.period.failures, key=lambda failure: order.index(texts.counting(failure)))
        return tuple(
            Entry(
                failure,
                numbers[period_counts.key(failure)],
                self._register_page(index),
                texts.counting(failure),
                serving.get(period_counts.key(failure), ()),
            )
            for index, failure in enumerate(ranked)
        )

    def _register_page(self, index: int) -> str:
        return f"{FOLDER}failures-{index // PAGE + 1}.html" if self.split else INDEX

    def _place(self, seen: nights.Nights) -> tuple[Place, ...]:
        """Each control under the first criterion that it serves; those of none under one without a name."""
        by_id = {control.control.id: control for control in self.period.controls}
        slugs = Slugs()
        placed: set[str] = set()
        found = []
        for row in self.period.criteria:
            slug = slugs.of(row.criterion.id)
            own = [by_id[id_] for id_ in row.controls if id_ in by_id and id_ not in placed]
            placed.update(control.control.id for control in own)
            page = f"{FOLDER}criterion-{slug}.html" if self.split and own else INDEX
            found.append(Place(row, page, f"criterion-{slug}", tuple(self._shown(c, page, slugs, seen) for c in own)))
        rest = [control for id_, control in by_id.items() if id_ not in placed]
        if rest:
            none = Criterion("", "Controls that serve none of these criteria", "", "", "", "", "", ())
            row = CriterionInPeriod(none, "controls", tuple(control.control.id for control in rest))
            page = f"{FOLDER}criterion-none.html" if self.split else INDEX
            found.append(Place(row, page, "criterion-none", tuple(self._shown(c, page, slugs, seen) for c in rest)))
        return tuple(found)

    def _shown(self, control: ControlInPeriod, page: str, slugs: Slugs, seen: nights.Nights) -> Shown:
        changes = concerning(control, self.period.changes)
        squares = seen.of(control, changes)
        return Shown(
            of=control,
            anchor=f"control-{slugs.of(control.control.id)}",
            page=page,
            squares=squares,
            blocks=charts.heat_map(squares),
            film=charts.film(squares),
            stretches=_words(squares),
            changes=changes,
            failures=tuple(
                (
                    self._entries[period_counts.key(failure)],
                    failure,
                    self.line.bar(failure, (change for change in changes if _tests(change, failure.check))),
                )
                for failure in control.failures[:SHOWN]
            ),
        )

    def pages(self) -> tuple[str, ...]:
        """The names of all pages, the index first."""
        names = [INDEX, *(place.page for place in self.places), *(entry.page for entry in self.entries)]
        return tuple(dict.fromkeys(names))


def link(page: str, to: str, anchor: str) -> str:
    """The relative address of an anchor on ``to``, seen from ``page``."""
    if page == to:
        return f"#{anchor}"
    if page.startswith(FOLDER):
        to = to.removeprefix(FOLDER) if to.startswith(FOLDER) else f"{up(page)}{to}"
    return f"{to}#{anchor}"


def up(page: str) -> str:
    """What leads from a page to the folder of the index."""
    return "../" if page.startswith(FOLDER) else ""


def _words(squares: Sequence[nights.Square]) -> tuple[nights.Stretch, ...]:
    return nights.stretches([(square.date, square.words) for square in squares])


def concerning(control: ControlInPeriod, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes of how a control was judged: of its checks, their parameters, itself, and of what is for all."""
    names = nights.checks(control)
    return tuple(
        change
        for change in changes
        if change.kind in _FOR_ALL
        or (change.kind == "control" and change.name == control.control.id)
        or (change.kind in _OF_CHECKS and any(_tests(change, name) for name in names))
    )


def _tests(change: Change, check: str) -> bool:
    """Whether a change is one of a check or of its parameters, whose names begin with the check's."""
    name = change.name
    return change.kind in _OF_CHECKS and (name == check or (name.startswith(check) and name[len(check)] in " .:/#"))


def _missed(period: Sequence[Night]) -> list[Missed]:
    def said(night: Night) -> tuple[str, tuple[tuple[str, str], ...], str]:
        told = (*night.unsealed, *night.resumed)
        return period_words.night(night), told, night.date if told else ""

    found = []
    for (words, told, _), group in groupby(period, key=said):
        run = list(group)
        if words != period_words.STATES["ran"] or told:
            found.append(Missed(run[0].date, run[-1].date, len(run), words, told))
    return found


def _counted(values: object, words: Mapping[str, str]) -> tuple[tuple[str, str, int], ...]:
    """(value, its words, how often it occurs) in the order of ``words``."""
    counts = Counter(values)  # type: ignore[call-overload]
    return tuple((value, text, counts[value]) for value, text in words.items())


class Slugs:
    """Ids as parts of file names and anchors: two ids never share one, on no file system."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, id_: str) -> str:
        """The part that stands for ``id_``."""
        if id_ not in self._given:
            stem = slug = _SLUG.sub("_", id_)[:60] or "_"
            number = 1
            while slug.lower() in self._taken:
                number += 1
                slug = f"{stem}_{number}"
            self._taken.add(slug.lower())
            self._given[id_] = slug
        return self._given[id_]
