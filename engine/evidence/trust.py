"""The trust file: what a verifier holds to be true, kept outside the store that it is to judge.

It pins the store's id, the public keys that may sign, the highest head seen, and the certificates of the authorities
whose time stamps are believed. What was cut off the end of a chain since then is missed; what stands in the store can
never vouch for itself. Of keys that follow one another, the first is enough: each vouches for the next in the chain.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
    """``keys`` maps key ids to the 32 bytes of a public key; ``head`` is the highest entry seen, None for none.

    ``until`` maps the id of a key that was replaced or withdrawn to the last entry that it may have signed;
    ``authorities`` the name of a time stamp authority to its certificates (DER).
    """

    store: str
    purpose: str
    keys: Mapping[str, bytes]
    head: Link | None
    until: Mapping[str, int] = field(default_factory=dict)
    authorities: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)

    def public_keys(self) -> dict[str, Ed25519PublicKey]:
        """The pinned keys, ready to verify."""
        return {key_id: Ed25519PublicKey.from_public_bytes(raw) for key_id, raw in self.keys.items()}

    def signs(self, key_id: str, sequence: int) -> bool:
        """Whether a pinned key may sign an entry, as far as the trust file knows."""
        return key_id in self.keys and sequence <= self.until.get(key_id, sequence)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    store: StoreId
    purpose: Purpose
    keys: dict[Digest, Annotated[str, msgspec.Meta(min_length=1)]]
    head: Link | None
    until: dict[Digest, Annotated[int, msgspec.Meta(ge=0)]] = {}
    authorities: dict[str, list[str]] = {}


def read_trust(path: Path) -> Trust:
    """Read a trust file. Raises VerificationError where it cannot be read or says what it must not."""
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_File)
        keys = {key_id: base64.b64decode(text, validate=True) for key_id, text in content.keys.items()}
        authorities = {
            name: tuple(base64.b64decode(text, validate=True) for text in listed)
            for name, listed in content.authorities.items()
        }
    except OSError as error:
        raise VerificationError(f"reading the trust file {path}: {error.strerror}; run `auditreel init`") from error
    except (ValueError, msgspec.DecodeError) as error:
        raise VerificationError(f"the trust file {path} cannot be used: {error}") from error
    for key_id, raw in keys.items():
        if len(raw) != 32 or canonical.digest(raw) != key_id:
            raise VerificationError(f"the trust file {path}: key {key_id} is not the digest of its public key")
    return Trust(content.store, content.purpose, keys, content.head, content.until, authorities)


def write_trust(trust: Trust, path: Path) -> None:
    """Write a trust file, in one step."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "store": trust.store,
        "purpose": trust.purpose,
        "keys": {key_id: base64.b64encode(raw).decode() for key_id, raw in sorted(trust.keys.items())},
        "head": msgspec.to_builtins(trust.head),
    }
    if trust.until:
        content["until"] = dict(trust.until)
    if trust.authorities:
        content["authorities"] = {
            name: [base64.b64encode(data).decode() for data in listed] for name, listed in trust.authorities.items()
        }
    durable.replace(path, msgspec.json.format(canonical.encode(content), indent=2) + b"\n")


def pin(path: Path, head: Link) -> None:
    """Raise the pinned head to ``head``; a lower one changes nothing. Safe against other processes doing the same.

    The caller has seen that the chain up to ``head`` holds the head pinned before. Raises SealError where it cannot be
    written.
    """

    def raised(trust: Trust) -> Trust:
        return replace(trust, head=head) if trust.head is None or trust.head.sequence < head.sequence else trust

    amend(path, raised, f"pinning entry {head.sequence}")


def amend(path: Path, change: Callable[[Trust], Trust], doing: str) -> Trust:
    """Change a trust file, safe against other processes doing the same; gives what it says then.

    Raises SealError where it cannot be written.
    """
    with durable.doing(f"{doing} in {path}"), durable.locked(path.with_suffix(".lock")):
        trust = read_trust(path)
        changed = change(trust)
        if changed != trust:
            write_trust(changed, path)
        return changed
