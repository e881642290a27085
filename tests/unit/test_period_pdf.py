from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pypdf
import pytest

from engine.periods import Failure, Period
from engine.report import Options, period_pdf, period_pdf_drawing
from engine.report.period_pdf_type import shown
from tests.golden import periods


def reader(period: Period) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(period_pdf.render(period, Options())))


@cache
def example() -> pypdf.PdfReader:
    return reader(periods.every_state())


def text(read: pypdf.PdfReader) -> str:
    """The text without white space: where a line breaks says nothing."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in read.pages))


def without_space(said: str) -> str:
    return re.sub(r"\s", "", said)


@pytest.mark.parametrize(
    "said",
    [
        "Example Ltd & Söhne",
        "Digest of the period: " + "5e" * 32,
        "Stored customer data is encrypted with a key that we manage.",
        "website-<script>alert(1)</script>",
        '=HYPERLINK("https://example.com";"=1+1")',
        "after 2026-08-13T02:00:11Z, by 2026-08-14T02:00:11Z; corrected after 2026-09-09T02:00:11Z",
        "ended by test change, not corrected",
        "WV-2026-03 beside 56 of 88 runs",
        "aws.guardduty.detector_enabled: not tested before 2026-09-01",
        "20260816T0300-77aa: began and was never sealed: interrupted",
        "at least 2",
        "weaker than the default",
        "Amazon Web Services runs the buildings; its report of 2026-09-30 is on file.",
        "Failures of checks that no control uses",
        "ana.müller",
    ],
)
def test_its_text_can_be_searched(said: str) -> None:
    assert without_space(said) in text(example())


@pytest.mark.parametrize(
    ("name", "markup"),
    [
        ("plain-name_1", "plain-name_1"),
        ("Größe → Žluťoučký Ωмега", "Größe → Žluťoučký Ωмега"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("旧", "\\u65e7"),
        ("أر", "\\u0623\\u0631"),
        ("😀", "\\U0001f600"),
        ("a\x1b[31m\u202eb", "a\\x1b[31m\\u202eb"),
    ],
)
def test_what_the_fonts_cannot_show_stands_as_its_escape(name: str, markup: str) -> None:
    assert shown(name) == markup


def test_the_escaped_name_can_be_searched() -> None:
    assert "\\u65e7\\u8acb\\u6c42\\u66f8-архив" in text(example())


def test_its_fonts_are_embedded() -> None:
    found = {
        str(font.get_object()["/BaseFont"]): "/FontFile2" in font.get_object()["/FontDescriptor"].get_object()
        for page in example().pages
        for font in page["/Resources"]["/Font"].get_object().values()
        if "/FontDescriptor" in font.get_object()
    }
    assert found
    assert all(found.values())
    assert {name.partition("+")[2] for name in found} == {"DejaVuSansCondensed", "DejaVuSansCondensed-Bold"}


def test_it_is_dated_by_its_period_and_names_no_clock() -> None:
    told = example().metadata
    assert told is not None
    assert told.title == "Evidence for a SOC 2 Type II examination, prepared by management, not examined"
    assert told.author == "Example Ltd & Söhne"
    assert str(told["/CreationDate"]) == "D:20261031000000+00'00'"
    assert told["/ModDate"] == told["/CreationDate"]


def test_headings_are_bookmarks() -> None:
    def titles(outline: Sequence[object]) -> list[str]:
        return [str(item["/Title"]) for item in outline if not isinstance(item, list)]  # type: ignore[index]

    assert titles(example().outline) == [
        "Totals",
        "Controls at a glance",
        "Coverage",
        "Criteria, controls and what was observed",
        "Populations",
        "Changes in how the period was judged",
        "Waivers",
        "Facts for the description of the system",
        "The procedures, in auditors' words",
    ]


def test_every_page_says_that_nobody_examined_it() -> None:
    for page in example().pages:
        said = page.extract_text()
        assert "Prepared by management, not examined" in said
        assert periods.ANCHORED in said


def test_a_demonstration_is_marked_on_every_page() -> None:
    pages = reader(periods.nothing()).pages
    assert all("DEMONSTRATION" in page.extract_text().split() for page in pages)


def many(count: int) -> tuple[Failure, ...]:
    return tuple(replace(periods.LONG, subject=periods.bucket(f"bucket-{index:04}")) for index in range(count))


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    failures = many(period_pdf_drawing.SHOWN_FAILURES + 37)
    row = next(row for row in periods.CONTROLS if row.control.id == "DP-01")
    control = replace(row, failures=failures, deviations=len(failures))
    said = text(reader(replace(periods.every_state(), failures=failures, controls=(control,), criteria=())))
    assert "bucket-0024" in said
    assert "bucket-0025" not in said
    assert without_space("37 rows more: see workpaper.xlsx, sheet failures.") in said
    assert without_space("62 failures, 62 deviations by the rule") in said
