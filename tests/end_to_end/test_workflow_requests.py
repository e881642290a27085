"""An auditor's list of requests, from the file that was sent to the answers that are handed over."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from engine.cli import group, main
from engine.content.load import load
from engine.content.requests import load_lists
from engine.content.root import find
from engine.errors import ContentError, UsageError
from engine.programme.requests import OURS
from engine.report import requests_xlsx
from engine.report.requests import table
from engine.workflows import answering, requests
from engine.workflows.agenda import agenda
from engine.workflows.answering import Answered
from engine.workflows.requests import Decision
from tests.end_to_end import larkfield
from tests.end_to_end.larkfield import ON
from tests.end_to_end.small_firm import tree

MFA, RETENTION = "aws.iam.user_console_mfa_enabled", "aws.logs.group_retention"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company with the three lists imported, and the store of its runs, which never read the changes of code."""
    place = tmp_path_factory.mktemp("larkfield")
    policy = larkfield.company(place)
    for name, layout in larkfield.LAYOUTS.items():
        requests.import_(layout(place), policy, ON, name=name)
    content = load(find(policy))
    held = requests.known(content.policy)
    patterns = {
        pattern for of in load_lists(content.root) for row in of.requests for tie in row.ties for pattern in tie.checks
    }
    checks = [id_ for id_ in held.checks(patterns) if not id_.startswith("github.changes.")]
    larkfield.store(place, checks, {MFA: {"b": "fail"}, RETENTION: {"b": "unknown"}})
    return place


@pytest.fixture(scope="module")
def answered(made: Path) -> Answered:
    return answering.answered(made / "policies", "large-firm", ON, str(made / "store"), made / "config")


@pytest.fixture
def policy(made: Path, tmp_path: Path) -> Path:
    """The policy folder, to be changed."""
    return Path(shutil.copytree(made / "policies", tmp_path / "policies"))


def said(of: Answered) -> dict[str, str]:
    return {row.request.id: f"{row.state}: {row.said}" for row in of.answers}


def test_a_list_of_a_hundred_lines_is_imported_and_two_thirds_are_tied_without_help(made: Path) -> None:
    lists = {row.id: row for row in load_lists(find(made / "policies"))}

    assert {id_: len(row.requests) for id_, row in lists.items()} == {
        "large-firm": 100,
        "platform-export": 22,
        "small-firm": 30,
    }
    assert sum(bool(row.ties) for row in lists["large-firm"].requests) >= 67
    first, nda, last = (
        lists["large-firm"].requests[0],
        lists["platform-export"].requests[2],
        lists["small-firm"].requests[-1],
    )
    assert (first.id, first.row, first.area, first.due, first.contact, first.criteria) == (
        "1.01", 6, "Organization and scope", date(2026, 12, 4), "People", ("CC1.3",),
    )  # fmt: skip
    assert (nda.id, nda.text, nda.due, nda.controls, nda.criteria) == (
        "ER-103",
        "NDAs. Executed non-disclosure agreements for the selected new hires.",
        date(2026, 12, 18),
        ("AC-03",),
        ("CC1.1",),
    )  # fmt: skip
    assert (last.id, last.text, last.due, last.controls) == (
        "30",
        "As discussed on our call",
        date(2027, 1, 22),
        ("AC-08",),
    )


