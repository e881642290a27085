"""Each call that a scan makes goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.collectors.scan import scan
from tests.emulators.fault_matrix import Clean, Expected, Verdicts, misled, settled, timed_out, told
from tests.emulators.gcp.wire import (
    Fault,
    Google,
    cut_short,
    denied,
    disabled,
    failing,
    limited,
    redirected,
    replaced,
    truncated,
)
from tests.emulators.gcp.world import world

FAULTS: Final[Mapping[str, Fault]] = {
    "denied": denied(),
    "throttled": limited(),
    "throttled, in the older form": limited(legacy=True),
    "failing": failing(),
    "off elsewhere": disabled("70000000002"),
    "truncated": truncated,
    "cut short": cut_short,
    "another answer": replaced(b'{"unexpected": true}'),
    "a list": replaced(b"[]"),
    "an error with a success status": replaced(b'{"error": {"code": 403}}'),
    "redirected": redirected("https://storage.googleapis.com/"),
}
_MALFORMED: Final = Expected.of("malformed_response", permission=False)
EXPECTED: Final[Mapping[str, Expected]] = {
    "denied": Expected.of("access_denied", permission=True),
    "throttled": Expected.of("throttled", permission=False),
    "throttled, in the older form": Expected.of("throttled", permission=False),
    "failing": Expected.of("unavailable", permission=False),
    "off elsewhere": Expected.of("service_disabled", permission=False),
    "truncated": Expected.of("unavailable", permission=False),
    "cut short": _MALFORMED,
    # What an answer lacks may be one property of many.
    "another answer": Expected.of("malformed_response", "missing_attribute", permission=False),
    "a list": _MALFORMED,
    "an error with a success status": _MALFORMED,
    "redirected": Expected.of("unavailable", permission=False),
}
"""What an unknown verdict may say after each fault."""
DISCOVERY: Final = re.compile(r"/v3/(projects|folders)/[^:]+$")
"""Calls that find the project."""


def clean(google: Google, checks: Sequence[str], off: frozenset[str] = frozenset()) -> Clean:
    """What scans call, by "METHOD host/path", those that find the project apart, and tell without ``off`` services."""

    def scanned(some: Sequence[str]) -> tuple[Verdicts, list[str]]:
        _prepare(google, off)
        verdicts = told(scan(some)[1])
        return verdicts, [name for name in google.operations() if not DISCOVERY.search(name)]

    return Clean.of(checks, scanned)


def worse(google: Google, known: Clean, off: frozenset[str], call: str, fault: str) -> Iterator[str]:
    """What is told wrongly when a call goes wrong, in words."""
    checks = known.judged(call)

    def case(timeout: float) -> tuple[list[str], bool]:
        _prepare(google, off)
        google.faults.add(re.escape(call) + "$", FAULTS[fault])
        snapshot, findings = scan(checks, timeout=timeout)
        wrong = [*misled(EXPECTED[fault], known.verdicts(checks), snapshot, findings)]
        if call not in google.operations():
            wrong.append("it was never made")
        return wrong, timed_out(snapshot)

    yield from (f"{call}, {fault}: {words}" for words in settled(case))


def _prepare(google: Google, off: frozenset[str]) -> None:
    google.reset(world())
    google.world.off |= off
