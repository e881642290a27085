"""The verbs, as a user calls them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def auditreel(tmp_path: Path) -> Command:
    """Runs ``auditreel`` in an empty folder of an empty home."""
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    home.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    environment |= {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}

    def run(*arguments: str, checkout: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "engine", *arguments],
            env={**environment, "PYTHONPATH": str(checkout)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose data files may be changed."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("engine", "providers", "checks", "policies", "schemas"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


# --- explain, permissions, plan ---


def test_explain_says_why_what_is_read_what_passes_and_how_to_fix(auditreel: Command) -> None:
    done = auditreel("explain", "aws.iam.user_access_key_rotated")
    page = re.sub(r"\s+", " ", done.stdout)

    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "Active access keys are younger than the rotation limit",
        "Why A long-lived key is copied",
        "Criteria CC6.1 Logical access protections guard information assets",
        "Controls AC-05 ",
        "Judges each AWS::IAM::User",
        "Applies if resource.access_keys.exists(",
        "Passes if resource.access_keys.all(",
        "Parameters max_age_days = 90: ",
        "Reads AWS::IAM::User: access_keys",
        "iam:GetCredentialReport",
        "Fix, cli aws iam create-access-key",
        "References https://docs.aws.amazon.com/",
        "fail one second over the limit",
    ):
        assert part in page


def test_explain_in_json_holds_the_same(auditreel: Command) -> None:
    found = json.loads(auditreel("explain", "aws.iam.user_access_key_rotated", "--format", "json").stdout)

    assert found["check"]["id"] == "aws.iam.user_access_key_rotated"
    assert found["criteria"] == [{"id": "CC6.1", "title": "Logical access protections guard information assets"}]
    assert found["parameters"][0]["value"] == 90
    assert found["reads"] == {"AWS::IAM::User": ["access_keys"]}
    assert found["check"]["remediation"]["cli"].startswith("aws iam create-access-key")


def test_what_is_to_be_copied_from_an_explanation_stays_in_one_piece(auditreel: Command) -> None:
    page = auditreel("explain", "aws.s3.bucket_policy_not_public").stdout
    for part in (
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true,",
        "access-control-block-public-access.html#access-control-block-public-access-policy-status\n",
    ):
        assert part in page


def test_a_pattern_is_no_check_to_explain(auditreel: Command) -> None:
    assert auditreel("explain", "aws.iam.*").returncode == 2


def test_permissions_are_a_policy_of_the_cloud_and_those_of_the_plan(auditreel: Command) -> None:
    selection = ("--check", "aws.s3.*")
    policy = json.loads(auditreel("permissions", *selection).stdout)
    listed = auditreel("permissions", *selection, "--format", "list").stdout.split()
    planned = json.loads(auditreel("run", *selection, "--plan", "--format", "json").stdout)

    (statement,) = policy["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == listed == sorted({name for call in planned["calls"] for name in call["permissions"]})


def test_permissions_are_for_the_clouds_that_the_policy_names_else_for_all(auditreel: Command, tmp_path: Path) -> None:
    def headings(*flags: str) -> list[str]:
        out = auditreel("permissions", "--criterion", "CC6.1", "--format", "list", *flags).stdout
        return [line for line in out.splitlines() if line.startswith("#")]

    assert headings() == ["# Amazon Web Services", "# Microsoft Azure", "# Google Cloud", "# GitHub"]
    assert headings("--provider", "gcp") == []
    named = tmp_path / "policies" / "organization.yaml"
    named.parent.mkdir()
    named.write_text("name: A\ncategories: [security]\nproviders: [aws, github]\n")
    assert headings("--policy", str(named.parent)) == ["# Amazon Web Services", "# GitHub"]


@pytest.mark.parametrize(("form", "line"), [("terraform", '      "{}",'), ("cloudformation", "              - {}")])
def test_permissions_come_with_a_role_for_the_tools_that_make_it(auditreel: Command, form: str, line: str) -> None:
    listed = auditreel("permissions", "--check", "aws.s3.*", "--format", "list").stdout.split()
    done = auditreel("permissions", "--check", "aws.s3.*", "--format", form)

    assert "\n".join(line.format(action) for action in listed) in done.stdout
    assert done.stderr == f"aws: {len(listed)} actions, all of them reads\n"


def test_the_plan_for_a_reader_names_every_operation_and_calls_nothing(auditreel: Command) -> None:
    text = auditreel("run", "--check", "aws.s3.*", "--plan").stdout
    planned = json.loads(auditreel("run", "--check", "aws.s3.*", "--plan", "--format", "json").stdout)

    assert "Nothing was called." in text
    assert {name for call in planned["calls"] for name in call["operations"]} <= set(text.split())


# --- checks ---


def test_check_list_selects_by_criterion_and_names_the_number(auditreel: Command) -> None:
    whole = json.loads(auditreel("check", "list", "--format", "json").stdout)
    some = json.loads(auditreel("check", "list", "--criterion", "A1.2", "--format", "json").stdout)
    text = auditreel("check", "list", "--criterion", "A1.2").stdout.splitlines()

    assert [row["id"] for row in some] == [row["id"] for row in whole if "A1.2" in row["criteria"]]
    assert [line.split()[0] for line in text[:-1]] == [row["id"] for row in some]
    assert text[-1].startswith(f"{len(some)} checks; ")


def test_check_show_prints_the_file_as_it_is(auditreel: Command) -> None:
    done = auditreel("check", "show", "aws.iam.root_mfa_enabled")

    assert done.stdout == (ROOT / "checks" / "aws" / "iam" / "root_mfa_enabled.yaml").read_text("utf-8")
    assert done.stderr.strip().endswith("root_mfa_enabled.yaml")


def test_the_examples_of_our_checks_give_their_verdicts(auditreel: Command) -> None:
    done = auditreel("check", "test", "aws.iam.*")

    assert (done.returncode, done.stdout) == (0, "")
    assert "every example gives its verdict" in done.stderr


def test_an_example_with_another_verdict_is_named_with_file_and_line(auditreel: Command, checkout: Path) -> None:
    path = checkout / "checks" / "aws" / "iam" / "root_mfa_enabled.yaml"
    path.write_text(path.read_text("utf-8").replace("verdict: pass", "verdict: fail", 1), "utf-8")

    done = auditreel("check", "test", "aws.iam.root_mfa_enabled", checkout=checkout)

    assert done.returncode == 2
    assert re.search(r"root_mfa_enabled\.yaml:\d+:\d+: examples\[0\]\.verdict: .*is pass, not fail", done.stdout)


def test_a_new_check_is_refused_until_it_is_filled_in(auditreel: Command, checkout: Path) -> None:
    done = auditreel("check", "new", "aws.s3.bucket_my_rule", checkout=checkout)
    path = checkout / "checks" / "aws" / "s3" / "bucket_my_rule.yaml"

    assert (done.returncode, done.stdout) == (0, f"{path}\n")
    assert "resource_type: AWS::S3::Bucket" in path.read_text("utf-8")
    for command in (("check", "test", "aws.s3.bucket_my_rule"), ("run", "--demo")):
        refused = auditreel(*command, checkout=checkout)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert re.search(r"bucket_my_rule\.yaml:\d+:\d+: title", refused.stderr)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("aws.s3.bucket_policy_not_public",), "is there already"),
        (("my_rule",), "use provider.service.name"),
        (("aws.../../x",), "use provider.service.name"),
        (("aws.rds.thing",), "name one with --type: "),
        (("aws.rds.thing", "--type", "AWS::S3::Bukket"), "there is no resource type AWS::S3::Bukket"),
    ],
)
def test_a_new_check_never_replaces_one_and_needs_an_id_and_a_type(
    auditreel: Command, checkout: Path, arguments: tuple[str, ...], hint: str
) -> None:
    before = {path: path.read_bytes() for path in (checkout / "checks").rglob("*") if path.is_file()}

    done = auditreel("check", "new", *arguments, checkout=checkout)

    assert done.returncode == 2
    assert hint in done.stderr
    assert {path: path.read_bytes() for path in (checkout / "checks").rglob("*") if path.is_file()} == before


# --- evidence ---


def test_init_makes_a_store_private_keys_outside_of_it_and_a_project_file(auditreel: Command, tmp_path: Path) -> None:
    done = auditreel("init")
    config = tmp_path / "home" / ".config" / "auditreel"

    assert done.returncode == 0
    assert (tmp_path / "work" / "auditreel.toml").read_text() == 'store = "evidence"\n'
    assert {stat.S_IMODE(path.stat().st_mode) for path in config.iterdir() if path.name != "trust.json"} == {0o600}
    again = auditreel("init")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, done.stdout.splitlines()[-1])


def test_a_demonstration_never_goes_where_real_runs_go(auditreel: Command) -> None:
    auditreel("init")

    done = auditreel("run", "--demo")

    assert done.stdout.splitlines()[-1].startswith("DEMO · not recorded · ")
    assert "the store holds no run" in auditreel("verify").stdout


def test_a_recorded_demonstration_replays_exports_and_verifies_as_what_it_is(
    auditreel: Command, tmp_path: Path
) -> None:
    report = json.loads(auditreel("run", "--demo", "--store", "shown", "--format", "json").stdout)
    run = report["run"]["id"]

    verified = auditreel("verify", "shown")
    replayed = auditreel("replay", run, "--store", "shown")
    exported = auditreel("export", "--run", run, "--store", "shown")

    assert verified.returncode == 5
    assert verified.stderr == "exit 5: demonstration, not evidence\n"
    assert report["record"]["digest"] in verified.stdout
    assert (replayed.returncode, replayed.stdout.splitlines()[-1]) == (
        0,
        f"run {run}, {len(report['findings'])} records: identical",
    )
    assert (exported.returncode, exported.stdout) == (0, f"{run}.zip\n")
    assert stat.S_IMODE((tmp_path / "work" / f"{run}.zip").stat().st_mode) == 0o600
    assert {line.split(":")[0] for line in (verified.stdout.splitlines()[0], replayed.stdout.splitlines()[0])} == {
        "NOT ANCHORED"
    }


def test_a_report_is_written_in_the_format_of_its_suffix(auditreel: Command, tmp_path: Path) -> None:
    work, shown = tmp_path / "work", ("--store", "shown")
    day = json.loads(auditreel("run", "--demo", *shown, "--format", "json").stdout)["run"]["as_of"][:10]

    done = [
        auditreel("report", "type2", "--from", day, "--to", day, *shown, "--output", "period.pdf"),
        auditreel("report", "type1", "--at", day, *shown, "--output", "night.md"),
        auditreel("report", "gap", "--demo", "--output", "gap.html"),
        auditreel("report", "gap", "--demo", "--output", "gap.doc"),
    ]

    assert [result.returncode for result in done] == [0, 0, 0, 2]
    assert (work / "period.pdf").read_bytes().startswith(b"%PDF-")
    assert "\n## " in (work / "night.md").read_text()
    assert (work / "gap.html").read_text().startswith("<!DOCTYPE html>")
    assert "no format ends in '.doc'; use .txt, .json, .md, .html, or --format" in done[3].stderr


def test_what_is_judged_of_a_recorded_demonstration_is_one(auditreel: Command, tmp_path: Path) -> None:
    shown = ("--store", "shown")
    run = json.loads(auditreel("run", "--demo", *shown, "--format", "json").stdout)["run"]["id"]

    again = auditreel("run", "--snapshot", run, *shown, "--check", "aws.iam.root_mfa_enabled")
    gap = auditreel("report", "gap", *shown)
    changes = auditreel("report", "changes", *shown, "--from", "2026-11-01", "--to", "2026-11-30")

    assert [done.stdout.splitlines()[0] for done in (again, gap, changes)] == [
        "DEMONSTRATION on recorded data of a fictional company. Not evidence of anything."
    ] * 3
    assert (again.returncode, len(list((tmp_path / "work" / "shown" / "runs").iterdir()))) == (0, 2)


def test_what_is_told_after_an_export_verifies_what_was_exported(auditreel: Command, tmp_path: Path) -> None:
    run = json.loads(auditreel("run", "--demo", "--store", "shown", "--format", "json").stdout)["run"]["id"]
    told = auditreel("export", "--run", run, "--store", "shown").stderr.splitlines()[-1]
    trust, command = told.removeprefix("Hand it over, and ").split(" by another way. To verify it: auditreel ")

    verified = auditreel(*shlex.split(command))

    assert (tmp_path / "work" / trust).is_file()
    assert (verified.returncode, verified.stderr) == (5, "exit 5: demonstration, not evidence\n")


def test_a_store_that_the_policy_names_is_that_of_every_verb(auditreel: Command, tmp_path: Path) -> None:
    work, snapshot = tmp_path / "work", str(ROOT / "providers" / "_demo" / "snapshot.json")
    auditreel("init", "--store", "kept", "--policy", "ours", "--name", "Example", "--no-discover")
    (work / "auditreel.toml").write_text('policy = "ours"\n')
    with (work / "ours" / "organization.yaml").open("a") as organization:
        organization.write("store: kept\n")
    auditreel("run", "--snapshot", snapshot, "--check", "aws.iam.root_mfa_enabled")

    listed = json.loads(auditreel("store", "list", "--format", "json").stdout)["runs"]
    verified = auditreel("verify", "--allow-unanchored")
    scheduled = auditreel("schedule", "print", "--target", "cron")

    assert [row["records"] for row in listed] == [1]
    assert verified.returncode == 0
    assert f"--store {work / 'kept'} " in scheduled.stdout


def test_a_new_store_is_not_made_with_the_keys_of_one_that_was_recorded_in(auditreel: Command, tmp_path: Path) -> None:
    snapshot, check = str(ROOT / "providers" / "_demo" / "snapshot.json"), "aws.iam.root_mfa_enabled"
    auditreel("init", "--store", "first")
    assert auditreel("run", "--snapshot", snapshot, "--check", check, "--store", "first").returncode in (0, 3, 4)

    refused = auditreel("init", "--store", "second", "--policy", "second-policies", "--name", "Second")

    assert (refused.returncode, refused.stdout) == (5, "")
    assert "is of a store of which entry 2 was seen, and this one is empty; name another folder" in refused.stderr
    assert not (tmp_path / "work" / "second").exists()
    assert not (tmp_path / "work" / "second-policies").exists()
    assert auditreel("init", "--store", "first").returncode == 0
    assert auditreel("init", "--store", "second", "--config", str(tmp_path / "keys")).returncode == 0


def test_the_runs_of_a_store_are_listed_with_their_ids(auditreel: Command) -> None:
    shown = json.loads(auditreel("run", "--demo", "--store", "shown", "--format", "json").stdout)
    run, verdicts = shown["run"]["id"], Counter(row["verdict"] for row in shown["findings"])

    listed = auditreel("store", "list", "--store", "shown")
    (row,) = json.loads(auditreel("store", "list", "--store", "shown", "--format", "json").stdout)["runs"]

    assert listed.returncode == 0
    assert listed.stdout.splitlines()[0].startswith("NOT ANCHORED")
    assert listed.stdout.splitlines()[1].startswith(f"{run}  {shown['run']['as_of']}  demo")
    assert row == {
        "run": run, "kind": "demo", "source": row["source"], "as_of": shown["run"]["as_of"], "filtered": False,
        "kept": True, "records": len(shown["findings"]), "failures": verdicts["fail"], "unknown": verdicts["unknown"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("store", "list"), 2),
        (("store", "list", "--store", "nowhere"), 5),
        (("verify",), 2),
        (("verify", "nowhere"), 2),
        (("replay", "x"), 2),
        (("export",), 2),
        (("export", "--run", "x", "--store", "nowhere"), 5),
        (("replay", "x", "--store", "nowhere"), 5),
        (("replay", "--store", "nowhere"), 2),
        (("replay", "x", "--from", "2026-11-01", "--store", "nowhere"), 2),
        (("replay", "--with", "aws.x.y", "--from", "2026-11-01", "--to", "2026-11-02", "--store", "nowhere"), 2),
        (("replay", "--with", "aws.x.y@1", "--from", "2026-11-01", "--store", "nowhere"), 2),
        (("replay", "--with", "aws.x.y@1", "--from", "2026-13-01", "--to", "2026-11-02", "--store", "nowhere"), 2),
        (("replay", "--with", "aws.x.y@1", "--from", "2026-11-01", "--to", "2026-11-02", "--store", "nowhere"), 5),
    ],
)
def test_evidence_that_is_not_there_is_never_success(auditreel: Command, arguments: tuple[str, ...], code: int) -> None:
    done = auditreel(*arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


# --- a cloud ---


@pytest.mark.usefixtures("aws_env")
def test_doctor_says_who_we_are_and_ends_with_0_where_everything_answers(auditreel: Command) -> None:
    done = auditreel("doctor", "--check", "aws.iam.*", "--format", "json")

    (found,) = json.loads(done.stdout)
    assert (done.returncode, found["denied"]) == (0, [])
    assert found["identity"]["account"] == "123456789012"


@pytest.mark.usefixtures("aws_env")
def test_a_run_without_any_failure_of_reading_prints_no_progress_into_a_pipe(auditreel: Command) -> None:
    done = auditreel("run", "--check", "aws.iam.root_mfa_enabled", "--region", "us-east-1")

    assert done.returncode == 3
    assert done.stderr.startswith("exit 3: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("aws_env")
@pytest.mark.parametrize(("terminal", "shown"), [("xterm-256color", True), ("dumb", False)])
def test_progress_is_shown_on_the_error_stream_of_a_terminal_and_leaves_the_data_alone(
    tmp_path: Path, terminal: str, shown: bool
) -> None:
    import pty

    main, side = pty.openpty()
    command = [sys.executable, "-m", "engine", "run", "--check", "aws.iam.root_mfa_enabled", "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": terminal, "COLUMNS": "80"}
    written = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):
            while data := os.read(main, 4096):
                written.extend(data)

    reader = threading.Thread(target=read)
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=side) as process:
        os.close(side)
        reader.start()
        report = json.loads(process.communicate(timeout=PATIENCE)[0])
    reader.join(PATIENCE)
    os.close(main)

    assert process.returncode == report["exit"]["code"] == 3
    assert (b"Reading" in written) is shown
    assert b"exit 3: " in written
