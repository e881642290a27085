"""What an entry of the chain says; ``schemas/chain-entry.schema.json`` says the same to others.

Types are checked when an entry is read: a field more, a field less or one of another type is no entry.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from engine.evidence import canonical

SCHEMA: Final = 1
"""Version of the entries."""

RESERVED: Final = frozenset(
    {"compact", "tombstone", "key", "timestamp", "population", "nonce", "close", "response"},
)
"""Kinds that have a name and no meaning yet. Like an unknown kind, they never verify."""

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
StoreId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
RunId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\Z")]
Time = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?Z\Z")]
Count = Annotated[int, msgspec.Meta(ge=0)]
RunKind = Literal["scheduled", "adhoc", "gate", "demo"]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """No field that is not declared."""


class Link(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Another entry of the chain: its sequence, and the SHA-256 of its file."""

    sequence: Annotated[int, msgspec.Meta(ge=1)]
    digest: Digest


class FileFact(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The SHA-256 and the size in bytes of a file."""

    digest: Digest
    size: Count


class Tree(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A Merkle tree: how many leaves, and its root."""

    count: Count
    root: Digest


class Groups(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Digests of the lists of data files; see :mod:`engine.evidence.catalogue`."""

    checks: Digest
    controls: Digest
    policies: Digest
    schemas: Digest
    parameters: Digest


class Verdicts(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How many records have which verdict, one of them for each finding."""

    passed: Count
    failed: Count
    unknown: Count
    not_applicable: Count
    waived: Count


class Listings(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How many listings (one a resource type and scope) ended how."""

    complete: Count
    off: Count
    failed: Count


class Intent(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a run set out to do, written before it collects: nothing of it can be chosen to suit the result.

    ``boundary`` is the digest of the written boundary, where there is one; ``dependencies`` that of the installed
    distributions.
    """

    run: RunId
    kind: RunKind
    trigger: str
    organization: str
    filters: dict[str, Any]
    engine: str
    dependencies: Digest
    started_at: Time
    content: Groups
    boundary: Digest | None = None


class Seal(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a run found. ``asked`` repeats its intent, so that a seal can be read alone.

    ``caller`` is who asked the clouds. ``files`` maps names in the store to what they held: bytes prove storage; the
    roots of ``records`` and ``ledger`` prove meaning.
    """

    intent: Link
    asked: Intent
    caller: dict[str, str]
    source: str
    as_of: Time
    ended_at: Time
    verdicts: Verdicts
    listings: Listings
    records: Tree
    ledger: Tree
    files: dict[str, FileFact]
    collected_until: Time | None = None


class Abandon(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A run that was given up, and why."""

    intent: Link
    run: RunId
    reason: str


KINDS: Final[dict[str, type[Intent | Seal | Abandon]]] = {"intent": Intent, "seal": Seal, "abandon": Abandon}


class Entry(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One entry: its place in the chain of one store, and a body of its kind. ``previous`` is null in the first."""

    schema: int
    store: StoreId
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    previous: Digest | None
    kind: str
    recorded_at: Time
    body: Any


def encode(entry: Entry) -> bytes:
    """The entry's canonical JSON, which is what is signed."""
    return canonical.encode(msgspec.to_builtins(entry))


def decode(payload: bytes) -> Entry:
    """The entry whose canonical JSON is ``payload``, with a typed body. Raises ValueError for anything else."""
    try:
        return _typed(canonical.decode(payload))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _typed(plain: Any) -> Entry:
    entry = msgspec.convert(plain, Entry)
    if entry.schema != SCHEMA:
        raise ValueError(f"schema version {entry.schema} is not known to this version")
    if entry.kind in RESERVED:
        raise ValueError(f"entries of kind {entry.kind} cannot be verified by this version")
    if entry.kind not in KINDS:
        raise ValueError(f"unknown kind {entry.kind!r}")
    return msgspec.structs.replace(entry, body=msgspec.convert(entry.body, KINDS[entry.kind]))
