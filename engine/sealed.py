"""A sealed run as it is looked into, record by record. Frozen values, made by :mod:`engine.evidence.inspecting`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.model import Scope, Subject


@dataclass(frozen=True, slots=True)
class Overview:
    """What a store holds: dates (UTC) of its first and last frame, None without any, and the periods that were closed.

    ``anchored`` is the first line of whatever is made of it. ``name`` is the store's own, in every entry of its chain.
    """

    name: str
    organization: str
    anchored: str
    demonstration: bool
    frames: int
    first: str | None
    last: str | None
    closed: tuple[tuple[str, str], ...]


def resource_key(scope: Scope, subject: Subject) -> str:
    """What stands for a subject in an address, in every run: a digest, whatever the subject is called."""
    place = (scope.provider, scope.account, scope.region, subject.kind, subject.type, subject.id)
    return hashlib.sha256("\n".join(place).encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Listed:
    """A sealed run as its seal alone tells it: what started it, what it was judged on, when that was read, its counts.

    ``filtered``: it judged only a part. ``kept`` is false where it is no longer kept.
    """

    run: str
    kind: str
    source: str
    as_of: str
    records: int
    failures: int
    unknown: int
    filtered: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A record in the list of a run's: its place, what was judged and how, and the id of the waiver beside it.

    The name of a subject is its id: records hold no other. One whose identity is personal goes by its digest.
    ``resource`` is what stands for it in an address (:func:`resource_key`).
    """

    index: int
    check: str
    version: int
    scope: Scope
    subject: Subject
    resource: str
    verdict: str
    reason: str | None
    waiver: str | None


@dataclass(frozen=True, slots=True)
class SealedRun:
    """A sealed run: times (RFC 3339 UTC), its seal's place in the chain and digest, and its records under one root.

    ``total`` is how many records the ``root`` covers; ``rows`` are those that are shown. ``resumed_at`` is when it went
    on after it had stopped, each time; it began at ``started_at``.
    """

    run: str
    kind: str
    as_of: str
    sealed_at: str
    engine: str
    sequence: int
    digest: str
    root: str
    total: int
    rows: tuple[SealedRow, ...]
    started_at: str
    resumed_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record with its proof: what was sealed, what was joined with it, and the way to the root.

    ``document`` is the record as it was sealed, ``leaf`` its hash, ``path`` the hashes beside its way to the root (RFC
    6962, section 2.1.1; hexadecimal). ``waiver`` stood beside it; ``collected_at`` and ``body`` are of the resource
    that it is about (None: it is about a scope). Personal parts are digests of private objects here.
    """

    row: SealedRow
    document: Mapping[str, Any]
    leaf: str
    path: tuple[str, ...]
    waiver: Mapping[str, Any] | None
    collected_at: str | None
    body: Mapping[str, Any] | None
