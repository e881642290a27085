"""What an expression may cost. Nobody's check needs more; a hostile one gets an error instead of the machine."""

from __future__ import annotations

from typing import Final

MAX_SOURCE: Final = 10_000
"""Characters of an expression, or of a message template."""
MAX_DEPTH: Final = 64
"""Levels of nesting, of brackets in the text and of operations in the tree (``a + b + c`` nests twice)."""
MAX_STEPS: Final = 500_000
"""Steps of one evaluation: an element of a macro's list is one; so are 64 characters, or 4 elements of a list, that a
function or comparison inside a macro goes through."""
MAX_TEXT: Final = 1_000_000
"""Characters (or bytes) of a text that a function or operator produces."""
MAX_LIST: Final = 100_000
"""Elements of a list that a function or operator produces."""
MAX_MISSING: Final = 1_000
"""Missing paths that a failure names."""
TEXT_SHIFT: Final = 6
LIST_SHIFT: Final = 2
"""A length shifted by this many bits is its cost in steps."""
