"""The policy folder: organisation, controls, waivers, and everything that they may not say."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from engine.content.checks import ids, load_checks
from engine.content.policy import Policy, load_policy
from engine.content.provenance import Brought, Commit, brought
from engine.errors import Problem
from engine.model import Control, Schedule, Waiver
from tests.unit.data_folders import CONTROL, ENCRYPTION, LOGGING, ORGANIZATION, WAIVER, root, write

WAIVER_FILE = "waivers/price-list.yaml"


def loaded(folder: Path, files: dict[str, str], commit: Commit | None = None) -> tuple[Policy | None, list[str]]:
    folders = root(folder, policies=files)
    problems: list[Problem] = []
    checks = load_checks(folders, problems)
    policy = load_policy(folders, checks, ids(folders), problems, lambda path: commit)
    return policy, [str(problem).removeprefix(f"{folders.policies}/") for problem in sorted(problems)]


def policy_of(folder: Path, files: dict[str, str], commit: Commit | None = None) -> Policy:
    policy, problems = loaded(folder, files, commit)
    assert problems == []
    assert policy is not None
    return policy


def waiver_of(
    folder: Path, text: str = WAIVER, commit: Commit | None = None, organization: str = ORGANIZATION
) -> Waiver:
    [waiver] = policy_of(folder, {WAIVER_FILE: text, "organization.yaml": organization}, commit).waivers
    return waiver


# --- organisation ----------------------------------------------------------------------------------------------------


def test_an_organisation_that_sets_nothing_has_the_strict_rules(tmp_path: Path) -> None:
    organization = policy_of(tmp_path, {}).organization
    assert (organization.name, organization.categories) == ("Example", ("security",))
    assert (organization.waiver_days, organization.self_approval) == (365, False)
    assert (organization.parameters, organization.stated, organization.store) == ({}, {}, None)


def test_an_organisation_sets_what_it_may(tmp_path: Path) -> None:
    organization = policy_of(
        tmp_path,
        {
            "organization.yaml": f"""\
