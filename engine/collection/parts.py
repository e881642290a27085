"""What was read of one account as bytes, to be carried between machines or kept in a journal; and what stands for it.

The bytes are zlib of MessagePack. They are read by the types of :class:`engine.model.Snapshot` and held to what was
asked: whatever else comes back is not what was read of that account.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from sys import intern
from typing import Final

import msgspec

from engine.collection.journal import Forgetful, Journal, Kept
from engine.collection.ledger import discovery_rows, shared_outcomes
from engine.collection.outcomes import Outcome
from engine.collection.planner import Plan
from engine.collection.runner import unlisted
from engine.model import GLOBAL, Discovery, Scope, Snapshot, Unread
from providers.base import Tally, place

READING: Final = "dask:ReadAccount"
"""By which name ledger and reports call the reading of a whole account by a machine of a cluster."""
_CURABLE: Final = frozenset({"cancelled", "malformed_response", "throttled", "unavailable"})
"""Reasons that are often gone when the same is asked again."""


class NotThatPart(Exception):
    """The bytes are not what was read of the account that was asked for."""


def packed(part: Snapshot) -> bytes:
    """A part as bytes. Raises what MessagePack raises for values that it does not hold."""
    # What was just collected shares outcomes as read-only mappings, which are dicts but to msgspec.
    return zlib.compress(msgspec.msgpack.encode(part, enc_hook=dict), 1)


def unpacked(data: bytes, plan: Plan, account: str, as_of: str) -> Snapshot:
    """The part of ``account`` in some bytes. Raises NotThatPart for anything else."""
    try:
        part = msgspec.msgpack.decode(zlib.decompress(data), type=Snapshot)
    except (RecursionError, TypeError, ValueError, zlib.error, msgspec.MsgspecError) as error:
        raise NotThatPart(type(error).__name__) from error
    scopes = {row.scope for row in part.collections} | {row.scope for row in part.ledger} | set(part.scopes)
    scopes |= {row.scope for row in part.left_out}
    places = {(scope.provider, scope.account) for scope in scopes}
    places |= {(item.provider, item.account) for item in part.resources}
    if places != {(plan.provider, account)} or part.as_of != as_of:
        raise NotThatPart("it is of another account or moment")
    if part.source != "live" or part.groups:
        # Which accounts lie in which groups is for the directory to say: the boundary rests on it.
        raise NotThatPart("it speaks of more than an account")
    rows = {(row.type, row.scope) for row in part.collections}
    due = {
        (type_.name, scope)
        for type_ in plan.types.values()
        for scope in part.scopes
        if type_.where == place(scope.region)
    }
    if due - rows or {type_ for type_, _ in rows} != set(plan.types):
        raise NotThatPart("it lacks listings")
    listed: Counter[str] = Counter()
    for row in part.collections:
        listed[row.type] += row.count
    if +listed != Counter(item.type for item in part.resources):
        raise NotThatPart("its listings do not add up")
    return _sharing(part)


def _sharing(part: Snapshot) -> Snapshot:
    """The part with one object for equal scopes, names and outcomes: hundreds of rows stay of it until the run ends."""
    return replace(
        part,
        scopes=tuple(map(_one, part.scopes)),
        collections=tuple(replace(row, type=intern(row.type), scope=_one(row.scope)) for row in part.collections),
        ledger=tuple(
            replace(
                row,
                scope=_one(row.scope),
                reader=intern(row.reader),
                outcomes=shared_outcomes(tuple(sorted(row.outcomes.items()))),
            )
            for row in part.ledger
        ),
        resources=tuple(
            replace(
                item,
                type=intern(item.type),
                provider=intern(item.provider),
                account=intern(item.account),
                region=intern(item.region),
            )
            for item in part.resources
        ),
    )


@cache
def _one(scope: Scope) -> Scope:
    """The first of equal scopes."""
    return scope


def missing(plan: Plan, account: str, why: str, identity: Mapping[str, str], now: str, as_of: str) -> Snapshot:
    """What stands for an account that nobody read in the end: every listing failed. ``why`` is a word or two."""
    unread = Unread("unavailable", READING, None, why)
    discovery = Discovery(account, (), failures={READING: unread}, tallies={READING: Tally()})
    return Snapshot(
        as_of=as_of,
        source="live",
        identity=identity,
        scopes=(),
        collections=tuple(unlisted(plan.provider, discovery, plan)),
        resources=(),
        ledger=discovery_rows(Scope(plan.provider, account, GLOBAL), discovery.tallies, discovery.failures),
        finished_at=now,
    )


def keep(journal: Journal | Forgetful, plan: Plan, account: str, part: Snapshot, data: bytes, now: str) -> None:
    """Keep the bytes of a part that came back whole, unless something failed in it that a second try may cure."""
    reasons: set[str] = {row.unread.reason for row in part.collections if row.unread is not None}
    reasons |= {failure[1] for row in part.ledger for failure in row.failures}
    if not reasons & _CURABLE:
        journal.keep(READING, Scope(plan.provider, account, "*"), "", Kept(Outcome("value", data), Tally(), now))


def kept(journal: Journal | Forgetful, plan: Plan, account: str, as_of: str) -> Snapshot | None:
    """The part that an earlier run kept of an account, or None."""
    found = journal.kept(READING, Scope(plan.provider, account, "*"), "")
    if found is None or not isinstance(found.outcome.value, bytes):
        return None
    try:
        return unpacked(found.outcome.value, plan, account, as_of)
    except NotThatPart:
        return None
