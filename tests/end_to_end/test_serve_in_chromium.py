"""What is served, in a real browser: a link opened from another site, pages judged by axe-core, nothing that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from benchmarks import readers
from tests.end_to_end.post import serving
from tests.end_to_end.served import hostile_night
from tests.end_to_end.test_html_in_chromium import Reader, browser, violations
from tests.golden.hostile import NAMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[readers.Serving]:
    folder = tmp_path_factory.mktemp("served")
    hostile_night(folder, [text for text in NAMES.values() if text and len(text) < 1_000])
    with readers.serving(folder / "store", folder / "config", folder / "web") as server:
        yield server


def test_a_link_from_another_site_leads_to_pages_that_everybody_can_read(
    browser: Browser, server: readers.Serving
) -> None:
    link = f"http://127.0.0.1:{server.port}/link/{server.token}"

    class Mail(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a href="{link}">open</a>'.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    reader = Reader(browser, viewport={"width": 375, "height": 900})
    page = reader.page
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Mail)) as port:
        page.goto(f"http://localhost:{port}/")
        page.get_by_text("open").click()
        page.wait_for_url(f"http://127.0.0.1:{server.port}/")
    assert page.evaluate("document.cookie") == ""
    assert violations(page) == []
    page.get_by_role("link", name=re.compile(r"^\d{4}-")).first.click()
    page.locator("#runs summary").click()
    page.locator("#runs a").first.click()
    page.locator("#records-t ~ * a, table a").first.click()
    assert page.get_by_role("heading", name="Its proof").is_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert server.token not in page.url
    assert [text for text in reader.said if "favicon" not in text] == []
    assert {url.split("/")[2] for url in reader.asked} == {f"127.0.0.1:{server.port}", f"localhost:{port}"}
    page.close()
