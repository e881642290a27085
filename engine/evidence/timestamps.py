"""Time stamps (RFC 3161): an authority signs that a digest was there at a time, and anyone can check that later.

    query(digest, nonce) -> bytes to send        ask(url, ...) -> the answer, over HTTP
    checked(response, digest, certificates) -> when

An answer is believed where a certificate that the trust file pins signed it; no root of the operating system counts,
nor any certificate that the answer brings. Written on ``cryptography`` alone: ``rfc3161-client`` is 2.4 MB, takes 75 ms
to import, and refuses what a stock OpenSSL authority answers with its CA's certificate (the set is not sorted).
"""

from __future__ import annotations

import hashlib
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from engine.evidence import der
from engine.evidence.der import Element

SHA256: Final = "2.16.840.1.101.3.4.2.1"
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SIGNATURES: Final[dict[str, hashes.HashAlgorithm | None]] = {
    "1.2.840.113549.1.1.1": None,  # RSA; the digest is named beside it
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SHA256_ALGORITHM: Final = bytes.fromhex("300d06096086480165030402010500")
_LARGEST: Final = 65536
"""Bytes of an answer; a usual one has 1,500 to 6,000."""


class TimeStampError(ValueError):
    """A time stamp that cannot be believed, or could not be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """When a digest was there at the latest (RFC 3339 UTC), and the nonce of who asked."""

    at: str
    nonce: int | None


def query(digest: str, nonce: int) -> bytes:
    """A TimeStampReq over a SHA-256, which asks for the authority's certificate."""
    imprint = der.write(der.SEQUENCE, _SHA256_ALGORITHM, der.write(der.OCTETS, bytes.fromhex(digest)))
    return der.write(der.SEQUENCE, der.integer(1), imprint, der.integer(nonce), b"\x01\x01\xff")


def ask(url: str, request: bytes, timeout: float) -> bytes:
    """The answer of an authority. ``timeout`` is how long it may take in seconds.

    Raises TimeStampError where there is none. It is asked where it is said to be, and nowhere that it points to.
    """
    if not url.startswith(("https://", "http://")):
        raise TimeStampError(f"{url} is no address of HTTP")
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    sent = urllib.request.Request(url, request, headers)  # noqa: S310 - only HTTP, see above
    answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
    # The timeout of a socket is for each piece: an answer that comes drop by drop would be waited for without an end.
    threading.Thread(target=_asked, args=(sent, timeout, answers), daemon=True).start()
    try:
        found = answers.get(timeout=timeout)
    except queue.Empty:
        raise TimeStampError(f"{url} has not answered within {timeout:g} s") from None
    if isinstance(found, Exception):
        reason = getattr(found, "reason", None) or found
        raise TimeStampError(f"{url} does not answer: {reason}") from found
    if len(found) > _LARGEST:
        raise TimeStampError(f"{url} answers with more than {_LARGEST} bytes")
    return found


class _Stays(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: an authority, or who answers in its place, does not choose whom this machine asks."""

    def redirect_request(self, *_: object) -> None:
        """Nothing is asked in the place of what was asked."""


def _asked(sent: urllib.request.Request, timeout: float, answers: queue.SimpleQueue[bytes | Exception]) -> None:
    try:
        with urllib.request.build_opener(_Stays).open(sent, timeout=timeout) as answer:
            answers.put(bytes(answer.read(_LARGEST + 1)))
    except Exception as error:
        answers.put(error)


def checked(response: bytes, digest: str, certificates: Sequence[bytes]) -> Stamped:
    """When ``digest`` (SHA-256) was there, by an answer that one of ``certificates`` (DER) vouches for.

    Raises TimeStampError for an answer that says anything else, is signed by another, or cannot be understood.
    """
    try:
        return _checked(response, digest, [x509.load_der_x509_certificate(data) for data in certificates])
    except (ValueError, KeyError, IndexError, TypeError, OverflowError, UnsupportedAlgorithm) as error:
        raise error if isinstance(error, TimeStampError) else TimeStampError(f"no time stamp: {error}") from error


def _checked(response: bytes, digest: str, pinned: Sequence[x509.Certificate]) -> Stamped:
    status, *token = der.read(response).of(der.SEQUENCE).inside()
    granted = status.inside()[0].of(der.INTEGER).content
    if granted not in (b"\0", b"\1") or len(token) != 1:
        raise TimeStampError(f"the authority refused (status {int.from_bytes(granted, 'big')})")
    kind, content = token[0].of(der.SEQUENCE).inside()
    if der.oid(kind.of(der.OBJECT).content) != _SIGNED_DATA:
        raise TimeStampError("it is not signed data")
    parts = _only(content.of(0xA0)).of(der.SEQUENCE).inside()
    inner, octets = parts[2].inside()
    if der.oid(inner.of(der.OBJECT).content) != _TST_INFO:
        raise TimeStampError("it is no TSTInfo")
    said = _only(octets.of(0xA0)).of(der.OCTETS).content
    (signer,) = parts[-1].of(der.SET).inside()
    stamped = _info(said, digest)
    _believe(signer, said, pinned, datetime.fromisoformat(stamped.at))
    return stamped


def _only(element: Element) -> Element:
    """The one element that another encloses."""
    (found,) = element.inside()
    return found


def _info(said: bytes, digest: str) -> Stamped:
    """What a TSTInfo says, which must be about ``digest``."""
    version, _policy, imprint, _serial, at, *rest = der.read(said).of(der.SEQUENCE).inside()
    algorithm, hashed = imprint.of(der.SEQUENCE).inside()
    if version.content != b"\1" or der.oid(algorithm.inside()[0].of(der.OBJECT).content) != SHA256:
        raise TimeStampError("it is not over a SHA-256")
    if hashed.of(der.OCTETS).content.hex() != digest:
        raise TimeStampError("it is over another digest")
    nonces = [int.from_bytes(item.content, "big") for item in rest if item.tag == der.INTEGER]
    return Stamped(_time(at.of(der.TIME).content.decode("ascii")), nonces[0] if nonces else None)


def _time(text: str) -> str:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or len(whole) != 14 or not (whole + fraction).isdigit():
        raise TimeStampError(f"{text!r} is no time in UTC")
    at = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return at.isoformat().replace("+00:00", f".{fraction[:6]}Z" if fraction else "Z")


def _believe(signer: Element, said: bytes, pinned: Sequence[x509.Certificate], at: datetime) -> None:
    """Refuse what no pinned certificate signed."""
    _version, _name, by, attributes, how, signature, *_ = signer.of(der.SEQUENCE).inside()
    hashed_by, signed_by = der.oid(by.inside()[0].content), der.oid(how.inside()[0].content)
    if hashed_by not in _HASHES or signed_by not in _SIGNATURES:
        raise TimeStampError(f"digest {hashed_by} or signature {signed_by} is not accepted")
    pairs = map(Element.inside, attributes.of(0xA0).inside())
    values = {der.oid(kind.content): value.inside() for kind, value in pairs}
    if [der.oid(item.content) for item in values[_CONTENT_TYPE]] != [_TST_INFO]:
        raise TimeStampError("what is signed is no TSTInfo")
    found = hashlib.new(_HASHES[hashed_by].name, said).digest()
    if [item.of(der.OCTETS).content for item in values[_MESSAGE_DIGEST]] != [found]:
        raise TimeStampError("what was signed is something else")
    message = bytes([der.SET]) + attributes.whole[1:]  # RFC 5652, section 5.4: signed as the set that they are
    algorithm = _SIGNATURES[signed_by] or _HASHES[hashed_by]
    usable = [certificate for certificate in pinned if _usable(certificate, at)]
    if not usable:
        raise TimeStampError("no certificate that is pinned is for time stamps alone and was valid then")
    if not any(_signed(certificate, signature.content, message, algorithm) for certificate in usable):
        raise TimeStampError("the signature does not verify by any certificate that is pinned")


def _signed(certificate: x509.Certificate, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _usable(certificate: x509.Certificate, at: datetime) -> bool:
    """Whether a certificate is for time stamps alone (RFC 3161, section 2.3), and was valid."""
    for extension in certificate.extensions:
        if extension.oid == x509.ExtendedKeyUsage.oid:
            only = extension.value == x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            return (
                only
                and extension.critical
                and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
            )
    return False
