"""Templates that were altered in one place never pass for something that was not read."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from engine.content.root import find
from engine.errors import AuditreelError
from engine.gate.pipeline import GateRequest, gate
from engine.model import Clock
from tests.gated import gating
from tests.unit.test_terraform_mutations import anywhere

SEED, MUTATIONS = 20261126, 1500
CHECKS = ("aws.ec2.security_group_no_open_ssh", "aws.s3.bucket_tls_only")
CLOCK = Clock(lambda: "2026-11-26T00:00:00Z", lambda: 0.0, lambda seconds: None)
DECIDING = frozenset({"CidrIp", "FromPort", "ToPort", "IpProtocol", "Fn::FindInMap", "Mappings", "Condition"})
"""What really decides whether the rule opens the group: another value there may well pass."""


def template() -> dict[str, Any]:
    """A template with one failure: a rule of its own that opens a group, by what a condition and a mapping say."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "one failure",
        "Parameters": {"Env": {"Type": "String", "Default": "dev"}},
        "Mappings": {"Nets": {"dev": {"cidr": "0.0.0.0/0"}}},
        "Resources": {
            "Web": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "web"}},
            "Closed": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": "closed", "SecurityGroupIngress": []},
            },
            "Ssh": {
                "Type": "AWS::EC2::SecurityGroupIngress",
                "DependsOn": ["Closed"],
                "Properties": {
                    "GroupId": {"Fn::GetAtt": ["Web", "GroupId"]},
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "CidrIp": {"Fn::FindInMap": ["Nets", {"Ref": "Env"}, "cidr"]},
                },
            },
        },
        "Outputs": {"Rule": {"Value": {"Ref": "Ssh"}}, "Group": {"Value": {"Ref": "Web"}}},
    }


def code_of(text: str, path: Path) -> int:
    path.write_text(text)
    try:
        return gate(GateRequest(path, find(), path.parent, checks=CHECKS), CLOCK).assessment.exit_code
    except AuditreelError as error:
        return error.exit_code


@pytest.fixture(scope="module", autouse=True)
def _content() -> Any:
    with gating(*CHECKS):
        yield


def test_no_alteration_of_a_failing_template_passes(tmp_path: Path) -> None:
    file, chance = tmp_path / "template.json", random.Random(SEED)
    assert code_of(json.dumps(template()), file) == 3
    passed = set()
    for _ in range(MUTATIONS):
        document = json.loads(json.dumps(template()))
        path = anywhere(document, chance)[1:]
        code = code_of(json.dumps(document), file)
        assert code in (0, 2, 3, 4)
        if code == 0 and not DECIDING.intersection(path):
            passed.add(".".join(map(str, path)))
    assert passed == set()


def test_no_template_that_is_cut_off_passes(tmp_path: Path) -> None:
    file, whole = tmp_path / "template.json", json.dumps(template(), indent=1)
    assert {code_of(whole[:end], file) for end in range(0, len(whole) - 1, 7)} == {2}
