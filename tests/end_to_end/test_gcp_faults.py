"""A slice of the fault matrix of Google Cloud; ``python -m benchmarks.cloud_fault_matrix gcp`` runs all of it."""

from __future__ import annotations

import pytest

from tests.collectors.test_gcp_checks import CHECKS
from tests.emulators.gcp.fault_matrix import INVENTORY, KINDS, GoogleMatrix
from tests.emulators.gcp.wire import Google

QUICK = [kind for kind in KINDS if kind != "timeout"]


@pytest.mark.parametrize("off", [frozenset(), frozenset({INVENTORY})], ids=["inventory", "alone"])
def test_a_call_that_goes_wrong_makes_no_verdict_better(gcp: Google, off: frozenset[str]) -> None:
    matrix = GoogleMatrix(gcp, off)
    known = matrix.clean(CHECKS)

    # Each call goes wrong in one way, and each way is some call's.
    told = [
        problem
        for place, call in enumerate(known.calls)
        for judged in [known.judged(call)]
        for problem in matrix.worse(judged, call, QUICK[place % len(QUICK)], known.verdicts(judged))
    ]

    assert told == []
    assert len(known.calls) > (25 if off else 8)
