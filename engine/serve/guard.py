"""What stands before every route: host, method, link, rate; and after it: headers, and a line in the log of accesses.

Plain ASGI, so that nothing gets past it: a request that is refused here never reaches a route.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.errors import AuditreelError
from engine.model import Clock
from engine.report.html.templating import policy
from engine.serve.accesses import AccessLog
from engine.serve.links import Link, LinkError, Links
from engine.serve.notices import notice
from engine.serve.rates import Rates

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = ("GET", "HEAD")
LINK: Final = "auditreel.link"
"""Where a request has its link (None: it has none that opens anything)."""
PAGE: Final = "auditreel.page"
"""Where a route says what it is called in the log."""
_WHY: Final = "auditreel.why"
"""Where a request whose link opens nothing has the reason."""
_OPENING: Final = "/link/"
_HEADERS: Final = (
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Cache-Control", "no-store"),
)
_SECURE: Final = ("Strict-Transport-Security", "max-age=31536000")


class NoLinkError(Exception):
    """A request without a link that opens anything. ``why`` says why the one that it has does not ("": it has none)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def link_of(request: Request) -> Link:
    """The link of a request. Raises NoLinkError."""
    link: Link | None = request.scope[LINK]
    if link is None:
        raise NoLinkError(request.scope[_WHY])
    return link


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the server is reached: ``hosts`` as browsers name them (with the port, where it is not the usual one).

    ``secure``: behind TLS. ``everything``: who has no link sees all of it, which is for one's own machine only.
    """

    hosts: frozenset[str]
    secure: bool = False
    everything: bool = False

    @property
    def cookie(self) -> str:
        """The name of the cookie. The prefix makes browsers refuse one that another host or plain HTTP set."""
        return "__Host-auditreel" if self.secure else "auditreel"


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application around another one. ``whole`` is what is seen without a link where all may see everything."""

    app: ASGIApp
    bounds: Bounds
    links: Links
    log: AccessLog
    readers: Rates
    strangers: Rates
    clock: Clock
    whole: Link
    tell: Callable[[str], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        headers = [(name.lower(), value) for name, value in scope["headers"]]
        answer = _Answer(self, scope, send)
        scope[LINK], scope[_WHY] = None, ""
        try:
            refused = self._refused(scope, headers)
            if refused is not None:
                await answer.refuse(*refused)
            else:
                await self.app(scope, receive, answer.send)
        except Exception as error:
            # Nothing of it is shown, and no text of it is kept: it may hold what the reader sent.
            self.tell(f"a request failed: {told(answer.unwritten or error)}")
            if answer.started or answer.unwritten is not None:
                # What cannot be written into the log is not answered, not even with a page that says so.
                raise
            await answer.refuse(500, "It failed", "The server could not answer; whoever runs it is told why.")

    def _refused(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> tuple[Any, ...] | None:
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self.bounds.hosts:
            return 421, "Not here", "The server is not known by this name."
        if scope["method"] not in METHODS:
            return 405, "Read only", "There is nothing here but to read.", {"Allow": ", ".join(METHODS)}
        link: Link | None = self.whole
        if not self.bounds.everything:
            link, scope[_WHY] = self._link(headers)
        scope[LINK] = link
        if link is None:
            # Whoever opens a good link is never held up by those who try others from the same address.
            opens = scope["path"].startswith(_OPENING)
            opening = self._opened(scope["path"].removeprefix(_OPENING))[0] if opens else None
            wait = self.readers.wait(opening.id) if opening else self.strangers.wait(_address(scope))
        else:
            wait = self.readers.wait(link.id)
        if wait:
            said = f"Ask again in {wait} seconds."
            return 429, "Too many requests", said, {"Retry-After": str(wait)}
        return None

    def _link(self, headers: list[tuple[bytes, bytes]]) -> tuple[Link | None, str]:
        token = ""
        for name, value in headers:
            text = value.decode("latin-1")
            if name == b"authorization" and text[:7].lower() == "bearer ":
                token = text[7:].strip()
            elif name == b"cookie" and not token:
                token = _cookie(text, self.bounds.cookie)
        return self._opened(token) if token else (None, "")

    def _opened(self, token: str) -> tuple[Link | None, str]:
        """The link of a token, or why it opens nothing."""
        try:
            return self.links.opened(token, self.clock.now()), ""
        except LinkError as error:
            return None, error.sentence


class _Answer:
    """Sends an answer on, with the headers that every one has, once its line in the log is written."""

    def __init__(self, guard: Guard, scope: Scope, send: Send) -> None:
        self._guard, self._scope, self._send, self.started = guard, scope, send, False
        self.unwritten: AuditreelError | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            try:
                self._log(message["status"])
            except AuditreelError as error:
                self.unwritten = error
                raise
            self.started = True
            message = {**message, "headers": self._headers(message["headers"])}
        await self._send(message)

    def _log(self, status: int) -> None:
        guard, scope = self._guard, self._scope
        link: Link | None = scope.get(LINK)
        page = scope.get(PAGE, "")
        guard.log.add(
            at=guard.clock.now(),
            link=None if link is None else link.id,
            reader=None if link is None else link.reader,
            method=scope["method"] if scope["method"] in METHODS else "other",
            page=page,
            path=scope["path"] if status < 400 and page != "link" else None,
            status=status,
        )

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        own = {name.lower() for name, _ in given}
        added = [*_HEADERS, *([_SECURE] if self._guard.bounds.secure else [])]
        added += [] if b"content-security-policy" in own else [("Content-Security-Policy", policy(""))]
        return [*given, *((name.lower().encode(), value.encode()) for name, value in added)]

    async def refuse(self, status: int, heading: str, why: str, more: MutableMapping[str, str] | None = None) -> None:
        """Answer with a page that says why there is nothing else."""
        said = notice(self._scope["path"], status, heading, (why,))
        said.headers.update(more or {})
        await self.send({"type": "http.response.start", "status": status, "headers": said.raw_headers})
        await self.send({"type": "http.response.body", "body": b"" if self._scope["method"] == "HEAD" else said.body})


def _cookie(header: str, name: str) -> str:
    """The value of a cookie; others beside it may hold anything."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return next((value for known, _, value in pairs if known == name), "")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def told(error: Exception) -> str:
    """What may be told of an error: ours say what was done and to what; of others the kind, and where it was raised."""
    if isinstance(error, AuditreelError):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" in {trace.tb_frame.f_globals.get('__name__', '')}, line {trace.tb_lineno}"
    return f"{type(error).__name__}{where}"
