"""The gate as a build runs it: the action's own script, a plan, its configuration, and what the build then reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
import yaml

from tests import commands

ROOT: Final = Path(__file__).resolve().parents[2]
AWS: Final = "registry.terraform.io/hashicorp/aws"
SCRIPTS: Final = {
    step["name"]: step["run"]
    for step in yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    if "run" in step
}


def plan(bucket: str) -> dict[str, Any]:
    """One bucket, in a module, created."""
    address = {"mode": "managed", "type": "aws_s3_bucket", "name": "logs"}
    change = {
        "actions": ["create"],
        "before": None,
        "after": {"bucket": bucket, "bucket_prefix": None, "force_destroy": False, "tags": None},
        "after_unknown": {"id": True, "arn": True},
        "before_sensitive": False,
        "after_sensitive": {},
    }
    resource = {**address, "address": "module.data.aws_s3_bucket.logs", "module_address": "module.data",
                "provider_name": AWS, "change": change}  # fmt: skip
    written = {**address, "address": "aws_s3_bucket.logs", "provider_config_key": "data:aws", "schema_version": 0,
               "expressions": {"bucket": {"constant_value": bucket}}}  # fmt: skip
    provider = {"name": "aws", "full_name": AWS, "expressions": {"region": {"constant_value": "eu-west-1"}}}
    calls = {"data": {"source": "./data", "module": {"resources": [written]}}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": [resource],
        "configuration": {"provider_config": {"aws": provider}, "root_module": {"module_calls": calls}},
        "timestamp": "2026-11-23T02:00:11Z",
        "applyable": True,
        "complete": True,
        "errored": False,
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a base commit, whose configuration lies in infra/."""
    folder = tmp_path / "repository"
    for name, text in {
        "infra/main.tf": 'module "data" {\n  source = "./data"\n}\n',
        "infra/data/main.tf": '# one\nresource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "1"),
    ):
        subprocess.run(["git", *command], cwd=folder, check=True, timeout=60)
    program = tmp_path / "auditreel" / "bin" / "auditreel"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m engine "$@"\n')
    program.chmod(0o755)
    return folder


def gated(repository: Path, text: str, **event: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """What the action's step does with a plan, in an environment without any credentials."""
    (repository / "plan.json").write_text(text)
    runner = repository.parent
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", SCRIPTS["Judge the plan"]],
        cwd=repository,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(runner),
            "RUNNER_TEMP": str(runner),
            "GITHUB_OUTPUT": str(runner / "outputs"),
            "GITHUB_STEP_SUMMARY": str(runner / "summary"),
            "PLAN": "plan.json",
            "SOURCE": "infra",
            "ARGUMENTS": "--check aws.s3.bucket_tls_only",
            "POLICY_REF": "HEAD",
            "AUDITREEL_BASE_COMMIT": "",
            "AUDITREEL_HEAD_COMMIT": "",
            "AUDITREEL_PULL_REQUEST": "",
            **event,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done, dict(line.split("=", 1) for line in (runner / "outputs").read_text().splitlines())


def test_a_pull_request_without_credentials_is_stopped_on_the_line_of_its_block(repository: Path) -> None:
    done, outputs = gated(repository, json.dumps(plan("logs")))

    assert (done.returncode, outputs["exit-code"]) == (0, "3"), done.stderr
    first, failure = commands.github(done.stdout)
    assert first.data.startswith(
        "auditreel stops this change: 1 new failure (S3 bucket policies refuse requests without TLS"
    )
    assert failure.properties == {
        "file": "infra/data/main.tf",
        "line": "2",
        "endLine": "4",
        "title": "new failure: S3 bucket policies refuse requests without TLS",
    }
    (result,) = json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "infra/data/main.tf", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "endLine": 4},
    }
    assert ElementTree.parse(outputs["junit"]).getroot().attrib["failures"] == "1"
    summary = (repository.parent / "summary").read_text()
    assert summary.startswith("## auditreel stops this change: 1 new failure")
    assert "**How:** `aws_s3_bucket_policy with a Deny statement on aws:SecureTransport`" in summary
    assert json.loads((Path(outputs["reports"]) / "gate-record.json").read_text())


