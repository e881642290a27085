"""How AWS's listings page, where botocore's own tables say too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import jmespath
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from botocore.model import OperationModel

PAGE_SIZES: Final[Mapping[str, int]] = {
    # The most that the operation allows, where its default is less (API reference of each).
    "acm:ListCertificates": 1000,
    "apigateway:GetResources": 500,
    "apigateway:GetRestApis": 500,
    "appsync:ListGraphqlApis": 25,
    "autoscaling:DescribeAutoScalingGroups": 100,
    "autoscaling:DescribePolicies": 100,
    "autoscaling:DescribeScheduledActions": 100,
    "backup:ListBackupJobs": 1000,
    "backup:ListBackupPlans": 1000,
    "backup:ListBackupSelections": 1000,
    "backup:ListBackupVaults": 1000,
    "backup:ListProtectedResources": 1000,
    "backup:ListRecoveryPointsByBackupVault": 1000,
    "backup:ListRestoreJobs": 1000,
    "backup:ListRestoreTestingPlans": 1000,
    "backup:ListRestoreTestingSelections": 1000,
    "cloudwatch:DescribeAlarms": 100,
    "cognito-idp:ListUserPools": 60,
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
    "ecr:DescribeRepositories": 1000,
    "ecs:ListServices": 100,
    "elbv2:DescribeListeners": 400,
    "elbv2:DescribeLoadBalancers": 400,
    "elbv2:DescribeRules": 400,
    "firehose:ListDeliveryStreams": 10000,
    "glue:GetJobs": 1000,
    "glue:GetSecurityConfigurations": 1000,
    "iam:GetAccountAuthorizationDetails": 1000,
    "iam:ListPolicies": 1000,
    "iam:ListServerCertificates": 1000,
    "iam:ListVirtualMFADevices": 1000,
    "inspector2:ListFindings": 100,
    "kafka:ListClustersV2": 100,
    "kms:ListKeys": 1000,
    "lambda:ListFunctions": 50,
    "logs:DescribeDeliveries": 50,
    "logs:DescribeDeliverySources": 50,
    "logs:DescribeLogGroups": 50,
    "logs:DescribeResourcePolicies": 50,
    "mq:ListBrokers": 100,
    "network-firewall:ListFirewalls": 100,
    "organizations:ListAccounts": 20,
    "organizations:ListPolicies": 20,
    "organizations:ListTargetsForPolicy": 20,
    "rds:DescribeDBInstances": 100,
    "sagemaker:ListNotebookInstances": 100,
    "secretsmanager:ListSecrets": 100,
    "securityhub:GetEnabledStandards": 100,
    "sqs:ListQueues": 1000,
    "ssm-incidents:ListResponsePlans": 100,
    "ssm:DescribeDocumentPermission": 200,
    "ssm:DescribeInstanceInformation": 50,
    "ssm:ListDocuments": 50,
    "ssm:ListResourceComplianceSummaries": 50,
    "sso-admin:ListInstances": 100,
    "sso-admin:ListPermissionSets": 100,
    "stepfunctions:ListStateMachines": 1000,
    "transfer:ListServers": 1000,
    "wafv2:ListLoggingConfigurations": 100,
    "wafv2:ListWebACLs": 100,
}

PAGED: Final[Mapping[str, Mapping[str, str]]] = {
    # Operations that page and that botocore has no paginator for, in the form of its tables (API reference of each).
    "cloudfront:ListRealtimeLogConfigs": {
        "input_token": "Marker",
        "output_token": "RealtimeLogConfigs.NextMarker",
        "limit_key": "MaxItems",
        "more_results": "RealtimeLogConfigs.IsTruncated",
        "result_key": "RealtimeLogConfigs.Items",
    },
    "events:ListEventBuses": {
        "input_token": "NextToken",
        "output_token": "NextToken",
        "limit_key": "Limit",
        "result_key": "EventBuses",
    },
    "firehose:ListDeliveryStreams": {
        "input_token": "ExclusiveStartDeliveryStreamName",
        "output_token": "DeliveryStreamNames[-1]",
        "limit_key": "Limit",
        "more_results": "HasMoreDeliveryStreams",
        "result_key": "DeliveryStreamNames",
    },
    "ssm:DescribeDocumentPermission": {
        "input_token": "NextToken",
        "output_token": "NextToken",
        "limit_key": "MaxResults",
        "result_key": "AccountIds",
    },
    "wafv2:ListLoggingConfigurations": {
        "input_token": "NextMarker",
        "output_token": "NextMarker",
        "limit_key": "Limit",
        "result_key": "LoggingConfigurations",
    },
    "wafv2:ListWebACLs": {
        "input_token": "NextMarker",
        "output_token": "NextMarker",
        "limit_key": "Limit",
        "result_key": "WebACLs",
    },
}


class NotPaged(ValueError):
    """botocore has no paginator for an operation that a reader wants page by page: write its row into :data:`PAGED`."""


def paging(session: Any, service: str, operation: str) -> Mapping[str, Any]:
    """How an operation pages: input_token, output_token, result_key, and where there are such limit_key, more_results.

    ``session`` is botocore's, whose tables count for what has none of ours. Raises :class:`NotPaged` where neither has
    one.
    """
    own = PAGED.get(f"{service}:{operation}")
    if own is not None:
        return own
    try:
        found: Mapping[str, Any] = session.get_paginator_model(service).get_paginator(operation)
    except (UnknownServiceError, ValueError) as error:
        raise NotPaged(f"{service}:{operation} has no paginator") from error
    return found


def whether_more(table: Mapping[str, Any], model: OperationModel, page: Mapping[str, Any]) -> str | None:
    """The member that an answer must have to say whether there are more pages, where it lacks it; else None.

    ``table`` is how the operation pages, ``model`` botocore's of it. A listing would end there as if it were whole. The
    member may be left out where botocore's model allows that, and nothing says from where to go on.
    """
    *path, name = table.get("more_results", "").split(".")
    shape, held = model.output_shape, page
    for part in path:
        shape, held = shape.members[part], held.get(part) or {}
    if not name or held.get(name) is not None:
        return None
    return name if name in shape.required_members or jmespath.search(table["output_token"], page) else None
