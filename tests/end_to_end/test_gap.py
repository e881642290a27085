"""``auditreel report gap``: from a demonstration, a store or nothing at all to dates, items and a plan."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.model import Clock
from engine.programme.gap import Gap
from engine.report import Options, render_gap
from engine.workflows import gap_analysis
from engine.workflows.gap_analysis import GapRequest
from tests.end_to_end.verbs import ROOT, auditreel

DEMO = ROOT / "providers" / "_demo"


def gap(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """``auditreel report gap`` on a machine that has nothing but a policy folder."""
    return subprocess.run(
        [sys.executable, "-m", "engine", "report", "gap", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        cwd=folder, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy folder of one control that people show and one that a check shows."""
    folder = tmp_path / "policies"
    (folder / "controls").mkdir(parents=True)
    (folder / "organization.yaml").write_text("name: Example\ncategories: [security]\n")
    (folder / "controls" / "all.yaml").write_text(
        "controls:\n"
        "  - {id: AC-01, statement: Users who sign in with a password prove a second factor., owner: CTO,\n"
        "     criteria: [CC6.1], aspects: [CC6.1.authentication], operation: continuous,\n"
        "     checks: [aws.iam.user_console_mfa_enabled, aws.iam.root_mfa_enabled]}\n"
        "  - {id: GV-01, statement: An access policy is written and approved., owner: CTO, criteria: [CC6.2],\n"
        "     aspects: [CC6.2.removal], operation: continuous, evidence: [access_policy]}\n"
    )
    return folder


def test_a_fresh_machine_shows_the_demonstration_and_says_what_to_do_next(tmp_path: Path) -> None:
    done = gap(tmp_path, "--demo")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    first = text.split("\n\n")[0]
    assert first.startswith("DEMONSTRATION on recorded data of a fictional company.")
    for says in ("Earliest Type I: ", "Earliest start of the window: ", "Earliest Type II: ", "Do first",
                 "CRITICAL     failing: 1 failure: IAM users with a console password have MFA", "Next  "):  # fmt: skip
        assert says in text


def test_people_keep_their_words_in_the_plan_and_runs_tick_off_what_they_show(policy: Path, tmp_path: Path) -> None:
    plan, document = policy / "remediation.yaml", policy / "documents" / "access.md"
    snapshot = str(DEMO / "snapshot.json")

    def ran(*arguments: str) -> dict[str, Any]:
        done = gap(tmp_path, "--policy", str(policy), "--format", "json", *arguments)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def tasks() -> dict[str, Any]:
        return {row["id"]: row for row in yaml.safe_load(plan.read_text())["items"]}

    first = ran("--snapshot", snapshot, "--remediation", str(plan))
    assert [row["id"] for row in first["items"]] == list(tasks())
    assert {"check/aws.iam.user_console_mfa_enabled", "evidence/access_policy", "criterion/CC1.1"} <= tasks().keys()
    text = plan.read_text()
    text = text.replace(
        'id: "evidence/access_policy"', 'id: "evidence/access_policy"\n    target: 2199-01-31\n    ticket: SEC-7'
    )
    plan.write_text(text)
    # The folder's own plan is read without the flag, and its dates count.
    dates = {row["name"]: row for row in ran("--snapshot", snapshot)["dates"]}
    assert dates["type_1"]["earliest"] == "2199-01-31"
    assert dates["window"]["earliest"] == "2199-01-31"
    document.parent.mkdir()
    document.write_text(
        "---\nkind: access_policy\ntitle: Access\nowner: CTO\nversion: '1'\ncriteria: [CC6.2]\napproved_by: Robin\n"
        "approved_on: 2026-01-02\nreview_by: 2199-01-02\n---\n\nText.\n"
    )
    ran("--snapshot", snapshot, "--remediation", str(plan))
    row = tasks()["evidence/access_policy"]
    assert (str(row["target"]), row["ticket"], "done_on" in row) == ("2199-01-31", "SEC-7", True)
    # Where nothing is scanned, nothing that a scan would show is ticked off.
    nothing = ran("--remediation", str(plan))
    assert nothing["scanned_at"] is None
    assert "done_on" not in tasks()["check/aws.iam.user_console_mfa_enabled"]
    assert "no_failures_observed" not in {row["state"] for row in nothing["criteria"] if row["id"] == "CC6.1"}