def test_every_line_is_answered_stale_or_open_and_says_with_what_or_why(answered: Answered) -> None:
    lines = said(answered)

    assert dict(answered.counts) == {"answered": 76, "stale": 7, "open": 17}
    assert {id_: text for id_, text in lines.items() if text.startswith("stale")} == {
        "2.05": "stale: training has files that are missing or not as recorded (2026-05-12-training); "
        "Training of 2026-02-10 (record 2026-02-10-training)",
        "2.06": "stale: training has files that are missing or not as recorded (2026-05-12-training); "
        "Training of 2026-02-10 (record 2026-02-10-training)",
        "3.06": "stale: cryptography policy is a template that nobody made the organisation's own (cryptography)",
        "3.08": "stale: incident response plan expired after 2026-05-01 (incident-response)",
        "6.06": "stale: access review of 2026-Q2 is late: it was due on 2026-06-30; "
        "Access review of 2026-02-10 (record 2026-02-10-access-review)",
        "6.11": "stale: access review of 2026-Q2 is late: it was due on 2026-06-30; "
        "Access review of 2026-02-10 (record 2026-02-10-access-review)",
        "7.05": f"stale: not seen whole when it was looked at last: {RETENTION}; {RETENTION} on 2 of AWS::S3::Bucket, "
        "seen whole on 0 of 181 nights, no failures observed; sealed runs of 2026-01-01 to 2026-06-30",
    }
    chosen = ("1.07", "1.09", "2.01", "3.01", "5.03", "6.03", "8.01")
    assert {id_: lines[id_] for id_ in chosen} == {
        "1.07": "answered: subservices, 1 entry",
        "1.09": "open: nothing that is kept is known to answer it",
        "2.01": "answered: Background check of 2026-02-10 (record 2026-02-10-background-check, 6 rows); "
        "Background check of 2026-06-30 (record 2026-06-30-background-check, 6 rows); 12 in all",
        "3.01": "answered: Information security policy, version 0, approved by Robin on 2026-02-01, "
        "to be reviewed by 2027-02-01",
        "5.03": "open: no evidence recorded: vendor report",
        "6.03": f"answered: aws.cognito.user_pool_mfa, {MFA}, github.org.two_factor_required on 2 of AWS::S3::Bucket, "
        "seen whole on 2 of 181 nights, 1 FAILURE OBSERVED "
        f"(1 open, 1 deviation by the rule) of {MFA}; sealed runs of 2026-01-01 to 2026-06-30",
        "8.01": "open: no sealed run judged github.changes.deployment_approved, github.changes.deployment_reviewed, "
        "github.changes.no_direct_push, github.changes.pull_request_approved and 2 more",
    }  # fmt: skip


def test_what_does_not_speak_for_the_window_answers_nothing(policy: Path) -> None:
    def drop(id_: str) -> None:
        (policy / "records" / f"{id_}.yaml").unlink()
        shutil.rmtree(policy / "records" / id_)

    for id_ in ("2026-02-10-incident-register", "2026-06-30-background-check"):
        drop(id_)
    register = policy / "records" / "2026-06-30-incident-register.yaml"
    register.write_text(register.read_text()[: register.read_text().index("rows:")])
    late = policy / "documents" / "information-security.md"
    late.write_text(late.read_text().replace("approved_on: 2026-02-01", "approved_on: 2026-07-05"))
    on = date(2026, 8, 15)  # the grace of the second quarter is over

    lines = said(answering.answered(policy, "large-firm", on, None, policy))

    begins = {
        "2.01": "stale: background check speaks up to 2026-02-10, and the window ended on 2026-06-30; Background check",
        "3.01": "stale: information security policy holds from 2026-07-05",
        "6.06": "stale: access review of 2026-Q2 is absent; Access review of 2026-02-10",
        "7.09": "stale: its records list no rows, so that nobody can draw from them; Incident register of 2026-06-30",
        "7.08": "answered: Incident register of 2026-06-30 (record 2026-06-30-incident-register); how many there are",
        "6.03": "open: no sealed run was read: no store is named (--store DIR)",
    }
    assert {id_: lines[id_][: len(text)] for id_, text in begins.items()} == begins


