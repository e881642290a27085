"""Azure that answers with the address of another host: nothing that we send goes there, and nothing passes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.errors import DiscoveryError, UsageError
from tests.collectors.scan import scan
from tests.collectors.test_azure_adapter import known, vault
from tests.emulators.azure.wire import AzureWire
from tests.emulators.foreign import REDIRECTS, Foreign, elsewhere


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    with elsewhere() as server:
        yield server


@pytest.mark.parametrize("status", REDIRECTS)
def test_azure_is_followed_nowhere(azure: AzureWire, foreign: Foreign, status: int) -> None:
    vault(azure, "held")
    azure.change("resourcegraph:resources", foreign.instead(status))
    snapshot, findings = scan(("azure.keyvault.soft_delete_enabled",))
    assert {row.state for row in snapshot.collections} == {"failed"}
    assert {finding.verdict for finding in findings} == {"unknown"}
    assert foreign.asked == []


@pytest.mark.parametrize("status", REDIRECTS)
def test_the_secret_of_azure_is_sent_nowhere_else(azure: AzureWire, foreign: Foreign, status: int) -> None:
    azure.change("login:token", foreign.instead(status))
    with pytest.raises((DiscoveryError, UsageError)):
        known()
    assert foreign.asked == []
