"""A plan with planted faults, traps and unknown values: every fault is found, no trap is one, unknown is unknown."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.content.root import find
from engine.gate.pipeline import GateRequest, gate
from engine.model import Clock
from tests.plans import UNKNOWN, PlanBuilder, Ref, split

SEED, EACH = 7, 12
CLOCK = Clock(lambda: "2026-11-26T00:00:00Z", lambda: 0.0, lambda seconds: None)
SSH, VERSIONING, KEY = "aws.ec2.security_group_no_open_ssh", "aws.s3.bucket_versioning", "aws.s3.bucket_kms_encryption"
ROTATION, DATABASE, TRUST = "aws.kms.key_rotation", "aws.rds.instance_not_public", "aws.iam.role_trust_not_public"
CHECKS = (SSH, VERSIONING, KEY, ROTATION, DATABASE, TRUST)
PORT = {"from_port": 22, "to_port": 22}
HTTPS = {"from_port": 443, "to_port": 443}
DATA = Ref("data.aws_iam_policy_document.d.json")
ANYONE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
SERVICE = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
DENIED = ANYONE.replace("Allow", "Deny").replace('"Version":"2012-10-17",', "")

Truth = dict[tuple[str, str], str]


class Planted:
    """A plan under construction, with the verdict that each check must give on each address."""

    def __init__(self) -> None:
        self.plan, self.truth, self.number = PlanBuilder(), Truth(), 0

    def name(self, kind: str) -> tuple[str, str]:
        """A new resource in one of four places: module prefix, and address within the module."""
        self.number += 1
        prefix = ("", "module.team.", "module.team.module.inner.", 'module.each["a.b/c"].')[self.number % 4]
        return prefix, f"{kind}.r{self.number}"

    def group(self, verdict: str, *rules: dict[str, Any], inline: list[dict[str, Any]] | None = None) -> None:
        prefix, address = self.name("aws_security_group")
        more = {} if inline is None else {"ingress": inline}
        self.plan.create(prefix + address, name=f"g{self.number}", egress=[], **more)
        link = Ref(f"{address}.id")
        for index, rule in enumerate(rules):
            if index % 2:
                self.plan.create(
                    f"{prefix}aws_security_group_rule.r{self.number}_{index}",
                    security_group_id=link,
                    type="ingress",
                    **old(rule),
                )
            else:
                self.plan.create(
                    f"{prefix}aws_vpc_security_group_ingress_rule.r{self.number}_{index}",
                    security_group_id=link,
                    **rule,
                )
        self.truth[SSH, prefix + address] = verdict

    def bucket(self, check: str, verdict: str, part: str, **values: Any) -> None:
        """A bucket whose setting stands in a module of its own, which gets the bucket by a variable."""
        prefix, address = self.name("aws_s3_bucket")
        self.plan.create(prefix + address, bucket=f"bucket-{self.number}")
        call = f"set{self.number}"
        within = [step for step, _ in split(prefix + address)[0]]
        self.plan.create(f"{prefix}module.{call}.{part}.this", bucket=Ref("var.bucket"), **values)
        self.plan.call(call, within=within, bucket=Ref(f"{address}.id"))
        self.truth[check, prefix + address] = verdict

    def several(self, verdicts: dict[str, str], *repeated: str) -> None:
        """Buckets of one block, by count or for_each, and the block that sets their versions beside it.

        ``repeated`` is what picks the bucket of the same key; without it nobody can tell which one is meant.
        """
        prefix, address = self.name("aws_s3_bucket")
        part = address.replace("aws_s3_bucket", "aws_s3_bucket_versioning")
        for key, verdict in verdicts.items():
            self.plan.create(f"{prefix}{address}[{key}]", bucket=f"bucket-{self.number}-{len(key)}-{key[:1]}")
            status = "Suspended" if verdict == "fail" else "Enabled"
            self.plan.create(
                f"{prefix}{part}[{key}]",
                bucket=Ref(address, *repeated),
                versioning_configuration=[{"status": status}],
            )
            self.truth[VERSIONING, f"{prefix}{address}[{key}]"] = verdict

    def kept(self, check: str, verdict: str, kind: str, name: str, before: Any, after: Any) -> None:
        """A resource that is there and changes; what it was before decides nothing."""
        prefix, address = self.name(kind)
        self.plan.update(prefix + address, {name: before}, **{"id": f"id-{self.number}", name: after})
        self.truth[check, prefix + address] = verdict

    def alone(self, check: str, verdict: str, kind: str, **values: Any) -> None:
        prefix, address = self.name(kind)
        self.plan.create(prefix + address, **values)
        self.truth[check, prefix + address] = verdict


def old(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as the older resource has it."""
    cidr = rule.get("cidr_ipv4")
    return {
        "protocol": rule["ip_protocol"],
        "from_port": rule["from_port"],
        "to_port": rule["to_port"],
        "cidr_blocks": None if cidr is None else [cidr],
        "prefix_list_ids": None,
        "self": rule.get("referenced_security_group_id") is not None,
    }


def tcp(cidr: Any, **ports: int) -> dict[str, Any]:
    return {"ip_protocol": "tcp", **(ports or PORT), "cidr_ipv4": cidr}


def own() -> dict[str, Any]:
    return {"ip_protocol": "tcp", **PORT, "cidr_ipv4": None, "referenced_security_group_id": "sg-1"}


def listed(**ports: int) -> dict[str, Any]:
    """A rule for a prefix list that this plan does not hold."""
    return {"ip_protocol": "tcp", **(ports or PORT), "cidr_ipv4": None, "prefix_list_id": "pl-1"}


def inline(cidrs: list[Any], own: bool = False, **ports: int) -> dict[str, Any]:
    return {"protocol": "tcp", **(ports or PORT), "cidr_blocks": cidrs, "self": own}