def test_a_list_that_is_sent_again_keeps_what_people_decided_and_shows_what_changed(
    policy: Path, tmp_path: Path
) -> None:
    decided = Decision(by="Robin", records=("2026-05-12-board-minutes",), owner="Kim", note="See page 2.")
    requests.decide(policy, "small-firm", "28", decided, ON)
    requests.decide(policy, "small-firm", "27", Decision(by="Robin", nothing=True), ON)
    changes = {
        "Office lease": "Lease of the office, signed",
        "Vendor list": "",
        "Tabletop notes": "Notes of the tabletop exercise",
    }
    later = replace_in(larkfield.small_firm(tmp_path), changes)

    again = requests.import_(later, policy, date(2026, 8, 1), name="small-firm")

    assert (again.merge.new, again.merge.changed, again.merge.dropped, again.merge.back) == (
        (),
        ("20", "28"),
        ("24",),
        (),
    )
    assert again.passed_over == (
        "row 25: it says nothing that is asked: 24 | Open | VN-01 | Vendors. | CEO | 15 Jan 2027",
    )
    by_id = {row.id: row for row in again.requests.requests}
    lease = by_id["28"]
    assert (lease.was, lease.owner, lease.note, lease.ties[0].record) == (
        "Office lease", "Kim", "See page 2.", "2026-05-12-board-minutes",
    )  # fmt: skip
    assert (by_id["24"].dropped_on, by_id["27"].tied_by, by_id["27"].ties) == (date(2026, 8, 1), "Robin", ())
    lines = said(answering.answered(policy, "small-firm", ON, None, policy))
    assert "24" not in lines
    assert lines["28"].startswith("stale: Board minutes of 2026-05-12")
    assert lines["28"].endswith("the auditor has changed it since Robin tied it: look at it again")
    assert lines["27"] == "open: Robin says that nothing is kept for it"
    requests.decide(policy, "small-firm", "28", decided, ON)
    assert said(answering.answered(policy, "small-firm", ON, None, policy))["28"].startswith("answered: Board minutes")
    back = requests.import_(larkfield.small_firm(tmp_path), policy, date(2026, 8, 2), name="small-firm")
    assert (back.merge.back, back.merge.dropped) == (("24",), ())


def replace_in(path: Path, changes: dict[str, str]) -> Path:
    text = path.read_text("utf-8-sig")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_a_single_file_that_changes_after_it_was_tied_answers_nothing(policy: Path) -> None:
    path = policy / "documents" / "notes.md"
    shutil.copy(policy / "documents" / "access-control.md", path)
    requests.decide(policy, "small-firm", "28", Decision(by="Robin", files=(path,)), ON)

    def line() -> str:
        return said(answering.answered(policy, "small-firm", ON, None, policy))["28"]

    assert line() == "answered: the file documents/notes.md"
    path.write_text(path.read_text() + "More.\n")
    assert line() == "stale: the file documents/notes.md is not what it was when it was tied"
    path.unlink()
    assert line() == "open: the file documents/notes.md is not there any more"


def test_what_is_handed_over_is_the_auditors_list_with_answers_and_every_file_with_its_digest(
    answered: Answered, tmp_path: Path
) -> None:
    places = answering.places(answered)
    workbook = requests_xlsx.render(answered.requests, answered.answers, "Larkfield", ON, answered.runs.said, places)
    members = answering.handed(answered, {"requests.xlsx": workbook})
    answering.lay_out(members, tmp_path / "out")
    archive = tmp_path / "out.zip"
    archive.write_bytes(answering.archived(members, archive))

    assert tree(tmp_path / "out") == dict(members)
    with zipfile.ZipFile(archive) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == dict(members)
    manifest = json.loads(members["manifest.json"])
    assert manifest["requests"] == {"answered": 76, "stale": 7, "open": 17}
    assert manifest["runs"]["digest"] == answered.runs.digest
    assert {row["name"]: row["sha256"] for row in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != "manifest.json"
    }
    # What is altered is not handed over as if it were evidence.
    assert "evidence/records/2026-02-10-training/training.csv" in members
    assert "evidence/records/2026-05-12-training/training.csv" not in members


def test_the_list_written_back_reads_as_it_was_sent_and_no_cell_is_a_formula(answered: Answered) -> None:
    workbook = requests_xlsx.render(answered.requests, answered.answers, "Larkfield", ON, answered.runs.said, {})
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    heading, *rows = (
        [cell or "" for cell in row] for row in book["Request list"].iter_rows(min_row=3, values_only=True)
    )
    (source,) = answered.requests.sheets

    assert heading == [*source.columns, *OURS]
    width = len(source.columns)
    sent = [list(row.request.cells) for row in answered.answers]
    assert [row[:width] for row in rows] == [[cell.replace("=1+1", "'=1+1") for cell in row] for row in sent]
    by_id = {row[0]: dict(zip(heading, row, strict=True)) for row in rows}
    assert by_id["6.03"]["Company status"] == "Answered, FAILURES OBSERVED, not seen whole every night"
    assert by_id["6.03"]["Auditor comments"] == "'=1+1 is for us"
    assert by_id["1.01"]["Files and digests"].startswith("record 2026-02-10-organization-chart\nsha256 ")
    assert (by_id["5.03"]["Company status"], by_id["5.03"]["Company owner"]) == ("Open", "Head of Security")
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    totals = {row[0]: row[1] for row in book["About"].iter_rows(min_row=4, values_only=True)}
    assert [totals[f"Requests {state}"] for state in ("answered", "stale", "open")] == [76, 7, 17]
    plain = list(csv.reader(io.StringIO(table(answered.requests, answered.answers, {}))))
    assert [row[:width] for row in plain[1:]] == [row[:width] for row in rows]


