"""The HTTP connections of botocore's clients, on one TLS context a process.

botocore gives each client a context of its own and reads the certificate authorities into it again for each connection:
40 ms of CPU a connection, and 0.7 MB a client, of which a scan of all services has hundreds.
"""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import SSLError
from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from botocore.utils import get_environ_proxies

_OPTIONS: Final = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
"""Of botocore's own sockets."""


class Trust:
    """The certificate authorities that all connections trust: ``bundle`` is a file or folder (None: botocore's own).

    As in botocore, REQUESTS_CA_BUNDLE counts where no bundle is named.
    """

    def __init__(self, bundle: str | None) -> None:
        self.bundle: str | bool = bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._context: ssl.SSLContext | None = None

    def context(self, endpoint: str) -> ssl.SSLContext:
        """The context. Raises botocore's SSLError where the bundle cannot be read; ``endpoint`` is told in it."""
        if self._context is None:
            path = Path(get_cert_path(self.bundle))
            made: ssl.SSLContext = create_urllib3_context()
            try:
                made.load_verify_locations(**{"capath" if path.is_dir() else "cafile": str(path)})
            except OSError as error:
                raise SSLError(endpoint_url=endpoint, error=f"{path}: {error}") from error
            self._context = made
        return self._context


class Session(URLLib3Session):  # type: ignore[misc]
    """The connections of one client, whose endpoint's URL decides on proxies.

    ``timeouts`` are those to connect and to read, in seconds; ``connections`` how many stay open.
    """

    def __init__(self, trust: Trust, endpoint: str, timeouts: tuple[float, float], connections: int) -> None:
        self._trusted = trust.context(endpoint) if endpoint.startswith("https") else create_urllib3_context()
        super().__init__(
            verify=trust.bundle,
            proxies=get_environ_proxies(endpoint),
            timeout=timeouts,
            max_pool_connections=connections,
            socket_options=_OPTIONS,
        )

    def before_send(self, request: Any, **_: Any) -> Any:
        """Give the answer to a request in the client's place: a handler of botocore's ``before-send`` event."""
        return self.send(request)

    def _get_ssl_context(self) -> ssl.SSLContext:
        return self._trusted

    def _setup_ssl_cert(self, conn: Any, url: str, verify: bool | str) -> None:
        super()._setup_ssl_cert(conn, url, verify)
        if url.startswith("https"):
            # The context has them already.
            conn.ca_certs = None
