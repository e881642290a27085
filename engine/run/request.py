"""What a run was asked for, and what that selects: the data folders, checks, and these compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engine.collection.planner import Plan
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import Content, load
from engine.content.policy import load_organization
from engine.content.root import Root, demonstration, find
from engine.errors import ContentError
from engine.judging.boundary import Boundary
from engine.judging.selection import select
from engine.model import CLOUDS, LISTINGS, Selection, Severity
from engine.run.reads import plans

Kind = Literal["adhoc", "scheduled", "gate", "demo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which checks are asked for: providers, criteria (category, series or id), globs of ids, least severity.

    Empty ones select everything.
    """

    providers: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    severity: Severity | None = None

    def asked(self, accounts: Sequence[str] = (), regions: Sequence[str] = ()) -> dict[str, Any]:
        """What an intent says of them, and of the accounts and regions that were asked for, as plain JSON values."""
        return {
            "providers": list(self.providers),
            "criteria": list(self.criteria),
            "checks": list(self.checks),
            "severity": self.severity,
            "accounts": list(accounts),
            "regions": list(regions),
        }


@dataclass(frozen=True, slots=True)
class RunRequest(Filters):
    """What a run was asked for, after flags, environment and configuration files are merged.

    ``accounts`` and ``regions`` narrow what is judged (empty: all). ``policy`` replaces the policy folder. ``store`` is
    where to record (None: what organization.yaml says, else nowhere); ``config`` the folder of keys and trust file.
    ``snapshot`` names a snapshot file, or a run of the store, to judge instead of the cloud; ``demo`` the recorded or
    the live demonstration. ``timeout`` is how long one request may take, in seconds; ``resume_within`` how long ago an
    equal run may have begun that died and is to be gone on with, in hours (0: none). ``witness`` is the nonce of an
    auditor who watches.
    """

    config: Path
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    policy: Path | None = None
    store: str | None = None
    snapshot: str | None = None
    demo: Literal["recorded", "live"] | None = None
    fail_on: Severity = "low"
    allow_incomplete: bool = False
    kind: Kind = "adhoc"
    trigger: str = "command line"
    timeout: float = 20.0
    resume_within: float = 12.0
    witness: str | None = None


def prepared(request: RunRequest) -> tuple[Content, Selection, tuple[CompiledCheck, ...]]:
    """The data folders, the checks that the filters select, and these compiled with the organisation's parameters."""
    content, selection = selected(request)
    return content, selection, compiled(content, selection)


def selected(request: RunRequest, narrowed: bool = False) -> tuple[Content, Selection]:
    """The data folders and what the filters select; ``narrowed`` to the checks of the providers that can be meant."""
    root = demonstration() if request.demo and request.policy is None else find(request.policy)
    content = load(root, clouds=_meant(request, root) if narrowed else None)
    return content, selection_of(content, request)


def _meant(request: RunRequest, root: Root) -> Collection[str] | None:
    """The providers whose checks a request can select; None for any, where patterns or a mistake have to be read."""
    if request.checks or not {*request.providers} <= {*CLOUDS, LISTINGS}:
        return None
    try:
        return request.providers or load_organization(root).providers
    except ContentError:
        return None  # told with every other problem


def compiled(content: Content, selection: Selection) -> tuple[CompiledCheck, ...]:
    """The checks of a selection, compiled with the organisation's parameters. Raises ContentError."""
    return compile_checks(selection.checks, content.types, content.policy.organization.parameters)


def selection_of(content: Content, request: RunRequest, every: bool = False) -> Selection:
    """What the filters of a run select: of the categories of the report, or with ``every`` of all."""
    chosen = filtered(content, request, content.policy.organization.providers, every)
    return replace(chosen, accounts=request.accounts, regions=request.regions)


def filtered(content: Content, filters: Filters, clouds: Collection[str], every: bool = False) -> Selection:
    """What filters select where the organisation uses these clouds. Raises UsageError."""
    return select(
        content.checks,
        content.policy.controls,
        content.policy.criteria,
        providers=filters.providers,
        wanted=filters.criteria,
        patterns=filters.checks,
        severity=filters.severity,
        used=clouds,
        categories=None if every else content.policy.organization.categories,
    )


def plans_of(checks: Iterable[CompiledCheck], content: Content) -> list[Plan]:
    """What the checks read, and what the boundary has to know."""
    return plans(checks, content.policy.organization.programme.boundary)


def boundary_of(content: Content) -> Boundary:
    """The boundary that the policy writes."""
    return Boundary(content.policy.organization.programme.boundary)
