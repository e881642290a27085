from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest

from engine.errors import InputError, UsageError
from engine.report import PERIOD_FORMATS, reperform
from engine.report.period_bundle import members
from engine.report.period_sheets import SHEETS
from tests.golden import periods

RAW = {"records.jsonl": b"{}\n", "chain/00000000000000000001.json": b"{}", "verify_bundle.py": b"pass\n", "odd/x": b""}
REPORTS = {"index.html", "report.txt", "report.md", "report.pdf", "workpaper.xlsx", "oscal.json", "ocsf.jsonl"}


def test_a_bundle_has_every_format_and_all_that_was_handed_in() -> None:
    found = members(periods.every_state(), RAW)
    assert list(found) == sorted(
        {*REPORTS, *(f"csv/{name}.csv" for name in SHEETS), "README.txt", "REPERFORM.txt", "REPERFORM.html", *RAW}
    )
    assert {name: found[name] for name in RAW} == RAW


def test_the_same_bundle_has_the_same_bytes() -> None:
    assert members(periods.every_state(), RAW) == members(periods.every_state(), RAW)


def test_a_name_that_would_stand_twice_stops_it() -> None:
    with pytest.raises(InputError, match=r"oscal\.json would stand in it twice"):
        members(periods.nothing(), {"oscal.json": b""}, without=("pdf", "xlsx"))


def test_a_readme_that_is_handed_in_stops_it() -> None:
    with pytest.raises(InputError, match=r"README\.txt would stand in it twice"):
        members(periods.nothing(), {"README.txt": b""}, without=("pdf", "xlsx"))


def test_a_library_that_is_missing_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("engine.report.period_pdf")]:
        monkeypatch.delitem(sys.modules, module)
    for module in [name for name in sys.modules if name.partition(".")[0] == "reportlab"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "reportlab", None)
    with pytest.raises(UsageError, match=r"writing report\.pdf: the library reportlab.* is not installed"):
        members(periods.nothing(), RAW)


def test_what_was_left_out_is_said() -> None:
    found = members(periods.nothing(), RAW, without=("xlsx", "pdf"))
    assert "Left out when it was made: pdf, xlsx." in found["README.txt"].decode()
    assert found.keys() & {"report.pdf", "workpaper.xlsx"} == set()


def test_leaving_out_what_is_no_format_is_an_error() -> None:
    with pytest.raises(UsageError, match="leaving out docx: formats are text, markdown"):
        members(periods.nothing(), RAW, without=("docx",))


def test_the_readme_names_every_member() -> None:
    found = members(periods.every_state(), RAW)
    text = found["README.txt"].decode()
    for name in found:
        first = name.partition("/")[0] + ("/" if "/" in name else "")
        assert re.search(rf"^  {re.escape(first)}( |$)", text, re.MULTILINE), name


def test_the_readme_names_no_member_that_is_not_there() -> None:
    text = members(periods.every_state(), RAW)["README.txt"].decode()
    assert "samples/" not in text
    assert "bodies.jsonl" not in text


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
