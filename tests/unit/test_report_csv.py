from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Unread
from engine.report import Options
from engine.report.csv import COLUMNS, cell, render
from tests.golden.assessments import DENIED, PUBLIC, bucket, every_state, sealed, unknown

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)

STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001

HOSTILE = {
    "formula": ('=HYPERLINK("http://evil.example","click")', '\'=HYPERLINK("http://evil.example","click")'),
    "plus": ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
    "minus": ("-2+3", "'-2+3"),
    "at": ("@SUM(A1)", "'@SUM(A1)"),
    "wide form": ("＝1+1", "'＝1+1"),  # noqa: RUF001
    "behind a blank": ("  =1", "'  =1"),
    "behind a separator": ("a;=1; @b", "a;'=1;' @b"),
    "tab": ("\t=1", r"\x09=1"),
    "line break": ("a\r\n=1", r"a\x0d\x0a=1"),
    "escape sequence": ("\x1b[2J", r"\x1b[2J"),
    "right to left": ("a\u202eb", r"a\u202eb"),
    "harmless": ("arn:aws:s3:::my-bucket", "arn:aws:s3:::my-bucket"),
}  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(("name", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_what_a_spreadsheet_would_calculate_is_text(name: str, shown: str) -> None:
    assert cell(name) == shown


@given(ANY_TEXT, ANY_TEXT)
def test_no_name_starts_a_formula_or_a_line_whatever_it_is_split_at(name: str, message: str) -> None:
    run = every_state()
    finding = replace(run.findings[0], subject=replace(run.findings[0].subject, name=name), message=message)
    text = render(replace(run, findings=(finding,), waived={}), Options())

    (row,) = rows(text)
    assert len(text.splitlines()) == 2
    for value in (row["resource_name"], row["message"]):
        assert not any(part.lstrip().startswith(STARTS) for part in value.split(";"))
        assert all(character.isprintable() for character in value)


def test_a_long_name_is_kept_whole() -> None:
    assert cell("x" * 65_536) == "x" * 65_536


def test_every_finding_is_a_row_and_every_row_has_every_column() -> None:
    run = sealed(every_state())
    found = rows(render(run, Options()))

    assert [(row["check"], row["resource_id"], row["verdict"]) for row in found] == [
        (finding.check.id, finding.subject.id, finding.verdict) for finding in run.findings
    ]
    assert all(tuple(row) == COLUMNS and None not in row.values() for row in found)


def test_columns_keep_their_places() -> None:
    # Whoever reads by position must not notice a new release: new columns go to the end of this list.
    assert (
        *("verdict", "severity", "check", "title", "criteria", "provider", "account", "region", "subject"),
        *("resource_type", "resource_id", "resource_name", "message", "reason", "operation", "permission", "detail"),
        *("waived_by", "waived_until", "collected_at", "as_of", "organization", "kind", "run", "recorded"),
    ) == COLUMNS


def test_a_waived_failure_names_its_waiver_and_an_unknown_what_it_lacks() -> None:
    run = every_state()
    found = {(row["check"], row["resource_name"]): row for row in rows(render(run, Options()))}

    waived = found["aws.s3.bucket_encrypted", "price-list"]
    assert (waived["verdict"], waived["waived_by"], waived["waived_until"]) == ("fail", "public-prices", "2026-12-02")
    lacking = found["aws.s3.bucket_not_public", "invoices"]
    assert {name: lacking[name] for name in ("verdict", "reason", "operation", "permission", "waived_by")} == {
        "verdict": "unknown",
        "reason": "access_denied",
        "operation": "s3:GetBucketPolicy",
        "permission": "s3:GetBucketPolicy",
        "waived_by": "",
    }


def test_several_causes_stand_in_one_cell_once_each() -> None:
    other = Unread("throttled", "s3:GetBucketAcl", None, "SlowDown")
    finding = unknown(PUBLIC, bucket("b", {"/policy": DENIED}))
    both = replace(finding, causes=(*finding.causes, *finding.causes, replace(finding.causes[0], unread=other)))
    (row,) = rows(render(replace(every_state(), findings=(both,), waived={}), Options()))

    assert (row["operation"], row["permission"]) == ("s3:GetBucketPolicy, s3:GetBucketAcl", "s3:GetBucketPolicy")


def test_a_demonstration_says_so_in_every_row() -> None:
    found = rows(render(replace(every_state(), kind="demo"), Options()))

    assert {(row["kind"], row["recorded"]) for row in found} == {("demo", "no")}
