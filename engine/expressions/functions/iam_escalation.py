"""Combinations of permissions by which their holder can obtain more than it was given.

The combinations are published: Rhino Security Labs, "AWS IAM Privilege Escalation - Methods and Mitigation", and
Datadog's collection pathfinding.cloud.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.expressions.functions.iam_admin import identity_statements
from engine.expressions.functions.iam_conditions import Condition, says_nothing
from engine.expressions.functions.iam_document import EVERYTHING, PARTITIONS, Statement
from engine.expressions.functions.wildcards import covers, matches, surely_covers

_ADMINISTRATORS: Final = tuple(
    f"arn:{partition}:iam::aws:policy/{name}"
    for partition in PARTITIONS
    for name in ("AdministratorAccess", "IAMFullAccess")
)
"""Policies of AWS that make an administrator of whoever holds them, at once or in one step more."""
_PASSED_TO: Final = "iam:passedtoservice"


@dataclass(frozen=True, slots=True)
class Step:
    """One permission of a combination: an action, and the kind of resource it acts on ("iam:role/").

    ``passed_to`` is the service that an iam:PassRole must be good for ("ec2" for ec2.amazonaws.com).
    """

    action: str
    kind: str
    passed_to: str = ""


def _steps(*actions: tuple[str, str], passed_to: str = "") -> tuple[Step, ...]:
    pass_role = (Step("iam:PassRole", "iam:role/", passed_to),) if passed_to else ()
    return (*pass_role, *(Step(action, kind) for action, kind in actions))


_FUNCTION: Final = ("lambda:CreateFunction", "lambda:function:")

ESCALATIONS: Final[tuple[tuple[Step, ...], ...]] = (
    _steps(("iam:CreatePolicyVersion", "iam:policy/")),
    _steps(("iam:SetDefaultPolicyVersion", "iam:policy/")),
    _steps(("iam:CreateAccessKey", "iam:user/")),
    _steps(("iam:CreateLoginProfile", "iam:user/")),
    _steps(("iam:UpdateLoginProfile", "iam:user/")),
    _steps(("iam:AttachUserPolicy", "iam:user/")),
    _steps(("iam:AttachGroupPolicy", "iam:group/")),
    _steps(("iam:AttachRolePolicy", "iam:role/")),
    _steps(("iam:PutUserPolicy", "iam:user/")),
    _steps(("iam:PutGroupPolicy", "iam:group/")),
    _steps(("iam:PutRolePolicy", "iam:role/")),
    _steps(("iam:AddUserToGroup", "iam:group/")),
    _steps(("iam:UpdateAssumeRolePolicy", "iam:role/")),
    _steps(("sts:AssumeRole", "iam:role/")),
    _steps(("ec2:RunInstances", "ec2:instance/"), passed_to="ec2"),
    _steps(_FUNCTION, ("lambda:InvokeFunction", "lambda:function:"), passed_to="lambda"),
    _steps(_FUNCTION, ("lambda:CreateEventSourceMapping", "lambda:event-source-mapping:"), passed_to="lambda"),
    _steps(_FUNCTION, ("lambda:AddPermission", "lambda:function:"), passed_to="lambda"),
    _steps(("lambda:UpdateFunctionCode", "lambda:function:")),
    _steps(("lambda:UpdateFunctionConfiguration", "lambda:function:")),
    _steps(("glue:CreateDevEndpoint", "glue:devEndpoint/"), passed_to="glue"),
    _steps(("glue:UpdateDevEndpoint", "glue:devEndpoint/")),
    _steps(("glue:CreateJob", "glue:job/"), ("glue:StartJobRun", "glue:job/"), passed_to="glue"),
    _steps(("cloudformation:CreateStack", "cloudformation:stack/"), passed_to="cloudformation"),
    _steps(
        ("datapipeline:CreatePipeline", "datapipeline:pipeline/"),
        ("datapipeline:PutPipelineDefinition", "datapipeline:pipeline/"),
        ("datapipeline:ActivatePipeline", "datapipeline:pipeline/"),
        passed_to="datapipeline",
    ),
    _steps(("sagemaker:CreateTrainingJob", "sagemaker:training-job/"), passed_to="sagemaker"),
    _steps(("sagemaker:CreateProcessingJob", "sagemaker:processing-job/"), passed_to="sagemaker"),
    _steps(("sagemaker:CreatePresignedNotebookInstanceUrl", "sagemaker:notebook-instance/")),
    _steps(("codestar:CreateProject", "codestar:project/"), passed_to="codestar"),
    _steps(
        ("codebuild:CreateProject", "codebuild:project/"),
        ("codebuild:StartBuild", "codebuild:project/"),
        passed_to="codebuild",
    ),
    _steps(
        ("ecs:RegisterTaskDefinition", "ecs:task-definition/"),
        ("ecs:RunTask", "ecs:task-definition/"),
        passed_to="ecs-tasks",
    ),
    _steps(("ssm:SendCommand", "ec2:instance/")),
    _steps(("ssm:StartSession", "ec2:instance/")),
)


def escalations(documents: Sequence[Any]) -> list[str]:
    """The published combinations that the policies of one identity allow together: "iam:PassRole + ec2:RunInstances".

    ``documents`` are identity policies, or null. An action counts where an Allow grants it on all resources of its kind
    (``*``, ``arn:aws:iam::*:role/*``, that of one account or region too) and no unconditional Deny takes it back on all
    of them (``*``, or a pattern that is open in region and account). Conditions on the circumstances of a request (MFA,
    address, time, region) leave the escalation in place. One on what is acted upon does not count as a grant: tags of
    the resource, iam:PermissionsBoundary and iam:PolicyARN without an administrator's policy, iam:PassedToService
    without the service. Raises EvaluationError for a document that is malformed or names no resources.
    """
    parsed = [statement for document in documents for statement in identity_statements(document)]
    allowed = [statement for statement in parsed if statement.allows]
    denied = [statement for statement in parsed if not statement.allows and not statement.conditions]
    return [
        " + ".join(step.action for step in path)
        for path in ESCALATIONS
        if all(_can(step, allowed, denied) for step in path)
    ]


def _can(step: Step, allowed: list[Statement], denied: list[Statement]) -> bool:
    action = step.action.lower()
    return any(
        statement.includes_action(action) and _grants_kind(statement, step.kind) and not _narrowed(statement, step)
        for statement in allowed
    ) and not any(denial.includes_action(action) and _takes_kind(denial, step.kind) for denial in denied)


def _grants_kind(statement: Statement, kind: str) -> bool:
    if statement.all_resources_but:
        return not any(_surely_covers_kind(pattern, kind) for pattern in statement.resources)
    return any(_covers_kind(pattern, kind) for pattern in statement.resources)


def _covers_kind(pattern: str, kind: str) -> bool:
    """Whether a pattern is about every resource of a kind, in some region and account at least."""
    service, _, name = kind.partition(":")
    parts = pattern.split(":", 5)
    if len(parts) == 6:
        return covers(parts[0], "arn") and covers(parts[2], service) and covers(parts[5], f"{name}*")
    # The ARNs of IAM have no region, others have one.
    return any(
        covers(pattern, f"arn:{partition}:{service}:{region}:*:{name}*")
        for partition in PARTITIONS
        for region in (EVERYTHING, "")
    )


def _takes_kind(denial: Statement, kind: str) -> bool:
    """Whether a Deny is about every resource of a kind, in every region and account."""
    return not denial.all_resources_but and any(_surely_covers_kind(pattern, kind) for pattern in denial.resources)


def _surely_covers_kind(pattern: str, kind: str) -> bool:
    service, _, name = kind.partition(":")
    parts = pattern.split(":", 5)
    if pattern == EVERYTHING:
        return True
    anywhere = len(parts) == 6 and parts[3] in ("", "*") and parts[4] == "*"
    if anywhere and matches(parts[2], service) and surely_covers(parts[5], f"{name}*"):
        return parts[3] == "*" or service == "iam"
    return False


def _narrowed(statement: Statement, step: Step) -> bool:
    return any(_narrows(condition, step) for condition in statement.conditions)


def _narrows(condition: Condition, step: Step) -> bool:
    """Whether a condition leaves the action good only for some targets, none of which serves the escalation."""
    if not condition.demands_value:
        return False
    if condition.key == _PASSED_TO and step.passed_to:
        principals = (f"{step.passed_to}.amazonaws.com", f"{step.passed_to}.amazonaws.com.cn")
        return not any(matches(value, principal) for value in condition.values for principal in principals)
    if condition.key in ("iam:policyarn", "iam:permissionsboundary"):
        return not any(matches(value, policy) for value in condition.values for policy in _ADMINISTRATORS)
    if re.fullmatch(r"[a-z0-9-]+:resourcetag/.*", condition.key):
        return not any(says_nothing(value) for value in condition.values)
    return False
