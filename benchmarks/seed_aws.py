"""Fills an AWS mock with an account of a given size: the resources that checks read, good ones and bad ones.

    python -m benchmarks.seed_aws --endpoint http://127.0.0.1:5000 --size medium

What is made depends on the size alone (see :mod:`benchmarks.aws_resources`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks import aws_resources as make

SizeName = Literal["small", "medium", "large"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: what makes the one with a number, and how many there are of it in each size."""

    make: Callable[[make.Account, int], None]
    small: int
    medium: int
    large: int


STAGES: Final = (
    (
        Kind(make.alarm, 3, 20, 150),
        Kind(make.bucket, 7, 60, 500),
        Kind(make.database, 2, 20, 150),
        Kind(make.file_system, 1, 6, 30),
        Kind(make.group, 2, 10, 50),
        Kind(make.image, 1, 6, 30),
        Kind(make.instance, 4, 60, 500),
        Kind(make.key, 4, 25, 200),
        Kind(make.log_group, 4, 40, 350),
        Kind(make.managed_policy, 4, 40, 300),
        Kind(make.queue, 3, 25, 250),
        Kind(make.role, 6, 60, 450),
        Kind(make.secret, 2, 20, 200),
        Kind(make.security_group, 6, 48, 400),
        Kind(make.snapshot, 3, 40, 300),
        Kind(make.table, 3, 30, 250),
        Kind(make.user, 6, 44, 305),
        Kind(make.volume, 4, 40, 100),
    ),
    (
        Kind(make.function, 3, 35, 300),
        Kind(make.load_balancer, 1, 10, 50),
        Kind(make.network, 1, 4, 12),
        Kind(make.topic, 2, 20, 150),
        Kind(make.trail, 1, 2, 5),
    ),
)
"""Kinds that others lean on come first."""


def counts(size: SizeName) -> dict[str, int]:
    """How many resources of each kind an account of this size has; instances' own volumes are not counted."""
    return {kind.make.__name__: getattr(kind, size) for stage in STAGES for kind in stage}


def seed(endpoint: str, size: SizeName, region: str = "us-east-1") -> make.Account:
    """Fill the account behind ``endpoint``. Raises what botocore raises for a resource that could not be made."""
    aws = make.Account(endpoint, region)
    with ThreadPoolExecutor(make.CONNECTIONS) as pool:
        for stage in STAGES:
            jobs = [pool.submit(kind.make, aws, n) for kind in stage for n in range(getattr(kind, size))]
            for job in jobs:
                job.result()
    return aws


def main() -> None:
    """Seed and say what was made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--size", choices=("small", "medium", "large"), default="small")
    parser.add_argument("--region", default="us-east-1")
    given = parser.parse_args()
    start = time.perf_counter()
    account = seed(given.endpoint, given.size, given.region)
    made = counts(given.size)
    seconds = time.perf_counter() - start
    print(f"{sum(made.values())} resources, {account.calls} calls, {seconds:.1f} s: {json.dumps(made)}")


if __name__ == "__main__":
    main()
