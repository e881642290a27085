"""What was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.model.terms import CollectionState
from providers.base import LeftOut, Resource, Scope, Unread


@dataclass(frozen=True, slots=True)
class Collection:
    """How the listing of one resource type in one scope ended.

    "complete": every resource is there. "off": the service is not in use there, so there are none. "failed": why is in
    ``unread``; resources found before the failure are in the snapshot, and there may be more.
    """

    type: str
    scope: Scope
    state: CollectionState
    count: int = 0
    unread: Unread | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What was planned of one reader in one scope, what it took, and how it ended.

    ``planned`` is the number of executions planned (resources for a per-resource reader). ``outcomes`` counts how the
    executions ended: value, absent, gone, off, or a reason. ``digest`` is the SHA-256 over the digests of what was
    returned, in sorted order. ``failures`` are the failures, one each: (resource id or "", reason, permission, detail).
    """

    scope: Scope
    reader: str
    planned: int
    calls: int
    pages: int
    items: int
    retries: int
    polls: int
    outcomes: Mapping[str, int]
    request_ids: tuple[str, ...]
    digest: str
    failures: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read, as of one moment; the only input of ``evaluate`` besides checks and policy.

    Of a live run, one account's: nothing is joined beyond it, so that it can be judged and let go. ``as_of`` is RFC
    3339 UTC (start of collection) and is ``now`` in expressions. ``source`` says where it came from: "live",
    "recorded", "demo". ``identity`` is who asked. ``scopes`` are the scopes asked; ``left_out`` are accounts and
    regions that exist and were not. ``collections`` has one row for each (type, scope) planned, ``resources`` are
    sorted by (type, account, region, id). ``groups`` maps "provider/group" to the accounts in it, of the groups that
    the boundary names.
    """

    as_of: str
    source: str
    identity: Mapping[str, str]
    scopes: tuple[Scope, ...]
    collections: tuple[Collection, ...]
    resources: tuple[Resource, ...]
    ledger: tuple[LedgerRow, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    finished_at: str | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def bare(self) -> Snapshot:
        """The snapshot without resources, and its ledger without request ids: what is needed after it was judged."""
        return replace(self, resources=(), ledger=tuple(replace(row, request_ids=()) for row in self.ledger))
