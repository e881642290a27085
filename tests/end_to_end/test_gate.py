"""``auditreel gate``: exit codes, what stops and what does not, and that nobody talks it round."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.cli import group, main
from engine.content.root import find
from tests.plans import UNKNOWN, PlanBuilder, Ref, Secret

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "plans"
OPEN = {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"}
CLOSED = {**OPEN, "cidr_ipv4": "10.0.0.0/8"}
ARN = "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1"
GROUP = {"id": "sg-1", "arn": ARN, "name": "web", "vpc_id": "vpc-1", "egress": []}
TRAIL = {
    "id": "main",
    "arn": "arn:aws:cloudtrail:eu-central-1:123456789012:trail/main",
    "name": "main",
    "s3_bucket_name": "logs",
    "enable_log_file_validation": True,
}
CHECKS = ("--check", "aws.ec2.security_group_no_open_*")


@pytest.fixture
def gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs the verb in an empty folder; gives the exit code and the JSON."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    for name in [name for name in os.environ if name.startswith("AUDITREEL_") and name != "AUDITREEL_CONFIG"]:
        monkeypatch.delenv(name)

    def run(plan: PlanBuilder | Path | bytes, *arguments: str) -> tuple[int, dict[str, Any]]:
        path = plan if isinstance(plan, Path) else tmp_path / "plan.json"
        if isinstance(plan, PlanBuilder):
            plan.write(path)
        elif isinstance(plan, bytes):
            path.write_bytes(plan)
        code = main(group, ["gate", str(path), "--format", "json", *arguments], "auditreel")
        out, err = capsys.readouterr()
        return code, {**(json.loads(out) if out else {}), "stderr": err}

    return run


def movements(found: dict[str, Any]) -> set[tuple[str, str, bool]]:
    return {(row["movement"], row["check"].rpartition(".")[2], row["stops"]) for row in found["changes"]}


def opened() -> PlanBuilder:
    """A group that is there, and a rule that opens it."""
    plan = PlanBuilder().keep("aws_security_group.web", ingress=[], **GROUP)
    return plan.create("aws_vpc_security_group_ingress_rule.r", security_group_id="sg-1", **OPEN)


def open_already() -> PlanBuilder:
    plan = PlanBuilder().keep("aws_security_group.web", ingress=[], **GROUP)
    return plan.keep("aws_vpc_security_group_ingress_rule.r", security_group_id="sg-1", **OPEN)


# --- what the change does --------------------------------------------------------------------------------------------


def test_a_new_failure_stops(gate: Any) -> None:
    code, found = gate(opened(), *CHECKS)
    assert (code, movements(found)) == (3, {("new_failure", "security_group_no_open_ssh", True)})
    assert found["changes"][0]["place"]["parts"] == ["aws_vpc_security_group_ingress_rule.r"]


def test_what_failed_before_does_not_stop_unless_everything_shall(gate: Any) -> None:
    code, found = gate(open_already(), *CHECKS)
    assert (code, movements(found)) == (0, {("unchanged_failure", "security_group_no_open_ssh", False)})
    assert gate(open_already(), *CHECKS, "--fail-on-all")[0] == 3


def test_a_fix_is_told(gate: Any) -> None:
    plan = PlanBuilder().keep("aws_security_group.web", ingress=[], **GROUP)
    plan.update("aws_vpc_security_group_ingress_rule.r", {"cidr_ipv4": "0.0.0.0/0"}, security_group_id="sg-1", **CLOSED)
    assert gate(plan, *CHECKS)[0] == 0
    assert movements(gate(plan, *CHECKS)[1]) == {("fixed", "security_group_no_open_ssh", False)}


def test_a_failure_that_grows_in_place_stops(gate: Any) -> None:
    plan = open_already().create(
        "aws_vpc_security_group_ingress_rule.more",
        security_group_id="sg-1",
        **{**OPEN, "cidr_ipv4": None, "cidr_ipv6": "::/0"},
    )
    code, found = gate(plan, *CHECKS)
    assert (code, movements(found)) == (3, {("worse", "security_group_no_open_ssh", True)})


def test_a_harmless_addition_to_what_fails_is_no_worse(gate: Any) -> None:
    plan = open_already().create("aws_vpc_security_group_ingress_rule.office", security_group_id="sg-1", **CLOSED)
    plan.create(
        "aws_vpc_security_group_ingress_rule.web",
        security_group_id="sg-1",
        **{**OPEN, "from_port": 443, "to_port": 443},
    )
    code, found = gate(plan, *CHECKS)
    assert (code, movements(found)) == (0, {("unchanged_failure", "security_group_no_open_ssh", False)})


def test_a_control_that_is_deleted_stops(gate: Any) -> None:
    code, found = gate(PlanBuilder().delete("aws_cloudtrail.main", **TRAIL))
    assert code == 3
    assert {row["movement"] for row in found["changes"] if row["stops"]} == {"control_deleted"}


def test_a_control_that_is_deleted_stops_whatever_else_has_its_name(gate: Any) -> None:
    named = {"id": "default", "name": "default"}
    plan = PlanBuilder().delete("aws_config_configuration_recorder.main", **named)
    code, found = gate(plan.keep("aws_config_delivery_channel.main", **named))
    assert (code, ("control_deleted", "recorder_all_regions", True) in movements(found)) == (3, True)


def test_a_resource_that_is_deleted_takes_its_failures_along(gate: Any) -> None:
    plan = PlanBuilder().delete(
        "aws_security_group.web",
        ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
        **GROUP,
    )
    assert movements(gate(plan, *CHECKS, "--allow-empty")[1]) == {("fixed", "security_group_no_open_ssh", False)}


def test_debt_that_only_moves_is_not_new(gate: Any) -> None:
    plan = PlanBuilder().keep(
        "module.new.aws_security_group.web",
        ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
        **GROUP,
    )
    plan.moved("aws_security_group.web")
    code, found = gate(plan, *CHECKS)
    assert (code, found["changes"][0]["place"]["previous_address"]) == (0, "aws_security_group.web")


# --- what nobody can tell --------------------------------------------------------------------------------------------


def unknown_until_apply() -> PlanBuilder:
    plan = PlanBuilder().create("aws_security_group.web", name="web", ingress=[], egress=[])
    return plan.create(
        "aws_vpc_security_group_ingress_rule.r",
        security_group_id=Ref("aws_security_group.web.id"),
        **{**OPEN, "cidr_ipv4": UNKNOWN},
    )


def test_what_only_apply_tells_is_shown_and_stops_only_a_strict_gate(gate: Any) -> None:
    code, found = gate(unknown_until_apply(), *CHECKS)
    assert (code, {row["reason"] for row in found["changes"]}) == (0, {"known_after_apply"})
    assert gate(unknown_until_apply(), *CHECKS, "--strict")[0] == 4


def test_what_is_sensitive_or_ambiguous_stops(gate: Any) -> None:
    hidden = (
        PlanBuilder()
        .create("aws_s3_bucket.a", bucket="a")
        .create("aws_s3_bucket_versioning.v", bucket="a", versioning_configuration=[{"status": Secret("Enabled")}])
    )
    assert gate(hidden, "--check", "aws.s3.bucket_versioning")[0] == 4
    either = PlanBuilder().create("aws_s3_bucket.a[0]", bucket="a").create("aws_s3_bucket.a[1]", bucket="b")
    either.create(
        "aws_s3_bucket_versioning.v", bucket=Ref("aws_s3_bucket.a"), versioning_configuration=[{"status": "Enabled"}]
    )
    code, found = gate(either, "--check", "aws.s3.bucket_versioning")
    assert (code, {row["reason"] for row in found["changes"]}) == (4, {"ambiguous"})


def test_no_sensitive_value_is_printed_or_written(gate: Any, tmp_path: Path) -> None:
    plan = PlanBuilder().create("aws_s3_bucket.a", bucket="a", tags={"owner": Secret("hunter2")})
    plan.create("aws_s3_bucket_policy.p", bucket="a", policy=Secret('{"Statement": "hunter2"}'))
    code, found = gate(plan, "--record", "record.json", "--output", "page.txt", "--write-baseline", "base.json")
    assert code in (3, 4)
    written = [path.read_text() for name in ("record.json", "page.txt", "base.json") for path in [tmp_path / name]]
    assert "hunter2" not in json.dumps(found) + "".join(written)


def test_a_change_to_what_the_plan_does_not_hold_is_incomplete(gate: Any) -> None:
    plan = PlanBuilder().keep("aws_s3_bucket.a", bucket="a", id="a", arn="arn:aws:s3:::a", policy="")
    plan.create("aws_s3_bucket_policy.p", bucket="elsewhere", policy="{}")
    code, found = gate(plan, "--check", "aws.s3.bucket_default_encryption")
    assert (code, found["plan"]["orphans"]) == (4, ["aws_s3_bucket_policy.p"])


@pytest.mark.parametrize(
    "extra",
    [
        {"complete": False},
        {"complete": "false"},
        {"complete": None},
        {"deferred_changes": [{"reason": "provider_config_unknown"}]},
    ],
)
def test_a_plan_that_says_it_is_not_complete_never_passes(gate: Any, extra: dict[str, Any]) -> None:
    plan = PlanBuilder().create("aws_s3_bucket.a", bucket="a")
    plan.extra = extra
    code, found = gate(plan, "--check", "aws.s3.bucket_default_encryption")
    assert (code, len(found["plan"]["incomplete"])) == (4, 1)


def test_a_plan_of_which_nothing_can_be_judged_never_passes(gate: Any) -> None:
    plan = PlanBuilder()
    plan._add("random_id.x", None, {}, ["create"])
    code, found = gate(plan)
    assert (code, found["plan"]["unmapped"]) == (4, {"random_id": 1})
    assert gate(plan, "--allow-empty", "--check", "aws.s3.bucket_versioning")[0] == 0


@pytest.mark.parametrize("base", [False, True])
def test_a_plan_of_no_resource_at_all_never_passes(gate: Any, tmp_path: Path, base: bool) -> None:
    beside = ("--base", str(opened().write(tmp_path / "base.json"))) if base else ()
    code, found = gate(PlanBuilder(), *CHECKS, *beside)
    assert (code, found["exit_reasons"]) == (4, {"4": "it holds no resource"})
    assert gate(PlanBuilder(), *CHECKS, *beside, "--allow-empty")[0] == 0


def test_a_plan_that_does_not_tell_what_becomes_of_the_state_never_passes(gate: Any) -> None:
    held = {"mode": "managed", "type": "aws_cloudtrail", "name": "main", "values": TRAIL}
    state = {"resources": [{"address": "aws_cloudtrail.main", **held}]}
    plan = PlanBuilder().keep("aws_security_group.web", ingress=[], **GROUP)
    plan.extra = {"prior_state": {"format_version": "1.0", "values": {"root_module": state}}}
    code, found = gate(plan, *CHECKS)
    assert (code, len(found["plan"]["incomplete"])) == (4, 1)
    plan.keep("aws_cloudtrail.renamed", **TRAIL).moved("aws_cloudtrail.main")
    assert gate(plan, *CHECKS)[0] == 0


def test_what_is_made_is_nothing_that_was_left_over(gate: Any) -> None:
    plan = opened()
    plan.changes[-1]["deposed"] = "0123abcd"
    assert gate(plan, *CHECKS)[0] == 2


def test_a_value_that_stands_there_is_not_unknown(gate: Any) -> None:
    plan = opened()
    plan.changes[-1]["change"]["after_unknown"]["cidr_ipv4"] = True
    assert gate(plan, *CHECKS)[0] == 2


def test_a_check_that_needs_the_live_account_is_listed_and_not_selected(gate: Any) -> None:
    _, found = gate(PlanBuilder().create("aws_s3_bucket.a", bucket="a"))
    left = {row["check"]: row["why"] for row in found["needs_live"]}
    assert left["aws.iam.root_mfa_enabled"] == "a plan does not tell root_mfa_enabled of AWS::Account"
    assert "aws.s3.bucket_versioning" in {row["id"] for row in found["checks"]}


def test_checks_of_clouds_that_nobody_uses_are_not_listed(gate: Any) -> None:
    _, found = gate(PlanBuilder().create("aws_s3_bucket.a", bucket="a"))
    assert {row["check"].partition(".")[0] for row in found["needs_live"]} == {"aws"}


def test_an_account_is_judged_by_what_the_plan_sets_of_it(gate: Any) -> None:
    flags = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    weak = PlanBuilder().create(
        "aws_s3_account_public_access_block.a", **{**dict.fromkeys(flags, True), flags[0]: False}
    )
    assert gate(weak, "--check", "aws.s3.account_public_access_block")[0] == 3
    assert (
        gate(PlanBuilder().create("aws_s3_bucket.a", bucket="a"), "--check", "aws.s3.account_public_access_block")[0]
        == 4
    )


# --- files that are no plan ------------------------------------------------------------------------------------------


def whole() -> bytes:
    return opened().data()


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "blank": lambda: b" \n",
    "truncated": lambda: whole()[: len(whole()) // 2],
    "text before": lambda: b"[command] terraform show\n" + whole(),
    "text after": lambda: whole() + b"\nDone.",
    "no object": lambda: b"[]",
    "other JSON": lambda: b"{}",
    "a state": lambda: b'{"format_version": "1.0", "values": {}}',
    "binary": lambda: b"PK\x03\x04rest",
    "latin-1": lambda: whole().replace(b'"web"', b'"w\xe9b"'),
    "UTF-16 without a mark": lambda: whole().decode().encode("utf-16-le"),
    "a key twice": lambda: whole().replace(b'"variables"', b'"complete": true, "variables"'),
    "NaN": lambda: whole().replace(b'"from_port": 22', b'"from_port": NaN'),
    "a later format": lambda: whole().replace(b'"format_version": "1.2"', b'"format_version": "2.0"'),
    "errored": lambda: whole().replace(b'"errored": false', b'"errored": true'),
    "no change of what is planned": lambda: json.dumps({**opened().document(), "resource_changes": []}).encode(),
    "no resource where the configuration has some": lambda: json.dumps(
        {**opened().document(), "resource_changes": [], "planned_values": {}}
    ).encode(),
    "an action nobody knows": lambda: whole().replace(b'"no-op"', b'"vanish"'),
    "no mask of what is unknown": lambda: whole().replace(b'"after_unknown"', b'"after_known"'),
    "no mask of what is sensitive": lambda: whole().replace(b'"after_sensitive"', b'"after_public"'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_whole_plan_is_a_clear_error(gate: Any, name: str) -> None:
    code, found = gate(BROKEN[name](), *CHECKS)
    assert (code, "reading the plan" in found["stderr"]) == (2, True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_marked_encoding_is_read(gate: Any, encoding: str) -> None:
    assert gate(opened().data().decode().encode(encoding), *CHECKS)[0] == 3


def test_a_missing_file_and_unknown_names_are_errors(gate: Any, tmp_path: Path) -> None:
    assert gate(tmp_path / "none.json")[0] == 2
    assert gate(opened(), "--check", "aws.s3.no_such_check")[0] == 2
    assert gate(opened(), "--criterion", "CC99")[0] == 2


# --- other bases -----------------------------------------------------------------------------------------------------


def test_another_plan_is_a_base(gate: Any, tmp_path: Path) -> None:
    base = open_already().write(tmp_path / "base.json")
    made = PlanBuilder().create("aws_security_group.web", name="web", ingress=[], egress=[])
    made.create("aws_vpc_security_group_ingress_rule.r", security_group_id=Ref("aws_security_group.web.id"), **OPEN)
    assert gate(made, *CHECKS)[0] == 3
    code, found = gate(made, *CHECKS, "--base", str(base))
    assert (code, found["base"]["kind"]) == (0, "base_plan")


def test_a_baseline_file_is_a_base_until_it_grows(gate: Any) -> None:
    assert gate(opened(), *CHECKS, "--write-baseline", "base.json")[0] == 3
    code, found = gate(opened(), *CHECKS, "--baseline", "base.json")
    assert (code, movements(found)) == (0, {("unchanged_failure", "security_group_no_open_ssh", False)})
    more = opened().create(
        "aws_vpc_security_group_ingress_rule.rdp",
        security_group_id="sg-1",
        **{**OPEN, "from_port": 3389, "to_port": 3389},
    )
    assert gate(more, *CHECKS, "--baseline", "base.json")[0] == 3


def instance(*volumes: str) -> dict[str, Any]:
    """An instance with volumes that are not encrypted."""
    rows = [{"device_name": name, "encrypted": False, "volume_id": f"vol-{name}"} for name in volumes]
    return {"id": "i-1", "arn": "arn:aws:ec2:eu-central-1:123456789012:instance/i-1", "ebs_block_device": rows}


def test_one_volume_that_fails_does_not_hide_another_of_its_instance(gate: Any, tmp_path: Path) -> None:
    volumes = ("--check", "aws.ec2.ebs_volume_encrypted")
    first = PlanBuilder().keep("aws_instance.x", **instance("a"))
    second = PlanBuilder().update("aws_instance.x", instance("a"), **instance("a", "b"))
    base = first.write(tmp_path / "base.json")
    gate(first, *volumes, "--write-baseline", "old.json")
    for beside in (("--base", str(base)), ("--baseline", "old.json")):
        assert (gate(first, *volumes, *beside)[0], gate(second, *volumes, *beside)[0]) == (0, 3)


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "auditreel/baseline/v1", "failures": [{}]}'])
def test_a_damaged_baseline_is_an_error(gate: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "base.json").write_text(text)
    assert gate(opened(), *CHECKS, "--baseline", "base.json")[0] == 2


def test_a_snapshot_gives_what_a_plan_cannot_tell(gate: Any, tmp_path: Path) -> None:
    flags = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    snapshot = live_snapshot(dict.fromkeys(flags, True))
    (tmp_path / "live.json").write_text(json.dumps(snapshot))
    plan = PlanBuilder().create("aws_s3_bucket.a", bucket="a")
    name = ("--check", "aws.s3.bucket_public_access_block")
    assert gate(plan, *name)[0] == 4
    code, found = gate(plan, *name, "--snapshot", "live.json")
    assert (code, found["base"]["kind"], found["needs_live"]) == (0, "run", [])
    (tmp_path / "live.json").write_text(json.dumps(live_snapshot(dict.fromkeys(flags, False))))
    assert gate(plan, *name, "--snapshot", "live.json")[0] == 3


def live_snapshot(block: dict[str, bool]) -> dict[str, Any]:
    scope = {"provider": "aws", "account": "123456789012", "region": "global"}
    account = {
        "type": "AWS::Account",
        "id": "123456789012",
        "name": "main",
        **scope,
        "tags": None,
        "collected_at": "2026-11-25T03:00:00Z",
        "properties": {"s3_public_access_block": block},
        "unread": {},
    }
    return {
        "schema": "auditreel/snapshot/v1",
        "as_of": "2026-11-25T03:00:00Z",
        "source": "live",
        "identity": {},
        "scopes": [scope],
        "collections": [
            {"type": "AWS::Account", "scope": scope, "state": "complete", "count": 1, "unread": None},
            {"type": "AWS::S3::Bucket", "scope": scope, "state": "complete", "count": 0, "unread": None},
        ],
        "resources": [account],
        "ledger": [],
        "left_out": [],
        "finished_at": "2026-11-25T03:01:00Z",
    }


# --- it cannot be talked round ---------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        **{
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ana"), ("EMAIL", "ana@example.com"))
        },
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a policy folder and a project file, as its base commit has them."""
    policies = find().policies
    folder = tmp_path / "policy"
    folder.mkdir()
    shutil.copy(policies / "organization.yaml", folder)
    shutil.copytree(policies / "controls", folder / "controls")
    (tmp_path / "auditreel.toml").write_text('policy = "policy"\n')
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Policy")
    return tmp_path


