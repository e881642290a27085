"""Changes of the keys that sign: a new one that the old one vouches for, and one that is withdrawn.

A rotation is three writes: the new key beside the old, the entry, the trust file and the key in its place. Whatever a
crash leaves of them, the same command again ends it. Of a key in AWS KMS the address takes that place.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509

from engine.errors import SealError, UsageError
from engine.evidence import chain, durable, keys, kms
from engine.evidence.canonical import neutral_text
from engine.evidence.chain import Reading
from engine.evidence.dsse import Signer
from engine.evidence.entries import Link, Revoke, Rotate
from engine.evidence.keyring import KeyRing
from engine.evidence.keys import ADDRESS_FILE, KEY_FILE, KEY_VARIABLE, TRUST_FILE
from engine.evidence.kms import KmsKey
from engine.evidence.layout import Layout
from engine.evidence.seal import open_store
from engine.evidence.trust import Trust, amend

if TYPE_CHECKING:
    from engine.evidence.objects.mirror import Mirror

NEXT_FILE: Final = "signing-key.next.pem"


def rotate(
    store: Path,
    config: Path,
    now: str,
    new: str | None = None,
    environment: Mapping[str, str] = os.environ,
    mirror: Mirror | None = None,
) -> tuple[str, Link]:
    """Replace the signing key; gives the id of the new one, and the entry that says so.

    ``new`` is the path of a key in PEM form, or the address of one in AWS KMS; without it one is made. What is made,
    and an address, takes the place in ``config`` of the old key, which is then gone; a key in a file, or one that comes
    for one of the environment, is put there by whoever calls. Raises UsageError where the old key comes from the
    environment or is in KMS and no new one is given, SealError where something cannot be written.
    """
    old = KEY_VARIABLE if environment.get(KEY_VARIABLE) else keys.address_of(config, environment)
    if new is None and old is not None:
        raise UsageError(f"replacing the key of {old}: name the new one: --new-key FILE, or --new-key {kms.SCHEME}ARN")
    coming = config / NEXT_FILE if new is None else Path(new)
    with durable.doing(f"making a key in {config}"):
        if new is None and not coming.exists():
            durable.create(coming, keys.new_key(), config)
    key = kms.opened(new) if new is not None and kms.is_address(new) else keys.read_key(coming)
    if isinstance(key, KmsKey):
        key.refuse_unable()  # from the entry on, nobody else can sign
    link = _said(store, config, environment, key, now, mirror)
    with durable.doing(f"putting the new key into {config}"):
        if new is None:
            durable.replace(config / KEY_FILE, coming.read_bytes())
            durable.discard(coming)
        elif old != KEY_VARIABLE and isinstance(key, KmsKey):
            durable.replace(config / ADDRESS_FILE, f"{key.address}\n".encode())
            durable.discard(config / KEY_FILE)
        elif old != KEY_VARIABLE:
            durable.discard(config / ADDRESS_FILE)
    return key.key_id, link


def _said(
    store: Path, config: Path, environment: Mapping[str, str], key: Signer, now: str, mirror: Mirror | None
) -> Link:
    """The entry that brings a key, written now or by a rotation that did not come to its end."""
    trust_file = config / TRUST_FILE
    loaded = keys.load_keys(config, environment)
    trust = amend(trust_file, lambda said: said, "reading keys")
    reading = chain.read(Layout(store), trust)
    brought = (placed for placed, body in reading.of_kind("key") if isinstance(body, Rotate) and body.key == key.key_id)
    placed = next(brought, None)
    if placed is not None:
        _refuse_gone(reading, trust, key.key_id)
        link, old = placed.link, placed.signer
    else:
        if key.key_id == loaded.signing.key_id:
            raise SealError("the new key is the old one; nothing was changed")
        recorder = open_store(store, loaded, trust_file, mirror)
        appending = recorder.chain()
        appending.refuse_rollback()
        body = Rotate(key=key.key_id, public_key=base64.b64encode(key.public).decode())
        link, old = appending.append("key", body, now), loaded.signing.key_id
    amend(
        trust_file,
        lambda said: replace(
            said,
            keys={**said.keys, key.key_id: key.public},
            until={**said.until, old: min(said.until.get(old, link.sequence), link.sequence)},
            head=_higher(said.head, link),
        ),
        f"pinning the new key {key.key_id[:16]}...",
    )
    return link


def _refuse_gone(reading: Reading, trust: Trust, key_id: str) -> None:
    """Raises SealError for a key that the chain brought once, and that was replaced or withdrawn since."""
    ring = KeyRing(trust)
    try:
        for found in reading.placed:
            ring.admit(found)
        ring.refuse(key_id, reading.placed[-1].entry.sequence + 1)
    except ValueError as error:
        raise SealError(f"replacing the signing key: {error}; nothing was changed: name another key") from error


def _higher(head: Link | None, link: Link) -> Link:
    """The higher of two entries: another process may have pinned one meanwhile, and it is not to be forgotten."""
    return link if head is None or head.sequence < link.sequence else head


def revoke(
    store: Path,
    config: Path,
    key_id: str,
    since: int,
    reason: str,
    now: str,
    environment: Mapping[str, str] = os.environ,
    mirror: Mirror | None = None,
) -> Link:
    """Withdraw a key that was in others' hands: nothing verifies that it signed from the entry ``since`` on.

    Raises SealError where it is the key that would sign that, where it is unknown, or where nothing can be written.
    """
    trust_file = config / TRUST_FILE
    recorder = open_store(store, keys.load_keys(config, environment), trust_file, mirror)
    appending = recorder.chain()
    appending.refuse_rollback()
    if key_id == recorder.keys.signing.key_id:
        raise SealError("a key cannot withdraw itself: replace it first (auditreel key rotate)")
    if key_id not in recorder.trust.keys:
        raise SealError(f"key {key_id[:16]}... is not one of those that {trust_file} pins")
    if recorder.trust.head is None or not 1 <= since <= recorder.trust.head.sequence:
        raise SealError(f"there is no entry {since} in the chain; nothing was changed")
    link = appending.append("key", Revoke(key=key_id, since=since, reason=neutral_text(reason)), now)

    def withdrawn(said: Trust) -> Trust:
        last = min(said.until.get(key_id, since), since - 1)
        return replace(said, until={**said.until, key_id: last}, head=_higher(said.head, link))

    amend(trust_file, withdrawn, f"withdrawing key {key_id[:16]}...")
    return link


def trust_authority(config: Path, name: str, certificates: bytes) -> tuple[str, ...]:
    """Pin the certificates (PEM) of a time stamp authority; gives their SHA-256 fingerprints.

    Raises UsageError for what is no certificate, SealError where the trust file cannot be written.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificates(certificates)
    except ValueError as error:
        raise UsageError(f"pinning the certificates of {name}: not in PEM form: {error}") from error
    listed = tuple(item.public_bytes(Encoding.DER) for item in found)
    amend(
        config / TRUST_FILE,
        lambda said: replace(
            said,
            authorities={**said.authorities, name: tuple(dict.fromkeys((*said.authorities.get(name, ()), *listed)))},
        ),
        f"pinning the certificates of {name}",
    )
    return tuple(item.fingerprint(SHA256()).hex() for item in found)
