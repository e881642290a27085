"""Listings that people hand in, read from CSV, JSON and XLSX: every cell as the file says it is, nothing missing."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.tables.listing import Covered, Illegible, NotAListing, read

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=8)


def told(path: Path, sheet: str | None = None, header: int | None = None) -> tuple[Any, ...]:
    found = read(path, sheet, header)
    return found.columns, [(row.number, *row.values) for row in found.rows]


def csv_of(folder: Path, data: bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def workbook(folder: Path, rows: list[list[Any]], change: Callable[[Any], None] = lambda sheet: None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Staff"
    for row in rows:
        sheet.append(row)
    change(sheet)
    book.save(folder / "people.xlsx")
    return folder / "people.xlsx"


@pytest.mark.parametrize(
    "data",
    [
        b"Name,Ends\r\nAda,2026-01-02\r\n,\r\n\r\nBo,\r\n",
        "\ufeffName;Ends\nAda;2026-01-02\n;\n\nBo;\n".encode(),
        "Name\tEnds\nAda\t2026-01-02\n\t\n\nBo\t\n".encode("utf-16"),
    ],
)
def test_separators_and_marks_make_no_difference(tmp_path: Path, data: bytes) -> None:
    assert told(csv_of(tmp_path, data)) == (("Name", "Ends"), [(2, "Ada", "2026-01-02"), (5, "Bo", None)])


def test_a_row_keeps_the_line_on_which_it_begins_whatever_is_quoted(tmp_path: Path) -> None:
    found = told(csv_of(tmp_path, b'Name,Note\n"A ""B""","one\ntwo, three"\nBo,x\n'))
    assert found == (("Name", "Note"), [(2, 'A "B"', "one\ntwo, three"), (4, "Bo", "x")])


