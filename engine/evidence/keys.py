"""The signing key and the store's secret. Both live outside the store, readable by their owner only.

A signing key may also be in AWS KMS: then a file, or the environment, has its address and nobody here its private half.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.errors import SealError, UsageError
from engine.evidence import canonical, durable, kms
from engine.evidence.dsse import Signer
from engine.evidence.kms import KmsKey
from engine.evidence.layout import Layout
from engine.evidence.trust import Trust, read_trust, write_trust

KEY_FILE: Final = "signing-key.pem"
ADDRESS_FILE: Final = "signing-key.url"
"""Where the signing key is, if it is not here. It counts before a key that is."""
SECRET_FILE: Final = "store-secret"  # noqa: S105 - a file's name
TRUST_FILE: Final = "trust.json"
KEY_VARIABLE: Final = "AUDITREEL_SIGNING_KEY"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key (RFC 8032)."""
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key."""
        return canonical.digest(self.public)

    @property
    def longest(self) -> None:
        """It signs a message of any length."""
        return None

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""
        return self.private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a recorder needs: the signing key, and the secret that salts private objects."""

    signing: Signer
    secret: bytes

    def __repr__(self) -> str:
        return f"Keys({self.signing!r})"


def initialise(
    store: Path,
    config: Path,
    demonstration: bool = False,
    environment: Mapping[str, str] = os.environ,
    elsewhere: KmsKey | None = None,
) -> Trust:
    """Make a store, a signing key, a store secret and a trust file, or what is missing of them.

    ``config`` is the folder for key, secret and trust file; it must lie outside the store. Where the environment gives
    the key, or ``elsewhere`` is one, that is pinned and none is made; a demonstration always has a throw-away key.
    Existing files are kept: running it twice changes nothing. Raises SealError where something cannot be made or does
    not belong together, UsageError for a key ``elsewhere`` where there is another one.
    """
    refuse_inside(store, config)
    environment = {} if demonstration else environment
    if elsewhere is not None:
        _refuse_second(config, elsewhere, environment)
    with durable.doing(f"preparing the store {store} and the keys in {config}"):
        durable.make_folder(config)
        if elsewhere is not None:
            _create_once(config / ADDRESS_FILE, lambda: f"{elsewhere.address}\n".encode())
        elif not environment.get(KEY_VARIABLE) and not (config / ADDRESS_FILE).exists():
            _create_once(config / KEY_FILE, new_key)
        _create_once(config / SECRET_FILE, lambda: secrets.token_hex(32).encode())
        keys = load_keys(config, environment)
        trust_file = config / TRUST_FILE
        if not trust_file.exists():
            purpose = "demonstration" if demonstration else "evidence"
            write_trust(
                Trust(secrets.token_hex(16), purpose, {keys.signing.key_id: keys.signing.public}, None), trust_file
            )
        trust = read_trust(trust_file)
        Layout(store).create()
    if keys.signing.key_id not in trust.keys:
        raise SealError(f"{trust_file} does not pin the signing key {keys.signing.key_id[:16]}...; use another folder")
    return trust


def refuse_another(store: Path, config: Path) -> None:
    """Raises SealError where a trust file has seen entries of a chain, and the store that is to be made has none.

    Nothing could ever be recorded there: to whoever has that trust file its chain was cut off.
    """
    trust_file, chain = config / TRUST_FILE, Layout(store).chain
    head = read_trust(trust_file).head if trust_file.exists() else None
    if head is not None and not (chain.is_dir() and any(chain.iterdir())):
        raise SealError(
            f"preparing the store {store}: {trust_file} is of a store of which entry {head.sequence} was seen, and "
            "this one is empty; name another folder for the keys of a new store with --config (or AUDITREEL_CONFIG), "
            "or restore the store that was emptied"
        )


def refuse_inside(store: Path, path: Path) -> None:
    """Raises SealError where ``path`` lies inside the store: what it should protect could replace it."""
    if path.resolve().is_relative_to(store.resolve()):
        raise SealError(
            f"{path} lies inside the store {store}; keys and trust must be kept outside of what they protect"
        )


def _refuse_second(config: Path, elsewhere: KmsKey, environment: Mapping[str, str]) -> None:
    """Raises UsageError where another key than this one would sign."""
    if environment.get(KEY_VARIABLE):
        raise UsageError(f"signing with {elsewhere.address}: {KEY_VARIABLE} names the key that signs; unset it first")
    known = address_of(config, environment)
    if known != elsewhere.address and (known is not None or (config / KEY_FILE).exists()):
        place = config / (KEY_FILE if known is None else ADDRESS_FILE)
        raise UsageError(
            f"signing with {elsewhere.address}: {place} is there already; replace that key: auditreel key rotate "
            f"--new-key {elsewhere.address}"
        )


def address_of(config: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the signing key is, if it is in AWS KMS. Raises SealError where that cannot be read."""
    given = environment.get(KEY_VARIABLE)
    if given:
        return given.strip() if kms.is_address(given.strip()) else None
    path = config / ADDRESS_FILE
    return _read_private(path).decode("utf-8", "replace").strip() if path.exists() else None


def load_keys(config: Path, environment: Mapping[str, str] = os.environ) -> Keys:
    """The key and the store secret of ``config``.

    The key is that of ``AUDITREEL_SIGNING_KEY`` (PEM, a path, or an address), else that of ``config``. Raises SealError
    where one is missing, malformed, or readable by others, and where KMS does not answer for it.
    """
    secret, address, given = load_secret(config), address_of(config, environment), environment.get(KEY_VARIABLE)
    if address is not None:
        return Keys(kms.opened(address), secret)
    if given is not None and given.lstrip().startswith("-----BEGIN"):
        return Keys(_parse(given.encode(), KEY_VARIABLE), secret)
    return Keys(read_key(Path(given) if given else config / KEY_FILE), secret)


def load_secret(config: Path) -> bytes:
    """The store secret of ``config``. Raises SealError where it is missing, malformed, or readable by others."""
    secret = _read_private(config / SECRET_FILE).strip()
    try:
        salt = bytes.fromhex(secret.decode("ascii"))
    except ValueError as error:
        raise SealError(f"{config / SECRET_FILE} is no hexadecimal secret; restore it from a backup") from error
    if len(salt) < 32:
        raise SealError(f"{config / SECRET_FILE} is shorter than 32 bytes; restore it from a backup")
    return salt


def read_key(path: Path) -> SigningKey:
    """The key in a file. Raises SealError where it is missing, malformed, or readable by others."""
    return _parse(_read_private(path), str(path))


def new_key() -> bytes:
    """A new key in PEM form."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _create_once(path: Path, make: Callable[[], bytes]) -> None:
    if path.exists():
        return
    try:
        durable.create(path, make(), path.parent)
    except FileExistsError:  # another process was first: its file counts
        return


def _read_private(path: Path) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise SealError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
        return path.read_bytes()
    except FileNotFoundError:
        raise SealError(f"{path} is missing; run `auditreel init`, or restore it from a backup") from None
    except OSError as error:
        raise SealError(f"reading {path}: {error.strerror}") from error


def _parse(pem: bytes, place: str) -> SigningKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SealError(f"{place} holds no unencrypted private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SealError(f"{place} holds no Ed25519 key; evidence is signed with Ed25519 only")
    return SigningKey(key)
