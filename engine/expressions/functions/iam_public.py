"""Statements of resource policies that let anyone in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_callers import limits_callers, open_principal, spares_only_chosen
from engine.expressions.functions.iam_document import (
    EVERY_ACTION,
    EVERYTHING,
    PrincipalKind,
    Statement,
    listed,
    statements,
)


def public_statements(document: Any) -> list[str]:
    """Allow statements of a resource policy that let anyone in, each with the reason, in the order of the policy.

    ``document`` is a policy of S3, SQS, SNS, KMS, Lambda, Secrets Manager and the like, or null. The rule is that of
    :mod:`.iam_callers`; Allow with NotPrincipal is everyone else and so public. A Deny is taken into account only where
    it leaves no stranger anything of the statement: on all its actions and resources, for everyone, or for all but
    callers that someone chose (NotPrincipal, StringNotEquals aws:PrincipalOrgID). Any other Deny is ignored, so that a
    policy whose statements interlock is called public rather than private. Raises EvaluationError for a document that
    is malformed or names no principals.
    """
    found = []
    for statement in _effective_allows(document, spares_only_chosen):
        principals = _open_principals(statement)
        if principals and not limits_callers(statement):
            found.append(statement.named(principals + remark(statement)))
    return found


def effective_allows(document: Any) -> list[Statement]:
    """The Allow statements of a resource policy of which no unconditional Deny for everyone takes all.

    Raises EvaluationError for a document that is malformed or has a statement without principals.
    """
    return _effective_allows(document, lambda denial: denial.addresses_everyone and not denial.conditions)


def _effective_allows(document: Any, counts: Callable[[Statement], bool]) -> list[Statement]:
    """The Allow statements of which no Deny that ``counts`` takes all."""
    parsed = statements(document)
    for statement in parsed:
        if statement.principals is None:
            raise EvaluationError(f"statement {statement.position} of the policy document names no Principal")
    denials = [statement for statement in parsed if not statement.allows and counts(statement)]
    return [statement for statement in parsed if statement.allows and not _taken(statement, denials)]


def principal(kind: PrincipalKind, value: str) -> str:
    """A principal in a message."""
    return f"Principal {value}" if kind == "AWS" else f"{kind} {value}"


def remark(statement: Statement) -> str:
    """What a message says of the conditions of a statement whose callers they do not limit."""
    return ", and no condition limits the caller" if statement.conditions else ""


def _taken(statement: Statement, denials: list[Statement]) -> bool:
    actions = (EVERY_ACTION,) if statement.all_actions_but else statement.actions
    resources = (EVERYTHING,) if statement.all_resources_but else statement.resources or (EVERYTHING,)
    return all(
        any(denial.surely_holds_for(action, resource) for denial in denials)
        for action in actions
        for resource in resources
    )


def _open_principals(statement: Statement) -> str:
    if statement.all_principals_but:
        return "NotPrincipal"
    return listed(principal(kind, value) for kind, value in statement.principals or () if open_principal(kind, value))
