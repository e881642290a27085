"""The pages of a period's bundle: every format of the report, and how to re-perform it.

What a bundle must not lose stops it: a format whose library is not installed, unless it is left out by name, which the
README then says.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from engine.errors import InputError, UsageError
from engine.periods import Failure, Period
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
    """The period without whom it names.

    Who asked the clouds, who answers for a failure, who owns and who approved a waiver, and why, which stands in the
    file that names them.
    """
    waivers = tuple(replace(row, owner=_REDACTED, approver=_REDACTED, reason=_REDACTED) for row in period.waivers)
    controls = tuple(replace(row, failures=_unanswered(row.failures)) for row in period.controls)
    return replace(
        period,
        waivers=waivers,
        controls=controls,
        failures=_unanswered(period.failures),
        frames=tuple(replace(frame, caller=_REDACTED) for frame in period.frames),
    )


def _unanswered(failures: Sequence[Failure]) -> tuple[Failure, ...]:
    return tuple(
        replace(row, responses=tuple(replace(said, by=_REDACTED) for said in row.responses)) for row in failures
    )
