"""The doctor's page: what lacks a permission is told one by one, what did not answer by its cause."""

from __future__ import annotations

from engine.cli.doctor import lines
from engine.report import Options
from engine.report.layout import page
from engine.run.doctor import Denied, Diagnosis


def shown(*denied: Denied) -> list[str]:
    found = Diagnosis("aws", {}, ("eu-west-1",), (), 20, (), denied, 0.0, {})
    return [line.rstrip() for line in lines(found, page(Options(100))) if line.startswith(("  ", "Reads"))]


def test_reads_that_failed_for_one_cause_share_a_line_and_each_missing_permission_has_its_own() -> None:
    silent = [Denied(f"ec2:Describe{name}", "unavailable", "", "ReadTimeoutError") for name in ("Vpcs", "Images")]

    assert shown(
        silent[0],
        Denied("s3:ListBuckets", "access_denied", "s3:ListAllMyBuckets", "AccessDenied"),
        Denied("emr:GetBlockPublicAccessConfiguration", "missing_attribute", "", ""),
        silent[1],
    ) == [
        "Reads     20 kinds tried, 4 not answered",
        "  denied  s3:ListBuckets: access denied (AccessDenied), grant s3:ListAllMyBuckets",
        "  failed  unavailable (ReadTimeoutError): ec2:DescribeVpcs, ec2:DescribeImages",
        "  failed  missing attribute: emr:GetBlockPublicAccessConfiguration",
    ]
