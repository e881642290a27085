"""What the records and documents of a policy folder show of controls, on a day and in a window of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.programme import vendors
from engine.programme.model import Occurrence, Policy, Record, Recurrence, Standing, Subservice
from engine.programme.occurrences import occurrences
from engine.programme.standing import standing, supports


@dataclass(frozen=True, slots=True)
class Shown:
    """People's evidence on a day (``on``), for a window of days (first and last).

    Where ``carved`` names subservice organisations, their reports are what stands in ``organization.yaml``: the control
    that asks for one needs that of each.
    """

    records: Sequence[Record]
    documents: Sequence[Policy]
    on: date
    window: tuple[date, date]
    carved: Sequence[Subservice] = ()

    def standing(self, kind: str, control: str) -> Standing:
        """How a kind of evidence stands for a control."""
        if kind == vendors.KIND and self.carved:
            return vendors.worst(self.carved, self.on)
        return standing(kind, control, self.records, self.documents, self.on)

    def standings(self, kinds: Sequence[str], control: str, recurring: bool) -> list[Standing]:
        """How the evidence of a control stands. Of a recurring one its occurrences tell, but for what none can hold.

        A record without a date belongs to no occurrence, and one whose files are not as recorded fills none.
        """
        found = [self.standing(kind, control) for kind in kinds]
        return [row for row in found if row.state in ("undated", "altered")] if recurring else found

    def occurrences(self, recurrence: Recurrence | None, kinds: Sequence[str], control: str) -> tuple[Occurrence, ...]:
        """What was expected of a recurring control, and came; nothing where it is not recurring."""
        if recurrence is None:
            return ()
        wanted = [name for kind in kinds for name in self._each(kind)]
        return occurrences(recurrence, wanted, control, self._records, self.window, self.on)

    def begun(self, recurrence: Recurrence | None, kinds: Sequence[str], control: str) -> bool:
        """Whether a recurring control has begun: it says since when, or something was ever recorded for it."""
        if recurrence is None:
            return False
        return recurrence.since is not None or any(
            supports(record, name, control) for record in self._records for kind in kinds for name in self._each(kind)
        )

    def belated(self, recurrence: Recurrence | None) -> str:
        """That a recurring control began within the window, or after it, in words; empty where it did not."""
        since = recurrence.since if recurrence is not None else None
        if since is None or since <= self.window[0]:
            return ""
        return f"expected since {since} only, and the window begins on {self.window[0]}"

    @property
    def _records(self) -> Sequence[Record]:
        return (*self.records, *vendors.reviews(self.carved)) if self.carved else self.records

    def _each(self, kind: str) -> tuple[str, ...]:
        """A kind of evidence, or the review of each vendor's report in its place."""
        return tuple(map(vendors.kind_of, self.carved)) if kind == vendors.KIND and self.carved else (kind,)
