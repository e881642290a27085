"""Azure's role definitions: ``rbac.grants``.

"Understand Azure role definitions": a role grants an action that one of its permissions has among its ``actions`` and
not among that permission's ``notActions``. ``*`` stands for any text, and case does not matter. What a role leaves out,
another role of the same principal may still grant: it denies nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Path
from engine.expressions.functions import Function
from engine.expressions.functions.wildcards import matches
from engine.expressions.types import BOOL, DYN, STRING, ListType


def grants(permissions: Sequence[Any], action: str) -> bool:
    """Whether any of ``permissions`` ({actions, not_actions}) grants ``action``.

    Once one does, missing keys of others do not matter; else they raise an EvaluationError.
    """
    missing: list[Path] = []
    for index, permission in enumerate(permissions):
        if not isinstance(permission, Mapping):
            raise EvaluationError(f"a permission is an object, not {type(permission).__name__}")
        told = [_named(permission, key, action) for key in ("actions", "not_actions")]
        if told == [True, False]:
            return True
        if told[0] is not False and told[1] is not True:
            missing += [
                (0, index, key) for key, known in zip(("actions", "not_actions"), told, strict=True) if known is None
            ]
    if missing:
        raise EvaluationError("a permission was not read", missing)
    return False


def _named(permission: Mapping[str, Any], key: str, action: str) -> bool | None:
    """Whether a list of patterns names an action; None where it was not read."""
    patterns = permission.get(key)
    if patterns is None:
        return None
    if not isinstance(patterns, (list, tuple)) or not all(isinstance(pattern, str) for pattern in patterns):
        raise EvaluationError(f"a permission's {key} are a list of texts")
    return any(matches(pattern.lower(), action.lower()) for pattern in patterns)


FUNCTIONS: Final[tuple[Function, ...]] = (Function("rbac.grants", (ListType(DYN), STRING), BOOL, grants),)
