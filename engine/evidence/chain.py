"""The chain: signed entries, each holding its predecessor's digest, each created exclusively.

Two runs that append at once both succeed: who loses the race for a sequence reads the new head, signs again and tries
the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.errors import SealError
from engine.evidence import canonical, dsse, durable, entries, regular
from engine.evidence.dsse import Signer
from engine.evidence.entries import Entry, Link, Rotate
from engine.evidence.faults import Fault
from engine.evidence.keyring import KeyRing
from engine.evidence.layout import SEQUENCE_DIGITS, Layout
from engine.evidence.trust import Trust

LARGEST: Final = 1 << 24
"""Bytes of an entry; a year of runs that are removed at once takes some 300,000."""
_NAME: Final = re.compile(rf"[0-9]{{{SEQUENCE_DIGITS}}}\.json")


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry that verified, the digest of its file, and the id of the key that signed it."""

    entry: Entry
    digest: str
    signer: str

    @property
    def link(self) -> Link:
        """How other entries name it."""
        return Link(sequence=self.entry.sequence, digest=self.digest)


class Chain:
    """The end of a store's chain, for appending. ``trust`` is what a new entry may build on."""

    def __init__(self, layout: Layout, trust: Trust, signer: Signer) -> None:
        self._layout, self._trust, self._signer = layout, trust, signer
        self._keys = trust.public_keys()

    def append(self, kind: str, body: msgspec.Struct, recorded_at: str, after: Link | None = None) -> Link:
        """Sign and append an entry. Raises SealError where the head does not verify or the file cannot be written.

        And where the entry itself would not verify: the signing key was replaced or withdrawn, be it meanwhile or from
        another machine, or the entry changes keys in a way that it must not. ``after`` is the only entry that it may
        follow: raises SealError too where another one came between.
        """
        mirror, lost = self._layout.mirror, 0
        with durable.doing(f"appending the {kind} entry to the chain in {self._layout.place}"):
            while True:
                if mirror is not None:
                    mirror.follow()
                head = self._head()
                if head is not None and head.entry.sequence < lost:
                    raise SealError(
                        f"appending the {kind} entry: {self._layout.place} has an entry {lost}, and does not list it; "
                        "run `auditreel verify`"
                    )
                if after is not None and (head is None or head.link != after):
                    raise SealError(f"appending the {kind} entry: something else was recorded meanwhile; run it again")
                entry = Entry(
                    schema=entries.SCHEMA,
                    store=self._trust.store,
                    sequence=head.entry.sequence + 1 if head else 1,
                    previous=head.digest if head else None,
                    kind=kind,
                    recorded_at=recorded_at,
                    body=body,
                )
                self._refuse_unfit(entry, head)
                envelope = _signed(entry, self._signer)
                try:
                    self._place(entry, envelope)
                except FileExistsError:
                    lost = entry.sequence
                    continue
                return Link(sequence=entry.sequence, digest=canonical.digest(envelope))

    def _place(self, entry: Entry, envelope: bytes) -> None:
        """Give an entry its number, which nobody else has. Raises FileExistsError where somebody has."""
        layout, path = self._layout, self._layout.entry(entry.sequence)
        if layout.mirror is None:
            durable.create(path, envelope, layout.staging)
            return
        layout.mirror.publish(entry.body, entry.recorded_at)
        layout.mirror.commit(layout.relative(path), envelope, entry.recorded_at)

    def refuse_rollback(self) -> None:
        """Raises SealError where the chain lacks the head that the trust file pins: to append would bury the loss."""
        pinned = self._trust.head
        if pinned is None:
            return
        path = self._layout.entry(pinned.sequence)
        if self._layout.mirror is not None:
            self._layout.mirror.follow()  # another process may have appended what is pinned, and pinned it
        with durable.doing(f"reading {path}"):
            if not path.exists() or canonical.digest(regular.read(path, LARGEST)) != pinned.digest:
                raise SealError(
                    f"{path} is not the entry that the trust file pins as seen: the chain was cut or rewritten; "
                    "run `auditreel verify` and restore the store (or the trust file is another store's: --config)"
                )

    def _refuse_unfit(self, entry: Entry, head: Placed | None) -> None:
        """Raises SealError for an entry that keys rule out where it is to stand: it would be a fault for ever."""
        changed = "key" in (entry.kind, head.entry.kind if head is not None else None)
        if len(self._trust.keys) == 1 and not changed:
            return  # whoever replaces the only pinned key signs the next entry with one that is not pinned
        ring = KeyRing(self._trust)
        try:
            for found in read(self._layout, self._trust).placed:
                ring.admit(found)
            ring.admit(Placed(entry, "", self._signer.key_id))
        except ValueError as error:
            todo = "name a key that was never replaced" if isinstance(entry.body, Rotate) else "sign with the new key"
            raise SealError(
                f"appending the {entry.kind} entry to the chain in {self._layout.place}: {error}; nothing was written: "
                f"{todo}"
            ) from error

    def _head(self) -> Placed | None:
        sequences = sorted(_sequences(self._layout), reverse=True)
        if not sequences:
            return None
        path = self._layout.entry(sequences[0])
        try:
            return opened(sequences[0], regular.read(path, LARGEST), self._keys, self._trust.store)
        except ValueError as error:
            raise SealError(
                f"{path} does not verify ({error}); nothing is appended to it: run `auditreel verify`"
            ) from error


