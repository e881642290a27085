from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from engine.periods import Period
from engine.report import Options, period_csv, period_xlsx, workbook
from engine.report.period_sheets import SHEETS, sheets
from tests.golden import periods

SOFFICE = shutil.which("soffice")
HOSTILE = ('=cmd|"/c calc"!A1', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "a;=1", "＝1")  # noqa: RUF001


def book(period: Period, most: int = workbook.ROWS) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(period_xlsx.render(period, Options(), most)))


def cells(sheet: openpyxl.worksheet.worksheet.Worksheet) -> list[list[str]]:
    """The headings and rows of a sheet as CSV would have them."""
    rows = sheet.iter_rows(min_row=3, values_only=True)
    return [["" if value is None else str(value) for value in row] for row in rows]


def test_csv_and_xlsx_have_the_same_cells() -> None:
    period = periods.every_state()
    files = period_csv.files(period, Options())
    read = {name: list(csv.reader(io.StringIO(data.decode()))) for name, data in files.items()}
    found = book(period)
    assert read == {f"{name}.csv": cells(found[name]) for name in SHEETS}


def test_a_row_stands_for_each_criterion_and_control() -> None:
    rows = [row[:4] for row in cells(book(periods.every_state())["workpaper"])]
    assert [(row[0], row[1]) for row in rows] == [
        ("Criterion", "Control"),
        ("CC1.2", "GV-01"),
        ("CC1.2", ""),
        ("CC6.1", "AC-01"),
        ("CC6.1", "DP-01"),
        ("CC6.4", ""),
        ("CC6.6", "NW-01"),
        ("CC7.2", "MO-01"),
        ("CC7.2", "MO-02"),
        ("CC9.1", ""),
        ("A1.2", "BK-02"),
        ("C1.1", "DP-01"),
        ("P1.1", ""),
    ]
    assert [row[3] for row in rows if not row[1]] == [
        "Without a control: board independence; follow up",
        "Left to a subservice organisation: Amazon Web Services runs the buildings; its report of 2026-09-30 is on "
        "file.",
        "No control addresses it.",
        "Not relevant: No personal data is kept but that of staff.",
    ]


def test_the_auditors_columns_are_there_and_empty() -> None:
    headings, *rows = cells(book(periods.every_state())["workpaper"])
    mine = ["Management's response", "Auditor's test", "Auditor's sample", "Auditor's result", "Reference"]
    assert headings[-5:] == mine
    assert {value for row in rows for value in row[-4:]} == {""}
    # Management's own is what it has sealed, and else empty for what it says on paper.
    assert {row[1]: row[-5] for row in rows if row[-5]} == {
        "DP-01": "F-006: Cause: A template was copied. Effect: Invoices lay under a key of the provider's. Correction: "
        "The template takes our key since. (Dana Platform, 2026-09-11T08:00:00Z, entry 120)"
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_a_formula(name: str) -> None:
    failure = replace(periods.LONG, subject=periods.bucket(name), message=name, replaced=name)
    row = next(row for row in periods.CONTROLS if row.control.id == "DP-01")
    period = replace(
        periods.every_state(),
        organization=name,
        failures=(failure,),
        controls=(replace(row, failures=(failure,), result=name, control=replace(row.control, statement=name)),),
        criteria=periods.CRITERIA[1:2],
    )
    period = replace(period, criteria=(replace(period.criteria[0], controls=("DP-01",)),))
    found = book(period)
    assert {cell.data_type for sheet in found for line in sheet.iter_rows() for cell in line} <= {"s", "n"}
    for file, data in period_csv.files(period, Options()).items():
        for line in csv.reader(io.StringIO(data.decode())):
            for value in line:
                lead = value.lstrip(" ")[:1]
                number = value.lstrip("-").isdigit()
                assert number or lead not in ("=", "+", "-", "@", "＝", "\t"), (file, value)  # noqa: RUF001


def test_a_sheet_that_is_too_long_goes_on_in_the_next() -> None:
    found = book(periods.every_state(), most=8)
    failures = [name for name in found.sheetnames if name.startswith("failures")]
    assert failures == ["failures", "failures 2", "failures 3"]
    assert all(sheet.max_row <= 8 for sheet in found)
    parts = [cells(found[name]) for name in failures]
    assert {tuple(part[0]) for part in parts} == {tuple(parts[0][0])}
    assert [row[0] for part in parts for row in part[1:]] == [f"F-{index:03}" for index in range(1, 13)]


def test_an_empty_list_is_a_sheet_with_headings() -> None:
    found = book(periods.nothing())
    assert found.sheetnames == list(SHEETS)
    assert cells(found["failures"])[1:] == []
    assert found["failures"]["A3"].value == "Failure"


def test_a_cell_that_is_too_long_says_where_the_rest_is() -> None:
    failure = replace(periods.LONG, message="x" * 40_000)
    row = next(row for row in periods.CONTROLS if row.control.id == "DP-01")
    period = replace(
        periods.every_state(), failures=(failure,), controls=(replace(row, failures=(failure,)),), criteria=()
    )
    shown = cells(book(period)["failures"])[1][-3]
    assert len(shown) == 32_767
    assert shown.endswith(" … (cut here; the CSV file has all of it)")
    assert "x" * 40_000 in period_csv.files(period, Options())["failures.csv"].decode()


def test_the_book_is_dated_by_its_period() -> None:
    properties = book(periods.every_state()).properties
    assert properties.title == "Evidence for a SOC 2 Type II examination, prepared by management, not examined"
    assert properties.created.isoformat() == "2026-10-31T00:00:00"
    assert properties.modified.isoformat() == "2026-10-31T00:00:00"


def test_headings_stay_and_are_printed_on_every_page() -> None:
    found = book(periods.every_state())
    assert {sheet.title: sheet.freeze_panes for sheet in found} == {
        name: "C4" if name == "workpaper" else "B4" for name in SHEETS
    }
    assert {sheet.print_title_rows for sheet in found} == {"$3:$3"}
    assert {sheet.page_setup.orientation for sheet in found} == {"landscape"}


def test_every_heading_is_distinct() -> None:
    for sheet in sheets(periods.every_state()):
        headings = [column.heading for column in sheet.columns]
        assert len(headings) == len(set(headings))
        assert all(len(row) == len(headings) for row in sheet.rows)


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice")
@pytest.mark.parametrize("sheet", ["totals", "workpaper", "failures"])
def test_libreoffice_opens_it_with_the_same_cells(tmp_path: Path, sheet: str) -> None:
    period = periods.every_state()
    (tmp_path / "workpaper.xlsx").write_bytes(period_xlsx.render(period, Options()))
    # 44,34: comma and quote; 76: UTF-8; the sheet by its number from 1.
    number = SHEETS.index(sheet) + 1
    form = f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,{number}"
    done = subprocess.run(
        [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", form,
         "--outdir", str(tmp_path / "out"), str(tmp_path / "workpaper.xlsx")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    written = list((tmp_path / "out").glob("*.csv"))
    assert len(written) == 1, done.stderr
    rows = list(csv.reader(io.StringIO(written[0].read_text(encoding="utf-8"))))[2:]
    expected = csv.reader(io.StringIO(period_csv.files(period, Options())[f"{sheet}.csv"].decode()))
    assert [[value.replace(",", "") for value in row] for row in rows] == [
        [value.replace(",", "") for value in row] for row in expected
    ]
