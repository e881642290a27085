"""The strings extension (cel-go, ext/strings.go). Positions and lengths count code points."""

from __future__ import annotations

from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.limits import MAX_LIST, MAX_TEXT
from engine.expressions.types import INT, STRING, ListType

_SPACE: Final = (
    "\t\n\v\f\r \u0085\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space; Python's own strip() also takes the separators U+001C to U+001F."""
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code + 32: code for code in _LOWER}
_QUOTED: Final = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)


def _checked(position: int, text: str) -> int:
    if not 0 <= position <= len(text):
        raise EvaluationError(f"position {position} is outside of a text of {len(text)} characters")
    return position


def _index_of(text: str, part: str, start: int = 0) -> int:
    return text.find(part, _checked(start, text))


def _last_index_of(text: str, part: str, start: int | None = None) -> int:
    end = len(text) if start is None else _checked(start, text) + len(part)
    return text.rfind(part, 0, end)


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else _checked(end, text)
    if _checked(start, text) > stop:
        raise EvaluationError(f"the start {start} of a substring is after its end {stop}")
    return text[start:stop]


def _char_at(text: str, position: int) -> str:
    return text[_checked(position, text) : position + 1]


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    found = text.count(old)
    times = found if count < 0 else min(count, found)
    if len(text) + times * (len(new) - len(old)) > MAX_TEXT:
        raise EvaluationError("the result of replace is too long")
    return text.replace(old, new, times)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    pieces = (len(text) if separator == "" else text.count(separator) + 1) if limit < 0 else limit
    if min(pieces, len(text) + 1) > MAX_LIST:
        raise EvaluationError("the result of split is too long")
    if separator == "":
        whole = list(text) or [""]
        return whole if limit < 0 or limit >= len(whole) else [*whole[: limit - 1], "".join(whole[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


def _join(parts: list[Any], separator: str = "") -> str:
    length = 0
    for part in parts:
        if type(part) is not str:
            raise EvaluationError("join takes a list of strings")
        length += len(part) + len(separator)
    if length > MAX_TEXT:
        raise EvaluationError("the result of join is too long")
    return separator.join(parts)


def _quote(text: str) -> str:
    return '"' + text.translate(_QUOTED) + '"'


FUNCTIONS: Final = (
    Function("charAt", (STRING, INT), STRING, _char_at, member=True),
    Function("indexOf", (STRING, STRING), INT, _index_of, member=True),
    Function("indexOf", (STRING, STRING, INT), INT, _index_of, member=True),
    Function("lastIndexOf", (STRING, STRING), INT, _last_index_of, member=True),
    Function("lastIndexOf", (STRING, STRING, INT), INT, _last_index_of, member=True),
    Function("lowerAscii", (STRING,), STRING, lambda text: text.translate(_LOWER), member=True),
    Function("upperAscii", (STRING,), STRING, lambda text: text.translate(_UPPER), member=True),
    Function("replace", (STRING, STRING, STRING), STRING, _replace, member=True),
    Function("replace", (STRING, STRING, STRING, INT), STRING, _replace, member=True),
    Function("split", (STRING, STRING), ListType(STRING), _split, member=True),
    Function("split", (STRING, STRING, INT), ListType(STRING), _split, member=True),
    Function("substring", (STRING, INT), STRING, _substring, member=True),
    Function("substring", (STRING, INT, INT), STRING, _substring, member=True),
    Function("trim", (STRING,), STRING, lambda text: text.strip(_SPACE), member=True),
    Function("join", (ListType(STRING),), STRING, _join, member=True),
    Function("join", (ListType(STRING), STRING), STRING, _join, member=True),
    Function("reverse", (STRING,), STRING, lambda text: text[::-1], member=True),
    Function("strings.quote", (STRING,), STRING, _quote),
)
