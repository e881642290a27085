"""What was and what was not seen in a period, as OSCAL observations."""

from __future__ import annotations

from collections.abc import Iterator

from engine.periods import ControlInPeriod, Failure, Period
from engine.report import period_counts, period_words
from engine.report.period_oscal_names import Document, Name, control_uuid, failure_uuid, item_uuid, props, text


def of_control(row: ControlInPeriod, last: str, name: Name) -> Document:
    """What was seen of a control."""
    untested = [("not-tested-before", told) for told in period_words.untested(row)]
    populations = [
        ("population", f"{item.check}: {period_words.population(item)}; query {', '.join(item.queries) or 'none'}")
        for item in row.populations
    ]
    return {
        "uuid": control_uuid(row, name),
        "title": text(f"{row.control.id}: {period_words.word(row)}"),
        "description": text(f"{row.control.statement} {row.procedure} {row.result}"),
        "props": props(
            ("control", row.control.id),
            ("shows", row.word),
            ("nights", str(row.nights)),
            ("nights-expected", str(row.expected)),
            ("subjects", str(row.subjects)),
            ("failures", str(row.failed)),
            ("deviations", str(row.deviations)),
            ("deviation-rule", period_words.rule(row)),
            *populations,
            *untested,
        ),
        "methods": ["EXAMINE", "TEST"] if row.control.checks or row.control.alternatives else ["EXAMINE"],
        "types": ["control-objective"],
        "collected": last,
    }


def of_failures(period: Period, name: Name) -> Iterator[Document]:
    """Each failure, with its bounds."""
    numbers = period_counts.numbers(period)
    known = {frame.moment.run for frame in period.frames}
    for failure in period.failures:
        number = numbers[period_counts.key(failure)]
        runs = dict.fromkeys((failure.first_bad.run, failure.last_bad.run))
        evidence = [
            {"href": f"#{name('run', run)}", "description": text(f"The run {run}")} for run in runs if run in known
        ]
        yield {
            "uuid": failure_uuid("observation", failure, name),
            "title": text(f"{number}: {failure.check} failing on {failure.subject.name}"),
            "description": text(
                f"{failure.message or failure.check}: {period_words.began(failure)}; {period_words.ended(failure)}; "
                f"{period_words.lasted(failure)}"
            ),
            "props": props(("number", number), ("id", failure.id), *_bounds(failure)),
            "methods": ["TEST"],
            "types": ["finding"],
            "subjects": [
                {
                    "subject-uuid": item_uuid(failure, name),
                    "type": "inventory-item",
                    "title": text(failure.subject.name),
                }
            ],
            **({"relevant-evidence": evidence} if evidence else {}),
            "collected": failure.last_bad.as_of,
        }


def _bounds(failure: Failure) -> Iterator[tuple[str, str]]:
    yield from (("check", failure.check), ("check-version", str(failure.version)), ("severity", failure.severity))
    yield "last-good", failure.last_good.as_of if failure.last_good else "none"
    yield "first-bad", failure.first_bad.as_of
    yield "last-bad", failure.last_bad.as_of
    yield "first-good", failure.first_good.as_of if failure.first_good else "none"
    yield from (("began", failure.began), ("ended", failure.ended))
    yield "by-the-rule", period_words.decided(failure)
    yield from (("runs-failing", str(failure.frames)), ("not-seen-within", str(failure.unseen)))
    yield "limit-days", "none" if failure.limit is None else str(failure.limit)
    for id_, count in (failure.waivers or {}).items():
        yield "waiver", f"{id_} beside {count} of {failure.frames}"
    if failure.replaced:
        yield "replaced-by", failure.replaced


def of_gaps(period: Period, last: str, name: Name) -> Iterator[Document]:
    """What was not seen, and on which nights."""
    for gap in period_counts.shared_gaps(period):
        yield {
            "uuid": name("gap", period.digest, gap.state, gap.first, gap.last),
            "title": text(f"Not observed: {period_words.STATES[gap.state]}, {gap.first} to {gap.last}"),
            "description": text(f"{period_words.STATES[gap.state]}: {period_words.gap(gap)}"),
            "props": props(
                ("not-observed", gap.state),
                ("first-night", gap.first),
                ("last-night", gap.last),
                ("nights", str(gap.nights)),
                *(("of", f"{part.check} in {part.scope}") for part in gap.gaps),
            ),
            "methods": ["UNKNOWN"],
            "types": ["historic"],
            "collected": last,
        }


def of_removed(period: Period, last: str, name: Name) -> Iterator[Document]:
    """What stays of runs that are kept no longer."""
    for row in period.not_retained:
        told = (row.passed, row.failed, row.unknown, row.not_applicable)
        yield {
            "uuid": name("not-retained", row.moment.run),
            "title": text(f"Not retained: the run {row.moment.run} of the night {row.night}"),
            "description": text(
                f"Removed at {row.removed_at} by entry {row.sequence} of the chain ({row.rule}). What was sealed of it "
                "and its summary are all that is known."
            ),
            "props": props(
                ("not-observed", "not_retained"),
                ("night", row.night),
                ("merkle-root", row.root),
                *zip(("passed", "failed", "unknown", "not-applicable"), map(str, told), strict=True),
                *(
                    (
                        "control",
                        f"{id_}: {said.passed} passed, {said.failed} failed, {said.unknown} unknown, "
                        f"{said.not_applicable} not applicable",
                    )
                    for id_, said in sorted(row.controls.items())
                ),
            ),
            "methods": ["UNKNOWN"],
            "types": ["historic"],
            "collected": last,
        }
