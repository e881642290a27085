"""Glue jobs: how what they write is encrypted, and whether they log while they run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_services import CANARY
from tests.emulators.aws_wire import AwsWire

OUTPUT = "aws.glue.job_security_configuration"
LOGS = "aws.glue.job_logs_encrypted"
CONTINUOUS = "aws.glue.job_continuous_logging"
EVERY = (OUTPUT, LOGS, CONTINUOUS)
ARGUMENT = "--enable-continuous-cloudwatch-log"


def configuration(name: str, s3: str | None, cloudwatch: str | None) -> None:
    modes: dict[str, Any] = {"S3Encryption": [{"S3EncryptionMode": s3}]} if s3 else {}
    if cloudwatch:
        modes["CloudWatchEncryption"] = {"CloudWatchEncryptionMode": cloudwatch}
    boto3.client("glue").create_security_configuration(Name=name, EncryptionConfiguration=modes)


def job(name: str, command: str = "glueetl", version: str = "4.0", **settings: Any) -> None:
    script = {"Name": command, "ScriptLocation": "s3://jobs/script.py"}
    boto3.client("glue").create_job(Name=name, Role="role", Command=script, GlueVersion=version, **settings)


def by_name(findings: Iterable[Finding]) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (OUTPUT, {"kms": "pass", "s3": "pass", "off": "fail", "logs-only": "fail"}),
        (LOGS, {"kms": "pass", "s3": "fail", "off": "fail", "logs-only": "pass"}),
    ],
)
def test_what_a_security_configuration_does_not_encrypt_fails(
    aws_env: AwsWire, check: str, expected: dict[str, str]
) -> None:
    configuration("kms", "SSE-KMS", "SSE-KMS")
    configuration("s3", "SSE-S3", "DISABLED")
    configuration("off", "DISABLED", "DISABLED")
    configuration("logs-only", None, "SSE-KMS")
    for name in expected:
        job(name, SecurityConfiguration=name)
    job("none")
    job("gone", SecurityConfiguration="deleted")
    _, findings = scan((check,))
    assert by_name(findings) == {**expected, "none": "fail", "gone": "fail"}
    messages = {f.subject.name: f.message for f in findings if f.message}
    assert messages["none"] == "Job none has no security configuration."
    assert messages["gone"].startswith("Job gone has security configuration deleted, which does not encrypt")


def test_a_configuration_of_another_region_does_not_count(aws_env: AwsWire) -> None:
    boto3.client("glue", region_name="eu-west-1").create_security_configuration(
        Name="strict", EncryptionConfiguration={"S3Encryption": [{"S3EncryptionMode": "SSE-KMS"}]}
    )
    job("nightly", SecurityConfiguration="strict")
    _, findings = scan((OUTPUT,), ("us-east-1", "eu-west-1"))
    assert by_name(findings) == {"nightly": "fail"}


def test_spark_jobs_that_do_not_log_while_they_run_fail(aws_env: AwsWire) -> None:
    job("on", DefaultArguments={ARGUMENT: "true"})
    job("fixed", NonOverridableArguments={ARGUMENT: "true"})
    job("fixed-off", DefaultArguments={ARGUMENT: "true"}, NonOverridableArguments={ARGUMENT: "false"})
    job("off", DefaultArguments={ARGUMENT: "false"})
    job("none", "gluestreaming")
    job("new", version="5.0")
    job("automatic", version="auto")
    job("shell", "pythonshell")
    job("ray", "glueray")
    _, findings = scan((CONTINUOUS,))
    assert by_name(findings) == {
        "on": "pass",
        "fixed": "pass",
        "fixed-off": "fail",
        "off": "fail",
        "none": "fail",
        "new": "not_applicable",
        "automatic": "fail",
        "shell": "not_applicable",
        "ray": "not_applicable",
    }


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "unknown"),
    [("glue:GetJobs", {*EVERY}), ("glue:GetSecurityConfigurations", {OUTPUT, LOGS})],
)
def test_what_was_not_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, unknown: set[str]) -> None:
    configuration("strict", "SSE-KMS", "SSE-KMS")
    job("nightly", SecurityConfiguration="strict", DefaultArguments={ARGUMENT: "true"})
    aws_env.faults.add(kind, operation)
    _, findings = scan(EVERY)
    assert {f.check.id: f.verdict for f in findings} == {
        **dict.fromkeys(EVERY, "pass"),
        **dict.fromkeys(unknown, "unknown"),
    }


@pytest.mark.parametrize(
    ("operation", "missing", "check"),
    [
        ("glue:GetJobs", "Jobs.Command", CONTINUOUS),
        ("glue:GetJobs", "Jobs.Command.Name", CONTINUOUS),
        ("glue:GetSecurityConfigurations", "SecurityConfigurations.EncryptionConfiguration", OUTPUT),
        ("glue:GetSecurityConfigurations", "SecurityConfigurations.EncryptionConfiguration", LOGS),
        (
            "glue:GetSecurityConfigurations",
            "SecurityConfigurations.EncryptionConfiguration.S3Encryption.S3EncryptionMode",
            OUTPUT,
        ),
        (
            "glue:GetSecurityConfigurations",
            "SecurityConfigurations.EncryptionConfiguration.CloudWatchEncryption.CloudWatchEncryptionMode",
            LOGS,
        ),
    ],
)
def test_a_member_that_is_always_there_and_is_not_is_unknown(
    aws_env: AwsWire, operation: str, missing: str, check: str
) -> None:
    configuration("strict", "SSE-KMS", "SSE-KMS")
    job("nightly", SecurityConfiguration="strict", DefaultArguments={ARGUMENT: "true"})
    aws_env.overrides.without(operation, missing)
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_pages_of_one_make_the_same_jobs(aws_env: AwsWire) -> None:
    for name in ("a", "b", "c"):
        configuration(name, "SSE-KMS", "SSE-KMS")
        job(name, SecurityConfiguration=name)
    aws_env.traffic.reset()
    whole, _ = scan(EVERY)
    assert not [name for name in aws_env.traffic.repeats if name.startswith("glue:")]
    aws_env.paging.size = 1
    cut, _ = scan(EVERY)
    assert [(r.id, r.properties) for r in cut.resources] == [(r.id, r.properties) for r in whole.resources]
    assert len(cut.resources) == 6


def test_no_argument_of_a_job_is_kept_but_the_one_that_is_asked_for(aws_env: AwsWire) -> None:
    job("nightly", DefaultArguments={"--db-password": CANARY, ARGUMENT: "true"})
    (found,) = read(
        {"AWS::Glue::Job": {"command", "glue_version", "security_configuration", "continuous_logging"}}
    ).resources
    assert (found.id, found.properties) == (
        "arn:aws:glue:us-east-1:123456789012:job/nightly",
        {"command": "glueetl", "glue_version": "4.0", "security_configuration": None, "continuous_logging": "true"},
    )
