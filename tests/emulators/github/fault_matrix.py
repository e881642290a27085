"""Each call of a scan of GitHub goes wrong in each way that calls go wrong (:mod:`tests.emulators.fault_matrix`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from engine.model import Finding, Snapshot
from tests.collectors.scan import scan
from tests.emulators.fault_matrix import (
    COMMON,
    EXPECTED,
    USUAL,
    Matrix,
    Spoil,
    Verdicts,
    spoiling,
    timed_out,
    told,
    worse,
)
from tests.emulators.faults import redirected, replaced
from tests.emulators.github.errors import error, hidden, primary, secondary
from tests.emulators.github.wire import GitHub
from tests.emulators.github.world import ACME, world

EMPTY: Final = re.compile(r"/(pulls|reviews|statuses|activity|deployments|approvals|main|trunk|master|commits)$")
"""Of a listing, an empty list is a good answer, which no client can tell from a wrong one."""
KINDS: Final[Mapping[str, Spoil]] = {
    **COMMON,
    "hidden by a 404": spoiling(hidden()),
    "the primary limit": spoiling(primary()),
    "a secondary limit that is never over": spoiling(secondary()),
    "gone": spoiling(error(410, "Gone")),
    "moved": spoiling(error(301, "Moved Permanently")),
    "another answer": spoiling(replaced(b'{"unexpected": true}')),
    "a list": spoiling(replaced(b"[]")),
    "a list of nothing": spoiling(replaced(b"[null]")),
    "redirected": spoiling(redirected("https://example.com/")),
}


class GitHubMatrix(Matrix):
    """Of one organization, with the token of a person."""

    def __init__(self, github: GitHub) -> None:
        super().__init__(github, KINDS, EXPECTED)
        self.github = github

    def prepare(self) -> None:
        """See :class:`Matrix`."""
        self.github.reset(world())

    def scan(self, checks: Sequence[str], timeout: float = USUAL) -> tuple[Snapshot, tuple[Finding, ...]]:
        """See :class:`Matrix`."""
        return scan(checks, access=ACME, timeout=timeout)

    def tries(self, call: str, kind: str = "") -> bool:
        """See :class:`Matrix`; what says who we are apart."""
        return call != "github:GET /user" and not (kind == "a list" and EMPTY.search(call))

    def seen(
        self, checks: Sequence[str], call: str, kind: str, sound: Verdicts, timeout: float
    ) -> tuple[list[str], bool]:
        """See :class:`Matrix`; which reason an unknown verdict has is not looked at."""
        snapshot, findings = self.scan(checks, timeout)
        return [*worse(sound, told(findings))], timed_out(snapshot)
