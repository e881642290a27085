"""What the frames show of controls and criteria: words of design section 5, never those of an opinion."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from engine.evidence.period.coverage import MISSING, NOT_IN_FORCE, PARTLY, RAN
from engine.evidence.period.failures import Found, names, ruling
from engine.evidence.period.film import Film
from engine.evidence.period.populations import Seen
from engine.judging.scope import applies, not_chosen
from engine.model import NIGHTLY_SCANS, Control, ControlWord, Criterion, InForce
from engine.periods import MARKS, ControlInPeriod, CriterionInPeriod, Failure, Night, PeriodPopulation
from engine.programme import sentences
from engine.programme.model import Standing
from engine.programme.shown import Shown
from engine.programme.vendors import VendorStanding, assuming, carved, standings


def controls(
    film: Film,
    found: Sequence[Found],
    rows: Mapping[str, Seen],
    populations: Sequence[PeriodPopulation],
    nights: Sequence[Night],
) -> tuple[ControlInPeriod, ...]:
    """Every control that was in force in any frame of the period, as it stood last, by id.

    Those that serve no category that the organisation chose are left out.
    """
    window = film.window
    policies = _distinct(film.bases[number].policy for number in range(window.begin, window.count))
    if not policies:
        policies = [film.bases[-1].policy]
    latest = {control.id: control.within(policy.clouds) for policy in policies for control in policy.controls}
    # One whose category was chosen on some night only is shown as well: what it lacked was lacking then.
    asked = {
        control.id
        for policy in policies
        for control in policy.controls
        if applies(control, policy.criteria, policy.organization.categories)
    }
    covered = _by_check(film)
    by_check = {population.check: population for population in populations}
    failing: dict[str, list[Found]] = {}
    for row in found:
        failing.setdefault(row.failure.check, []).append(row)
    versions: dict[str, list[Control]] = {}
    for policy in _distinct(basis.policy for basis in film.bases):
        for control in policy.controls:
            versions.setdefault(control.id, []).append(control)
    known = _Known(film, failing, rows, by_check, covered, tuple(nights), versions, _shown(policies[-1], nights))
    return tuple(_control(latest[id_], known) for id_ in sorted(latest.keys() & asked))


def _shown(policy: InForce, nights: Sequence[Night]) -> Shown:
    """People's evidence as the last policy of the period holds it, on the last of its days."""
    starts, ends = date.fromisoformat(nights[0].date), date.fromisoformat(nights[-1].date)
    return Shown(policy.records, policy.documents, ends, (starts, ends), carved(policy.organization.programme))


def _distinct(policies: Iterable[InForce]) -> list[InForce]:
    found: dict[int, InForce] = {}
    for policy in policies:
        # The one that came back counts as the latest.
        found.pop(id(policy), None)
        found[id(policy)] = policy
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Known:
    film: Film
    found: Mapping[str, Sequence[Found]]
    rows: Mapping[str, Seen]
    populations: Mapping[str, PeriodPopulation]
    covered: Mapping[str, tuple[str, ...]]
    nights: tuple[Night, ...]
    versions: Mapping[str, Sequence[Control]]
    shown: Shown
    rulings: dict[tuple[object, ...], tuple[int | None, bool | None]] = field(default_factory=dict)


def _by_check(film: Film) -> dict[str, tuple[str, ...]]:
    """Of each check, night by night, the marks that its scopes have, those where it was not in force left out."""
    rows: dict[str, set[str]] = {}
    for (_, check), track in film.tracks.items():
        rows.setdefault(check, set()).add(track.marks[film.window.first_night :])
    return {
        check: tuple("".join(sorted({*marks} - {NOT_IN_FORCE})) for marks in zip(*found, strict=True))
        for check, found in rows.items()
    }


