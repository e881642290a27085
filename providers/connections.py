"""The HTTP connections of a session of requests: one TLS context, and proxies that are looked up once a host.

requests reads the certificate authorities anew for each connection (20 ms of CPU), and at each request it looks through
the whole environment twice and for a .netrc: with small answers a fifth of what a request costs.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies
from urllib3.util import Retry
from urllib3.util.ssl_ import create_urllib3_context

from providers.base import NotConfigured

KEPT: Final = 64
"""Hosts, and connections to a host, that stay open: one for each thread that reads."""
NO_RETRIES: Final = Retry(0, read=False)
"""Requests' own: what goes wrong is told as its exceptions."""
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Connections(HTTPAdapter):
    """The connections of one session or of several, from many threads; ``kept`` to a host stay open.

    What is trusted is what the environment names now, as with requests: the authorities of REQUESTS_CA_BUNDLE or
    CURL_CA_BUNDLE, else those that come with requests. Raises :class:`providers.base.NotConfigured` where they cannot
    be read.
    """

    def __init__(self, kept: int = KEPT, retries: Retry = NO_RETRIES) -> None:
        self._context = _trusting(next(filter(None, map(os.environ.get, _BUNDLES)), None) or DEFAULT_CA_BUNDLE_PATH)
        self._proxies: dict[str, Mapping[str, str]] = {}
        super().__init__(pool_connections=KEPT, pool_maxsize=kept, max_retries=retries)

    def serve(self, session: requests.Session) -> None:
        """Be the connections of a session. No .netrc counts there: what it holds would be sent in a token's place."""
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **settings: Any) -> requests.Response:
        """The answer to a request, by the proxy that the environment has for its host."""
        url = request.url or ""
        host = urlsplit(url).netloc
        if host not in self._proxies:
            self._proxies[host] = get_environ_proxies(url)
        return super().send(request, *arguments, **(settings | {"proxies": self._proxies[host]}))

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, *arguments: Any, **settings: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Requests' own, with our context in place of the file of authorities."""
        host, _ = super().build_connection_pool_key_attributes(request, *arguments, **settings)
        return host, {"ssl_context": self._context} if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, *arguments: Any, **settings: Any) -> None:
        """Nothing more to say to a connection: its context verifies."""

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """Requests' own; a proxy that is spoken to over TLS is verified by our context as well."""
        if proxy.lower().startswith("https"):
            settings |= {"proxy_ssl_context": self._context}
        return super().proxy_manager_for(proxy, **settings)


def _trusting(bundle: str) -> ssl.SSLContext:
    """A context that trusts the authorities of a file or folder."""
    made = create_urllib3_context()
    try:
        made.load_verify_locations(**{"capath" if Path(bundle).is_dir() else "cafile": bundle})
    except OSError as error:
        raise NotConfigured(f"certificate authorities cannot be read: {bundle}: {error.strerror or error}") from error
    return made
