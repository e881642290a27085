"""AWS CodeBuild: projects, credentials that they hold in clear text, and whether their builds are logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, ResourceType, Scope, attribute
from providers.secrets import secrets

if TYPE_CHECKING:
    from providers.aws.caller import Caller

PROJECT: Final = "AWS::CodeBuild::Project"
TYPES: Final = (ResourceType(PROJECT),)

STORED: Final = frozenset({"PARAMETER_STORE", "SECRETS_MANAGER"})
"""Types of variables whose value is the name of where the value is kept."""
_A_BATCH: Final = 100
"""Projects that can be asked for at once (API reference, BatchGetProjects)."""


def _projects(aws: Caller, scope: Scope) -> Iterator[Found]:
    names = [name for page in aws.whole_pages("codebuild", "list_projects") for name in page["projects"]]
    for start in range(0, len(names), _A_BATCH):
        batch = names[start : start + _A_BATCH]
        answer = aws.call("codebuild", "batch_get_projects", names=batch)
        projects = {project["name"]: project for project in answer["projects"]}
        # What was deleted since it was listed is not found, and said to be so.
        if projects.keys() | set(answer.get("projectsNotFound") or []) != set(batch):
            raise ValueError("the answer is not about the projects that were asked for")
        for name, project in projects.items():
            yield Found(PROJECT, project["arn"], _described(project), name)


def _described(project: Mapping[str, Any]) -> Mapping[str, Any]:
    if project.get("environment") is None or project.get("source") is None:
        # Every project has both; what is not there cannot be looked through.
        return {"plaintext_variables": MISSING, "plaintext_secrets": MISSING, **_logging(project)}
    variables = [
        variable
        for variable in project["environment"].get("environmentVariables") or []
        # A type that is not told is PLAINTEXT.
        if variable.get("type") not in STORED
    ]
    # One by one: a name may be there twice.
    found = [row for variable in variables for row in secrets({variable["name"]: variable["value"]})]
    sources = [project["source"], *(project.get("secondarySources") or [])]
    locations = {
        f"source {source.get('sourceIdentifier') or number}": source.get("location") or ""
        for number, source in enumerate(sources)
    }
    return {
        "plaintext_variables": sorted({variable["name"] for variable in variables}),
        "plaintext_secrets": [*found, *secrets(locations)],
        **_logging(project),
    }


def _logging(project: Mapping[str, Any]) -> Mapping[str, Any]:
    logs = project.get("logsConfig") or {}
    # Left out where nobody set it, so that the default holds: on for CloudWatch Logs, off for S3.
    return {
        "cloudwatch_logs_status": _status(logs.get("cloudWatchLogs")),
        "s3_logs_status": _status(logs.get("s3Logs")),
    }


def _status(logs: Mapping[str, Any] | None) -> Any:
    return None if logs is None else attribute(logs, "status")


READERS: Final = (
    Reader(
        operations=("codebuild:ListProjects", "codebuild:BatchGetProjects"),
        read=_projects,
        lists=(PROJECT,),
        fills={PROJECT: ("plaintext_variables", "plaintext_secrets", "cloudwatch_logs_status", "s3_logs_status")},
        permissions=("codebuild:ListProjects", "codebuild:BatchGetProjects"),
    ),
)
