"""botocore's clients: made once a service and region, when first asked for, and shared by all accounts.

One client is one connection pool. Which account a request is for, its credentials say
(:mod:`providers.aws.credentials`). The clients are what boto3's are, without the rest of boto3, which costs more to
import than a client to make. Retries and pace are the engine's (:class:`providers.base.Governor`), so botocore's own
are off. Loading a service's model costs most of a client; all sessions share one loader.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.handlers import json_decode_policies

from providers.aws.answers import Parsers, verified
from providers.aws.connections import Session, Trust
from providers.aws.credentials import signed, signing
from providers.aws.models import loader
from providers.aws.paging import paging

CONNECTIONS: Final = 32
"""Connections a client keeps open; the engine never has more requests in flight in one lane."""

SENDER: Final = "auditreel"
"""By which name botocore's events know what sends the requests."""

GLOBAL_REGIONS: Final[Mapping[str, str]] = {
    "aws": "us-east-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-cn": "cn-north-1",
}
"""Where the global services of a partition answer."""


class Clients:
    """The clients, and the credentials of each account.

    ``timeout`` is how long a request may take, in seconds; ``agent`` is appended to the User-Agent header.
    """

    def __init__(self, timeout: float, agent: str) -> None:
        self._session = botocore.session.Session()
        self._session.register_component("data_loader", loader())
        self._session.register_component("response_parser_factory", Parsers())
        # botocore's reading of IAM's policy documents keeps the last of two equal keys; ours are malformed then.
        self._session.unregister("after-call.iam", json_decode_policies)
        self._timeouts = (min(timeout, 5.0), timeout)
        self._trust = Trust(self._session.get_config_variable("ca_bundle"))
        self._config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            user_agent_extra=agent,
            ignore_configured_endpoint_urls=False,
            # An endpoint with an account id in its name would be that of the account that came first.
            account_id_endpoint_mode="disabled",
            # Botocore's own connections are never opened (see Session), so that nobody need look for their proxies.
            proxies={},
        )
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._sessions: list[Session] = []
        self._credentials: dict[str, Any] = {}
        self.partition = "aws"

    @property
    def default_region(self) -> str:
        """The region of the caller's configuration, else where the partition's global services answer."""
        return str(self._session.get_config_variable("region") or GLOBAL_REGIONS[self.partition])

    @property
    def global_region(self) -> str:
        """Where the global services of the partition answer."""
        return GLOBAL_REGIONS.get(self.partition, self.default_region)

    def paging(self, service: str, operation: str) -> Mapping[str, Any]:
        """How an operation pages (see :func:`providers.aws.paging.paging`)."""
        return paging(self._session, service, operation)

    def get(self, service: str, region: str) -> Any:
        """The client of a service ("s3", as botocore names it) in a region."""
        key = (service, region)
        client = self._clients.get(key)
        if client is None:
            # A Session is not documented as safe to make clients from several threads.
            with self._lock:
                client = self._clients.get(key)
                if client is None:
                    client = self._session.create_client(service, region_name=region, config=self._config)
                    session = Session(self._trust, client.meta.endpoint_url, self._timeouts, CONNECTIONS)
                    self._sessions.append(session)
                    client.meta.events.register("before-send", session.before_send, unique_id=SENDER)
                    client.meta.events.register("before-parse", verified)
                    client.meta.events.register("before-call", signed)
                    if service == "s3control" and "//s3-control" not in client.meta.endpoint_url:
                        client.meta.events.register("before-call", _without_account)
                    self._clients[key] = client
        return client

    def offered(self, service: str, region: str) -> bool:
        """Whether AWS has the service in a region, as far as botocore knows; what is not regional is everywhere."""
        known = self._session.get_available_regions(service, self.partition)
        return not known or region in known

    def own_credentials(self) -> Any:
        """The credentials of the default chain (botocore's), or None where there are none."""
        return self._session.get_credentials()

    def remember(self, account: str, credentials: Any) -> None:
        """Sign what is asked of an account with these credentials."""
        self._credentials[account] = credentials

    def forget(self, account: str) -> None:
        """Drop the credentials of an account."""
        self._credentials.pop(account, None)

    def signing(self, account: str) -> AbstractContextManager[None]:
        """Sign the requests of this thread for an account, "" for whoever we are; renews credentials that expire.

        Raises KeyError for an account that was not entered, and what renewing raises.
        """
        credentials = self._credentials[account] if account else self.own_credentials()
        return signing(None if credentials is None else Credentials(*credentials.get_frozen_credentials()[:3]))

    def close(self) -> None:
        """Drop all clients and their connections."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
            self._clients.clear()


def _without_account(params: dict[str, Any], **_: Any) -> None:
    """Take the account id off the host name: S3 Control's endpoint rules put it before custom endpoints too."""
    account = params["headers"]["x-amz-account-id"]
    params["url"] = params["url"].replace(f"//{account}.", "//", 1)
