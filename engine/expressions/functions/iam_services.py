"""Which AWS services a policy document lets do something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expressions.functions.iam_conditions import is_true
from engine.expressions.functions.iam_document import EVERYTHING
from engine.expressions.functions.iam_public import effective_allows


def allowed_services(document: Any, action: str, other_ways: Sequence[str]) -> list[str]:
    """The service principals that Allow statements let do ``action`` ("s3.amazonaws.com"), each once, sorted.

    ``"*"`` is among them where a statement lets in everyone, and so any service too. Which sources a service may act
    for does not matter. ``other_ways`` are boolean condition keys: a statement that demands one of them to be true is
    about a way that no service takes ("lambda:InvokedViaFunctionUrl"), and is left out. Raises EvaluationError for a
    document that is malformed or names no principals.
    """
    keys = frozenset(key.lower() for key in other_ways)
    found: set[str] = set()
    for statement in effective_allows(document):
        if not statement.includes_action(action.lower()):
            continue
        if any(is_true(condition, key) for condition in statement.conditions for key in keys):
            continue
        if statement.all_principals_but or statement.addresses_everyone:
            found.add(EVERYTHING)
        else:
            found.update(name for kind, name in statement.principals or () if kind == "Service")
    return sorted(found)
