"""How an evaluation fails: the errors inside the evaluators, and the value that callers get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.expressions.limits import MAX_MISSING

Path = tuple[str | int, ...]
"""Where a value stands: the variable, then keys and list positions: ("resource", "ingress", 0, "cidrs")."""


class EvaluationError(Exception):
    """A runtime error of the language: absorbed by ``&&``, ``||``, ``exists`` and ``all`` where it cannot matter.

    ``missing`` are the paths of keys that were not there. A function (``Function.call``) that finds a key missing in
    one of its arguments gives the path from its arguments: (0, 3, "cidrs") is the key "cidrs" of element 3 of the first
    argument; the evaluator puts the argument's own path in front.
    """

    def __init__(self, message: str, missing: Iterable[Path] = ()) -> None:
        self.message = message
        self.missing = tuple(missing)
        super().__init__(message)


class LimitExceeded(Exception):
    """The evaluation took more steps than it may. Nothing absorbs it: what was not evaluated may have mattered."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An evaluation that came to no value: why, and the paths of the missing keys that kept it from one."""

    message: str
    missing: tuple[Path, ...] = ()


def combined(errors: Sequence[EvaluationError]) -> EvaluationError:
    """One error for several of which each alone would have been one: the first's message, and what any was missing."""
    if len(errors) == 1:
        return errors[0]
    missing = dict.fromkeys(path for error in errors for path in error.missing)
    return EvaluationError(errors[0].message, list(missing)[:MAX_MISSING])


def path_text(path: Sequence[str | int]) -> str:
    """A path as an expression would write it: ``resource.ingress[0].cidrs``, ``resource.tags["cost center"]``."""
    text = str(path[0])
    for part in path[1:]:
        if type(part) is not str:
            text += f"[{part}]"
        else:
            text += f".{part}" if part.isascii() and part.isidentifier() else f"[{quoted(part)}]"
    return text


def quoted(text: str) -> str:
    """Text as a literal of the language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'