def test_an_answered_list_that_comes_back_is_the_list_that_was_sent(
    answered: Answered, policy: Path, tmp_path: Path
) -> None:
    path = tmp_path / "back.xlsx"
    path.write_bytes(requests_xlsx.render(answered.requests, answered.answers, "Larkfield", ON, answered.runs.said, {}))

    again = requests.import_(path, policy, ON, name="large-firm")

    assert (again.merge.new, again.merge.changed, again.merge.dropped) == ((), (), ())
    assert again.requests.sheets == answered.requests.sheets
    assert [row.cells for row in again.requests.requests] == [row.cells for row in answered.requests.requests]


def test_what_is_open_falls_due_to_whom_it_belongs(policy: Path) -> None:
    (policy / "requests" / "small-firm.yaml").unlink()
    (policy / "requests" / "platform-export.yaml").unlink()
    found = [row for row in agenda(policy, ON, 366).rows if row.subject == "large-firm"]

    told = {
        row.what.split(" is ")[0]: (row.owner, row.state, row.by) for row in found if row.what.startswith("request ")
    }
    assert told["request 5.03"] == ("Head of Security", "due", date(2026, 12, 18))
    assert told["request 1.09"] == ("CEO", "due", date(2027, 1, 29))
    assert told["request 3.06"] == ("Head of Security", "due", date(2026, 12, 4))
    assert {row.owner: row.what for row in found if not row.what.startswith("request ")} == {
        "Head of Security": "requests that sealed runs answer, which are not read here: 10",
        "Platform engineering lead": "requests that sealed runs answer, which are not read here: 9",
        "Head of Engineering": "requests that sealed runs answer, which are not read here: 3",
    }
    assert not [row for row in agenda(policy, ON, 30).rows if row.subject == "large-firm"]


