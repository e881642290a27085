"""The pages in a real browser: Chromium (Debian's ``chromium``), judged by axe-core, as a reader would meet them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.periods import Period
from engine.report import FORMATS, Options
from engine.report.html import pages
from tests.golden.assessments import every_state as assessment
from tests.golden.assessments import sealed
from tests.golden.long_periods import year
from tests.golden.periods import every_state, nothing, photograph
from tests.unit.test_report_html import hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
PERIODS = {
    "every_state": every_state,
    "photograph": photograph,
    "nothing": nothing,
    "year": lambda: year(failures=6, nights=220, demo=True),
    "hostile": lambda: hostile('"><script>alert(1)</script>\u202e' + "x" * 300),
}
VIEWS = [
    ("every_state", "light", 1280),
    ("every_state", "dark", 375),
    ("photograph", "light", 375),
    ("photograph", "dark", 1280),
    ("nothing", "light", 375),
    ("year", "dark", 1280),
    ("hostile", "light", 375),
]
"""Each takes seconds; between them every kind of element is seen in each theme and each width."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that is installed; no test downloads one."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs chromium")
    sync = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example, whole and split, as files."""
    root = tmp_path_factory.mktemp("html")
    for name, make in PERIODS.items():
        for kind, limit in (("whole", 10**9), ("split", 0)):
            place = root / name / kind
            (place / "pages").mkdir(parents=True)
            for page, content in pages(make(), limit).items():
                (place / page).write_bytes(content)
    return root


class Reader:
    """A page opened from a disk, and whatever it asked for or complained of."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.page: Page = browser.new_page(**options)
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))

    def open(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        return self.page


def violations(page: Page) -> list[tuple[str, list[str]]]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-core")
    found = axe.Axe().run(page, options=RULES).response
    assert len(found["passes"]) > 20, "axe looked at nothing"
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found["violations"]]


@pytest.mark.parametrize(("name", "scheme", "width"), VIEWS)
def test_axe_finds_no_violation(browser: Browser, folder: Path, name: str, scheme: Any, width: int) -> None:
    reader = Reader(browser, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = reader.open(folder / name / "whole" / "index.html")
    assert violations(page) == []
    reader.page.close()


def test_axe_finds_no_violation_on_the_pages_of_a_split_report(browser: Browser, folder: Path) -> None:
    reader = Reader(browser)
    paths = sorted((folder / "photograph" / "split").rglob("*.html"))
    found = {path.name: violations(reader.open(path)) for path in paths}
    assert len(found) > 6
    assert {name: rules for name, rules in found.items() if rules} == {}
    reader.page.close()


def test_axe_finds_what_is_wrong(browser: Browser, folder: Path, tmp_path: Path) -> None:
    content = (folder / "photograph" / "whole" / "index.html").read_text()
    page = tmp_path / "index.html"
    page.write_text(content.replace('lang="en"', "").replace("<main", "<div").replace("</main", "</div"))
    reader = Reader(browser)
    assert {"html-has-lang", "landmark-one-main"} <= {rule for rule, _ in violations(reader.open(page))}
    reader.page.close()


@pytest.mark.parametrize("name", PERIODS)
def test_a_page_loads_nothing_runs_nothing_and_complains_of_nothing(browser: Browser, folder: Path, name: str) -> None:
    reader = Reader(browser)
    paths = sorted((folder / name).rglob("*.html"))
    for path in paths:
        reader.open(path)
    assert (reader.asked, reader.said) == ([path.as_uri() for path in paths], [])
    reader.page.close()


def test_without_scripts_and_network_everything_is_there(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((folder / "every_state" / "whole" / "index.html").as_uri())
    text = page.locator("body").inner_text()
    context.close()
    assert "87 of 92 nights" in text
    for number in range(1, 13):
        assert f"F-{number:03}" in text


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_no_page_is_wider_than_the_screen(browser: Browser, folder: Path, name: str, width: int) -> None:
    reader = Reader(browser, viewport={"width": width, "height": 900})
    page = reader.open(folder / name / "whole" / "index.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    reader.page.close()


def test_the_keyboard_reaches_the_content_first_and_what_scrolls(browser: Browser, folder: Path) -> None:
    reader = Reader(browser)
    page = reader.open(folder / "every_state" / "whole" / "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('section').id")
    assert focused == "coverage"
    assert page.evaluate("[...document.querySelectorAll('.wide')].every(element => element.tabIndex === 0)")
    reader.page.close()


def test_both_themes_differ_and_print_is_always_light(browser: Browser, folder: Path) -> None:
    reader = Reader(browser, color_scheme="dark")
    page = reader.open(folder / "every_state" / "whole" / "index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.emulate_media(media="print", color_scheme="dark")
    printed = page.evaluate(ground)
    page.emulate_media(media="screen", color_scheme="light")
    assert (printed, page.evaluate(ground)) == ("rgb(255, 255, 255)",) * 2
    assert dark != printed
    reader.page.close()


@pytest.mark.parametrize("size", ["A4", "Letter"])
def test_it_prints_with_every_row_that_is_folded_on_the_screen(browser: Browser, folder: Path, size: str) -> None:
    reader = Reader(browser)
    page = reader.open(folder / "every_state" / "whole" / "index.html")
    page.emulate_media(media="print")
    assert page.locator("#runs-t").is_visible()
    assert page.locator("nav").is_hidden()
    content = page.pdf(format=size, prefer_css_page_size=False)
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") > 5
    reader.page.close()


def test_a_cell_of_the_heat_map_and_a_bar_have_their_words(browser: Browser, folder: Path) -> None:
    reader = Reader(browser)
    page = reader.open(folder / "every_state" / "whole" / "index.html")
    images = page.get_by_role("img").all()
    assert len(images) > 20
    names = [image.get_attribute("aria-label") or image.locator("> title").text_content() for image in images]
    assert all(names)
    assert "Nights of August 2026 to October 2026" in names
    assert page.locator("#nights-1-d").text_content() == (
        "92 nights: 87 ran, 1 ran in part, 3 did not run, 1 not retained"
    )
    reader.page.close()


def test_totals_on_the_screen_are_those_of_the_period(browser: Browser, folder: Path) -> None:
    period: Period = every_state()
    reader = Reader(browser)
    page = reader.open(folder / "every_state" / "whole" / "index.html")
    tiles = page.locator(".tiles strong").all_inner_texts()
    assert tiles == ["87", "1", "3", "1", "1"]
    rows = page.locator("#criteria tbody tr:not(.criterion)").all()
    shown = {}
    for row in rows:
        id_ = row.locator("th .mono").inner_text()
        shown[id_] = tuple(int(text) for text in row.locator("td.number").all_inner_texts())
    assert shown == {row.control.id: (row.subjects, len(row.failures), row.deviations) for row in period.controls}
    reader.page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_a_run_is_a_page_that_everybody_can_read(browser: Browser, tmp_path: Path, scheme: Any, width: int) -> None:
    path = tmp_path / "run.html"
    path.write_text(FORMATS["html"].render(sealed(assessment()), Options()))
    reader = Reader(browser, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = reader.open(path)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {url for url in reader.asked if url != path.as_uri()} == set()
