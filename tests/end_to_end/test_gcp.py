"""Google Cloud end to end: what a run takes, what it may not miss, and how many calls a large organization costs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import permissions as least
from engine.collection.planner import plan
from engine.run.pipeline import run
from engine.run.preflight import permissions, planned
from engine.run.request import RunRequest
from providers import declared
from tests.collectors import scan
from tests.collectors.gcp import ORGANIZATION
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import large


def needed() -> frozenset[str]:
    """The permissions of all that there is to read."""
    found = declared("gcp")
    reading = least.actions(plan("gcp", found, scan.everything("gcp")), found)
    return frozenset((*reading, *found.entering(ORGANIZATION)))


def denials(snapshot: Any) -> set[tuple[str, str]]:
    return {
        (row.reader, permission)
        for row in snapshot.ledger
        for _, reason, permission, _ in row.failures
        if reason in ("access_denied", "policy_denied")
    }


@pytest.mark.parametrize("off", [set(), {"cloudasset.googleapis.com"}], ids=["inventory", "alone"])
def test_the_permissions_that_are_printed_are_enough(gcp: Google, off: set[str]) -> None:
    gcp.world.granted, gcp.world.off = needed(), off
    snapshot = scan.read(scan.everything("gcp"), provider="gcp", access=ORGANIZATION)

    assert denials(snapshot) == set()
    assert {row.state for row in snapshot.collections} == {"complete"}


def test_no_permission_is_printed_that_no_call_takes(gcp: Google) -> None:
    scan.read(scan.everything("gcp"), provider="gcp", access=ORGANIZATION)
    scan.read(scan.everything("gcp"), provider="gcp")
    gcp.world.off.add("cloudasset.googleapis.com")
    scan.read(scan.everything("gcp"), provider="gcp", access=ORGANIZATION)

    assert needed() == gcp.world.known


def test_a_role_holds_what_the_checks_take_and_no_more() -> None:
    found = permissions(RunRequest(config=Path("unused"), checks=("gcp.storage.uniform_access",)))["gcp"]
    role = yaml.safe_load(least.granting("policy", "gcp", found.reading))

    assert role["includedPermissions"] == [
        "cloudasset.assets.listResource",
        "resourcemanager.folders.get",
        "resourcemanager.projects.get",
        "storage.buckets.list",
    ]
    terraform = least.granting("terraform", "gcp", found.reading)
    assert all(f'"{name}",' in terraform for name in found.reading)
    assert "PERMISSIONS" not in terraform


def judged(policy: Path, *checks: str) -> Any:
    request = RunRequest(config=policy, checks=checks, policy=policy)
    return run(request, scan.STILL, cancelled=threading.Event())


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy folder that scans every project."""
    from engine.content.root import find

    folder = tmp_path / "policies"
    folder.mkdir()
    source = find().policies
    for path in source.rglob("*.yaml"):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    file = folder / "organization.yaml"
    told = {**yaml.safe_load(file.read_text()), "access": {"gcp": {"accounts": "organization"}}}
    file.write_text(yaml.safe_dump({key: value for key, value in told.items() if key != "store"}))
    return folder


def test_a_run_judges_every_project(gcp: Google, policy: Path) -> None:
    assessment = judged(policy, "gcp.logging.sink_all_entries")

    assert {f.scope.account: f.verdict for f in assessment.findings} == {
        "audit": "fail",
        "trial": "pass",
        "web": "pass",
    }
    assert assessment.exit_code == 3


def test_a_run_tells_a_critical_failure_on_the_word_of_the_service_itself(gcp: Google, policy: Path) -> None:
    check = "gcp.sql.no_open_networks"
    assert judged(policy, check).exit_code == 3

    # It was mended, and the inventory has not heard of it.
    gcp.world.lag()
    for instance in gcp.world.assets("web", "sqladmin.googleapis.com/Instance"):
        instance["data"]["settings"]["ipConfiguration"]["authorizedNetworks"] = []
    assessment = judged(policy, check)

    assert {f.verdict for f in assessment.findings} == {"pass"}
    assert assessment.exit_code == 0
    confirmed = [row for row in assessment.snapshot.ledger if row.reader == "sqladmin.instances.list"]
    assert [(row.scope.account, row.planned, row.calls, dict(row.outcomes)) for row in confirmed] == [
        ("web", 1, 1, {"value": 1})
    ]


def test_the_plan_says_when_a_service_itself_is_asked() -> None:
    _, calls = planned(RunRequest(config=Path("unused"), checks=("gcp.sql.no_open_networks",)))

    assert {call.operations[0]: call.times for call in calls if "sql" in call.operations[0]} == {
        "sqladmin.instances.list": "once an account, where cloudasset.assets.list RESOURCE fails or a critical failure "
        "is to be confirmed"
    }


def test_a_denied_folder_makes_the_run_incomplete(gcp: Google, policy: Path) -> None:
    gcp.world.denied.add("resourcemanager.projects.list@folders/12")
    gcp.world.projects["audit"]["parent"] = "folders/12"

    assessment = judged(policy, "gcp.logging.sink_all_entries")

    # What is below the folder was not seen; nothing of it passes.
    assert {f.scope.account: f.verdict for f in assessment.findings} == {
        "*": "unknown",
        "trial": "pass",
        "web": "pass",
    }
    assert assessment.exit_code == 4


def calls(google: Google, ids: Iterable[str]) -> tuple[int, list[Any]]:
    google.clear()
    _, findings = scan.scan(ids, access=ORGANIZATION)
    return len(google.calls), [(f.check.id, f.scope, f.subject, f.verdict) for f in findings]


def test_a_large_organization_costs_few_calls_and_gives_the_same_verdicts_without_the_inventory(gcp: Google) -> None:
    """Small beside what ``benchmarks/gcp_calls.py`` measures, but with as many pages a project."""
    checks = ["gcp.storage.uniform_access", "gcp.storage.bucket_not_public", "gcp.iam.no_basic_roles"]
    gcp.world = large(projects=10, assets=200)

    by_inventory, bulk = calls(gcp, checks)
    gcp.world.off.add("cloudasset.googleapis.com")
    by_themselves, alone = calls(gcp, checks)

    assert bulk == alone
    assert len(bulk) == 410
    # Two listings of the one folder; the hierarchy; the allow and organization policies of it and the organization.
    assert by_inventory == 2 + 5 + 2 * 2
    assert by_themselves > 200
