"""Each call that a scan makes goes wrong in each way that calls go wrong: what may follow, and what never may.

A verdict may become unknown, and no other. A resource may be gone only if its check says beside that, by an unknown,
that it did not see all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.collectors.scan import scan, verdicts
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
Verdicts = Mapping[tuple[str, str], str]


def calls(google: Google, checks: Sequence[str], off: frozenset[str]) -> tuple[list[str], Verdicts]:
    """The calls of a scan by "METHOD host/path", those that find the project apart, and its verdicts."""
    google.reset(world())
    google.world.off |= off
    found = verdicts(scan(checks)[1])
    named = dict.fromkeys(f"{call.method} {call.host}{call.path}" for call in google.calls)
    return [name for name in named if not re.search(r"/v3/(projects|folders)/[^:]+$", name)], found


def worse(
    google: Google, checks: Sequence[str], off: frozenset[str], call: str, fault: str, sound: Verdicts
) -> Iterator[str]:
    """What is told wrongly when a call goes wrong, in words."""
    google.reset(world())
    google.world.off |= off
    google.faults.add(re.escape(call) + "$", FAULTS[fault])
    found = verdicts(scan(checks)[1])
    unsure = {check for (check, _), verdict in found.items() if verdict == "unknown"}
    for (check, subject), verdict in sound.items():
        now = found.get((check, subject))
        if now is None and check not in unsure:
            yield f"{call}, {fault}: {check} of {subject} is gone, and nothing says so"
        elif now not in (None, verdict, "unknown"):
            yield f"{call}, {fault}: {check} of {subject} is {now}, not {verdict}"
