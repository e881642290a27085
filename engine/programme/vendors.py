"""What we have of subservice organisations on a day: what their reports speak for, what they miss, what is asked of us.

Pure. A report that is past its end, that nobody reviewed or that was never there is shown as that; a qualified opinion
and deviations are shown whatever else is good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from engine.programme.model import Programme, Record, Standing, State, Subservice, VendorReport

KIND: Final = "vendor_report"
"""The kind of evidence that a subservice organisation's report is, for the controls that name it."""
Days = tuple[date, date]
"""From one day to another, both included."""

LONGEST_LETTER: Final = timedelta(days=92)
"""How long after a report's end a bridge letter is usually relied on: three months."""

_PATH: Final = Path("organization.yaml")
_DAY: Final = timedelta(days=1)
_MOMENT: Final = "SOC 2 Type I"
"""A report that speaks for its last day alone."""


@dataclass(frozen=True, slots=True)
class VendorStanding:
    """A subservice organisation as it stands on a day.

    ``report`` is what we have in words (empty: nothing). ``missed`` are days of the window, up to that day, that
    neither report nor bridge letter speaks for; ``concerns`` what a reader must know of it. ``criteria`` are those of
    which we assume controls of it.
    """

    vendor: Subservice
    state: State
    report: str
    missed: tuple[Days, ...] = ()
    concerns: tuple[str, ...] = ()

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria of the controls that we assume it has, in the order given."""
        return tuple(dict.fromkeys(id_ for _, ids in self.vendor.assumed for id_ in ids))


def standings(programme: Programme, window: Days | None, on: date) -> tuple[VendorStanding, ...]:
    """Every subservice organisation on a day; ``window`` is that of our report, None where none is set."""
    return tuple(_standing(vendor, window, on) for vendor in programme.subservices)


def _standing(vendor: Subservice, window: Days | None, on: date) -> VendorStanding:
    state, report = _state(vendor.report, on), vendor.report
    if report is None:
        carved = vendor.method == "carve_out"
        gap = missed(None, window, on) if carved else ()
        return VendorStanding(vendor, state, "", gap, ("there is no report of it",) if carved else ())
    last = last_day(report)
    letter = f", bridge letter to {report.bridge_until}" if report.bridge_until and last != report.ends else ""
    concerns = []
    if report.starts > on:
        concerns.append(f"its report speaks from {report.starts} on")
    if last < on:
        concerns.append(f"its report speaks until {report.ends}, and nothing after {last}")
    if last > report.ends + LONGEST_LETTER:
        concerns.append(f"the bridge letter to {last} spans more than the usual three months after {report.ends}")
    if report.reviewed_on is None or report.reviewed_on > on:
        concerns.append("nobody reviewed its report")
    elif report.reviewed_on < report.ends:
        concerns.append(f"its report was reviewed on {report.reviewed_on}, before it ended on {report.ends}")
    if report.opinion != "unqualified":
        concerns.append(f"opinion {report.opinion}")
    concerns += [f"deviation: {text}" for text in report.deviations]
    good = ", opinion unqualified" if report.opinion == "unqualified" else ""
    told = f"{report.type}, {report.starts} to {report.ends}{letter}{good}"
    return VendorStanding(vendor, state, told, missed(report, window, on), tuple(concerns))


def last_day(report: VendorReport) -> date:
    """The last day that a report, or its bridge letter, speaks for."""
    return max(filter(None, (report.ends, report.bridge_until)))


def missed(report: VendorReport | None, window: Days | None, on: date) -> tuple[Days, ...]:
    """The days of a window, up to a day, that neither a report nor its bridge letter speaks for."""
    if window is None or window[0] > on:
        return ()
    starts, ends = window[0], min(window[1], on)
    if report is None:
        return ((starts, ends),)
    first = report.ends if report.type == _MOMENT else report.starts
    spans = ((starts, min(ends, first - _DAY)), (max(starts, last_day(report) + _DAY), ends))
    return tuple((one, other) for one, other in spans if one <= other)


def _state(report: VendorReport | None, on: date) -> State:
    if report is None:
        return "absent"
    if report.starts > on:
        return "not_yet"
    if last_day(report) < on:
        return "expired"
    # Nobody reviews a report before the period ends that it is on.
    reviewed = report.reviewed_on is not None and report.ends <= report.reviewed_on <= on
    return "current" if reviewed else "unreviewed"


# --- for the controls that rest on their reports ---------------------------------------------------------------------


def carved(programme: Programme) -> tuple[Subservice, ...]:
    """The subservice organisations whose controls are left out of our report: it rests on theirs."""
    return tuple(vendor for vendor in programme.subservices if vendor.method == "carve_out")


def assuming(programme: Programme, criterion: str) -> tuple[Subservice, ...]:
    """The carved-out organisations of which we assume controls for a criterion."""
    return tuple(vendor for vendor in carved(programme) if any(criterion in ids for _, ids in vendor.assumed))


def worst(vendors: Sequence[Subservice], on: date) -> Standing:
    """How their reports stand together: as the one of them that stands worst."""
    order = ("absent", "not_yet", "expired", "unreviewed", "current")
    vendor = min(vendors, key=lambda row: (order.index(_state(row.report, on)), row.id))
    report, state = vendor.report, _state(vendor.report, on)
    if report is None:
        return Standing(KIND, state, vendor.id)
    return Standing(KIND, state, vendor.id, report.starts, last_day(report))


def kind_of(vendor: Subservice) -> str:
    """The review of one vendor's report, as a kind of evidence of its own."""
    return f"{KIND}/{vendor.id}"


def of(programme: Programme, standing: Standing) -> Subservice | None:
    """The organisation whose report a standing is of; None where it is of a record."""
    rows = (vendor for vendor in carved(programme) if standing.kind == KIND and vendor.id == standing.source)
    return next(rows, None)


def reviews(vendors: Iterable[Subservice]) -> tuple[Record, ...]:
    """The reviews of their reports, as the records that they are."""
    return tuple(
        Record(
            id=vendor.id,
            kind=kind_of(vendor),
            title=f"Review of the report of {vendor.name}",
            by=vendor.report.reviewed_by or "",
            path=_PATH,
            digest="",
            effective_on=vendor.report.reviewed_on,
        )
        for vendor in vendors
        if vendor.report is not None and vendor.report.reviewed_on is not None
    )
