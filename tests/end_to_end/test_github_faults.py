"""A slice of the fault matrix of GitHub; ``python -m benchmarks.github_fault_matrix`` runs all of it."""

from __future__ import annotations

from tests.collectors.test_github_checks import CHECKS
from tests.emulators.github.fault_matrix import FAULTS, calls, worse
from tests.emulators.github.wire import GitHub


def test_a_call_that_goes_wrong_makes_no_verdict_better(github: GitHub) -> None:
    names, sound = calls(github, CHECKS)
    kinds = list(FAULTS)

    # Each call goes wrong in one way, and each way is some call's.
    told = [
        problem
        for place, call in enumerate(names)
        for problem in worse(github, CHECKS, call, kinds[place % len(kinds)], sound)
    ]

    assert told == []
    assert len(names) > 35
