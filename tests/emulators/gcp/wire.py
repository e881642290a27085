"""Google's APIs on a loopback address: a proxy that answers for every host below googleapis.com, over TLS.

Clients keep their real host names (``HTTPS_PROXY``) and trust the certificate of this occasion
(``REQUESTS_CA_BUNDLE``), so that nothing of the adapter is told that this is a test. What is answered comes from an
organization that a plain data file describes (:mod:`tests.emulators.gcp.world`), by routes that were written from
Google's API references (:mod:`tests.emulators.gcp.apis`).
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.emulators.certificates import serving
from tests.emulators.gcp.world import World

HOSTS: Final = ("*.googleapis.com",)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: ``query`` has a list for each parameter, ``who`` and ``scope``: to whom and for what its token is."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    who: str | None
    scope: str = ""

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None
    """Bytes of the body that are sent before the connection is cut; None: all of it."""

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Answered:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8", **headers})


class Refused(Exception):
    """Raised by a route: the answer is an error. ``legacy``: in the form of the older APIs, a list of errors."""

    def __init__(
        self, status: int, code: str, message: str, reason: str, metadata: dict[str, str] | None = None
    ) -> None:
        self.status, self.code, self.message, self.reason, self.metadata = status, code, message, reason, metadata or {}

    def answer(self, legacy: bool, old: bool = False) -> Answered:
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if legacy or old:
            error["errors"] = [{"message": self.message, "domain": "global", "reason": _camel(self.reason)}]
        if not legacy:
            error["status"] = self.code
            error["details"] = [
                {"@type": "type.googleapis.com/google.rpc.Help", "links": []}
                if old
                else {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": self.reason,
                    "domain": "googleapis.com",
                    "metadata": self.metadata,
                }
            ]
        return Answered.of({"error": error}, self.status)


def _camel(reason: str) -> str:
    known = {
        "RATE_LIMIT_EXCEEDED": "rateLimitExceeded",
        "SERVICE_DISABLED": "accessNotConfigured",
        "IAM_PERMISSION_DENIED": "forbidden",
        "NOT_FOUND": "notFound",
    }
    return known.get(reason, reason)


Fault = Callable[[Asked, Callable[[], Answered]], Answered]
"""Told a request and how to have it answered, answers in its place."""


@dataclass(slots=True)
class Faults:
    """What goes wrong: faults by a pattern of "METHOD host/path", each so often (None: always)."""

    rows: list[tuple[re.Pattern[str], Fault, list[int | None]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, pattern: str, fault: Fault, times: int | None = None) -> None:
        self.rows.append((re.compile(pattern), fault, [times]))

    def clear(self) -> None:
        self.rows.clear()

    def at(self, asked: Asked) -> Fault | None:
        name = f"{asked.method} {asked.host}{asked.path}"
        with self.lock:
            for pattern, fault, left in self.rows:
                if pattern.search(name) and left[0] != 0:
                    left[0] = left[0] - 1 if left[0] is not None else None
                    return fault
        return None


class Server(ThreadingHTTPServer):
    """Keeps as many connections waiting as a scan opens at once; else the kernel drops some, for a second or more."""

    daemon_threads = True
    request_queue_size = 128


class Google:
    """The server. ``answer`` is what the APIs say of ``world``; ``faults`` go wrong before that.

    ``calls`` holds what was asked, tokens apart; ``tokens`` maps those that were issued to whom they were issued to.
    """

    def __init__(self, answer: Callable[[Google, Asked], Answered], bundle: Path, world: World) -> None:
        self.answer = lambda asked: answer(self, asked)
        self.world = world
        self.faults = Faults()
        self.tokens: dict[str, str] = {}
        self.scopes: dict[str, str] = {}
        self.calls: list[Asked] = []
        self.broken: list[Exception] = []
        """What routes raised that they should not have: a bug in the emulator."""
        self.bundle = bundle
        self._tls = serving(bundle, *HOSTS)
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What HTTPS_PROXY has to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        return {"HTTPS_PROXY": self.url, "REQUESTS_CA_BUNDLE": str(self.bundle), "NO_PROXY": "", "no_proxy": ""}

    def reset(self, world: World) -> None:
        """Another world, nothing asked so far, and nothing that goes wrong."""
        self.world = world
        self.faults.clear()
        self.calls.clear()
        self.broken.clear()

    def operations(self) -> Counter[str]:
        """How often each "METHOD host/path" was asked."""
        return Counter(f"{call.method} {call.host}{call.path}" for call in self.calls)

    def __enter__(self) -> Google:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        google = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # the head and the body are two writes
            authority = ""

            def do_CONNECT(self) -> None:
                self.authority = self.path.partition(":")[0]
                self.send_response(200)
                self.end_headers()
                try:
                    self.connection = google._tls.wrap_socket(self.connection, server_side=True)
                except (OSError, ssl.SSLError):
                    self.close_connection = True
                    return
                self.rfile = self.connection.makefile("rb", -1)
                self.wfile = self.connection.makefile("wb", 0)
                self.close_connection = False

            def finish(self) -> None:
                try:
                    super().finish()
                finally:
                    # Under TLS it is another socket than the one that the server closes.
                    self.connection.close()

            def do_GET(self) -> None:
                google._serve(self)

            def do_POST(self) -> None:
                google._serve(self)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _serve(self, handler: Any) -> None:
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        token = headers.get("authorization", "").removeprefix("Bearer ")
        asked = Asked(
            handler.command,
            handler.authority or headers.get("host", "").partition(":")[0],
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            headers,
            body,
            self.tokens.get(token),
            self.scopes.get(token, ""),
        )
        fault = self.faults.at(asked)
        if not asked.path.endswith("/token"):
            self.calls.append(asked)
        answered = fault(asked, lambda: self.answer(asked)) if fault else self.answer(asked)
        try:
            handler.send_response(answered.status)
            etag = f'"{sha256(answered.body).hexdigest()[:16]}"'
            for name, value in {"ETag": etag, **answered.headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answered.body)))
            handler.end_headers()
            handler.wfile.write(answered.body[: answered.sent])
        except OSError:
            handler.close_connection = True
        if answered.sent is not None:
            handler.close_connection = True


# --- faults ---


def denied(permission: str = "") -> Fault:
    """403, with the permission that IAM names."""
    message = f"Permission '{permission}' denied on resource (or it may not exist)." if permission else "Forbidden"
    error = Refused(403, "PERMISSION_DENIED", message, "IAM_PERMISSION_DENIED", {"permission": permission})
    return _erring(error)


def limited(*, legacy: bool = False, after: str | None = None) -> Fault:
    """Too fast: 429 RESOURCE_EXHAUSTED, or in the older form 403 rateLimitExceeded."""
    status = 403 if legacy else 429
    error = Refused(status, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric", "RATE_LIMIT_EXCEEDED")
    return _erring(error, legacy, {"Retry-After": after} if after else {})


def disabled(project: str, *, old: bool = False) -> Fault:
    """The API is off in a project; ``old``: as services said so before there were ErrorInfos."""
    message = f"API has not been used in project {project} before or it is disabled. Enable it by visiting ..."
    error = Refused(403, "PERMISSION_DENIED", message, "SERVICE_DISABLED", {"consumer": f"projects/{project}"})
    return lambda asked, answer: error.answer(False, old)


def failing(status: int = 500) -> Fault:
    return _erring(Refused(status, "INTERNAL", "Internal error encountered.", "backendError"))


def truncated(asked: Asked, answer: Callable[[], Answered]) -> Answered:
    """The body ends early and the connection with it."""
    whole = answer()
    return Answered(whole.status, whole.body, whole.headers, len(whole.body) // 2)


def cut_short(asked: Asked, answer: Callable[[], Answered]) -> Answered:
    """The body ends early, and the length that is told is that of what is left."""
    whole = answer()
    return Answered(whole.status, whole.body[: len(whole.body) // 2], whole.headers)


def replaced(body: bytes) -> Fault:
    return lambda asked, answer: Answered(200, body, {"Content-Type": "application/json"})


def redirected(to: str) -> Fault:
    return lambda asked, answer: Answered(302, b"", {"Location": to})


def changed(change: Callable[[Any], Any]) -> Fault:
    """The answer, with its JSON changed."""

    def fault(asked: Asked, answer: Callable[[], Answered]) -> Answered:
        whole = answer()
        return Answered.of(change(json.loads(whole.body)), whole.status)

    return fault


def _erring(error: Refused, legacy: bool = False, headers: dict[str, str] | None = None) -> Fault:
    def fault(asked: Asked, answer: Callable[[], Answered]) -> Answered:
        made = error.answer(legacy)
        return Answered(made.status, made.body, {**made.headers, **(headers or {})})

    return fault
