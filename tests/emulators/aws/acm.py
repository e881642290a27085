"""AWS Certificate Manager: certificates as it lists them, which in moto are never used and never renewed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.emulators.aws_services import HOME
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    renewing = certificate("www.northwind.example", "2026-12-01T00:00:00Z", HOME, renewal="PENDING_AUTO_RENEWAL")
    certificates(wire, renewing)


def certificate(
    domain: str, not_after: str | None, region: str = "us-east-1", *, renewal: str | None = None, **other: Any
) -> dict[str, Any]:
    """An issued certificate of Amazon's that is in use, as ListCertificates shows it, and how its renewal stands."""
    end = {} if not_after is None else {"NotAfter": not_after}
    return {
        "renewal": renewal,
        "CertificateArn": f"arn:aws:acm:{region}:{ACCOUNT}:certificate/{domain}",
        "DomainName": domain,
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": "RSA_2048",
        "CertificateKeyPairOrigin": "AWS_MANAGED",
        "InUse": True,
        "Exported": False,
        "RenewalEligibility": "ELIGIBLE",
        **end,
        **other,
    }


def certificates(wire: AwsWire, *given: Mapping[str, Any]) -> None:
    """Let there be these certificates, in the region of their ARNs."""

    def listed(request: Request) -> dict[str, Any]:
        region, asked = identify(request).region, json.loads(request.body)
        # "Default filtering returns only RSA_1024 and RSA_2048 certificates", and none with keys of ACME.
        keys = asked.get("Includes", {}).get("keyTypes", ["RSA_1024", "RSA_2048"])
        origins = asked.get("CertificateKeyPairOrigins", ["AWS_MANAGED", "CUSTOMER_PROVIDED"])
        here = [
            {name: value for name, value in item.items() if name != "renewal"}
            for item in given
            if item["CertificateArn"].split(":")[3] == region
            and item["KeyAlgorithm"] in keys
            and item["CertificateKeyPairOrigin"] in origins
        ]
        return {"CertificateSummaryList": here}

    def described(request: Request) -> dict[str, Any]:
        arn = json.loads(request.body)["CertificateArn"]
        (renewal,) = [item["renewal"] for item in given if item["CertificateArn"] == arn]
        summary = {} if renewal is None else {"RenewalSummary": {"RenewalStatus": renewal}}
        return {"Certificate": {"CertificateArn": arn, **summary}}

    wire.overrides.answer("acm:ListCertificates", listed)
    wire.overrides.answer("acm:DescribeCertificate", described)
