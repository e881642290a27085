"""Evidence that people bring: it is written whole or not at all, and says what it now speaks for."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from engine.cli import group, main
from engine.content.files import parse
from engine.content.written import add, edited, lodge, text_of
from engine.errors import UsageError
from engine.report import Options, needs
from engine.workflows import evidence as workflow
from tests.end_to_end.small_firm import folder, tree

ON = date(2026, 11, 26)
DIGEST = "a330395cc0a53ad1207736546afff4735940937564bbf75ce1edad40780d9139"  # sha256sum of "list"


@pytest.fixture
def attendance(tmp_path: Path) -> Path:
    path = tmp_path / "attendance.csv"
    path.write_bytes(b"list")
    return path


def training(attendance: Path) -> workflow.Evidence:
    return workflow.Evidence((attendance,), "training", "Security training", "Kim", ON, effective=date(2026, 9, 14))


def test_a_record_is_written_with_its_files_and_says_what_it_speaks_for_and_what_is_still_open(
    attendance: Path, tmp_path: Path
) -> None:
    policy = folder(tmp_path)

    added = workflow.record(training(attendance), policy, ON)
    (need,) = added.needs

    assert yaml.load(added.record.path.read_bytes(), yaml.BaseLoader) == {
        "kind": "training",
        "title": "Security training",
        "by": "Kim",
        "effective_on": "2026-09-14",
        "received_on": "2026-11-26",
        "files": [{"name": "attendance.csv", "sha256": DIGEST, "size": "4"}],
    }
    assert added.record.path == policy / "records" / "2026-09-14-training.yaml"
    copied = added.record.path.with_suffix("") / "attendance.csv"
    assert copied.read_bytes() == b"list"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (added.record.path, copied)} == {0o600}
    assert (need.demand.control, need.state, need.due) == ("HR-02", "absent", date(2026, 3, 31))
    assert [row.name for row in added.filled(need)] == ["2026-Q3"]
    assert [(row.name, row.state) for row in need.occurrences if row.lacking] == [
        ("2026-Q1", "absent"), ("2026-Q2", "absent"), ("2026-Q4", "open"),
    ]  # fmt: skip


def test_a_digest_that_looks_like_a_number_is_written_as_text(attendance: Path, tmp_path: Path) -> None:
    attendance.write_bytes(b"customer_notice 2026-05-12")  # its SHA-256 begins with 0b, as binary numbers do

    (file,) = workflow.record(training(attendance), folder(tmp_path), ON).record.files

    assert (file.sha256[:8], file.state) == ("0b98b76b", "whole")


def test_the_same_file_again_is_told_has_an_id_of_its_own_and_cannot_fill_what_is_closed(
    attendance: Path, tmp_path: Path
) -> None:
    policy = folder(tmp_path)
    workflow.record(training(attendance), policy, ON)

    again = workflow.record(training(attendance), policy, ON)
    belated = workflow.record(
        replace(training(attendance), effective=date(2026, 11, 2), occurrence="2026-Q2"), policy, ON
    )

    assert (again.record.id, again.again) == ("2026-09-14-training-2", ("2026-09-14-training",))
    (need,) = belated.needs
    assert (belated.filled(need), [row.name for row in belated.belated(need)]) == ((), ["2026-Q2"])


def test_evidence_that_contradicts_the_controls_or_itself_is_refused_and_nothing_is_written(
    attendance: Path, tmp_path: Path
) -> None:
    policy = folder(tmp_path)
    before = tree(policy)
    proper = training(attendance)
    empty = tmp_path / "sub"
    empty.mkdir()
    (empty / "attendance.csv").write_bytes(b"another")
    (empty / "nothing.pdf").touch()
    refused = {
        "no control names the kind trainings; did you mean training?": replace(proper, kind="trainings"),
        "there is no control HR-20; did you mean HR-02?": replace(proper, supports=("HR-20",)),
        "HR-01 does not ask for training; it asks for background_check": replace(proper, supports=("HR-01",)),
        "there is no occurrence 2026-09; one is named like 2026-Q3": replace(proper, occurrence="2026-09"),
        "for HR-01 is not recurring": replace(proper, kind="background_check", occurrence="2026-Q3"),
        "valid_until: 2026-09-01 is before effective_on": replace(proper, until=date(2026, 9, 1)),
        "title: must have at least 3 characters": replace(proper, title="x"),
        "two files are called attendance.csv": replace(proper, files=(attendance, empty / "attendance.csv")),
        "is no file": replace(proper, files=(tmp_path / "missing.pdf",)),
        "nothing.pdf is empty, and shows nothing": replace(proper, files=(empty / "nothing.pdf",)),
        "write policies/documents/NAME.md of kind incident_response_plan": replace(
            proper, kind="incident_response_plan"
        ),
    }
    for message, evidence in refused.items():
        with pytest.raises(UsageError, match=message.replace("?", r"\?")):
            workflow.record(evidence, policy, ON)
    with pytest.raises(UsageError, match="name the policy folder with --policy DIR"):
        workflow.record(proper, None, ON)
    assert tree(policy) == before


def test_a_record_without_a_date_is_kept_and_counts_for_nothing(attendance: Path, tmp_path: Path) -> None:
    undated = replace(training(attendance), effective=None)

    added = workflow.record(undated, folder(tmp_path), ON)
    (need,) = added.needs

    assert (added.record.id, need.standing.state, added.filled(need)) == ("2026-11-26-training", "undated", ())


def test_the_list_names_every_kind_that_applies_and_what_is_due_longest_first(attendance: Path, tmp_path: Path) -> None:
    policy = folder(tmp_path)
    checked = replace(training(attendance), kind="background_check", effective=date(2025, 3, 1))
    workflow.record(checked, policy, ON)

    found = workflow.listed(policy, ON)

    # AV-01 serves availability alone, which is no category of this report.
    assert [(need.demand.kind, need.state, need.due) for need in found] == [
        ("background_check", "lacking", date(2026, 3, 1)),
        ("training", "absent", date(2026, 3, 31)),
        ("incident_response_plan", "lacking", None),
    ]
    text = needs.render(found, ON, "text", Options(width=100, color=False))
    assert "3 kinds, named by controls 3 times; 2 to be done" in text
    assert "MISSING   background check · HR-01 · Head of People" in text
    assert "background check expired after 2026-03-01" in text
    assert "expected 4: 3 absent (2026-Q1, 2026-Q2, 2026-Q3), 1 open (2026-Q4)" in " ".join(text.split())
    assert "in its place suffices: aws.incidents.response_plan_exists" in text
    rows = json.loads(needs.render(found, ON, "json", Options()))["evidence"]
    assert [(row["demand"]["kind"], row["state"], row["awaited"]) for row in rows] == [
        ("background_check", "lacking", True),
        ("training", "absent", True),
        ("incident_response_plan", "lacking", False),
    ]


def test_the_verb_tells_the_record_the_controls_and_the_next_step(
    attendance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder(tmp_path)
    asked = ["--kind", "background_check", "--title", "Checks \x1b[2J", "--by", "Kim", "--policy", "policies"]

    code = main(group, ["evidence", "add", str(attendance), *asked, "--effective", "2020-01-01"], "auditreel")
    told = capsys.readouterr()

    assert code == 0
    assert told.out == (
        "policies/records/2020-01-01-background-check.yaml\n"
        "  HR-01 (Head of People): background check expired after 2020-12-31 (2020-01-01-background-check)\n"
    )
    assert told.err == (
        "Next: git add policies/records/2020-01-01-background-check.yaml policies/records/2020-01-01-background-check "
        "and commit; the next run seals it.\n"
    )
    assert main(group, ["evidence", "list", "--policy", "policies"], "auditreel") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "records" / "x.yaml"
    lodge(path, b"one", {"a": b"1"})
    before = tree(tmp_path)

    for again in (lambda: lodge(path, b"two", {"b": b"2"}), lambda: add(path, b"two")):
        with pytest.raises(UsageError, match="writing"):
            again()
    (tmp_path / "records" / "y.yaml").write_bytes(b"taken")
    with pytest.raises(UsageError, match="it is there already"):
        lodge(tmp_path / "records" / "y.yaml", b"two", {"b": b"2"})

    assert tree(tmp_path) == {**before, "records/y.yaml": b"taken"}


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("a: 1  # why\nb: |-\n  two\n  lines\nc: 3\n", {"a": "x", "b": "yes: no # all"}),
        ("a: [1, 2]\nb:\n  - p  # first\n  # between\n  - q\n# last\nc: 3\n", {"a": ["x", "y, z"], "b": ["r", "on"]}),
        ("a: 2026-01-01\nb: x", {"a": "2027-02-28", "d": "new\nline"}),
        ("{a: 1, b: 2}\n", {"a": "3"}),
    ],
)
def test_an_edited_file_says_the_new_values_and_keeps_the_others(value: str, values: dict[str, str]) -> None:
    document = parse(Path("x.yaml"), value.encode(), [])
    assert document is not None
    new = parse(Path("x.yaml"), edited(document, values), [])
    assert new is not None
    assert new.value == {**document.value, **values}
    assert [line for line in value.split("\n") if line.startswith("#")] == [
        line for line in new.text.split("\n") if line.startswith("#")
    ]


def test_what_is_written_reads_back_as_it_was() -> None:
    day = date(2026, 1, 2)
    value = {"title": "yes", "by": "Zoë: \x07 # '\"", "n": 1, "at": day, "again": day, "rows": [{"a": "2026-01-01"}]}
    document = parse(Path("x.yaml"), text_of(value), [])
    assert document is not None
    assert document.value == {**value, "at": "2026-01-02", "again": "2026-01-02"}
