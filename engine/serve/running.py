"""Runs the application on a socket, until a signal ends it."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Mapping
from typing import Final

import uvicorn

from engine.errors import UsageError
from engine.model import Clock
from engine.serve.accesses import AccessLog
from engine.serve.app import application
from engine.serve.guard import Bounds
from engine.serve.library import Store, followed
from engine.serve.links import Links

_WAITING: Final = 2_048
"""Connections that wait to be accepted."""
_FILES: Final = 8_192
"""Files and connections that may be open at once, where the system lets us."""
_IDLE: Final = 15
"""Seconds after which a connection on which nothing is asked is closed."""


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError where it cannot."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address, port))
        found.listen(_WAITING)
    except OSError as error:
        found.close()
        raise UsageError(f"serving on {address}, port {port}: {error.strerror}; use another --port") from error
    return found


def run(
    listening: socket.socket,
    stores: Mapping[str, Store],
    links: Links,
    log: AccessLog,
    bounds: Bounds,
    clock: Clock,
    a_minute: float,
    tell: Callable[[str], None],
) -> None:
    """Answer on a socket until SIGINT or SIGTERM comes. The server's own log is off: it would hold addresses."""
    _open_many()
    app = application(stores, links, log, bounds, clock, a_minute, tell)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        timeout_keep_alive=_IDLE,
        backlog=_WAITING,
        timeout_graceful_shutdown=5,
    )
    with followed(stores.values()):
        uvicorn.Server(config).run(sockets=[listening])


def _open_many() -> None:
    """Raise the limit on open files, which is often 1,024: each connection is one."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
