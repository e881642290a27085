"""A company of 60 people on AWS, half a year into its report, and lists of requests as auditors send them.

What its folder lacks is planted: a template nobody made its own, a plan past its review, a quarter without an access
review, a record whose file was altered, and evidence that nobody recorded.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from engine.content.written import text_of
from engine.workflows.beginning import begin
from tests.unit.evidence.nightly import recorded
from tests.unit.evidence.synthetic_runs import store_in

LISTS = Path(__file__).parent / "request_lists"
ON = date(2026, 7, 15)
"""Two weeks after the window."""
TEMPLATE, EXPIRED = "cryptography", "incident-response"
NOT_RECORDED = frozenset({"vendor_report", "deletion_record", "physical_access_review", "concern_register"})
JOINERS = [{"name": f"Joiner {number}", "start": f"2026-0{number}-01"} for number in range(1, 7)]
EVENTS = frozenset({"background_check", "confidentiality_agreement", "policy_acknowledgement", "access_request",
                    "leaver_record", "incident_register", "disposal_record"})  # fmt: skip
"""Registers, of which the last speaks for the whole window."""
_ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "background_check": JOINERS,
    "confidentiality_agreement": JOINERS,
    "policy_acknowledgement": JOINERS,
    "access_request": JOINERS,
    "leaver_record": [{"name": "Leaver 1", "end": "2026-03-31"}, {"name": "Leaver 2", "end": "2026-05-15"}],
    "incident_register": [{"id": "INC-1", "severity": "low"}],
    "vendor_register": [{"vendor": f"Vendor {number}"} for number in range(12)],
    "performance_review": [{"name": f"Person {number}"} for number in range(60)],
}
_ORGANIZATION = """
window: {from: 2026-01-01, to: 2026-06-30}
auditor: Example Assurance LLP
owners: {Head of Security: [Robin], Head of People: [Kim], Head of Engineering: [Lee], Chief executive: [Max],
         Platform engineering lead: [Sam], Data protection officer: [Uma]}
subservices:
  - {id: aws, name: Amazon Web Services, method: carve_out, services: Runs our machines., monitored_by: VN-02}
user_entity_controls:
  - {id: CUEC-1, text: Customers turn on a second factor., criteria: [CC6.1], control: AC-03}
"""


def company(place: Path) -> Path:
    """The policy folder, made in ``place``."""
    policy = place / "policies"
    categories = ("security", "availability", "confidentiality")
    begin(policy, "Larkfield", categories, ("aws", "github"), None, date(2025, 12, 1))
    organization = policy / "organization.yaml"
    organization.write_text(organization.read_text() + _ORGANIZATION)
    for path in (policy / "documents").glob("*.md"):
        if path.stem != TEMPLATE:
            review = "2026-05-01" if path.stem == EXPIRED else "2027-02-01"
            approved = f"approved_by: Robin\napproved_on: 2026-02-01\nreview_by: {review}\n"
            path.write_text(path.read_text().replace("status: template\n", approved, 1))
    readme = (Path(__file__).parents[2] / "policies" / "README.md").read_text()
    for kind in re.findall(r"^\| `(\w+)` \| record \|", readme, re.MULTILINE):
        if kind not in NOT_RECORDED and kind != "vulnerability_scan_report":
            days = ("2026-02-10",) if kind == "access_review" else ("2026-02-10", "2026-05-12")
            days = ("2026-02-10", "2026-06-30") if kind in EVENTS else days
            for day in days:
                record(policy, kind, day)
    (policy / "records" / "2026-05-12-training" / "training.csv").write_bytes(b"another")
    return policy


def record(policy: Path, kind: str, day: str) -> None:
    """A record with a file and, where its kind has a register, its rows."""
    name, data = f"{kind}.csv", f"{kind} {day}".encode()
    value = {
        "kind": kind,
        "title": kind.replace("_", " ").capitalize(),
        "by": "Kim",
        "effective_on": date.fromisoformat(day),
        "files": [{"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}],
        **({"rows": [dict(row) for row in _ROWS[kind]]} if kind in _ROWS else {}),
    }
    path = policy / "records" / f"{day}-{kind.replace('_', '-')}.yaml"
    path.with_suffix("").mkdir(parents=True)
    path.write_bytes(text_of(value))
    (path.with_suffix("") / name).write_bytes(data)


def store(place: Path, checks: Sequence[str], verdicts: Mapping[str, Mapping[str, str]]) -> Path:
    """A store with the last nights of the window, in which every check passes but for ``verdicts``."""
    recorder = store_in(place)
    controls = f"""controls:
  - id: AC-01
    statement: Everything is looked at.
    owner: Operations
    criteria: [CC6.1]
    aspects: [CC6.1.access_restricted]
    operation: continuous
    checks: [{", ".join(checks)}]
    deviation: any_failure
