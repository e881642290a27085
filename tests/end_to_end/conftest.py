"""The account that the tests of whole runs share (:mod:`tests.end_to_end.account`), and a tracker of issues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulators.github.wire import GitHub
    from tests.emulators.github.world import Tracker
    from tests.end_to_end.account import Account, Scan, Scanner
    from tests.end_to_end.tracking import Sync


@pytest.fixture(scope="session")
def seeded_account() -> Iterator[Account]:
    """The account; seeded once."""
    from tests.end_to_end.account import seeded

    with seeded() as account:
        yield account


@pytest.fixture(scope="session")
def clean(seeded_account: Account) -> tuple[Scanner, Scan]:
    """A scanner that has read everything, and what a scan gives when nothing goes wrong."""
    from tests.emulators.demo.aws import environment
    from tests.end_to_end.account import Scanner

    with environment(seeded_account.wire.url):
        # What every bucket's region takes to read is asked for too.
        seeded_account.older_storage.on = True
        scanner = Scanner()
        scan = scanner()
        seeded_account.restore()
    return scanner, scan


@pytest.fixture
def account(seeded_account: Account, tmp_path: Path) -> Iterator[Account]:
    """The account with nothing in the way, and an environment in which every AWS client talks to it."""
    from tests.end_to_end.account import undisturbed

    with undisturbed(seeded_account, tmp_path):
        yield seeded_account


@pytest.fixture
def tracker(github: GitHub) -> Tracker:
    """The issues of acme/compliance, none so far, to which a token may write."""
    from tests.emulators.github.world import Tracker

    github.world.granted = frozenset({"metadata:read", "issues:write"})
    github.world.trackers["compliance"] = Tracker()
    return github.world.trackers["compliance"]


@pytest.fixture
def sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tracker: Tracker) -> Sync:
    """``auditreel issues`` of the store of this test."""
    from tests.end_to_end.tracking import Sync

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    called = Sync(tmp_path, capsys)
    monkeypatch.setattr("engine.cli.clock.system_clock", lambda *_: called.clock)
    return called
