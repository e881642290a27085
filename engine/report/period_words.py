"""What formats for people say of a period in the same words. Bounds are times of frames; between two nothing is said.

Names from outside are given as they are: each format makes them harmless in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import ceil
from typing import Final

from engine.periods import (
    Change,
    Closed,
    ControlInPeriod,
    CriterionInPeriod,
    Failure,
    Night,
    Period,
    PeriodPopulation,
    SecondSource,
)
from engine.report import closing, period_counts
from engine.report.layout import counted, named
from engine.report.vendors import told

STATES: Final[Mapping[str, str]] = {
    "ran": "ran",
    "partly": "ran in part",
    "did_not_run": "did not run",
    "not_retained": "not retained",
    "not_in_force": "not in force",
}
OPERATION: Final[Mapping[str, str]] = {
    "continuous": "continuous (a frame a night)",
    "recurring": "recurring (at due dates)",
    "per_event": "per event",
}
CRITERION: Final[Mapping[str, str]] = {
    "controls": "",
    "no_control": "No control addresses it",
    "not_relevant": "Not relevant",
    "subservice": "Left to a subservice organisation",
}
WAIVED: Final[Mapping[str, str]] = {
    "risk_accepted": "risk accepted",
    "compensating_control": "compensating control",
    "false_positive": "said to be a false positive",
    "planned_fix": "fix planned",
}
BEGAN: Final[Mapping[str, str]] = {
    "after_a_pass": "after a pass",
    "first_seen": "failing when first seen",
    "before_the_period": "before the period",
    "test_changed": "by a changed test",
    "after_not_applicable": "after it was not applicable",
}
ENDED: Final[Mapping[str, str]] = {
    "open": "still open",
    "corrected": "corrected",
    "deleted": "ended by deletion",
    "not_applicable": "ended as not applicable",
    "test_changed": "ended by test change, not corrected",
    "out_of_boundary": "ended by leaving the boundary, not corrected",
}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
BETWEEN: Final = "Every bound is the time of a run. Between two runs nothing is claimed."
NOT_AN_OPINION: Final = (
    "Prepared by management from signed records. It states what was observed and what was not; "
    "conclusions are the auditor's."
)


def title(period: Period) -> str:
    """What the report is, and what it is not."""
    kind = "I" if period.type_ == 1 else "II"
    return f"Evidence for a SOC 2 Type {kind} examination, prepared by management, not examined"


def span(period: Period) -> str:
    """The dates of the period."""
    if period.type_ == 1:
        return f"At {period.ends} ({period.timezone})"
    return f"{period.starts} to {period.ends}, both included ({period.timezone})"


def firsts(period: Period) -> Iterator[str]:
    """What stands first in every format: that it is a demonstration where it is one, and how it is anchored."""
    if period.demonstration:
        yield closing.WATERMARK
    yield period.anchored
    if period.closed is not None:
        yield closed(period.closed)


def samples(period: Period) -> Iterator[tuple[str, str]]:
    """The samples of a period: (what of, how it was drawn and what was replaced)."""
    for row in period.samples:
        of = f"{row.of}: {row.count:,} {row.unit}, frozen in entry {row.sequence}"
        if row.size is None:
            yield of, f"nothing drawn of a recorded size; digest {row.digest}"
            continue
        how = "an internal draw: whoever drew could have drawn again" if row.internal else f"by the nonce {row.nonce!r}"
        gone = "".join(f"; {unit} replaced by {by} at {at}: {why}" for unit, by, why, at in row.replaced)
        yield of, f"{row.size:,} drawn, {how}, seed {row.seed}: {named(row.drawn, 60)}{gone}"


def closed(row: Closed) -> str:
    """That a period was closed, and what came into it since."""
    text = f"closed at {row.at} in entry {row.sequence} of the chain"
    if row.removed:
        text += f"; of the runs until then {row.removed:,} {'is' if row.removed == 1 else 'are'} not retained"
    if row.uncompared:
        text += (
            f", and of {counted(row.open, 'failure')} that {'was' if row.open == 1 else 'were'} open at its end "
            f"{row.uncompared:,} could not be compared"
        )
    if not row.late:
        return text
    runs = named((f"{moment.run} of {moment.as_of}" for moment in row.late), 5)
    return f"NOT AS CLOSED: {text}; sealed after that, and shown here too: {runs}"


def coverage(period: Period) -> str:
    """How many of the nights ran."""
    seen = period_counts.totals(period)
    text = f"{seen.ran:,} of {counted(seen.nights, 'night')} ran"
    for count, what in (
        (seen.partly, "ran in part"),
        (seen.missed, "did not run"),
        (seen.not_retained, "not retained"),
    ):
        text += f", {count:,} {what}" if count else ""
    text += f"; {seen.late:,} of those that ran began late" if seen.late else ""
    text += f"; {seen.resumed:,} of those that ran stopped and went on" if seen.resumed else ""
    return f"{text}. {counted(seen.runs, 'sealed run')}."


def nights(row: ControlInPeriod) -> str:
    """The nights on which a control was looked at as a whole."""
    return f"{row.nights:,} of {counted(row.expected, 'night')}"


def word(row: ControlInPeriod) -> str:
    """What a control shows; failures do not hide that its population is not complete."""
    told = row.word.replace("_", " ")
    if row.word == "failures_observed" and not all(population.complete for population in row.populations):
        return f"{told}, incomplete"
    return told


def failures(row: ControlInPeriod) -> str:
    """How many failures a control shows, and how many are deviations by its rule."""
    if not row.failed:
        return "none observed" if row.word == "no_failures_observed" else "none observed; see what it shows"
    undecided = sum(failure.deviation is None for failure in row.failures)
    text = f"{counted(row.failed, 'failure')}, {counted(row.deviations, 'deviation')} by the rule"
    text += f", {undecided:,} not decided" if undecided else ""
    return text + (f"; {missed(row)}" if row.missed else "")


def missed(row: ControlInPeriod) -> str:
    """The nights without a run that are failures of a control."""
    return f"{counted(len(row.missed), 'night')} without a run ({named(row.missed, 31)})"


def rule(row: ControlInPeriod) -> str:
    """What counts as a deviation of a control."""
    limit = row.control.deviation
    if isinstance(limit, str):
        return "any failure"
    days = ", ".join(f"{severity} {number} d" for severity, number in limit.items())
    return f"a failure not corrected within: {days}"


def population(row: PeriodPopulation) -> str:
    """A population's count; "at least" where a listing was not complete, and the second source's count."""
    if not row.count:
        text = "none seen" if row.complete else "none seen, but not all could be listed"
    else:
        text = f"{row.count:,}" if row.complete else f"at least {row.count:,}"
    if row.out_of_boundary:
        text += f", {row.out_of_boundary:,} more out of the boundary"
    return f"{text} ({second(row.second)})" if row.second is not None else text


def second(row: SecondSource) -> str:
    """What another source counted, beside what was listed in the same run."""
    differ = f"; differed in {row.differing:,} of {counted(row.frames, 'run')}" if row.differing else ""
    told = f"difference {row.difference:+,}" if row.difference else f"no difference in {counted(row.frames, 'run')}"
    return (
        f"second source {row.query}: {row.counted:,} where {row.listed:,} were listed at {row.at.as_of}, {told}{differ}"
    )


def populations(row: ControlInPeriod) -> str:
    """The populations of a control, by resource type; what several checks judge is named once."""
    told = {f"{item.resource_type}: {population(item)}": None for item in row.populations}
    return "; ".join(told) or "no population"


def untested(row: ControlInPeriod) -> Iterator[str]:
    """What of a control was not tested from the start."""
    for check, since in row.not_tested_before.items():
        yield f"{check}: not tested before {since}"


def above(period: Period, id_: str) -> str:
    """Where a control that serves several criteria was shown; a criterion's number alone says too little."""
    first = next(row.criterion for row in period.criteria if id_ in row.controls)
    return f"shown above, under {first.id} {first.title}"


