"""The gap in words, which every format of it shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from engine.programme.gap import Gap, TileState
from engine.programme.readiness import Milestone, Wait
from engine.programme.scoped import Holds, Item
from engine.report import sentences
from engine.report.layout import counted
from engine.report.vendors import told

TITLE: Final = "What is lacking for a SOC 2 report"
STATES: Final[Mapping[TileState, str]] = {
    "failing": "failing",
    "missing": "missing",
    "unproven": "unproven",
    "no_failures_observed": "no failures observed",
    "subservice": "subservice",
    "not_relevant": "not relevant",
}
MEANS: Final[Mapping[TileState, str]] = {
    "failing": "a check of a control fails, or an occurrence was missed",
    "missing": "no control, or an aspect that none addresses",
    "unproven": "evidence is not there, not current or not complete",
    "no_failures_observed": "all that was looked at was seen",
    "subservice": "left to a subservice organisation",
    "not_relevant": "not in the scope of the report",
}
DATES: Final[Mapping[Holds, str]] = {
    "type_1": "Earliest Type I",
    "window": "Earliest start of the window",
    "type_2": "Earliest Type II",
}
ABOUT: Final[Mapping[Holds, str]] = {
    "type_1": "design and implementation at a date",
    "window": "the first day of a Type II report",
    "type_2": "the last day of the shortest window",
}
HOLDS: Final[Mapping[Holds, str]] = {"type_1": "Type I", "window": "the window", "type_2": "Type II"}
EFFORT: Final[Mapping[str, str]] = {"small": "small work", "medium": "medium work", "large": "large work"}
NOT_AN_OPINION: Final = (
    "Prepared by management from what was observed and recorded. It holds no opinion: conclusions are the auditor's."
)
EARLIEST: Final = "The earliest dates, if everything is begun today or done by its target date in the remediation plan."


def scanned(gap: Gap) -> str:
    """When what was judged was read."""
    if gap.part is not None:
        return (
            "No run of everything was recorded in the last 31 days, so that of all that checks could show nothing is "
            f"known. The last run, {gap.part}, was of a part."
        )
    if gap.scanned_at is None:
        return "Nothing was scanned: of all that checks could show, nothing is known."
    return f"Scanned {gap.scanned_at}{', from a stored snapshot' if gap.source != 'live' else ''}."


def totals(gap: Gap) -> str:
    """How many items there are, and how many criteria are in scope."""
    counts = gap.counts
    within = sum(tile.state not in ("subservice", "not_relevant") for tile in gap.tiles)
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    return f"{told}; {within} of {counted(len(gap.tiles), 'criterion', 'criteria')} in scope"


def waits(found: Milestone) -> str:
    """What a date waits for, in one sentence."""
    if not found.waits:
        return "Waits for nothing that is known here."
    return f"Waits for {'; '.join(map(wait, found.waits))}."


def wait(found: Wait) -> str:
    """One thing that a date waits for, and until when."""
    planned = f", {found.planned:,} with a target date" if found.planned else ""
    return f"{found.what} ({found.until}{planned})"


def criteria(gap: Gap, ids: Iterable[str]) -> str:
    """Criteria by id, as every report names them."""
    return sentences.criteria(ids, (tile.criterion for tile in gap.tiles))


def reach(gap: Gap, item: Item) -> str:
    """The criteria and resources that an item bears on, its effort, and what waits for it."""
    parts = [criteria(gap, item.criteria)] if item.criteria else []
    parts += [", ".join(item.controls)] if item.controls else []
    parts += [counted(item.resources, "resource")] if item.resources and item.topic == "check" else []
    parts += [EFFORT[item.effort]]
    parts += [f"holds up {HOLDS[item.holds]}"] if item.holds else []
    return " · ".join(parts)


def owner(gap: Gap, item: Item) -> str:
    """Who does it: the plan's owner where it names one, else the control's, with the people who hold that role."""
    task = gap.tasks.get(item.id)
    name = task.owner if task is not None and task.owner else item.owner
    if not name:
        return "nobody yet"
    people = ", ".join(gap.people.get(name, ()))
    return f"{name} ({people})" if people else name


def planned(gap: Gap, item: Item) -> str:
    """What the remediation plan says of an item; empty where it says nothing."""
    task = gap.tasks.get(item.id)
    if task is None:
        return ""
    parts = [f"{'overdue since' if task.target < gap.on else 'by'} {task.target}"] if task.target else []
    parts += [task.ticket] if task.ticket else []
    return ", ".join(parts)


def fix(item: Item) -> tuple[str, str]:
    """The first way to do it: how, and what."""
    return item.fix[0] if item.fix else ("see", f"auditreel explain {item.check}")


def vendors(gap: Gap) -> tuple[tuple[str, str], ...]:
    """The subservice organisations, what they ask of us, and what customers must do: a label and a text each."""
    shown = {id_: row.word.replace("_", " ") for id_, row in gap.controls.items()}
    return tuple(told(gap.vendors, gap.entity_controls, shown))


def outside(gap: Gap) -> str:
    """The failures that bear on no criterion in scope; empty where there are none."""
    if not gap.outside:
        return ""
    return f"{counted(gap.outside, 'failure')} of checks that no control in scope relies on: run-checks shows them."


def following(gap: Gap) -> tuple[tuple[str, str], ...]:
    """Commands to go on with, and what each is for."""
    again = f"auditreel report gap {gap.arguments}".rstrip()
    checks = [item.check for item in gap.items if item.check is not None]
    found = (
        [(f"auditreel explain {checks[0]}", "why the gravest failure matters, and how to correct it")] if checks else []
    )
    if gap.part is not None:
        found.append(("auditreel run", "without a filter: everything that the checks read"))
        found.append((f"{again} --snapshot {gap.part}", "what the run of a part shows"))
    elif gap.scanned_at is None:
        found.append(("auditreel doctor", "who we are in the clouds, and what will be denied; then auditreel run"))
    found.append((f"{again} --format html --output gap.html", "everything, to walk through"))
    found.append(
        (
            f"{again} --remediation policies/remediation.yaml",
            "who does what until when, ticked off by runs",
        )
    )
    return tuple(found)
