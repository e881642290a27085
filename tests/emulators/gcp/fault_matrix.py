"""Each call that a scan makes goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.collectors.scan import scan
from tests.emulators.fault_matrix import Expected, Verdicts, misled, settled, timed_out, told
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
SAMPLE: Final = 12
"""Every so manieth check is judged whatever goes wrong, beside those whose own scans make the call."""


@dataclass(frozen=True, slots=True)
class Clean:
    """What scans make of a world in which nothing goes wrong, without the services that are ``off``.

    ``calls`` maps each call by "METHOD host/path", those that find the project apart, to the checks whose own scans
    make it; ``sound`` are the verdicts of all checks.
    """

    off: frozenset[str]
    checks: Sequence[str]
    calls: Mapping[str, frozenset[str]]
    sound: Verdicts

    def judged(self, call: str) -> list[str]:
        """The checks to judge where a call goes wrong: those that make it, and a fixed sample of the others.

        A check that makes no such call can be misled by the company of others alone (lanes, connections, what is
        listed once for several), which the sample keeps.
        """
        return sorted(self.calls[call].union(self.checks[::SAMPLE]))

    def of(self, checks: Iterable[str]) -> Verdicts:
        """The sound verdicts of some checks."""
        wanted = frozenset(checks)
        return {key: verdict for key, verdict in self.sound.items() if key[0] in wanted}


def clean(google: Google, checks: Sequence[str], off: frozenset[str] = frozenset()) -> Clean:
    """What scans call and tell where nothing goes wrong: all checks at once, and each by itself."""
    made: dict[str, set[str]] = {}
    _prepare(google, off)
    sound = told(scan(checks)[1])
    for name in _called(google):
        made.setdefault(name, set())
    for check in checks:
        google.calls.clear()
        scan([check])
        for name in _called(google):
            made.setdefault(name, set()).add(check)
    return Clean(off, tuple(checks), {name: frozenset(those) for name, those in made.items()}, sound)


def worse(google: Google, clean: Clean, call: str, fault: str) -> Iterator[str]:
    """What is told wrongly when a call goes wrong, in words."""
    checks = clean.judged(call)

    def case(timeout: float) -> tuple[list[str], bool]:
        _prepare(google, clean.off)
        google.faults.add(re.escape(call) + "$", FAULTS[fault])
        snapshot, findings = scan(checks, timeout=timeout)
        wrong = [*misled(EXPECTED[fault], clean.of(checks), snapshot, findings)]
        if call not in google.operations():
            wrong.append("it was never made")
        return wrong, timed_out(snapshot)

    yield from (f"{call}, {fault}: {words}" for words in settled(case))


def _prepare(google: Google, off: frozenset[str]) -> None:
    google.reset(world())
    google.world.off |= off


def _called(google: Google) -> list[str]:
    return [name for name in google.operations() if not DISCOVERY.search(name)]
