"""The proof that each check was driven to each of its verdicts through the real adapter against a wire.

Collector tests scan with :func:`tests.collectors.scan.scan`, which tells :func:`record` what was found. At the end of a
session that ran the whole folder of collector tests, a check that was not seen to pass, to fail, to be unknown and
(where it has a ``when``) not to be applicable fails the session. ``--driven`` prints the table, also of a part.

:class:`DriveProof` is a plugin of pytest. Under xdist each worker hands over what it collected and saw; the controller,
which hears of every test that ran, concludes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

VERDICTS: Final = ("pass", "fail", "unknown", "not_applicable")
"""In the order in which a table shows them."""

_SEEN: Final[set[tuple[str, str]]] = set()


def record(check: str, verdict: str) -> None:
    """Remember that a check was driven to a verdict in this process."""
    _SEEN.add((check, verdict))


def missing(wanted: Mapping[str, Iterable[str]], seen: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The verdicts that no check of ``wanted`` was driven to, by check; nothing for one that lacks none."""
    there = set(seen)
    lacking = {
        id_: [v for v in VERDICTS if v in verdicts and (id_, v) not in there] for id_, verdicts in wanted.items()
    }
    return {id_: verdicts for id_, verdicts in sorted(lacking.items()) if verdicts}


def table(wanted: Mapping[str, Iterable[str]], seen: Iterable[tuple[str, str]]) -> list[str]:
    """A line a check: which of its verdicts it was driven to."""
    there = set(seen)
    width = max((len(id_) for id_ in wanted), default=0)
    lines = [f"{'check':<{width}}  {'  '.join(VERDICTS)}"]
    for id_, verdicts in sorted(wanted.items()):
        marks = ("yes" if (id_, v) in there else "NO" if v in verdicts else "-" for v in VERDICTS)
        cells = (f"{mark:^{len(v)}}" for mark, v in zip(marks, VERDICTS, strict=True))
        lines.append(f"{id_:<{width}}  {'  '.join(cells)}".rstrip())
    return lines


class DriveProof:
    """The plugin. ``folder`` holds the collector tests; ``wanted`` gives each check's verdicts."""

    def __init__(self, config: pytest.Config, folder: Path, wanted: Callable[[], Mapping[str, Sequence[str]]]) -> None:
        self._config, self._folder, self._wanted = config, folder, wanted
        self._partial = any("::" in str(arg) for arg in config.args)
        self._collected: set[str] = set()
        self._files: set[str] = set()
        self._ran: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._missing: dict[str, list[str]] | None = None
        """None as long as nothing was concluded: the session was of a part, or is not over."""

    @pytest.hookimpl
    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """A selection by name or mark that leaves collector tests out makes the session one of a part."""
        self._partial = self._partial or any(self._folder in item.path.parents for item in items)

    @pytest.hookimpl
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What there is to run, of the folder."""
        mine = [item for item in session.items if self._folder in item.path.parents]
        self._collected = {item.nodeid for item in mine}
        self._files = {item.path.name for item in mine}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that ran, in this process or in a worker."""
        if report.when == "teardown":
            self._ran.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker of xdist is done: take over what it collected and saw."""
        said = getattr(node, "workeroutput", {}).get("driven")
        if said is not None:
            self._partial = self._partial or said["partial"]
            self._collected.update(said["collected"])
            self._files.update(said["files"])
            self._seen.update((check, verdict) for check, verdict in said["seen"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over, in a worker; else conclude, and fail the session where a verdict is missing."""
        self._seen |= _SEEN
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput["driven"] = {
                "partial": self._partial,
                "collected": sorted(self._collected),
                "files": sorted(self._files),
                "seen": sorted(map(list, self._seen)),
            }
        elif self._whole():
            self._missing = missing(self._wanted(), self._seen)
            if self._missing and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _whole(self) -> bool:
        there = {path.name for path in self._folder.rglob("test_*.py")}
        return not self._partial and self._files == there and self._collected <= self._ran

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table where it was asked for, and what is missing."""
        if self._config.getoption("--driven"):
            terminalreporter.section("checks driven through the adapter", sep="=")
            terminalreporter.write_line("\n".join(table(self._wanted(), self._seen)))
            if self._missing is None:
                terminalreporter.write_line("Not all collector tests ran: nothing is concluded from what is missing.")
        if self._missing:
            terminalreporter.section("checks that no collector test drove to each of their verdicts", sep="=", red=True)
            for id_, verdicts in self._missing.items():
                terminalreporter.write_line(f"{id_}: never {', '.join(verdicts)}")