def _control(control: Control, known: _Known) -> ControlInPeriod:
    shown = known.shown
    wanted, unused, standings, passed_over = _wanted(control, known)
    kinds = [kind for kind in control.evidence if kind != NIGHTLY_SCANS]
    standings = [*shown.standings(kinds, control.id, control.occurs is not None), *standings]
    occurrences = shown.occurrences(control.occurs, control.evidence, control.id)
    belated = shown.belated(control.occurs)
    absent = sum(row.state == "absent" for row in occurrences)
    failures = tuple(_failures(control, wanted, unused, known))
    mine = [known.rows[check] for check in wanted if check in known.rows]
    not_run = [check for check in wanted if check not in known.rows]
    expected = len(known.nights)
    scanning = NIGHTLY_SCANS in control.evidence
    missed = [night for night in known.nights if night.state == "did_not_run"] if scanning else []
    needed = any(row.state != "current" for row in standings)
    occurred = any(row.state != "open" for row in occurrences)
    people = occurred or any(row.state == "current" for row in standings)
    marks = _marks(wanted, known, scanning)
    nights = marks.count(RAN)
    subjects = {place for row in mine for place in row.subjects}
    unknown = {place for row in mine for place in row.unknown}
    deviations = sum(failure.deviation is True for failure in failures) + len(missed) + absent
    machine = bool(wanted or scanning)
    incomplete = bool(needed or belated or (machine and nights < expected) or unknown or not_run)
    incomplete |= not all(row.complete for row in mine)
    judged = any(row.passed or row.failed for row in mine) or (scanning and nights > 0) or people
    word = _word(control, bool(failures or missed or absent), bool(mine or scanning or people), incomplete, judged)
    result = "Nothing was inspected by machine"
    if wanted or scanning:
        result = _result(failures, missed, deviations, nights, expected, len(subjects), len(unknown))
    said = [f"not run: {', '.join(not_run)}"] if not_run else []
    said += [sentences.occurred(occurrences)] if occurrences else []
    said += [belated] if belated else []
    said += [sentences.stands(row) for row in standings]
    said += [sentences.passed_over(row) for row in passed_over]
    said += [f"not used: {', '.join(unused)}, since an alternative is in use"] if unused else []
    beside = {check: len(known.rows[check].failed) for check in unused if check in known.rows}
    beside = {check: count for check, count in beside.items() if count}
    said += [sentences.still_failing(beside)] if beside else []
    return ControlInPeriod(
        control=control,
        word=word,
        nights=nights,
        expected=expected,
        subjects=len(subjects),
        failures=failures,
        deviations=deviations,
        populations=tuple(known.populations[check] for check in wanted if check in known.populations),
        missed=tuple(night.date for night in missed),
        marks=marks,
        not_tested_before=dict(_late(wanted, known.film)),
        procedure=_procedure(wanted, known, scanning),
        result="; ".join([result, *said]) + ".",
        standings=tuple(standings),
        occurrences=occurrences,
        passed_over=tuple(passed_over),
    )


def _wanted(control: Control, known: _Known) -> tuple[list[str], list[str], list[Standing], list[Standing]]:
    """The checks that count, the alternatives that are not used, and how kinds of evidence among these stand.

    And the evidence that is current and sets no check aside, since no file shows it.
    """
    wanted, unused, standings, passed_over = list(control.checks), [], [], []
    for group in control.alternatives:
        checks = [name for name in group if "." in name]
        said = [known.shown.standing(name, control.id) for name in group if name not in checks]
        chosen = [check for check in checks if check in known.rows and _chosen(known.rows[check])]
        current = [row for row in said if row.state == "current" and not (checks and row.on_word_of)]
        passed_over += [row for row in said if row.state == "current" and row not in current]
        settled = chosen or current
        # Where none was in use all through, nothing is set aside.
        wanted += chosen if settled else checks
        unused += [name for name in checks if settled and name not in chosen]
        standings += current if settled else [row for row in said if row not in passed_over]
    return wanted, unused, standings, passed_over


def _chosen(row: Seen) -> bool:
    """Whether an alternative is the one in use: it passed somewhere, and never failed or was unknown."""
    return bool(row.complete and row.passed and not row.failed and not row.unknown)


