"""The envelope of an entry: DSSE v1 (Dead Simple Signing Envelope) with one Ed25519 signature (RFC 8032).

The signature covers the type and the bytes of the payload. The envelope itself is accepted in one form only, canonical
JSON with exactly one signature, so that no byte of a file can be changed without notice.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.evidence import canonical

PAYLOAD_TYPE: Final = "application/vnd.auditreel.entry+json"


class Signer(Protocol):
    """Holds a private key."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""
        ...


class EnvelopeError(ValueError):
    """An envelope that cannot be trusted; the message says why."""


def authenticated(payload_type: str, payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding (PAE) of DSSE."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, signer: Signer, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The signed envelope, as the bytes of a file."""
    signature = signer.sign(authenticated(payload_type, payload))
    return canonical.encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [{"keyid": signer.key_id, "sig": base64.b64encode(signature).decode()}],
        }
    )


class Opened(NamedTuple):
    """A payload, and the id of the key that signed it."""

    payload: bytes
    key_id: str


def unseal(envelope: bytes, keys: Mapping[str, Ed25519PublicKey], payload_type: str = PAYLOAD_TYPE) -> Opened:
    """The payload of an envelope that one of ``keys`` (by key id) signed; :class:`EnvelopeError` for any other."""
    try:
        content = canonical.decode(envelope)
    except canonical.NotCanonicalError as error:
        raise EnvelopeError(f"not an envelope: {error}") from error
    match content:
        case {
            "payload": str(payload),
            "payloadType": str(kind),
            "signatures": [{"keyid": str(key_id), "sig": str(signature), **unsigned}],
            **rest,
        } if not rest and not unsigned:
            pass
        case {"payload": _, "payloadType": _, "signatures": list(signatures)} if len(signatures) != 1:
            raise EnvelopeError(f"{len(signatures)} signatures where there must be one")
        case _:
            raise EnvelopeError("not an envelope with payload, payloadType and one signature")
    if kind != payload_type:
        raise EnvelopeError(f"payload type {kind!r} is not {payload_type}")
    if key_id not in keys:
        raise EnvelopeError(f"signed by key {key_id[:16]}..., which is not pinned")
    data = _decoded(payload)
    try:
        keys[key_id].verify(_decoded(signature), authenticated(kind, data))
    except InvalidSignature:
        raise EnvelopeError("the signature does not verify") from None
    return Opened(data, key_id)


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError(f"not base64: {error}") from error
    if base64.b64encode(data).decode() != text:
        raise EnvelopeError("base64 with stray bits")
    return data
