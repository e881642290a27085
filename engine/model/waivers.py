"""Failures that somebody accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a waiver, when, and how that is known: "corroborated" (review, signed commit) or "asserted"."""

    approver: str
    approved_on: date
    standing: Literal["corroborated", "asserted"]
    self_approved: bool


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted failure. It stands beside a verdict and never changes one.

    ``check`` is a check id; ``resources`` are the ids of the subjects of ``account`` that were failing when it was
    approved: a new match is a new failure. In force from ``start`` to ``expires``, both included (UTC dates).
    """

    id: str
    kind: Literal["risk_accepted", "compensating_control", "false_positive", "planned_fix"]
    check: str
    resources: tuple[str, ...]
    owner: str
    reason: str
    start: date
    expires: date
    approval: Approval
    path: Path
    digest: str
    ticket: str | None = None
    account: str = ""
    effective_at: str | None = None
    """RFC 3339 UTC: no effect before it, the latest of start, approval and the commit that brought the file; None
    where the policy folder is a repository and no commit holds the file as it stands: no effect at all."""
