"""What one run judged and another did not: accounts, regions, checks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from engine.diffs import Uncovered
from engine.evidence.period.looks import ANY, View
from engine.model import Scope

Left = Sequence[tuple[Scope, str]]
"""The scopes that a run left out on purpose, each with why."""


def uncovered(before: View, after: View, left: Left) -> Iterator[Uncovered]:
    """What ``before`` judged and ``after`` did not, which left out ``left``: an account once, where all of it is lost.

    A check that is not selected any more is told once, wherever it was judged.
    """
    judged = after.pairs().keys()
    lost, dropped = Counter[Scope](), set[str]()
    kept: set[tuple[str, str]] = set()
    for scope, check in before.pairs():
        if ANY in (scope.account, scope.region):
            continue  # it stands for what could not be found or entered
        if (scope, check) in judged:
            kept.add((scope.provider, scope.account))
        elif check in after.checks:
            lost[scope] += 1
        else:
            dropped.add(check)
    told: set[tuple[str, str]] = set()
    for scope in sorted(lost):
        account = (scope.provider, scope.account)
        if account in kept:
            yield Uncovered("region", str(scope), lost[scope], _why(scope, after, left))
        elif account not in told:
            told.add(account)
            most = max(count for other, count in lost.items() if (other.provider, other.account) == account)
            yield Uncovered("account", scope.account, most, _why(scope, after, left))
    for check in sorted(dropped):
        why = "the second run was asked for a part" if after.filtered else "it is not selected any more"
        yield Uncovered("check", check, 1, why)


def _why(scope: Scope, after: View, left: Left) -> str:
    if not after.within(scope):
        return "the second run was not asked for it"
    for place, why in left:
        if (place.provider, place.account) == (scope.provider, scope.account) and place.region in (scope.region, ANY):
            return f"left out: {why}"
    if any(item.provider == scope.provider and item.region == ANY for item in after.asked):
        return "it could not be read or found"
    return "it was not there to be asked" if after.gone(scope) else "it was not judged there"
