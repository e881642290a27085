"""What judging a plan costs: 1,000 and 10,000 resources in modules, half of them parts of others.

    python -m benchmarks.gate [--resources 1000 10000]

Each plan is judged by a process of its own with every check that it can judge.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.measured import cost, offline
from tests.plans import PlanBuilder, Ref

TRUST = '{"Version":"2012-10-17","Statement":[]}'


def plan(resources: int) -> PlanBuilder:
    """A plan of this many resources, ten a team: a bucket, a key, a group, a database and a role, and their parts."""
    made = PlanBuilder()
    for number in range(resources // 10):
        at = f"module.team{number % 7}."
        bucket, group, role = (
            Ref(f"{kind}.r{number}.id") for kind in ("aws_s3_bucket", "aws_security_group", "aws_iam_role")
        )
        blocked = dict.fromkeys(
            ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
        )
        cidr = "0.0.0.0/0" if number % 5 == 0 else "10.0.0.0/8"
        for kind, values in (
            ("aws_s3_bucket", {"bucket": f"bucket-{number}"}),
            ("aws_s3_bucket_versioning", {"bucket": bucket, "versioning_configuration": [{"status": "Enabled"}]}),
            ("aws_s3_bucket_public_access_block", {"bucket": bucket, **blocked}),
            ("aws_kms_key", {"enable_key_rotation": number % 3 == 0}),
            ("aws_security_group", {"name": f"group-{number}"}),
            (
                "aws_vpc_security_group_ingress_rule",
                {"security_group_id": group, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": cidr},
            ),
            (
                "aws_vpc_security_group_egress_rule",
                {"security_group_id": group, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"},
            ),
            ("aws_db_instance", {"identifier": f"database-{number}", "engine": "postgres", "storage_encrypted": True}),
            ("aws_iam_role", {"name": f"role-{number}", "assume_role_policy": TRUST}),
            ("aws_iam_role_policy_attachment", {"role": role, "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ):
            made.create(f"{at}{kind}.r{number}", **values)  # type: ignore[arg-type]
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, nargs="+", default=[1000, 10000])
    with tempfile.TemporaryDirectory() as home:
        for resources in parser.parse_args().resources:
            path = plan(resources).write(Path(home) / f"{resources}.json")
            used = cost((sys.executable, "-m", "engine", "gate", str(path)), offline(home))
            print(f"{resources:,} resources: {used.cpu:.1f} s of CPU, {used.peak:.0f} MB, exit {used.code}")


if __name__ == "__main__":
    main()
