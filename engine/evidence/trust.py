"""The trust file: what a verifier holds to be true, kept outside the store that it is to judge.

It pins the store's id, the public keys that may sign, and the highest head seen. What was cut off the end of a chain
since then is missed; what stands in the store can never vouch for itself.
"""

from __future__ import annotations

import base64
import fcntl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.errors import VerificationError
from engine.evidence import canonical, durable
from engine.evidence.entries import Digest, Link, StoreId

SCHEMA: Final = 1

Purpose = Literal["evidence", "demonstration"]


@dataclass(frozen=True, slots=True)
class Trust:
    """``keys`` maps key ids to the 32 bytes of a public key; ``head`` is the highest entry seen, None for none."""

    store: str
    purpose: str
    keys: Mapping[str, bytes]
    head: Link | None

    def public_keys(self) -> dict[str, Ed25519PublicKey]:
        """The pinned keys, ready to verify."""
        return {key_id: Ed25519PublicKey.from_public_bytes(raw) for key_id, raw in self.keys.items()}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    store: StoreId
    purpose: Purpose
    keys: dict[Digest, Annotated[str, msgspec.Meta(min_length=1)]]
    head: Link | None


def read_trust(path: Path) -> Trust:
    """Read a trust file. Raises VerificationError where it cannot be read or says what it must not."""
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_File)
        keys = {key_id: base64.b64decode(text, validate=True) for key_id, text in content.keys.items()}
    except OSError as error:
        raise VerificationError(f"reading the trust file {path}: {error.strerror}; run `auditreel init`") from error
    except (ValueError, msgspec.DecodeError) as error:
        raise VerificationError(f"the trust file {path} cannot be used: {error}") from error
    for key_id, raw in keys.items():
        if len(raw) != 32 or canonical.digest(raw) != key_id:
            raise VerificationError(f"the trust file {path}: key {key_id} is not the digest of its public key")
    return Trust(content.store, content.purpose, keys, content.head)


def write_trust(trust: Trust, path: Path) -> None:
    """Write a trust file, in one step."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "store": trust.store,
        "purpose": trust.purpose,
        "keys": {key_id: base64.b64encode(raw).decode() for key_id, raw in sorted(trust.keys.items())},
        "head": msgspec.to_builtins(trust.head),
    }
    durable.replace(path, msgspec.json.format(canonical.encode(content), indent=2) + b"\n")


def pin(path: Path, head: Link) -> None:
    """Raise the pinned head to ``head``; a lower one changes nothing. Safe against other processes doing the same.

    The caller has seen that the chain up to ``head`` holds the head pinned before. Raises SealError where it cannot be
    written.
    """
    with durable.doing(f"pinning entry {head.sequence} in {path}"), path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        trust = read_trust(path)
        if trust.head is None or trust.head.sequence < head.sequence:
            write_trust(replace(trust, head=head), path)
