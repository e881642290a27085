"""Regular expressions by RE2: time linear in the text, whatever the pattern."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from engine.expressions.failures import EvaluationError


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The compiled pattern, to be searched for in UTF-8 (with ``str`` the wheel maps every offset, ten times slower).

    Raises EvaluationError for what RE2 does not take (back references, lookarounds).
    """
    import re2

    options = re2.Options()
    # Otherwise the native code writes to the process's stderr.
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0] if error.args else "invalid"
        text = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise EvaluationError(f"not a regular expression of RE2: {text}") from None


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern matches anywhere in the text."""
    return compiled(pattern).search(text.encode()) is not None
