"""A slice of the fault matrix of Google Cloud; ``python -m benchmarks.gcp_fault_matrix`` runs all of it."""

from __future__ import annotations

import pytest

from tests.collectors.test_gcp_checks import CHECKS
from tests.emulators.gcp.fault_matrix import FAULTS, clean, worse
from tests.emulators.gcp.wire import Google


@pytest.mark.parametrize("off", [frozenset(), frozenset({"cloudasset.googleapis.com"})], ids=["inventory", "alone"])
def test_a_call_that_goes_wrong_makes_no_verdict_better(gcp: Google, off: frozenset[str]) -> None:
    known = clean(gcp, CHECKS, off)
    kinds = list(FAULTS)

    # Each call goes wrong in one way, and each way is some call's.
    told = [
        problem
        for place, call in enumerate(known.calls)
        for problem in worse(gcp, known, off, call, kinds[place % len(kinds)])
    ]

    assert told == []
    assert len(known.calls) > (25 if off else 8)
