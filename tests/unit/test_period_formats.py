"""What holds in every format of a period: the same totals and bytes, the first line, and no words of an opinion."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path

import openpyxl
import pypdf
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from engine.errors import UsageError
from engine.periods import Period
from engine.programme.model import EntityControl, Programme, Subservice, VendorReport
from engine.programme.vendors import standings
from engine.report import PERIOD_FORMATS, Options, period_counts
from tests.golden import periods
from tests.unit.random_periods import random_periods

Totals = dict[str, int]
BY_LABEL = {label: name for name, label in period_counts.LABELS.items()}
ROOT = Path(__file__).resolve().parents[2]


def rendered(name: str, period: Period) -> bytes:
    return PERIOD_FORMATS[name].render(period, Options())


def pdf_text(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def from_text(data: bytes) -> Totals:
    found = re.findall(r"^ {2,}([\d,]+)  (\S.*)$", data.decode(), re.MULTILINE)
    return {BY_LABEL[label]: number(value) for value, label in found if label in BY_LABEL}


def from_markdown(data: bytes) -> Totals:
    found = re.findall(r"^\| ([^|]+) \| ([\d,]+) \|$", data.decode(), re.MULTILINE)
    return {BY_LABEL[label]: number(value) for label, value in found}


def from_html(data: bytes) -> Totals:
    table = data.decode().partition('<caption id="totals-t">')[2].partition("</table>")[0]
    found = re.findall(r'<th scope="row">([^<]+)</th><td class="number">([\d,]+)</td>', table)
    return {BY_LABEL[unescape(label)]: number(value) for label, value in found}


def from_csv(period: Period) -> Totals:
    files = PERIOD_FORMATS["csv"].files(period, Options())
    rows = csv.reader(io.StringIO(files["csv/totals.csv"].decode()))
    return {BY_LABEL[label]: int(value) for label, value in rows if label in BY_LABEL}


def from_xlsx(data: bytes) -> Totals:
    sheet = openpyxl.load_workbook(io.BytesIO(data))["totals"]
    rows = sheet.iter_rows(min_row=4, max_col=2, values_only=True)
    return {BY_LABEL[label]: value for label, value in rows if label in BY_LABEL}


def from_pdf(data: bytes) -> Totals:
    pages = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    text = next(text for text in pages if "The same in every format" in text)
    lines = text[text.index("\nNumber\n") : text.index("Controls at a glance")].splitlines()[2:]
    return {BY_LABEL[label]: number(value) for label, value in zip(lines[::2], lines[1::2], strict=True)}


def from_oscal(data: bytes) -> Totals:
    result = json.loads(data)["assessment-results"]["results"][0]
    return {prop["name"]: int(prop["value"]) for prop in result["props"]}


def from_ocsf(data: bytes) -> Totals:
    totals: Totals = json.loads(data.splitlines()[0])["unmapped"]["totals"]
    return totals


def number(text: str) -> int:
    return int(text.replace(",", ""))


READERS: Mapping[str, Callable[[bytes], Totals]] = {
    "text": from_text,
    "markdown": from_markdown,
    "html": from_html,
    "xlsx": from_xlsx,
    "pdf": from_pdf,
    "oscal": from_oscal,
    "ocsf": from_ocsf,
}
"""How the totals are read back out of each format; csv has several files."""


def read_back(name: str, period: Period) -> Totals:
    return from_csv(period) if name == "csv" else READERS[name](rendered(name, period))


def expected(period: Period) -> Totals:
    return {BY_LABEL[label]: count for label, count in period_counts.labelled(period)}


@cache
def example_files(name: str, example: str) -> Mapping[str, str]:
    """The files of a format, as text that can be searched."""
    files = PERIOD_FORMATS[name].files(EXAMPLES[example], Options())
    return {file: readable(file, data) for file, data in files.items()}


EXAMPLES = {"every state": periods.every_state(), "photograph": periods.photograph(), "nothing": periods.nothing()}


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("name", PERIOD_FORMATS)
def test_totals_agree_in_every_format(name: str, example: str) -> None:
    assert read_back(name, EXAMPLES[example]) == expected(EXAMPLES[example])


@pytest.mark.parametrize("name", [name for name in PERIOD_FORMATS if name not in ("pdf", "xlsx")])
@given(period=random_periods())
@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
def test_totals_agree_whatever_happened(name: str, period: Period) -> None:
    assert read_back(name, period) == expected(period)


@pytest.mark.parametrize("name", ["pdf", "xlsx"])
@given(period=random_periods())
@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a PDF takes too long to look for a smaller one
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_totals_agree_whatever_happened_in_files(name: str, period: Period) -> None:
    assert read_back(name, period) == expected(period)


# --- the lists agree with the totals ----------------------------------------------------------------------------------


@given(random_periods())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_lists_are_as_long_as_their_totals_say(period: Period) -> None:
    total = period_counts.totals(period)
    sheets = {
        name: list(csv.DictReader(io.StringIO(data.decode())))
        for name, data in PERIOD_FORMATS["csv"].files(period, Options()).items()
    }
    failures, nights = sheets["csv/failures.csv"], sheets["csv/nights.csv"]
    states = Counter(row["State"] for row in nights)
    assert {
        "failures": len(failures),
        "deviations": sum(row["By the rule"] == "deviation" for row in failures),
        "open": sum(row["Ended"] == "still open" for row in failures),
        "accepted": sum(bool(row["Waivers beside it"]) for row in failures),
        "ran": states["ran"],
        "partly": states["ran in part"],
        "missed": states["did not run"],
        "not_retained": states["not retained"],
        "late": sum(row["Late"] == "late" for row in nights),
        "populations": len(sheets["csv/populations.csv"]),
        "items": sum(int(row["Items"]) for row in sheets["csv/populations.csv"]),
        "waivers": len(sheets["csv/waivers.csv"]),
        "changes": len(sheets["csv/changes.csv"]),
        "runs": len(sheets["csv/runs.csv"]),
        "controls": len({row["Control"] for row in sheets["csv/workpaper.csv"]} - {""}),
    } == {
        "failures": total.failures,
        "deviations": total.deviations,
        "open": total.open,
        "accepted": total.accepted,
        "ran": total.ran,
        "partly": total.partly,
        "missed": total.missed,
        "not_retained": total.not_retained,
        "late": total.late,
        "populations": total.populations,
        "items": total.items,
        "waivers": total.waivers,
        "changes": total.changes,
        "runs": total.runs,
        "controls": total.controls,
    }
    result = json.loads(rendered("oscal", period))["assessment-results"]["results"][0]
    events = [json.loads(line) for line in rendered("ocsf", period).splitlines()]
    assert len(result.get("risks", [])) == total.failures
    assert sum(row["compliance"]["status"] == "Fail" for row in events) == total.failures
    assert len(result.get("findings", [])) == total.controls_with_failures


def test_every_failure_of_the_example_is_named_in_every_format() -> None:
    for name in PERIOD_FORMATS:
        text = "".join(example_files(name, "every state").values())
        missing = [number for number in period_counts.numbers(periods.every_state()).values() if number not in text]
        assert (name, missing) == (name, [])


def readable(name: str, data: bytes) -> str:
    if name.endswith(".pdf"):
        return pdf_text(data)
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(data))
        return "\n".join(str(value) for sheet in book for row in sheet.values for value in row if value is not None)
    if name.endswith(".html"):
        return unescape(re.sub(r"<style>.*?</style>|<[^>]*>", "", data.decode(), flags=re.DOTALL))
    return data.decode()


# --- the same bytes ---------------------------------------------------------------------------------------------------

ANEW = """
import hashlib, sys
from engine.report import PERIOD_FORMATS, Options
from tests.golden import periods
for name in PERIOD_FORMATS:
    data = PERIOD_FORMATS[name].render(periods.every_state(), Options())
    print(name, hashlib.sha256(data).hexdigest())
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    ],
    ids=["auckland", "utc"],
)
def test_another_process_place_and_language_give_the_same_bytes(environment: dict[str, str]) -> None:
    import hashlib

    here = "".join(
        f"{name} {hashlib.sha256(rendered(name, periods.every_state())).hexdigest()}\n" for name in PERIOD_FORMATS
    )
    there = subprocess.run(
        [sys.executable, "-c", ANEW],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )
    assert (there.stdout, there.stderr) == (here, "")


