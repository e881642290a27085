"""GitHub's REST API on a loopback address, over TLS, at the path that an Enterprise Server has (/api/v3).

Nothing of the adapter is told that this is a test: it is given GITHUB_API_URL, and the authority of this occasion's
certificate. What is answered comes from a data file (:mod:`tests.emulators.github.world`), by routes that were written
from GitHub's REST reference (:mod:`tests.emulators.github.routes`). The clock stands still.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.emulators.certificates import serving
from tests.emulators.gcp.wire import Answered, Asked, Fault, Faults, Server
from tests.emulators.github.world import NOW, World

BASE: Final = "/api/v3"
TOKEN: Final = "ghp_swordfishswordfishswordfishswordfish"
"""The token of a person, which is to be found nowhere."""
APP_ID: Final = "4711"


class GitHub:
    """The server. ``calls`` holds what was asked; ``faults`` go wrong before the world is asked."""

    def __init__(self, answer: Callable[[GitHub, Asked], Answered], bundle: Path, world: World) -> None:
        self.answer = lambda asked: answer(self, asked)
        self.world, self.bundle = world, bundle
        self.faults = Faults()
        self.calls: list[Asked] = []
        self.broken: list[Exception] = []
        self.now = datetime.fromisoformat(NOW)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.tokens: dict[str, str] = {TOKEN: "ada"}
        self.issued = 0
        self._server = Server(("127.0.0.1", 0), self._handler())
        tls = serving(bundle)
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}{BASE}"

    @property
    def pem(self) -> str:
        """The App's private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    def reset(self, world: World) -> None:
        """Another world, nothing asked so far, and nothing that goes wrong."""
        self.world = world
        self.faults.clear()
        self.calls.clear()
        self.broken.clear()
        self.now = datetime.fromisoformat(NOW)
        self.tokens = {TOKEN: "ada"}

    def operations(self) -> Counter[str]:
        return Counter(f"{call.method} {call.path}" for call in self.calls)

    def __enter__(self) -> GitHub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        github = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # the head and the body are two writes

            def do_GET(self) -> None:
                github._serve(self)

            def do_POST(self) -> None:
                github._serve(self)

            def do_PATCH(self) -> None:
                github._serve(self)

            def do_DELETE(self) -> None:
                github._serve(self)

            def finish(self) -> None:
                try:
                    super().finish()
                finally:
                    self.connection.close()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _serve(self, handler: Any) -> None:
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        token = headers.get("authorization", "").removeprefix("Bearer ")
        path = parts.path.removeprefix(BASE) or "/"
        asked = Asked(
            handler.command,
            headers.get("host", ""),
            path,
            parse_qs(parts.query, keep_blank_values=True),
            headers,
            body,
            self.tokens.get(token),
        )
        self.calls.append(asked)
        fault = self.faults.at(asked)
        answered = fault(asked, lambda: self.answer(asked)) if fault else self.answer(asked)
        told = {
            "Date": format_datetime(self.now, usegmt=True),
            "X-GitHub-Request-Id": f"A{len(self.calls):05}",
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "4999",
            "X-RateLimit-Reset": str(int(self.now.timestamp()) + 3600),
            **answered.headers,
        }
        try:
            handler.send_response_only(answered.status)
            for name, value in told.items():
                handler.send_header(name, value)
            if answered.status != 204:
                handler.send_header("Content-Length", str(len(answered.body)))
            handler.end_headers()
            handler.wfile.write(answered.body[: answered.sent])
        except OSError:
            handler.close_connection = True
        if answered.sent is not None:
            handler.close_connection = True


# --- faults ---


def error(status: int, message: str, **headers: str) -> Fault:
    """An error as GitHub words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"message": message, "documentation_url": "https://docs.github.com/rest"}).encode()
    return lambda asked, answer: Answered(status, body, {"Content-Type": "application/json; charset=utf-8", **named})


def denied() -> Fault:
    return error(403, "Resource not accessible by integration")


def hidden() -> Fault:
    """404 in place of 403, as GitHub answers whoever may not know."""
    return error(404, "Not Found")


def primary(reset: int = 3600) -> Fault:
    """The primary rate limit, which is full again in so many seconds of the emulator's clock."""
    at = int(datetime.fromisoformat(NOW).timestamp()) + reset
    return error(403, "API rate limit exceeded for user ID 1.", X_RateLimit_Remaining="0", X_RateLimit_Reset=str(at))


def secondary(after: str | None = "1", status: int = 403) -> Fault:
    """A secondary rate limit."""
    told = {"Retry_After": after} if after is not None else {}
    return error(status, "You have exceeded a secondary rate limit. Please wait a few minutes.", **told)
