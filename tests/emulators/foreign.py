"""Another host, to which answers lead: it keeps what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from tests.emulators.overrides import Change
from tests.emulators.wire import Answer, Exchange

REDIRECTS: Final = (301, 302, 303, 307, 308)


class Foreign(HTTPServer):
    """Another host, which answers whatever it is asked, and keeps what that was."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Answering)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/elsewhere"

    def instead(self, status: int) -> Change:
        """A change of any answer: the address of this host in its place."""

        def change(exchange: Exchange, answer: Answer) -> Answer:
            return Answer(status, (("location", self.url), ("content-type", "text/xml")), b"<moved/>")

        return change


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Foreign)
        self.server.asked.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"Keys": [], "value": []}')

    do_POST = do_PUT = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def elsewhere() -> Iterator[Foreign]:
    """The other host, served."""
    with Foreign() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
