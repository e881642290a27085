from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from engine.cli import streams
from engine.errors import UsageError


def test_a_report_is_written_for_its_owner_only(tmp_path: Path) -> None:
    streams.write(tmp_path / "report.json", "{}\n")

    assert (tmp_path / "report.json").read_text() == "{}\n"
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_an_older_report_that_everybody_could_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)

    streams.write(path, "new")

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)


def test_a_report_that_cannot_be_written_leaves_the_older_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(UsageError, match=r"writing .*report\.json: No space left on device"):
        streams.write(path, "new")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["report.json"]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")

    streams.write(tmp_path / "link.json", "new")

    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()

    streams.write(path, "through")
    reader.join(30)

    assert read == ["through"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("name", ["folder", "missing/report.json"])
def test_a_target_that_cannot_be_a_file_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(UsageError, match=f"writing {tmp_path / name}"):
        streams.check_target(tmp_path / name)


@pytest.mark.parametrize(
    ("environment", "terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colours_are_for_terminals_and_whoever_asks(environment: dict[str, str], terminal: bool, colored: bool) -> None:
    assert streams.colored(environment, terminal) is colored


def test_what_is_told_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    streams.say("reading \x1b[2J\u202ename:\n  line two")

    assert capsys.readouterr().err == "reading \\x1b[2J\\u202ename:\n  line two\n"
