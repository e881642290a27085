"""A client of an ASGI application in this process: no socket, no server, one request at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for known, value in self.headers if known == name]
        assert len(found) <= 1, f"{name} is there twice"
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """``cookie`` is sent with each request, ``host`` too; neither where it is empty."""

    app: Any
    cookie: str = ""
    host: str = "127.0.0.1:8321"
    address: str = "127.0.0.1"
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def get(self, url: str, method: str = "GET", headers: Iterable[tuple[str, str]] = ()) -> Response:
        parts = urlsplit(url)
        sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        sent += [(b"host", self.host.encode())] if self.host else []
        sent += [(b"cookie", self.cookie.encode())] if self.cookie else []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": sent,
            "client": (self.address, 50_000),
            "server": ("127.0.0.1", 8321),
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        self.loop.run_until_complete(self.app(scope, receive, send))
        start = messages[0]
        received = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
        return Response(start["status"], received, b"".join(message.get("body", b"") for message in messages[1:]))

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


def resolved(page: str, href: str) -> str:
    """Where a link on a page leads, without its anchor."""
    parts = urlsplit(urljoin(f"http://here{page}", href))
    return parts.path + (f"?{parts.query}" if parts.query else "")
