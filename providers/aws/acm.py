"""AWS Certificate Manager: certificates, when they end, and whether ACM renews them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

CERTIFICATE: Final = "AWS::CertificateManager::Certificate"
TYPES: Final = (ResourceType(CERTIFICATE),)

KEY_TYPES: Final = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)
"""All key algorithms: unasked, ACM lists certificates with short RSA keys only (ListCertificates, Filters)."""
KEY_PAIR_ORIGINS: Final = ("AWS_MANAGED", "ACME", "CUSTOMER_PROVIDED")
"""All origins of key pairs: unasked, ACM leaves out those of ACME."""
_NEVER_ISSUED: Final = frozenset({"PENDING_VALIDATION", "VALIDATION_TIMED_OUT", "FAILED"})


def _certificates(aws: Caller, scope: Scope) -> Iterator[Found]:
    listed = aws.pages(
        "acm",
        "list_certificates",
        "CertificateSummaryList",
        Includes={"keyTypes": KEY_TYPES},
        CertificateKeyPairOrigins=KEY_PAIR_ORIGINS,
    )
    for certificate in listed:
        properties = {
            "type": attribute(certificate, "Type"),
            "status": attribute(certificate, "Status"),
            "in_use": attribute(certificate, "InUse"),
            "not_after": _end(certificate),
            "renewal_eligibility": attribute(certificate, "RenewalEligibility"),
        }
        arn = certificate["CertificateArn"]
        yield Found(CERTIFICATE, arn, properties, certificate.get("DomainName") or arn.rpartition("/")[2])


def _end(certificate: Mapping[str, Any]) -> str | Unread | None:
    """When a certificate ends; null for one that was never issued."""
    end = certificate.get("NotAfter")
    return None if end is None and certificate.get("Status") in _NEVER_ISSUED else instant(end)


def _renewal(aws: Caller, certificate: Resource) -> Mapping[str, Any]:
    mine = certificate.properties
    if mine["type"] != "AMAZON_ISSUED" or not mine["in_use"]:
        return {"renewal_status": None}
    details = aws.call("acm", "describe_certificate", CertificateArn=certificate.id)["Certificate"]
    # Left out until ACM first tries to renew the certificate.
    summary = details.get("RenewalSummary")
    if summary is None and "CertificateArn" not in details:
        raise KeyError("CertificateArn")
    return {"renewal_status": None if summary is None else attribute(summary, "RenewalStatus")}


READERS: Final = (
    Reader(
        operations=("acm:ListCertificates",),
        read=_certificates,
        lists=(CERTIFICATE,),
        fills={CERTIFICATE: ("type", "status", "in_use", "not_after", "renewal_eligibility")},
        permissions=("acm:ListCertificates",),
    ),
    Reader(
        operations=("acm:DescribeCertificate",),
        read=_renewal,
        per="resource",
        of=CERTIFICATE,
        needs=("type", "in_use"),
        fills={CERTIFICATE: ("renewal_status",)},
        permissions=("acm:DescribeCertificate",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
