"""Systems Manager: which nodes it manages, how far they comply, and who may use documents."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.ssm import compliance, document, node, nodes, summary
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
MANAGED = "aws.ec2.instance_ssm_managed"
PATCHES = "aws.ssm.patch_compliant"
ASSOCIATIONS = "aws.ssm.association_compliant"
DOCUMENTS = "aws.ssm.documents_not_public"
HERE = "us-east-1"


def by_name(findings: Any, check: str) -> dict[str, str]:
    return {name: verdict for (id_, name), verdict in verdicts(findings).items() if id_ == check}


def instances(count: int, region: str = HERE) -> list[str]:
    made = boto3.client("ec2", region).run_instances(ImageId="ami-12345678", MinCount=count, MaxCount=count)
    return [instance["InstanceId"] for instance in made["Instances"]]


# --- managed instances -----------------------------------------------------------------------------------------------


def test_a_running_instance_must_be_online(aws_env: AwsWire) -> None:
    online, lost, absent, stopped, elsewhere = instances(5)
    boto3.client("ec2").stop_instances(InstanceIds=[stopped])
    nodes(
        aws_env,
        node(online, HERE),
        node(lost, HERE, "ConnectionLost"),
        node(elsewhere, "eu-west-1"),
        node("mi-0123456789abcdef0", HERE),
    )
    aws_env.traffic.reset()
    _, findings = scan((MANAGED,), regions=(HERE, "eu-west-1"))
    assert by_name(findings, MANAGED) == {
        online: "pass",
        lost: "fail",
        absent: "fail",
        stopped: "not_applicable",
        elsewhere: "fail",
    }
    assert {f.message for f in findings if f.subject.name == lost} == {
        f"Instance {lost} does not report to Systems Manager (connection: ConnectionLost)."
    }
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["ssm:DescribeInstanceInformation", "ec2:DescribeInstances"])
def test_an_instance_that_could_not_be_joined_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    (id_,) = instances(1)
    nodes(aws_env, node(id_, HERE))
    aws_env.faults.add(kind, operation)
    _, findings = scan((MANAGED,))
    assert [f.verdict for f in findings] == ["unknown"]


def test_an_instance_without_its_state_is_unknown(aws_env: AwsWire) -> None:
    (id_,) = instances(1)
    nodes(aws_env, node(id_, HERE))
    aws_env.overrides.without("ec2:DescribeInstances", "Reservations.Instances.State")
    _, findings = scan((MANAGED,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


# --- compliance ------------------------------------------------------------------------------------------------------

NEW, LIMIT, OLD = "2026-11-20T03:00:00Z", "2026-10-24T12:00:00Z", "2026-10-24T11:59:59Z"
HYBRID = "mi-0123456789abcdef0"


def test_a_node_needs_a_recent_scan_that_found_its_patches(aws_env: AwsWire) -> None:
    given = {
        "i-patched": [("Patch", "COMPLIANT", NEW)],
        "i-limit": [("Patch", "COMPLIANT", LIMIT)],
        "i-old": [("Patch", "COMPLIANT", OLD)],
        "i-missing": [("Patch", "NON_COMPLIANT", NEW), ("Association", "COMPLIANT", NEW)],
        "i-new-word": [("Patch", "SUPPRESSED", NEW)],
        "i-never": [("Association", "COMPLIANT", NEW), ("Custom:Antivirus", "COMPLIANT", NEW)],
        HYBRID: [("Patch", "COMPLIANT", NEW)],
    }
    nodes(aws_env, *(node(id_, HERE) for id_ in given))
    compliance(aws_env, *(summary(id_, HERE, *row) for id_, rows in given.items() for row in rows))
    aws_env.traffic.reset()
    _, findings = scan((PATCHES,))
    assert by_name(findings, PATCHES) == {
        "i-patched": "pass",
        "i-limit": "pass",
        "i-old": "fail",
        "i-missing": "fail",
        "i-new-word": "fail",
        "i-never": "fail",
        HYBRID: "pass",
    }
    assert not aws_env.traffic.repeats


def test_a_node_of_another_region_with_the_same_id_does_not_count(aws_env: AwsWire) -> None:
    nodes(aws_env, node(HYBRID, HERE))
    compliance(aws_env, summary(HYBRID, "eu-west-1", "Patch"))
    _, findings = scan((PATCHES,), regions=(HERE, "eu-west-1"))
    assert by_name(findings, PATCHES) == {HYBRID: "fail"}


def test_associations_are_judged_by_what_aws_says_of_them(aws_env: AwsWire) -> None:
    compliance(
        aws_env,
        summary("i-as-wanted", HERE, "Association"),
        summary("i-otherwise", HERE, "Association", "NON_COMPLIANT"),
        summary("i-new-word", HERE, "Association", "SUPPRESSED"),
        summary("i-other", HERE, "Patch", "NON_COMPLIANT"),
    )
    _, findings = scan((ASSOCIATIONS,))
    assert by_name(findings, ASSOCIATIONS) == {"i-as-wanted": "pass", "i-otherwise": "fail", "i-new-word": "fail"}


def test_no_associations_are_no_findings_and_complete(aws_env: AwsWire) -> None:
    snapshot, findings = scan((ASSOCIATIONS,))
    assert findings == ()
    assert {(row.type, row.state, row.count) for row in snapshot.collections if row.scope.region == HERE} == {
        ("AWS::SSM::AssociationCompliance", "complete", 0)
    }


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("ssm:DescribeInstanceInformation", {PATCHES: "unknown", ASSOCIATIONS: "pass"}),
        ("ssm:ListResourceComplianceSummaries", {PATCHES: "unknown", ASSOCIATIONS: "unknown"}),
    ],
)
def test_compliance_that_could_not_be_read_is_unknown(
    aws_env: AwsWire, kind: Any, operation: str, expected: dict[str, str]
) -> None:
    nodes(aws_env, node("i-1", HERE))
    compliance(aws_env, summary("i-1", HERE, "Patch"), summary("i-1", HERE, "Association"))
    aws_env.faults.add(kind, operation)
    _, findings = scan((PATCHES, ASSOCIATIONS))
    assert {f.check.id: f.verdict for f in findings} == expected


@pytest.mark.parametrize("missing", ["Status", "ExecutionSummary"])
def test_a_summary_without_what_decides_is_unknown(aws_env: AwsWire, missing: str) -> None:
    nodes(aws_env, node("i-1", HERE))
    compliance(aws_env, summary("i-1", HERE, "Patch"))
    aws_env.overrides.without("ssm:ListResourceComplianceSummaries", f"ResourceComplianceSummaryItems.{missing}")
    _, findings = scan((PATCHES,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_pages_of_one_give_the_same(aws_env: AwsWire) -> None:
    nodes(aws_env, *(node(f"i-{number}", HERE) for number in range(3)))
    kinds = ("Patch", "Association", "Custom:Antivirus")
    compliance(aws_env, *(summary(f"i-{number}", HERE, kind) for number in range(2) for kind in kinds))
    wanted = {
        "AWS::SSM::ManagedInstance": {"instance_id", "ping_status"},
        "AWS::SSM::PatchCompliance": {"instance_id", "status", "executed_at"},
        "AWS::SSM::AssociationCompliance": {"status"},
    }
    whole = read(wanted).resources
    arn = f"arn:aws:ssm:{HERE}:{ACCOUNT}:managed-instance"
    assert {item.id: item.properties for item in whole if "i-0" in item.id} == {
        f"{arn}/i-0": {"instance_id": "i-0", "ping_status": "Online"},
        f"{arn}/i-0/compliance/Patch": {"instance_id": "i-0", "status": "COMPLIANT", "executed_at": NEW},
        f"{arn}/i-0/compliance/Association": {"status": "COMPLIANT"},
    }
    aws_env.paging.size = 1
    assert read(wanted).resources == whole


# --- documents -------------------------------------------------------------------------------------------------------


def test_a_public_document_fails(aws_env: AwsWire) -> None:
    document("own", region=HERE)
    document("partner", "444455556666", region=HERE)
    document("public", "all", region=HERE)
    document("shouted", "444455556666", "All", region=HERE)
    aws_env.traffic.reset()
    _, findings = scan((DOCUMENTS,))
    assert by_name(findings, DOCUMENTS) == {"own": "pass", "partner": "pass", "public": "fail", "shouted": "fail"}
    assert not aws_env.traffic.repeats


def test_a_public_document_fails_also_where_everybody_is_on_the_second_page(aws_env: AwsWire) -> None:
    document("public", "444455556666", region=HERE)

    def pages(request: Any) -> dict[str, Any]:
        if b'"NextToken": "2"' in request.body:
            return {"AccountIds": ["all"], "AccountSharingInfoList": []}
        return {"AccountIds": ["444455556666"], "AccountSharingInfoList": [], "NextToken": "2"}

    aws_env.overrides.answer("ssm:DescribeDocumentPermission", pages)
    snapshot, findings = scan((DOCUMENTS,))
    assert by_name(findings, DOCUMENTS) == {"public": "fail"}
    assert snapshot.resources[0].properties == {"shared_account_ids": ["444455556666", "all"]}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["ssm:ListDocuments", "ssm:DescribeDocumentPermission"])
def test_a_document_that_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    document("own", region=HERE)
    aws_env.faults.add(kind, operation)
    _, findings = scan((DOCUMENTS,))
    assert [f.verdict for f in findings] == ["unknown"]


def test_a_document_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    document("own", region=HERE)
    aws_env.faults.add("error", "ssm:DescribeDocumentPermission", code="InvalidDocument", status=400)
    snapshot, findings = scan((DOCUMENTS,))
    assert (findings, snapshot.resources) == ((), ())


def test_documents_are_read_in_pages_of_one_too(aws_env: AwsWire) -> None:
    for name in ("one", "two", "three"):
        document(name, region=HERE)
    wanted = {"AWS::SSM::Document": {"shared_account_ids"}}
    whole = read(wanted).resources
    assert {item.id for item in whole} == {
        f"arn:aws:ssm:{HERE}:{ACCOUNT}:document/{name}" for name in ("one", "two", "three")
    }
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole
    assert aws_env.traffic.calls["ssm:ListDocuments"] == 3
