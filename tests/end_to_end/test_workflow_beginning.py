"""A firm begins: init asks what a report is about, or is told by flags, and leaves a folder that every verb reads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import boto3
import pytest

from engine.cli import group, main
from engine.content.load import load
from engine.content.root import find
from engine.errors import UsageError
from engine.judging.scope import PRESETS, applying
from engine.workflows.beginning import begin, proposed, suggested
from tests.emulators.aws_wire import AwsWire
from tests.end_to_end.small_firm import tree

ROOT = Path(__file__).resolve().parents[2]
ON = date(2026, 11, 26)
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


@pytest.fixture
def auditreel(environment: dict[str, str], tmp_path: Path) -> Command:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "engine", *arguments],
            env=environment, cwd=tmp_path / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_makes_a_folder_with_the_controls_and_templates_of_its_categories(
    preset: str, tmp_path: Path
) -> None:
    policy = tmp_path / "policies"
    categories = proposed(preset, ())
    begun = begin(policy, "Zoë: Sons", categories, ("aws", "github"), None, ON)

    ours, theirs = load(find()).policy, load(find(policy)).policy
    chosen = applying(ours.controls, ours.criteria, categories)
    assert [control.id for control in theirs.controls] == [control.id for control in chosen]
    assert [control.statement for control in theirs.controls] == [control.statement for control in chosen]
    organization = theirs.organization
    assert (organization.name, organization.categories, organization.providers, organization.window) == (
        "Zoë: Sons", categories, ("aws", "github"), None,
    )  # fmt: skip
    serving = [
        row.id
        for row in ours.documents
        if row.template and any(ours.criteria[id_].category in categories for id_ in row.criteria)
    ]
    assert ([row.id for row in theirs.documents], begun.templates) == (serving, len(serving))
    assert all(row.template for row in theirs.documents)
    assert begun.controls == len(chosen) > 40
    # What recurs is expected from the day on which the programme begins.
    assert {row.occurs.since for row in theirs.controls if row.occurs} == {ON}
    assert theirs.organization.programme.boundary == ()
    # The owners that are proposed are all that there have to be.
    setting = policy / "organization.yaml"
    head, _, rest = setting.read_text().partition("# owners:\n")
    roles = re.match(r"(#   .*: \[A. Person\]\n)+", rest)
    assert roles is not None
    setting.write_text(f"{head}owners:\n{roles[0].replace('#', '')}{rest[roles.end() :]}")
    assert load(find(policy)).policy.organization.programme.owners.keys() == {
        row.owner for row in (*theirs.controls, *theirs.documents)
    }


def test_what_is_there_is_kept_and_what_cannot_be_is_not_begun(tmp_path: Path) -> None:
    policy = tmp_path / "policies"
    with pytest.raises(UsageError, match="name: must have at least 1 character"):
        begin(policy, "", ("security",), ("aws",), None, ON)
    assert not policy.exists()
    (policy / "controls").mkdir(parents=True)
    own = load(find()).policy.controls[0].path
    (policy / "controls" / own.name).write_bytes(b"# ours\n" + own.read_bytes())
    before = tree(policy)

    begun = begin(policy, "Example", ("security",), ("aws",), None, ON)

    assert begun.kept == (policy / "controls" / own.name,)
    assert before.items() <= tree(policy).items()
    whole = tree(policy)
    again = begin(policy, "Another", ("security", "privacy"), ("gcp",), None, ON)
    assert (again.written, again.kept, tree(policy)) == ((), (policy / "organization.yaml",), whole)


@pytest.mark.parametrize(
    ("on", "starts", "ends"),
    [
        (date(2026, 11, 26), date(2027, 1, 1), date(2027, 6, 30)),
        (date(2026, 12, 15), date(2027, 4, 1), date(2027, 9, 30)),
        (date(2027, 8, 31), date(2027, 10, 1), date(2028, 3, 31)),
    ],
)
def test_the_suggested_window_begins_with_a_quarter_that_leaves_a_month_to_prepare(
    on: date, starts: date, ends: date
) -> None:
    assert suggested(on) == (starts, ends)


def test_flags_begin_a_folder_without_a_terminal_and_the_next_verbs_work_on_it(
    auditreel: Command, tmp_path: Path
) -> None:
    nameless = auditreel("init", "--yes")
    assert (nameless.returncode, "say whose it is with --name" in nameless.stderr) == (2, True)
    assert list((tmp_path / "work").iterdir()) == []

    done = auditreel("init", "--name", "Example", "--preset", "availability", "--category", "privacy", "--no-discover")

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "policy policies"
    assert (tmp_path / "work" / "auditreel.toml").read_text() == 'store = "evidence"\npolicy = "policies"\n'
    categories = load(find(tmp_path / "work" / "policies")).policy.organization.categories
    assert categories == ("security", "availability", "privacy")
    assert [line.split("  ")[1] for line in done.stderr.splitlines()[-4:]] == [
        "auditreel report gap", "auditreel doctor", "auditreel run", "auditreel report due",
    ]  # fmt: skip
    for arguments in (("evidence", "list"), ("report", "due"), ("report", "gap"), ("waiver", "list")):
        assert auditreel(*arguments).returncode == 0, arguments
    assert auditreel("run", "--demo").returncode in (3, 4)
    assert auditreel("init", "--yes").returncode == 0


def test_a_project_file_that_names_no_policy_folder_is_told_when_one_is_begun(
    auditreel: Command, tmp_path: Path
) -> None:
    assert auditreel("init", "--no-discover").returncode == 0
    begun = auditreel("init", "--name", "Example", "--no-discover")
    assert 'It does not say policy = "policies": write that at its top' in begun.stderr

    project = tmp_path / "work" / "auditreel.toml"
    project.write_text(f'policy = "policies"\n{project.read_text()}')
    assert "auditreel.toml is there already, and names the same." in auditreel("init", "--yes").stderr


def test_accounts_that_the_credentials_see_are_listed_and_a_boundary_is_proposed_never_set(
    aws_env: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    organizations = boto3.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    for name in ("production", "dev-sandbox"):
        organizations.create_account(Email=f"{name}@example.com", AccountName=name)
    monkeypatch.chdir(tmp_path)
    flags = ["--name", "Example", "--provider", "aws", "--provider", "github", "--config", str(tmp_path / "config")]

    assert main(group, ["init", *flags], "auditreel") == 0

    told = capsys.readouterr().err
    assert "aws: 3 accounts found; by name perhaps not part of the system, for you to approve: dev-sandbox (" in told
    assert "github: no accounts are known, " in told
    text = (tmp_path / "policies" / "organization.yaml").read_text()
    assert load(find(tmp_path / "policies")).policy.organization.programme.boundary == ()
    # Approved as proposed, it holds.
    start = text.index("# boundary:")
    approved = re.sub(r"^# ?", "", text[start:], flags=re.MULTILINE)
    (tmp_path / "policies" / "organization.yaml").write_text(text[:start] + approved)
    rules = load(find(tmp_path / "policies")).policy.organization.programme.boundary
    assert [(rule.id, rule.state, len(rule.accounts)) for rule in rules] == [
        ("aws-trials", "out_of_boundary", 1), ("aws-live", "in", 2), ("github-live", "in", 0),
    ]  # fmt: skip


def test_on_a_terminal_init_asks_what_the_report_is_about(environment: dict[str, str], tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "init", "--no-discover"],
        env=environment, cwd=tmp_path / "work", stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(theirs)
    # Store, name, uptime, money, confidential data, personal data, clouds: at first one that there is not; listings.
    os.write(ours, b"kept\nExample Ltd\ny\nn\ny\nn\nawz\naws, gcp\ny\n")
    out, _ = process.communicate(timeout=120)
    os.close(ours)

    assert process.returncode == 0
    assert out.splitlines()[0] == "store kept"
    organization = load(find(tmp_path / "work" / "policies")).policy.organization
    assert (organization.name, organization.categories, organization.providers) == (
        "Example Ltd", ("security", "availability", "confidentiality"), ("aws", "gcp", "tables"),
    )  # fmt: skip
