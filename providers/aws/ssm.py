"""AWS Systems Manager: managed nodes, how far they comply, and documents of the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

MANAGED_INSTANCE: Final = "AWS::SSM::ManagedInstance"
PATCH_COMPLIANCE: Final = "AWS::SSM::PatchCompliance"
ASSOCIATION_COMPLIANCE: Final = "AWS::SSM::AssociationCompliance"
DOCUMENT: Final = "AWS::SSM::Document"
TYPES: Final = tuple(
    ResourceType(name) for name in (MANAGED_INSTANCE, PATCH_COMPLIANCE, ASSOCIATION_COMPLIANCE, DOCUMENT)
)


def _arn(aws: Caller, kind: str, id_: str) -> str:
    return f"arn:{aws.partition}:ssm:{aws.region}:{aws.account}:{kind}/{id_}"


def _managed_instances(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Stopped and terminated nodes are not among them (DescribeInstanceInformation).
    for node in aws.pages("ssm", "describe_instance_information", "InstanceInformationList"):
        id_ = node["InstanceId"]
        properties = {"instance_id": id_, "ping_status": attribute(node, "PingStatus")}
        yield Found(MANAGED_INSTANCE, _arn(aws, "managed-instance", id_), properties, id_)


def _compliance(aws: Caller, scope: Scope) -> Iterator[Found]:
    # One listing for patches and associations of all nodes, where patch states would be asked for by fifties of ids.
    # Beside the two there are types of compliance that customers make up.
    for item in aws.pages("ssm", "list_resource_compliance_summaries", "ResourceComplianceSummaryItems"):
        kind, id_, status = item["ComplianceType"], item["ResourceId"], attribute(item, "Status")
        arn = _arn(aws, f"managed-instance/{id_}/compliance", kind)
        if kind == "Patch":
            yield Found(PATCH_COMPLIANCE, arn, {"instance_id": id_, "status": status, "executed_at": _ended(item)}, id_)
        elif kind == "Association":
            yield Found(ASSOCIATION_COMPLIANCE, arn, {"status": status}, id_)


def _ended(item: Mapping[str, Any]) -> str | Unread:
    return instant((item.get("ExecutionSummary") or {}).get("ExecutionTime"))


def _documents(aws: Caller, scope: Scope) -> Iterator[Found]:
    own = [{"Key": "Owner", "Values": ["Self"]}]
    for document in aws.pages("ssm", "list_documents", "DocumentIdentifiers", Filters=own):
        yield Found(DOCUMENT, _arn(aws, "document", document["Name"]), {}, document["Name"])


def _permission(aws: Caller, document: Resource) -> Mapping[str, Any]:
    pages = aws.whole_pages("ssm", "describe_document_permission", Name=document.name, PermissionType="Share")
    return {"shared_account_ids": sorted({account.lower() for page in pages for account in page["AccountIds"]})}


READERS: Final = (
    Reader(
        operations=("ssm:DescribeInstanceInformation",),
        read=_managed_instances,
        lists=(MANAGED_INSTANCE,),
        fills={MANAGED_INSTANCE: ("instance_id", "ping_status")},
        permissions=("ssm:DescribeInstanceInformation",),
    ),
    Reader(
        operations=("ssm:ListResourceComplianceSummaries",),
        read=_compliance,
        lists=(PATCH_COMPLIANCE, ASSOCIATION_COMPLIANCE),
        fills={PATCH_COMPLIANCE: ("instance_id", "status", "executed_at"), ASSOCIATION_COMPLIANCE: ("status",)},
        permissions=("ssm:ListResourceComplianceSummaries",),
    ),
    Reader(
        operations=("ssm:ListDocuments",),
        read=_documents,
        lists=(DOCUMENT,),
        fills={},
        permissions=("ssm:ListDocuments",),
    ),
    Reader(
        operations=("ssm:DescribeDocumentPermission",),
        read=_permission,
        per="resource",
        of=DOCUMENT,
        fills={DOCUMENT: ("shared_account_ids",)},
        permissions=("ssm:DescribeDocumentPermission",),
        gone_codes=frozenset({"InvalidDocument"}),
    ),
)
