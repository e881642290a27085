"""What stands behind controls that no check judges: the nights themselves, or evidence that nobody has recorded."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.evidence.canonical import digest
from engine.periods import MARKS
from engine.report.html.charts import TimeLine
from engine.report.html.site import Site
from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import (
    CONTROLS,
    ENCRYPTED,
    VERSIONED,
    a_check,
    accepted,
    content,
    judged,
    made,
    plan,
    recorded,
)  # fmt: skip
from tests.unit.evidence.synthetic_runs import store_in

PERIOD = ("--from", "2026-06-01", "--to", "2026-06-05")
MANUAL = """
  - id: GV-01
    statement: Management reviews who has access every quarter.
    owner: Operations
    criteria: [CC6.1]
    aspects: [CC6.1.access_restricted]
    operation: recurring
    evidence: [access_review]
  - id: GV-02
    statement: Buckets keep versions, or a report of backups shows it.
    owner: Operations
    criteria: [CC6.1]
    aspects: [CC6.1.access_restricted]
    operation: continuous
    satisfied_by: {any: [aws.s3.versioned, backup_report]}
  - id: GV-03
    statement: Buckets are encrypted, or a report of disks shows it.
    owner: Operations
    criteria: [CC6.1]
    aspects: [CC6.1.access_restricted]
    operation: continuous
    satisfied_by: {any: [aws.s3.encrypted, disk_report]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five nights of which two have no run; nothing fails, and one check is never selected."""
    folder = tmp_path_factory.mktemp("kinds")
    store = store_in(folder)
    for day in (1, 2, 4):
        recorded(
            store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass"}}, controls=CONTROLS + MANUAL.lstrip("\n")
        )
    return folder


@pytest.mark.parametrize(
    ("files", "shows", "told"),
    [
        ("", "failures observed", "on the word of Dana, no file: it stands in the place of no check"),
        (
            f"files: [{{name: disks.csv, sha256: {digest(b'all')}, size: 3}}]",
            "no failures observed",
            f"not used: {ENCRYPTED}, since an alternative is in use; failing beside it, and counted for no control: "
            f"{ENCRYPTED} on 1",
        ),
    ],
)
def test_a_record_stands_in_the_place_of_a_check_that_fails_only_with_a_file_and_beside_the_failure(
    tmp_path: Path, files: str, shows: str, told: str
) -> None:
    store = store_in(tmp_path)
    check, at = a_check(ENCRYPTED), "2026-06-01T01:00:00Z"
    said = f"kind: disk_report\ntitle: Disks\nby: Dana\neffective_on: 2026-05-01\n{files}\n".encode()
    plain = content([check], controls=CONTROLS + MANUAL.lstrip("\n"))
    more = {"records/disks.yaml": said, "records/disks/disks.csv": b"all"}
    run = store.begin(*store.intended(plan(), replace(plain, policies={**plain.policies, **more}), at))
    what = judged(at, {ENCRYPTED: {"a": "fail"}}, [check])
    run.add(what.snapshot, what.findings)
    run.seal(what, at)
    row = next(row for row in made(tmp_path, "2026-06-01", "2026-06-01").controls if row.control.id == "GV-03")
    assert (row.word.replace("_", " "), told in row.result) == (shows, True), row.result


def workpaper(folder: Path) -> dict[str, dict[str, str]]:
    done = auditreel(folder, "report", "type2", *PERIOD, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, b"")
    return {row["Control"]: row for row in csv.DictReader(io.StringIO(done.stdout.decode("utf-8-sig")))}


def test_missed_nights_are_failures_of_the_scanning_control_and_coverage_everywhere_else(folder: Path) -> None:
    rows = workpaper(folder)
    scanning, other = rows["MO-01"], rows["DP-01"]
    assert [scanning[name] for name in ("Shows", "Failures", "Deviations by the rule", "Failures listed as")] == [
        "failures observed", "2", "2", "2 nights without a run (2026-06-03, 2026-06-05)",
    ]  # fmt: skip
    assert (other["Shows"], other["Failures"], other["Deviations by the rule"]) == ("incomplete", "0", "0")
    assert (other["Nights seen as a whole"], other["Nights expected"]) == ("3", "5")


@pytest.mark.parametrize("form", ["text", "markdown", "html", "oscal"])
def test_every_format_names_the_missed_nights_as_failures_of_the_scanning_control(folder: Path, form: str) -> None:
    written = auditreel(folder, "report", "type2", *PERIOD, "--format", form).stdout.decode()
    assert "2 nights without a run (2026-06-03, 2026-06-05)" in " ".join(written.replace("`", "").split())
    if form == "oscal":
        (result,) = json.loads(written)["assessment-results"]["results"]
        assert [row["title"].replace("`", "") for row in result["findings"]] == [
            "MO-01: 2 failures, 2 deviations by the rule; 2 nights without a run (2026-06-03, 2026-06-05)"
        ]


def test_evidence_that_nobody_recorded_is_said_and_never_left_out(folder: Path) -> None:
    rows = {
        id_: (row["Shows"], row["Result, in counts"]) for id_, row in workpaper(folder).items() if id_.startswith("GV")
    }
    assert rows == {
        "GV-01": ("no evidence", "Nothing was inspected by machine; no evidence recorded: access review."),
        "GV-02": (
            "no evidence",
            "No failures observed in what was seen, complete on 0 of 5 nights, 0 resources; not run: aws.s3.versioned; "
            "no evidence recorded: backup report.",
        ),
        "GV-03": (
            "incomplete",
            "No failures observed in what was seen, complete on 3 of 5 nights, 1 resource.",
        ),
    }


def test_the_nights_that_the_page_draws_are_those_that_were_concluded(folder: Path) -> None:
    period = made(folder, "2026-06-01", "2026-06-05")
    site = Site(period, split=False)
    drawn = {id_: "".join(MARKS[square.state] for square in shown.squares) for id_, shown in site.controls.items()}
    assert drawn == {
        "DP-01": "rr-r-", "DP-02": ".....", "GV-01": "", "GV-02": ".....", "GV-03": "rr-r-", "MO-01": "rr-r-",
    }  # fmt: skip
    assert {id_: marks.count("r") for id_, marks in drawn.items()} == {
        row.control.id: row.nights for row in period.controls
    }


def test_a_night_on_which_one_of_two_checks_was_not_selected_is_drawn_as_partly_run(tmp_path: Path) -> None:
    both = CONTROLS.replace("checks: [aws.s3.encrypted]", "checks: [aws.s3.encrypted, aws.s3.versioned]")
    store = store_in(tmp_path)
    alone, together = {ENCRYPTED: {"a": "pass"}}, {ENCRYPTED: {"a": "pass"}, VERSIONED: {"a": "pass"}}
    for day, verdicts in ((1, alone), (2, together), (3, together)):
        recorded(store, f"2026-06-0{day}T01:00:00Z", verdicts, controls=both)
    period = made(tmp_path, "2026-06-01", "2026-06-03")
    (control,) = (row for row in period.controls if row.control.id == "DP-01")
    assert (control.marks, control.nights, control.word) == ("prr", 2, "incomplete")
    squares = Site(period, split=False).controls["DP-01"].squares
    assert [square.state for square in squares] == ["partly", "ran", "ran"]


def test_the_part_of_a_failure_that_was_waived_is_drawn_and_no_more(tmp_path: Path) -> None:
    """b is waived on the second and third of five nights, c from the first to the last by the same waiver."""
    store = store_in(tmp_path)
    check = a_check(ENCRYPTED)
    for day in range(1, 6):
        beside = {"c": accepted("c", check), **({"b": accepted("b", check)} if day in (2, 3) else {})}
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"b": "fail", "c": "fail"}}, [check], accepted=beside)
    period = made(tmp_path, "2026-06-01", "2026-06-05")
    told = {
        row.subject.name: [(id_, first.as_of[8:10], last.as_of[8:10]) for id_, first, last in row.beside]
        for row in period.failures
    }
    assert told == {"b": [("2026-014", "02", "03")], "c": [("2026-014", "01", "05")]}
    line = TimeLine(period)
    b, c = (line.bar(row) for row in period.failures)
    assert len(b.waived) == len(c.waived) == 1
    assert float(c.waived[0][1]) == pytest.approx(4 * float(b.waived[0][1]), abs=0.3)