def test_a_plan_that_is_wrong_is_told_with_everything_else_in_the_folder(policy: Path, tmp_path: Path) -> None:
    (policy / "remediation.yaml").write_text("items:\n  - {id: x, what: y, owner: z, opened_on: 2026-01-01}\n")
    (policy / "organization.yaml").write_text("name: Example\ncategories: [availability]\n")
    done = gap(tmp_path, "--policy", str(policy))
    said = done.stderr.decode()
    assert done.returncode == 2
    assert "remediation.yaml:2:" in said
    assert "organization.yaml:2:" in said


def test_a_store_gives_its_last_run_and_its_nights(policy: Path, tmp_path: Path) -> None:
    recorded = auditreel(tmp_path, "run", "--demo", "--policy", str(policy))
    assert recorded.returncode in (3, 4), recorded.stderr
    asked = GapRequest(config=tmp_path / "store.keys", policy=policy, store=str(tmp_path / "store"))

    taken = json.loads((DEMO / "snapshot.json").read_text())["as_of"]

    def after(hours: int) -> Gap:
        now = (datetime.fromisoformat(taken) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return gap_analysis.gap(asked, Clock(lambda: now, lambda: 0.0, lambda seconds: None))

    found = after(1)
    assert found.scanned_at == taken
    items = {item.id: item for item in found.items}
    assert "check/aws.iam.user_console_mfa_enabled" in items
    assert "nights" not in items
    # Two nights later no run is known of the last one.
    assert "nights" in {item.id for item in after(48).items}


def test_runs_of_a_part_are_named_and_not_judged_by(policy: Path, tmp_path: Path) -> None:
    recorded = auditreel(tmp_path, "run", "--demo", "--policy", str(policy), "--check", "aws.iam.root_mfa_enabled")
    assert recorded.returncode in (0, 3, 4), recorded.stderr
    (run,) = (path.name for path in (tmp_path / "store" / "runs").iterdir())
    taken = json.loads((DEMO / "snapshot.json").read_text())["as_of"]
    asked = GapRequest(config=tmp_path / "store.keys", policy=policy, store=str(tmp_path / "store"))
    found = gap_analysis.gap(asked, Clock(lambda: taken, lambda: 0.0, lambda seconds: None))

    told = " ".join(render_gap(found, "text", Options(width=200)).split())
    assert "No run of everything was recorded in the last 31 days, so that of all that checks could show" in told
    assert f"auditreel report gap --snapshot {run}" in told
    assert "no run of everything" in render_gap(found, "html", Options())
    assert "Nothing was scanned" not in told


def test_a_recorded_run_is_a_snapshot_of_the_store_that_has_it(policy: Path, tmp_path: Path) -> None:
    recorded = auditreel(tmp_path, "run", "--demo", "--policy", str(policy))
    assert recorded.returncode in (3, 4), recorded.stderr
    (run,) = (path.name for path in (tmp_path / "store" / "runs").iterdir())
    done = auditreel(tmp_path, "report", "gap", "--policy", str(policy), "--snapshot", run, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "check/aws.iam.user_console_mfa_enabled" in {row["id"] for row in json.loads(done.stdout)["items"]}


def test_two_things_to_judge_are_refused(tmp_path: Path) -> None:
    done = gap(tmp_path, "--demo", "--snapshot", "x.json")
    assert done.returncode == 2
    assert b"--snapshot and --demo name different things to judge; use one" in done.stderr
