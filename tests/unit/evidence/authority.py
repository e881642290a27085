"""A time stamp authority for tests, written from RFC 3161 and not from what the verifiers expect.

It says whatever time it is told to: what no real one does is what an attacker needs, and never has.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SHA256_ID = bytes.fromhex("0609608648016503040201")
NAME = "Example Time Ltd"


def element(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    length = size if len(body) < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + length + body


def sequence(*parts: bytes) -> bytes:
    return element(0x30, *parts)


def number(value: int) -> bytes:
    return element(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


class Authority:
    """Signs with a certificate of its own, which is for time stamps alone unless ``usage`` says otherwise."""

    def __init__(
        self,
        name: str = NAME,
        usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.TIME_STAMPING,
        issuer: Authority | None = None,
        ca: bool = False,
    ) -> None:
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        self.certificate = builder.sign(issuer._key if issuer else self._key, SHA256())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def stamp(self, digest: str, at: str, nonce: int | None = None, embed: bool = True) -> bytes:
        """A TimeStampResp over a SHA-256, at a time (RFC 3339 UTC, whole seconds)."""
        algorithm = sequence(SHA256_ID, b"\5\0")
        info = sequence(
            number(1),
            bytes.fromhex("06032a0304"),
            sequence(algorithm, element(4, bytes.fromhex(digest))),
            number(7),
            element(0x18, datetime.fromisoformat(at).strftime("%Y%m%d%H%M%SZ").encode()),
            *([number(nonce)] if nonce is not None else []),
        )
        kind = bytes.fromhex("060b2a864886f70d0109100104")
        attributes = (
            sequence(bytes.fromhex("06092a864886f70d010903"), element(0x31, kind)),
            sequence(bytes.fromhex("06092a864886f70d010904"), element(0x31, element(4, hashlib.sha256(info).digest()))),
        )
        signature = self._key.sign(element(0x31, *attributes), ec.ECDSA(SHA256()))
        signer = sequence(
            number(1),
            sequence(self.certificate.issuer.public_bytes(), number(self.certificate.serial_number)),
            algorithm,
            element(0xA0, *attributes),
            sequence(bytes.fromhex("06082a8648ce3d040302")),
            element(4, signature),
        )
        signed = sequence(
            number(3),
            element(0x31, algorithm),
            sequence(kind, element(0xA0, element(4, info))),
            *([element(0xA0, self.der)] if embed else []),
            element(0x31, signer),
        )
        token = sequence(bytes.fromhex("06092a864886f70d010702"), element(0xA0, signed))
        return sequence(sequence(number(0)), token)

    def answers(self, at: str) -> Callable[[str, bytes, float], bytes]:
        """What ``ask`` is to the authority's clients, with its clock at ``at``."""

        def answer(url: str, request: bytes, timeout: float) -> bytes:
            imprint = request.index(b"\x04\x20") + 2
            end = imprint + 32
            nonce = int.from_bytes(request[end + 2 : end + 2 + request[end + 1]], "big")
            return self.stamp(request[imprint:end].hex(), at, nonce)

        return answer

    def response(self, digest: str, at: str) -> str:
        return base64.b64encode(self.stamp(digest, at)).decode()


@contextmanager
def served(reply: Callable[[bytes], bytes]) -> Iterator[str]:
    """An authority over HTTP, as RFC 3161, section 3.4, has it; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            data = reply(request)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsa"
        finally:
            server.shutdown()


@cache
def authority(name: str = NAME) -> Authority:
    """One for all tests of a process."""
    return Authority(name)
