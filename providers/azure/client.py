"""The HTTP of Azure's control planes: azure-core's pipeline, with retries, pace and trust in our own hands.

An answer is a JSON object or it is malformed: what was cut, what a proxy put in its place, and what is no object. A
next page is only followed to where the first one came from, since the token goes with it.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from urllib3.util import Retry

from providers.azure.errors import Answered, MalformedAnswer, error_code
from providers.azure.tokens import Tokens
from providers.connections import Connections

_RAISING: Final = Retry(total=False, redirect=False, raise_on_status=False)
"""azure-core's own: urllib3's exceptions as they are, by which it tells one failure from another."""
_REQUEST_IDS: Final = ("x-ms-request-id", "request-id", "x-ms-correlation-request-id")
"""What Resource Manager and Microsoft Graph call the id of a request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object that was answered. ``raw`` are its bytes, ``headers`` have lower-case names."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def request_id(self) -> str | None:
        """The provider's id of the request."""
        return _request_id(self.headers)


class Client:
    """Requests to one base URL, with tokens for one audience. Safe to call from many threads.

    ``timeout`` is how long connecting, and waiting for the next bytes, may each take, in seconds.
    """

    def __init__(self, base: str, audience: str, tokens: Tokens, agent: str, timeout: float) -> None:
        self.base = base.rstrip("/")
        self.scope = f"{audience.rstrip('/')}/.default"
        self._tokens, self._agent, self._timeout = tokens, agent, timeout
        self._options = {} if self.base.startswith("https") else {"enforce_https": False}
        # azure-core calls neither its transport nor its policies safe for threads: each request has one for itself.
        self._idle: queue.LifoQueue[ARMPipelineClient[Any, Any]] = queue.LifoQueue()
        self._connections = Connections(retries=_RAISING)

    def token(self) -> str:
        """A token for the audience."""
        return self._tokens.get_token_info(self.scope).token

    def send(
        self, operation: str, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one request; ``url`` may be a path below the base, ``headers`` are sent beside the usual ones.

        Raises :class:`Answered` for an error status, :class:`MalformedAnswer`, and what azure-core raises.
        """
        url = self._own(operation, url)
        request = HttpRequest(method, url, headers={"Accept": "application/json", **(headers or {})}, json=body)
        try:
            client = self._idle.get_nowait()
        except queue.Empty:
            client = self._made()
        try:
            response = client.send_request(request, **self._options)
            status, raw = response.status_code, response.content
            told = {name.lower(): value for name, value in response.headers.items()}
        except BaseException:
            client.close()
            raise
        self._idle.put(client)
        return _answer(operation, status, told, raw)

    def close(self) -> None:
        """Drop the connections."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                break
        self._connections.close()

    def _made(self) -> ARMPipelineClient[Any, Any]:
        session = requests.Session()
        self._connections.serve(session)
        transport = RequestsTransport(
            session=session, session_owner=False, connection_timeout=self._timeout, read_timeout=self._timeout
        )
        policies = [
            RequestIdPolicy(),
            UserAgentPolicy(user_agent=self._agent, user_agent_overwrite=True),
            ARMChallengeAuthenticationPolicy(self._tokens, self.scope),
        ]
        return ARMPipelineClient(self.base, policies=policies, transport=transport)

    def _own(self, operation: str, url: str) -> str:
        if url.startswith("/"):
            return self.base + url
        ours, theirs = urlsplit(self.base), urlsplit(url)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise MalformedAnswer(operation, "the next page is on another host", temporary=False)
        return url


def _answer(operation: str, status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
    try:
        body = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        body = None
    if not 200 <= status < 300:
        code, message = error_code(body)
        raise Answered(operation, status, code, message, _request_id(headers), _retry_after(headers), headers)
    if not isinstance(body, dict):
        raise MalformedAnswer(operation, "not a JSON object", _request_id(headers))
    return Answer(body, headers, raw)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Retry-After (RFC 9110, section 10.2.3) in seconds: told so, or as a date, which is after the answer's own."""
    said = headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, wait.total_seconds())
