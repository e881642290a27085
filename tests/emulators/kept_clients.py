"""botocore's clients, kept from test to test of a process: to make one takes longer than most of what it is asked.

A client depends on the environment that it was made in; what is kept is found again by that. Where files of
configuration or certificates count too, nothing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

import boto3
import botocore.client
import pytest
from botocore.utils import S3RegionRedirectorv2

from providers.aws import adapter
from providers.aws.clients import Clients

Environment = frozenset[tuple[str, str]]

_FILES: Final = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}
"""Files that botocore reads where they are, with where they are if the environment does not say."""
_engines: Final[dict[tuple[Environment, float, str], list[_Kept]]] = {}
_tests: Final[dict[tuple[Any, ...], Any]] = {}


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the adapter and ``boto3.client`` take kept clients for the length of a test."""
    for redirector in _Redirector.made:
        redirector._cache.clear()
    monkeypatch.setattr(botocore.client, "S3RegionRedirectorv2", _Redirector)
    monkeypatch.setattr(adapter, "Clients", _opened)
    monkeypatch.setattr(boto3, "client", _client(boto3.client))


def _environment() -> Environment | None:
    """What clients are made by; None where that is more than variables."""
    files = [os.environ.get(name, default) for name, default in _FILES.items()]
    if "AWS_CA_BUNDLE" in os.environ or any(Path(path).expanduser().exists() for path in files):
        return None
    counting = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")
    return frozenset(
        (name, value) for name, value in os.environ.items() if name.upper().startswith(counting) and name not in _FILES
    )


class _Redirector(S3RegionRedirectorv2):  # type: ignore[misc]
    """What a client of S3 learns from answers: in which region a bucket is. The next test's are other buckets."""

    made: ClassVar[list[_Redirector]] = []

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.made.append(self)


class _Kept(Clients):
    """Clients of an adapter, which whoever opens the next one in the same environment is given."""

    def __init__(self, timeout: float, agent: str, environment: Environment) -> None:
        super().__init__(timeout, agent)
        self._place = (environment, timeout, agent)

    def close(self) -> None:
        """Close the connections, forget whose they were, and wait for who comes next."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._credentials.clear()
            self.partition = "aws"
        waiting = _engines.setdefault(self._place, [])
        if self not in waiting:
            waiting.append(self)


def _opened(timeout: float, agent: str) -> Clients:
    environment = _environment()
    if environment is None:
        return Clients(timeout, agent)
    waiting = _engines.get((environment, timeout, agent))
    return waiting.pop() if waiting else _Kept(timeout, agent, environment)


def _client(make: Callable[..., Any]) -> Callable[..., Any]:
    def client(service: str, region_name: str | None = None, **more: Any) -> Any:
        environment = _environment()
        if environment is None or more:
            return make(service, region_name=region_name, **more)
        key = (service, region_name, environment)
        if key not in _tests:
            _tests[key] = make(service, region_name=region_name)
        return _tests[key]

    return client
