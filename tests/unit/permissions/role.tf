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
  default     = "auditreel"
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

data "aws_iam_policy_document" "auditreel_read_1" {
  statement {
    sid       = "AuditreelRead"
    effect    = "Allow"
    resources = ["*"]

    actions = [
      "ec2:DescribeRegions",
      "iam:GetAccountSummary",
      "s3:ListAllMyBuckets",
    ]
  }
}

resource "aws_iam_policy" "auditreel_read_1" {
  name        = "${var.role_name}-read-1"
  description = "What auditreel reads, part 1."
  policy      = data.aws_iam_policy_document.auditreel_read_1.json
}

resource "aws_iam_role_policy_attachment" "auditreel_read_1" {
  role       = aws_iam_role.auditreel.name
  policy_arn = aws_iam_policy.auditreel_read_1.arn
}

output "role_arn" {
  description = "What the scan takes on."
  value       = aws_iam_role.auditreel.arn
}
