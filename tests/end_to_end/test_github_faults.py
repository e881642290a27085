"""A slice of the fault matrix of GitHub; ``python -m benchmarks.cloud_fault_matrix github`` runs all of it."""

from __future__ import annotations

from tests.collectors.test_github_checks import CHECKS
from tests.emulators.github.fault_matrix import KINDS, GitHubMatrix
from tests.emulators.github.wire import GitHub

QUICK = [kind for kind in KINDS if kind != "timeout"]


def test_a_call_that_goes_wrong_makes_no_verdict_better(github: GitHub) -> None:
    matrix = GitHubMatrix(github)
    sound, names = matrix.calls(CHECKS)

    # Each call goes wrong in one way, and each way is some call's.
    told = [
        problem
        for place, call in enumerate(names)
        for problem in matrix.worse(CHECKS, call, QUICK[place % len(QUICK)], sound)
    ]

    assert told == []
    assert len(names) > 35
