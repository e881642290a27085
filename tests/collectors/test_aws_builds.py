"""Build projects and pipelines, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import scan, verdicts
from tests.emulators.aws.codepipeline import action, create
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT

SECRETS = "aws.codebuild.no_plaintext_credentials"
LOGGING = "aws.codebuild.logging_enabled"
APPROVAL = "aws.codepipeline.production_approval"
PLANTED = "planted-5k2q"
GITHUB = "https://github.com/northwind/web.git"


def project(name: str, *variables: dict[str, str], location: str = GITHUB, **more: Any) -> None:
    boto3.client("codebuild").create_project(
        name=name,
        source={"type": "GITHUB", "location": location},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": list(variables),
        },
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/build",
        **more,
    )


def test_credentials_in_clear_text_fail_and_are_not_kept(aws_env: AwsWire) -> None:
    project("clean", {"name": "STAGE", "value": "prod", "type": "PLAINTEXT"})
    project("stored", {"name": "DB_PASSWORD", "value": "/prod/db", "type": "PARAMETER_STORE"})
    project("kept", {"name": "DB_PASSWORD", "value": "prod/db", "type": "SECRETS_MANAGER"})
    project("leaky", {"name": "DB_PASSWORD", "value": PLANTED, "type": "PLAINTEXT"})
    project("untyped", {"name": "DB_PASSWORD", "value": PLANTED})
    project("twice", {"name": "DB_PASSWORD", "value": PLANTED}, {"name": "DB_PASSWORD", "value": "none"})
    project("keys", {"name": "AWS_ACCESS_KEY_ID", "value": PLANTED, "type": "PLAINTEXT"})
    project("source", location=f"https://build:{PLANTED}@github.com/northwind/web.git")
    snapshot, findings = scan((SECRETS,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "clean": "pass",
        "stored": "pass",
        "kept": "pass",
        "leaky": "fail",
        "untyped": "fail",
        "twice": "fail",
        "keys": "fail",
        "source": "fail",
    }
    assert PLANTED not in repr(snapshot) + repr(findings)


def test_a_secondary_source_is_looked_at_too(aws_env: AwsWire) -> None:
    project("second")

    def edit(document: Document) -> None:
        [found] = document.items("projects")
        location = f"https://build:{PLANTED}@github.com/northwind/lib.git"
        found["secondarySources"] = [{"type": "GITHUB", "location": location, "sourceIdentifier": "lib"}]

    aws_env.overrides.edit("codebuild:BatchGetProjects", edit)
    snapshot, findings = scan((SECRETS,))
    assert [finding.verdict for finding in findings] == ["fail"]
    assert [item.properties["plaintext_secrets"] for item in snapshot.resources] == [
        [{"name": "source lib", "pattern": "url-password"}]
    ]


def test_projects_that_log_nowhere_fail(aws_env: AwsWire) -> None:
    off, on = {"status": "DISABLED"}, {"status": "ENABLED"}
    project("default")
    project("cloudwatch", logsConfig={"cloudWatchLogs": on})
    project("s3", logsConfig={"cloudWatchLogs": off, "s3Logs": {**on, "location": "logs"}})
    project("off", logsConfig={"cloudWatchLogs": off, "s3Logs": off})
    _, findings = scan((LOGGING,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "default": "pass",
        "cloudwatch": "pass",
        "s3": "pass",
        "off": "fail",
    }


def test_what_cannot_be_read_of_projects_is_unknown(aws_env: AwsWire) -> None:
    project("default")
    feeding = ("codebuild:ListProjects", "codebuild:BatchGetProjects")
    assert misled(aws_env, {SECRETS: feeding, LOGGING: feeding}) == []


def test_a_project_whose_environment_is_not_told_is_unknown_and_the_others_are_not(aws_env: AwsWire) -> None:
    project("hidden")
    project("shown")

    def edit(document: Document) -> None:
        for found in document.items("projects"):
            if found["name"] == "hidden":
                del found["environment"]

    aws_env.overrides.edit("codebuild:BatchGetProjects", edit)
    _, findings = scan((SECRETS, LOGGING))
    assert verdicts(findings) == {
        (SECRETS, "hidden"): "unknown",
        (SECRETS, "shown"): "pass",
        (LOGGING, "hidden"): "pass",
        (LOGGING, "shown"): "pass",
    }


def test_a_project_that_is_left_out_of_a_batch_makes_the_listing_incomplete(aws_env: AwsWire) -> None:
    project("listed")
    project("left-out")
    aws_env.overrides.edit(
        "codebuild:BatchGetProjects", lambda document: document.keep("projects", document.items("projects")[:1])
    )
    _, findings = scan((LOGGING,))
    assert [(finding.verdict, finding.subject.kind, finding.reason) for finding in findings] == [
        ("unknown", "scope", "malformed_response")
    ]


def test_a_project_that_was_deleted_since_it_was_listed_is_no_project(aws_env: AwsWire) -> None:
    project("kept")
    aws_env.overrides.edit("codebuild:ListProjects", lambda document: document.keep("projects", ["deleted", "kept"]))
    aws_env.overrides.edit(
        "codebuild:BatchGetProjects", lambda document: document.keep("projectsNotFound", ["deleted"])
    )
    snapshot, findings = scan((LOGGING,))
    assert verdicts(findings) == {(LOGGING, "kept"): "pass"}
    assert {row.state for row in snapshot.collections} == {"complete"}


SOURCE = {"name": "Source", "actions": [action("Source", "S3")]}
PRODUCTION = {"name": "Production", "actions": [action("Deploy", "ECS")]}
STAGING = {"name": "Staging", "actions": [action("Deploy", "ECS")]}
GATE = {"name": "Approve", "actions": [action("Approval", "Manual")]}


def pipelines() -> None:
    stages = {
        "gated": (SOURCE, GATE, PRODUCTION),
        "gated-after-staging": (SOURCE, STAGING, GATE, PRODUCTION),
        "gated-inside": (
            SOURCE,
            {"name": "Production", "actions": [action("Approval", "Manual"), action("Deploy", "ECS", 2)]},
        ),
        "side-by-side": (
            SOURCE,
            {"name": "Production", "actions": [action("Approval", "Manual"), action("Deploy", "ECS")]},
        ),
        "gated-afterwards": (SOURCE, PRODUCTION, GATE),
        "open": (SOURCE, PRODUCTION),
        "staging-only": (SOURCE, STAGING),
    }
    for name, declared in stages.items():
        create(name, *declared, region="us-east-1")
    create("nonprod", SOURCE, PRODUCTION, region="us-east-1", environment="nonprod")


def test_only_an_approval_before_production_passes(aws_env: AwsWire) -> None:
    pipelines()
    _, findings = scan((APPROVAL,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "gated": "pass",
        "gated-after-staging": "pass",
        "gated-inside": "pass",
        "side-by-side": "fail",
        "gated-afterwards": "fail",
        "open": "fail",
        "staging-only": "not_applicable",
        "nonprod": "not_applicable",
    }


def test_what_an_action_is_configured_with_is_not_kept(aws_env: AwsWire) -> None:
    create(
        "leaky",
        {"name": "Source", "actions": [action("Source", "GitHub", OAuthToken=PLANTED)]},
        PRODUCTION,
        region="us-east-1",
    )
    snapshot, _ = scan((APPROVAL,))
    assert len(snapshot.resources) == 1
    assert PLANTED not in repr(snapshot)


def test_what_cannot_be_read_of_pipelines_is_unknown(aws_env: AwsWire) -> None:
    create("open", SOURCE, PRODUCTION, region="us-east-1")
    feeding = ("codepipeline:ListPipelines", "codepipeline:GetPipeline", "codepipeline:ListTagsForResource")
    assert misled(aws_env, {APPROVAL: feeding}) == []


def test_a_pipeline_that_is_gone_is_no_pipeline(aws_env: AwsWire) -> None:
    create("open", SOURCE, PRODUCTION, region="us-east-1")
    for operation, code in {
        "codepipeline:GetPipeline": "PipelineNotFoundException",
        "codepipeline:ListTagsForResource": "ResourceNotFoundException",
    }.items():
        fault = aws_env.faults.add("error", operation, code=code, status=400)
        snapshot, findings = scan((APPROVAL,))
        aws_env.faults.remove(fault)
        assert (snapshot.resources, findings) == ((), ())


def test_pages_of_one_give_the_same(aws_env: AwsWire) -> None:
    project("one")
    project("two")
    create("open", SOURCE, PRODUCTION, region="us-east-1", team="web", stage="prod")
    create("gated", SOURCE, GATE, PRODUCTION, region="us-east-1")
    assert paged(aws_env, SECRETS, LOGGING, APPROVAL) == []
