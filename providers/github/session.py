"""The HTTP of GitHub's REST API: one host, no redirect, and no answer believed that is not whole JSON."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from providers.base import NotConfigured
from providers.connections import Connections
from providers.github.errors import Answered, MalformedAnswer, Unreachable, accepted

PUBLIC: Final = "https://api.github.com"
VERSION: Final = "2022-11-28"
"""X-GitHub-Api-Version, whose documentation the readers were written from."""
AT_ONCE: Final = 4
"""Requests in flight: GitHub asks for few, and limits them by a secondary rate limit."""
_NEXT: Final = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?(?=[\s;,]|$)')


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a success status. ``body`` is its JSON (None for 204), ``next`` the address of the next page."""

    status: int
    body: Any
    raw: bytes
    request_id: str | None
    date: datetime | None
    next: str | None


class Session:
    """Requests to one base URL, from many threads. ``timeout`` is that of each in seconds, ``agent`` who we say we are.

    ``base``: the public API, or that of an Enterprise Server ("https://HOST/api/v3"). Raises
    :class:`providers.base.NotConfigured` for an address without TLS that is not of this machine.
    """

    def __init__(self, base: str, timeout: float, agent: str) -> None:
        self.base = base.rstrip("/")
        parts = urlsplit(self.base)
        if parts.username or parts.query or not parts.hostname or parts.scheme not in ("https", "http"):
            raise NotConfigured("GITHUB_API_URL is no address of an API; say https://HOST/api/v3")
        if parts.scheme == "http" and not _loopback(parts.hostname):
            raise NotConfigured("GITHUB_API_URL has no TLS, and a token would be sent there; say https://")
        self._http = requests.Session()
        Connections(AT_ONCE).serve(self._http)
        self._timeout = timeout
        self._headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION, "User-Agent": agent}
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def send(self, operation: str, method: str, path: str, authorization: str | None, body: Any = None) -> Answer:
        """The answer to one request; ``path`` below the base, or the address of a next page, which must lie there too.

        Raises :class:`Answered`, :class:`MalformedAnswer` and :class:`Unreachable`.
        """
        url = self._own(operation, path)
        headers = self._headers if authorization is None else {**self._headers, "Authorization": authorization}
        try:
            with self._free:
                response = self._http.request(
                    method,
                    url,
                    headers=headers,
                    json=body,
                    timeout=self._timeout,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            # Without its text and its cause: they hold the request.
            lost = not isinstance(error, requests.exceptions.SSLError)
            raise Unreachable(operation, type(error).__name__, temporary=lost) from None
        return _answer(operation, response)

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def _own(self, operation: str, path: str) -> str:
        if path.startswith("/"):
            return self.base + path
        ours, theirs = urlsplit(self.base), urlsplit(path)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise MalformedAnswer(operation, "the next page is on another host", temporary=False)
        return path


def _answer(operation: str, response: requests.Response) -> Answer:
    headers, status = response.headers, response.status_code
    request_id, date = headers.get("X-GitHub-Request-Id"), _date(headers)
    try:
        body = json.loads(response.content, parse_constant=_no_number) if response.content else None
        broken = False
    except (RecursionError, ValueError):
        body, broken = None, True
    if not 200 <= status < 300:
        message = body.get("message") if isinstance(body, dict) else None
        raise Answered(
            operation,
            status,
            message if isinstance(message, str) else "",
            request_id,
            _wait(headers, date),
            headers.get("X-RateLimit-Remaining") == "0",
            accepted(headers.get("X-Accepted-GitHub-Permissions", "")),
            date,
        )
    if broken or (body is None) != (status == 204):
        raise MalformedAnswer(operation, "not whole JSON", request_id)
    link = _NEXT.search(headers.get("Link", ""))
    return Answer(status, body, response.content, request_id, date, link.group(1) if link else None)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _wait(headers: Mapping[str, str], date: datetime | None) -> float | None:
    """The seconds that an answer asks to wait: Retry-After, else until the primary limit is filled again."""
    after, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if after.isascii() and after.isdigit():
        return float(after)
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit() and date is not None:
        return max(1.0, float(reset) - date.timestamp())
    return None


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
