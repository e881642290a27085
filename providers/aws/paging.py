"""How AWS's listings page, where botocore's own tables say too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import UnknownServiceError

PAGE_SIZES: Final[Mapping[str, int]] = {
    # The most that the operation allows, where its default is less (API reference of each).
    "autoscaling:DescribeAutoScalingGroups": 100,
    "autoscaling:DescribePolicies": 100,
    "autoscaling:DescribeScheduledActions": 100,
    "cloudwatch:DescribeAlarms": 100,
    "ec2:DescribeClientVpnEndpoints": 1000,
    "ec2:DescribeFlowLogs": 1000,
    "ec2:DescribeImages": 1000,
    "ec2:DescribeInstances": 1000,
    "ec2:DescribeNetworkAcls": 1000,
    "ec2:DescribeNetworkInterfaces": 1000,
    "ec2:DescribeRouteTables": 100,
    "ec2:DescribeSecurityGroups": 1000,
    "ec2:DescribeSnapshots": 1000,
    "ec2:DescribeSubnets": 1000,
    "ec2:DescribeTransitGateways": 1000,
    "ec2:DescribeVolumes": 500,
    "ec2:DescribeVpcs": 1000,
    "ec2:GetManagedPrefixListEntries": 100,
    "elbv2:DescribeListeners": 400,
    "elbv2:DescribeLoadBalancers": 400,
    "elbv2:DescribeRules": 400,
    "iam:GetAccountAuthorizationDetails": 1000,
    "iam:ListPolicies": 1000,
    "iam:ListVirtualMFADevices": 1000,
    "kms:ListKeys": 1000,
    "lambda:ListFunctions": 50,
    "logs:DescribeDeliveries": 50,
    "logs:DescribeDeliverySources": 50,
    "logs:DescribeLogGroups": 50,
    "network-firewall:ListFirewalls": 100,
    "rds:DescribeDBInstances": 100,
    "secretsmanager:ListSecrets": 100,
    "sqs:ListQueues": 1000,
}

PAGED: Final[Mapping[str, Mapping[str, str]]] = {
    # Operations that page and that botocore has no paginator for, in the form of its tables (API reference of each).
    "wafv2:ListWebACLs": {
        "input_token": "NextMarker",
        "output_token": "NextMarker",
        "limit_key": "Limit",
        "result_key": "WebACLs",
    },
}


def paging(session: Any, service: str, operation: str) -> Mapping[str, Any]:
    """How an operation pages: input_token, output_token, result_key, and where there are such limit_key, more_results.

    ``session`` is botocore's, whose tables count for what has none of ours. Raises ValueError for an operation that
    does not page.
    """
    own = PAGED.get(f"{service}:{operation}")
    if own is not None:
        return own
    try:
        found: Mapping[str, Any] = session.get_paginator_model(service).get_paginator(operation)
    except UnknownServiceError as error:
        raise ValueError(f"{service} has no paginators") from error
    return found
