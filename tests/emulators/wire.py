"""An HTTP reverse proxy on the loopback interface, made of layers: each sees a call and what comes back.

The tests' faults and the benchmarks' latencies are layers of the same proxy. It runs on one asyncio loop in a thread of
its own, so a test sets its layers up by plain calls while requests are under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from weakref import WeakSet

from tests.emulators.identify import Call, Request, identify

_HOP_BY_HOP: Final = frozenset({"connection", "content-length", "expect", "transfer-encoding"})
_BODILESS: Final = (204, 304)
JSON: Final = ("content-type", "application/json; charset=utf-8")
_UPSTREAM_CONNECTIONS: Final = 64
"""At once: half of what werkzeug's server keeps waiting."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``headers`` have lower-case names and are without framing.

    ``sent``: how many bytes of the body are sent before the connection is cut, None for all of it. ``length``: the
    content length told where it is not the body's (the answer to HEAD).
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    sent: int | None = None
    length: int | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200, *headers: tuple[str, str]) -> Answer:
        """An answer with a JSON body."""
        return cls(status, (JSON, *headers), json.dumps(value).encode())

    def with_body(self, body: bytes) -> Answer:
        """The same answer with another body, and without the checksums of the old one."""
        kept = tuple((k, v) for k, v in self.headers if not k.startswith("x-amz-checksum") and k != "content-encoding")
        return replace(self, headers=kept, body=body)

    def framed(self) -> bytes:
        """What is sent: all of the head, and as much of the body as is to be sent."""
        phrase = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else ""
        head = [f"HTTP/1.1 {self.status} {phrase}", *(f"{name}: {value}" for name, value in self.headers)]
        if self.status not in _BODILESS:
            head.append(f"content-length: {len(self.body) if self.length is None else self.length}")
        return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + self.body[: self.sent]


class Cut(Exception):
    """Raised by a layer: the connection is closed without an answer."""


class Silence(Exception):
    """Raised by a layer: nothing is answered for ``seconds``, or until the client gives up, whichever is first."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        super().__init__()


@dataclass(slots=True)
class Exchange:
    """A request under way: what it asks, and ``injected``, the fault that a layer put in its way, if any."""

    request: Request
    call: Call
    injected: str | None = None


Next = Callable[[Exchange], Awaitable[Answer]]
Layer = Callable[[Exchange, Next], Awaitable[Answer]]
"""A layer answers an exchange itself, or passes it on (as it is or changed) and looks at the answer."""


class Wire:
    """The proxy: ``layers``, the outermost first, in front of the server at ``upstream`` (host, port).

    ``identified`` says what a request calls; a server of our own is layers that answer all, with nothing behind. With
    ``tunnelled``, clients come as to a proxy (CONNECT), and TLS begins in the tunnel; else with ``tls`` it is HTTPS.

    ``base`` is what every path begins with, which is no part of what is asked.

    Use as a context manager, or call :meth:`start` and :meth:`stop`. Listens on ``port`` of 127.0.0.1 (0: any free).
    """

    base: str = ""

    def __init__(
        self,
        upstream: tuple[str, int],
        layers: Sequence[Layer] = (),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        identified: Callable[[Request], Call] = identify,
        tunnelled: bool = False,
    ) -> None:
        self._upstream, self._port, self._tls, self._identified = upstream, port, tls, identified
        self._tunnelled = tunnelled
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: WeakSet[asyncio.StreamWriter] = WeakSet()
        self._server: asyncio.Server | None = None
        self._places = asyncio.Semaphore(_UPSTREAM_CONNECTIONS)
        self.broken: list[Exception] = []
        """What layers raised that they should not have: a bug in the emulator or in a test's own rewrite."""
        self._through(layers)

    @property
    def url(self) -> str:
        """The endpoint URL that clients are given."""
        return f"{'https' if self._tls and not self._tunnelled else 'http'}://127.0.0.1:{self._port}{self.base}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self) -> None:
        """Close every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _listen(self) -> None:
        # The other side may not listen any more when TLS is to end.
        tls = {"ssl": self._tls, "ssl_shutdown_timeout": 0.05} if self._tls and not self._tunnelled else {}
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self._port, backlog=1024, limit=1 << 24, **tls
        )
        self._port = self._server.sockets[0].getsockname()[1]

    def _through(self, layers: Sequence[Layer]) -> None:
        """Answer through these layers from now on."""
        through: Next = self._forward
        for layer in reversed(layers):
            through = _over(layer, through)
        self._answer = through
        self.broken = []

    def _renew(self, layers: Sequence[Layer]) -> None:
        """Close every connection, and answer through these layers from now on."""

        async def renewed() -> None:
            await self._hang_up()
            self._through(layers)

        asyncio.run_coroutine_threadsafe(renewed(), self._loop).result()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        # Let the transports that were closed say so to the loop; under TLS that is an exchange.
        await asyncio.sleep(0.1 if self._tls else 0)
        if self._tunnelled:
            # A client that is waited for at the end of TLS in its tunnel would be for half a minute.
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._writers.add(writer)
        try:
            while await self._served(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # also a client that does not trust the certificate, and so ends a tunnel
        finally:
            self._connections.discard(task)
            writer.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request of a connection; whether the connection stays open."""
        start, headers = await _head(reader)
        method, target, _ = start.split(" ", 2)
        if method == "CONNECT" and self._tunnelled:
            assert self._tls is not None
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.start_tls(self._tls)
            return True
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = Request(method, target.removeprefix(self.base) or "/", headers, await _body(reader, headers))
        try:
            answer = await self._answer(Exchange(request, self._identified(request)))
        except Cut:
            return False
        except Silence as silence:
            await _given_up(reader, silence.seconds)
            return False
        except OSError:
            return False  # the server behind is gone, and so the client sees a connection that is closed
        except Exception as error:
            self.broken.append(error)
            return False
        writer.write(answer.framed())
        await writer.drain()
        return answer.sent is None and headers.get("connection", "").lower() != "close"

    async def _forward(self, exchange: Exchange) -> Answer:
        async with self._places:
            return await self._asked(exchange.request)

    async def _asked(self, request: Request) -> Answer:
        reader, writer = await asyncio.open_connection(*self._upstream, limit=1 << 24)
        try:
            head = [f"{request.method} {request.target} HTTP/1.1", f"content-length: {len(request.body)}"]
            head += [f"{name}: {value}" for name, value in request.headers.items() if name not in _HOP_BY_HOP]
            writer.write(("\r\n".join([*head, "connection: close"]) + "\r\n\r\n").encode("latin-1") + request.body)
            await writer.drain()
            start, headers = await _head(reader)
            status = int(start.split()[1])
            kept = tuple((name, value) for name, value in headers.items() if name not in _HOP_BY_HOP)
            if request.method == "HEAD" or status in _BODILESS:
                return Answer(status, kept, length=int(headers.get("content-length", 0)))
            return Answer(status, kept, await _body(reader, headers, to_the_end=True))
        finally:
            writer.close()


def _over(layer: Layer, inner: Next) -> Next:
    async def through(exchange: Exchange) -> Answer:
        return await layer(exchange, inner)

    return through


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines if line)
    return start, {name.strip().lower(): value.strip() for name, _, value in fields}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], to_the_end: bool = False) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        chunks = bytearray()
        while size := int((await reader.readline()).split(b";")[0], 16):
            chunks += await reader.readexactly(size)
            await reader.readexactly(2)
        while (await reader.readline()).strip():
            pass
        return bytes(chunks)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read(-1) if to_the_end else b""


async def _given_up(reader: asyncio.StreamReader, seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(), seconds)
