"""Listings that were handed in, joined with one another and with what clouds hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import openpyxl
import pytest
import yaml

from engine.collection import combined
from engine.content.root import find
from engine.judging.evaluate import evaluate
from engine.model import Finding, Snapshot
from engine.run.reads import plans
from providers.tables.kinds import KINDS
from tests import driven
from tests.collectors.scan import compiled, read, set_to, types
from tests.collectors.test_azure_entra import user
from tests.emulators.aws.sso import instance
from tests.emulators.aws_wire import AwsWire
from tests.emulators.azure.wire import AzureWire
from tests.emulators.gcp.wire import Google
from tests.tables import NOW, access, edit, example

LEFT = "tables.people.leaver_accounts_disabled"
JOINED = "tables.people.joiner_access_approved"
OWNED = "tables.accounts.account_belongs_to_somebody"
DISK = "tables.devices.disk_encrypted"
DEVICE = "tables.devices.owner_present"
LISTED = (LEFT, JOINED, OWNED, DISK, DEVICE)
CENTER = "tables.aws.identity_center_user_owner_present"
IAM = "tables.aws.iam_user_owner_present"
ENTRA = "tables.azure.user_owner_present"
GOOGLE = "tables.gcp.principals_present"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return example(tmp_path / "tables")


def judged(folder: Path, ids: tuple[str, ...] = LISTED, **parameters: Any) -> tuple[Finding, ...]:
    """The findings of checks on the listings and on the clouds that the environment points at."""
    checks = set_to(ids, dict.fromkeys(ids, parameters)) if parameters else compiled(ids)
    parts: list[Snapshot] = []
    for made in plans(checks):
        mine = access(folder) if made.provider == "tables" else None
        parts.append(read(made.wanted, now=NOW, provider=made.provider, access=mine))
    findings = evaluate(combined(parts), checks)
    # A live run judges part by part, with the listings beside each.
    apart = [
        found for part in parts for found in evaluate(part, checks, listings=[] if part is parts[0] else parts[:1])
    ]
    assert sorted(apart, key=lambda finding: finding.order) == list(findings)
    for finding in findings:
        driven.record(finding.check.id, finding.verdict)
    return findings


def words(findings: tuple[Finding, ...], check: str) -> dict[str, str]:
    return {finding.subject.id: finding.verdict for finding in findings if finding.check.id == check}


def test_a_leaver_whose_account_and_device_remain_fails_and_names_row_and_account(folder: Path) -> None:
    findings = judged(folder)
    assert {check: words(findings, check) for check in LISTED} == {
        LEFT: {"1001": "not_applicable", "1002": "not_applicable", "1003": "fail"},
        JOINED: {"1001": "not_applicable", "1002": "pass", "1003": "not_applicable"},
        OWNED: {"a1": "pass", "a2": "pass", "a3": "pass", "a4": "fail"},
        DISK: {"D-1": "pass", "D-2": "pass", "D-3": "pass"},
        DEVICE: {"D-1": "pass", "D-2": "pass", "D-3": "fail"},
    }
    assert {finding.message for finding in findings if finding.verdict == "fail"} == {
        "Cy Diaz (people.csv, line 4) left on 2026-10-31T23:00:00Z, and not every account was disabled within 24 "
        "hours: cy (accounts.csv, line 4).",
        "Account backup (accounts.csv, line 5) belongs to nobody on the roster, and is no named service account.",
        "Device D-3 (devices.csv, line 4) belongs to nobody who is here; on the roster: Cy Diaz (people.csv, line 4).",
    }


def test_what_was_mended_passes_and_what_is_retired_does_not_count(folder: Path) -> None:
    edit(
        folder / "accounts.csv",
        "cy@example.com,ACTIVE,2020-05-15T07:00:00Z,-",
        "cy@example.com,SUSPENDED,2020-05-15,2026-11-01T09:00:00Z",
    )
    edit(folder / "devices.csv", "D-3,cy@example.com,encrypted,in use", "D-3,,in the clear,returned")
    findings = judged(folder, (LEFT, OWNED, DISK, DEVICE))
    assert (words(findings, LEFT)["1003"], words(findings, OWNED)["a3"]) == ("pass", "not_applicable")
    assert (words(findings, DISK)["D-3"], words(findings, DEVICE)["D-3"]) == ("not_applicable", "not_applicable")


def test_a_disk_in_the_clear_and_an_approval_that_came_late_fail(folder: Path) -> None:
    edit(folder / "devices.csv", "D-2,bo@example.com,encrypted", "D-2,bo@example.com,in the clear")
    edit(folder / "tickets.json", "2026-07-30T10:00:00+02:00", "2026-08-03T10:00:00+02:00")
    findings = judged(folder, (DISK, JOINED))
    assert (words(findings, DISK)["D-2"], words(findings, JOINED)["1002"]) == ("fail", "fail")


def without(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / f"{name}.yaml").unlink()

    return change


def said(name: str, *pairs: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder / name, *pairs)


ALL = dict.fromkeys(LISTED)
NOT_WHOLE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "no listing": (without("people"), "not_collected", "no listing of hr.person is in policies/tables"),
    "no file": (
        lambda folder: (folder / "people.csv").unlink(),
        "malformed_response",
        "people: people.csv cannot be read",
    ),
    "too old": (
        said("people.yaml", "2026-11-23T21", "2026-10-20T21"),
        "stale",
        "people: the listing was extracted more than 31 days ago; hand in a new one",
    ),
    "from the future": (
        said("people.yaml", "2026-11-23T21", "2026-11-25T21"),
        "malformed_response",
        "people: it is said to be extracted after the run began",
    ),
    "another file": (
        said("people.yaml", "rows: 3 ", f"sha256: {64 * '0'}\n  rows: 3 "),
        "malformed_response",
        "people: people.csv is not the file whose SHA-256 is stated",
    ),
    "a column that is not there": (
        said("people.csv", "Work e-mail", "Mail"),
        "malformed_response",
        "people.csv: no column is called 'Work e-mail'",
    ),
}


@pytest.mark.parametrize("situation", NOT_WHOLE)
def test_a_listing_that_is_not_there_makes_what_needs_it_unknown(folder: Path, situation: str) -> None:
    change, reason, detail = NOT_WHOLE[situation]
    change(folder)
    findings = judged(folder, (LEFT, JOINED, OWNED, DEVICE))
    told = {(f.check.id, f.subject.kind, f.verdict, f.reason) for f in findings}
    assert told == {
        (LEFT, "scope", "unknown", reason),
        (JOINED, "scope", "unknown", reason),
        (OWNED, "resource", "unknown", reason),
        (OWNED, "resource", "fail", None),  # without an address, it is on no roster
        (DEVICE, "resource", "unknown", reason),
    }
    assert all(cause.unread.detail and cause.unread.detail.startswith(detail) for f in findings for cause in f.causes)


INCOMPLETE: dict[str, tuple[Callable[[Path], None], str]] = {
    "fewer rows than stated": (said("people.yaml", "rows: 3 ", "rows: 4 "), "holds 3 rows, and 4 are stated"),
    "a second count": (said("people.yaml", "count: 3}", "count: 5}"), "holds 3 rows, and Payroll of October counts 5"),
    "a row without a key": (
        said("people.csv", "1002;", ";"),
        "1 of 3 rows have no key that can be read: people.csv, line 3",
    ),
    "a row of other cells": (said("people.csv", "1002;Bo Chen", "1002;Bo; Chen"), "1 of 3 rows have no key"),
}


@pytest.mark.parametrize("situation", INCOMPLETE)
def test_a_listing_of_which_rows_may_lack_is_incomplete_and_what_was_seen_still_decides(
    folder: Path, situation: str
) -> None:
    change, detail = INCOMPLETE[situation]
    change(folder)
    edit(folder / "devices.csv", "D-2,bo", "D-2,eve")
    findings = judged(folder, (LEFT, DEVICE))
    assert words(findings, LEFT)["1003"] == "unknown"
    assert words(findings, DEVICE) == {"D-1": "pass", "D-2": "unknown", "D-3": "unknown"}
    (gap,) = [f for f in findings if f.subject.kind == "scope"]
    assert detail in (gap.causes[0].unread.detail or "")


def test_a_cell_that_cannot_be_told_is_unknown_in_its_place_and_quoted_nowhere(folder: Path) -> None:
    edit(folder / "people.csv", "31.10.2026", "end of Oct", "Cy@Example.com", "Cy@Example.com, cy@old.example")
    edit(folder / "devices.csv", "D-1,ada@example.com,encrypted", "D-1,ada@example.com,perhaps")
    findings = judged(folder, (LEFT, DISK, JOINED))
    assert {cause.unread.detail for f in findings for cause in f.causes} == {
        "people.csv, line 4, column C (Work e-mail): not one address of e-mail",
        "people.csv, line 4, column F (Last day): not written as %d.%m.%Y",
        "devices.csv, line 2, column C (Disk): none of the words for true and false",
    }
    assert not any(text in repr(f) for f in findings for text in ("perhaps", "end of Oct", "old.example"))


def test_two_rows_of_one_key_are_unknown_where_they_differ(folder: Path) -> None:
    edit(folder / "devices.csv", "D-2,bo@example.com,encrypted", "D-1,ada@example.com,in the clear")
    findings = judged(folder, (DISK, DEVICE))
    assert (words(findings, DISK), words(findings, DEVICE)) == (
        {"D-1": "unknown", "D-3": "pass"},
        {"D-1": "pass", "D-3": "fail"},
    )
    (twice,) = [f for f in findings if f.verdict == "unknown"]
    assert twice.causes[0].unread.detail == (
        "devices.csv, line 2 and devices.csv, line 3: two rows of one key, with different values"
    )


def test_what_no_column_gives_is_unknown_unless_the_source_keeps_none(folder: Path) -> None:
    edit(folder / "accounts.yaml", '  Suspended: {property: disabled_at, blank_words: ["-"]}\n', "")
    edit(folder / "accounts.csv", "cy@example.com,ACTIVE", "cy@example.com,SUSPENDED")
    assert words(judged(folder, (LEFT,)), LEFT)["1003"] == "unknown"
    edit(folder / "accounts.yaml", "source:\n", "without: [disabled_at]\nsource:\n")
    assert words(judged(folder, (LEFT,)), LEFT)["1003"] == "pass"


def test_a_roster_in_two_files_one_of_them_a_workbook_is_one_roster(folder: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Contractors"])
    sheet.append(["Number", "Mail", "From", "Until"])
    sheet.append([2001, "Cy@Example.com", date(2026, 11, 1), None])
    sheet.append([2002, "eve@example.com", date(2026, 1, 1), "=A1"])
    book.save(folder / "contractors.xlsx")
    source = {"system": "Procurement", "query": "All", "extracted_by": "Kim", "extracted_at": NOW, "rows": 2}
    columns = {"Number": "id", "Mail": "email", "From": "started_at", "Until": "ended_at"}
    told = {"kind": "hr.person", "file": "contractors.xlsx", "header": 2, "timezone": "UTC", "without": ["username"]}
    (folder / "contractors.yaml").write_text(yaml.safe_dump({**told, "columns": columns, "source": source}))
    edit(folder / "devices.csv", "D-2,bo", "D-2,eve")
    findings = judged(folder, (LEFT, DEVICE))
    # Cy came back as a contractor; until when Eve is here, nobody has stored.
    assert words(findings, LEFT) == dict.fromkeys(("1001", "1002", "1003", "2001"), "not_applicable") | {
        "2002": "unknown"
    }
    assert words(findings, DEVICE) == {"D-1": "pass", "D-2": "unknown", "D-3": "pass"}


def test_the_ledger_holds_the_digest_of_each_file_and_a_listing_its_source(folder: Path) -> None:
    wanted = {"listing": {"sha256", "query", "row_count", "stated_count", "second_count"}, "device": {"encrypted"}}
    snapshot = read(wanted, now=NOW, provider="tables", access=access(folder))
    digest = hashlib.sha256((folder / "people.csv").read_bytes()).hexdigest()
    (people,) = [item for item in snapshot.resources if item.id == "people"]
    assert dict(people.properties) == {
        **{"kind": "hr.person", "file": "people.csv", "sha256": digest, "source_system": "Personnel system"},
        **{"query": "All employees, those who left included", "extracted_by": "Kim Extractor"},
        **{"extracted_at": "2026-11-23T21:00:00Z", "row_count": 3, "stated_count": 3},
        **{"second_count": 3, "second_source": "Payroll of October"},
    }
    rows = {row.reader: (row.calls, row.items) for row in snapshot.ledger}
    assert rows == {"tables:device": (1, 3), "tables:listings": (4, 11)}


def test_kinds_forms_and_schemas_say_the_same() -> None:
    named = json.loads((find().schemas / "table.schema.json").read_bytes())["properties"]["kind"]["enum"]
    assert sorted(named) == sorted(KINDS)
    for kind in KINDS.values():
        properties = types()[kind.type].properties
        assert {"id", "name", *properties} - {"row"} == set(kind.forms)
        nullable = {name for name, schema in properties.items() if "null" in schema["type"]}
        assert nullable == {name for name, form in kind.forms.items() if form.blank}


# --- clouds ---


def test_iam_users_of_leavers_and_of_nobody_fail_whatever_the_case(folder: Path, aws_env: AwsWire) -> None:
    for name in ("ADA", "bo@example.com", "cy@example.com", "deploy", "ghost"):
        boto3.client("iam").create_user(UserName=name)
    findings = judged(folder, (IAM,), service_users=["deploy"])
    assert {f.subject.name: f.verdict for f in findings} == {
        **{"ADA": "pass", "bo@example.com": "pass", "deploy": "pass"},
        **{"cy@example.com": "fail", "ghost": "fail"},
    }
    assert {f.message for f in findings if f.verdict == "fail"} == {
        "IAM user cy@example.com belongs to nobody who is here; on the roster: Cy Diaz (people.csv, line 4).",
        "IAM user ghost belongs to nobody who is here; on the roster: nobody.",
    }
    edit(folder / "people.yaml", "rows: 3 ", "rows: 9 ")
    assert {f.subject.name: f.verdict for f in judged(folder, (IAM,))} == {
        **{"ADA": "pass", "bo@example.com": "pass"},
        **{"deploy": "unknown", "cy@example.com": "unknown", "ghost": "unknown"},
    }


def test_users_of_identity_center_are_people_who_are_here_or_disabled(folder: Path, aws_env: AwsWire) -> None:
    instance(aws_env, regions=("us-east-1",))
    users = [
        ("ada", "ada", "ENABLED"),
        ("cy", "Cy", "ENABLED"),
        ("CY@example.com", None, "DISABLED"),
        ("bo", "bo", None),
    ]
    rows = [
        {
            **{"IdentityStoreId": "d-0123456789", "UserId": f"u-{number}", "UserName": name},
            **({"Emails": [{"Value": "old@x.example"}, {"Value": f"{of}@Example.com", "Primary": True}]} if of else {}),
            **({"UserStatus": status} if status else {}),
        }
        for number, (name, of, status) in enumerate(users)
    ]
    aws_env.overrides.answer("identitystore:ListUsers", {"Users": rows})
    expected = {"ada": "pass", "cy": "fail", "CY@example.com": "pass", "bo": "pass"}
    assert {f.subject.name: f.verdict for f in judged(folder, (CENTER,))} == expected
    edit(folder / "people.csv", "03.08.2026;", "03.08.2026;01.09.2026")
    assert {f.subject.name: f.verdict for f in judged(folder, (CENTER,))} == {**expected, "bo": "unknown"}
    aws_env.faults.add("denied", "identitystore:ListUsers")
    assert {(f.verdict, f.reason, f.subject.kind) for f in judged(folder, (CENTER,))} == {
        ("unknown", "access_denied", "scope")
    }


def test_members_of_the_tenant_are_people_who_are_here(folder: Path, azure: AzureWire) -> None:
    edit(folder / "people.csv", "ada@example.com", "User1@contoso.example", "Cy@Example.com", "user2@contoso.example")
    for number, more in ((1, {}), (2, {}), (3, {"userType": "Guest"})):
        user(azure, number, **more)
    findings = judged(folder, (ENTRA,))
    assert {f.subject.name: f.verdict for f in findings if f.subject.name.startswith("user")} == {
        "user1@contoso.example": "pass",
        "user2@contoso.example": "fail",
        "user3@contoso.example": "not_applicable",
    }
    without("people")(folder)
    assert {f.subject.name: f.verdict for f in judged(folder, (ENTRA,))}["user1@contoso.example"] == "unknown"


def test_people_who_hold_roles_are_here(folder: Path, gcp: Google) -> None:
    assert {f.verdict for f in judged(folder, (GOOGLE,))} == {"pass"}
    edit(folder / "people.csv", "01.03.2021;", "01.03.2021;01.04.2026")
    assert {f.verdict for f in judged(folder, (GOOGLE,))} == {"fail"}
    without("people")(folder)
    assert {f.verdict for f in judged(folder, (GOOGLE,))} == {"unknown"}
