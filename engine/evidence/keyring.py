"""Which keys may sign an entry: those that a trust file pins, and those that a key in force vouched for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.evidence import canonical
from engine.evidence.entries import Revoke, Rotate
from engine.evidence.faults import Fault
from engine.evidence.trust import Trust

if TYPE_CHECKING:
    from engine.evidence.chain import Placed


class KeyRing:
    """The keys in force, told of each entry in the order of the chain. ``keys`` are all that are known, by id."""

    def __init__(self, trust: Trust) -> None:
        self.keys = trust.public_keys()
        self._until = dict(trust.until)
        self._seen: set[str] = set()  # keys that came, or went, in the chain

    def admit(self, placed: Placed) -> None:
        """Take in an entry whose signature verified.

        Raises ValueError where its key was not in force, or where it changes keys in a way that it must not.
        """
        entry = placed.entry
        self.refuse(placed.signer, entry.sequence)
        if isinstance(entry.body, Rotate):
            self._rotate(entry.body, placed.signer, entry.sequence)
        elif isinstance(entry.body, Revoke):
            self._revoke(entry.body, placed.signer, entry.sequence)

    def refuse(self, key_id: str, sequence: int) -> None:
        """Raises ValueError where a key may not sign the entry at ``sequence``."""
        last = self._until.get(key_id, sequence)
        if key_id not in self.keys or sequence > last:
            raise ValueError(f"key {key_id[:16]}... was replaced or withdrawn, and signs nothing after entry {last}")

    def _rotate(self, body: Rotate, signer: str, sequence: int) -> None:
        try:
            raw = base64.b64decode(body.public_key, validate=True)
        except binascii.Error as error:
            raise ValueError(f"the new key is not base64: {error}") from error
        if len(raw) != 32 or canonical.digest(raw) != body.key or base64.b64encode(raw).decode() != body.public_key:
            raise ValueError("the new key is not the one of its id")
        if body.key == signer or body.key in self._seen:
            raise ValueError(f"key {body.key[:16]}... was there before and cannot come again")
        self.keys[body.key] = Ed25519PublicKey.from_public_bytes(raw)
        self._seen |= {body.key, signer}
        self._until[signer] = min(self._until.get(signer, sequence), sequence)

    def _revoke(self, body: Revoke, signer: str, sequence: int) -> None:
        if body.key == signer or body.key not in self.keys or body.since > sequence:
            raise ValueError("a key is withdrawn by another one, from an entry on that is there")
        self._seen |= {body.key, signer}
        self._until[body.key] = min(self._until.get(body.key, body.since), body.since - 1)

    def withdrawn(self, placed: Iterable[Placed]) -> Iterator[Fault]:
        """Entries of keys that turned out, later in the chain, to have been in others' hands."""
        for found in placed:
            last = self._until.get(found.signer)
            if last is not None and found.entry.sequence > last:
                name = f"chain/{found.entry.sequence:020d}.json"
                yield Fault(name, f"signed by key {found.signer[:16]}..., which was withdrawn from entry {last + 1} on")
