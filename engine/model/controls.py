"""The criteria, and the controls that an organisation has for them."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from engine.model.checks import providers_of
from engine.programme.model import Recurrence


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the 61 Trust Services Criteria, titled in our own words. ``category`` is security, availability, ...

    ``aspects`` maps an aspect's id to its short text; ``evidence`` is automated_cloud_config, manual_document or both.
    """

    id: str
    title: str
    series: str
    series_title: str
    category: str
    evidence: str
    frequency: str
    typical_evidence: tuple[str, ...]
    aspects: Mapping[str, str] = field(default_factory=dict)


NIGHTLY_SCANS: Final = "nightly_scans"
"""The kind of evidence that sealed runs themselves are: a control that names it is the scanning control, which fails on
every night that no run was made. It takes a period to see."""


@dataclass(frozen=True, slots=True)
class Control:
    """What auditors test: a statement of the organisation, who owns it, and what shows whether it operates.

    ``operation`` is "continuous" (a frame a night), "recurring" or "per_event". ``checks`` are check ids;
    ``alternatives`` are groups of check ids of which any one suffices (``satisfied_by: {any: [...]}``, or a list of
    these). ``deviation`` is "any_failure" or maps a severity to the days within which a failure must be corrected
    (``not_corrected_within``). A member of an alternative that has no dot is no check but a kind of evidence.
    ``occurs`` is when a recurring control is expected.
    """

    id: str
    statement: str
    owner: str
    criteria: tuple[str, ...]
    operation: str
    path: Path
    digest: str
    aspects: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[str, ...] = ()
    deviation: str | Mapping[str, int] = "any_failure"
    occurs: Recurrence | None = None

    def within(self, clouds: Container[str]) -> Control:
        """The control without the checks of other clouds than these: what is not used shows nothing, and lacks not."""

        def kept(ids: Iterable[str]) -> tuple[str, ...]:
            return tuple(id_ for id_ in ids if "." not in id_ or all(name in clouds for name in providers_of(id_)))

        alternatives = tuple(group for group in map(kept, self.alternatives) if group)
        return replace(self, checks=kept(self.checks), alternatives=alternatives)
