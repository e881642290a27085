from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest

from engine.errors import InputError, UsageError
from engine.report import PERIOD_FORMATS, reperform
from engine.report.period_bundle import pages
from engine.report.period_sheets import SHEETS
from tests.golden import periods

OTHERS = ("records.jsonl", "chain/00000000000000000001.json", "verify_bundle.py", "odd/x", "manifest.json")
REPORTS = {"index.html", "report.txt", "report.md", "report.pdf", "workpaper.xlsx", "oscal.json", "ocsf.jsonl"}


def test_a_bundle_has_every_format() -> None:
    found = pages(periods.every_state(), OTHERS)
    names = {*REPORTS, *(f"csv/{name}.csv" for name in SHEETS), "README.txt", "REPERFORM.txt", "REPERFORM.html"}
    assert list(found) == sorted(names)


def test_the_same_bundle_has_the_same_bytes() -> None:
    assert pages(periods.every_state(), OTHERS) == pages(periods.every_state(), OTHERS)


@pytest.mark.parametrize("name", ["oscal.json", "README.txt"])
def test_a_name_that_would_stand_twice_stops_it(name: str) -> None:
    with pytest.raises(InputError, match=rf"{re.escape(name)} would stand in it twice"):
        pages(periods.nothing(), (name,), without=("pdf", "xlsx"))


def test_a_library_that_is_missing_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("engine.report.period_pdf")]:
        monkeypatch.delitem(sys.modules, module)
    for module in [name for name in sys.modules if name.partition(".")[0] == "reportlab"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "reportlab", None)
    with pytest.raises(UsageError, match=r"writing report\.pdf: the library reportlab.* is not installed"):
        pages(periods.nothing(), OTHERS)


def test_what_was_left_out_is_said() -> None:
    found = pages(periods.nothing(), OTHERS, without=("xlsx", "pdf"))
    assert "Left out when it was made: pdf, xlsx." in found["README.txt"].decode()
    assert found.keys() & {"report.pdf", "workpaper.xlsx"} == set()


def test_leaving_out_what_is_no_format_is_an_error() -> None:
    with pytest.raises(UsageError, match="leaving out docx: formats are text, markdown"):
        pages(periods.nothing(), OTHERS, without=("docx",))


def test_the_readme_names_every_member() -> None:
    found = pages(periods.every_state(), OTHERS)
    text = found["README.txt"].decode()
    for name in (*found, *OTHERS):
        first = name.partition("/")[0] + ("/" if "/" in name else "")
        assert re.search(rf"^  {re.escape(first)}( |$)", text, re.MULTILINE), name


def test_the_readme_names_no_member_that_is_not_there() -> None:
    text = pages(periods.every_state(), OTHERS)["README.txt"].decode()
    assert "samples/" not in text
    assert "bodies.jsonl  " not in text


def test_who_accepted_a_failure_is_left_out_of_every_page() -> None:
    period = periods.every_state()
    assert period.waivers
    people = {name for row in period.waivers for name in (row.owner, row.approver, row.reason)}
    shown = [data.decode() for name, data in pages(period, OTHERS, None, ("people",)).items() if _is_text(name)]
    told = [data.decode() for name, data in pages(period, OTHERS).items() if _is_text(name)]
    assert [person for person in people if any(person in text for text in shown)] == []
    assert any(person in text for person in people for text in told)


def _is_text(name: str) -> bool:
    return name.startswith(("csv/waivers", "ocsf", "oscal"))


@pytest.mark.parametrize("make", [reperform.text, reperform.html])
def test_how_to_re_perform_has_every_step(make: object) -> None:
    said = make(periods.every_state()).decode()  # type: ignore[operator]
    assert [step.title for step in reperform.STEPS if step.title not in said] == []
    assert periods.ANCHORED in said


class Page(HTMLParser):
    """Tags that are open, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.refers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.refers += [str(value) for name, value in attrs if name in ("src", "href", "action")]


def test_the_page_needs_no_network_and_no_script() -> None:
    page = Page()
    page.feed(reperform.html(periods.every_state()).decode())
    assert page.refers == []
    assert {"script", "link", "img", "iframe"} & set(page.tags) == set()
    assert page.tags.count("li") == len(reperform.STEPS)


def test_a_name_is_no_markup_of_the_page() -> None:
    from dataclasses import replace

    page = reperform.html(replace(periods.every_state(), organization="<script>alert(1)</script>")).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page


def test_every_format_has_a_file_of_its_own() -> None:
    names = [form.name for form in PERIOD_FORMATS.values()]
    assert len(names) == len(set(names))
