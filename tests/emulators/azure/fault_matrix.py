"""Each call of a scan of Azure goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.model import Finding, Snapshot
from tests.collectors.scan import accounts, scan
from tests.emulators.azure.filled import fill
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire
from tests.emulators.fault_matrix import COMMON, EXPECTED, USUAL, Expected, Matrix, Spoil, Verdicts, spoiling, timed_out

DISCOVERY: Final = ("arm:Microsoft.Resources/subscriptions", "arm:Microsoft.Resources/tenants")
"""Operations by which a run finds out what there is to scan: their failures keep it incomplete."""
_CHALLENGE: Final = 'Bearer authorization_uri="https://login.invalid/", error="insufficient_claims", claims="e30"'
# Beside those of every cloud: a Retry-After of an hour, a challenge that no token meets, a listing that breaks off.
KINDS: Final[Mapping[str, Spoil]] = {
    **COMMON,
    "an hour": spoiling("throttled", headers=(("retry-after", "3600"),)),
    "claims": spoiling(
        "error", code="InvalidAuthenticationToken", status=401, headers=(("www-authenticate", _CHALLENGE),)
    ),
    "second_page": spoiling("server_error", after=1),
}
SAYS: Final[Mapping[str, Expected]] = {
    **EXPECTED,
    "an hour": EXPECTED["throttled"],
    "claims": EXPECTED["expired_token"],
    "second_page": EXPECTED["server_error"],
}


class AzureMatrix(Matrix):
    """Of one tenant that holds something for each check."""

    unmet = frozenset({"second_page"})

    def __init__(self, azure: AzureWire) -> None:
        super().__init__(azure, KINDS, SAYS)
        self.azure = azure

    def prepare(self) -> None:
        """See :class:`Matrix`."""
        self.azure.reset()
        fill(self.azure.tenant)

    def scan(self, checks: Sequence[str], timeout: float = USUAL) -> tuple[Snapshot, tuple[Finding, ...]]:
        """See :class:`Matrix`."""
        return scan(checks, timeout=timeout)

    def seen(
        self, checks: Sequence[str], call: str, kind: str, sound: Verdicts, timeout: float
    ) -> tuple[list[str], bool]:
        """See :class:`Matrix`; of a call by which a run finds out what there is, what it then says of that."""
        if kind == "second_page":
            self.azure.manager.page_size = self.azure.graph.page_size = self.azure.resource_graph.page_size = 1
        if call in DISCOVERY:
            return self._undiscovered(kind, timeout)
        return super().seen(checks, call, kind, sound, timeout)

    def _undiscovered(self, kind: str, timeout: float) -> tuple[list[str], bool]:
        found = accounts("azure", timeout=timeout)
        wrong = (
            []
            if SUBSCRIPTION in found.accounts or found.failures
            else ["the subscription is gone, and nothing says so"]
        )
        for why in found.failures.values():
            wrong += self.expected[kind].amiss(why.reason, why.permission)
        return wrong, timed_out(found)
