"""``auditreel gate`` on CloudFormation templates: exit codes, bases, parameters, and what is said of the unread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli import group, main
from tests.end_to_end.test_gate import live_snapshot
from tests.plans import PlanBuilder
from tests.templates import Rows, attribute, data, ref

OPEN = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
GROUP: Rows = {"Web": ("AWS::EC2::SecurityGroup", {"GroupDescription": "web"})}
RULE = ("AWS::EC2::SecurityGroupIngress", {"GroupId": attribute("Web", "GroupId"), **OPEN})
TRAIL = ("AWS::CloudTrail::Trail", {"IsLogging": True, "S3BucketName": "logs", "EnableLogFileValidation": True})
SSH = ("--check", "aws.ec2.security_group_no_open_ssh")
PLACE = ("--parameters", "AWS::Region=eu-central-1", "--parameters", "AWS::AccountId=123456789012")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))


def written(name: str, rows: Rows, **sections: Any) -> str:
    Path(name).write_bytes(data(rows, **sections))
    return name


def gate(*arguments: str) -> int:
    return main(group, ["gate", *arguments], "auditreel")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = gate(*arguments, "--format", "json")
    return code, json.loads(capsys.readouterr().out)


def test_a_rule_that_opens_a_group_stops_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = shown(capsys, written("t.json", {**GROUP, "Ssh": RULE}), *SSH)
    assert code == 3
    assert (report["plan"]["kind"], report["plan"]["tool"], report["base"]["kind"]) == (
        "cloudformation",
        "CloudFormation",
        "nothing",
    )
    (change,) = report["changes"]
    assert (change["movement"], change["place"]["address"], change["place"]["parts"]) == ("new_failure", "Web", ["Ssh"])


def test_what_to_write_is_said_to_be_in_the_words_of_terraform(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(written("t.json", {**GROUP, "Ssh": RULE}), *SSH) == 3
    told = " ".join(capsys.readouterr().out.split())
    assert "To mend in Terraform: aws_vpc_security_group_ingress_rule.cidr_ipv4 and cidr_ipv6 narrowed" in told


def test_what_is_not_known_is_told_in_words_and_not_as_something_that_it_depends_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert gate(written("t.json", GROUP), "--check", "aws.ec2.default_security_group_closed") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "resource.name is not known: known_after_apply. Why: it does not exist yet." in told
    assert "depends on" not in told


def test_a_template_that_conforms_passes() -> None:
    assert gate(written("t.json", GROUP), *SSH) == 0


def test_what_fails_in_the_base_already_does_not_stop_it_and_what_is_new_does() -> None:
    base = written("base.json", {**GROUP, "Ssh": RULE})
    assert gate(base, "--base", base, *SSH) == 0
    more = {**GROUP, "Ssh": RULE, "Db": GROUP["Web"], "Rdp": (RULE[0], {**RULE[1], "GroupId": ref("Db")})}
    assert gate(written("more.json", more), "--base", base, *SSH) == 3
    assert gate(written("fixed.json", GROUP), "--base", base, *SSH) == 0


def test_a_trail_that_goes_from_the_template_is_a_control_that_is_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    base = written("base.json", {**GROUP, "Trail": TRAIL})
    code, report = shown(capsys, written("t.json", GROUP), "--base", base, *SSH)
    assert code == 3
    assert [(row["movement"], row["place"]["address"]) for row in report["changes"]] == [("control_deleted", "Trail")]


def test_a_trail_that_is_retained_is_not_deleted() -> None:
    whole = json.loads(data({**GROUP, "Trail": TRAIL}))
    whole["Resources"]["Trail"]["DeletionPolicy"] = "Retain"
    Path("base.json").write_text(json.dumps(whole))
    assert gate(written("t.json", GROUP), "--base", "base.json", *SSH) == 0


def test_a_base_may_lack_a_parameter_that_came_with_the_change() -> None:
    base = written("base.json", GROUP)
    rule = (RULE[0], {**RULE[1], "CidrIp": ref("Net")})
    template = written("t.json", {**GROUP, "Ssh": rule}, Parameters={"Net": {"Type": "String"}})
    assert gate(template, "--base", base, *SSH, "--parameters", "Net=0.0.0.0/0") == 3
    assert gate(template, "--base", base, *SSH, "--parameters", "Net=10.0.0.0/8") == 0


def test_a_control_that_another_plan_holds_and_this_one_does_not_is_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    trail = {"name": "main", "s3_bucket_name": "logs", "enable_log_file_validation": True}
    base = PlanBuilder().create("aws_security_group.web", name="web").create("aws_cloudtrail.main", **trail)
    plan = PlanBuilder().create("aws_security_group.web", name="web")
    code, report = shown(capsys, str(plan.write(Path("plan.json"))), "--base", str(base.write(Path("base.json"))), *SSH)
    assert code == 3
    deleted = [row["place"]["address"] for row in report["changes"] if row["movement"] == "control_deleted"]
    assert deleted == ["aws_cloudtrail.main"]


def test_parameters_decide_and_one_without_a_value_stops_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    rule = (RULE[0], {**RULE[1], "CidrIp": ref("Net")})
    template = written("t.json", {**GROUP, "Ssh": rule}, Parameters={"Net": {"Type": "String"}})
    Path("open.json").write_text(json.dumps([{"ParameterKey": "Net", "ParameterValue": "0.0.0.0/0"}]))
    assert gate(template, *SSH) == 4
    assert gate(template, *SSH, "--parameters", "Net=10.0.0.0/8") == 0
    capsys.readouterr()
    code, report = shown(capsys, template, *SSH, "--parameters", "open.json")
    assert (code, report["plan"]["parameters"]) == (3, {"Net": "0.0.0.0/0"})


def test_the_values_of_secret_parameters_are_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    sections = {"Parameters": {"S": {"Type": "String", "NoEcho": True}}}
    rows: Rows = {**GROUP, "B": ("AWS::S3::Bucket", {"BucketName": ref("S")})}
    gate(written("t.json", rows, **sections), "--format", "json", "--record", "r.json", "--parameters", "S=hunter2")
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err + Path("r.json").read_text()
    assert json.loads(Path("r.json").read_text())["plan"]["parameters"] == {"S": None}


def test_a_nested_stack_is_not_read_and_never_passes(capsys: pytest.CaptureFixture[str]) -> None:
    nested = ("AWS::CloudFormation::Stack", {"TemplateURL": "https://example.com/t.yaml"})
    code, report = shown(capsys, written("t.json", {**GROUP, "Network": nested}), *SSH)
    assert code == 4
    assert report["plan"]["incomplete"] == ["1 nested stacks are not read, such as Network; judge their templates too"]


@pytest.mark.parametrize(
    "values",
    [{"SecurityGroupIngres": [OPEN]}, {"SecurityGroupIngress": [{**OPEN, "CidrIp": "10.0.0.0/8", "CidrIpV6": "x"}]}],
)
def test_a_misspelt_property_never_passes(values: dict[str, Any]) -> None:
    assert gate(written("t.json", {"Web": (GROUP["Web"][0], values)}), *SSH) == 4


def test_types_that_are_not_mapped_are_listed_and_alone_are_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = shown(capsys, written("t.json", {"X": ("Custom::Thing", {})}), *SSH)
    assert (code, report["plan"]["unmapped"]) == (4, {"Custom::Thing": 1})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Resources:\n  Web:\n    Typ: AWS::S3::Bucket\n", "line 3: Resources.Web.Typ: a resource has no such key"),
        ("Resources: {}\n", "line 1: Resources: it holds no resource"),
        ('{"Resources": {"Web": ', "it is not JSON (line 1"),
        ("Resources: !!python/name:os.system x\n", "line 1: the tag"),
    ],
)
def test_what_is_no_template_is_bad_input(text: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.yaml").write_text(text)
    assert gate("t.yaml") == 2
    assert why in capsys.readouterr().err


def test_parameters_are_of_templates_and_bases_of_the_same_kind(capsys: pytest.CaptureFixture[str]) -> None:
    plan = str(PlanBuilder().create("aws_security_group.web", name="web").write(Path("plan.json")))
    assert gate(plan, "--parameters", "A=b") == 2
    assert gate(written("t.json", GROUP), "--base", plan) == 2
    assert gate(written("t.json", GROUP), "--parameters", "Nope=b") == 2
    assert "one of the two is a plan and the other a template" in capsys.readouterr().err


def test_yaml_with_short_forms_is_read_as_it_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.yaml").write_text(
        """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Env: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Records:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "records-${Env}"
  Policy:
    Type: AWS::S3::BucketPolicy
    Condition: IsProd
    Properties:
      Bucket: !Ref Records
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource: [!GetAtt Records.Arn, !Join ["", [!GetAtt Records.Arn, "/*"]]]
            Condition: {Bool: {aws:SecureTransport: "false"}}
