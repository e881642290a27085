"""What falls due is told to who owns it: nothing that ends, is late or was never approved is passed over."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from engine.cli import group, main
from engine.report import Options
from engine.report import due as shown
from engine.workflows.agenda import Agenda, agenda
from tests.end_to_end.small_firm import CONTROLS, folder

ORGANIZATION = """\
name: Example
categories: [security]
owners: {Head of People: [Kim], Head of Security: [Robin, Sam]}
subservices:
  - {id: cloud, name: Cloud Inc., method: carve_out, services: Runs our machines., monitored_by: IR-02,
     report: {type: SOC 2 Type II, from: 2025-10-01, to: 2026-09-30, opinion: unqualified, bridge_until: 2026-12-15,
              reviewed_on: 2026-10-20, reviewed_by: Robin}}
  - {id: mail, name: Mail GmbH, method: carve_out, services: Sends our mail., monitored_by: IR-02,
     report: {type: SOC 2 Type II, from: 2025-01-01, to: 2025-12-31, opinion: qualified}}
  - {id: desk, name: "Desk \\e[2J", method: carve_out, services: Keeps our tickets., monitored_by: IR-02}
"""
WAIVER = """\
kind: planned_fix
check: aws.s3.bucket_versioning
account: "111122223333"
resources: ["arn:aws:s3:::{id}"]
owner: Dana
approver: Robin
approved_on: 2026-10-01
reason: The bucket goes away with the old exports.
start: 2026-10-01
expires: {expires}
"""
DOCUMENT = """\
---
title: {title}
kind: {kind}
owner: Head of Security
version: "1"
criteria: [CC6.1]
{more}
---
Text.
"""
APPROVED = "approved_by: Robin\napproved_on: 2025-12-10\nreview_by: {day}"
ON = date(2026, 11, 26)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    made = folder(tmp_path, ORGANIZATION, CONTROLS)
    for name in ("waivers", "documents", "records"):
        (made / name).mkdir()
    for id_, expires in (("ended", "2026-11-20"), ("ending", "2026-12-20"), ("long", "2027-03-01")):
        (made / "waivers" / f"{id_}.yaml").write_text(WAIVER.format(id=id_, expires=expires))
    for id_, more in (
        ("access", "status: template"),
        ("backup", ""),
        ("change", APPROVED.format(day="2026-11-01")),
        ("data", APPROVED.format(day="2026-12-10")),
        ("keys", APPROVED.format(day="2027-12-10")),
    ):
        text = DOCUMENT.format(title=f"{id_.title()} policy", kind=f"{id_}_policy", more=more).replace("\n\n", "\n")
        (made / "documents" / f"{id_}.md").write_text(text)
    record = "kind: {kind}\ntitle: {title}\nby: Kim\n{more}"
    for id_, kind, more in (
        ("check", "background_check", "effective_on: 2025-12-05\n"),
        ("q1", "training", "effective_on: 2026-02-05\n"),
        ("q2", "training", "effective_on: 2026-05-05\n"),
        ("undated", "training", ""),
    ):
        (made / "records" / f"{id_}.yaml").write_text(record.format(kind=kind, title=f"The {id_}", more=more))
    return made


def rows(found: Agenda) -> list[tuple[str, str, str, str]]:
    return [(row.owner, row.state, str(row.by), f"{row.subject}: {row.what}") for row in found.rows]


def test_everything_that_falls_due_is_told_with_its_owner_and_day(policy: Path) -> None:
    security, people = "Head of Security", "Head of People"
    assert rows(agenda(policy, ON, 35)) == [
        (security, "overdue", "2025-12-31",
         "mail: Mail GmbH: its report ends on 2025-12-31, no bridge letter: nothing speaks for the days after"),
        (people, "overdue", "2026-09-30",
         "HR-02: training of 2026-Q3 is absent: the grace ended on 2026-10-30, and nothing that comes now fills it"),
        (security, "overdue", "2026-11-01", "change: Change policy was to be reviewed"),
        ("Dana", "overdue", "2026-11-20",
         "ended: the waiver of aws.s3.bucket_versioning ended: its failures count again"),
        (security, "undated", "None", "access: Access policy is a template: make it yours and approve it"),
        (security, "undated", "None", "backup: Backup policy is not approved"),
        (security, "undated", "None", "desk: Desk \x1b[2J: there is no report of its own"),
        (security, "undated", "None", "mail: Mail GmbH: its report to 2025-12-31 is not reviewed"),
        ("Kim", "undated", "None", "undated: The undated says no date for which it speaks; it counts for nothing"),
        (people, "due", "2026-12-05",
         "HR-01: background check of 2025-12-05, good until 2026-12-05 (check), on the word of Kim, no file"),
        (security, "due", "2026-12-10", "data: Data policy is to be reviewed"),
        (security, "due", "2026-12-15",
         "cloud: Cloud Inc.: its report ends on 2026-09-30, bridge letter to 2026-12-15: nothing speaks for the days "
         "after"),
        ("Dana", "due", "2026-12-20", "ending: the waiver of aws.s3.bucket_versioning ends"),
        (people, "due", "2026-12-31", "HR-02: training of 2026-Q4 is expected"),
    ]  # fmt: skip


def test_within_its_grace_an_occurrence_is_late_and_what_lies_further_ahead_is_left_out(policy: Path) -> None:
    late = [row for row in rows(agenda(policy, date(2026, 10, 15), 0)) if row[3].startswith("HR-02")]
    assert late == [
        ("Head of People", "late", "2026-09-30", "HR-02: training of 2026-Q3 is late: the grace ends on 2026-10-30")
    ]
    assert not [row for row in rows(agenda(policy, ON, 0)) if row[1] == "due"]


def test_an_empty_folder_says_what_nobody_recorded(tmp_path: Path) -> None:
    found = agenda(folder(tmp_path), date(2026, 1, 15), 30)
    assert (found.rows, found.lacking) == ((), ("background_check",))
    text = shown.render(found.organization, (found.on, found.until), found.rows, {}, found.lacking, "text", Options())
    assert "nothing falls due" in text
    assert "recorded of background check" in text


def test_the_report_is_grouped_by_owner_with_the_people_who_hold_the_role(
    policy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(group, ["report", "due", "--policy", str(policy)], "auditreel") == 0
    text = capsys.readouterr().out
    assert "Head of Security (Robin, Sam)" in text
    assert "Head of People (Kim)" in text
    assert "\x1b" not in text
    assert "Desk \\x1b[2J: there is no report of its own" in text
    assert main(group, ["report", "due", "--policy", str(policy), "--format", "json"], "auditreel") == 0
    document = json.loads(capsys.readouterr().out)
    assert {row["owner"]: row["people"] for row in document["owners"]}["Head of Security"] == ["Robin", "Sam"]


def test_before_a_control_began_nothing_was_expected_unless_the_window_says_so(tmp_path: Path) -> None:
    endless = CONTROLS.replace(", since: 2026-01-01", "")
    windowed = "name: Example\ncategories: [security]\nwindow: {from: 2026-07-01, to: 2026-12-31}\n"

    def told(found: Agenda) -> list[tuple[str, str]]:
        return [(row.state, str(row.by)) for row in found.rows]

    begun = folder(tmp_path / "begun", ORGANIZATION[: ORGANIZATION.index("subservices")], endless)
    (begun / "records").mkdir()
    assert told(agenda(begun, ON, 40)) == [("due", "2026-12-31")]
    (begun / "records" / "q1.yaml").write_text("kind: training\ntitle: The q1\nby: Kim\neffective_on: 2026-02-05\n")
    assert told(agenda(begun, ON, 40)) == [
        ("overdue", "2025-12-31"), ("overdue", "2026-06-30"), ("overdue", "2026-09-30"), ("due", "2026-12-31"),
    ]  # fmt: skip
    assert told(agenda(folder(tmp_path / "windowed", windowed, endless), ON, 40)) == [
        ("overdue", "2026-09-30"), ("due", "2026-12-31"),
    ]  # fmt: skip
