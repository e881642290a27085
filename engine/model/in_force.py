"""What one run was judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from engine.model.checks import Check
from engine.model.controls import Control, Criterion
from engine.model.organization import Organization
from engine.model.waivers import Waiver
from engine.programme.model import Policy, Record


@dataclass(frozen=True, slots=True)
class InForce:
    """What one run was judged by, read again from the content that was sealed with it.

    ``checks`` are those that it judged, by id, and ``parameters`` the values that they had. Waivers are by id.
    """

    organization: Organization
    controls: tuple[Control, ...]
    criteria: Mapping[str, Criterion]
    waivers: Mapping[str, Waiver]
    checks: Mapping[str, Check]
    parameters: Mapping[str, Mapping[str, Any]]
    records: tuple[Record, ...] = ()
    documents: tuple[Policy, ...] = ()

    @property
    def clouds(self) -> frozenset[str]:
        """Those that the organisation uses, and those that were judged all the same."""
        return frozenset({*self.organization.providers, *chain(*(check.providers for check in self.checks.values()))})
