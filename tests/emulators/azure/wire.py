"""An Azure on a loopback address, over TLS: what tests get as the fixture ``azure``.

azure.tenant.add("Microsoft.KeyVault/vaults", "secrets", {"enableSoftDelete": True})
azure.faults.add("denied", "arm:Microsoft.Security/pricings")
azure.faults.add("throttled", "resourcegraph:resources", headers=(("retry-after", "3600"),))
azure.edit("resourcegraph:resources", lambda body: body["data"][0].pop("id"))
azure.manager.page_size = 1
assert azure.traffic.calls["resourcegraph:resources"] == 1
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.emulators.azure import errors
from tests.emulators.azure.graph import Graph
from tests.emulators.azure.identify import GRAPH, RESOURCE_GRAPH, identify
from tests.emulators.azure.login import Login
from tests.emulators.azure.manager import Manager
from tests.emulators.azure.resource_graph import ResourceGraph
from tests.emulators.azure.tenant import CLIENT, SECRET, TENANT, Tenant
from tests.emulators.emulator import Emulator
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer, Exchange

Change = Callable[[Exchange, Answer], Answer]

_TOKENS: Final = {
    "missing": ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."),
    "invalid": ("InvalidAuthenticationToken", "The access token is invalid."),
    "audience": ("InvalidAuthenticationTokenAudience", "The access token has been obtained for the wrong audience."),
    "expired": ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now."),
}


class AzureWire(Emulator):
    """The server. Its services, ``login``, ``manager``, ``resource_graph`` and ``graph``, answer from ``tenant``."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(bundle, errors.AZURE)
        self.reset()

    def reset(self) -> None:
        """A tenant that holds next to nothing, nothing asked so far, and nothing that goes wrong."""
        self.tenant = Tenant()
        self.login = Login(self.tenant)
        self.manager = Manager(self.tenant)
        self.resource_graph = ResourceGraph(self.tenant, time.monotonic)
        self.graph = Graph(self.tenant)
        self._changes: dict[str, tuple[Change, ...]] = {}
        self.clear()

    @property
    def environment(self) -> dict[str, str]:
        """See :class:`Emulator`; with the secret of an application."""
        return {
            **super().environment,
            "AZURE_AUTHORITY_HOST": self.url,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            "AZURE_MICROSOFT_GRAPH_ENDPOINT": f"{self.url}/graph",
            "AZURE_RESOURCE_MANAGER_ENDPOINT": self.url,
            "AZURE_TENANT_ID": TENANT,
        }

    def change(self, operation: str, change: Change) -> None:
        """Send every answer to ``operation`` through ``change``."""
        self._changes = {**self._changes, operation: (*self._changes.get(operation, ()), change)}

    def edit(self, operation: str, edit: Callable[[Any], Any]) -> None:
        """Let ``edit`` change the document of every successful answer to ``operation``."""

        def change(exchange: Exchange, answer: Answer) -> Answer:
            if answer.status >= 300:
                return answer
            document = json.loads(answer.body)
            edit(document)
            return answer.with_body(json.dumps(document).encode())

        self.change(operation, change)

    def identified(self, request: Request) -> Call:
        """See :class:`Emulator`."""
        return identify(request)

    def answered(self, exchange: Exchange) -> Answer:
        """See :class:`Emulator`."""
        answer = self._served_by(exchange)
        for change in self._changes.get(exchange.call.name, ()):
            answer = change(exchange, answer)
        return answer

    def _served_by(self, exchange: Exchange) -> Answer:
        request, call = exchange.request, exchange.call
        if call.service == "login":
            return self.login.answer(request, self.url)
        graph = request.path.startswith(GRAPH)
        client, why = self.login.holder(request, (f"{self.url}/graph",) if graph else (self.url,))
        if client is None:
            return errors.unauthorised(call, *_TOKENS[why])
        if graph:
            return self.graph.answer(request, call, client, self.url)
        if request.path.lower() == RESOURCE_GRAPH:
            return self.resource_graph.answer(request, call, client)
        return self.manager.answer(request, call, client, self.url)