# --- what stands first, what never stands -----------------------------------------------------------------------------

OPINIONS = re.compile(
    r"\b(effective(ly|ness)?|compliant|non-?compliant|proven?|proved|no exceptions? noted|exceptions?|unqualified|"
    r"operated as designed|score|grade|\d+ ?%|percent)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", PERIOD_FORMATS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_no_format_says_the_words_of_an_opinion(name: str, example: str) -> None:
    said = {file: OPINIONS.findall(text) for file, text in example_files(name, example).items()}
    assert {file: words for file, words in said.items() if words} == {}


@pytest.mark.parametrize("name", PERIOD_FORMATS)
def test_every_format_says_what_it_is_and_how_it_is_anchored(name: str) -> None:
    for example, period in EXAMPLES.items():
        text = re.sub(r"\s+", " ", "".join(example_files(name, example).values())).replace("`", "")
        kind = "I" if period.type_ == 1 else "II"
        assert f"Evidence for a SOC 2 Type {kind} examination, prepared by management, not examined" in text
        assert period.anchored in text
        assert ("DEMONSTRATION on recorded data" in text) == period.demonstration


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_a_page_for_people_begins_with_the_anchor(name: str) -> None:
    first = rendered(name, periods.photograph()).decode().splitlines()[0]
    assert first.strip("> *").replace("`", "") == periods.NOT_ANCHORED
    demonstration = rendered(name, periods.nothing()).decode().splitlines()[0]
    assert demonstration.strip("> *").startswith("DEMONSTRATION")


@pytest.mark.parametrize("name", PERIOD_FORMATS)
def test_a_period_in_which_nothing_was_seen_says_so(name: str) -> None:
    text = "".join(example_files(name, "nothing").values())
    assert "did not run" in text
    assert "no failures observed" not in text.lower()
    assert "no_failures_observed" not in text


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name in ("engine.report.period_xlsx", "engine.report.workbook")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(
        UsageError, match=r"xlsxwriter is not installed\. Install it with: pip install 'auditreel\[xlsx\]'"
    ):
        rendered("xlsx", periods.nothing())


def test_the_table_of_formats_needs_no_library() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import engine.report, sys; print({'reportlab', 'xlsxwriter'} & set(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert loaded.stdout == "set()\n"


def test_a_control_without_a_criterion_is_shown_all_the_same() -> None:
    period = replace(periods.every_state(), criteria=())
    for name in PERIOD_FORMATS:
        files = PERIOD_FORMATS[name].files(period, Options())
        assert "NW-01" in "".join(readable(file, data) for file, data in files.items())


@pytest.mark.parametrize("form", ["text", "markdown", "html", "pdf"])
def test_what_we_have_of_vendors_stands_in_every_form_that_people_read(form: str) -> None:
    report = VendorReport("SOC 2 Type II", date(2025, 1, 1), date(2025, 12, 31), "qualified")
    vendor = Subservice("cloud", "Example Cloud", "carve_out", "Hosting.", "VN-02", report=report)
    found = standings(Programme(subservices=(vendor,)), None, date(2026, 3, 1))
    period = replace(
        periods.every_state(), vendors=found, entity_controls=(EntityControl("UE-1", "Keep keys.", (), "AC-01"),)
    )
    data = PERIOD_FORMATS[form].render(period, Options(width=120))
    text = " ".join((pdf_text(data) if form == "pdf" else data.decode()).split())
    for said in ("Example Cloud", "nothing after 2025-12-31", "opinion qualified", "customers: Keep keys"):
        assert said in text