# --- failures ---------------------------------------------------------------------------------------------------------


def began(failure: Failure) -> str:
    """When a failure began, as far as the frames say."""
    first = failure.first_bad.as_of
    after = f"after {failure.last_good.as_of}, " if failure.last_good else ""
    if failure.began == "before_the_period":
        return f"before the period, seen first at {first}"
    if failure.began == "first_seen":
        return f"{after}failing when first seen at {first}"
    if failure.began == "test_changed":
        return f"{after}by the changed test at {first}"
    if failure.began == "after_not_applicable":
        return f"{after}by {first} (not applicable before)"
    return f"{after}by {first}"


def ended(failure: Failure) -> str:
    """How a failure ended, as far as the frames say; only a correction is called one."""
    last = failure.last_bad.as_of
    if failure.ended == "open":
        return f"open; last seen failing at {last}"
    by = f", by {failure.first_good.as_of}" if failure.first_good else ""
    return f"{ENDED[failure.ended]} after {last}{by}"


def lasted(failure: Failure) -> str:
    """How long it lasted: at least, and at most where both sides have a frame."""
    shortest, longest = period_counts.least(failure), period_counts.most(failure)
    text = f"at least {duration(shortest)}"
    return f"{text}, at most {duration(longest, up=True)}" if longest is not None else text


def duration(span: timedelta, up: bool = False) -> str:
    """Days and hours; a least span is rounded down and a greatest (``up``) up."""
    whole = hours(span, up)
    days, rest = divmod(whole, 24)
    return f"{days} d {rest} h" if days else f"{rest} h"


def hours(span: timedelta, up: bool = False) -> int:
    """Whole hours, rounded down or ``up``."""
    exact = span / timedelta(hours=1)
    return ceil(exact) if up else int(exact)


