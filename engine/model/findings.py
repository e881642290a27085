"""Verdicts on what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from engine.model.checks import Check
from engine.model.terms import Verdict
from providers.base import Reason, Resource, Scope, Unread


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: a resource, or a scope whose listing of ``type`` was not complete."""

    kind: Literal["resource", "scope"]
    type: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What an ``unknown`` verdict could not see: the path in the expression, and why."""

    path: str
    unread: Unread


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's verdict on one subject.

    ``message`` and ``observed`` (path, value) are there for fail and unknown only; ``causes`` for unknown only.
    ``resource`` and ``related`` are what it was judged on (``resource`` is None where the subject is a scope, and in
    what :attr:`bare` gives). ``collected_at`` is when the resource was read.
    """

    check: Check
    subject: Subject
    scope: Scope
    verdict: Verdict
    reason: Reason | None = None
    message: str | None = None
    observed: tuple[tuple[str, Any], ...] = ()
    causes: tuple[Cause, ...] = ()
    collected_at: str | None = None
    resource: Resource | None = None
    related: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)

    @property
    def bare(self) -> Finding:
        """The finding without what it was judged on, which can be let go then."""
        return replace(self, resource=None, related=_NOTHING)

    @property
    def order(self) -> tuple[str, str, str, str, str, str]:
        """Sort key of findings and of their records: scope, check, subject."""
        scope = self.scope
        return (scope.provider, scope.account, scope.region, self.check.id, self.subject.type, self.subject.id)
