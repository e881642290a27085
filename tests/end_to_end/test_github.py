"""GitHub end to end: a run by the policy, what the App's manifest holds, and changes that are events."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import permissions as least
from engine.collection.planner import plan
from engine.run.pipeline import run
from engine.run.preflight import diagnose, permissions
from engine.run.request import RunRequest
from providers import declared
from tests.collectors import scan
from tests.emulators.github.wire import TOKEN, GitHub
from tests.emulators.github.world import ACME


def needed() -> frozenset[str]:
    """The permissions of all that there is to read."""
    found = declared("github")
    return frozenset(least.actions(plan("github", found, scan.everything("github")), found))


def test_the_permissions_that_are_printed_are_enough(github: GitHub) -> None:
    github.world.granted = needed()
    snapshot = scan.read(scan.everything("github"), provider="github", access=ACME)

    assert [failure for row in snapshot.ledger for failure in row.failures] == []
    assert {row.state for row in snapshot.collections} == {"complete"}


def test_no_permission_is_printed_that_no_call_takes(github: GitHub) -> None:
    scan.read(scan.everything("github"), provider="github", access=ACME)

    assert needed() == github.world.known


def test_a_manifest_holds_what_the_checks_take_and_reads_alone() -> None:
    request = RunRequest(config=Path("unused"), checks=("github.changes.deployment_approved",))
    found = permissions(request)["github"]
    manifest = json.loads(least.granting("policy", "github", found.reading))

    assert manifest["default_permissions"] == {"actions": "read", "deployments": "read"}
    assert (manifest["public"], manifest["default_events"]) == (False, [])
    assert {name.partition(":")[2] for name in needed()} == {"read"}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy folder of an organization that uses GitHub, and nothing else."""
    from engine.content.root import find

    folder = tmp_path / "policies"
    source = find().policies
    for path in source.rglob("*.yaml"):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    file = folder / "organization.yaml"
    told = {**yaml.safe_load(file.read_text()), "providers": ["github"], "access": {"github": ACME}}
    file.write_text(yaml.safe_dump(told))
    return folder


def judged(policy: Path) -> Any:
    return run(RunRequest(config=policy, criteria=("CC8.1",), policy=policy), scan.STILL, cancelled=threading.Event())


def words(assessment: Any) -> dict[str, str]:
    return {row.control.id: row.word for row in assessment.controls if row.control.id in ("CM-04", "CM-05")}


def test_a_run_concludes_on_changes(github: GitHub, policy: Path) -> None:
    assert words(judged(policy)) == {
        "CM-04": "no_failures_observed",
        "CM-05": "no_failures_observed",
    }


def test_a_push_outside_the_process_is_a_failure(github: GitHub, policy: Path) -> None:
    pushed = {"id": 777, "activity_type": "push", "actor": "bob", "timestamp": "2026-11-22T23:00:00Z", "after": "p7"}
    github.world.repositories["ops"]["activity"].append(pushed)
    assessment = judged(policy)

    assert words(assessment)["CM-05"] == "failures_observed"
    assert [f.subject.id for f in assessment.findings if f.verdict == "fail"] == ["acme/ops/activity/777"]
    assert assessment.exit_code == 3


def test_no_change_did_not_occur_and_is_no_pass(github: GitHub, policy: Path) -> None:
    for repository in github.world.repositories.values():
        repository |= {"activity": [], "pulls": [], "deployments": []}

    assert words(judged(policy)) == {
        "CM-04": "no_failures_observed",
        "CM-05": "did_not_occur",
    }


def test_changes_that_could_not_be_listed_did_not_not_occur(github: GitHub, policy: Path) -> None:
    for repository in github.world.repositories.values():
        repository |= {"activity": [], "pulls": [], "deployments": []}
    github.world.denied |= {"contents:read", "deployments:read"}
    assessment = judged(policy)

    assert words(assessment) == {"CM-04": "incomplete", "CM-05": "incomplete"}
    assert assessment.exit_code == 4


def test_the_doctor_names_what_is_denied(github: GitHub, policy: Path) -> None:
    github.world.denied.add("checks:read")
    request = RunRequest(config=policy, checks=("github.changes.required_checks_passed",), policy=policy)
    (diagnosis,) = diagnose(request, scan.STILL)

    assert dict(diagnosis.identity)["principal"] == "ada"
    assert {(row.reason, row.permission) for row in diagnosis.denied} == {("access_denied", "checks:read")}
    assert diagnosis.skew == 0.0
    assert TOKEN not in repr(diagnosis)
