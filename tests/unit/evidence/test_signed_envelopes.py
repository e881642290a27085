"""An envelope opens only in one form, under one of the pinned keys."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.evidence import canonical, dsse
from engine.evidence.dsse import EnvelopeError
from engine.evidence.keys import SigningKey

KEY, OTHER = (SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2))
PINNED = {KEY.key_id: KEY.private.public_key()}
PAYLOAD = b'{"a":1}'
SEALED = dsse.seal(PAYLOAD, KEY)


def test_what_was_sealed_opens() -> None:
    assert dsse.unseal(SEALED, PINNED).payload == PAYLOAD


def test_what_is_signed_is_the_encoding_of_the_specification() -> None:
    assert dsse.authenticated("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def changed(**changes: Any) -> bytes:
    envelope = json.loads(SEALED)
    signature = envelope["signatures"][0]
    for name, value in changes.items():
        (signature if name in signature else envelope)[name] = value
    return canonical.encode(envelope)


def signed_as(kind: str) -> bytes:
    """A good signature over another type."""
    signature = KEY.sign(dsse.authenticated(kind, PAYLOAD))
    return changed(payloadType=kind, sig=base64.b64encode(signature).decode())


TWO = json.loads(SEALED)["signatures"] * 2


@pytest.mark.parametrize(
    ("envelope", "why"),
    [
        (changed(signatures=[]), "0 signatures"),
        (changed(signatures=TWO), "2 signatures"),
        (changed(sig=""), "does not verify"),
        (changed(sig=base64.b64encode(bytes(64)).decode()), "does not verify"),
        (changed(sig="!!!!"), "base64"),
        (changed(payload=base64.b64encode(b'{"a":2}').decode()), "does not verify"),
        (changed(payload="eyJhIjoxfR=="), "stray bits"),
        (changed(payloadType="application/json"), "payload type"),
        (signed_as("application/vnd.in-toto+json"), "payload type"),
        (changed(keyid=OTHER.key_id), "not pinned"),
        (changed(keyid=""), "not pinned"),
        (dsse.seal(PAYLOAD, OTHER), "not pinned"),
        (changed(note="more"), "not an envelope"),
        (changed(payload=7), "not an envelope"),
        (SEALED + b"\n", "canonical"),
        (SEALED.replace(b":", b": ", 1), "canonical"),
        (b"[]", "not an envelope"),
        (b"", "JSON"),
    ],
)
def test_any_other_envelope_is_refused(envelope: bytes, why: str) -> None:
    with pytest.raises(EnvelopeError, match=why):
        dsse.unseal(envelope, PINNED)


@pytest.mark.parametrize("position", range(len(SEALED)))
def test_a_changed_byte_is_noticed_wherever_it_is(position: int) -> None:
    for bit in (1, 32):
        data = bytearray(SEALED)
        data[position] ^= bit
        with pytest.raises(EnvelopeError):
            dsse.unseal(bytes(data), PINNED)


def test_a_key_is_named_by_the_digest_of_its_public_half_and_never_shown() -> None:
    assert KEY.key_id == canonical.digest(KEY.public)
    assert repr(KEY) == f"SigningKey({KEY.key_id})"
