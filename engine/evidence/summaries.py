"""What runs found on the whole, by check and by control: what stays of a run that is kept no longer.

While a run is kept, its records say all of this. A tombstone names the list of the summaries of the runs that it
removes (a file in ``content/``, canonical JSON); their sums are those of the seals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from engine.evidence import canonical
from engine.evidence.entries import Count, RunId, Seal, Time, Tombstone, Verdicts
from engine.model import Control

UNFIT: Final = "does not summarise the runs that were removed as they were sealed"


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many records have which verdict."""

    passed: Count
    failed: Count
    unknown: Count
    not_applicable: Count


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one run found, by check and by control (ids); a check counts for every control that rests on it."""

    run: RunId
    as_of: Time
    waived: Count
    checks: dict[str, Counts]
    controls: dict[str, Counts]


def summary(seal: Seal, verdicts: Mapping[tuple[str, str], int], controls: Iterable[Control]) -> Summary:
    """The summary of a run. ``verdicts`` counts its records by check and verdict."""
    checks = sorted({check for check, _ in verdicts})
    return Summary(
        run=seal.asked.run,
        as_of=seal.as_of,
        waived=seal.verdicts.waived,
        checks={check: _counts(verdicts, {check}) for check in checks},
        controls={
            control.id: _counts(verdicts, {*control.checks, *(id_ for group in control.alternatives for id_ in group)})
            for control in sorted(controls, key=lambda control: control.id)
        },
    )


def _counts(verdicts: Mapping[tuple[str, str], int], checks: set[str]) -> Counts:
    def count(verdict: str) -> int:
        return sum(number for (check, said), number in verdicts.items() if check in checks and said == verdict)

    return Counts(
        passed=count("pass"),
        failed=count("fail"),
        unknown=count("unknown"),
        not_applicable=count("not_applicable"),
    )


def encode(summaries: Sequence[Summary]) -> bytes:
    """Summaries as a file of ``content/``."""
    return canonical.encode(msgspec.to_builtins(list(summaries)))


def decode(data: bytes) -> list[Summary]:
    """The summaries that :func:`encode` wrote. Raises ValueError for other bytes."""
    try:
        return msgspec.convert(canonical.decode(data), list[Summary])
    except msgspec.ValidationError as error:
        raise ValueError(f"no summaries: {error}") from error


def fit(data: bytes, tombstone: Tombstone) -> bool:
    """Whether a file holds the summaries of the runs that a tombstone removes, and they add up to what was sealed."""
    try:
        found = decode(data)
    except ValueError:
        return False
    return [(one.run, _sum(one)) for one in found] == [(run.run, run.verdicts) for run in tombstone.runs]


def _sum(one: Summary) -> Verdicts:
    checks = one.checks.values()
    return Verdicts(
        passed=sum(counts.passed for counts in checks),
        failed=sum(counts.failed for counts in checks),
        unknown=sum(counts.unknown for counts in checks),
        not_applicable=sum(counts.not_applicable for counts in checks),
        waived=one.waived,
    )
