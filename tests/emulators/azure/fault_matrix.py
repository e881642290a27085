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
from tests.emulators.fault_matrix import Verdicts, told
from tests.emulators.fault_matrix import worse as misled

Kind = Literal[faults.Kind, "an hour", "claims", "second_page"]
"""Beside those of every provider: a Retry-After of an hour, a challenge that no token meets, a listing that breaks off
after its first page."""
KINDS: Final[tuple[Kind, ...]] = (*faults.KINDS, "an hour", "claims", "second_page")
TIMEOUT: Final = 1.5
"""Seconds that a request may take where nothing is answered."""
_BROKEN: Final = frozenset({"unavailable"})
_MALFORMED: Final = frozenset({"malformed_response"})
REASONS: Final[Mapping[Kind, frozenset[str]]] = {
    "denied": frozenset({"access_denied"}),
    "policy_denied": frozenset({"policy_denied"}),
    "throttled": frozenset({"throttled"}),
    "an hour": frozenset({"throttled"}),
    "server_error": _BROKEN,
    "expired_token": frozenset({"access_denied"}),
    "claims": frozenset({"access_denied"}),
    "error": _BROKEN,
    "timeout": _BROKEN,
    "cut": _BROKEN,
    "cut_body": _BROKEN | _MALFORMED,
    "malformed": _MALFORMED,
    "html": _MALFORMED,
    "truncated": _MALFORMED | _BROKEN,
    "empty": _MALFORMED,
    "hollow": _MALFORMED | {"missing_attribute"},
    "second_page": _BROKEN,
}
"""What an unknown verdict may say after each kind."""
DISCOVERY: Final = ("arm:Microsoft.Resources/subscriptions", "arm:Microsoft.Resources/tenants")
"""Operations by which a run finds out what there is to scan: their failures keep it incomplete."""
REFUSED: Final[frozenset[Kind]] = frozenset({"expired_token", "claims"})
"""Where the identity itself is refused, so that a permission that is named would not help."""


def calls(azure: AzureWire, checks: Sequence[str]) -> tuple[list[str], Verdicts]:
    """The operations of a scan, those that sign in apart, and its verdicts."""
    _prepared(azure)
    _, findings = scan(checks)
    return [name for name in azure.traffic.calls if not name.startswith("login:")], told(findings)


def worse(azure: AzureWire, checks: Sequence[str], call: str, kind: Kind, sound: Verdicts) -> Iterator[str]:
    """What is told wrongly when an operation goes wrong, in words."""
    _prepared(azure)
    _spoil(azure, call, kind)
    timeout = TIMEOUT if kind == "timeout" else 5.0
    wrong = [*(_misled(checks, kind, sound, timeout) if call not in DISCOVERY else _undiscovered(kind, timeout))]
    if not azure.faults.injected.total() and kind != "second_page":
        wrong.append("the operation was never called")
    yield from (f"{call}, {kind}: {words}" for words in wrong)


def _misled(checks: Sequence[str], kind: Kind, sound: Verdicts, timeout: float) -> Iterator[str]:
    snapshot, findings = scan(checks, timeout=timeout)
    now = told(findings)
    yield from misled(sound, now)
    causes = {(cause.unread.reason, cause.unread.permission) for row in findings for cause in row.causes}
    yield from (words for reason, permission in sorted(causes, key=str) for words in _said(kind, reason, permission))
    if now != sound and not any(row.failures for row in snapshot.ledger):
        yield "the ledger says nothing of it"


def _undiscovered(kind: Kind, timeout: float) -> Iterator[str]:
    """What is amiss where the subscriptions of the tenant, or its name, could not be read."""
    adapter = opened("azure", timeout=timeout)
    try:
        found = directory(adapter, Limiter(lambda seconds: None, threading.Event()))
    finally:
        adapter.close()
    if SUBSCRIPTION not in found.accounts and not found.failures:
        yield "the subscription is gone, and nothing says so"
    yield from (words for why in found.failures.values() for words in _said(kind, why.reason, why.permission))


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


def _said(kind: Kind, reason: str, permission: str | None) -> Iterator[str]:
    """What a reason, and the permission that is named with it, say amiss."""
    if reason not in REASONS[kind]:
        yield f"unknown because {reason}"
    if kind == "denied" and not permission:
        yield "no permission is named"
    if kind in REFUSED and permission:
        yield f"{permission} is named, which would not help"
