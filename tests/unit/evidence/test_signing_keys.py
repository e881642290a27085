"""Key, secret and trust file lie outside the store, for their owner only."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.errors import SealError, VerificationError
from engine.evidence.entries import Link
from engine.evidence.keys import KEY_FILE, KEY_VARIABLE, SECRET_FILE, TRUST_FILE, initialise, load_keys
from engine.evidence.seal import open_store
from engine.evidence.trust import pin, read_trust


def made(tmp_path: Path) -> tuple[Path, Path]:
    store, config = tmp_path / "store", tmp_path / "config"
    initialise(store, config, environment={})
    return store, config


def pem(key: Any) -> bytes:
    return bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_what_is_made_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    _, config = made(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in config.iterdir()}
    assert modes == {KEY_FILE: 0o600, SECRET_FILE: 0o600, TRUST_FILE: 0o600}


def test_initialising_twice_changes_nothing(tmp_path: Path) -> None:
    store, config = made(tmp_path)
    before = {path: path.read_bytes() for path in config.iterdir()}
    assert initialise(store, config, environment={}) == read_trust(config / TRUST_FILE)
    assert {path: path.read_bytes() for path in config.iterdir()} == before


def test_no_key_lies_in_the_store(tmp_path: Path) -> None:
    store, config = made(tmp_path)
    assert [path for path in store.rglob("*") if path.is_file()] == []
    with pytest.raises(SealError, match="inside the store"):
        initialise(store, store / "keys")
    (store / "trust.json").write_bytes((config / TRUST_FILE).read_bytes())
    with pytest.raises(SealError, match="inside the store"):
        open_store(store, load_keys(config, {}), store / "trust.json")


@pytest.mark.parametrize("name", [KEY_FILE, SECRET_FILE])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    _, config = made(tmp_path)
    (config / name).chmod(mode)
    with pytest.raises(SealError, match=f"chmod 600 .*{name}"):
        load_keys(config, {})


@pytest.mark.parametrize("name", [KEY_FILE, SECRET_FILE])
def test_a_missing_key_says_how_to_make_one(tmp_path: Path, name: str) -> None:
    _, config = made(tmp_path)
    (config / name).unlink()
    with pytest.raises(SealError, match="auditreel init"):
        load_keys(config, {})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (KEY_FILE, b"no key"),
        (KEY_FILE, pem(generate_private_key(SECP256R1()))),
        (SECRET_FILE, b"no hexadecimal"),
        (SECRET_FILE, b"ab" * 31),
    ],
)
def test_a_malformed_key_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    _, config = made(tmp_path)
    (config / name).write_bytes(content)
    with pytest.raises(SealError, match=name):
        load_keys(config, {})


def test_the_environment_gives_a_key_as_text_or_as_a_path(tmp_path: Path) -> None:
    _, config = made(tmp_path)
    other = Ed25519PrivateKey.generate()
    elsewhere = tmp_path / "elsewhere.pem"
    elsewhere.write_bytes(pem(other))
    elsewhere.chmod(0o600)
    by_text = load_keys(config, {KEY_VARIABLE: pem(other).decode()})
    by_path = load_keys(config, {KEY_VARIABLE: str(elsewhere)})
    assert by_text.signing.key_id == by_path.signing.key_id != load_keys(config, {}).signing.key_id


def test_a_key_of_the_environment_is_pinned_and_none_is_made(tmp_path: Path) -> None:
    store, config, given = (
        tmp_path / "store",
        tmp_path / "config",
        {KEY_VARIABLE: pem(Ed25519PrivateKey.generate()).decode()},
    )
    trust = initialise(store, config, environment=given)
    assert list(trust.keys) == [load_keys(config, given).signing.key_id]
    assert not (config / KEY_FILE).exists()


def test_a_demonstration_is_never_signed_with_the_key_of_the_environment(tmp_path: Path) -> None:
    given = {KEY_VARIABLE: pem(Ed25519PrivateKey.generate()).decode()}
    trust = initialise(tmp_path / "store", tmp_path / "config", demonstration=True, environment=given)
    assert list(trust.keys) == [load_keys(tmp_path / "config", {}).signing.key_id]


def test_a_key_that_is_not_pinned_cannot_record(tmp_path: Path) -> None:
    store, config = made(tmp_path)
    keys = load_keys(config, {KEY_VARIABLE: pem(Ed25519PrivateKey.generate()).decode()})
    with pytest.raises(SealError, match="not pinned"):
        open_store(store, keys, config / TRUST_FILE)


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    _, config = made(tmp_path)
    keys = load_keys(config, {})
    assert keys.secret.hex() not in repr(keys)
    assert repr(keys.secret) not in repr(keys)


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    _, config = made(tmp_path)
    with pytest.raises(SealError, match="auditreel init"):
        open_store(tmp_path / "other", load_keys(config, {}), config / TRUST_FILE)


def test_the_pinned_head_rises_and_never_falls(tmp_path: Path) -> None:
    _, config = made(tmp_path)
    high, low = Link(sequence=7, digest="7" * 64), Link(sequence=3, digest="3" * 64)
    for link in (low, high, low):
        pin(config / TRUST_FILE, link)
    assert read_trust(config / TRUST_FILE).head == high


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"schema": 1', b'"schema": 2'),
        (b'"purpose": "evidence"', b'"purpose": "proof"'),
        (b'"head"', b'"heads"'),
        (b'": "', b'": "A'),
        (b"{", b""),
    ],
)
def test_a_trust_file_that_was_meddled_with_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    _, config = made(tmp_path)
    path = config / TRUST_FILE
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(VerificationError, match=r"trust\.json"):
        read_trust(path)


def test_a_pinned_key_under_another_name_is_refused(tmp_path: Path) -> None:
    _, config = made(tmp_path)
    path, key_id = config / TRUST_FILE, load_keys(config, {}).signing.key_id
    path.write_text(path.read_text().replace(key_id, "0" * 64))
    with pytest.raises(VerificationError, match="not the digest"):
        read_trust(path)