name: Example
categories: [security, availability]
criteria: {{CC6.4: {{state: subservice, reason: The cloud provider guards its rooms.}}}}
waivers: {{max_days: 30, self_approval: allowed}}
parameters: {{{ENCRYPTION}: {{approved: [AES256]}}}}
store: /var/lib/auditreel
"""
        },
    ).organization
    assert (organization.waiver_days, organization.self_approval) == (30, True)
    assert organization.parameters == {ENCRYPTION: {"approved": ["AES256"]}}
    assert organization.stated == {"CC6.4": ("subservice", "The cloud provider guards its rooms.")}
    assert organization.store == "/var/lib/auditreel"


def test_runs_are_expected_as_the_organisation_says_else_every_day(tmp_path: Path) -> None:
    said = 'schedule: {every: day, at: "02:30", timezone: Europe/Berlin, grace_hours: 4}'
    organization = policy_of(tmp_path, {"organization.yaml": f"{ORGANIZATION}{said}\n"}).organization

    assert organization.schedule == Schedule("day", "02:30", "Europe/Berlin", 4)
    assert policy_of(tmp_path / "other", {}).organization.schedule == Schedule("day", "00:00", "UTC", 24)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("frontier: {}", "3:1: frontier: is not known here"),
        ("waver: {}", "3:1: waver: is not known here; did you mean waivers?"),
        ("waivers: {maxdays: 3}", "3:11: waivers.maxdays: is not known here; did you mean max_days?"),
        ("waivers: {max_days: 0}", "3:21: waivers.max_days: must be at least 1, not 0"),
        ("parameters: {aws.s3.bucket_encrypte: {a: 1}}", "3:14: parameters.aws.s3.bucket_encrypte: there is no check"),
        (f"parameters: {{{ENCRYPTION}: {{aproved: []}}}}", "has no parameter aproved; did you mean approved?"),
        (f"parameters: {{{ENCRYPTION}: {{approved: [1]}}}}", "is no list<string>"),
        (
            'schedule: {every: day, at: "02:00", timezone: Europe/Berln}',
            "schedule.timezone: no time zone Europe/Berln is known here",
        ),
        ('schedule: {every: day, at: "24:00", timezone: UTC}', "schedule.at:"),
        ('schedule: {every: week, at: "02:00", timezone: UTC}', "schedule.every:"),
        ('schedule: {every: day, at: "02:00"}', "schedule:"),
        ('schedule: {every: day, at: "02:00", timezone: UTC, grace_hours: 25}', "schedule.grace_hours:"),
        ('schedule: {every: day, at: "02:00", timezone: ../../etc/passwd}', "schedule.timezone:"),
        ("criteria: {CC6.9: {state: subservice, reason: long enough}}", "3:12: criteria.CC6.9: there is no criterion"),
        ("criteria: {CC6.1: {state: not_relevant, reason: long enough}}", "criteria.CC6.1: DP-01 addresses it"),
    ],
)
def test_a_setting_that_means_nothing_is_an_error_with_a_suggestion(tmp_path: Path, setting: str, said: str) -> None:
    _, problems = loaded(tmp_path, {"organization.yaml": f"{ORGANIZATION}{setting}\n", "controls/data.yaml": CONTROL})
    assert len(problems) == 1
    assert problems[0].startswith("organization.yaml:3:")
    assert said in problems[0]


def test_security_is_always_a_category(tmp_path: Path) -> None:
    _, problems = loaded(tmp_path, {"organization.yaml": "name: Example\ncategories: [privacy]\n"})
    assert problems == ["organization.yaml:2:13: categories: security is always in a SOC 2 report: add it"]


@pytest.mark.parametrize(
    "name", ["waiver/x.yaml", "waivers/x.yml", "controls/x.json", "organisation.yaml", "notes.txt"]
)
def test_a_file_that_nothing_would_read_is_refused_and_not_passed_over(tmp_path: Path, name: str) -> None:
    _, problems = loaded(tmp_path, {name: WAIVER})
    assert len(problems) == 1
    assert problems[0].startswith(name.split("/")[0])


# --- controls --------------------------------------------------------------------------------------------------------


def test_controls_are_read_in_the_order_of_their_ids(tmp_path: Path) -> None:
    second = CONTROL.replace("DP-01", "AC-01").replace(ENCRYPTION, LOGGING)
    policy = policy_of(tmp_path, {"controls/a.yaml": CONTROL, "controls/b.yaml": second})
    assert [control.id for control in policy.controls] == ["AC-01", "DP-01"]
    control = policy.controls[1]
    assert control == Control(
        id="DP-01",
        statement="Stored data is encrypted with approved algorithms.",
        owner="Head of Security",
        criteria=("CC6.1",),
        operation="continuous",
        path=tmp_path / "policies" / "controls" / "a.yaml",
        digest=control.digest,
        aspects=("CC6.1.encryption_at_rest",),
        checks=(ENCRYPTION,),
    )


def test_a_control_may_have_alternatives_and_a_rule_for_deviations(tmp_path: Path) -> None:
    text = CONTROL.replace(f"checks: [{ENCRYPTION}]", f"satisfied_by: {{any: [{ENCRYPTION}, encryption_report]}}")
    text += "    deviation: {not_corrected_within: {critical: 1, high: 7, medium: 30, low: 90}}\n"
    [control] = policy_of(tmp_path, {"controls/a.yaml": text}).controls
    assert control.alternatives == ((ENCRYPTION, "encryption_report"),)
    assert control.deviation == {"critical": 1, "high": 7, "medium": 30, "low": 90}
    several = CONTROL.replace(f"checks: [{ENCRYPTION}]", f"satisfied_by: [{{any: [{ENCRYPTION}, a]}}, {{any: [b, c]}}]")
    [control] = policy_of(tmp_path / "several", {"controls/a.yaml": several}).controls
    assert control.alternatives == ((ENCRYPTION, "a"), ("b", "c"))


def test_our_control_may_address_what_is_left_to_a_subservice_organisation(tmp_path: Path) -> None:
    said = "name: Example\ncategories: [security]\ncriteria: {CC6.1: {state: subservice, reason: long enough}}\n"
    stated = policy_of(tmp_path, {"organization.yaml": said, "controls/a.yaml": CONTROL})
    assert (list(stated.organization.stated), len(stated.controls)) == (["CC6.1"], 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            ENCRYPTION,
            "aws.s3.bucket_encryptd",
            "8:14: controls[0].checks[0]: there is no check aws.s3.bucket_encryptd;",
        ),
        ("criteria: [CC6.1]", "criteria: [CC6.1, CC6.9]", "5:23: controls[0].criteria[1]: there is no criterion CC6.9"),
        ("criteria: [CC6.1]", "criteria: [CC6.1, CC6.2]", "5:23: controls[0].criteria[1]: no aspect of CC6.2 is named"),
        ("at_rest]", "at_ret]", "CC6.1 has no aspect encryption_at_ret; did you mean encryption_at_rest?"),
        (
            "at_rest]",
            "at_rest, CC6.2.removal]",
            "6:41: controls[0].aspects[1]: CC6.2 is not among the control's criteria",
        ),
        (f"    checks: [{ENCRYPTION}]\n", "", "2:5: controls[0]: names no checks, no satisfied_by and no evidence"),
        (
            f"checks: [{ENCRYPTION}]",
            f"checks: [{ENCRYPTION}]\n    satisfied_by: {{any: [{ENCRYPTION}, report]}}",
            "9:26: controls[0].satisfied_by.any[0]: aws.s3.bucket_encrypted is among the checks already",
        ),
        (f"checks: [{ENCRYPTION}]", "satisfied_by: {any: [aws.s3.x, report]}", "there is no check aws.s3.x"),
        (
            f"checks: [{ENCRYPTION}]",
            f"satisfied_by: [{{any: [{ENCRYPTION}, report]}}, {{any: [aws.s3.x, report]}}]",
            "satisfied_by[1].any[0]: there is no check aws.s3.x",
        ),
        (
            "operation: continuous",
            "operation: nightly",
            "7:16: controls[0].operation: must be one of continuous, recurring",
        ),
    ],
)
def test_a_control_that_claims_what_is_not_there_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CONTROL
    _, problems = loaded(tmp_path, {"controls/data.yaml": CONTROL.replace(old, new)})
    assert len(problems) == 1
    assert said in problems[0]


def test_a_control_id_is_used_once(tmp_path: Path) -> None:
    _, problems = loaded(tmp_path, {"controls/a.yaml": CONTROL, "controls/b.yaml": CONTROL})
    assert [problem.split(": ", 1)[0] for problem in problems] == ["controls/b.yaml:2:9"]


def test_a_check_that_does_not_load_is_no_unknown_check_as_well(tmp_path: Path) -> None:
    folders = root(tmp_path, {ENCRYPTION: "version: one\n"}, {"controls/a.yaml": CONTROL, WAIVER_FILE: WAIVER})
    problems: list[Problem] = []
    checks = load_checks(folders, problems)
    assert checks == {}
    load_policy(folders, checks, ids(folders), problems, lambda path: None)
    assert {problem.path.name for problem in problems} == {"bucket_encrypted.yaml"}


# --- waivers ---------------------------------------------------------------------------------------------------------


def test_a_waiver_is_named_by_its_file(tmp_path: Path) -> None:
    waiver = waiver_of(tmp_path)
    assert (waiver.id, waiver.kind, waiver.check, waiver.account) == (
        "price-list",
        "risk_accepted",
        ENCRYPTION,
        "111122223333",
    )
    assert waiver.resources == ("arn:aws:s3:::prices",)
    assert (waiver.start, waiver.expires) == (date(2026, 10, 1), date(2026, 12, 31))


def test_no_waiver_has_effect_before_its_start_its_approval_and_its_commit(tmp_path: Path) -> None:
    late = WAIVER.replace("approved_on: 2026-10-01", "approved_on: 2026-10-15")
    assert waiver_of(tmp_path / "a").effective_at == "2026-10-01T00:00:00Z"
    assert waiver_of(tmp_path / "b", late).effective_at == "2026-10-15T00:00:00Z"
    commit = Commit("2026-11-02T08:30:00Z")
    assert waiver_of(tmp_path / "c", late, commit).effective_at == "2026-11-02T08:30:00Z"
    assert waiver_of(tmp_path / "d", commit=Commit("2026-09-01T00:00:00Z")).effective_at == "2026-10-01T00:00:00Z"


def test_a_waiver_that_no_commit_holds_has_no_effect(tmp_path: Path) -> None:
    assert waiver_of(tmp_path, commit=Commit(None)).effective_at is None


def test_an_approval_is_corroborated_by_the_approvers_signature_alone(tmp_path: Path) -> None:
    when = "2026-10-01T00:00:00Z"
    for number, (commit, standing) in enumerate(
        [
            (None, "asserted"),
            (Commit(when), "asserted"),
            (Commit(when, ("Dana", "dana@example.com")), "asserted"),
            (Commit(when, ("robin ", "robin@example.com")), "corroborated"),
        ]
    ):
        assert waiver_of(tmp_path / str(number), commit=commit).approval.standing == standing


def test_self_approval_is_refused_unless_the_organisation_allows_and_shows_it(tmp_path: Path) -> None:
    own = WAIVER.replace("approver: Robin", "approver: ' DANA '")
    _, problems = loaded(tmp_path / "refused", {WAIVER_FILE: own})
    assert problems == [
        "waivers/price-list.yaml:6:11: approver: is the owner: self-approval is refused by organization.yaml"
    ]
    allowed = ORGANIZATION + "waivers: {self_approval: allowed}\n"
    assert waiver_of(tmp_path / "allowed", own, organization=allowed).approval.self_approved
    assert not waiver_of(tmp_path / "other", organization=allowed).approval.self_approved


@pytest.mark.parametrize("key", ["kind", "check", "account", "resources", "owner", "approver", "reason", "expires"])
def test_a_waiver_without_what_makes_it_one_is_refused(tmp_path: Path, key: str) -> None:
    text = "".join(f"{line}\n" for line in WAIVER.splitlines() if not line.startswith(f"{key}:"))
    _, problems = loaded(tmp_path, {WAIVER_FILE: text})
    assert problems == [f"waivers/price-list.yaml:1:1: {key} is missing"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("expires: 2026-12-31", "expires: 2027-10-01", "10:10: expires: lasts 366 days from 2026-10-01"),
        ("expires: 2026-12-31", "expires: 2026-09-30", "10:10: expires: 2026-09-30 is before the start, 2026-10-01"),
        ("approved_on: 2026-10-01", "approved_on: 2027-01-01", "7:14: approved_on: 2027-01-01 is after it expires"),
        (ENCRYPTION, "aws.s3.bucket_encryptd", "2:8: check: there is no check aws.s3.bucket_encryptd; did you mean"),
        ('["arn:aws:s3:::prices"]', '["*"]', "4:13: resources[0]:"),
        ('["arn:aws:s3:::prices"]', "[]", "4:12: resources: must have at least 1 entry"),
        ("kind: risk_accepted", "kind: whatever", "1:7: kind: must be one of risk_accepted, compensating_control"),
        (
            "reason: The prices are printed on the front page anyway.",
            "reason: because",
            "8:9: reason: must have at least",
        ),
    ],
)
def test_an_improper_waiver_is_a_located_error(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WAIVER
    _, problems = loaded(tmp_path, {WAIVER_FILE: WAIVER.replace(old, new)})
    assert len(problems) == 1
    assert problems[0].startswith(f"waivers/price-list.yaml:{said}"), problems


def test_the_longest_waiver_is_the_one_that_the_organisation_allows(tmp_path: Path) -> None:
    rules = ORGANIZATION + "waivers: {max_days: 92}\n"
    assert waiver_of(tmp_path, organization=rules).expires == date(2026, 12, 31)
    _, problems = loaded(tmp_path / "shorter", {WAIVER_FILE: WAIVER, "organization.yaml": rules.replace("92", "91")})
    assert [problem.split(": ")[1] for problem in problems] == ["expires"]


def test_two_files_of_one_id_and_a_file_without_one_are_refused(tmp_path: Path) -> None:
    _, problems = loaded(
        tmp_path, {WAIVER_FILE: WAIVER, "waivers/old/price-list.yaml": WAIVER, "waivers/Price List.yaml": WAIVER}
    )
    assert [problem.split(":")[0] for problem in problems] == ["waivers/Price List.yaml", WAIVER_FILE]


# --- where a waiver comes from ---------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Robin",
        "GIT_AUTHOR_EMAIL": "robin@example.com",
        "GIT_COMMITTER_NAME": "Robin",
        "GIT_COMMITTER_EMAIL": "robin@example.com",
        "GIT_COMMITTER_DATE": "2026-11-02T10:30:00+02:00",
    }
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    write(tmp_path / "waivers" / "x.yaml", WAIVER)
    git(tmp_path, "add", ".")
    return tmp_path


def test_outside_a_repository_no_commit_is_claimed(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", WAIVER)
    assert brought(tmp_path / "x.yaml") is None


def test_the_commit_that_brought_a_file_is_found_with_its_time_in_utc(repository: Path) -> None:
    assert brought(repository / "waivers" / "x.yaml") == Commit(None)
    git(repository, "commit", "--quiet", "--message", "Accept the prices")
    assert brought(repository / "waivers" / "x.yaml") == Commit("2026-11-02T08:30:00Z")


def test_a_file_that_was_changed_since_its_commit_was_brought_by_none(repository: Path) -> None:
    git(repository, "commit", "--quiet", "--message", "Accept the prices")
    write(repository / "waivers" / "x.yaml", WAIVER.replace("2026-12-31", "2027-06-30"))
    assert brought(repository / "waivers" / "x.yaml") == Commit(None)


def test_a_file_without_a_commit_in_an_empty_repository_was_brought_by_none(repository: Path) -> None:
    write(repository / "waivers" / "new.yaml", WAIVER)
    assert brought(repository / "waivers" / "new.yaml") == Commit(None)


def test_a_repository_that_git_cannot_read_is_not_taken_for_none(tmp_path: Path) -> None:
    folders = root(tmp_path, policies={WAIVER_FILE: WAIVER})
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    problems: list[Problem] = []
    policy = load_policy(folders, load_checks(folders, problems), ids(folders), problems)
    assert policy is not None
    assert policy.waivers == ()
    assert [problem.path.name for problem in problems] == ["price-list.yaml"]
    assert "git does not say which commit brought it" in problems[0].message


def test_an_ignored_file_was_brought_by_no_commit(repository: Path) -> None:
    write(repository / ".gitignore", "waivers/local.yaml\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Ignore")
    write(repository / "waivers" / "local.yaml", WAIVER)
    assert brought(repository / "waivers" / "local.yaml") == Commit(None)


def test_the_signer_of_a_good_signature_is_named(repository: Path) -> None:
    key = repository / ".git" / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (repository / ".git" / "signers").write_text(f"key@example.com {key.with_suffix('.pub').read_text()}")
    git(repository, "config", "gpg.format", "ssh")
    git(repository, "config", "user.signingkey", str(key))
    git(repository, "config", "gpg.ssh.allowedSignersFile", ".git/signers")
    git(repository, "commit", "--quiet", "--gpg-sign", "--message", "Accept the prices")
    # The committer calls itself Robin; only the key says who signed.
    assert brought(repository / "waivers" / "x.yaml") == Commit("2026-11-02T08:30:00Z", ("key@example.com",))
    (repository / ".git" / "signers").write_text("")
    assert brought(repository / "waivers" / "x.yaml") == Commit("2026-11-02T08:30:00Z")


def test_each_file_of_a_folder_is_told_apart_however_git_lists_it(repository: Path) -> None:
    folder = repository / "waivers"
    for name in ("kept", "changed", "moved", "dropped"):
        write(folder / f"{name}.yaml", WAIVER)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Accept the prices")
    (folder / "changed.yaml").write_text(f"{WAIVER}# more\n")
    git(repository, "mv", "waivers/moved.yaml", "waivers/renamed.yaml")
    write(folder / "new.yaml", WAIVER)
    # What was taken out and is ignored now is found in the history all the same.
    git(repository, "rm", "--quiet", "--cached", "waivers/dropped.yaml")
    (repository / ".git" / "info" / "exclude").write_text("waivers/\n")
    ask = Brought()
    names = [path.stem for path in sorted(folder.iterdir()) if ask(path) != Commit(None)]
    assert names == ["kept", "x"]
