"""How requests of Azure, Google Cloud and GitHub go out: what they trust, what they bear, by which way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import AuditreelError
from providers.base import NotConfigured
from tests.collectors import scan
from tests.emulators.certificates import serving
from tests.emulators.emulator import Emulator
from tests.emulators.github.world import ACME

ASKED = {
    "azure": {"Microsoft.KeyVault/vaults": {"soft_delete_enabled"}},
    "gcp": {"storage.googleapis.com/Bucket": {"versioning_enabled"}},
    "github": {"GitHub::Repository": {"archived"}},
}


@pytest.fixture(params=sorted(ASKED))
def cloud(request: pytest.FixtureRequest) -> tuple[str, Emulator]:
    """A cloud's name, and its emulator, which the environment points at."""
    return request.param, request.getfixturevalue(request.param)


def access(name: str) -> Mapping[str, Any] | None:
    return ACME if name == "github" else None


def read(name: str) -> None:
    scan.read(ASKED[name], provider=name, access=access(name))


def test_a_netrc_does_not_take_the_place_of_the_token(
    cloud: tuple[str, Emulator], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, emulator = cloud
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    read(name)

    assert emulator.calls
    assert {call.headers["authorization"].partition(" ")[0] for call in emulator.calls} == {"Bearer"}


def test_nothing_is_asked_of_who_is_not_trusted(
    cloud: tuple[str, Emulator], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, emulator = cloud
    serving(tmp_path / "others.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "others.pem"))
    try:
        found = scan.accounts(name, access(name)).accounts
    except AuditreelError:
        found = {}

    assert (found, emulator.calls) == ({}, ())


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("bundle", ["absent.pem", "empty.pem"])
def test_authorities_that_cannot_be_read_are_named(
    cloud: tuple[str, Emulator], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle: str, variable: str
) -> None:
    name, emulator = cloud
    (tmp_path / "empty.pem").touch()
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv(variable, str(tmp_path / bundle))
    with pytest.raises(NotConfigured, match=bundle):
        read(name)

    assert emulator.calls == ()