def test_a_row_with_other_than_a_cell_a_column_is_illegible_as_a_whole(tmp_path: Path) -> None:
    long, short = (Illegible(f"the row has {count} cells for 2 columns") for count in (3, 1))
    found = told(csv_of(tmp_path, b"Name,Ends,\nAda, Dr,2026-01-02\nBo\nCy,x,\n"))
    assert found == (("Name", "Ends"), [(2, long, long), (3, short, short), (4, "Cy", "x")])
    # Three cells of which the last is blank are none the less one too many.
    found = told(csv_of(tmp_path, b"Name,Ends\nAda, Dr,\nBo,\n"))
    assert found == (("Name", "Ends"), [(2, long, long), (3, "Bo", None)])


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5), st.sampled_from([",", ";", "\t"]))
def test_what_a_writer_of_csv_wrote_is_what_is_read(
    tmp_path_factory: Any, rows: list[tuple[str, ...]], mark: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows([("One", "Two", "Three"), *rows])
    path = csv_of(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    expected = [tuple(cell if cell.strip() else None for cell in row) for row in rows]
    assert [row.values for row in read(path).rows] == [row for row in expected if any(row)]


def test_json_keeps_its_types_and_says_which_key_is_not_there(tmp_path: Path) -> None:
    path = csv_of(tmp_path, b'[{"a": 1, "b": null}, {"a": true, "c": [1]}, {"a": "", "b": 1.5, "c": "x"}]', "a.json")
    none = Illegible("the object has no such key")
    listed = Illegible("a list or an object, where a single value belongs")
    assert told(path) == (("a", "b", "c"), [(1, 1, None, none), (2, True, none, listed), (3, None, 1.5, "x")])


def test_a_workbook_keeps_types_hidden_rows_and_the_places_of_its_rows(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["B"].hidden = True

    rows = [
        ["Staff as of today"],
        [],
        ["Name", "Ends", None, "Count"],
        ["Ada", datetime.fromisoformat("2026-01-02"), None, 3],
        ["Bo", datetime.fromisoformat("2026-01-02T17:30"), "left over", 1.5],
        [" ", None, None, None],
        ["Cy", None, None, True],
    ]
    path = workbook(tmp_path, rows, hide)
    assert told(path, header=3) == (
        ("Name", "Ends", "", "Count"),
        [
            (4, "Ada", date(2026, 1, 2), None, 3),
            (5, "Bo", datetime.fromisoformat("2026-01-02T17:30"), "left over", 1.5),
            (7, "Cy", None, None, True),
        ],
    )
    assert read(path, header=3).place(read(path, header=3).rows[1], 3) == (
        "people.xlsx, sheet Staff, row 5, column D (Count)"
    )


def test_cells_that_nobody_can_tell_are_illegible(tmp_path: Path) -> None:
    rows = [["Name", "A", "B"], ["Ada", "=1+1", "='[1]Other'!A1"], ["Bo", "#N/A", "x"], ["Cy", None, None]]
    path = workbook(tmp_path, rows, lambda sheet: sheet.merge_cells("B3:B4"))
    assert told(path) == (
        ("Name", "A", "B"),
        [
            (
                *(2, "Ada"),
                Illegible("a formula without a stored result; open and save the workbook, or paste the values"),
                Illegible("a formula that reads another workbook"),
            ),
            (3, "Bo", Illegible("the error #N/A"), "x"),
            (4, "Cy", Covered("it lies under the merged cells B3:B4", row=3, column=1), None),
        ],
    )


def test_a_stored_result_of_a_formula_is_its_value(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["Name"], ["=1+1"]])
    edited(path, "xl/worksheets/sheet1.xml", b"<v></v>", b"<v>2</v>", b"<v />", b"<v>2</v>", b"<v/>", b"<v>2</v>")
    assert told(path) == (("Name",), [(2, 2)])


def edited(path: Path, part: str, *pairs: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", b'Name\n"Ada\n', "line 2: unexpected end of data"),
        ("a.csv", "Name\nJosé\n".encode("latin-1"), "it is not UTF-8 from byte 8 on"),
        ("a.json", b"{}", "no array of objects"),
        ("a.json", b'[{"a": 1}, 2]', "row 2: it is no object"),
        ("a.json", b'[{"a": 1, "a": 2}]', "the key 'a' stands twice"),
        ("a.json", b'[{"a": NaN}]', "NaN, which is no number"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.xlsx", b"Name\n", "no XLSX workbook"),
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1"), "has a password or is of the old kind"),
        ("a.xlsx", b"PK\x03\x04 cut off", "or a damaged one"),
        ("a.pdf", b"%PDF", "\\.pdf is no kind of file that is read"),
    ],
)
def test_what_is_no_listing_is_refused_with_its_place(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    with pytest.raises(NotAListing, match=f"{name}: .*{why}"):
        read(csv_of(tmp_path, data, name))


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ((b"<worksheet", b"<!DOCTYPE x><worksheet"), "has a document type definition"),
        (
            (b"</sheetData>", b"</sheetData><mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>"),
            "merges more than",
        ),
        ((b'r="A2"', b'r="XFD1048576"', b'r="2"', b'r="1048576"'), "its cells reach to row 1048576 and column 16384"),
        ((b"<worksheet", b"<!-- " + b" " * 2**27 + b" --><worksheet"), "unpacks to more than"),
    ],
)
def test_a_workbook_that_would_take_the_machine_is_refused(tmp_path: Path, pairs: tuple[bytes, ...], why: str) -> None:
    path = workbook(tmp_path, [["Name"], ["Ada"]])
    edited(path, "xl/worksheets/sheet1.xml", *pairs)
    with pytest.raises(NotAListing, match=why):
        read(path)


def test_a_sheet_is_named_where_there_are_several_and_a_hidden_one_only_by_name(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("Old", "Leavers"):
        book.create_sheet(name).append([name])
    book["Old"].sheet_state = "hidden"
    path = tmp_path / "a.xlsx"
    book.save(path)
    with pytest.raises(NotAListing, match=r"it has 2 sheets; name the one that is meant: Sheet, Leavers"):
        read(path)
    assert told(path, "Old") == (("Old",), [])
    with pytest.raises(NotAListing, match="it has no sheet 'New'"):
        read(path, "New")


def test_a_name_that_two_columns_have_is_no_column(tmp_path: Path) -> None:
    found = read(csv_of(tmp_path, b"Name,Mail,Mail\nAda,a,b\n"))
    assert found.column("Name") == 0
    for name, why in (("Mail", "2 columns are called 'Mail'"), ("Ends", "no column is called 'Ends', but Name, Mail")):
        with pytest.raises(NotAListing, match=f"people.csv: {why}"):
            found.column(name)
