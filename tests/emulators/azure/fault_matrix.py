"""Each call that a scan makes goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from engine.collection import directory
from engine.collection.limiter import Limiter
from providers import opened
from tests.collectors.scan import scan
from tests.emulators import faults
from tests.emulators.azure.filled import fill
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire
from tests.emulators.fault_matrix import USUAL, Clean, Expected, Verdicts, misled, settled, timed_out, told

Kind = Literal[faults.Kind, "an hour", "claims", "second_page"]
"""Beside those of every provider: a Retry-After of an hour, a challenge that no token meets, a listing that breaks off
after its first page."""
KINDS: Final[tuple[Kind, ...]] = (*faults.KINDS, "an hour", "claims", "second_page")
TIMEOUT: Final = 1.5
"""Seconds that a request may take where nothing is answered."""
_BROKEN: Final = Expected.of("unavailable")
_MALFORMED: Final = Expected.of("malformed_response")
_CUT: Final = Expected.of("unavailable", "malformed_response")
# The identity itself is refused, so that a permission that is named would not help.
_REFUSED: Final = Expected.of("access_denied", permission=False)
EXPECTED: Final[Mapping[Kind, Expected]] = {
    "denied": Expected.of("access_denied", permission=True),
    "policy_denied": Expected.of("policy_denied"),
    "throttled": Expected.of("throttled"),
    "an hour": Expected.of("throttled"),
    "server_error": _BROKEN,
    "expired_token": _REFUSED,
    "claims": _REFUSED,
    "error": _BROKEN,
    "timeout": _BROKEN,
    "cut": _BROKEN,
    "cut_body": _CUT,
    "malformed": _MALFORMED,
    "html": _MALFORMED,
    "truncated": _CUT,
    "empty": _MALFORMED,
    "hollow": Expected.of("malformed_response", "missing_attribute"),
    "second_page": _BROKEN,
}
"""What an unknown verdict may say after each kind."""
DISCOVERY: Final = ("arm:Microsoft.Resources/subscriptions", "arm:Microsoft.Resources/tenants")
"""Operations by which a run finds out what there is to scan: their failures keep it incomplete."""


def calls(azure: AzureWire, checks: Sequence[str]) -> tuple[list[str], Verdicts]:
    """The operations of a scan, those that sign in apart, and its verdicts."""
    _prepared(azure)
    _, findings = scan(checks)
    return [name for name in azure.traffic.calls if not name.startswith("login:")], told(findings)


def clean(azure: AzureWire, checks: Sequence[str]) -> Clean:
    """What scans call and tell where nothing goes wrong, those that sign in apart."""

    def scanned(some: Sequence[str]) -> tuple[Verdicts, list[str]]:
        names, verdicts = calls(azure, some)
        return verdicts, names

    return Clean.of(checks, scanned)


def worse(azure: AzureWire, checks: Sequence[str], call: str, kind: Kind, sound: Verdicts) -> Iterator[str]:
    """What is told wrongly when an operation goes wrong, in words."""
    withheld = kind == "timeout"

    def case(timeout: float) -> tuple[list[str], bool]:
        _prepared(azure)
        _spoil(azure, call, kind)
        if call in DISCOVERY:
            wrong, late = _undiscovered(kind, timeout)
        else:
            snapshot, findings = scan(checks, timeout=timeout)
            wrong, late = [*misled(EXPECTED[kind], sound, snapshot, findings)], timed_out(snapshot)
        if not azure.faults.injected.total() and kind != "second_page":
            wrong.append("the operation was never called")
        return wrong, late

    limit = TIMEOUT if withheld else USUAL
    yield from (f"{call}, {kind}: {words}" for words in settled(case, limit, withheld=withheld))


def _undiscovered(kind: Kind, timeout: float) -> tuple[list[str], bool]:
    """What is amiss where the tenant's subscriptions or its name could not be read, and whether a request timed out."""
    adapter = opened("azure", timeout=timeout)
    try:
        found = directory(adapter, Limiter(lambda seconds: None, threading.Event()))
    finally:
        adapter.close()
    wrong = (
        [] if SUBSCRIPTION in found.accounts or found.failures else ["the subscription is gone, and nothing says so"]
    )
    for why in found.failures.values():
        wrong += EXPECTED[kind].amiss(why.reason, why.permission)
    return wrong, timed_out(found)


def _prepared(azure: AzureWire) -> None:
    azure.reset()
    fill(azure.tenant)


def _spoil(azure: AzureWire, call: str, kind: Kind) -> None:
    if kind == "second_page":
        azure.manager.page_size = azure.graph.page_size = azure.resource_graph.page_size = 1
        azure.faults.add("server_error", call, after=1)
    elif kind == "an hour":
        azure.faults.add("throttled", call, headers=(("retry-after", "3600"),))
    elif kind == "claims":
        challenge = 'Bearer authorization_uri="https://login.invalid/", error="insufficient_claims", claims="e30"'
        refusal = {"code": "InvalidAuthenticationToken", "status": 401}
        azure.faults.add("error", call, **refusal, headers=(("www-authenticate", challenge),))
    elif kind == "error":
        azure.faults.add("error", call, code="Unheard", status=400)
    else:
        azure.faults.add(kind, call)
