"""HTTPS to AWS: what is trusted is trusted by all clients, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from engine.errors import DiscoveryError
from providers.base import NotConfigured
from tests.collectors.scan import read
from tests.emulators.aws_wire import AwsWire
from tests.emulators.certificates import serving
from tests.emulators.moto_process import MotoProcess

WANTED = {"AWS::S3::Bucket": {"versioning_status"}, "AWS::EC2::Volume": {"encrypted"}}


@pytest.fixture
def secure(moto: MotoProcess, nobody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsWire]:
    """The wire to an account with one bucket over HTTPS; ``trusted.pem`` beside it is its authority."""
    trusted = tmp_path / "trusted.pem"
    with AwsWire(moto.address, tls=serving(trusted)) as wire:
        s3 = boto3.client("s3", endpoint_url=wire.url, verify=str(trusted))
        s3.create_bucket(Bucket="logs")
        s3.close()
        wire.traffic.reset()
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        yield wire


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_the_environment_is_trusted(
    secure: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "trusted.pem"))
    snapshot = read(WANTED)
    listed = {row.type: (row.state, row.unread) for row in snapshot.collections}
    assert listed == dict.fromkeys(WANTED, ("complete", None))
    assert [item.name for item in snapshot.resources] == ["logs"]


@pytest.mark.parametrize("bundle", [None, "other.pem"])
def test_nothing_is_asked_of_who_is_not_trusted(
    secure: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    serving(tmp_path / "other.pem")
    if bundle:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / bundle))
    with pytest.raises(DiscoveryError, match="asking aws who we are: unavailable"):
        read(WANTED)
    assert secure.traffic.calls.total() == 0


@pytest.mark.parametrize("bundle", ["absent.pem", "empty.pem"])
def test_authorities_that_cannot_be_read_are_named(
    secure: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: str
) -> None:
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / bundle))
    with pytest.raises(NotConfigured, match=bundle):
        read(WANTED)
    assert secure.traffic.calls.total() == 0
