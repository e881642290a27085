"""What an identity policy grants without limit: everything, or whole families of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.cidrs import joined, network
from engine.expressions.functions.iam_document import (
    EVERY_ACTION,
    EVERYTHING,
    Condition,
    Statement,
    listed,
    normal_action,
    statements,
)
from engine.expressions.functions.wildcards import covers

_ANY_RESOURCE: Final = tuple(f"arn:{partition}:*:*:*:*" for partition in ("aws", "aws-cn", "aws-us-gov"))


def administrative_statements(document: Any) -> list[str]:
    """Allow statements of an identity policy that grant all actions (or all but some) on all resources, in its order.

    Every action is ``*`` or ``*:*``, and so is NotAction: whatever it names, it grants all services but some, those to
    come too. Every resource is ``*``, a pattern of every ARN, or NotResource. A statement with a condition is none,
    unless the condition is one that anybody meets: a value of ``*`` or 0.0.0.0/0, or aws:SecureTransport true. One
    unconditional Deny of everything takes it all back. Raises EvaluationError for a document that is malformed or names
    no resources.
    """
    allowed, denied = _grants(document)
    if any(denial.surely_holds_for(EVERY_ACTION, EVERYTHING) for denial in denied):
        return []
    return [
        statement.named(_written(statement))
        for statement in allowed
        if _every_action(statement) and on_every_resource(statement)
    ]


def granted_unconditionally(document: Any, actions: Sequence[str]) -> list[str]:
    """Those of ``actions`` that one Allow of an identity policy grants in full, on every resource and unconditionally.

    ``actions`` are patterns ("kms:*", "cloudtrail:StopLogging"). One is granted in full where an Action matches all
    that it matches, or a NotAction none of it. "On every resource" and "unconditionally" as in
    :func:`administrative_statements`. An action that an unconditional Deny covers on all resources is not granted. The
    order is that of ``actions``. Raises EvaluationError for a document that is malformed or names no resources.
    """
    allowed, denied = _grants(document)
    broad = [statement for statement in allowed if on_every_resource(statement)]
    return [
        action
        for action in actions
        if any(statement.covers_action(normal_action(action)) for statement in broad)
        and not any(denial.surely_holds_for(normal_action(action), EVERYTHING) for denial in denied)
    ]


def identity_statements(document: Any) -> tuple[Statement, ...]:
    """The statements of an identity policy. Raises EvaluationError for a malformed one, or one without resources."""
    parsed = statements(document)
    for statement in parsed:
        if not statement.resources:
            raise EvaluationError(f"statement {statement.position} of the policy document names no Resource")
    return parsed


def unconditional(statement: Statement) -> bool:
    """Whether a statement has no condition that anybody could fail to meet."""
    # Each is judged, so that an address that is none is an error wherever it stands.
    vacuous = [_vacuous(condition) for condition in statement.conditions]
    return all(vacuous)


def on_every_resource(statement: Statement) -> bool:
    """Whether a statement is about every resource, or about all but some."""
    if statement.all_resources_but:
        return not any(_every_arn(pattern) for pattern in statement.resources)
    return any(_every_arn(pattern) for pattern in statement.resources)


def _grants(document: Any) -> tuple[list[Statement], list[Statement]]:
    """The unconditional Allows of an identity policy, and its Denies that have no condition at all."""
    parsed = identity_statements(document)
    allowed = [statement for statement in parsed if statement.allows and unconditional(statement)]
    denied = [statement for statement in parsed if not statement.allows and not statement.conditions]
    return allowed, denied


def _every_arn(pattern: str) -> bool:
    return covers(pattern, EVERYTHING) or any(covers(pattern, arn) for arn in _ANY_RESOURCE)


def _every_action(statement: Statement) -> bool:
    everything_named = any(covers(pattern, EVERY_ACTION) for pattern in statement.actions)
    return everything_named is not statement.all_actions_but


def _vacuous(condition: Condition) -> bool:
    if condition.operator in ("stringlike", "arnlike", "arnequals"):
        return any(set(value) == {"*"} for value in condition.values)
    if condition.operator == "ipaddress":
        return any(block.prefixlen == 0 for block in joined(network(value) for value in condition.values))
    return condition.operator == "bool" and condition.key == "aws:securetransport" and "true" in condition.values


def _written(statement: Statement) -> str:
    action = "NotAction" if statement.all_actions_but else "Action"
    resource = "NotResource" if statement.all_resources_but else "Resource"
    actions = listed(EVERYTHING if text == EVERY_ACTION else text for text in statement.actions)
    return f"{action} {actions} on {resource} {listed(statement.resources)}"