def waiver(folder: Path, check: str = "aws.ec2.security_group_no_open_ssh", about: str = ARN) -> None:
    today = datetime.now(UTC).date()
    (folder / "policy" / "waivers").mkdir(exist_ok=True)
    (folder / "policy" / "waivers" / "mine.yaml").write_text(
        f"kind: risk_accepted\ncheck: {check}\naccount: '123456789012'\nresources: [{about}]\n"
        f"owner: Kim\napprover: Ana\napproved_on: {today - timedelta(days=2)}\n"
        "reason: The bastion is reached from changing addresses.\n"
        f"start: {today - timedelta(days=2)}\nexpires: {today + timedelta(days=30)}\n"
    )


def committed(folder: Path, message: str) -> None:
    git(folder, "add", "policy", "auditreel.toml")
    git(folder, "commit", "--quiet", "--message", message)


def test_a_waiver_that_the_change_brings_along_has_no_effect_on_it(gate: Any, repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    waiver(repository)
    committed(repository, "Let me in")
    assert gate(opened(), *CHECKS)[0] == 0
    code, found = gate(opened(), *CHECKS, "--policy-ref", base)
    assert code == 3
    assert found["policy"] == {
        "commit": base,
        "changed_in_the_change": [{"path": "policy/waivers/mine.yaml", "kind": "added"}],
    }


def test_a_waiver_of_the_base_stands_beside_the_failure(gate: Any, repository: Path) -> None:
    waiver(repository)
    committed(repository, "Accept")
    base = git(repository, "rev-parse", "HEAD")
    code, found = gate(
        opened(), *CHECKS, "--base-commit", base, "--head-commit", "abc", "--pull-request", "7", "--approver", "Ana"
    )
    assert (code, [row["waiver"] for row in found["changes"]]) == (0, ["mine"])
    assert found["change"] == {"base_commit": base, "head_commit": "abc", "pull_request": "7", "approvers": ["Ana"]}


def test_the_deletion_of_a_control_is_accepted_by_the_base_and_by_nothing_else(gate: Any, repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    waiver(repository, "aws.cloudtrail.multi_region_trail", str(TRAIL["arn"]))
    committed(repository, "The organization's trail replaces it")
    plan = PlanBuilder().delete("aws_cloudtrail.main", **TRAIL)
    assert gate(plan, "--policy-ref", base)[0] == 3
    code, found = gate(plan, "--policy-ref", "HEAD")
    deleted = [row for row in found["changes"] if row["movement"] == "control_deleted"]
    assert (code, [(row["waiver"], row["stops"]) for row in deleted]) == (0, [("mine", False)])


def test_an_own_check_that_the_change_weakens_judges_it_as_the_base_has_it(gate: Any, repository: Path) -> None:
    own, id_ = repository / "policy" / "checks" / "aws" / "ec2" / "our_rule.yaml", "aws.ec2.our_rule"
    text = (ROOT / "checks" / "aws" / "ec2" / "security_group_no_open_ssh.yaml").read_text()
    own.parent.mkdir(parents=True)
    own.write_text(text)
    committed(repository, "A check of our own")
    base = git(repository, "rev-parse", "HEAD")
    weaker = re.sub(r"(?m)^expression:(?: .*\n|.*\n(?:  .*\n)+)", "expression: resource.name != ''\n", text)
    assert weaker != text
    own.write_text(weaker)
    committed(repository, "Be content with less")

    assert gate(opened(), "--check", id_)[0] == 0
    code, found = gate(opened(), "--check", id_, "--policy-ref", base)
    assert code == 3
    assert found["policy"]["changed_in_the_change"] == [
        {"path": "policy/checks/aws/ec2/our_rule.yaml", "kind": "changed"}
    ]
    own.unlink()
    committed(repository, "Be rid of it")
    assert gate(opened(), "--check", id_, "--policy-ref", base)[0] == 3


def test_a_weakened_parameter_and_project_file_do_not_apply_to_the_change(gate: Any, repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    organization = repository / "policy" / "organization.yaml"
    organization.write_text(
        organization.read_text() + "parameters:\n  aws.ec2.security_group_no_open_ssh: {ports: [2222]}\n"
    )
    (repository / "auditreel.toml").write_text('policy = "policy"\nfail_on = "critical"\nallow_incomplete = true\n')
    assert gate(opened(), *CHECKS)[0] == 0
    code, found = gate(opened(), *CHECKS, "--policy-ref", base)
    assert (code, [row["path"] for row in found["policy"]["changed_in_the_change"]]) == (
        3,
        ["auditreel.toml", "policy/organization.yaml"],
    )


def test_a_link_to_another_policy_does_not_apply_to_the_change(gate: Any, repository: Path) -> None:
    lenient = repository / "examples" / "policy"
    shutil.copytree(repository / "policy", lenient)
    with (lenient / "organization.yaml").open("a") as file:
        file.write("parameters:\n  aws.ec2.security_group_no_open_ssh: {ports: [2222]}\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Examples")
    shutil.rmtree(repository / "policy")
    (repository / "policy").symlink_to(lenient)
    arguments = (*CHECKS, "--policy", "policy")
    assert gate(opened(), *arguments)[0] == 0
    assert gate(opened(), *arguments, "--policy-ref", "HEAD")[0] == 3


def test_a_baseline_that_the_change_grows_does_not_apply_to_it(gate: Any, repository: Path) -> None:
    closed = PlanBuilder().keep("aws_security_group.web", ingress=[], **GROUP)
    gate(closed, *CHECKS, "--write-baseline", "old.json")
    git(repository, "add", "old.json")
    git(repository, "commit", "--quiet", "--message", "Baseline")
    base = git(repository, "rev-parse", "HEAD")
    gate(opened(), *CHECKS, "--write-baseline", "old.json")
    gate(opened(), *CHECKS, "--write-baseline", "new.json")
    git(repository, "add", "new.json")
    assert [gate(opened(), *CHECKS, "--baseline", name)[0] for name in ("old.json", "new.json")] == [0, 0]
    code, found = gate(opened(), *CHECKS, "--baseline", "old.json", "--policy-ref", base)
    assert (code, found["policy"]["changed_in_the_change"]) == (3, [{"path": "old.json", "kind": "changed"}])
    assert gate(opened(), *CHECKS, "--baseline", "new.json", "--policy-ref", base)[0] == 2


@pytest.mark.parametrize("name", ["baseline", "base"])
def test_a_file_to_compare_with_that_no_commit_has_does_not_apply_to_the_change(
    gate: Any, repository: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    made = tmp_path_factory.mktemp("build") / "accepted.json"
    if name == "baseline":
        gate(opened(), *CHECKS, "--write-baseline", str(made))
    else:
        opened().write(made)
    shutil.copy(made, repository / "untracked.json")
    reference = ("--policy-ref", "HEAD")
    code, found = gate(opened(), *CHECKS, f"--{name}", "untracked.json", *reference)
    assert (code, "what a change brings does not apply to it" in found["stderr"]) == (2, True)
    code, found = gate(opened(), *CHECKS, f"--{name}", str(made), *reference)
    assert (code, found["base"]["name"]) == (0, f"{made}, which no commit vouches for")
    git(repository, "add", "untracked.json")
    git(repository, "commit", "--quiet", "--message", "Accepted")
    code, found = gate(opened(), *CHECKS, f"--{name}", "untracked.json", *reference)
    assert (code, found["base"]["name"]) == (
        0,
        f"untracked.json, as of commit {git(repository, 'rev-parse', 'HEAD')[:12]}",
    )


def test_a_weakened_check_does_not_apply_to_the_change(
    gate: Any, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A repository that holds the checks themselves, as whoever has checks of their own.
    monkeypatch.setattr("engine.content.root.find", lambda policy=None: find(policy, repository / "engine"))
    check = Path("checks/aws/ec2/security_group_no_open_ssh.yaml")
    for folder in ("checks", "schemas"):
        shutil.copytree(find().policies.parent / folder, repository / folder, dirs_exist_ok=True)
    shutil.copytree(find().policies, repository / "policies")
    (repository / "auditreel.toml").write_text('policy = "policies"\n')
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Our checks")
    base = git(repository, "rev-parse", "HEAD")
    text = (repository / check).read_text()
    assert "\nseverity: high\n" in text
    (repository / check).write_text(text.replace("\nseverity: high\n", "\nseverity: low\n"))
    arguments = (*CHECKS, "--fail-on", "high")
    assert gate(opened(), *arguments)[0] == 0
    code, found = gate(opened(), *arguments, "--policy-ref", base)
    assert (code, found["policy"]["changed_in_the_change"]) == (3, [{"path": str(check), "kind": "changed"}])


def test_a_reference_that_is_named_and_empty_is_an_error(gate: Any, repository: Path) -> None:
    code, found = gate(opened(), *CHECKS, "--policy-ref", "", "--base-commit", "HEAD")
    assert (code, "--policy-ref: it is empty" in found["stderr"]) == (2, True)


def test_the_repository_is_left_as_it_was(gate: Any, repository: Path) -> None:
    gate(opened(), *CHECKS, "--policy-ref", "HEAD")
    assert git(repository, "worktree", "list").count("\n") == 0


def test_a_base_that_is_not_there_is_an_error(gate: Any, repository: Path) -> None:
    assert gate(opened(), *CHECKS, "--policy-ref", "0" * 40)[0] == 2
    assert gate(opened(), *CHECKS, "--policy-ref", "--output=x")[0] == 2


# --- the record ------------------------------------------------------------------------------------------------------


def test_a_gate_is_sealed_with_what_ci_says_and_replays(
    gate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ("--store", str(tmp_path / "store"))
    assert main(group, ["init", *store], "auditreel") == 0
    capsys.readouterr()
    code, found = gate(opened(), *CHECKS, *store, "--head-commit", "abc", "--approver", "Ana")
    assert (code, found["signed"]) == (3, True)
    chain = [json.loads(path.read_text()) for path in sorted((tmp_path / "store" / "chain").glob("*.json"))]
    assert len(chain) >= 2
    assert main(group, ["replay", found["run"], *store], "auditreel") == 0
    assert main(group, ["verify", str(tmp_path / "store"), "--allow-unanchored"], "auditreel") == 0


def test_without_a_key_the_record_is_unsigned_and_says_so(gate: Any, tmp_path: Path) -> None:
    code, found = gate(opened(), *CHECKS, "--store", str(tmp_path / "store"))
    record = json.loads((tmp_path / "auditreel-gate.json").read_text())
    assert (code, record["signed"], record["exit_code"], "not sealed" in found["stderr"]) == (3, False, 3, True)
    assert [row["check"] for row in record["verdicts"]] == [row["id"] for row in record["checks"]]


# --- real plans ------------------------------------------------------------------------------------------------------

VERDICTS = {
    "aws/checkov-55res-0.12.json": 3,
    "aws/checkov-after-unknown.json": 2,
    "aws/checkov-deleted-resources.json": 3,
    "aws/checkov-oidc-trust-1.5.json": 0,
    "aws/checkov-update-keys-1.4.json": 4,
    "aws/snyk-count-1.3.json": 3,
    "aws/tfcompliance-456-sg-unknown.json": 3,
    "azure/infracost-firewall.json": 0,
    "edge/checkov-encoding-win.json": 3,
    "edge/infracost-terraform-wrapper-prefix.json": 2,
    "gcp/checkov-bootdisk-1.4.json": 0,
    "gcp/tfvalidator-applied-noop-1.0.json": 2,
    "gcp/tfvalidator-sql-full.json": 3,
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published plans are not beside the checkout")
@pytest.mark.parametrize("name", VERDICTS)
def test_a_published_plan_ends_with_a_verdict_or_a_clear_error(gate: Any, name: str) -> None:
    assert gate(SHARED / name)[0] == VERDICTS[name]
