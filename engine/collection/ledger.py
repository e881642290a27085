"""What collection did: one row a reader and scope, added up from the tallies of its executions."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from engine.collection.outcomes import Outcome
from engine.model import LedgerRow
from providers.base import Scope, Tally, Unread


@dataclass(slots=True)
class _Row:
    planned: int = 0
    tally: Tally = field(default_factory=Tally)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str, str, str]] = field(default_factory=list)


class Ledger:
    """Adds up what readers did. Safe to call from many threads."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Scope, str], _Row] = {}
        self._lock = threading.Lock()

    def planned(self, scope: Scope, reader: str, executions: int) -> None:
        """Note that a reader will run so many times in a scope."""
        with self._lock:
            self._row(scope, reader).planned += executions

    def ended(self, scope: Scope, reader: str, resource: str, outcome: Outcome, tally: Tally) -> None:
        """Note how one execution ended (``resource`` is "" for a reader of the whole scope)."""
        with self._lock:
            row = self._row(scope, reader)
            row.outcomes[outcome.label] += 1
            for unread in (outcome.unread, *tally.failures):
                if unread is not None:
                    row.failures.append((resource, unread.reason, unread.permission or "", unread.detail or ""))
            total = row.tally
            total.calls += tally.calls
            total.pages += tally.pages
            total.items += tally.items
            total.retries += tally.retries
            total.polls += tally.polls
            total.request_ids += tally.request_ids
            total.digests += tally.digests

    def lacking(self, scope: Scope, reader: str, resource: str, unread: Iterable[Unread]) -> None:
        """Note what the answers that an execution got did not hold of one resource, unless they failed themselves."""
        with self._lock:
            failures = self._row(scope, reader).failures
            told = {failure[1:] for failure in failures if not failure[0]}
            rows = ((resource, why.reason, why.permission or "", why.detail or "") for why in unread)
            failures += [row for row in rows if row[1:] not in told]

    def gone(self, scope: Scope, reader: str) -> None:
        """Note that a listing no longer has a resource that was there."""
        with self._lock:
            self._row(scope, reader).outcomes["gone"] += 1

    def _row(self, scope: Scope, reader: str) -> _Row:
        return self._rows.setdefault((scope, reader), _Row())

    def rows(self) -> tuple[LedgerRow, ...]:
        """The rows, by scope and reader."""
        return tuple(_ledger_row(scope, reader, row) for (scope, reader), row in sorted(self._rows.items()))


def discovery_rows(scope: Scope, tallies: Mapping[str, Tally], failures: Mapping[str, Unread]) -> tuple[LedgerRow, ...]:
    """The rows of a discovery: what its operations took, in ``scope``."""
    rows = []
    for operation, tally in tallies.items():
        unread = failures.get(operation)
        row = _Row(1, tally, Counter([unread.reason if unread else "value"]))
        if unread is not None:
            row.failures.append(("", unread.reason, unread.permission or "", unread.detail or ""))
        rows.append(_ledger_row(scope, operation, row))
    return tuple(rows)


def _ledger_row(scope: Scope, reader: str, row: _Row) -> LedgerRow:
    return LedgerRow(
        scope=scope,
        reader=reader,
        planned=row.planned,
        calls=row.tally.calls,
        pages=row.tally.pages,
        items=row.tally.items,
        retries=row.tally.retries,
        polls=row.tally.polls,
        outcomes=shared_outcomes(tuple(sorted(row.outcomes.items()))),
        request_ids=tuple(row.tally.request_ids),
        digest=hashlib.sha256("".join(sorted(row.tally.digests)).encode()).hexdigest(),
        failures=tuple(sorted(row.failures)),
    )


@cache
def shared_outcomes(counts: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
    """Equal outcomes are one object: most rows of the hundreds that an account leaves end in one value."""
    return MappingProxyType(dict(counts))