"""
    )
    tls = ("--check", "aws.s3.bucket_tls_only", *PLACE)
    code, report = shown(capsys, "t.yaml", *tls)
    assert (code, report["changes"][0]["place"]["address"], report["changes"][0]["place"]["line"]) == (3, "Records", 8)
    assert gate("t.yaml", *tls, "--parameters", "Env=prod") == 0


def test_what_a_run_read_of_the_account_stands_beside_the_template() -> None:
    template = written("t.json", {"B": ("AWS::S3::Bucket", {"BucketName": "records"})})
    block = ("--check", "aws.s3.bucket_public_access_block", *PLACE)
    flags = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    assert gate(template, *block) == 4
    for value, code in ((True, 0), (False, 3)):
        Path("live.json").write_text(json.dumps(live_snapshot(dict.fromkeys(flags, value))))
        assert gate(template, *block, "--snapshot", "live.json") == code


def test_a_gate_of_a_template_is_sealed_with_its_parameters_and_replays(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(group, ["init", "--store", "store"], "auditreel") == 0
    capsys.readouterr()
    template = written("t.json", {**GROUP, "Ssh": RULE})
    code, report = shown(capsys, template, *SSH, *PLACE, "--store", "store")
    assert (code, report["signed"]) == (3, True)
    assert main(group, ["replay", report["run"], "--store", "store"], "auditreel") == 0
    assert main(group, ["verify", "store", "--allow-unanchored"], "auditreel") == 0
