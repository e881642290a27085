"""Amazon CloudFront: real-time log configurations and tenants, which moto has not, and three distributions."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4
from xml.etree import ElementTree

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.identify import Request
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

BEHAVIOR: Final = {"TargetOriginId": "origin", "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}
CERTIFICATE: Final = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
WEB_ACL: Final = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/edge/11111111-2222-3333-4444-555555555555"


def correct(layer: Overrides) -> None:
    realtime_logs(layer, {})
    tenants(layer, {})


def build(wire: AwsWire) -> None:
    distribution(WebACLId=WEB_ACL, Logging=logging("northwind-edge-logs"))
    deliver(distribution("allow-all"))
    watched = {**BEHAVIOR, "ViewerProtocolPolicy": "https-only", "RealtimeLogConfigArn": realtime_log("all")}
    shared = distribution(WebACLId=WEB_ACL, DefaultCacheBehavior=watched)
    realtime_logs(wire.overrides, {"all": 100})
    tenants(wire.overrides, {shared: {"acme": None, "umbrella": "override"}})


def distribution(
    policy: str = "redirect-to-https", paths: dict[str, dict[str, Any]] | None = None, **settings: Any
) -> str:
    """Make a distribution with TLS 1.2; its id. ``paths``: path pattern to what a behavior of its own says."""
    others = [{"PathPattern": path, **BEHAVIOR, **more} for path, more in (paths or {}).items()]
    config = {
        "CallerReference": str(uuid4()),
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [_ORIGIN]},
        "DefaultCacheBehavior": {**BEHAVIOR, "ViewerProtocolPolicy": policy},
        "CacheBehaviors": {"Quantity": len(others), "Items": others} if others else {"Quantity": 0},
        "ViewerCertificate": certificate(),
        **settings,
    }
    made = client("cloudfront").create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


_ORIGIN: Final = {
    "Id": "origin",
    "DomainName": "origin.northwind.example",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
}


def certificate(policy: str = "TLSv1.2_2021") -> dict[str, Any]:
    """A viewer certificate of our own, with a security policy."""
    return {"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": policy}


def logging(bucket: str) -> dict[str, Any]:
    """Standard logging of the older kind."""
    return {"Enabled": True, "IncludeCookies": False, "Bucket": f"{bucket}.s3.amazonaws.com", "Prefix": ""}


def arn(id_: str) -> str:
    """A distribution's ARN."""
    return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{id_}"


def deliver(id_: str, log_type: str = "ACCESS_LOGS", *, delivered: bool = True) -> None:
    """Let CloudWatch Logs deliver a distribution's logs to a bucket; without ``delivered`` the source stays alone."""
    logs, name = client("logs", "us-east-1"), f"{id_}-{log_type}".lower().replace("_", "-")
    logs.put_delivery_source(name=name, resourceArn=arn(id_), logType=log_type)
    if delivered:
        bucket = {"destinationResourceArn": "arn:aws:s3:::northwind-edge-logs"}
        made = logs.put_delivery_destination(name=name, deliveryDestinationConfiguration=bucket)
        logs.create_delivery(deliverySourceName=name, deliveryDestinationArn=made["deliveryDestination"]["arn"])


def realtime_logs(layer: Overrides, rates: dict[str, int]) -> None:
    """Let the account have these real-time log configurations: name to sampling rate."""
    items = "".join(
        f"<member><ARN>{realtime_log(name)}</ARN><Name>{name}</Name><SamplingRate>{rate}</SamplingRate>"
        "<EndPoints/><Fields/></member>"
        for name, rate in rates.items()
    )
    listing = (
        f"<MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Marker/>{f'<Items>{items}</Items>' * bool(items)}"
    )
    layer.answer("cloudfront:ListRealtimeLogConfigs", f"<RealtimeLogConfigs>{listing}</RealtimeLogConfigs>")


def realtime_log(name: str) -> str:
    """The ARN of a real-time log configuration."""
    return f"arn:aws:cloudfront::{ACCOUNT}:realtime-log-config/{name}"


def tenants(layer: Overrides, of: dict[str, dict[str, str | None]]) -> None:
    """Make distributions multi-tenant: id to tenants, each with what it does with the web ACL (None: nothing)."""

    def edit(document: Document) -> None:
        for item in document.items("DistributionList.Items"):
            if item.findtext("Id") in of:
                ElementTree.SubElement(item, "ConnectionMode").text = "tenant-only"

    def answer(request: Request) -> str:
        asked = next((id_ for id_ in of if id_.encode() in request.body), "")
        rows = "".join(_tenant(asked, name, action) for name, action in of.get(asked, {}).items())
        listing = f"<DistributionTenantList>{rows}</DistributionTenantList>"
        return f"<ListDistributionTenantsResult>{listing}</ListDistributionTenantsResult>"

    if of:
        layer.edit("cloudfront:ListDistributions", edit)
    layer.answer("cloudfront:ListDistributionTenants", answer)


def _tenant(of: str, name: str, action: str | None) -> str:
    web_acl = f"<WebAcl><Action>{action}</Action></WebAcl>" if action else ""
    return (
        f"<DistributionTenantSummary><Id>dt_{name}</Id><DistributionId>{of}</DistributionId><Name>{name}</Name>"
        f"<Arn>arn:aws:cloudfront::{ACCOUNT}:distribution-tenant/dt_{name}</Arn>"
        f"{f'<Customizations>{web_acl}</Customizations>' if web_acl else ''}</DistributionTenantSummary>"
    )
