"""The gap's page in a real browser, judged by axe-core and walked with the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.report import Options, render_gap
from tests.end_to_end.test_html_in_chromium import Reader, browser, violations
from tests.golden import gaps

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]
GAPS = {"every_state": gaps.every_state, "everything_shown": gaps.everything_shown, "hostile": gaps.hostile}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("gap")
    for name, make in GAPS.items():
        (root / f"{name}.html").write_text(render_gap(make(), "html", Options()))
    return root


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [("every_state", "light", 1280), ("every_state", "dark", 320), ("everything_shown", "dark", 1280),
     ("hostile", "light", 320)],
)  # fmt: skip
def test_everybody_can_read_it(browser: Browser, folder: Path, name: str, scheme: Any, width: int) -> None:
    reader = Reader(browser, color_scheme=scheme, viewport={"width": width, "height": 900})
    path = folder / f"{name}.html"
    page = reader.open(path)
    page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (reader.asked, reader.said) == ([path.as_uri()], [])
    reader.page.close()


def test_the_keyboard_walks_from_a_tile_to_its_controls_and_back_to_what_to_do(browser: Browser, folder: Path) -> None:
    reader = Reader(browser)
    page = reader.open(folder / "every_state.html")
    focused = "document.activeElement"

    def press(key: str, until: str) -> None:
        for _ in range(80):
            page.keyboard.press(key)
            if page.evaluate(f"{focused}.matches({until!r})"):
                return
        raise AssertionError(f"{until} is not reached")

    press("Tab", ".skip")
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.id") == "content"
    press("Tab", ".tile[href='#CC6.1']")
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#CC6.1"
    press("Tab", "#AC-01 > summary")
    page.keyboard.press("Enter")
    assert page.locator("#AC-01").get_attribute("open") is not None
    press("Tab", "#AC-01 .found a")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector(location.hash).textContent").count("Buckets cannot be reached") == 1
    press("Tab", "#item-1 > details > summary")
    page.keyboard.press("Enter")
    assert page.locator("#item-1").get_by_text("aws s3api put-public-access-block").is_visible()
    reader.page.close()


def test_every_tile_has_its_state_as_colour_and_text_and_icon_on_one_screen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "all.html"
    path.write_text(render_gap(gaps.judged(criteria=gaps.real_criteria()), "html", Options()))
    reader = Reader(browser, viewport={"width": 1280, "height": 900})
    page = reader.open(path)
    tiles = page.locator(".tile").all()
    assert len(tiles) == 61
    assert page.evaluate("[...document.querySelectorAll('.tile')].at(-1).getBoundingClientRect().bottom") <= 900
    shown = page.evaluate(
        "[...document.querySelectorAll('.tile')].map(tile => [tile.className.split(' ')[1],"
        " tile.querySelector('span').textContent, getComputedStyle(tile.querySelector('svg')).fill,"
        " tile.querySelector('use').getAttribute('href')])"
    )
    kinds = {tuple(row) for row in shown}
    assert {row[1] for row in kinds} == {"failing", "missing", "unproven", "not relevant"}
    for part in range(4):
        assert len({row[part] for row in kinds}) == 4
    reader.page.close()


def test_it_prints_the_picture_on_the_first_sheet_and_everything_that_is_folded(browser: Browser, folder: Path) -> None:
    reader = Reader(browser, color_scheme="dark")
    page = reader.open(folder / "every_state.html")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#item-1").get_by_text("aws s3api put-public-access-block").is_visible()
    assert page.locator("nav").is_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF-")
    reader.page.close()