@pytest.mark.parametrize(
    "event",
    [
        {"AUDITREEL_BASE_COMMIT": "origin/main", "EVENT": "pull_request", "REF": "refs/pull/7/merge"},
        {"EVENT": "push", "REF": "refs/heads/mine", "BEFORE": "HEAD", "DEFAULT_BRANCH": "main"},
    ],
    ids=["pull request from a fork", "second push of a branch"],
)
def test_a_change_that_accepts_itself_and_weakens_what_judges_it_is_stopped(
    repository: Path, event: dict[str, str]
) -> None:
    def committed(message: str) -> None:
        subprocess.run(["git", "add", "."], cwd=repository, check=True, timeout=60)
        author = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *author, "commit", "-qm", message], cwd=repository, check=True, timeout=60)

    shutil.copytree(ROOT / "policies", repository / "policy")
    (repository / "auditreel.toml").write_text('policy = "policy"\n')
    committed("Policy")
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=repository, check=True, timeout=60)
    (repository / "auditreel.toml").write_text('policy = "policy"\nfail_on = "critical"\nallow_incomplete = true\n')
    (repository / "policy" / "controls" / next((ROOT / "policies" / "controls").iterdir()).name).unlink()
    (repository / "policy" / "waivers").mkdir(exist_ok=True)
    today = datetime.now(UTC).date()
    (repository / "policy" / "waivers" / "mine.yaml").write_text(
        "kind: risk_accepted\ncheck: aws.s3.bucket_tls_only\naccount: unknown\nresources: ['arn:aws:s3:::logs']\n"
        f"owner: Kim\napprover: Ana\napproved_on: {today - timedelta(days=2)}\nreason: Nobody reads these objects.\n"
        f"start: {today - timedelta(days=2)}\nexpires: {today + timedelta(days=30)}\n"
    )
    committed("Let me in")

    done, outputs = gated(repository, json.dumps(plan("logs")), POLICY_REF="", **event)

    assert outputs["exit-code"] == "3", done.stderr
    record = json.loads((Path(outputs["reports"]) / "gate-record.json").read_text())
    assert {row["kind"] for row in record["policy"]["changed_in_the_change"]} == {"added", "changed", "removed"}
    summary = (repository.parent / "summary").read_text()
    assert "### Changes that do not apply to this change itself" in summary
    assert "`policy/waivers/mine.yaml`" in summary


def test_a_bucket_whose_name_is_a_command_commands_nothing(repository: Path) -> None:
    name = "x\n::stop-commands::x\n##[add-mask]fail ##vso[task.complete result=Succeeded;]"
    done, outputs = gated(repository, json.dumps(plan(name)))

    assert outputs["exit-code"] == "3"
    assert [command.name for command in commands.github(done.stdout)] == ["error", "error"]
    assert commands.azure(done.stdout + done.stderr) == []


@pytest.mark.parametrize("text", ["", "{", '{"format_version": "1.2"}', "Terraform\n{}"])
def test_what_is_no_plan_never_passes(repository: Path, text: str) -> None:
    done, outputs = gated(repository, text)

    assert done.returncode == 0
    assert outputs["exit-code"] == "2", done.stderr
    assert "could not judge this change (exit 2)" in (repository.parent / "summary").read_text()
    assert "plan.json" in done.stderr


def test_a_run_is_shown_to_a_build_as_well(tmp_path: Path) -> None:
    suffixes = (".sarif", ".xml", ".gitlab.json", ".azure.txt", ".comment.md", ".summary.md", ".github.txt")
    outputs = [text for suffix in suffixes for text in ("--output", f"report{suffix}")]
    done = subprocess.run(
        [sys.executable, "-m", "engine", "run", "--demo", "--format", "github", *outputs],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    written = {suffix: (tmp_path / f"report{suffix}").read_text() for suffix in suffixes}
    assert done.returncode == 3
    assert done.stdout == written[".github.txt"]
    assert len(set(written.values())) == len(suffixes)
    assert [suffix for suffix, text in written.items() if "aws.iam.role_trust_not_public" not in text] == []
    # What is made from the demonstration says so, whoever reads it.
    assert [suffix for suffix, text in written.items() if "DEMONSTRATION" not in text] == []
