"""Repositories, task definitions, services and clusters, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT

# --- repositories ----------------------------------------------------------------------------------------------------

SCANNED = "aws.ecr.scan_on_push"
IMMUTABLE = "aws.ecr.tags_immutable"
ECR = ("ecr:DescribeRepositories", "ecr:BatchGetRepositoryScanningConfiguration")


def repository(name: str, mutability: str = "MUTABLE", *exclusions: str, scan_on_push: bool = False) -> None:
    excluded = [{"filterType": "WILDCARD", "filter": pattern} for pattern in exclusions]
    boto3.client("ecr").create_repository(
        repositoryName=name,
        imageTagMutability=mutability,
        imageScanningConfiguration={"scanOnPush": scan_on_push},
        **({"imageTagMutabilityExclusionFilters": excluded} if excluded else {}),
    )


def registry(kind: str, frequency: str, pattern: str) -> None:
    boto3.client("ecr").put_registry_scanning_configuration(
        scanType=kind,
        rules=[{"scanFrequency": frequency, "repositoryFilters": [{"filter": pattern, "filterType": "WILDCARD"}]}],
    )


def asks_itself(wire: AwsWire) -> None:
    """Let the scanning configuration tell what the repository itself asks for, which moto leaves out."""

    def edit(document: Document) -> None:
        for row in document.items("scanningConfigurations"):
            row["scanOnPush"] = row["repositoryName"].startswith("own")

    wire.overrides.edit("ecr:BatchGetRepositoryScanningConfiguration", edit)


@pytest.mark.parametrize(
    ("kind", "frequency", "expected"),
    [
        ("BASIC", "SCAN_ON_PUSH", {"team-web": "pass", "own-tools": "pass", "plain": "fail"}),
        # Enhanced scanning does not look at what a repository asks for.
        ("ENHANCED", "CONTINUOUS_SCAN", {"team-web": "pass", "own-tools": "fail", "plain": "fail"}),
    ],
)
def test_repositories_that_neither_the_registry_nor_they_themselves_scan_fail(
    aws_env: AwsWire, kind: str, frequency: str, expected: dict[str, str]
) -> None:
    asks_itself(aws_env)
    registry(kind, frequency, "team-*")
    for name in expected:
        repository(name)
    _, findings = scan((SCANNED,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == expected


def test_tags_that_can_be_overwritten_fail(aws_env: AwsWire) -> None:
    repository("mutable")
    repository("immutable", "IMMUTABLE")
    repository("but-latest", "IMMUTABLE_WITH_EXCLUSION", "latest")
    _, findings = scan((IMMUTABLE,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "mutable": "fail",
        "immutable": "pass",
        "but-latest": "fail",
    }


def test_exclusions_that_are_not_told_are_unknown(aws_env: AwsWire) -> None:
    repository("but-some", "IMMUTABLE_WITH_EXCLUSION", "v*")
    aws_env.overrides.without("ecr:DescribeRepositories", "repositories.imageTagMutabilityExclusionFilters")
    _, findings = scan((IMMUTABLE,))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "missing_attribute")]


def test_what_cannot_be_read_of_repositories_is_unknown(aws_env: AwsWire) -> None:
    asks_itself(aws_env)
    repository("own-tools", "IMMUTABLE")
    feeding = {SCANNED: (*ECR, "ecr:GetRegistryScanningConfiguration"), IMMUTABLE: ECR[:1]}
    assert misled(aws_env, feeding) == []


def test_a_repository_that_is_left_out_of_the_scanning_configurations_is_unknown(aws_env: AwsWire) -> None:
    registry("BASIC", "SCAN_ON_PUSH", "*")
    repository("told", "IMMUTABLE")
    repository("untold", "IMMUTABLE")
    aws_env.overrides.edit(
        "ecr:BatchGetRepositoryScanningConfiguration",
        lambda document: document.keep("scanningConfigurations", document.items("scanningConfigurations")[:1]),
    )
    _, findings = scan((SCANNED, IMMUTABLE))
    assert verdicts(findings) == {
        (SCANNED, "told"): "pass",
        (SCANNED, "untold"): "unknown",
        (IMMUTABLE, "told"): "pass",
        (IMMUTABLE, "untold"): "pass",
    }


def test_scanning_is_asked_for_in_batches_of_twenty_five(aws_env: AwsWire) -> None:
    registry("BASIC", "SCAN_ON_PUSH", "*")
    for number in range(26):
        repository(f"repository-{number}")
    _, findings = scan((SCANNED,))
    assert [finding.verdict for finding in findings] == ["pass"] * 26
    assert aws_env.traffic.calls["ecr:BatchGetRepositoryScanningConfiguration"] == 2


def test_without_repositories_nothing_is_asked_about_scanning(aws_env: AwsWire) -> None:
    scan((SCANNED,))
    assert {name for name in aws_env.traffic.calls if name.startswith("ecr:")} == {"ecr:DescribeRepositories"}


# --- task definitions and services -----------------------------------------------------------------------------------

PRIVILEGED = "aws.ecs.task_not_privileged"
NAMESPACES = "aws.ecs.task_no_host_namespaces"
SECRETS = "aws.ecs.no_secrets_in_environment"
LOGGING = "aws.ecs.task_logging"
DEPLOY = "aws.ecs.service_safe_deploy"
LISTED = ("ecs:ListTaskDefinitions", "ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices")
PLANTED = "planted-2c6v"


def container(name: str = "app", driver: str | None = "awslogs", **more: Any) -> dict[str, Any]:
    logs = {"logConfiguration": {"logDriver": driver, "options": {}}} if driver else {}
    return {"name": name, "image": "web", "memory": 128, **logs, **more}


def task(family: str, *containers: dict[str, Any], **more: Any) -> None:
    boto3.client("ecs").register_task_definition(family=family, containerDefinitions=list(containers), **more)


def services(cluster: str, **definitions: str) -> None:
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName=cluster)
    for name, definition in definitions.items():
        ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=definition, desiredCount=1)


def of(check: str, findings: Any) -> dict[str, str]:
    return {name: verdict for (id_, name), verdict in verdicts(findings).items() if id_ == check}


def test_the_newest_revision_and_those_that_services_use_are_judged_and_no_other(aws_env: AwsWire) -> None:
    for _ in range(11):
        task("web", container())
    task("web-api", container())
    task("batch", container())
    boto3.client("ecs").deregister_task_definition(taskDefinition="batch:1")
    services("shop", web="web:3", old="web:2")
    services("lab", again="web:3")
    boto3.client("ecs").deregister_task_definition(taskDefinition="web:2")
    snapshot = read({"AWS::ECS::TaskDefinition": ["pid_mode"], "AWS::ECS::Service": ["circuit_breaker"]})
    assert {item.name for item in snapshot.resources if item.type == "AWS::ECS::TaskDefinition"} == {
        "web:11",  # the newest: numbers, not texts
        "web:3",
        "web:2",
        "web-api:1",
    }
    described = [entry for entry in aws_env.traffic.log if entry.call.name == "ecs:DescribeTaskDefinition"]
    assert len(described) == 4


def test_what_a_deployment_or_a_task_set_runs_is_judged_too(aws_env: AwsWire) -> None:
    for _ in range(4):
        task("web", container())
    services("shop", web="web:3")
    arn = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/web"

    def edit(document: Document) -> None:
        [service] = document.items("services")
        service.pop("taskDefinition")
        service["deployments"] = [{"taskDefinition": f"{arn}:1"}]
        service["taskSets"] = [{"taskDefinition": f"{arn}:2"}]

    aws_env.overrides.edit("ecs:DescribeServices", edit)
    snapshot = read({"AWS::ECS::TaskDefinition": ["pid_mode"]})
    assert {item.name for item in snapshot.resources} == {"web:1", "web:2", "web:4"}


def test_an_old_revision_that_a_service_runs_fails(aws_env: AwsWire) -> None:
    task("web", container(privileged=True))
    task("web", container())
    services("shop", web="web:1")
    _, findings = scan((PRIVILEGED,))
    assert of(PRIVILEGED, findings) == {"web:1": "fail", "web:2": "pass"}


def test_containers_that_reach_the_host_fail(aws_env: AwsWire) -> None:
    task("plain", container())
    task("privileged", container(), container("agent", privileged=True))
    task("processes", container(), pidMode="host")
    task("messages", container(), ipcMode="host")
    task("network-root", container(user="0:0"), networkMode="host")
    task("network-image", container(), networkMode="host")
    task("network-user", container(user="app"), networkMode="host")
    _, findings = scan((PRIVILEGED, NAMESPACES))
    found = verdicts(findings)
    names = ("plain", "privileged", "processes", "messages", "network-root", "network-image", "network-user")
    assert {name: (found[PRIVILEGED, f"{name}:1"], found[NAMESPACES, f"{name}:1"]) for name in names} == {
        "plain": ("pass", "pass"),
        "privileged": ("fail", "pass"),
        "processes": ("pass", "fail"),
        "messages": ("pass", "fail"),
        "network-root": ("pass", "fail"),
        "network-image": ("pass", "fail"),
        "network-user": ("pass", "pass"),
    }


def test_credentials_in_an_environment_fail_and_are_not_kept(aws_env: AwsWire) -> None:
    stored = [{"name": "DB_PASSWORD", "valueFrom": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/db"}]
    task("clean", container(environment=[{"name": "STAGE", "value": "prod"}], secrets=stored))
    twice = [{"name": "API_KEY", "value": PLANTED}, {"name": "API_KEY", "value": ""}]
    task("leaky", container(), container("agent", environment=twice))
    snapshot, findings = scan((SECRETS,))
    assert of(SECRETS, findings) == {"clean:1": "pass", "leaky:1": "fail"}
    assert [f.message for f in findings if f.verdict == "fail"] == [
        "Task definition leaky:1 keeps credentials in its environment: agent.API_KEY (named-secret)."
    ]
    assert PLANTED not in repr(snapshot) + repr(findings)


def test_essential_containers_that_keep_their_logs_on_the_host_fail(aws_env: AwsWire) -> None:
    task("sent", container(), container("router", "awsfirelens"))
    task("nothing", container(driver=None))
    task("host", container(driver="json-file"))
    task("second", container(), container("proxy", None))
    task("helper", container(), container("init", None, essential=False))
    _, findings = scan((LOGGING,))
    assert of(LOGGING, findings) == {
        "sent:1": "pass",
        "nothing:1": "fail",
        "host:1": "fail",
        "second:1": "fail",
        "helper:1": "pass",
    }


def breakers(wire: AwsWire, found: dict[str, dict[str, bool] | None]) -> None:
    def edit(document: Document) -> None:
        for service in document.items("services"):
            breaker = found.get(service["serviceName"])
            service["deploymentConfiguration"] = {"deploymentCircuitBreaker": breaker} if breaker else {}

    wire.overrides.edit("ecs:DescribeServices", edit)


def test_services_that_do_not_roll_back_fail(aws_env: AwsWire) -> None:
    task("web", container())
    services("shop", safe="web", stops="web", off="web", none="web")
    boto3.client("ecs").create_service(
        cluster="shop", serviceName="blue-green", taskDefinition="web", deploymentController={"type": "CODE_DEPLOY"}
    )
    on = {"enable": True, "rollback": True}
    off = {"enable": False, "rollback": False}
    breakers(aws_env, {"safe": on, "stops": {**on, "rollback": False}, "off": off})
    _, findings = scan((DEPLOY,))
    assert of(DEPLOY, findings) == {
        "safe": "pass",
        "stops": "fail",
        "off": "fail",
        "none": "fail",
        "blue-green": "not_applicable",
    }


def test_what_cannot_be_read_of_tasks_is_unknown(aws_env: AwsWire) -> None:
    task("web", container(user="app"))
    services("shop", web="web")
    described = (*LISTED, "ecs:DescribeTaskDefinition")
    feeding = {DEPLOY: LISTED, **dict.fromkeys((PRIVILEGED, NAMESPACES, SECRETS, LOGGING), described)}
    assert misled(aws_env, feeding) == []


def test_a_service_that_is_left_out_of_a_batch_makes_the_listing_incomplete(aws_env: AwsWire) -> None:
    task("web", container())
    services("shop", one="web", two="web")
    aws_env.overrides.edit(
        "ecs:DescribeServices", lambda document: document.keep("services", document.items("services")[:1])
    )
    _, findings = scan((DEPLOY,))
    assert [(f.verdict, f.reason) for f in findings if f.subject.kind == "scope"] == [("unknown", "malformed_response")]


def test_services_and_clusters_that_are_gone_are_none(aws_env: AwsWire) -> None:
    task("web", container())
    services("shop", web="web", gone="web")
    services("gone", web="web")
    aws_env.faults.add(
        "error",
        "ecs:ListServices",
        code="ClusterNotFoundException",
        status=400,
        where=lambda exchange: b"cluster/gone" in exchange.request.body,
    )

    def edit(document: Document) -> None:
        missing = [service for service in document.items("services") if service["serviceName"] == "gone"]
        document.keep("services", [service for service in document.items("services") if service not in missing])
        document.keep("failures", [{"arn": service["serviceArn"], "reason": "MISSING"} for service in missing])

    aws_env.overrides.edit("ecs:DescribeServices", edit)
    snapshot, findings = scan((DEPLOY,))
    assert of(DEPLOY, findings) == {"web": "fail"}
    assert {row.state for row in snapshot.collections} == {"complete"}


def test_services_are_described_in_batches_of_ten(aws_env: AwsWire) -> None:
    task("web", container())
    services("shop", **{f"web-{number}": "web" for number in range(11)})
    _, findings = scan((DEPLOY,))
    assert len(findings) == 11
    assert aws_env.traffic.calls["ecs:DescribeServices"] == 2


# --- clusters --------------------------------------------------------------------------------------------------------

ENDPOINT = "aws.eks.endpoint_restricted"
CONTROL_PLANE = "aws.eks.control_plane_logging"
ENVELOPE = "aws.eks.secrets_encrypted"
EKS = (ENDPOINT, CONTROL_PLANE, ENVELOPE)


def cluster(name: str, version: str = "1.33", kinds: tuple[str, ...] = (), key: bool = False, **network: Any) -> None:
    boto3.client("eks").create_cluster(
        name=name,
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"], **network},
        version=version,
        logging={"clusterLogging": [{"types": list(kinds) or ["scheduler"], "enabled": bool(kinds)}]},
        **({"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "alias/k"}}]} if key else {}),
    )


def test_clusters_that_the_internet_reaches_fail(aws_env: AwsWire) -> None:
    cluster("default")
    cluster("private", endpointPublicAccess=False, publicAccessCidrs=[])
    cluster("office", endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24"])
    cluster("halves", endpointPublicAccess=True, publicAccessCidrs=["0.0.0.0/1", "128.0.0.0/1"])
    cluster("six", endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24", "::/0"])
    _, findings = scan((ENDPOINT,))
    assert of(ENDPOINT, findings) == {
        "default": "fail",
        "private": "pass",
        "office": "pass",
        "halves": "fail",
        "six": "fail",
    }


def test_clusters_that_leave_out_a_log_fail(aws_env: AwsWire) -> None:
    cluster("off")
    cluster("required", kinds=("api", "audit", "authenticator"))
    cluster("no-audit", kinds=("api", "authenticator", "scheduler"))
    _, findings = scan((CONTROL_PLANE,))
    assert of(CONTROL_PLANE, findings) == {"off": "fail", "required": "pass", "no-audit": "fail"}


def test_clusters_before_the_default_need_a_key_of_their_own(aws_env: AwsWire) -> None:
    cluster("old", "1.27")
    cluster("old-with-key", "1.27", key=True)
    cluster("first-with-default", "1.28")
    _, findings = scan((ENVELOPE,))
    assert of(ENVELOPE, findings) == {"old": "fail", "old-with-key": "pass", "first-with-default": "pass"}


def test_what_cannot_be_read_of_clusters_is_unknown(aws_env: AwsWire) -> None:
    cluster("c", kinds=("api",))
    assert misled(aws_env, dict.fromkeys(EKS, ("eks:ListClusters", "eks:DescribeCluster"))) == []


def test_what_is_not_told_of_a_cluster_is_unknown(aws_env: AwsWire) -> None:
    cluster("c", kinds=("api", "audit", "authenticator"))
    aws_env.overrides.without("eks:DescribeCluster", "cluster.resourcesVpcConfig.endpointPublicAccess")
    aws_env.overrides.without("eks:DescribeCluster", "cluster.logging.clusterLogging.enabled")
    aws_env.overrides.without("eks:DescribeCluster", "cluster.version")
    _, findings = scan(EKS)
    assert {(finding.verdict, finding.reason) for finding in findings} == {("unknown", "missing_attribute")}


def test_a_cluster_that_is_gone_is_no_cluster(aws_env: AwsWire) -> None:
    cluster("c")
    aws_env.faults.add("error", "eks:DescribeCluster", code="ResourceNotFoundException", status=404)
    snapshot, _ = scan(EKS)
    assert snapshot.resources == ()


def test_pages_of_one_give_the_same(aws_env: AwsWire) -> None:
    for name in ("one", "two"):
        repository(name)
        cluster(name)
        task(name, container())
        task(name, container())
        services(name, first=f"{name}:1", second=f"{name}:2")
    assert paged(aws_env, SCANNED, IMMUTABLE, PRIVILEGED, DEPLOY, *EKS) == []
