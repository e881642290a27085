"""The account and region of each planned resource, as far as the plan tells.

A region is the resource's own attribute (provider version 6), else in its ARN, else its provider configuration's. An
account is in an ARN. The configurations of a plan are taken for one account's unless ARNs of two are seen: the plan
then tells the account of those resources and provider configurations only whose ARNs show it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from providers.terraform.configured import configuration, configured
from providers.terraform.mapping import Where
from providers.terraform.plan import Plan, Planned

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):[a-z0-9-]*:(?P<region>[a-z0-9-]*):(?P<account>\d{12})?:", re.ASCII
)
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


def whereabouts(plan: Plan, changes: Iterable[Planned]) -> dict[str, Where]:
    """Where each of these resources is or will be, by address."""
    rows = list(changes)
    shown: dict[str, set[str]] = defaultdict(set)
    arns = {change.address: _arn(change) for change in rows}
    for change in rows:
        arn = arns[change.address]
        if arn is not None and arn["account"]:
            shown[configuration(change)].add(arn["account"])
    everywhere = set().union(*shown.values()) if shown else set()
    return {
        change.address: _where(plan, change, arns[change.address], shown[configuration(change)] or everywhere)
        for change in rows
    }


def _where(plan: Plan, change: Planned, arn: re.Match[str] | None, accounts: set[str]) -> Where:
    region = _own_region(change) or (arn["region"] if arn is not None else "") or _configured(plan, change)
    account = arn["account"] if arn is not None else None
    if not account and len(accounts) == 1:
        account = next(iter(accounts))
    partition = arn["partition"] if arn is not None else _partition(region)
    return Where(account or None, region or None, partition)


def _arn(change: Planned) -> re.Match[str] | None:
    for values in (change.before, change.after):
        arn = (values or {}).get("arn")
        match = _ARN.match(arn) if isinstance(arn, str) else None
        if match is not None:
            return match
    return None


def _own_region(change: Planned) -> str | None:
    for values in (change.after, change.before):
        for name, cut in (("region", None), ("availability_zone", -1)):
            value = (values or {}).get(name)
            if isinstance(value, str) and _REGION.match(value):
                return value if cut is None or value[-1:].isdigit() else value[:cut]
    return None


def _configured(plan: Plan, change: Planned) -> str | None:
    value = configured(plan, change, ("aws",), "region")
    return value if isinstance(value, str) and _REGION.fullmatch(value) else None


def _partition(region: str | None) -> str:
    return next((name for start, name in _PARTITIONS if (region or "").startswith(start)), "aws")
