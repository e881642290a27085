"""AWS Glue: jobs, and the security configurations that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

JOB: Final = "AWS::Glue::Job"
SECURITY_CONFIGURATION: Final = "AWS::Glue::SecurityConfiguration"
TYPES: Final = (ResourceType(JOB), ResourceType(SECURITY_CONFIGURATION))

CONTINUOUS_LOGGING: Final = "--enable-continuous-cloudwatch-log"


def _jobs(aws: Caller, scope: Scope) -> Iterator[Found]:
    for job in aws.pages("glue", "get_jobs", "Jobs"):
        name = job["Name"]
        # Arguments may be secrets: no other is kept. One that cannot be overridden holds whatever the default is.
        arguments = {**(job.get("DefaultArguments") or {}), **(job.get("NonOverridableArguments") or {})}
        properties = {
            "command": attribute(job.get("Command") or {}, "Name"),
            # Left out of what names none, and of jobs that run no Spark.
            "glue_version": job.get("GlueVersion"),
            "security_configuration": job.get("SecurityConfiguration"),
            "continuous_logging": arguments.get(CONTINUOUS_LOGGING),
        }
        yield Found(JOB, f"arn:{aws.partition}:glue:{aws.region}:{aws.account}:job/{name}", properties, name)


def _security_configurations(aws: Caller, scope: Scope) -> Iterator[Found]:
    for item in aws.pages("glue", "get_security_configurations", "SecurityConfigurations"):
        name = item["Name"]
        # A security configuration has no ARN; CloudFormation knows it by its name.
        yield Found(SECURITY_CONFIGURATION, f"{aws.region}|{name}", _modes(item.get("EncryptionConfiguration")), name)


def _modes(encryption: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if encryption is None:
        return {"s3_encryption_modes": MISSING, "cloudwatch_encryption_mode": MISSING}
    logs = encryption.get("CloudWatchEncryption")
    return {
        "s3_encryption_modes": [attribute(entry, "S3EncryptionMode") for entry in encryption.get("S3Encryption") or []],
        "cloudwatch_encryption_mode": None if logs is None else attribute(logs, "CloudWatchEncryptionMode"),
    }


READERS: Final = (
    Reader(
        operations=("glue:GetJobs",),
        read=_jobs,
        lists=(JOB,),
        fills={JOB: ("command", "glue_version", "security_configuration", "continuous_logging")},
        permissions=("glue:GetJobs",),
    ),
    Reader(
        operations=("glue:GetSecurityConfigurations",),
        read=_security_configurations,
        lists=(SECURITY_CONFIGURATION,),
        fills={SECURITY_CONFIGURATION: ("s3_encryption_modes", "cloudwatch_encryption_mode")},
        permissions=("glue:GetSecurityConfigurations",),
    ),
)
