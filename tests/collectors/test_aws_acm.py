"""Certificate Manager: certificates in use near their end, and those that renew by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from providers.aws.acm import KEY_PAIR_ORIGINS, KEY_TYPES
from tests.collectors.scan import AS_OF, read, scan, verdicts
from tests.emulators.api_models import service_model
from tests.emulators.aws.acm import certificate, certificates
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.acm.certificate_not_expiring"
FAR, LIMIT, SHORT, NEAR, PAST = (
    "2027-11-23T12:00:00Z",
    "2026-12-23T12:00:00Z",
    "2026-12-23T11:59:59Z",
    "2026-11-24T00:00:00Z",
    "2026-11-23T12:00:00Z",  # this very moment
)
IMPORTED = {"Type": "IMPORTED", "RenewalEligibility": "INELIGIBLE"}


def judged(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


CASES: list[tuple[str, str | None, dict[str, Any], str]] = [
    ("imported, good for long", FAR, IMPORTED, "pass"),
    ("imported, good for exactly long enough", LIMIT, IMPORTED, "pass"),
    ("imported, a second short", SHORT, IMPORTED, "fail"),
    ("imported, over", PAST, {**IMPORTED, "Status": "EXPIRED"}, "fail"),
    ("imported, over, and not called so yet", PAST, IMPORTED, "fail"),
    ("private, near", NEAR, {"Type": "PRIVATE"}, "fail"),
    ("amazon, near, not begun", NEAR, {}, "pass"),
    ("amazon, near, under way", NEAR, {"renewal": "PENDING_AUTO_RENEWAL"}, "pass"),
    ("amazon, near, done before", NEAR, {"renewal": "SUCCESS"}, "pass"),
    ("amazon, near, waits for somebody", NEAR, {"renewal": "PENDING_VALIDATION"}, "fail"),
    ("amazon, near, failed", NEAR, {"renewal": "FAILED"}, "fail"),
    ("amazon, near, a word that is new", NEAR, {"renewal": "PAUSED"}, "fail"),
    ("amazon, near, not renewed", NEAR, {"RenewalEligibility": "INELIGIBLE"}, "fail"),
    ("amazon, far, failed", FAR, {"renewal": "FAILED"}, "pass"),
    ("amazon, over, under way", PAST, {"renewal": "PENDING_AUTO_RENEWAL"}, "fail"),
    ("amazon, revoked", FAR, {"Status": "REVOKED"}, "fail"),
    ("amazon, a status that is new", FAR, {"Status": "SUSPECT"}, "fail"),
    (
        "amazon, unused, over",
        PAST,
        {"Status": "EXPIRED", "InUse": False, "RenewalEligibility": "INELIGIBLE"},
        "not_applicable",
    ),
    ("amazon, never issued", None, {"Status": "PENDING_VALIDATION", "InUse": False}, "not_applicable"),
]


def test_certificates_in_use_are_judged_by_their_end_and_their_renewal(aws_env: AwsWire) -> None:
    certificates(aws_env, *(certificate(name, end, **other) for name, end, other, _ in CASES))
    aws_env.traffic.reset()
    _, findings = scan((CHECK,), now=AS_OF)
    assert judged(findings) == {name: verdict for name, _, _, verdict in CASES}
    amazons = [name for name, _, other, _ in CASES if "Type" not in other and other.get("InUse", True)]
    assert aws_env.traffic.calls["acm:DescribeCertificate"] == len(amazons)
    assert not aws_env.traffic.repeats


def test_certificates_of_every_key_and_origin_are_listed(aws_env: AwsWire) -> None:
    model = service_model("acm")
    assert set(KEY_TYPES) == set(model.shape_for("KeyAlgorithm").enum)
    assert set(KEY_PAIR_ORIGINS) == set(model.shape_for("CertificateKeyPairOrigin").enum)
    made = [certificate(key, FAR, KeyAlgorithm=key) for key in KEY_TYPES]
    made += [certificate(origin, FAR, CertificateKeyPairOrigin=origin) for origin in KEY_PAIR_ORIGINS]
    certificates(aws_env, *made)
    _, findings = scan((CHECK,))
    assert judged(findings) == dict.fromkeys((*KEY_TYPES, *KEY_PAIR_ORIGINS), "pass")


@pytest.mark.parametrize("missing", ["InUse", "Status", "NotAfter", "Type", "RenewalEligibility"])
def test_a_certificate_without_what_decides_is_unknown(aws_env: AwsWire, missing: str) -> None:
    certificates(aws_env, certificate("www", NEAR))
    aws_env.overrides.without("acm:ListCertificates", f"CertificateSummaryList.{missing}")
    _, findings = scan((CHECK,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error", "truncated"])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("acm:ListCertificates", {"unknown"}),
        ("acm:DescribeCertificate", {"pass", "unknown"}),  # one is good for long, whatever its renewal
    ],
)
def test_what_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, expected: set[str]) -> None:
    certificates(aws_env, certificate("far", FAR), certificate("near", NEAR))
    aws_env.faults.add(kind, operation)
    _, findings = scan((CHECK,))
    assert {f.verdict for f in findings} == expected


def test_an_answer_about_nothing_is_no_renewal_that_has_not_begun(aws_env: AwsWire) -> None:
    certificates(aws_env, certificate("near", NEAR, renewal="FAILED"))
    aws_env.overrides.answer("acm:DescribeCertificate", {"Certificate": {}})
    _, findings = scan((CHECK,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


def test_a_certificate_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    certificates(aws_env, certificate("near", NEAR))
    aws_env.faults.add("error", "acm:DescribeCertificate", code="ResourceNotFoundException", status=400)
    snapshot, findings = scan((CHECK,))
    assert (findings, snapshot.resources) == ((), ())


def test_certificates_are_read_as_they_are_and_in_pages_of_one_too(aws_env: AwsWire) -> None:
    certificates(aws_env, certificate("a", NEAR, renewal="SUCCESS"), certificate("b", FAR, **IMPORTED))
    names = {"type", "status", "in_use", "not_after", "renewal_eligibility", "renewal_status"}
    whole = read({"AWS::CertificateManager::Certificate": names}).resources
    assert [item.properties for item in whole] == [
        {
            "type": "AMAZON_ISSUED",
            "status": "ISSUED",
            "in_use": True,
            "not_after": NEAR,
            "renewal_eligibility": "ELIGIBLE",
            "renewal_status": "SUCCESS",
        },
        {
            "type": "IMPORTED",
            "status": "ISSUED",
            "in_use": True,
            "not_after": FAR,
            "renewal_eligibility": "INELIGIBLE",
            "renewal_status": None,
        },
    ]
    aws_env.paging.size = 1
    assert read({"AWS::CertificateManager::Certificate": names}).resources == whole
