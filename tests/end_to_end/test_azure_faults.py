"""A slice of the fault matrix of Azure; ``python -m benchmarks.cloud_fault_matrix azure`` runs all of it."""

from __future__ import annotations

import pytest

from engine.content.checks import load_checks
from engine.content.root import find
from tests.emulators.azure.fault_matrix import KINDS, AzureMatrix
from tests.emulators.azure.wire import AzureWire
from tests.emulators.fault_matrix import Verdicts

CHECKS = tuple(sorted(id_ for id_, check in load_checks(find(), []).items() if check.provider == "azure"))
PARTS = 4
"""Tests that the slice is cut into, so that they can run beside each other."""
QUICK = [kind for kind in KINDS if kind != "timeout"]


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[Verdicts, list[str]]]:
    """What a scan calls and finds without a fault, once a module."""
    return {}


@pytest.mark.parametrize("part", range(PARTS))
def test_an_operation_that_goes_wrong_makes_no_verdict_better(
    azure: AzureWire, known: dict[str, tuple[Verdicts, list[str]]], part: int
) -> None:
    matrix = AzureMatrix(azure)
    sound, names = known.get("clean") or known.setdefault("clean", matrix.calls(CHECKS))
    # Each operation goes wrong in one way, and each way is some operation's.
    cases = [(name, QUICK[place % len(QUICK)]) for place, name in enumerate(sorted(names))]

    told = [words for name, kind in cases[part::PARTS] for words in matrix.worse(CHECKS, name, kind, sound)]

    assert told == []
    assert len(names) > 50
