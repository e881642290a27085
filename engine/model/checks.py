"""Checks, as their files say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.model.terms import Severity, Verdict
from providers.base import CLOUDS

LISTINGS: Final = "tables"
"""The provider of listings, which are the whole organisation's. They are read before what is joined to them."""


def providers_of(check: str) -> frozenset[str]:
    """The providers that a check reads, by its id: of tables.aws.NAME listings and AWS, of others the first part."""
    first, second = (*check.split("."), "")[:2]
    return frozenset({first, second} if first == LISTINGS and second in CLOUDS else {first})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of a check that an organisation may set. ``type`` is a CEL type as text ("int", "list<string>")."""

    name: str
    type: str
    default: Any
    description: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Resources of another type that a check reads beside its own, joined by equality.

    ``on`` maps a property (or id, name, account, region) of the related resource to one of the subject's; empty joins
    nothing but the account. ``across``: the related resources are rows of listings, which are the whole organisation's,
    and are joined with resources of every account.
    """

    name: str
    resource_type: str
    on: Mapping[str, str]
    across: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A resource, what it is related to, and the verdict that the check must give: proof that the test can fail.

    ``resource`` holds properties (and id, name, account, region, tags where they matter); a property that is left out
    is unread. ``related`` maps a relation to its resources; ``parameters`` replace defaults.
    """

    name: str
    verdict: Verdict
    resource: Mapping[str, Any]
    related: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    now: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One attribute that resources of one type must have; see design section 6 and ``schemas/check.schema.json``.

    ``id`` is the path below ``checks/`` with dots. ``digest`` is the SHA-256 of ``source``, the file's bytes.
    ``product`` names the vendor's product that the check merely asks for, or without which it cannot hold: it then runs
    only when a control or a pattern names it.
    """

    id: str
    version: int
    title: str
    resource_type: str
    criteria: tuple[str, ...]
    severity: Severity
    rationale: str
    expression: str
    message: str
    remediation: Mapping[str, str]
    references: tuple[str, ...]
    path: Path
    source: bytes
    digest: str
    when: str | None = None
    product: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    related: Mapping[str, Relation] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """The provider whose checks it belongs to: the first part of the id."""
        return self.id.partition(".")[0]

    @property
    def providers(self) -> frozenset[str]:
        """See :func:`providers_of`."""
        return providers_of(self.id)
