"""Each call of a scan of Google Cloud goes wrong in each way that calls go wrong.

See :mod:`tests.emulators.fault_matrix`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from engine.model import Finding, Snapshot
from tests.collectors.scan import scan
from tests.emulators.fault_matrix import COMMON, EXPECTED, USUAL, Expected, Matrix, Spoil, spoiling
from tests.emulators.faults import redirected, replaced
from tests.emulators.gcp.errors import disabled, limited_in_the_older_form
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import world

INVENTORY: Final = "cloudasset.googleapis.com"
DISCOVERY: Final = re.compile(r"/v3/(projects|folders)/[^:]+$")
"""Calls that find the project."""
_MALFORMED: Final = Expected.of("malformed_response", permission=False)
# An answer without any member is a sound one of Google's: JSON of proto3 leaves out empty lists, and what is false.
_SOUND: Final = frozenset({"hollow"})
KINDS: Final[Mapping[str, Spoil]] = {
    **{kind: spoil for kind, spoil in COMMON.items() if kind not in _SOUND},
    "throttled, in the older form": spoiling(limited_in_the_older_form()),
    "off elsewhere": spoiling(disabled("70000000002")),
    "another answer": spoiling(replaced(b'{"unexpected": true}')),
    "a list": spoiling(replaced(b"[]")),
    "an error with a success status": spoiling(replaced(b'{"error": {"code": 403}}')),
    "redirected": spoiling(redirected("https://storage.googleapis.com/")),
}
SAYS: Final[Mapping[str, Expected]] = {
    **EXPECTED,
    "throttled, in the older form": Expected.of("throttled", permission=False),
    "off elsewhere": Expected.of("service_disabled", permission=False),
    # What an answer lacks may be one property of many.
    "another answer": Expected.of("malformed_response", "missing_attribute", permission=False),
    "a list": _MALFORMED,
    "an error with a success status": _MALFORMED,
    "redirected": Expected.of("unavailable", permission=False),
}


class GoogleMatrix(Matrix):
    """``off`` are services that are not enabled."""

    def __init__(self, google: Google, off: frozenset[str] = frozenset()) -> None:
        super().__init__(google, KINDS, SAYS)
        self.google, self.off = google, off

    def prepare(self) -> None:
        """See :class:`Matrix`."""
        self.google.reset(world())
        self.google.world.off |= self.off

    def scan(self, checks: Sequence[str], timeout: float = USUAL) -> tuple[Snapshot, tuple[Finding, ...]]:
        """See :class:`Matrix`."""
        return scan(checks, timeout=timeout)

    def tries(self, call: str, kind: str = "") -> bool:
        """See :class:`Matrix`; those that find the project apart."""
        return not DISCOVERY.search(call)
