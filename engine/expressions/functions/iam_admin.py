"""What an identity policy grants without limit: everything, or whole families of actions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_callers import narrow_networks
from engine.expressions.functions.iam_conditions import Condition, is_true, says_nothing
from engine.expressions.functions.iam_document import (
    EVERY_ACTION,
    EVERYTHING,
    PARTITIONS,
    Statement,
    listed,
    normal_action,
    statements,
)
from engine.expressions.functions.wildcards import covers, surely_covers

_SOME_ACCOUNT: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])|\$\{[^}]*\}")
_CHIEF: Final = {"cloudtrail": "trail/*", "kms": "key/*"}
"""What the actions of a service are about: who has them all on every trail has full control of the trails."""
_HOLDERS: Final = re.compile(
    r"aws:(?:principal(?:arn|account|orgid|orgpaths|type|tag/.*)|username|userid|tokenissuetime|sourceidentity"
    r"|resource(?:account|orgid|orgpaths)|currenttime|epochtime|securetransport|useragent|referer)"
)
"""Condition keys of who holds the policy, in whose account, when, and of what the holder only has to say."""
_ALWAYS_THERE: Final = "aws:requestedregion"
_MFA_AGE: Final = "aws:multifactorauthage"


def administrative_statements(document: Any) -> list[str]:
    """Allow statements of an identity policy that grant all actions (or all but some) on all resources, in its order.

    Every action is ``*`` or ``*:*``, and so is NotAction: whatever it names, it grants all services but some, those to
    come too. Every resource is ``*``, a pattern of every ARN, be it of one account, or NotResource. A statement with a
    condition that limits what the holder may do (:func:`unconditional`) is none. One unconditional Deny of everything
    takes it all back. Raises EvaluationError for a document that is malformed or names no resources.
    """
    allowed, denied = _grants(document)
    if any(denial.surely_holds_for(EVERY_ACTION, EVERYTHING) for denial in denied):
        return []
    return [
        statement.named(_written(statement))
        for statement in allowed
        if _every_action(statement) and _on_every_resource(statement)
    ]


def granted_unconditionally(document: Any, actions: Sequence[str]) -> list[str]:
    """Those of ``actions`` that one Allow of an identity policy grants in full, on every resource and unconditionally.

    ``actions`` are patterns ("kms:*", "cloudtrail:StopLogging"). One is granted in full where an Action matches all
    that it matches, or a NotAction none of it. Every resource is every one of the action's service, or every one of the
    kind that the service is about (``key/*``); "unconditionally" as in :func:`administrative_statements`. An action
    that an unconditional Deny covers on all resources is not granted. The order is that of ``actions``. Raises
    EvaluationError for a document that is malformed or names no resources.
    """
    allowed, denied = _grants(document)
    return [
        action
        for action in actions
        if any(
            statement.covers_action(normal_action(action)) and _on_every_resource(statement, action)
            for statement in allowed
        )
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
    """Whether no condition of a statement limits what its holder may do.

    A condition limits where a request must bring something that not every request has: MFA, an address, a region, a tag
    of the resource. One does not that a request passes without the key (IfExists, ForAllValues) or with most values
    (StringNotEquals, ``*``, 0.0.0.0/0, "false"), or that says who the holder is, in whose account and until when
    (aws:PrincipalTag, aws:ResourceAccount, aws:CurrentTime): that holder may then do everything.
    """
    # Each is judged, so that an address that is none is an error wherever it stands.
    limiting = [_limits(condition) for condition in statement.conditions]
    return not any(limiting)


def _grants(document: Any) -> tuple[list[Statement], list[Statement]]:
    """The unconditional Allows of an identity policy, and its Denies that have no condition at all."""
    parsed = identity_statements(document)
    allowed = [statement for statement in parsed if statement.allows and unconditional(statement)]
    denied = [statement for statement in parsed if not statement.allows and not statement.conditions]
    return allowed, denied


def _on_every_resource(statement: Statement, action: str = EVERYTHING) -> bool:
    """Whether a statement is about every resource that the action's service has, or about all but some."""
    if statement.all_resources_but:
        return not any(surely_covers(pattern, EVERYTHING) for pattern in statement.resources)
    service = action.partition(":")[0].lower()
    names = (EVERYTHING, _CHIEF.get(service, EVERYTHING))
    return any(_every_arn(pattern, service, name) for pattern in statement.resources for name in names)


def _every_arn(pattern: str, service: str, name: str) -> bool:
    """Whether a pattern is about every ARN of a service with such a name, in every account or in one."""
    accounts = (EVERYTHING, *_SOME_ACCOUNT.findall(pattern))
    return covers(pattern, EVERYTHING) or any(
        covers(pattern, f"arn:{partition}:{service}:*:{account}:{name}")
        for partition in PARTITIONS
        for account in accounts
    )


def _every_action(statement: Statement) -> bool:
    if statement.all_actions_but:
        return not any(surely_covers(pattern, EVERY_ACTION) for pattern in statement.actions)
    return any(covers(pattern, EVERY_ACTION) for pattern in statement.actions)


def _limits(condition: Condition) -> bool:
    if condition.operator == "ipaddress":
        return narrow_networks(condition.values) and condition.demands_key
    if condition.operator == "null":
        # Only who signed in with MFA has the key; others are there with every kind of credentials.
        return condition.demands_key and condition.key == _MFA_AGE
    demanded = condition.demands_key or (condition.key == _ALWAYS_THERE and bool(condition.values))
    if not demanded or condition.negated or _HOLDERS.fullmatch(condition.key):
        return False
    if condition.operator == "bool":
        return is_true(condition, condition.key)
    return not any(says_nothing(value) for value in condition.values)


def _written(statement: Statement) -> str:
    action = "NotAction" if statement.all_actions_but else "Action"
    resource = "NotResource" if statement.all_resources_but else "Resource"
    actions = listed(EVERYTHING if text == EVERY_ACTION else text for text in statement.actions)
    return f"{action} {actions} on {resource} {listed(statement.resources)}"
