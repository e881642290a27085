"""Source text to tokens (cel-spec, doc/langdef.md, "Syntax")."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, NoReturn

from engine.errors import ExpressionError
from engine.expressions.values import UINT_MAX, UInt

KEYWORDS: Final = {"true": True, "false": False, "null": None}
RESERVED: Final = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    )
)
"""Words that name nothing, except after a dot."""

_TOKEN: Final = re.compile(
    r"""
      (?P<space>  (?: [ \t\n\f\r]+ | //[^\n]* )+ )
    | (?P<raw>    [rR][bB]? | [bB][rR] )? (?P<rawtext> (?(raw) (?: \"""[\s\S]*?\""" | '''[\s\S]*?'''
                  | "[^"\n\r]*" | '[^'\n\r]*' ) | (?!) ) )
    | (?P<bytes>  [bB] )? (?P<text> \"""(?:[^\\]|\\[\s\S])*?\""" | '''(?:[^\\]|\\[\s\S])*?'''
                  | "(?:[^"\\\n\r]|\\[^\n\r])*" | '(?:[^'\\\n\r]|\\[^\n\r])*' )
    | (?P<float>  [0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)? | [0-9]+[eE][-+]?[0-9]+ | \.[0-9]+(?:[eE][-+]?[0-9]+)? )
    | (?P<int>    (?: 0[xX][0-9a-fA-F]+ | [0-9]+ ) [uU]? )
    | (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
    | (?P<quoted> `[A-Za-z0-9_.\-/\ ]+` )
    | (?P<op>     && | \|\| | [=!<>]= | [-+*/%!<>?:.,()\[\]{}] )
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|X(?P<X>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<o>[0-3][0-7]{2})|(?P<c>[abfnrtv\\?\"'`])|(?P<bad>[\s\S]|\Z))"
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Token(NamedTuple):
    """``kind`` is "name", "quoted", "value", "end" or, for operators and keywords of syntax, the text itself.

    ``value`` is the name or the literal's value; a decimal or hexadecimal integer literal is not range-checked yet.
    """

    kind: str
    value: Any
    start: int
    end: int


def fail(source: str, offset: int, message: str) -> NoReturn:
    """Raise an :class:`ExpressionError` at an offset of the source."""
    before = source[:offset]
    raise ExpressionError(message, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def next_token(source: str, offset: int) -> Token:
    """The token that begins at or after ``offset``. Raises ExpressionError where there is none."""
    while True:
        if offset >= len(source):
            return Token("end", None, offset, offset)
        match = _TOKEN.match(source, offset)
        if match is None:
            quote = source[offset] in "\"'"
            fail(source, offset, "text without its closing quote" if quote else f"unexpected {source[offset]!r}")
        if match.lastgroup != "space":
            return _token(source, match)
        offset = match.end()


def _token(source: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    text = match[0]
    kind = match.lastgroup
    if kind == "name":
        if text in KEYWORDS:
            return Token("value", KEYWORDS[text], start, end)
        return Token("in" if text == "in" else "name", text, start, end)
    if kind == "op":
        return Token(text, text, start, end)
    if kind == "rawtext":
        body = _body(match["rawtext"])
        return Token("value", body.encode() if "b" in match["raw"].lower() else body, start, end)
    if kind == "text":
        body = _body(match["text"])
        value = _unescaped_bytes(source, start, body) if match["bytes"] else _unescaped(source, start, body)
        return Token("value", value, start, end)
    if kind == "float":
        return Token("value", float(text), start, end)
    if kind == "quoted":
        return Token("quoted", text[1:-1], start, end)
    return Token("value", _integer(text), start, end)


def _integer(text: str) -> int:
    digits = text.rstrip("uU")
    base = 16 if digits[:2] in ("0x", "0X") else 10
    value = int(digits, base) if len(digits) < 100 else UINT_MAX + 1
    return UInt(value) if digits != text else value


def _body(text: str) -> str:
    width = 3 if text[:3] in ('"""', "'''") else 1
    return text[width:-width]


def _unescaped(source: str, start: int, body: str) -> str:
    def character(match: re.Match[str]) -> str:
        if match["bad"] is not None:
            fail(source, start, f"no such escape in text: {match[0]}")
        if match["c"] is not None:
            return _SIMPLE.get(match["c"], match["c"])
        code = int(match["o"], 8) if match["o"] else int(match[match.lastgroup or 0], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            fail(source, start, f"no such character: {match[0]}")
        return chr(code)

    return _ESCAPE.sub(character, body) if "\\" in body else body


def _unescaped_bytes(source: str, start: int, body: str) -> bytes:
    def latin(match: re.Match[str]) -> str:
        if match["bad"] is not None or match["u"] or match["U"]:
            fail(source, start, f"no such escape in bytes: {match[0]}")
        if match["c"] is not None:
            return _SIMPLE.get(match["c"], match["c"])
        return chr(int(match["o"], 8) if match["o"] else int(match[match.lastgroup or 0], 16))

    # Each byte of the UTF-8 text as one character, so that an escaped byte can stand beside it.
    return _ESCAPE.sub(latin, body.encode().decode("latin-1")).encode("latin-1")