def decided(failure: Failure) -> str:
    """What the control's rule says of a failure."""
    if failure.deviation is None:
        return "open, still within its limit" if failure.ended == "open" and failure.limit else "no rule decides it"
    return "deviation" if failure.deviation else "within its limit"


def limit(failure: Failure) -> str:
    """The limit in force when a failure began."""
    return "none: any failure counts" if failure.limit is None else f"{counted(failure.limit, 'day')}"


def accepted(failure: Failure) -> str:
    """The waivers that stood beside a failure, and in how many of its frames."""
    waivers = failure.waivers or {}
    return "; ".join(f"{id_} beside {count:,} of {counted(failure.frames, 'run')}" for id_, count in waivers.items())


def seen(failure: Failure) -> str:
    """In how many frames it failed, and how many within it said nothing."""
    text = f"failing in {counted(failure.frames, 'run')}"
    return text + (f", {failure.unseen:,} not seen in between" if failure.unseen else "")


def responses(failure: Failure) -> str:
    """What management said of a failure, each response with who answers for it and where it is sealed."""
    return " ".join(
        f"Cause: {said.cause} Effect: {said.effect} Correction: {said.correction} ({said.by}, {said.at}, entry "
        f"{said.sequence})"
        for said in failure.responses
    )


def answers(row: ControlInPeriod, numbers: Mapping[period_counts.FailureKey, str]) -> str:
    """Management's responses to a control's failures, each with the number of its failure."""
    told = (f"{numbers[period_counts.key(row)]}: {responses(row)}" for row in row.failures if row.responses)
    return "; ".join(told)


def response(row: ControlInPeriod) -> str:
    """What is on record of management's response to a control's failures: how they ended, and what was accepted."""
    ends: dict[str, int] = {}
    for failure in row.failures:
        how = ENDED[failure.ended]
        ends[how] = ends.get(how, 0) + 1
    waivers = dict.fromkeys(id_ for failure in row.failures for id_ in failure.waivers or {})
    told = [f"{count:,} {how}" for how, count in ends.items()]
    told += [f"accepted for a time: {', '.join(waivers)}"] if waivers else []
    answered = sum(bool(failure.responses) for failure in row.failures)
    told += [f"management responded to {answered:,}"] if answered else []
    return "; ".join(told)


# --- criteria, changes, nights ----------------------------------------------------------------------------------------


def criterion(row: CriterionInPeriod) -> str:
    """Why a criterion has no counts; empty where its controls say it."""
    if row.state == "controls":
        return ""
    return f"{CRITERION[row.state]}: {row.reason}" if row.reason else f"{CRITERION[row.state]}."


def aspects(row: CriterionInPeriod) -> str:
    """The aspects that no control addresses, in our words; empty where there are none."""
    return "; ".join(row.criterion.aspects.get(f"{name}", name.replace("_", " ")) for name in row.uncovered_aspects)


def gap(row: period_counts.SharedGap) -> str:
    """Which checks a gap is of, and where."""
    checks = dict.fromkeys(part.check for part in row.gaps)
    scopes = dict.fromkeys(str(part.scope) for part in row.gaps)
    if row.all_:
        return f"all {counted(len(checks), 'check')} in force, in {counted(len(scopes), 'scope')}"
    return f"{named(checks, 4)} in {named(scopes, 3)}"


def change(row: Change) -> str:
    """What changed: from what to what; of a digest its beginning."""
    before, now = ("absent" if value is None else _brief(value) for value in (row.before, row.now))
    return f"{before} → {now}" + (" (weaker than the default)" if row.weaker else "")


def _brief(value: str) -> str:
    return f"{value[:16]}…" if _DIGEST.fullmatch(value) else value


def changed(row: Change) -> str:
    """When it changed, as far as the frames say."""
    return f"after {row.after.as_of}, by {row.at.as_of}" if row.after else f"by {row.at.as_of}"


def night(row: Night) -> str:
    """What became of a night."""
    return STATES[row.state] + (", late" if row.late else "") + (", resumed" if row.resumed else "")


def procedure_key() -> tuple[tuple[str, str], ...]:
    """The auditors' words for procedures, and what stands behind each here."""
    return (
        (
            "Inspection",
            "the listing and the configuration that the provider returned, kept with the query that gave it",
        ),
        ("Observation", "a run that an auditor watches, with the auditor's own nonce in the record"),
        ("Reperformance", "the same test on the kept configuration, offline, compared byte for byte"),
    )


def vendors(period: Period) -> tuple[tuple[str, str], ...]:
    """The subservice organisations as they stand, and what they ask of us: a label and a text each."""
    return tuple(told(period.vendors, (), {row.control.id: word(row) for row in period.controls}))


def customers(period: Period) -> tuple[tuple[str, str], ...]:
    """What customers must do, with how the controls that depend on it stand: a label and a text each."""
    return tuple(told((), period.entity_controls, {row.control.id: word(row) for row in period.controls}))
