"""What is to be done so that issues say what sealed runs show. Pure: failures and issues in, steps out.

A failure that stands has one open issue. It is closed where a run saw the failure end, and never for what nobody saw.
What is chosen decides what is opened, or opened again; an issue that is there is kept up, whatever is chosen today.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from engine.report import issue as shown
from engine.tracked import Known, Tracked
from engine.tracker.marker import Marker, commented, parted

Act = Literal["open", "reopen", "close", "update", "duplicate"]
_COMPLETED: Final = frozenset({"fixed", "gone"})


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue that has our label. ``waived``: it has the label of what is accepted as well."""

    number: int
    title: str
    body: str
    open: bool
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: to issue ``number`` (None: to a new one) of a failure.

    ``comment`` is said first, once. ``fields`` are those of the issue to set, ``waived`` whether it is to get (True) or
    lose (False) the label of what is accepted; None: it is as it should be.
    """

    act: Act
    row: Tracked
    number: int | None
    fields: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""
    waived: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, and what needs none: how many issues are as they should be.

    ``newer`` are failures whose issues were last written by a later run than those at hand, ``strange`` the numbers of
    issues with our label and of no failure that the store knows: both are left alone.
    """

    steps: tuple[Step, ...]
    same: int
    newer: tuple[Tracked, ...]
    strange: tuple[int, ...]


def planned(known: Known, issues: Sequence[Issue], chosen: Collection[str]) -> Plan:
    """What is to be done. ``chosen`` are the keys of failures that may be opened, where they stand."""
    by_key: dict[str, list[tuple[Issue, Marker]]] = {}
    strange = []
    keys = {row.key for row in known.rows}
    for item in sorted(issues, key=lambda item: item.number):
        marker, _ = parted(item.body)
        if marker is None or marker.key not in keys:
            strange.append(item.number)
        else:
            by_key.setdefault(marker.key, []).append((item, marker))
    steps: list[Step] = []
    newer: list[Tracked] = []
    for row in known.rows:
        found = by_key.get(row.key, [])
        if not found:
            steps += [_opened(row, known)] if row.stands and row.key in chosen else []
            continue
        (first, marker), *others = found
        steps += [_duplicate(row, other, first.number) for other, _ in others if other.open]
        if marker.seal > known.sequence:
            newer.append(row)
        else:
            steps += _kept_up(row, first, marker, known, row.key in chosen)
    touched = {step.number for step in steps}
    same = sum(item.number not in touched for found in by_key.values() for item, _ in found) - len(newer)
    return Plan(tuple(steps), same, tuple(newer), tuple(strange))


def _opened(row: Tracked, known: Known) -> Step:
    body = f"{Marker(row.key, known.sequence).line()}\n{shown.text(row)}"
    fields = {"title": shown.title(row), "body": body}
    return Step("open", row, None, fields, waived=True if row.accepted is not None else None)


def _duplicate(row: Tracked, item: Issue, first: int) -> Step:
    fields = {"state": "closed", "state_reason": "not_planned"}
    return Step("duplicate", row, item.number, fields, f"{commented('duplicate')}\n{shown.duplicate(first)}")


def _kept_up(row: Tracked, item: Issue, marker: Marker, known: Known, chosen: bool) -> Iterator[Step]:
    """The step for the issue of a failure, if it takes one."""
    if item.open:
        fields, comment = _written(row, item, marker, known), ""
        if row.settled:
            reason = "completed" if row.state in _COMPLETED else "not_planned"
            fields |= {"state": "closed", "state_reason": reason}
            comment = f"{commented(f'closed {row.since.run}')}\n{shown.ended(row)}"
        wanted = row.accepted is not None
        waived = wanted if wanted != item.waived else None
        if fields or waived is not None:
            yield Step("close" if row.settled else "update", row, item.number, fields, comment, waived)
    elif row.settled and not marker.settled:
        # Somebody closed it before a run saw it fixed. It is put right, so that a later failure is told as one.
        yield Step("update", row, item.number, _written(row, item, marker, known))
    elif row.stands and chosen and (marker.settled or marker.reopened != known.night):
        again = Marker(marker.key, marker.seal, marker.settled, known.night)
        fields = _written(row, item, again, known, anew=True) | {"state": "open", "state_reason": "reopened"}
        comment = f"{commented(f'reopened {known.night}')}\n{shown.again(row, marker.settled, known)}"
        wanted = row.accepted is not None
        yield Step("reopen", row, item.number, fields, comment, wanted if wanted != item.waived else None)


def _written(row: Tracked, item: Issue, marker: Marker, known: Known, anew: bool = False) -> dict[str, str]:
    """Title and text where they are others than they should be. The seal in the marker alone is no reason to write."""
    title, body = shown.title(row), shown.text(row)
    fields = {"title": title} if item.title != title else {}
    if anew or marker.settled != row.settled or parted(item.body)[1].strip() != body.strip():
        line = Marker(row.key, known.sequence, row.settled, marker.reopened).line()
        fields["body"] = f"{line}\n{body}"
    return fields
