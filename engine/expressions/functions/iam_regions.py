"""Whether a service control policy keeps actions out of regions that nobody chose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_conditions import Condition
from engine.expressions.functions.iam_document import EVERYTHING, Statement, normal_action, statements
from engine.expressions.functions.wildcards import matches, surely_covers

_REGION: Final = "aws:requestedregion"
_ELSEWHERE: Final = frozenset(("stringnotequals", "stringnotequalsignorecase", "stringnotlike"))
_SPARED: Final = frozenset(("arnnotequals", "arnnotlike", "stringnotequals", "stringnotlike"))
_AREA: Final = re.compile(r"[a-z]{2,3}-.*")
_PRINCIPAL: Final = re.compile(r"\*?(?:role|user)/(.*)")
_LEAST_NAME: Final = 4
"""Letters and digits without which a pattern names nobody: ``*-a*`` is anybody's."""
_SIGNED_IN: Final = tuple(
    f"role/aws-reserved/sso.amazonaws.com/{region}AWSReservedSSO_\0" for region in ("", "eu-west-1/")
)
"""The role of some permission set of IAM Identity Center: whoever spares it spares all who sign in."""


def denies_outside_regions(document: Any, actions: Sequence[str], regions: Sequence[str]) -> bool:
    """Whether a service control policy denies each of ``actions`` on every resource in every region but ``regions``.

    ``regions`` may hold patterns ("eu-*"). Where they are empty, any regions count that the policy names, a pattern if
    it begins with an area ("eu-*", not "*"). Several statements may share the actions. A statement counts if it is a
    Deny on every resource whose condition is aws:RequestedRegion not being one of some regions (Organizations User
    Guide, "Deny access to AWS based on the requested AWS Region"), and beside that at most principals who are spared by
    name (ArnNotLike aws:PrincipalArn): a pattern of every role, or of all whom Identity Center signs in, spares
    everybody. Any other condition could lift the denial, so that such a statement does not count. What an allow-list
    leaves out is not recognised. Raises EvaluationError for a malformed document.
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
        and condition.refuses_all_but_values
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
        and condition.refuses_all_but_values
        and all(_named(value) for value in condition.values)
    )


def _named(pattern: str) -> bool:
    principal = pattern.rpartition(":")[2]
    found = _PRINCIPAL.fullmatch(principal)
    return (
        found is not None
        and "${" not in pattern
        and sum(character.isalnum() for character in found[1]) >= _LEAST_NAME
        and not any(matches(principal, role) for role in _SIGNED_IN)
    )
