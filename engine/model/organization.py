"""Whose controls these are, and what it set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from engine.programme.model import Programme


@dataclass(frozen=True, slots=True)
class Schedule:
    """When runs are expected: every ``every`` at ``at`` (HH:MM) in ``timezone`` (IANA name).

    A run that begins up to ``grace_hours`` later is on time; one that begins later still is late, which is not absent.
    What stands here is what holds where the policy says nothing.
    """

    every: Literal["day"] = "day"
    at: str = "00:00"
    timezone: str = "UTC"
    grace_hours: int = 24


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing from one date to another, both included, is removed, and why."""

    starts: date
    ends: date
    reason: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept: ``days`` after the end of the period that was closed with them, and while one holds.

    ``object_lock`` is the mode in which S3 is asked to see to it; None: it is not.
    """

    days: int
    holds: tuple[Hold, ...] = ()
    object_lock: Literal["compliance", "governance"] | None = None


_UNSCOPED: Final = Programme()


@dataclass(frozen=True, slots=True)
class Organization:
    """Whose controls these are, and what it set: ``policies/organization.yaml``.

    ``categories`` are those of the report; ``providers`` are the clouds that it uses (``says_providers``: it wrote so);
    ``stated`` maps a criterion to ("subservice" or "not_relevant", why);
    ``parameters`` maps a check's id to the values it sets; ``store`` is where evidence goes without ``--store``.
    ``access`` says of each provider which accounts there are and how they are entered. ``authorities`` maps the names
    of those that are asked for time stamps, in this order, to their addresses. ``schedule`` is when a run is expected;
    reports of a period count missed nights by it. ``retention`` is how long runs are kept; None: for good. ``window``
    is the period of the report that is being prepared (first and last day); None: none is set yet.
    ``programme`` is what it says of the scope of the report.
    """

    name: str
    categories: tuple[str, ...]
    path: Path
    digest: str
    providers: tuple[str, ...] = ("aws",)
    waiver_days: int = 365
    self_approval: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stated: Mapping[str, tuple[Literal["subservice", "not_relevant"], str]] = field(default_factory=dict)
    access: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    store: str | None = None
    authorities: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule = Schedule()
    retention: Retention | None = None
    window: tuple[date, date] | None = None
    programme: Programme = _UNSCOPED
    says_providers: bool = False