def a_list(path: Path, *rows: tuple[object, ...]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def test_a_list_that_cannot_be_read_whole_is_refused_and_nothing_is_written(policy: Path, tmp_path: Path) -> None:
    before = tree(policy)
    refused = {
        "no row names a column that says what is asked; looked for a heading with the words request, description": (
            ("Name", "Phone"), ("Kim", "1"),
        ),
        "row 2: a cell cannot be read: a formula without a stored result": (("ID", "Request"), ("1", "=A1")),
    }  # fmt: skip
    for number, (message, rows) in enumerate(refused.items()):
        path = a_list(tmp_path / f"{number}.xlsx", *rows)
        if "formula" in message:
            book = openpyxl.load_workbook(path)
            book.active["B2"] = "=A2"
            book.save(path)
        with pytest.raises(UsageError, match=message):
            requests.import_(path, policy, ON)
    moved = tmp_path / "moved.csv"
    moved.write_text("ID,Request,Owner\n1,Org chart, with names,Kim\n")
    with pytest.raises(UsageError, match="row 2: it has 4 cells for 3 columns"):
        requests.import_(moved, policy, ON)
    with pytest.raises(UsageError, match="No such file"):
        requests.import_(tmp_path / "missing.xlsx", policy, ON)
    with pytest.raises(UsageError, match=r"has no such line; did you mean 3\.01"):
        requests.decide(policy, "large-firm", "3.001", Decision(by="Robin", nothing=True), ON)
    with pytest.raises(UsageError, match="there is no record nothing"):
        requests.decide(policy, "large-firm", "3.01", Decision(by="Robin", records=("nothing",)), ON)
    assert tree(policy) == before


def test_lines_without_ids_dates_of_two_readings_and_equal_ids_hide_nothing(policy: Path, tmp_path: Path) -> None:
    rows = [
        ("Item", "Evidence requested", "Due"),
        ("1", "Org chart", "03/04/2027"),
        ("1", "Board minutes", "05/06/2027"),
    ]
    (policy / "requests").joinpath("small-firm.yaml").unlink()

    twice = requests.import_(a_list(tmp_path / "a.xlsx", *rows), policy, ON)
    asked = requests.import_(a_list(tmp_path / "a.xlsx", *rows), policy, ON, order="day")
    bare = requests.import_(a_list(tmp_path / "b.xlsx", *(row[1:] for row in rows)), policy, ON, order="month")
    turned = requests.import_(
        a_list(tmp_path / "b.xlsx", *(rows[index][1:] for index in (0, 2, 1))), policy, ON, order="month"
    )

    assert [(row.id, row.due) for row in twice.requests.requests] == [("1", None), ("1 (2)", None)]
    assert twice.notes[0] == (
        "sheet Sheet1, row 2: the date 03/04/2027 can be read two ways; say which with --dates day or --dates month"
    )
    assert [row.due for row in asked.requests.requests] == [date(2027, 4, 3), date(2027, 6, 5)]
    assert [(row.id, row.text, row.due) for row in bare.requests.requests] == [
        ("R-001", "Org chart", date(2027, 3, 4)), ("R-002", "Board minutes", date(2027, 5, 6)),
    ]  # fmt: skip
    assert [(row.id, row.text) for row in turned.requests.requests] == [
        ("R-002", "Board minutes"),
        ("R-001", "Org chart"),
    ]


def test_merged_cells_carry_down_and_hidden_rows_are_requests(policy: Path, tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Ref", "Request", "TSC", "Owner"])
        for number, text in enumerate(("Org chart", "Board minutes", "Risk assessment"), 1):
            sheet.write_row(number, 0, [f"A{number}", text])
        sheet.merge_range("C2:C3", "CC1.2")
        sheet.merge_range("D3:D4", "Kim")
        sheet.set_row(3, None, None, {"hidden": True})

    found = requests.import_(path, policy, ON).requests.requests

    assert [(row.id, row.criteria, row.contact) for row in found] == [
        ("A1", ("CC1.2",), None), ("A2", ("CC1.2",), "Kim"), ("A3", (), "Kim"),
    ]  # fmt: skip


def test_a_file_that_contradicts_itself_is_told_with_its_place(policy: Path) -> None:
    path = policy / "requests" / "small-firm.yaml"
    path.write_text(
        path.read_text().replace("  - kind: organization_chart\n", "  - kind: organization_chart\n    part: system\n")
    )
    with pytest.raises(
        ContentError, match=r"small-firm.yaml:\d+:\d+: requests\[0\].ties\[0\]: names kind and part; it is one of"
    ):
        load_lists(find(policy))


def test_the_verbs_import_tie_show_and_hand_over(
    made: Path, policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("engine.cli.clock.today", lambda: ON)
    place = ("--policy", str(policy))
    evidence = (*place, "--store", str(made / "store"), "--config", str(made / "config"))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(group, ["requests", *arguments], "auditreel")
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    code, out, _ = run("import", str(larkfield.large_firm(tmp_path)), "--id", "PBC 2026", *place)
    assert (code, out.splitlines()[1]) == (0, "  100 lines, 93 tied (71 for certain), 7 to none")
    assert "NOT IMPORTED: sheet Instructions: no row names a column that says what is asked" in out
    code, out, _ = run("tie", "pbc-2026", "4.05", "--by", "Robin", "--evidence", "2026-05-12-board-minutes", *place)
    assert (code, out) == (0, "4.05: Certificate of cyber insurance.\n  tied to 2026-05-12-board-minutes by Robin\n")
    code, out, _ = run("show", "pbc-2026", "--state", "answered", *evidence)
    assert code == 0
    assert "100 lines: 16 open, 7 stale, 77 answered; 94 tied to something" in " ".join(out.split())
    assert "NOT ANCHORED" in out
    assert "\x1b" not in out
    code, out, _ = run("show", "pbc-2026", "--format", "json", *evidence)
    document = json.loads(out)
    assert document["counts"] == {"answered": 77, "stale": 7, "open": 16}
    for target in ("out", "out.zip", "out.xlsx", "out.csv"):
        code, out, err = run("export", "pbc-2026", "--output", str(tmp_path / target), *evidence)
        assert (code, out) == (4, f"{tmp_path / target}\n")
        assert "exit 4: 16 open and 7 stale of 100 requests" in err
    assert (tmp_path / "out" / "runs" / "workpaper.xlsx").is_file()
    assert run("export", "pbc-2026", "--output", str(tmp_path / "more.csv"), "--allow-incomplete", *evidence)[0] == 0
    code, _, err = run("export", "pbc-2026", "--output", str(tmp_path / "out"), *evidence)
    assert (code, "is there already" in err) == (2, True)
    assert run("show", "pbc-2026", *place, "--store", str(tmp_path / "nowhere"))[0] == 5


PEOPLE = """\
kind: hr.person
file: people.csv
timezone: Europe/Berlin
columns: {ID: id, Name: name, Mail: email, First: started_at, Last: ended_at}
without: [username]
source: {system: Personnel system, query: Everybody, extracted_by: Kim, extracted_at: "2026-07-10T08:00:00Z", rows: 4}
"""
ROWS = """\
ID,Name,Mail,First,Last
1,Ada,ada@example.com,2020-03-01,
2,Bo,bo@example.com,2026-01-01,2026-06-30
3,Cy,cy@example.com,2026-06-30,
4,Di,di@example.com,2026-07-01,2026-07-01
"""


@pytest.mark.parametrize(
    ("said", "rows", "hires", "leavers"),
    [
        (PEOPLE, ROWS, ("answered", 2, ""), ("answered", 1, "")),
        (PEOPLE.replace("rows: 4", "rows: 5"), ROWS, ("stale", 2, "people.csv holds 4 rows, and 5 are stated"),
         ("stale", 1, "people.csv holds 4 rows, and 5 are stated")),
        (PEOPLE.replace("07-10T", "06-30T"), ROWS, ("stale", 2, "before the window was over"),
         ("stale", 1, "before the window was over")),
        (PEOPLE.replace("07-10T", "05-01T"), ROWS, ("stale", 0, "more than 31 days ago"),
         ("stale", 0, "more than 31 days ago")),
        (PEOPLE, ROWS.replace("2026-01-01", "soon"), ("stale", 1, "1 rows do not say when they began"),
         ("answered", 1, "")),
    ],
)  # fmt: skip
def test_populations_of_joiners_and_leavers_are_the_roster_s_rows_or_it_is_said_why_not(
    policy: Path, tmp_path: Path, said: str, rows: str, hires: tuple[str, int, str], leavers: tuple[str, int, str]
) -> None:
    (policy / "tables").mkdir()
    (policy / "tables" / "people.yaml").write_text(said)
    (policy / "tables" / "people.csv").write_text(rows)
    setting = policy / "organization.yaml"
    setting.write_text(setting.read_text().replace("[aws, github]", "[aws, github, tables]"))
    for record in (policy / "records").glob("*-background-check.yaml"):
        record.unlink()
        shutil.rmtree(record.with_suffix(""))

    of = answering.answered(policy, "large-firm", ON, None, tmp_path)

    found = {row.request.id: row for row in of.answers}
    [part] = found["2.01"].parts
    assert (part.state, part.items if part.references else None) == hires[:2]
    assert hires[2] in part.said
    if hires[0] == "answered":
        assert part.references[0].what == "listing"
        assert part.references[0].sha256 == hashlib.sha256(rows.encode()).hexdigest()
        assert answering.handed(of, {})["evidence/tables/people.csv"] == rows.encode()
    [part] = found["2.08"].parts
    assert leavers[0] != "answered" or (part.items, part.references[0].what) == (leavers[1], "listing")
    # A roster shows no background check.
    assert found["2.02"].state == "open"
