"""The proof that every check was driven to its verdicts: what it concludes of whole sessions, and of parts of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests import driven
from tests.driven import missing, table

pytest_plugins = ("pytester",)

CHECKOUT: Final = Path(__file__).resolve().parents[2]
WANTED: Final = {"b.one": ["pass", "fail", "unknown"], "a.two": ["pass", "fail", "unknown", "not_applicable"]}
ALL: Final = [(check, verdict) for check, verdicts in WANTED.items() for verdict in verdicts]

CONFTEST: Final = """
from pathlib import Path
from tests.driven import DriveProof

WANTED = {"x.y": ["pass", "fail", "unknown"], "x.z": ["pass", "not_applicable"]}

def pytest_addoption(parser):
    parser.addoption("--driven", action="store_true")

def pytest_configure(config):
    config.pluginmanager.register(DriveProof(config, Path(__file__).parent / "collectors", lambda: WANTED))
"""
DRIVES: Final = """
import pytest
from tests import driven

@pytest.mark.parametrize(("check", "verdict"), {rows})
def test_it(check, verdict):
    driven.record(check, verdict)
"""
FIRST: Final = [("x.y", "pass"), ("x.y", "fail")]
SECOND: Final = [("x.y", "unknown"), ("x.z", "pass"), ("x.z", "not_applicable")]
LACKING: Final = "checks that no collector test drove to each of their verdicts"


def test_nothing_is_missing_where_every_verdict_was_seen() -> None:
    assert missing(WANTED, [*ALL, ("of.another", "pass")]) == {}


@pytest.mark.parametrize(("check", "verdict"), ALL)
def test_a_verdict_that_was_not_seen_is_missing(check: str, verdict: str) -> None:
    assert missing(WANTED, [pair for pair in ALL if pair != (check, verdict)]) == {check: [verdict]}


def test_the_table_says_of_each_check_what_it_was_driven_to() -> None:
    assert table(WANTED, [pair for pair in ALL if pair != ("a.two", "fail")]) == [
        "check  pass  fail  unknown  not_applicable",
        "a.two  yes    NO     yes         yes",
        "b.one  yes   yes     yes          -",
    ]


# --- sessions --------------------------------------------------------------------------------------------------------


Session = Callable[..., tuple[int, str]]


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Runs two files of collector tests and one test of something else; gives the exit code and what was printed."""
    monkeypatch.setattr(driven, "_SEEN", set())
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take longer to load than everything else here
    collectors = pytester.mkdir("collectors")
    (pytester.path / "conftest.py").write_text(CONFTEST)
    (pytester.path / "test_other.py").write_text("def test_other(): pass")
    (collectors / "test_first.py").write_text(DRIVES.format(rows=FIRST))

    def run(second: list[tuple[str, str]], *arguments: str, workers: str = "0") -> tuple[int, str]:
        (collectors / "test_second.py").write_text(DRIVES.format(rows=second))
        common = (
            "-q",
            "-p",
            "xdist",
            "-p",
            "no:cacheprovider",
            "--import-mode=importlib",
            "-n",
            workers,
            "--dist",
            "worksteal",
        )
        once = pytester.runpytest_inprocess if workers == "0" else pytester.runpytest_subprocess
        done = once(*common, "-n", workers, *arguments)
        return int(done.ret), done.stdout.str()

    return run


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_whole_session_that_saw_every_verdict_passes(session: Session, workers: str) -> None:
    code, printed = session(SECOND, workers=workers)

    assert (code, LACKING in printed) == (0, False), printed


@pytest.mark.parametrize(("workers", "what"), [("0", "."), ("0", "collectors"), ("2", ".")])
def test_a_whole_session_that_lacks_a_verdict_fails_and_names_it(session: Session, workers: str, what: str) -> None:
    code, printed = session(SECOND[1:2], what, workers=workers)

    assert code == 1, printed
    assert LACKING in printed
    assert "x.y: never unknown\nx.z: never not_applicable\n" in printed


@pytest.mark.parametrize(
    ("arguments", "workers"),
    [
        (("-k", "pass"), "0"),
        (("-k", "pass"), "2"),
        (("collectors/test_first.py",), "0"),
        (("test_other.py",), "0"),
        (("collectors/test_first.py", "collectors/test_second.py::test_it[x.z-pass]"), "0"),
        (("--deselect", "collectors/test_second.py::test_it[x.z-pass]"), "0"),
        (("--ignore", "collectors/test_second.py"), "0"),
        (("--collect-only",), "0"),
    ],
)
def test_a_part_of_a_session_concludes_nothing(session: Session, arguments: tuple[str, ...], workers: str) -> None:
    code, printed = session(SECOND[1:2], *arguments, workers=workers)

    assert (code, LACKING in printed) == (0, False), printed


def test_a_session_that_stopped_early_concludes_nothing(session: Session, pytester: pytest.Pytester) -> None:
    (pytester.path / "collectors" / "test_early.py").write_text("def test_it(): raise AssertionError")
    code, printed = session(SECOND[1:2], "-x")

    assert (code, LACKING in printed) == (1, False), printed


def test_what_is_left_out_of_other_tests_takes_nothing_from_the_whole(session: Session) -> None:
    code, printed = session(SECOND[1:2], "--deselect", "test_other.py::test_other")

    assert (code, LACKING in printed) == (1, True), printed


def test_the_table_is_printed_where_it_is_asked_for(session: Session) -> None:
    code, printed = session(SECOND, "--driven", "collectors/test_first.py")

    assert code == 0
    assert "\n".join(table({"x.y": ["pass", "fail", "unknown"], "x.z": ["pass", "not_applicable"]}, FIRST)) in printed
    assert "Not all collector tests ran: nothing is concluded" in printed
