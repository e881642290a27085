"""The sheets of the work paper that list: coverage, populations, changes, waivers, runs, samples, what was removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.periods import NotRetained, Period, SecondSource
from engine.report import period_counts, period_words
from engine.report.period_sheet import Row, Sheet, sheet


def nights(period: Period) -> Sheet:
    """Every night of the schedule."""
    about = "Every night that the schedule expects, and what became of it."
    columns = (
        ("Night", 12), ("Due", 21), ("State", 14), ("Late", 7), ("Runs", 34), ("Begun and never sealed", 50),
        ("Stopped and gone on with", 50),
    )  # fmt: skip
    rows = (
        (
            night.date,
            night.due_at,
            period_words.STATES[night.state],
            "late" if night.late else "",
            ", ".join(night.runs),
            "; ".join(f"{run}: {why}" for run, why in night.unsealed),
            "; ".join(f"{run}: {words}" for run, words in night.resumed),
        )
        for night in period.nights
    )
    return sheet("nights", about, columns, rows)


def gaps(period: Period) -> Sheet:
    """The gaps of each check in each scope."""
    about = "Nights in a row on which a check that was in force did not run as a whole in a scope."
    columns = (
        ("Check", 40), ("Provider", 9), ("Account", 15), ("Region", 14), ("State", 14), ("First night", 12),
        ("Last night", 12), ("Nights", 8),
    )  # fmt: skip
    rows = (
        (
            gap.check,
            gap.scope.provider,
            gap.scope.account,
            gap.scope.region,
            period_words.STATES[gap.state],
            gap.first,
            gap.last,
            gap.nights,
        )
        for gap in period_counts.gaps(period)
    )
    return sheet("gaps", about, columns, rows)


def coverage(period: Period) -> Sheet:
    """On how many nights each check ran in each scope."""
    about = "Of each check in each scope: on how many of the nights it ran."
    columns = (
        ("Check", 40), ("Provider", 9), ("Account", 15), ("Region", 14), *(
            (text.capitalize(), 13) for text in period_words.STATES.values()), ("Nights", 8),
    )  # fmt: skip
    rows: list[Row] = []
    for row in period.coverage:
        marks = Counter(period_counts.STATES[mark] for mark in row.nights)
        scope = row.scope
        states = (marks[state] for state in period_words.STATES)
        rows.append((row.check, scope.provider, scope.account, scope.region, *states, len(row.nights)))
    return sheet("coverage", about, columns, rows)


def populations(period: Period) -> Sheet:
    """Everything that was seen of each check."""
    about = "Everything of a check that was seen in any run. What lived only between two runs is not claimed."
    columns = (
        ("Check", 40), ("Resource type", 28), ("Items", 9), ("Items that failed", 9), ("Complete", 22),
        ("First seen", 21), ("Last seen", 21), ("Query", 34), ("Second source", 34),
        ("Counted by it", 9), ("Listed in that run", 9), ("Difference", 10), ("In the run of", 21),
        ("Runs compared", 9), ("Runs that differ", 9),
    )  # fmt: skip
    rows = (
        (
            row.check,
            row.resource_type,
            row.count,
            row.failed,
            "yes" if row.complete else "no: at least so many",
            row.first_seen.as_of if row.first_seen else "none seen",
            row.last_seen.as_of if row.last_seen else "none seen",
            ", ".join(row.queries),
            *_second(row.second),
        )
        for row in period.populations
    )
    return sheet("populations", about, columns, rows)


def _second(row: SecondSource | None) -> tuple[str | int, ...]:
    if row is None:
        return ("none", "", "", "", "", "", "")
    return (row.query, row.counted, row.listed, row.difference, row.at.as_of, row.frames, row.differing)


# --- what changed, what was accepted, what ran ------------------------------------------------------------------------


def changes(period: Period) -> Sheet:
    """What changed in how the period was judged."""
    about = "What changed in how the period was judged, and between which runs."
    columns = (
        ("What", 12), ("Name", 50), ("Last run before", 21), ("First run with", 21), ("Before", 44), ("Now", 44),
        ("Weaker than the default", 12),
    )  # fmt: skip
    rows = (
        (
            row.kind,
            row.name,
            row.after.as_of if row.after else "",
            row.at.as_of,
            "absent" if row.before is None else row.before,
            "absent" if row.now is None else row.now,
            "weaker" if row.weaker else "",
        )
        for row in period.changes
    )
    return sheet("changes", about, columns, rows)


def waivers(period: Period) -> Sheet:
    """What was accepted."""
    about = "What was accepted, by whom and until when. A waiver stands beside a failure and takes none away."
    columns = (
        ("Waiver", 16), ("Kind", 24), ("Check", 40), ("Owner", 22), ("Approver", 26), ("Approval", 14),
        ("Starts", 12), ("Expires", 12), ("First run beside a failure", 21), ("Last run beside a failure", 21),
        ("Runs", 8), ("Resources", 50), ("Reason", 60),
    )  # fmt: skip
    rows = (
        (
            row.id,
            period_words.WAIVED.get(row.kind, row.kind),
            row.check,
            row.owner,
            row.approver,
            f"{row.standing}, by its owner" if row.owner == row.approver else row.standing,
            row.starts,
            row.expires,
            row.first.as_of,
            row.last.as_of,
            row.frames,
            ", ".join(row.subjects),
            row.reason,
        )
        for row in period.waivers
    )
    return sheet("waivers", about, columns, rows)


def runs(period: Period) -> Sheet:
    """The sealed runs."""
    about = "Every sealed run of the period, in order."
    columns = (
        ("Run", 26), ("As of", 21), ("Night", 12), ("Kind", 11), ("Whole or part", 12), ("Sealed", 21),
        ("Chain entry", 9), ("Records", 9), ("Merkle root", 66), ("Engine", 9), ("Caller", 60),
    )  # fmt: skip
    rows = (
        (
            row.moment.run,
            row.moment.as_of,
            row.night,
            row.kind,
            "part" if row.filtered else "whole",
            row.sealed_at,
            row.sequence,
            row.records,
            row.root,
            row.engine,
            row.caller,
        )
        for row in period.frames
    )
    return sheet("runs", about, columns, rows)


def inventory(period: Period) -> Sheet:
    """Resources at the end, and those that came and went."""
    about = "Resources at the end of the period, and how many came and went: facts for the description of the system."
    columns = (("Resource type", 40), ("At the end", 12), ("Appeared", 12), ("Gone", 12))
    types = sorted({*period.inventory, *period.appeared, *period.gone})
    rows = (
        (type_, period.inventory.get(type_, 0), period.appeared.get(type_, 0), period.gone.get(type_, 0))
        for type_ in types
    )
    return sheet("inventory", about, columns, rows)


def samples(period: Period) -> Sheet:
    """What was drawn from frozen populations."""
    about = "What was drawn from populations that were frozen first, one row a unit, in the order of the draw."
    columns = (
        ("Population", 40), ("Frozen in entry", 9), ("Units", 8), ("Of", 9), ("Digest", 24), ("Nonce", 24),
        ("Seed", 24), ("Drawn", 60), ("Replaced by", 60), ("Why", 40), ("When", 20),
    )  # fmt: skip
    rows: list[Row] = []
    for row in period.samples:
        replaced = {unit: told for unit, *told in row.replaced}
        nonce = row.nonce if row.nonce is not None else "internal" if row.internal else "none yet"
        told = (row.of, row.sequence, row.count, row.unit, row.digest, nonce, row.seed)
        units = (*row.drawn, *(by for _, by, _, _ in row.replaced)) or ("",)
        rows += ((*told, unit, *replaced.get(unit, ("", "", ""))[:3]) for unit in units)
    return sheet("samples", about, columns, rows)


def not_retained(period: Period) -> Sheet:
    """Runs that are kept no longer."""
    about = (
        "Runs that are kept no longer: what their seals and the entries that removed them say. Nothing else is known."
    )
    columns = (
        ("Night", 12), ("Run", 26), ("Taken", 21), ("Removed", 21), ("By entry", 9), ("Rule", 34), ("Passed", 9),
        ("Failed", 9), ("Unknown", 9), ("Not applicable", 9), ("Waived", 9), ("Root", 66),
    )  # fmt: skip
    rows = (
        (
            row.night,
            row.moment.run,
            row.moment.as_of,
            row.removed_at,
            row.sequence,
            row.rule,
            row.passed,
            row.failed,
            row.unknown,
            row.not_applicable,
            row.waived,
            row.root,
        )
        for row in period.not_retained
    )
    return sheet("not_retained", about, columns, rows)


def summaries(period: Period) -> Sheet:
    """What stays of each run that is kept no longer, by control and by check."""
    about = (
        "What was kept of the runs that are not retained: their verdicts by control and by check. A check counts for "
        "every control that rests on it; the checks of a run add up to what was sealed of it."
    )
    columns = (
        ("Night", 12), ("Run", 26), ("By", 9), ("Name", 50), ("Passed", 9), ("Failed", 9), ("Unknown", 9),
        ("Not applicable", 9),
    )  # fmt: skip
    return sheet("summaries", about, columns, (row for run in period.not_retained for row in _summary(run)))


def _summary(run: NotRetained) -> Iterator[Row]:
    for by, found in (("control", run.controls), ("check", run.checks)):
        for id_, said in sorted(found.items()):
            yield (run.night, run.moment.run, by, id_, said.passed, said.failed, said.unknown, said.not_applicable)
