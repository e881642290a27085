"""What judging a plan costs: 1,000 and 10,000 resources in modules, half of them parts of others.

    python -m benchmarks.gate [--resources 1000 10000] [--all]

Each plan is judged by a process of its own with 60 checks, those that have most to judge in it; with ``--all`` by every
check that a plan can judge. Beside it stand a calibration (``json.load`` of the same plan) and the start alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.measured import cost, offline
from tests.plans import PlanBuilder, Ref

CHECKS: Final = 60
GATE: Final = (sys.executable, "-m", "engine", "gate")
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
            ("aws_kms_key", {"enable_key_rotation": number % 3 == 0, "customer_master_key_spec": "SYMMETRIC_DEFAULT"}),
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


def chosen(home: str, environment: Mapping[str, str]) -> list[str]:
    """The arguments that select the 60 checks with most verdicts in such a plan."""
    path = plan(10).write(Path(home) / "small.json")
    done = subprocess.run(
        [*GATE, str(path), "--format", "json"], env=dict(environment), capture_output=True, check=False
    )
    found = json.loads(done.stdout)
    judged = Counter(row["check"] for row in found["verdicts"])
    ids = sorted((row["id"] for row in found["checks"]), key=lambda id_: (-judged[id_], id_))[:CHECKS]
    return [text for id_ in ids for text in ("--check", id_)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--all", action="store_true", help="with every check that a plan can judge")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = offline(home)
        checks = [] if given.all else chosen(home, environment)
        start = cost((*GATE, "--help"), environment)
        for resources in given.resources:
            path = plan(resources).write(Path(home) / f"{resources}.json")
            used = cost((*GATE, str(path), *checks), environment)
            floor = cost(
                (sys.executable, "-c", "import json, sys; json.load(open(sys.argv[1]))", str(path)), environment
            )
            print(
                f"{resources:,} resources: {used.cpu:.1f} s of CPU, {used.peak:.0f} MB, exit {used.code}; "
                f"calibration {floor.cpu:.2f} s, start {start.cpu:.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
