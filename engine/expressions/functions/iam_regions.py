"""Whether a service control policy keeps actions out of regions that nobody chose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_document import EVERYTHING, Condition, Statement, normal_action, statements
from engine.expressions.functions.wildcards import matches, surely_covers

_REGION: Final = "aws:requestedregion"
_ELSEWHERE: Final = frozenset(("stringnotequals", "stringnotequalsignorecase", "stringnotlike"))
_SPARED: Final = frozenset(("arnnotequals", "arnnotlike", "stringnotequals", "stringnotlike"))
_AREA: Final = re.compile(r"[a-z]{2,3}-.*")
_NAMED_PRINCIPAL: Final = re.compile(r"(?:role|user|assumed-role)/.*[A-Za-z0-9]")


def denies_outside_regions(document: Any, actions: Sequence[str], regions: Sequence[str]) -> bool:
    """Whether a service control policy denies each of ``actions`` on every resource in every region but ``regions``.

    ``regions`` may hold patterns ("eu-*"). Where they are empty, any regions count that the policy names, a pattern if
    it begins with an area ("eu-*", not "*"). Several statements may share the actions. A statement counts if it is a
    Deny on every resource whose condition is aws:RequestedRegion not being one of some regions (Organizations User
    Guide, "Deny access to AWS based on the requested AWS Region"), and beside that at most principals who are spared by
    name (ArnNotLike aws:PrincipalArn): a pattern of every role spares everybody. Any other condition could lift the
    denial, so that such a statement does not count. What an allow-list leaves out is not recognised. Raises
    EvaluationError for a malformed document.
    """
    if not actions:
        raise EvaluationError("no actions are named that should be denied elsewhere")
    denials = [statement for statement in statements(document) if _denies_elsewhere(statement, regions)]
    return all(
        any(denial.surely_holds_for(normal_action(action), EVERYTHING) for denial in denials) for action in actions
    )


def _denies_elsewhere(statement: Statement, regions: Sequence[str]) -> bool:
    elsewhere = [condition for condition in statement.conditions if condition.key == _REGION]
    others = [condition for condition in statement.conditions if condition.key != _REGION]
    return (
        not statement.allows
        and bool(statement.resources)
        and bool(elsewhere)
        and all(_outside(condition, regions) for condition in elsewhere)
        and all(_spares_few(condition) for condition in others)
    )


def _outside(condition: Condition, regions: Sequence[str]) -> bool:
    """Whether a condition holds in all regions but some of ``regions``. The key is in every request."""
    patterns = condition.operator == "stringnotlike"
    return (
        condition.operator in _ELSEWHERE
        and bool(condition.values)
        and all(_chosen(value, patterns, regions) for value in condition.values)
    )


def _chosen(region: str, pattern: bool, regions: Sequence[str]) -> bool:
    if "${" in region:
        return False
    if not pattern:
        # Here a wildcard is a character like any other, and so a region that does not exist.
        return not regions or any(matches(chosen, region) for chosen in regions)
    return any(surely_covers(chosen, region) for chosen in regions) if regions else bool(_AREA.fullmatch(region))


def _spares_few(condition: Condition) -> bool:
    """Whether a condition lifts the denial from principals that are named, and from nobody else."""
    return (
        condition.key == "aws:principalarn"
        and condition.operator in _SPARED
        and bool(condition.values)
        and all(_named(value) for value in condition.values)
    )


def _named(principal: str) -> bool:
    return "${" not in principal and bool(_NAMED_PRINCIPAL.search(principal.rpartition(":")[2]))
