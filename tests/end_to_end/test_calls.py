"""What is called is what was planned, as often as planned, and nothing is asked twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.model import GLOBAL, Assessment, LedgerRow
from engine.run import pipeline, preflight
from engine.run.preflight import PlannedCall
from engine.run.request import RunRequest
from tests.end_to_end.account import Account, Scan, Scanner, clock, undisturbed, verdicts

EVERY = RunRequest(config=Path("none"), checks=("*",))


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of every check: what it gave, what it had planned, and what went over the wire."""

    judged: Assessment
    planned: tuple[PlannedCall, ...]
    calls: Counter[str]
    repeats: Counter[str]
    unidentified: tuple[str, ...]


@pytest.fixture(scope="module", params=[False, True], ids=["regions listed", "regions asked"])
def ran(seeded_account: Account, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    with undisturbed(seeded_account, tmp_path_factory.mktemp("home")):
        seeded_account.older_storage.on = request.param
        judged = pipeline.run(EVERY, clock())
        traffic = seeded_account.wire.traffic
        _, planned = preflight.planned(EVERY)
        return Ran(judged, tuple(planned), traffic.calls, traffic.repeats, tuple(traffic.unidentified))


def test_only_planned_operations_are_called(ran: Ran) -> None:
    assert ran.calls.keys() <= {operation for call in ran.planned for operation in call.operations}
    assert ran.unidentified == ()


def test_the_ledger_holds_every_request(ran: Ran) -> None:
    sent = ran.calls
    told = Counter[str]()
    for row in ran.judged.snapshot.ledger:
        told[row.reader] += row.calls + row.retries
    assert sum(told.values()) == sent.total()
    # An operation that a reader of several shares with one of its own cannot be told apart.
    shared = {operation for name in told if "+" in name for operation in name.split("+")}
    single = {name: count for name, count in told.items() if "+" not in name and name not in shared}
    assert single == {name: sent[name] for name in single}


def test_readers_run_as_often_as_the_plan_says(ran: Ran) -> None:
    wrong = []
    for row in ran.judged.snapshot.ledger:
        most = sum(expected(call, row, ran.judged) for call in ran.planned if "+".join(call.operations) == row.reader)
        if not row.planned <= most or row.planned != sum(row.outcomes.values()):
            wrong.append((row.reader, str(row.scope), row.planned, most))
    assert wrong == []


def expected(call: PlannedCall, row: LedgerRow, judged: Assessment) -> int:
    """How often a reader may run in the row's scope, by the words of the plan."""
    if call.times == "once":
        return 1
    if call.times in ("once an account", "once a region"):
        return int((row.scope.region == GLOBAL) == (call.times == "once an account"))
    type_ = call.times.rpartition(" ")[2]
    return sum(found.count for found in judged.snapshot.collections if (found.type, found.scope) == (type_, row.scope))


def test_no_identical_call_is_made_twice(ran: Ran) -> None:
    polls = sum(row.polls for row in ran.judged.snapshot.ledger)
    repeats = ran.repeats.copy()
    assert repeats.pop("iam:GenerateCredentialReport", 0) == polls
    assert repeats == {}


@pytest.mark.parametrize("pauses", [False, True], ids=["full pages", "empty pages between"])
def test_pages_of_one_item_show_what_whole_pages_show(
    account: Account, clean: tuple[Scanner, Scan], pauses: bool
) -> None:
    account.older_storage.on = True
    account.wire.paging.size, account.wire.paging.pauses = 1, pauses
    scan = clean[0].afresh()
    assert sum(account.wire.paging.served.values()) > 100
    assert verdicts(scan) == verdicts(clean[1])
    assert scan.snapshot.resources == clean[1].snapshot.resources
    assert not account.wire.traffic.repeats.keys() - {"iam:GenerateCredentialReport"}
