"""EventBridge Scheduler and a Fargate task of ECS, as one CloudFormation template (JSON, which its YAML is a form of).

Store, configuration and policy folder lie on EFS, behind an access point each, encrypted on the way and at rest; where
the store is a bucket, its working copy does in its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.permissions import aws, buckets
from engine.schedules import ASSUME, CACHE, GRACE_SECONDS, USER, Job

_SCRATCH: Final = "/tmp"  # noqa: S108 - a volume of its own
_REF: Final = "Ref"
_PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "Cluster": ("String", "ARN of the ECS cluster."),
    "Subnets": ("List<AWS::EC2::Subnet::Id>", "Subnets with a way to the clouds that are scanned and to the registry."),
    "SecurityGroup": ("AWS::EC2::SecurityGroup::Id", "Of the task: it needs only ways out."),
    "FileSystem": ("String", "Id of the EFS file system (fs-...), encrypted at rest, with targets in the subnets."),
    "ConfigAccessPoint": ("String", f"Access point of the configuration folder (trust.json, secret), owned by {USER}."),
    "PolicyAccessPoint": ("String", f"Access point of the policy folder, owned by {USER}."),
    "SigningKey": ("String", "ARN of the secret in Secrets Manager that holds the signing key."),
    "Notify": ("String", "ARN of the secret that holds the addresses to notify, by white space."),
}


def files(job: Job) -> dict[str, str]:
    """One template: roles that only read, task, both schedules, and a queue for what could not be started."""
    needs = job.needs.get("aws")
    actions = needs.everywhere if needs is not None else ()
    policies = {f"ReadPolicy{number}": _managed(part) for number, part in enumerate(aws.parts(actions), 1)}
    assuming = [_assuming()] if needs is not None and needs.assumes else []
    scanned = {"ScannedRole": {"Type": "String", "Description": "Name, with its path, of the role in each account."}}
    at, notified = job.at, job.notified
    told = ["--heartbeat", "/config/auditreel.prom", "--log-json", "-"]
    run = ["run", "--trigger", "scheduled", "--store", job.mounted, "--policy", "/policy", *told]
    resources = {
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 400}},
        "Undelivered": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True},
        },
        "TaskRole": _role("ecs-tasks.amazonaws.com", [_mounting(), *_recording(job), *assuming]),
        **policies,
        "NotifyRole": _role("ecs-tasks.amazonaws.com", [_mounting(), *_recording(job)]),
        "StartRole": _role("ecs-tasks.amazonaws.com", [_starting()]),
        "ScheduleRole": _role("scheduler.amazonaws.com", [_scheduling()]),
        "Task": _task(job, "auditreel", "TaskRole", {"AUDITREEL_SIGNING_KEY": "SigningKey"}),
        # Who tells what changed signs nothing, and reads no cloud.
        "NotifyTask": _task(job, "auditreel-notify", "NotifyRole", {"AUDITREEL_NOTIFY": "Notify"}),
        "Run": _schedule(job, "Task", at, run),
        "NotifyOwners": _schedule(job, "NotifyTask", notified, ["notify", "--store", job.mounted]),
    }
    notes = ["Nightly run of auditreel. Written by `auditreel schedule print --target eventbridge`.", *job.notes]
    others = [provider for provider in job.clouds if provider != "aws"]
    if others:
        notes.append(f"What enters {', '.join(others)} is yours to add, as secrets of the task.")
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": " ".join(notes),
        "Parameters": {
            **{name: {"Type": type_, "Description": said} for name, (type_, said) in _parameters(job).items()},
            **(scanned if assuming else {}),
            "Image": {"Type": "String", "Default": job.image, "Description": "Pin it by its digest: NAME@sha256:..."},
        },
        "Resources": resources,
    }
    return {"auditreel.template.json": json.dumps(template, indent=2) + "\n"}


def _folders(job: Job) -> dict[str, str]:
    """Where each folder on EFS is mounted, by its name in the template."""
    name, path = job.place
    return {name.capitalize(): path, "Config": "/config", "Policy": "/policy"}


def _parameters(job: Job) -> dict[str, tuple[str, str]]:
    what = "the evidence store" if job.bucket is None else "the bucket's working copy, which may be lost"
    name = job.place[0].capitalize()
    point = {f"{name}AccessPoint": ("String", f"Access point (fsap-...) of {what}, owned by {USER}.")}
    where = {_camel(value): ("String", f"{said[0].upper()}{said[1:]}.") for value, said in job.variables.values()}
    return {**_PARAMETERS, **point, **where}


def _camel(name: str) -> str:
    return name.replace("_", " ").title().replace(" ", "")


def _recording(job: Job) -> list[dict[str, Any]]:
    """What the task may do in the bucket; one of another cloud is entered otherwise."""
    if job.bucket is None or job.bucket.scheme != "s3":
        return []
    found = buckets.statements(job.bucket, "arn:${AWS::Partition}:s3:::")
    return [{**statement, "Resource": {"Fn::Sub": statement["Resource"]}} for statement in found]


def _role(service: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
               "Condition": {"StringEquals": {"aws:SourceAccount": {_REF: "AWS::AccountId"}}}}  # fmt: skip
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
            "Policies": [
                {"PolicyName": "auditreel", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
            ],
        },
    }


def _managed(actions: Iterable[str]) -> dict[str, Any]:
    statement = {"Sid": "AuditreelRead", "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Roles": [{_REF: "TaskRole"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def _mounting() -> dict[str, Any]:
    place = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${FileSystem}"
    return {
        "Effect": "Allow",
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Resource": {"Fn::Sub": place},
    }


def _assuming() -> dict[str, Any]:
    roles = {"Fn::Sub": "arn:${AWS::Partition}:iam::*:role/${ScannedRole}"}
    return {"Effect": "Allow", "Action": ASSUME, "Resource": roles}


def _starting() -> dict[str, Any]:
    secrets = [{_REF: "SigningKey"}, {_REF: "Notify"}]
    return {
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [*secrets, {"Fn::GetAtt": ["Log", "Arn"]}],
    }


def _scheduling() -> dict[str, Any]:
    roles = [{"Fn::GetAtt": [name, "Arn"]} for name in ("TaskRole", "NotifyRole", "StartRole")]
    return {
        "Effect": "Allow",
        "Action": ["ecs:RunTask", "iam:PassRole", "sqs:SendMessage"],
        "Resource": [{_REF: "Task"}, {_REF: "NotifyTask"}, *roles, {"Fn::GetAtt": ["Undelivered", "Arn"]}],
    }


def _task(job: Job, family: str, role: str, secrets: Mapping[str, str]) -> dict[str, Any]:
    volumes = [
        {
            "Name": name,
            "EFSVolumeConfiguration": {
                "FilesystemId": {_REF: "FileSystem"},
                "TransitEncryption": "ENABLED",
                "AuthorizationConfig": {"AccessPointId": {_REF: f"{name}AccessPoint"}, "IAM": "ENABLED"},
            },
        }
        for name in _folders(job)
    ]
    mounts = [
        {"SourceVolume": name, "ContainerPath": path, "ReadOnly": name == "Policy"}
        for name, path in _folders(job).items()
    ]
    mounts.append({"SourceVolume": "Scratch", "ContainerPath": _SCRATCH, "ReadOnly": False})
    container = {
        "Name": "auditreel",
        "Image": {_REF: "Image"},
        "User": str(USER),
        "ReadonlyRootFilesystem": True,
        "StopTimeout": GRACE_SECONDS,
        "MountPoints": mounts,
        "Environment": [
            {"Name": "AUDITREEL_CONFIG", "Value": "/config"},
            {"Name": "HOME", "Value": _SCRATCH},
            *([{"Name": "XDG_CACHE_HOME", "Value": CACHE}] if job.bucket is not None else []),
            *({"Name": name, "Value": {_REF: _camel(value)}} for name, (value, _) in job.variables.items()),
        ],
        "Secrets": [{"Name": name, "ValueFrom": {_REF: secret}} for name, secret in secrets.items()],
        "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {
                "awslogs-group": {_REF: "Log"},
                "awslogs-region": {_REF: "AWS::Region"},
                "awslogs-stream-prefix": "auditreel",
            },
        },
    }
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": family,
            "RequiresCompatibilities": ["FARGATE"],
            "NetworkMode": "awsvpc",
            "Cpu": "2048",
            "Memory": "4096",
            "TaskRoleArn": {"Fn::GetAtt": [role, "Arn"]},
            "ExecutionRoleArn": {"Fn::GetAtt": ["StartRole", "Arn"]},
            "Volumes": [*volumes, {"Name": "Scratch"}],
            "ContainerDefinitions": [container],
        },
    }


def _schedule(job: Job, task: str, at: tuple[int, int], words: list[str]) -> dict[str, Any]:
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": f"cron({at[1]} {at[0]} * * ? *)",
            "ScheduleExpressionTimezone": job.schedule.timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": {_REF: "Cluster"},
                "RoleArn": {"Fn::GetAtt": ["ScheduleRole", "Arn"]},
                "RetryPolicy": {
                    "MaximumEventAgeInSeconds": job.schedule.grace_hours * 3600,
                    "MaximumRetryAttempts": 185,
                },
                "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}},
                "Input": json.dumps({"containerOverrides": [{"name": "auditreel", "command": words}]}),
                "EcsParameters": {
                    "TaskDefinitionArn": {_REF: task},
                    "TaskCount": 1,
                    "LaunchType": "FARGATE",
                    "NetworkConfiguration": {
                        "AwsvpcConfiguration": {
                            "Subnets": {_REF: "Subnets"},
                            "SecurityGroups": [{_REF: "SecurityGroup"}],
                            "AssignPublicIp": "DISABLED",
                        }
                    },
                },
            },
        },
    }
