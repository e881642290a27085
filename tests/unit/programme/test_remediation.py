"""The remediation plan: people's words stay, runs tick off what they show, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.content.remediation import load_plan, written
from engine.errors import ContentError
from engine.programme.remediation import Task, updated
from tests.unit.data_folders import CHECKOUT

SCHEMA = CHECKOUT / "schemas" / "remediation.schema.json"
FIRST, ON = date(2026, 10, 1), date(2026, 11, 26)
MINE = Task("check/a", "3 failures", "Dana", FIRST, date(2026, 12, 1), "SEC-1", 'Waits for the vendor: "soon"\nor not')
OPEN = {"check/a": ("2 failures", "Head of Security")}


@pytest.mark.parametrize(
    ("before", "open_", "settled", "asked", "after"),
    [
        ([], OPEN, set(), {"check/a"}, [Task("check/a", "2 failures", "Head of Security", ON)]),
        ([MINE], OPEN, set(), {"check/a"},
         [Task("check/a", "2 failures", "Dana", FIRST, MINE.target, "SEC-1", MINE.note)]),
        # Shown done; out of scope; not looked at.
        ([Task("check/a", "x", "Dana", FIRST)], {}, {"check/a"}, {"check/a"},
         [Task("check/a", "x", "Dana", FIRST, done_on=ON)]),
        ([Task("check/a", "x", "Dana", FIRST)], {}, set(), set(), [Task("check/a", "x", "Dana", FIRST, dropped_on=ON)]),
        ([Task("check/a", "x", "Dana", FIRST)], {}, set(), {"check/a"}, [Task("check/a", "x", "Dana", FIRST)]),
        ([Task("unseen/denied/x", "x", "", FIRST)], {}, set(), set(), [Task("unseen/denied/x", "x", "", FIRST)]),
        # Done once, and found again; done long ago stays done on that day.
        ([Task("check/a", "x", "Dana", FIRST, done_on=date(2026, 11, 1))], OPEN, set(), {"check/a"},
         [Task("check/a", "2 failures", "Dana", FIRST, reopened_on=ON)]),
        ([Task("check/b", "x", "Dana", FIRST, done_on=date(2026, 11, 1))], OPEN, {"check/b"}, set(),
         [Task("check/a", "2 failures", "Head of Security", ON),
          Task("check/b", "x", "Dana", FIRST, done_on=date(2026, 11, 1))]),
    ],
)  # fmt: skip
def test_a_run_brings_the_plan_up_to_date(
    before: list[Task], open_: dict[str, tuple[str, str]], settled: set[str], asked: set[str], after: list[Task]
) -> None:
    assert list(updated(before, open_, settled, asked, ON)) == after


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    tasks = (
        MINE,
        Task("criterion/CC1.1", 'No: "control" # \u202e {}', "", FIRST, done_on=ON),
        Task("nights", "x", "y", ON),
    )
    path = tmp_path / "remediation.yaml"
    for plan in (tasks, ()):
        path.write_bytes(written(plan))
        assert load_plan(path, SCHEMA) == plan
    assert load_plan(tmp_path / "none.yaml", SCHEMA) == ()


def test_everything_wrong_with_a_plan_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "remediation.yaml"
    path.write_text(
        "items:\n"
        "  - {id: check/a, what: x, owner: Dana, opened_on: 2026-11-01, done_on: 2026-10-01}\n"
        "  - {id: check/a, what: x, owner: Dana, opened_on: 2026-11-01, done_on: 2026-11-02, dropped_on: 2026-11-03}\n"
    )
    with pytest.raises(ContentError) as raised:
        load_plan(path, SCHEMA)
    assert [(problem.line, problem.key, problem.message) for problem in raised.value.problems] == [
        (2, "items[0].done_on", "is before opened_on, 2026-11-01"),
        (3, "items[1].id", "check/a is there already"),
        (3, "items[1].dropped_on", "an item is done or dropped, not both"),
    ]
    path.write_text("items:\n  - {id: nonsense, what: x, owner: Dana, opened_on: yesterday, by: me}\n")
    with pytest.raises(ContentError) as raised:
        load_plan(path, SCHEMA)
    assert {problem.line for problem in raised.value.problems} == {2}
    assert len(raised.value.problems) == 3
