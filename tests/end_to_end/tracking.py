"""What the tests of ``auditreel issues`` share: nights that are recorded, the command, what became of the issues."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.evidence.seal import Recorder
from engine.model import Clock
from tests.emulators.github.world import Tracker
from tests.emulators.wire import Answer, Exchange, Next
from tests.unit.evidence.nightly import ENCRYPTED, recorded

NOW = "2026-06-25T12:00:00Z"


def at(number: int) -> str:
    """The time of the run of a night of June."""
    return f"2026-06-{number:02}T00:05:00Z"


def night(store: Recorder, number: int, a: str | None, b: str | None = None, **more: Any) -> None:
    """A run of a night: what it says of the buckets "a" and "b" (None: they are not there)."""
    found = {name: verdict for name, verdict in (("a", a), ("b", b)) if verdict is not None}
    recorded(store, at(number), {ENCRYPTED: found}, **more)


class Sync:
    """The command: its exit code, output and error stream; of a store in ``folder``.

    Nobody waits; ``waited`` is for how long (seconds).
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.waited: list[float] = []
        self.clock = Clock(lambda: NOW, lambda: 0.0, self.waited.append)

    def __call__(self, *arguments: str, of: str = "store", repository: str = "acme/compliance") -> tuple[int, str, str]:
        given = ["issues", "--repository", repository, "--store", str(self.folder / of), *arguments]
        code = cli.main(cli.group, given, "auditreel")
        return code, *self._capsys.readouterr()


def told(done: tuple[int, str, str]) -> str:
    """What a command that ended well printed."""
    code, out, err = done
    assert code == 0, err
    return out


def states(tracker: Tracker) -> dict[int, tuple[str, str]]:
    """State and bucket of each issue, by number."""
    return {number: (row["state"], row["title"].rpartition(":::")[2]) for number, row in tracker.issues.items()}


async def lost(exchange: Exchange, forward: Next) -> Answer:
    """A fault: it is done, and the connection ends before anybody hears of it."""
    return replace(await forward(exchange), sent=0)