def encrypted(key: Any) -> dict[str, Any]:
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
    return {"rule": [{"apply_server_side_encryption_by_default": [default]}]}


def kinds(made: Planted) -> list[Callable[[], None]]:
    """Each kind of fault, trap and unknown value."""
    versioning, encryption = "aws_s3_bucket_versioning", "aws_s3_bucket_server_side_encryption_configuration"
    return [
        lambda: made.group("fail", tcp("0.0.0.0/0")),
        lambda: made.group("fail", tcp("10.0.0.0/8"), tcp("0.0.0.0/0")),
        lambda: made.group("fail", own(), tcp("0.0.0.0/0")),
        lambda: made.group("fail", tcp("0.0.0.0/1"), tcp("128.0.0.0/1")),
        lambda: made.group("fail", tcp(UNKNOWN), tcp("0.0.0.0/0")),
        lambda: made.group("fail", {"ip_protocol": "-1", "from_port": None, "to_port": None, "cidr_ipv4": "0.0.0.0/0"}),
        lambda: made.group("fail", inline=[inline([], own=True), inline(["0.0.0.0/0"])]),
        lambda: made.group("pass", tcp("0.0.0.0/0", **HTTPS), tcp("10.0.0.0/8")),
        lambda: made.group("pass", own(), own()),
        lambda: made.group("pass", inline=[inline(["0.0.0.0/0"], **HTTPS), inline([], own=True)]),
        lambda: made.group("fail", listed(), tcp("0.0.0.0/0")),
        lambda: made.group("pass", listed(**HTTPS), tcp("10.0.0.0/8")),
        lambda: made.group("unknown", listed(), tcp("10.0.0.0/8")),
        lambda: made.group("fail", inline=[{**inline([]), "prefix_list_ids": ["pl-1"]}, inline(["0.0.0.0/0"])]),
        lambda: made.group("unknown", inline=[inline([], own=True), {**inline([]), "prefix_list_ids": ["pl-1"]}]),
        lambda: made.group("unknown", tcp(UNKNOWN), tcp("10.0.0.0/8")),
        lambda: made.group("unknown", inline=[inline([UNKNOWN])]),
        lambda: made.group("unknown"),
        lambda: made.bucket(VERSIONING, "pass", versioning, versioning_configuration=[{"status": "Enabled"}]),
        lambda: made.bucket(VERSIONING, "fail", versioning, versioning_configuration=[{"status": "Suspended"}]),
        lambda: made.bucket(VERSIONING, "unknown", versioning, versioning_configuration=[{"status": UNKNOWN}]),
        lambda: made.several({"0": "pass", "1": "fail"}, "count.index"),
        lambda: made.several({'"a.b"': "fail", '"c/d"': "pass"}, "each.key"),
        lambda: made.several({"0": "unknown", "1": "unknown"}),
        lambda: made.alone(VERSIONING, "fail", "aws_s3_bucket", bucket=f"bare-{made.number}"),
        lambda: made.bucket(KEY, "fail", encryption, **encrypted(None)),
        lambda: made.bucket(KEY, "fail", encryption, **encrypted("alias/aws/s3")),
        lambda: made.bucket(KEY, "unknown", encryption, **encrypted("arn:aws:kms:eu-central-1:1:key/elsewhere")),
        lambda: made.alone(ROTATION, "pass", "aws_kms_key", enable_key_rotation=True),
        lambda: made.alone(ROTATION, "fail", "aws_kms_key", enable_key_rotation=False),
        lambda: made.alone(ROTATION, "unknown", "aws_kms_key", enable_key_rotation=UNKNOWN),
        lambda: made.alone(ROTATION, "not_applicable", "aws_kms_key", customer_master_key_spec="RSA_4096"),
        lambda: made.alone(DATABASE, "pass", "aws_db_instance", identifier="d", engine="mysql"),
        lambda: made.alone(DATABASE, "fail", "aws_db_instance", engine="mysql", publicly_accessible=True),
        lambda: made.alone(DATABASE, "unknown", "aws_db_instance", engine="mysql", publicly_accessible=UNKNOWN),
        lambda: made.kept(DATABASE, "fail", "aws_db_instance", "publicly_accessible", False, True),
        lambda: made.kept(DATABASE, "pass", "aws_db_instance", "publicly_accessible", True, False),
        lambda: made.kept(ROTATION, "unknown", "aws_kms_key", "enable_key_rotation", True, UNKNOWN),
        lambda: made.alone(TRUST, "pass", "aws_iam_role", name="r", assume_role_policy=SERVICE),
        lambda: made.alone(TRUST, "pass", "aws_iam_role", name="r", assume_role_policy=DENIED),
        lambda: made.alone(TRUST, "fail", "aws_iam_role", name="r", assume_role_policy=ANYONE),
        lambda: made.alone(TRUST, "unknown", "aws_iam_role", name="r", assume_role_policy=DATA),
    ]  # fmt: skip


def test_every_fault_is_found_and_nothing_else(tmp_path: Path) -> None:
    made = Planted()
    rows = kinds(made) * EACH
    random.Random(SEED).shuffle(rows)
    for plant in rows:
        plant()
    file = made.plan.write(tmp_path / "plan.json")
    found = gate(GateRequest(file, find(), tmp_path, checks=CHECKS), CLOCK)
    verdicts = {
        (finding.check.id, place.address): finding.verdict
        for finding in found.assessment.findings
        if (place := found.place(finding)) is not None
    }
    wrong = Counter((made.truth[key], verdicts.get(key)) for key in made.truth if made.truth[key] != verdicts.get(key))
    assert wrong == Counter()
    assert Counter(made.truth.values())["fail"] == EACH * 19
