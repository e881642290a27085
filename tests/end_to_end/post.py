"""Where messages arrive: an HTTP server for webhooks and a mail server, on loopback addresses."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


class Webhook(BaseHTTPRequestHandler):
    """Keeps what is posted, path and JSON; answers with ``status``."""

    posted: ClassVar[list[tuple[str, Any]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.posted.append((self.path, json.loads(body)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as it takes to keep the messages that come."""

    received: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.received.append(b"".join(lines).decode())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    """The server in a thread; gives its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def webhook() -> ThreadingHTTPServer:
    Webhook.posted, Webhook.status = [], 200
    return ThreadingHTTPServer(("127.0.0.1", 0), Webhook)


def mail() -> socketserver.ThreadingTCPServer:
    Mail.received = []
    return socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