def _failures(control: Control, wanted: Sequence[str], unused: Sequence[str], known: _Known) -> list[Failure]:
    """A control's failures by its own rule, as it was when each began: deviations, then undecided, then the others."""
    rows = []
    named = set(wanted).union(*(_named(item) for item in known.versions.get(control.id, ()))) - set(unused)
    for check in sorted(named & known.found.keys()):
        found = known.found[check]
        rules: dict[int, Control | None] = {}
        for row in found:
            policy = known.film.bases[row.first].policy
            if id(policy) not in rules:
                rules[id(policy)] = _rule(control, policy, check, check in wanted)
            rule = rules[id(policy)]
            if rule is not None:
                rows.append(_ruled(row, rule, known.rulings))
    return [row for deviation in (True, None, False) for row in rows if row.deviation is deviation]


def _named(control: Control) -> set[str]:
    return {*control.checks, *(name for group in control.alternatives for name in group)}


def _rule(control: Control, policy: InForce, check: str, wanted: bool) -> Control | None:
    """The control by whose rule a failure counts that began under a policy; None where it is none of the control's."""
    then = next((item for item in policy.controls if item.id == control.id), None)
    if then is not None and names(then, check):
        return then
    return control if wanted else None


def _ruled(row: Found, rule: Control, rulings: dict[tuple[object, ...], tuple[int | None, bool | None]]) -> Failure:
    failure = row.failure
    key = (id(rule), failure.severity, failure.ended, row.days)
    if key not in rulings:
        rulings[key] = ruling((rule,), failure.severity, failure.ended, row.days)
    limit, deviation = rulings[key]
    if (limit, deviation) == (failure.limit, failure.deviation):
        return failure
    return replace(failure, limit=limit, deviation=deviation)


def _marks(wanted: Sequence[str], known: _Known, scanning: bool) -> str:
    """The nights of a control: ran where all its checks ran everywhere that they were in force, and that was somewhere.

    Those of the scanning control are the schedule's; a control that no check judges has none.
    """
    if scanning and not wanted:
        return "".join(MARKS[night.state] for night in known.nights)
    never = ("",) * len(known.nights)
    rows = [known.covered.get(check, never) for check in wanted]
    return "".join(map(_together, zip(*rows, strict=True)))


def _together(checks: Sequence[str]) -> str:
    """The mark of a night of several checks, each with the marks of its scopes."""
    marks = set("".join(checks))
    if len(marks) == 1 and (all(checks) or not marks & {RAN}):
        return marks.pop()
    if marks & {RAN, PARTLY}:
        return PARTLY
    return MISSING if marks else NOT_IN_FORCE


def _word(control: Control, failed: bool, seen: bool, incomplete: bool, judged: bool) -> ControlWord:
    """The first that applies."""
    if failed:
        return "failures_observed"
    if not seen:
        return "no_evidence"
    if incomplete:
        return "incomplete"
    if not judged and control.operation != "continuous":
        return "did_not_occur"
    return "no_failures_observed" if judged else "no_evidence"


def _result(
    failures: Sequence[Failure],
    missed: Sequence[Night],
    deviations: int,
    nights: int,
    expected: int,
    subjects: int,
    unknown: int,
) -> str:
    parts = []
    if failures:
        open_ = sum(failure.ended == "open" for failure in failures)
        undecided = sum(failure.deviation is None for failure in failures)
        said = [_count(deviations - len(missed), "deviation"), f"{undecided:,} undecided", f"{open_:,} open at the end"]
        parts.append(f"{_count(len(failures), 'failure')} ({', '.join(said)})")
    elif not missed:
        parts.append("No failures observed in what was seen")
    if missed:
        parts.append(f"{_count(len(missed), 'night')} without a run")
    parts.append(f"complete on {nights:,} of {_count(expected, 'night')}")
    parts.append(_count(subjects, "resource"))
    if unknown:
        parts.append(f"{unknown:,} of them or of their scopes unknown in some frame")
    return ", ".join(parts)


