"""The pages of a period's bundle: every format of the report, and how to re-perform it.

What a bundle must not lose stops it: a format whose library is not installed, unless it is left out by name, which the
README then says.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from engine.errors import InputError, UsageError
from engine.periods import ControlInPeriod, Failure, Period, WaiverInPeriod
from engine.programme import sentences
from engine.programme.model import Occurrence, Standing
from engine.report import PERIOD_FORMATS, Options, reperform

_README: Final = "README.txt"
_REDACTED: Final = "left out (redacted)"


def pages(
    period: Period,
    others: Sequence[str],
    criteria: Sequence[str] | None = None,
    redacted: Sequence[str] = (),
    without: Collection[str] = (),
) -> dict[str, bytes]:
    """The pages of a bundle by name, sorted. ``others`` are the names of all its other members.

    ``criteria`` and ``redacted`` are what the bundle was narrowed to, and what was left out for the sake of persons;
    ``without`` names formats to leave out. Equal arguments give equal bytes. Raises UsageError where ``without`` names
    no format, or a format needs a library that is not installed; InputError where a page would stand there twice.
    """
    unknown = set(without) - PERIOD_FORMATS.keys()
    if unknown:
        raise UsageError(f"leaving out {', '.join(sorted(unknown))}: formats are {', '.join(PERIOD_FORMATS)}")
    shown = _without_people(period) if "people" in redacted else period
    found: dict[str, bytes] = {}
    for name, form in PERIOD_FORMATS.items():
        if name not in without:
            found |= form.files(shown, Options())
    found["REPERFORM.txt"] = reperform.text(shown)
    found["REPERFORM.html"] = reperform.html(shown)
    twice = sorted({*found, _README} & set(others))
    if twice:
        raise InputError(f"making the bundle: {', '.join(twice)} would stand in it twice; rename what is handed in")
    # The README lists itself.
    listed = tuple(sorted({*found, _README, *others}))
    said = reperform.Said(tuple(sorted(without)), None if criteria is None else tuple(criteria), tuple(redacted))
    found[_README] = reperform.readme(shown, listed, said)
    return dict(sorted(found.items()))


def _without_people(period: Period) -> Period:
    """The period without whom it names, and without the texts that people wrote where they may name somebody.

    Who asked the clouds; responses; owners of controls; who owns and who approved a waiver, and why; why a unit of a
    sample was replaced, and a criterion left out; the names of records, which are the names of files.
    """
    return replace(
        period,
        waivers=tuple(map(_waiver, period.waivers)),
        controls=tuple(map(_control, period.controls)),
        criteria=tuple(replace(row, reason=_REDACTED if row.reason else "") for row in period.criteria),
        failures=_unanswered(period.failures),
        frames=tuple(replace(frame, caller=_REDACTED) for frame in period.frames),
        samples=tuple(
            replace(row, replaced=tuple((unit, by, _REDACTED, at) for unit, by, _, at in row.replaced))
            for row in period.samples
        ),
    )


def _waiver(row: WaiverInPeriod) -> WaiverInPeriod:
    # Whether somebody approved their own is told all the same.
    approver = _REDACTED if row.approver == row.owner else f"somebody else: {_REDACTED}"
    return replace(row, owner=_REDACTED, approver=approver, reason=_REDACTED)


def _control(row: ControlInPeriod) -> ControlInPeriod:
    standings, occurrences = tuple(map(_standing, row.standings)), tuple(map(_occurrence, row.occurrences))
    result = row.result
    for before in (*row.standings, *row.passed_over):
        result = result.replace(sentences.stands(before), sentences.stands(_standing(before)))
    if occurrences:
        result = result.replace(sentences.occurred(row.occurrences), sentences.occurred(occurrences))
    return replace(
        row,
        control=replace(row.control, owner=_REDACTED),
        failures=_unanswered(row.failures),
        result=result,
        standings=standings,
        occurrences=occurrences,
        passed_over=tuple(map(_standing, row.passed_over)),
    )


def _standing(row: Standing) -> Standing:
    return replace(row, source=None, on_word_of=_REDACTED if row.on_word_of else None)


def _occurrence(row: Occurrence) -> Occurrence:
    return replace(
        row,
        sources=(_REDACTED,) * len(row.sources),
        after=(_REDACTED,) * len(row.after),
        on_word_of=(_REDACTED,) if row.on_word_of else (),
    )


def _unanswered(failures: Sequence[Failure]) -> tuple[Failure, ...]:
    return tuple(
        replace(
            row,
            responses=tuple(
                replace(said, by=_REDACTED, cause=_REDACTED, effect=_REDACTED, correction=_REDACTED)
                for said in row.responses
            ),
        )
        for row in failures
    )
