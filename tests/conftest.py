"""Fixtures of every test: an AWS to talk to, and the wire to it."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.azure.wire import AzureWire
    from tests.emulators.emulator import Emulator
    from tests.emulators.gcp.wire import Google
    from tests.emulators.github.wire import GitHub
    from tests.emulators.moto_process import MotoProcess

OPTIONAL: Final = frozenset({"azurite", "terraform"})
"""Programs that no package of Python or Debian brings: tests that need one skip by name under --strict-skips too."""
_FROZEN: Final[set[Path]] = set()

# How long an example takes depends on what else the machine does; a deadline would fail by that.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A shell has what it starts in the background ignore SIGINT, and so would the commands that tests start and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--strict-skips", action="store_true", help="a test that is skipped because a program is missing fails"
    )
    parser.addoption("--driven", action="store_true", help="print which verdicts the collector tests drive checks to")


def pytest_configure(config: pytest.Config) -> None:
    """A check that the collector tests do not drive to each of its verdicts fails the session."""
    from engine.cli import GARBAGE
    from tests.driven import DriveProof

    gc.set_threshold(GARBAGE)  # as in the process of a run
    # Commands run as processes of their own: without this each of them would compile the whole engine again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    config.pluginmanager.register(DriveProof(config, Path(__file__).parent / "collectors", _verdicts), "drive-proof")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole commands come first: the longest tests are among them, and at the end one worker would wait for another."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


def _verdicts() -> dict[str, list[str]]:
    """The verdicts that each check of the checkout can give."""
    from engine.content.checks import load_checks
    from engine.content.root import find

    always, conditional = ["pass", "fail", "unknown"], ["not_applicable"]
    checks = load_checks(find(), []).values()
    return {check.id: always + conditional * (check.when is not None) for check in checks}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Before the first test of each file, keep what lives (modules, models, fixtures) out of the collector's way.

    The engine collects garbage whenever it lets an account go, and botocore's models are millions of objects that
    never die: looking at them took a third of the suite's time.
    """
    if item.path not in _FROZEN:
        _FROZEN.add(item.path)
        gc.collect()
        gc.freeze()


def pytest_unconfigure() -> None:
    """At the end the interpreter may collect everything again; modules in C complain of what they still see."""
    gc.unfreeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under --strict-skips a skip for want of software ("needs openssl") is a failure: nothing was proved.

    Of :data:`OPTIONAL` software it stays a skip.
    """
    report = yield
    if report.skipped and item.config.getoption("--strict-skips") and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("needs ") and reason.removeprefix("needs ") not in OPTIONAL:
            report.outcome = "failed"
            report.longrepr = f"skipped, which --strict-skips forbids: {reason}"
    return report


@pytest.fixture(scope="session")
def moto_process() -> Iterator[MotoProcess]:
    """A moto of this test process; started once."""
    from tests.emulators.moto_process import MotoProcess

    with MotoProcess() as process:
        yield process


@pytest.fixture
def moto(moto_process: MotoProcess) -> MotoProcess:
    """An AWS without any resource. ``moto.url`` bypasses the wire."""
    moto_process.reset()
    return moto_process


@pytest.fixture(scope="session")
def moto_wire(moto_process: MotoProcess) -> Iterator[AwsWire]:
    """The way to the moto of this test process: its address stays, so that clients can be kept."""
    from tests.emulators.aws_wire import AwsWire

    with AwsWire(moto_process.address) as wire:
        yield wire


@pytest.fixture
def wire(moto: MotoProcess, moto_wire: AwsWire) -> Iterator[AwsWire]:
    """The way to ``moto``: counts, and goes wrong where it is told to (see ``tests/emulators/aws_wire.py``)."""
    moto_wire.reset()
    yield moto_wire
    if moto_wire.broken:
        raise moto_wire.broken[0]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment in which every AWS client has credentials that nobody has, and no configuration of ours."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_CONFIG_FILE": str(home / "no-config"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-credentials"),
        "HOME": str(home),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def aws_env(wire: AwsWire, nobody: None, monkeypatch: pytest.MonkeyPatch) -> AwsWire:
    """An environment in which every AWS client talks to ``wire``; gives the wire. Clients are kept between tests."""
    from tests.emulators import kept_clients

    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
    kept_clients.use(monkeypatch)
    return wire


def _talking_to(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, unset: tuple[str, ...]) -> None:
    """An environment in which a cloud's clients talk to its emulator, and nothing of ours that begins otherwise."""
    for name in [name for name in os.environ if name.startswith(unset)]:
        monkeypatch.delenv(name)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureWire]:
    """An Azure of this test process."""
    from tests.emulators.azure.wire import AzureWire

    with AzureWire(tmp_path_factory.mktemp("azure") / "authorities.pem") as wire:
        yield wire


@pytest.fixture
def azure(azure_server: AzureWire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureWire]:
    """An Azure that holds next to nothing, and an environment in which every Azure client talks to it."""
    azure_server.reset()
    _talking_to(azure_server, monkeypatch, ("AZURE_", "IDENTITY_", "MSI_", "HTTPS_PROXY", "https_proxy"))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield azure_server
    if azure_server.broken:
        raise azure_server.broken[0]


@pytest.fixture(scope="module")
def gcp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    """Google's APIs on a loopback address; started once a module."""
    from tests.emulators.gcp.services import apis
    from tests.emulators.gcp.wire import Google
    from tests.emulators.gcp.world import world

    with Google(apis, tmp_path_factory.mktemp("google") / "ca.pem", world()) as google:
        yield google


@pytest.fixture
def gcp(gcp_server: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """An environment in which Google's clients talk to an emulator, as a service account of the project "web"."""
    from tests.emulators.gcp.credentials import service_account
    from tests.emulators.gcp.world import world

    gcp_server.reset(world())
    _talking_to(gcp_server, monkeypatch, ("GOOGLE_", "GCE_", "CLOUDSDK_", "GCLOUD_"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account(tmp_path)))
    yield gcp_server
    if gcp_server.broken:
        raise gcp_server.broken[0]


@pytest.fixture(scope="module")
def github_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """GitHub's API on a loopback address; started once a module."""
    from tests.emulators.github import issues  # noqa: F401 - adds its routes
    from tests.emulators.github.routes import routes
    from tests.emulators.github.wire import GitHub
    from tests.emulators.github.world import world

    with GitHub(routes, tmp_path_factory.mktemp("github") / "ca.pem", world()) as github:
        yield github


@pytest.fixture
def github(github_server: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """An environment in which there is one GitHub, and the token of a person who may read all of it."""
    from tests.emulators.github.world import world

    github_server.reset(world())
    unset = ("GITHUB_", "GH_", "AUDITREEL_GITHUB_", "HTTPS_PROXY", "https_proxy")
    _talking_to(github_server, monkeypatch, unset)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield github_server
    if github_server.broken:
        raise github_server.broken[0]