def _late(wanted: Sequence[str], film: Film) -> Iterator[tuple[str, str]]:
    """Checks that frames before their first did not judge: the night of the first."""
    for check in sorted(wanted):
        frames = [track.frames[0] for (_, name), track in film.tracks.items() if name == check]
        if frames and min(frames) > film.window.begin:
            yield check, film.calendar.dates[film.looks[min(frames)].night]


def _procedure(wanted: Sequence[str], known: _Known, scanning: bool) -> str:
    """What was done, in auditors' words."""
    rows = [known.populations[check] for check in wanted if check in known.populations]
    if scanning and not rows:
        nights = _count(len(known.nights), "night")
        return f"Inspection: the sealed runs were read against the schedule, {nights} expected."
    if not rows:
        return "Nothing was inspected by machine."
    types = sorted({row.resource_type for row in rows})
    queries = sorted({query for row in rows for query in row.queries})
    listed = f", listed by {', '.join(queries)}" if queries else ""
    frames = known.film.window.count - known.film.window.begin
    return (
        f"Inspection: the configuration of every {', '.join(types)}{listed}, in {_count(frames, 'frame')}, by "
        f"{', '.join(row.check for row in rows)}. Reperformance: every verdict can be judged again from what was "
        "stored (auditreel replay)."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# --- criteria ------------------------------------------------------------------------------------------------------

State = Literal["controls", "no_control", "not_relevant", "subservice"]


def criteria(film: Film, concluded: Sequence[ControlInPeriod]) -> tuple[CriterionInPeriod, ...]:
    """Every criterion with its controls, in the order of the framework, as the last policy has it."""
    policy, window = film.bases[-1].policy, film.window
    chosen = {*policy.organization.categories}
    chosen.update(*(film.bases[number].policy.organization.categories for number in range(window.begin, window.count)))
    return tuple(_criterion(criterion, policy, concluded, chosen) for criterion in policy.criteria.values())


def _criterion(
    criterion: Criterion, policy: InForce, concluded: Sequence[ControlInPeriod], categories: Collection[str]
) -> CriterionInPeriod:
    mine = [row.control for row in concluded if criterion.id in row.control.criteria]
    covered = {aspect for control in mine for aspect in control.aspects}
    plain = CriterionInPeriod(
        criterion=criterion,
        state="controls" if mine else "no_control",
        controls=tuple(control.id for control in mine),
        uncovered_aspects=tuple(name for name in criterion.aspects if f"{criterion.id}.{name}" not in covered),
    )
    left_out = not_chosen(criterion, policy.organization, categories)
    if criterion.id in policy.organization.stated:
        state, reason = policy.organization.stated[criterion.id]
        # What is left to others, or out, has no aspects that a control of ours should address.
        beside = _watching(plain, policy, concluded) if state == "subservice" else ()
        return replace(plain, state=state, reason=reason, uncovered_aspects=(), controls=beside)
    if left_out is not None:
        # A control of another category may serve this one too: it shows nothing of what is left out.
        return replace(plain, state="not_relevant", reason=left_out, uncovered_aspects=(), controls=())
    assumed = assuming(policy.organization.programme, criterion.id)
    if assumed and not mine:
        reason = f"controls of {', '.join(vendor.name for vendor in assumed)} are assumed"
        beside = _watching(plain, policy, concluded)
        return replace(plain, state="subservice", reason=reason, uncovered_aspects=(), controls=beside)
    return plain


def _watching(row: CriterionInPeriod, policy: InForce, concluded: Sequence[ControlInPeriod]) -> tuple[str, ...]:
    """The controls beside a criterion that is left to others: our own part, and who watches over them."""
    watching = {vendor.monitored_by for vendor in assuming(policy.organization.programme, row.criterion.id)}
    return tuple(one.control.id for one in concluded if one.control.id in {*row.controls, *watching})


def vendors(film: Film, nights: Sequence[Night]) -> tuple[VendorStanding, ...]:
    """The subservice organisations as the last policy of the period has them, on the last of its days."""
    starts, ends = date.fromisoformat(nights[0].date), date.fromisoformat(nights[-1].date)
    return standings(film.bases[-1].policy.organization.programme, (starts, ends), ends)
