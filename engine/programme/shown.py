"""What the records and documents of a policy folder show of controls, on a day and in a window of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.programme.model import Occurrence, Policy, Record, Recurrence, Standing
from engine.programme.occurrences import occurrences
from engine.programme.standing import standing, supports


@dataclass(frozen=True, slots=True)
class Shown:
    """People's evidence on a day (``on``), for a window of days (first and last)."""

    records: Sequence[Record]
    documents: Sequence[Policy]
    on: date
    window: tuple[date, date]

    def standing(self, kind: str, control: str) -> Standing:
        """How a kind of evidence stands for a control."""
        return standing(kind, control, self.records, self.documents, self.on)

    def occurrences(self, recurrence: Recurrence | None, kinds: Sequence[str], control: str) -> tuple[Occurrence, ...]:
        """What was expected of a recurring control, and came; nothing where it is not recurring."""
        if recurrence is None:
            return ()
        return occurrences(recurrence, kinds, control, self.records, self.window, self.on)

    def begun(self, recurrence: Recurrence | None, kinds: Sequence[str], control: str) -> bool:
        """Whether a recurring control has begun: it says since when, or something was ever recorded for it."""
        if recurrence is None:
            return False
        return recurrence.since is not None or any(
            supports(record, kind, control) for record in self.records for kind in kinds
        )
