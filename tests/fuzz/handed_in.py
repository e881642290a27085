"""Files that people hand in: listings, sheets, snapshots, parameters, baselines, request lists.

The first line of an input is the name of its file, which says how it is read; the rest are the bytes. A workbook is
written of the rows of a CSV, or is the bytes themselves.
"""

from __future__ import annotations

import atexit
import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from engine.collection import snapshot
from engine.errors import AuditreelError
from engine.gate import baseline
from engine.reviews import sheet
from engine.workflows.request_reading import Reading
from providers import arm, cloudformation
from providers.cloudformation import NotParameters
from providers.tables import listing
from tests.fuzz.fuzzing import Target, Wrong


def handed_in(data: bytes) -> str:
    """A file is read, each row with as many values as there are columns, or refused in words."""
    name, _, rest = data.partition(b"\n")
    kind = name.decode("ascii", "replace")
    read = _READERS.get(kind)
    if read is None:
        return "no kind"
    path = _folder() / kind
    path.write_bytes(rest)
    try:
        read(path)
    except (AuditreelError, listing.NotAListing, NotParameters) as error:
        if not str(error):
            raise Wrong("it is refused without a word") from error
        return "refused"
    return "read"


def _listing(path: Path) -> None:
    for name in listing.sheets(path):
        found = listing.read(path, name)
        if any(len(row.values) != len(found.columns) for row in found.rows):
            raise Wrong("a row has other values than columns")
        for row in found.rows[:5]:
            found.place(row, 0 if found.columns else None)


def _requests(path: Path) -> None:
    Reading(path, f"reading {path.name}", _CRITERIA, None, None).requests()


def _sheet(path: Path) -> None:
    sheet.read(path.read_bytes(), path.name)


def _snapshot(path: Path) -> None:
    found = snapshot.read(path)
    again = snapshot.parsed(snapshot.written(found), "again")
    if again != found:
        raise Wrong("a snapshot is not read as it was written")


def _parameters(path: Path) -> None:
    (arm if path.name.startswith("arm") else cloudformation).given((str(path),))


_CRITERIA: Final = ("CC6.1", "CC6.2", "CC7.2", "A1.2", "C1.1")
_READERS: Final[dict[str, Callable[[Path], Any]]] = {
    **{"listing.csv": _listing, "listing.tsv": _listing, "listing.json": _listing, "listing.xlsx": _listing},
    **{"requests.csv": _requests, "requests.json": _requests, "requests.xlsx": _requests, "sheet.csv": _sheet},
    **{"snapshot.json": _snapshot, "stack-parameters.json": _parameters, "arm-parameters.json": _parameters},
    "baseline.json": baseline.read,
}


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"auditreel-fuzz-{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_ROSTER: Final = (
    b'\xef\xbb\xbfemail;name;joined;left\r\nkim@example.org;Kim;2026-01-31;\r\n"lee@example.org";"Lee; Jr.";31.01.2026;'
    b'2026-05-01\r\n=cmd();"two\nlines";;\r\n'
)
_ASKED: Final = (
    b"Ref,Request,Due date,Criteria,Owner\nA,Access control,,,\n"
    b"1,Please provide the access control policy,12/01/2026,CC6.1,IT\n"
    b'2,"List of joiners\nand leavers",01/12/2026,CC6.2,HR\n'
)
_FILLED: Final = (
    b"line,account,name,identity,access,allows,privileged,mfa,last_used,not_seen,reviewer,decision,by,on,note\n"
    b"L-0a1b,aws 1,kim,kim,role,all,yes,yes,on 2026-01-01,,it,keep,kim,2026-02-01,\n"
)


@cache
def _corpus() -> tuple[bytes, ...]:
    listed = json.dumps([{"email": "a", "n": 1, "x": None}, {"email": "b", "ok": True, "f": 1.5}]).encode()
    rows = {
        "listing.csv": _ROSTER,
        "listing.tsv": _ROSTER.replace(b";", b"\t"),
        "listing.json": listed,
        "listing.xlsx": _workbook(_ROSTER),
        "requests.csv": _ASKED,
        "requests.json": json.dumps([{"Request": "Provide the policy", "Due": "2026-12-01"}]).encode(),
        "requests.xlsx": _workbook(_ASKED),
        "sheet.csv": _FILLED,
        "snapshot.json": _small(),
        "stack-parameters.json": b'[{"ParameterKey": "A", "ParameterValue": "b", "UsePreviousValue": false}]',
        "arm-parameters.json": json.dumps(
            {"$schema": "x/deploymentParameters.json#", "parameters": {"a": {"value": [1, {"b": None}]}}}
        ).encode(),
        "baseline.json": json.dumps(
            {"schema": baseline.SCHEMA, "failures": [{"check": "a", "address": "b", "offending": ["c"]}]}
        ).encode(),
    }
    return tuple(f"{name}\n".encode() + data for name, data in rows.items() if data)


def _small() -> bytes:
    """A snapshot of a few resources."""
    from tests.unit.evidence.synthetic_runs import judged

    whole = judged(3).snapshot
    return snapshot.written(replace(whole, resources=tuple(replace(item, tags={"a": "b"}) for item in whole.resources)))


def _workbook(data: bytes) -> bytes:
    """The rows of a CSV as a workbook with a merged cell, a formula and a date."""
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    text = data.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","):
        page.append([cell if not cell.startswith("=") else "=A1" for cell in row])
    page.merge_cells("A2:B2")
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


_CELLS: Final = st.sampled_from(
    [
        *(
            "",
            "a",
            "Request",
            "request description",
            "Due date",
            "12/31/2026",
            "31.12.2026",
            "2026-12-31",
            '"',
            '""',
            '"a',
            "a\nb",
        ),
        *(
            "=A1",
            "'=A1",
            "CC6.1",
            "CC6.1, CC7.2",
            "L-0a",
            "keep",
            "1e5",
            "\u202e",
            "é",
            "\0",
            "Ref",
            "No.",
            "email",
            ";",
            "\t",
        ),
    ]
)


def _written(name: str, rows: list[list[str]], separator: str) -> bytes:
    text = "\n".join(separator.join(row) for row in rows)
    data = text.encode()
    if name.endswith("xlsx"):
        try:
            data = _workbook(b"x;y\n" + data.replace(b"\0", b""))
        except Exception:  # no rows that a workbook can hold
            data = b"PK\3\4"
    return f"{name}\n".encode() + data


_FILES: Final = st.builds(
    _written,
    st.sampled_from(["listing.csv", "listing.tsv", "requests.csv", "sheet.csv", "listing.xlsx", "requests.xlsx"]),
    st.lists(st.lists(_CELLS, max_size=5), max_size=6),
    st.sampled_from([",", ";", "\t"]),
)

TARGETS: Final = (
    Target("readers", _corpus, handed_in, _FILES, (b",", b";", b'"', b"\r\n", b"Request", b"=1+1", b"\t")),
)
