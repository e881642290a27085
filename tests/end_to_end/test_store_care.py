"""``auditreel store compact`` and ``store expire``: a store is made smaller, and says what it no longer holds."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from engine.content.root import find
from engine.custody import examination, upkeep, verification
from engine.errors import UsageError
from engine.model import Clock
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import store_in

CLOSED = Clock(lambda: "2026-02-10T09:00:00Z", lambda: 0.0, lambda seconds: None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January 2026 is closed; of February the period is open. Beside the store lies a policy with a retention."""
    folder = tmp_path_factory.mktemp("care")
    store = store_in(folder)
    for day in ("2026-01-01", "2026-01-02", "2026-01-31", "2026-02-01"):
        recorded(store, f"{day}T01:05:00Z", {ENCRYPTED: {"a": "pass", "b": "fail"}})
    examination.close(str(folder / "store"), folder / "config", date(2026, 1, 1), date(2026, 1, 31), CLOSED)
    shutil.copytree(find().policies, folder / "policies")
    organization = folder / "policies" / "organization.yaml"
    organization.write_text(organization.read_text() + "\nretention: {days: 30}\n")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def said(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    done = auditreel(folder, "store", *arguments)
    return done.returncode, (done.stdout + done.stderr).decode().splitlines()


def verify(folder: Path) -> tuple[int, str]:
    verdict = verification.verify(str(folder / "store"), folder / "config")
    return verdict.exit_code, "\n".join(verdict.lines)


def test_a_month_that_is_over_is_merged_once(folder: Path) -> None:
    code, lines = said(folder, "compact", "--before", "2026-02-15")
    assert code == 0
    assert lines[0].startswith("2026-01: 3 runs in entry ")
    assert said(folder, "compact", "--before", "2026-02-15")[1] == [
        "nothing to merge: a month has to be over, and to have two runs that stand alone"
    ]
    assert verify(folder)[0] == 0


def test_what_would_be_removed_is_told_first_and_nothing_is(folder: Path) -> None:
    code, lines = said(folder, "expire", "--policy", str(folder / "policies"))
    assert code == 0
    assert [line.partition(": ")[2].partition(" (")[0] for line in lines[:-1]] == ["would be removed"] * 3 + ["kept"]
    assert lines[-1] == "3 of 4 runs due; --remove removes them, for good"
    assert "not retained" not in verify(folder)[1]


def test_what_was_removed_is_told_by_verify_and_by_the_report(folder: Path) -> None:
    code, lines = said(folder, "expire", "--remove", "--policy", str(folder / "policies"))
    assert code == 0
    assert lines[-1] == "3 of 4 runs removed in entry 10"
    code, text = verify(folder)
    assert code == 0
    assert "3 runs, 6 records" in text
    report = auditreel(folder, "report", "type2", "--from", "2026-01-01", "--to", "2026-02-01").stdout.decode()
    words = " ".join(report.split())
    assert "3 runs of the nights 2026-01-01 to 2026-01-31, removed at" in words
    assert "sealed were 3 passed, 3 failed and 0 unknown verdicts" in words


def test_without_a_rule_nothing_is_removed(folder: Path) -> None:
    with pytest.raises(UsageError, match="says nothing of retention"):
        upkeep.expire(str(folder / "store"), folder / "config", True, False, CLOSED)
