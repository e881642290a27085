"""What an entry of the chain says; ``schemas/chain-entry.schema.json`` says the same to others.

Types are checked when an entry is read: a field more, a field less or one of another type is no entry.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from engine.evidence import canonical

SCHEMA: Final = 1
"""Version of the entries."""

APART: Final = 2
"""Version of an entry that is signed with its body's digest and size; the body stands beside what is signed."""

MOST_MERGED: Final = 64
"""Runs whose rows can stand in one file."""

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
StoreId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
RunId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\Z")]
Time = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?Z\Z")]
Date = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){2}\Z")]
Base64 = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]+={0,2}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Place = Annotated[int, msgspec.Meta(ge=1)]
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
    distributions; ``witness`` the nonce of an auditor who watched it; ``semantics`` by which semantics of the engine it
    judged, absent of the first.
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
    witness: Text | None = None
    semantics: Place | None = None


class Seal(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a run found. ``asked`` repeats its intent, so that a seal can be read alone.

    ``caller`` is who asked the clouds, by the digest of a private object. ``files`` maps names in the store to what
    they held: bytes prove storage; the roots of ``records`` and ``ledger`` prove meaning. ``resumed_at`` is when a run
    that had stopped went on, each time: it began at ``asked.started_at``, and what it had read by then counts.
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
    resumed_at: Annotated[tuple[Time, ...], msgspec.Meta(min_length=1)] | None = None


class Abandon(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A run that was given up, and why."""

    intent: Link
    run: RunId
    reason: str


class TimeStamp(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Another party's word on when an entry was there, and with it every entry before (RFC 3161).

    ``response`` is the authority's answer as it came (a DER TimeStampResp in base64), over the SHA-256 of the entry's
    file; ``authority`` is the name under which a trust file pins its certificates.
    """

    of: Link
    authority: Text
    response: Base64


class Rotate(_Strict, frozen=True, tag_field="action", tag="rotate", forbid_unknown_fields=True, kw_only=True):
    """A new key, vouched for by the one that signs this entry, which signs nothing after it.

    ``key`` is the SHA-256 of the 32 bytes in ``public_key`` (base64).
    """

    key: Digest
    public_key: Base64


class Revoke(_Strict, frozen=True, tag_field="action", tag="revoke", forbid_unknown_fields=True, kw_only=True):
    """A key that was in others' hands: whatever it signed from the entry ``since`` on does not verify."""

    key: Digest
    since: Place
    reason: Text


class Population(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A population, frozen before anybody can know what will be drawn of it.

    ``check`` or ``control`` is what it is of and ``query`` what listed it; ``unit`` is what one of them is. ``digest``
    is of its list, which holds ``count``; ``frames`` are the seals that it was gathered from.
    """

    query: Text
    unit: Literal["items", "nights", "events"]
    digest: Digest
    count: Count
    frames: tuple[Link, ...]
    check: Text | None = None
    control: Text | None = None


class Nonce(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What decides a draw from a population that was frozen before.

    ``nonce`` is the auditor's; null marks a draw as ``internal``: who froze the population could have chosen it.
    ``size`` is how many the auditor asked for.
    """

    population: Link
    nonce: Text | None
    internal: bool
    size: Place | None = None


class Replacement(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A unit of a sample that cannot be tested, and the next in the order of the draw, which takes its place.

    ``draw`` is the entry of the nonce, ``reason`` why the unit cannot be tested, by the digest of a private object.
    """

    draw: Link
    unit: str
    by: str
    reason: Digest


class Span(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """From one local date to another, both included, in a time zone of the IANA database."""

    starts: Date
    ends: Date
    timezone: Text


class Close(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The end of a period. ``seals`` are those of its frames, in order; nothing is added to it afterwards.

    ``inputs`` is the digest of everything that its report is made of, ``open_failures`` that of the list of failures
    that the next period, which starts the day after, carries on; the list is a file in ``content/``.
    """

    period: Span
    seals: tuple[Link, ...]
    inputs: Digest
    open_failures: Digest


class Compact(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What several runs stored stands together now, in place of the files that their seals name.

    ``runs`` are their seals; the place of one in the list is its number in the files. That the rows are the same is
    proved by the roots of the seals, as before.
    """

    runs: Annotated[tuple[Link, ...], msgspec.Meta(min_length=1, max_length=MOST_MERGED)]
    findings: FileFact
    ledger: FileFact
    bodies: FileFact | None = None


class Removed(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A run whose files were removed on purpose, with what stays of its seal: how many, which roots."""

    seal: Link
    run: RunId
    verdicts: Verdicts
    records: Tree
    ledger: Tree


class Tombstone(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Runs that are kept no longer, and by which rule.

    ``summaries`` is the digest of the list of what they found, by check and control; ``bodies`` what later runs still
    need of theirs, and of what earlier tombstones kept.
    """

    rule: Text
    runs: Annotated[tuple[Removed, ...], msgspec.Meta(min_length=1)]
    summaries: Digest
    bodies: FileFact | None = None


class Response(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What management says of a failure: its cause, its effect, and how it was or is to be corrected.

    ``failure`` is the digest that names it (:attr:`engine.periods.Failure.digest`), of ``check`` on ``subject`` (an id
    as records have it); ``first_bad`` the seal of the run that saw it first. ``said`` is what management says and who
    answers for it, by the digest of a private object: texts of people name people.
    """

    failure: Digest
    check: Text
    subject: str
    first_bad: Link
    said: Digest


class Accesses(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How a log of who read what stood, which lies outside of the store: how many lines, and the digest of the last.

    Each line holds the digest of the one before it, so that no line before can be changed or taken out afterwards.
    """

    log: Text
    count: Count
    digest: Digest


KINDS: Final[dict[str, Any]] = {
    "intent": Intent,
    "seal": Seal,
    "abandon": Abandon,
    "timestamp": TimeStamp,
    "key": Rotate | Revoke,
    "population": Population,
    "nonce": Nonce,
    "replacement": Replacement,
    "close": Close,
    "compact": Compact,
    "tombstone": Tombstone,
    "response": Response,
    "accesses": Accesses,
}
"""Each kind and what its body says. A kind that does not stand here never verifies."""


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


def encode_apart(entry: Entry) -> tuple[bytes, bytes]:
    """What is signed where that must be short, and the canonical JSON of the body, which it names by its digest."""
    body = canonical.encode(msgspec.to_builtins(entry.body))
    fact = FileFact(digest=canonical.digest(body), size=len(body))
    return encode(msgspec.structs.replace(entry, schema=APART, body=fact)), body


def decode(payload: bytes, body: bytes | None = None) -> Entry:
    """The entry whose canonical JSON is ``payload``, with a typed body. Raises ValueError for anything else.

    ``body`` is the canonical JSON of its body where that stands apart.
    """
    try:
        return _typed(canonical.decode(payload), body)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _typed(plain: Any, body: bytes | None) -> Entry:
    entry = msgspec.convert(plain, Entry)
    if entry.schema not in (SCHEMA, APART):
        raise ValueError(f"schema version {entry.schema} is not known to this version")
    if (entry.schema == APART) != (body is not None):
        raise ValueError(
            f"schema version {entry.schema}, and {'no' if body is None else 'a'} body beside what is signed"
        )
    if entry.kind not in KINDS:
        raise ValueError(f"unknown kind {entry.kind!r}")
    said = entry.body if body is None else _named(msgspec.convert(entry.body, FileFact), body)
    return msgspec.structs.replace(entry, body=msgspec.convert(said, KINDS[entry.kind]))


def _named(fact: FileFact, body: bytes) -> Any:
    if (fact.digest, fact.size) != (canonical.digest(body), len(body)):
        raise ValueError("the body beside what is signed is not the one that is named there")
    return canonical.decode(body)