def _signed(entry: Entry, signer: Signer) -> bytes:
    """The envelope of an entry; never of one that would not verify.

    Where it is longer than the signer takes, the body stands beside what is signed.
    """
    body: bytes | None = None
    try:
        payload = entries.encode(entry)
        if signer.longest is not None and len(dsse.authenticated(dsse.PAYLOAD_TYPE, payload)) > signer.longest:
            payload, body = entries.encode_apart(entry)
        entries.decode(payload, body)
    except ValueError as error:
        raise SealError(f"appending the {entry.kind} entry: {error}; nothing was signed") from error
    return dsse.seal(payload, signer, body=body)


def opened(sequence: int, envelope: bytes, keys: Mapping[str, Ed25519PublicKey], store: str | None) -> Placed:
    """The entry in an envelope that is to stand at ``sequence`` of a store's chain. Raises ValueError for any other."""
    payload, signer, body = dsse.unseal(envelope, keys)
    entry = entries.decode(payload, body)
    if entry.sequence != sequence:
        raise ValueError(f"it is entry {entry.sequence}, not {sequence}")
    if store is not None and entry.store != store:
        raise ValueError(f"it belongs to another store ({entry.store})")
    return Placed(entry, canonical.digest(envelope), signer)


def _sequences(layout: Layout) -> Iterator[int]:
    return (int(path.name[:SEQUENCE_DIGITS]) for path in layout.chain.iterdir() if _NAME.fullmatch(path.name))


@dataclass(frozen=True, slots=True)
class Reading:
    """A chain as far as it verifies, and what is wrong with it."""

    placed: tuple[Placed, ...]
    faults: tuple[Fault, ...]

    def of_kind(self, kind: str) -> Iterator[tuple[Placed, Any]]:
        """Entries of one kind, with their bodies."""
        return ((placed, placed.entry.body) for placed in self.placed if placed.entry.kind == kind)


def read(layout: Layout, trust: Trust) -> Reading:
    """Read and verify the whole chain: signatures, order, links, and that it holds the head that was pinned."""
    placed: list[Placed] = []
    faults: list[Fault] = []
    ring = KeyRing(trust)
    previous: str | None = None
    expected = 1
    for sequence in sorted(_sequences(layout)):
        path = layout.entry(sequence)
        name = layout.relative(path)
        if sequence != expected:
            faults.append(Fault(name, f"entries {expected} to {sequence - 1} are missing before it"))
        expected = sequence + 1
        try:
            envelope = regular.read(path, LARGEST)
            found = opened(sequence, envelope, ring.keys, trust.store)
            ring.admit(found)
        except (OSError, ValueError) as error:
            faults.append(Fault(name, f"does not verify: {error}"))
            previous = None
            continue
        if (previous is not None or sequence == 1) and found.entry.previous != previous:
            faults.append(Fault(name, "does not hold the digest of the entry before it"))
        previous = found.digest
        placed.append(found)
    faults += ring.withdrawn(placed)
    faults += _against_pin(placed, trust, layout)
    return Reading(tuple(placed), tuple(faults))


def _against_pin(placed: list[Placed], trust: Trust, layout: Layout) -> Iterator[Fault]:
    pinned = trust.head
    if pinned is None or any(found.link == pinned for found in placed):
        return
    name = layout.relative(layout.entry(pinned.sequence))
    last = placed[-1].entry.sequence if placed else 0
    said = "is missing: the chain was cut off" if last < pinned.sequence else "is not the entry that was pinned"
    yield Fault(name, f"{said} (the trust file saw entry {pinned.sequence})")
