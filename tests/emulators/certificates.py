"""HTTPS on a loopback address: a certificate that an authority made for this occasion has signed."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def serving(bundle: Path, *names: str) -> ssl.SSLContext:
    """A server's side for 127.0.0.1 and ``names``. What clients have to trust is added to ``bundle``.

    Only such are there: a client reads the whole file for each connection, and 150 authorities take it 40 ms.
    """
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # A name of its own: of two authorities with one name in a bundle, a client tries the first alone.
    name = f"an authority of this test, {x509.random_serial_number():x}"[:64]
    authority = _issued(name, authority_key, name, authority_key)
    certificate = _issued("127.0.0.1", key, name, authority_key, names)
    known = bundle.read_bytes() if bundle.exists() else b""
    bundle.write_bytes(known + authority.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(file)
    return context


def _issued(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    names: Sequence[str] = (),
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=_named(issuer),
        subject_name=_named(name),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(hours=1),
        not_valid_after=now + timedelta(days=1),
    )
    made = made.add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
    if name != issuer:
        alternatives = [x509.IPAddress(ip_address(name)), *map(x509.DNSName, names)]
        made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return made.sign(signer, SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