"""
    for day in ("29", "30"):
        found = {id_: {"a": "pass", "b": "pass", **verdicts.get(id_, {})} for id_ in checks}
        recorded(recorder, f"2026-06-{day}T01:00:00Z", found, controls=controls)
    return place / "store"


Rows = list[dict[str, str]]


def lines(name: str) -> Rows:
    """The lines of a list, each with what is expected to answer it."""
    with (LISTS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def large_firm(place: Path) -> Path:
    """As big firms send it: titles, merged headings between the requests, instructions on a sheet of their own."""
    path = place / "PBC list.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Request list")
        book.add_worksheet("Instructions").write(0, 0, "Upload everything to the portal.")
        sheet.merge_range("A1:G1", "Larkfield, Inc. SOC 2 Type II request list")
        sheet.write("A2", "Examination period: 1 January 2026 to 30 June 2026")
        heading = ["Req. #", "Information requested", "TSC ref.", "Population / Sample", "Client owner", "Due date",
                   "Auditor comments"]  # fmt: skip
        sheet.write_row(3, 0, heading)
        number = 4
        for area, rows in itertools.groupby(lines("large_firm"), lambda row: row["area"]):
            sheet.merge_range(number, 0, number, 6, area)
            number += 1
            for row in rows:
                cells = [row[key] for key in ("id", "request", "criteria", "type", "owner", "due")]
                sheet.write_row(number, 0, [*cells, "=1+1 is for us" if row["id"] == "6.03" else ""])
                number += 1
        sheet.autofilter(3, 0, number, 6)
    return path


def small_firm(place: Path) -> Path:
    """As a small one does: a table with semicolons, our control ids, dates in words."""
    path = place / "evidence-list.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(
            ["No.", "Status", "Control ID", "Control description", "Evidence needed", "Point of contact", "Needed by"]
        )
        for row in lines("small_firm"):
            rows.writerow(
                [
                    row["number"],
                    "Open",
                    row["control"],
                    row["description"],
                    row["evidence"],
                    row["contact"],
                    row["needed"],
                ]
            )
    return path


def platform(place: Path) -> Path:
    """As a portal exports it: a sheet an area, titles apart from the request, its own ids that look like ours."""
    path = place / "export.xlsx"
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in itertools.groupby(lines("platform_export"), lambda row: row["sheet"]):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Due date", "Title", "Assignee", "Request detail", "Control ref / criteria", "Ref"])
            for number, row in enumerate(rows, 1):
                sheet.write_row(number, 1, [row["title"], row["assignee"], row["detail"], row["code"], row["ref"]])
                if name == "HR":
                    sheet.write_datetime(number, 0, _day(row["due"]), day)
                else:
                    sheet.write(number, 0, row["due"])
    return path


def _day(text: str) -> Any:
    from datetime import datetime

    return datetime.strptime(text, "%d/%m/%Y")  # noqa: DTZ007


LAYOUTS: Mapping[str, Callable[[Path], Path]] = {
    "large_firm": large_firm, "small_firm": small_firm, "platform_export": platform,
}  # fmt: skip
