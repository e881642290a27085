"""Each call that a scan makes goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.collectors.scan import scan
from tests.emulators import fault_matrix
from tests.emulators.fault_matrix import Verdicts, told
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


def calls(google: Google, checks: Sequence[str], off: frozenset[str]) -> tuple[list[str], Verdicts]:
    """The calls of a scan by "METHOD host/path", those that find the project apart, and its verdicts."""
    google.reset(world())
    google.world.off |= off
    found = told(scan(checks)[1])
    named = dict.fromkeys(f"{call.method} {call.host}{call.path}" for call in google.calls)
    return [name for name in named if not re.search(r"/v3/(projects|folders)/[^:]+$", name)], found


def worse(
    google: Google, checks: Sequence[str], off: frozenset[str], call: str, fault: str, sound: Verdicts
) -> Iterator[str]:
    """What is told wrongly when a call goes wrong, in words."""
    google.reset(world())
    google.world.off |= off
    google.faults.add(re.escape(call) + "$", FAULTS[fault])
    yield from (f"{call}, {fault}: {words}" for words in fault_matrix.worse(sound, told(scan(checks)[1])))
