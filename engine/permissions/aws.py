"""How AWS grants the least privilege: as an IAM policy, as a role in Terraform, and as one in CloudFormation.

The actions are listings and account-wide reads, most of which IAM cannot narrow to a resource. Of a managed policy IAM
counts 6,144 characters without blanks (IAM user guide, "IAM and AWS STS quotas"), so that many actions take several.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

LARGEST: Final = 6_144
"""Characters of a managed policy, blanks not counted."""
ROLE: Final = "auditreel"


def policy(names: Iterable[str]) -> str:
    """An IAM identity policy (JSON) that allows these actions: reads only, on every resource."""
    return json.dumps(_document(sorted(names)), indent=2)


def policy_note(names: Iterable[str]) -> str:
    """That one managed policy does not hold the actions, where it does not."""
    size = _size(sorted(names))
    if size <= LARGEST:
        return ""
    forms = "--format terraform or cloudformation"
    return f"aws: {size:,} characters, and a managed policy holds {LARGEST:,}; {forms} makes several of it"


def parts(names: Iterable[str]) -> list[list[str]]:
    """The actions, sorted and in as few lists as managed policies can hold."""
    found: list[list[str]] = [[]]
    for name in sorted(set(names)):
        if found[-1] and _size([*found[-1], name]) > LARGEST:
            found.append([])
        found[-1].append(name)
    return [part for part in found if part]


def _document(names: Sequence[str]) -> dict[str, Any]:
    statement = {"Sid": "AuditreelRead", "Effect": "Allow", "Action": list(names), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _size(names: Sequence[str]) -> int:
    return len(json.dumps(_document(names), separators=(",", ":")))


# --- Terraform -------------------------------------------------------------------------------------------------------

_TERRAFORM_HEAD: Final = """\
# What auditreel reads, and the role that reads it. Written by `auditreel permissions --format terraform`.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "role_name" {
  description = "Name of the role; the same in every account that is scanned."
  type        = string
  default     = "ROLE"
}

variable "trusted_principal" {
  description = "ARN of the role or user that scans, or the id of its account."
  type        = string
}

variable "external_id" {
  description = "What who takes on the role must say (sts:ExternalId); null where the account is your own."
  type        = string
  default     = null
}

data "aws_iam_policy_document" "auditreel_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }

    dynamic "condition" {
      for_each = var.external_id == null ? [] : [var.external_id]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "auditreel" {
  name               = var.role_name
  description        = "Reads the configuration of this account for auditreel."
  assume_role_policy = data.aws_iam_policy_document.auditreel_trust.json
}
"""
# No description says how many parts there are: one that changes makes a new policy in the place of the old.
_TERRAFORM_PART: Final = """
data "aws_iam_policy_document" "auditreel_read_NUMBER" {
  statement {
    sid       = "AuditreelRead"
    effect    = "Allow"
    resources = ["*"]

    actions = [
ACTIONS
    ]
  }
}

resource "aws_iam_policy" "auditreel_read_NUMBER" {
  name        = "${var.role_name}-read-NUMBER"
  description = "What auditreel reads, part NUMBER."
  policy      = data.aws_iam_policy_document.auditreel_read_NUMBER.json
}

resource "aws_iam_role_policy_attachment" "auditreel_read_NUMBER" {
  role       = aws_iam_role.auditreel.name
  policy_arn = aws_iam_policy.auditreel_read_NUMBER.arn
}
"""
_TERRAFORM_END: Final = """
output "role_arn" {
  description = "What the scan takes on."
  value       = aws_iam_role.auditreel.arn
}"""


def terraform(names: Iterable[str]) -> str:
    """A Terraform configuration (HCL): a role to take on, and the policies that it has."""
    head = _TERRAFORM_HEAD.replace("ROLE", ROLE, 1)
    return "".join((head, *_filled(_TERRAFORM_PART, parts(names), '      "{}",'), _TERRAFORM_END))


def _filled(template: str, found: Sequence[Sequence[str]], line: str) -> Iterator[str]:
    """The template for each part, with its number and a line for each action."""
    for number, part in enumerate(found, 1):
        lines = "\n".join(line.format(action) for action in part)
        yield template.replace("NUMBER", str(number)).replace("ACTIONS", lines)


# --- CloudFormation --------------------------------------------------------------------------------------------------

_TEMPLATE_HEAD: Final = """\
# What auditreel reads, and the role that reads it. Written by `auditreel permissions --format cloudformation`.
#
# For every account of an organization: a service-managed StackSet with one region, since roles are global. StackSets
# leave the management account out; it takes a stack of its own.
AWSTemplateFormatVersion: "2010-09-09"
Description: A role that reads the configuration of the account for auditreel, and nothing else.

Parameters:
  RoleName:
    Type: String
    Description: Name of the role; the same in every account that is scanned.
    Default: ROLE
    AllowedPattern: "[A-Za-z0-9+=,.@_-]{1,64}"
  TrustedPrincipal:
    Type: String
    Description: ARN of the role or user that scans, or the id of its account.
    AllowedPattern: "[0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/.+)"
  ExternalId:
    Type: String
    Description: What who takes on the role must say (sts:ExternalId); empty where the account is your own.
    Default: ""
    AllowedPattern: "|[A-Za-z0-9+=,.@:/_-]{2,1224}"

Conditions:
  HasExternalId: !Not [!Equals [!Ref ExternalId, ""]]

Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      Description: Reads the configuration of this account for auditreel.
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Ref TrustedPrincipal
            Action: sts:AssumeRole
            Condition: !If
              - HasExternalId
              - StringEquals:
                  sts:ExternalId: !Ref ExternalId
              - !Ref AWS::NoValue
"""
_TEMPLATE_PART: Final = """
  ReadPolicyNUMBER:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Description: What auditreel reads, part NUMBER.
      Roles:
        - !Ref Role
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: AuditreelRead
            Effect: Allow
            Resource: "*"
            Action:
ACTIONS
"""
_TEMPLATE_END: Final = """
Outputs:
  RoleArn:
    Description: What the scan takes on.
    Value: !GetAtt Role.Arn"""


def cloudformation(names: Iterable[str]) -> str:
    """A CloudFormation template (YAML): a role to take on, and the policies that it has."""
    head = _TEMPLATE_HEAD.replace("ROLE", ROLE, 1)
    return "".join((head, *_filled(_TEMPLATE_PART, parts(names), "              - {}"), _TEMPLATE_END))
