"""What goes wrong on the way to AWS costs exactly the verdicts that could have been otherwise, and no more.

The cases come from the plan of all checks (see :mod:`benchmarks.fault_matrix`, which runs the whole product); here each
operation meets one kind of fault and each kind several operations.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from benchmarks.fault_matrix import KINDS, TIMEOUT, Case, Kind, cases, outcome
from engine.collection.planner import Plan
from tests.end_to_end.account import Account, Scan, Scanner, verdicts

SEED = 20261124
EVERY: tuple[Kind, ...] = (*KINDS, "gone")


def test_every_reader_has_something_to_read(account: Account, clean: tuple[Scanner, Scan]) -> None:
    scanner, scan = clean
    ended = Counter[str]()
    for row in scan.snapshot.ledger:
        ended[row.reader] += row.outcomes.get("value", 0)
    held = {
        (item.type, name)
        for item in scan.snapshot.resources
        for name, value in {**item.properties, "tags": item.tags}.items()
        if value is not None
    }
    listed = {item.type for item in scan.snapshot.resources}
    for reader in scanner.plan.readers:
        assert ended[reader.name], f"{reader.name} read nothing"
        assert listed.issuperset(reader.lists), f"{reader.name} found nothing"
        filled = {(type_, name) for type_, names in reader.fills.items() for name in names}
        assert not filled or filled & held, f"{reader.name} found nothing to say"


def test_every_operation_is_called_and_answered(account: Account, clean: tuple[Scanner, Scan]) -> None:
    account.older_storage.on = True
    scanner, _ = clean
    scanner.afresh()
    answered = {entry.call.name for entry in account.wire.traffic.log if entry.status == 200}
    assert answered >= {operation for reader in scanner.plan.readers for operation in reader.operations}


def test_without_a_fault_every_verdict_is_known(clean: tuple[Scanner, Scan]) -> None:
    _, scan = clean
    assert Counter(finding.verdict for finding in scan.findings)["unknown"] == 0
    assert set(scan.conclusion.exit_reasons) == {3}


@pytest.mark.parametrize("kind", EVERY)
def test_a_fault_turns_no_verdict_into_another(account: Account, clean: tuple[Scanner, Scan], kind: Kind) -> None:
    scanner, scan = clean
    if kind == "timeout":
        scanner = scanner.within(TIMEOUT)
    mine = [case for case in dealt(clean[0].plan) if case.kind == kind]
    assert mine
    outcomes = [outcome(account, scanner, scan, case) for case in mine]
    assert {str(row.case): row.violations for row in outcomes if row.violations} == {}
    assert all(row.hit for row in outcomes if kind != "second_page")
    assert sum(row.unknown + row.gone for row in outcomes)


def dealt(plan: Plan) -> list[Case]:
    """A kind for each operation, and each kind several times: which is which the seed decides."""
    every = list(cases(plan))
    random.Random(SEED).shuffle(every)
    chosen: dict[str, Case] = {}
    used = Counter[Kind]()
    for operation in dict.fromkeys(case.operation for case in every):
        # The kind that was dealt least.
        chosen[operation] = min(
            (case for case in every if case.operation == operation), key=lambda case: used[case.kind]
        )
        used[chosen[operation].kind] += 1
    return list(chosen.values())


def test_the_slice_holds_every_operation_and_every_kind(clean: tuple[Scanner, Scan]) -> None:
    plan = clean[0].plan
    hand = dealt(plan)
    assert {case.operation for case in hand} >= {o for reader in plan.readers for o in reader.operations}
    assert {case.kind for case in hand} == set(EVERY)


def test_throttling_of_three_in_ten_changes_no_verdict(account: Account, clean: tuple[Scanner, Scan]) -> None:
    account.older_storage.on = True
    account.wire.faults.add("throttled", "*", rate=0.3)
    scan = clean[0].afresh()
    assert account.wire.faults.injected.total() > 30
    assert verdicts(scan) == verdicts(clean[1])
    assert sum(row.retries for row in scan.snapshot.ledger) == account.wire.faults.injected.total()


def test_denied_everything_nothing_passes_and_nothing_is_silent(account: Account, clean: tuple[Scanner, Scan]) -> None:
    account.wire.faults.add("denied", "*", where=lambda exchange: exchange.call.service != "sts")
    scan = clean[0].afresh()
    judged = {finding.check.id for finding in clean[1].findings}
    assert {finding.check.id for finding in scan.findings} == judged
    assert {finding.verdict for finding in scan.findings} == {"unknown"}
    assert set(scan.conclusion.exit_reasons) == {4}
