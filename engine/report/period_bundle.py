"""The members of a period's bundle: every format of the report, how to re-perform it, and the raw members handed in.

What a bundle must not lose stops it: a name that stands twice, or a format whose library is not installed, unless it is
left out by name, which the README then says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.errors import InputError, UsageError
from engine.periods import Period
from engine.report import PERIOD_FORMATS, Options, reperform


def members(period: Period, raw: Mapping[str, bytes], without: Collection[str] = ()) -> dict[str, bytes]:
    """The members of a bundle by name, sorted: the reports of ``period`` and ``raw`` (records, bodies, chain, ...).

    ``without`` names formats to leave out. Equal arguments give equal bytes. Raises UsageError where ``without`` names
    no format, or a format needs a library that is not installed; InputError where ``raw`` holds a name of a report.
    """
    unknown = set(without) - PERIOD_FORMATS.keys()
    if unknown:
        raise UsageError(f"leaving out {', '.join(sorted(unknown))}: formats are {', '.join(PERIOD_FORMATS)}")
    found: dict[str, bytes] = {}
    for name, form in PERIOD_FORMATS.items():
        if name not in without:
            found |= form.files(period, Options())
    found["REPERFORM.txt"] = reperform.text(period)
    found["REPERFORM.html"] = reperform.html(period)
    twice = sorted(found.keys() & raw.keys())
    if twice:
        raise InputError(f"making the bundle: {', '.join(twice)} would stand in it twice; rename what is handed in")
    found |= raw
    # The README lists itself, and the manifest that is made of all members.
    listed = tuple(sorted({*found, "README.txt", "manifest.json"}))
    found["README.txt"] = reperform.readme(period, listed, tuple(sorted(without)))
    return dict(sorted(found.items()))
