"""The least privilege that a plan takes, in the vendor's own form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from engine.collection.planner import Plan
from providers import Declared


def actions(plan: Plan, declared: Declared) -> tuple[str, ...]:
    """The actions that the plan and the discovery before it take, sorted."""
    return tuple(sorted({*plan.permissions, *(name for _, needed in declared.discovery for name in needed)}))


def aws_policy(names: Iterable[str]) -> str:
    """An IAM identity policy (JSON) that allows these actions: reads only, on every resource.

    The actions are listings and account-wide reads, most of which IAM cannot narrow to a resource.
    """
    statement = {"Sid": "AuditreelRead", "Effect": "Allow", "Action": sorted(names), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


POLICIES: Final[Mapping[str, Callable[[Iterable[str]], str]]] = {"aws": aws_policy}
"""By provider: the policy that grants actions."""
