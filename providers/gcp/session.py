"""The way out: one session for all of Google's APIs, raw JSON and generated clients alike.

It asks Google's API hosts over TLS and nobody else, follows no redirect, and believes no answer that is not whole JSON.
What gets tokens is a session of its own, with the same rules but for the hosts: where a workload identity federation
takes its tokens from is what the caller's configuration says.
"""

from __future__ import annotations

import hashlib
import json
import threading
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession, Request
from requests.adapters import HTTPAdapter

from providers.connections import Connections
from providers.gcp.errors import ForeignHost, MalformedAnswer, parsed

METADATA: Final = frozenset({"metadata.google.internal", "169.254.169.254", "fd20:ce::254"})
"""Where a virtual machine's own credentials come from (Compute Engine, "About VM metadata"): by plain HTTP."""


class Told:
    """What the last answers in this thread were: their digests, the Date of the last, and the JSON that it held."""

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.date: str | None = None
        self.value: Any = None


class Session(AuthorizedSession):
    """Sends requests with credentials. ``timeout`` (seconds) is that of each request, ``agent`` who we say we are."""

    def __init__(self, credentials: Credentials, timeout: float, agent: str) -> None:
        super().__init__(credentials, max_refresh_attempts=1, auth_request=Request(asking()))  # type: ignore[no-untyped-call]
        self.headers["User-Agent"] = agent
        Connections().serve(self)
        self._timeout = timeout
        self._domain = f".{getattr(credentials, 'universe_domain', None) or 'googleapis.com'}"
        self._renewing = threading.Lock()
        self._local = threading.local()

    @property
    def told(self) -> Told:
        """What was answered in this thread since :meth:`listen`."""
        found: Told = self._local.told
        return found

    def listen(self) -> None:
        """Forget what was answered in this thread."""
        self._local.told = Told()

    def request(self, method: str, url: str, *arguments: Any, **settings: Any) -> requests.Response:  # type: ignore[override]
        """The answer, which is whole JSON and a success; raises ApiError, MalformedAnswer or ForeignHost else."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not (parts.hostname or "").endswith(self._domain):
            raise ForeignHost(parts.hostname or "")
        with self._renewing:
            # One renews, the others wait for it.
            if not self.credentials.valid:
                self.credentials.refresh(self._auth_request)
        settings |= {"timeout": self._timeout, "allow_redirects": False}
        response: requests.Response = super().request(method, url, *arguments, **settings)  # type: ignore[no-untyped-call]
        if not 200 <= response.status_code < 300:
            raise parsed(response.status_code, response.content, response.headers)
        try:
            value = json.loads(response.content)
        except (RecursionError, ValueError):
            raise MalformedAnswer("unparsable") from None
        if not isinstance(value, dict) or "error" in value:
            raise MalformedAnswer("not the answer of a success")
        told = self.told
        told.value, told.date = value, response.headers.get("Date")
        told.digests.append(hashlib.sha256(response.content).hexdigest())
        return response


def asking() -> requests.Session:
    """The session that gets tokens: nothing that it sends (keys, refresh tokens) goes anywhere else by a redirect."""
    session = requests.Session()
    session.max_redirects = 0
    session.mount("http://", _Near())
    return session


class _Near(HTTPAdapter):
    """Plain HTTP to this machine and to its metadata server, and to nobody else."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **settings: Any) -> requests.Response:
        host = urlsplit(request.url or "").hostname or ""
        if host not in METADATA and not _loopback(host):
            raise requests.exceptions.InvalidURL("tokens are asked for over TLS only")
        return super().send(request, *arguments, **settings)


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
