"""Names from outside, made harmless for a terminal.

Whoever can name a resource writes on the screen of whoever scans it. A control character, an escape sequence, a
bidirectional override (Unicode Standard Annex 9) or a line break in a name must not move the cursor, recolour the
screen, hide a line or turn one around; nor may it be a command to the CI that reads a step's output. Files of data keep
names as they are (see :mod:`engine.report.records`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 200
"""Characters beyond which the middle of a name is left out."""

_HARMLESS: Final = re.compile(r"[ -~]*")
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks by category that show nothing."""
_ESCAPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_COMMAND: Final = re.compile(
    r"#(?=#(?:vso)?\[)|:(?=:(?:add-(?:mask|matcher|path)|debug|echo|(?:end)?group|error|notice|remove-matcher|save-state"
    r"|set-(?:env|output)|stop-commands|warning|internal-[a-z-]*)(?:\s|::))",
    re.IGNORECASE,
)
"""What begins a command to GitHub's runner (``::error ::``, ``##[error]``) or Azure's agent (``##vso[``)."""
_CALLING: Final = re.compile(r"[<@](?=[\w!@/#&])")
"""What calls people, or begins markup, where a chat or a tracker shows it."""
_MARKS: Final = frozenset({"Mn", "Me"})
_STACKED: Final = 3
"""Marks over one letter beyond which they reach into other lines."""


def safe(text: str, longest: int = LONGEST) -> str:
    r"""``text`` as one line that a terminal only shows: what could act becomes its escape (``\x1b``, ``\u202e``).

    Longer than ``longest`` characters, the middle is left out and the length said.
    """
    if len(text) > longest:
        kept = max(1, longest // 2)
        return f"{_visible(text[:kept])}…{_visible(text[-kept:])} ({len(text):,} characters)"
    return _visible(text)


def uncalled(text: str, longest: int = LONGEST) -> str:
    """``text`` as :func:`safe` has it, that is no markup and calls nobody either: for messages to people."""
    return _CALLING.sub(lambda found: _escape(ord(found[0])), safe(text, longest))


def _visible(text: str) -> str:
    if _HARMLESS.fullmatch(text):
        return _inert(text)
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        acts = (category in _ESCAPED and character != " ") or character in _BLANK or marks > _STACKED
        shown.append(_escape(ord(character)) if acts else character)
    return _inert("".join(shown))


def _inert(text: str) -> str:
    """A text that commands nothing where a build prints it; wherever lines are broken, none begins with a command."""
    return _COMMAND.sub(lambda found: _escape(ord(found[0])), text) if "##" in text or "::" in text else text


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
