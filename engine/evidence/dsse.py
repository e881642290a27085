"""The envelope of an entry: DSSE v1 (Dead Simple Signing Envelope) with one Ed25519 signature (RFC 8032).

The signature covers the type and the bytes of the payload. The envelope itself is accepted in one form only, canonical
JSON with exactly one signature, so that no byte of a file can be changed without notice. Some signers take no long
messages: what a payload names by its digest may stand beside it then, in a further field (which DSSE allows), and
counts only under that digest.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.evidence import canonical

PAYLOAD_TYPE: Final = "application/vnd.auditreel.entry+json"


class Signer(Protocol):
    """Holds a private key."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key (RFC 8032)."""
        ...

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key."""
        ...

    @property
    def longest(self) -> int | None:
        """Bytes of the longest message that it signs; None where any will do."""
        ...

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature. Raises SealError where there is none to be had."""
        ...


class EnvelopeError(ValueError):
    """An envelope that cannot be trusted; the message says why."""


def authenticated(payload_type: str, payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding (PAE) of DSSE."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, signer: Signer, payload_type: str = PAYLOAD_TYPE, body: bytes | None = None) -> bytes:
    """The signed envelope, as the bytes of a file; ``body`` is what stands beside a payload that names its digest."""
    signature = signer.sign(authenticated(payload_type, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": signer.key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return canonical.encode(envelope if body is None else {**envelope, "body": base64.b64encode(body).decode()})


class Opened(NamedTuple):
    """A payload, the id of the key that signed it, and what stands beside it, which counts only by its digest."""

    payload: bytes
    key_id: str
    body: bytes | None


def unseal(envelope: bytes, keys: Mapping[str, Ed25519PublicKey], payload_type: str = PAYLOAD_TYPE) -> Opened:
    """The payload of an envelope that one of ``keys`` (by key id) signed; :class:`EnvelopeError` for any other.

    Beside an entry of the chain, and no other payload, a body may stand.
    """
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
        } if not unsigned and _may_stand(rest, payload_type):
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
    return Opened(data, key_id, _decoded(str(rest["body"])) if rest else None)


def _may_stand(rest: Mapping[Any, object], payload_type: str) -> bool:
    """Whether this may stand beside a payload and its signature: nothing, or the body of an entry."""
    return not rest or (payload_type == PAYLOAD_TYPE and rest.keys() == {"body"} and isinstance(rest["body"], str))


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError(f"not base64: {error}") from error
    if base64.b64encode(data).decode() != text:
        raise EnvelopeError("base64 with stray bits")
    return data
