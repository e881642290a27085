"""Search domains: who reaches them, how they are encrypted and what they log, built to pass and to fail."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, types, verdicts
from tests.emulators.aws_wire import AwsWire

DOMAIN = "AWS::OpenSearchService::Domain"
ENCRYPTION = ("encrypted", "node_to_node_encrypted", "https_required", "tls_policy")
LOGS = ("logs_published", "error_logs_published")
CHECKS = (*ENCRYPTION, "not_public", *LOGS)
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/search"
STRICT = {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"}
HARDENED = {
    "EncryptionAtRestOptions": {"Enabled": True},
    "NodeToNodeEncryptionOptions": {"Enabled": True},
    "DomainEndpointOptions": STRICT,
    "LogPublishingOptions": {
        kind: {"CloudWatchLogsLogGroupArn": GROUP, "Enabled": True} for kind in ("AUDIT_LOGS", "ES_APPLICATION_LOGS")
    },
}


def domain(name: str, **settings: Any) -> None:
    boto3.client("opensearch").create_domain(DomainName=name, EngineVersion="OpenSearch_2.17", **settings)


def policy(principal: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "es:*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def judged(*checks: str) -> dict[str, tuple[str, ...]]:
    _, findings = scan([f"aws.opensearch.{check}" for check in checks])
    found = verdicts(findings)
    names = sorted({name for _, name in found})
    return {name: tuple(found[f"aws.opensearch.{check}", name] for check in checks) for name in names}


def test_domains_are_judged_by_their_options(aws_env: AwsWire) -> None:
    domain("good", **HARDENED)
    domain("bare", AccessPolicies=policy({"AWS": "*"}))
    domain("old", DomainEndpointOptions={**STRICT, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"})
    aws_env.traffic.reset()
    assert judged(*CHECKS) == {
        "good": ("pass",) * 7,
        "bare": ("fail",) * 7,
        "old": ("fail", "fail", "pass", "fail", "pass", "fail", "fail"),
    }
    assert aws_env.traffic.calls["opensearch:DescribeDomains"] == 1


def test_logs_that_were_switched_off_are_not_published(aws_env: AwsWire) -> None:
    off = {"CloudWatchLogsLogGroupArn": GROUP, "Enabled": False}
    domain("off", LogPublishingOptions={"AUDIT_LOGS": off, "ES_APPLICATION_LOGS": {**off, "Enabled": True}})
    domain("slow", LogPublishingOptions={"SEARCH_SLOW_LOGS": {**off, "Enabled": True}})
    assert judged(*LOGS) == {"off": ("fail", "pass"), "slow": ("fail", "fail")}


def test_a_public_endpoint_open_to_everyone_fails(aws_env: AwsWire) -> None:
    everyone = policy({"AWS": "*"})
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    domain("none")
    domain("role", AccessPolicies=policy({"AWS": "arn:aws:iam::123456789012:role/app"}))
    domain("office", AccessPolicies=policy("*", Condition=office))
    domain("everyone", AccessPolicies=everyone)
    domain("anywhere", AccessPolicies=policy("*", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}))
    domain("inside", AccessPolicies=everyone, VPCOptions={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    aws_env.overrides.edit("opensearch:DescribeDomains", _with_vpc)
    assert judged("not_public") == {
        "none": ("pass",),
        "role": ("pass",),
        "office": ("pass",),
        "everyone": ("fail",),
        "anywhere": ("fail",),
        "inside": ("pass",),
    }


def _with_vpc(document: Any) -> None:
    """moto answers with what was asked for; AWS adds the VPC of the subnets."""
    for item in document.items("DomainStatusList"):
        if item.get("VPCOptions"):
            item["VPCOptions"]["VPCId"] = "vpc-1a2b3c4d"


@pytest.mark.parametrize(
    "said", ["{not json", json.dumps(["a list"]), json.dumps({"Statement": [{"Effect": "Allow"}]})]
)
def test_a_policy_that_is_none_is_unknown(aws_env: AwsWire, said: str) -> None:
    domain("docs", AccessPolicies=said)
    _, (finding,) = scan(("aws.opensearch.not_public",))
    assert finding.verdict == "unknown"


def test_domains_are_described_five_at_a_time(aws_env: AwsWire) -> None:
    for number in range(11):
        domain(f"docs{number}", **HARDENED)
    asked = aws_env.traffic
    asked.reset()
    assert judged("encrypted") == {f"docs{number}": ("pass",) for number in range(11)}
    assert asked.calls["opensearch:DescribeDomains"] == 3
    assert not asked.repeats


def test_what_cannot_be_described_does_not_vanish(aws_env: AwsWire) -> None:
    for number in range(6):
        domain(f"docs{number}", **HARDENED)
    aws_env.faults.add("denied", "opensearch:DescribeDomains", after=1)
    _, findings = scan(("aws.opensearch.encrypted",))
    assert sorted(f.verdict for f in findings) == ["pass"] * 5 + ["unknown"]
    (unknown,) = [f for f in findings if f.verdict == "unknown"]
    assert unknown.causes[0].unread.permission == "es:DescribeDomains"


def test_a_listed_domain_that_no_description_mentions_is_unknown(aws_env: AwsWire) -> None:
    domain("seen", **HARDENED)
    domain("unseen", **HARDENED)

    def drop(document: Any) -> None:
        rows = document.items("DomainStatusList")
        document.keep("DomainStatusList", [row for row in rows if row["DomainName"] == "seen"])

    aws_env.overrides.edit("opensearch:DescribeDomains", drop)
    assert judged(*CHECKS) == {"seen": ("pass",) * 7, "unseen": ("unknown",) * 7}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["opensearch:ListDomainNames", "opensearch:DescribeDomains"])
def test_what_is_not_seen_is_unknown(aws_env: AwsWire, operation: str, kind: Any) -> None:
    domain("docs", **HARDENED)
    aws_env.faults.add(kind, operation)
    _, findings = scan([f"aws.opensearch.{check}" for check in CHECKS])
    assert {f.check.id for f in findings} == {f"aws.opensearch.{check}" for check in CHECKS}
    assert {f.verdict for f in findings} == {"unknown"}
    if kind == "denied":
        permission = operation.replace("opensearch:", "es:")
        assert {f.causes[0].unread.permission for f in findings} == {permission}


@pytest.mark.parametrize(
    ("member", "checks"),
    [
        ("EncryptionAtRestOptions", ("encrypted",)),
        ("NodeToNodeEncryptionOptions", ("node_to_node_encrypted",)),
        ("DomainEndpointOptions", ("https_required", "tls_policy")),
        ("AccessPolicies", ("not_public",)),
    ],
)
def test_a_member_that_an_answer_lacks_is_unknown(aws_env: AwsWire, member: str, checks: tuple[str, ...]) -> None:
    domain("docs", **HARDENED)
    aws_env.overrides.without("opensearch:DescribeDomains", f"DomainStatusList.{member}")
    assert judged(*checks) == {"docs": ("unknown",) * len(checks)}


def test_a_domain_is_read_as_it_is(aws_env: AwsWire) -> None:
    domain("docs", **HARDENED, AccessPolicies=policy("*"))
    (found,) = read({DOMAIN: set(types()[DOMAIN].properties)}).resources
    assert (found.id, found.name) == ("arn:aws:es:us-east-1:123456789012:domain/docs", "docs")
    assert found.properties == {
        "vpc_id": None,
        "access_policy": json.loads(policy("*")),
        "encrypted_at_rest": True,
        "node_to_node_encrypted": True,
        "https_enforced": True,
        "tls_policy": "Policy-Min-TLS-1-2-PFS-2023-10",
        "published_logs": [
            {"type": "AUDIT_LOGS", "enabled": True},
            {"type": "ES_APPLICATION_LOGS", "enabled": True},
        ],
    }
