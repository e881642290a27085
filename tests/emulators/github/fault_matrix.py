"""Each call that a scan makes goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.collectors.github import ACME
from tests.collectors.scan import scan
from tests.emulators import fault_matrix
from tests.emulators.fault_matrix import Verdicts, settled, timed_out, told
from tests.emulators.gcp.wire import Fault, cut_short, redirected, replaced, truncated
from tests.emulators.github.wire import GitHub, denied, error, hidden, primary, secondary
from tests.emulators.github.world import world

FAULTS: Final[Mapping[str, Fault]] = {
    "denied": denied(),
    "hidden by a 404": hidden(),
    "the primary limit": primary(),
    "a secondary limit": secondary(after="900"),
    "a secondary limit that is never over": secondary(),
    "failing": error(502, "Server Error"),
    "gone": error(410, "Gone"),
    "moved": error(301, "Moved Permanently"),
    "truncated": truncated,
    "cut short": cut_short,
    "another answer": replaced(b'{"unexpected": true}'),
    "a list": replaced(b"[]"),
    "a list of nothing": replaced(b"[null]"),
    "an empty answer": replaced(b""),
    "redirected": redirected("https://example.com/"),
}
EMPTY: Final = re.compile(r"/(pulls|reviews|statuses|activity|deployments|approvals|main|trunk|master|commits)$")
"""Of a listing, an empty list is a good answer, which no client can tell from a wrong one."""


def calls(github: GitHub, checks: Sequence[str]) -> tuple[list[str], Verdicts]:
    """The calls of a scan by "METHOD path", those that say who we are apart, and its verdicts."""
    github.reset(world())
    verdicts = told(scan(checks, access=ACME)[1])
    named = dict.fromkeys(f"{call.method} {call.path}" for call in github.calls)
    return [name for name in named if name != "GET /user"], verdicts


def worse(github: GitHub, checks: Sequence[str], call: str, fault: str, sound: Verdicts) -> Iterator[str]:
    """What is told wrongly when a call goes wrong, in words."""
    if fault == "a list" and EMPTY.search(call):
        return
    path = call.partition(" ")[2]

    def case(timeout: float) -> tuple[list[str], bool]:
        github.reset(world())
        github.faults.add(f"[0-9]{re.escape(path)}$", FAULTS[fault])
        snapshot, findings = scan(checks, access=ACME, timeout=timeout)
        return [*fault_matrix.worse(sound, told(findings))], timed_out(snapshot)

    yield from (f"{call}, {fault}: {words}" for words in settled(case))
