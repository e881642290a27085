"""Reads the bytes of an ARM template, JSON with comments, strictly, with the line of every key.

"Understand the structure and syntax of ARM templates" (Microsoft Learn): comments of both kinds, and strings over
several lines, are allowed. Names of sections and properties are compared without regard to case, as Resource Manager
does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

from providers.templates import Document as Parsed
from providers.templates import Keys, NotATemplate
from providers.terraform.reading import decoded

LARGEST: Final = 4 * 2**20
"""Bytes of a template at the most ("Template limits": 4 MB)."""
DEEPEST: Final = 200
"""Nesting beyond which a template is refused."""
_LONGEST: Final = 400
"""Characters of a number; a double has at most 309 digits before the point."""
_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: Final = {"true": True, "false": False, "null": None}


class Fields(dict[str, Any]):
    """An object of a template, whose keys are found without regard to case."""

    __slots__ = ("_names",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(values or {})
        self._names = {name.lower(): name for name in self}

    def spelt(self, key: Any) -> Any:
        """The key as it is spelt here."""
        return self._names.get(key.lower(), key) if isinstance(key, str) else key

    def __contains__(self, key: object) -> bool:
        return super().__contains__(self.spelt(key))

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(self.spelt(key))

    def get(self, key: str, default: Any = None) -> Any:
        """The value at a key, or ``default``."""
        return super().get(self.spelt(key), default)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(self.spelt(key), value)
        self._names[key.lower()] = self.spelt(key)


Document = Parsed[Fields]


def document(data: bytes, what: str = "template") -> Document:
    """The template (or ``what`` else) in a file's bytes. Raises NotATemplate."""
    if len(data) > LARGEST:
        raise NotATemplate(f"it is larger than {LARGEST} bytes, which a {what} of Azure is not")
    text = decoded(data)
    if not text.strip():
        raise NotATemplate("it is empty")
    scanner = _Scanner(text)
    value = scanner.whole()
    if not isinstance(value, Fields):
        raise NotATemplate(f"it holds no object, and so no {what}")
    return Parsed(value, scanner.lines)


def parsed(text: str) -> Any:
    """The value that a text of JSON holds. Raises ValueError."""
    return lenient(json.loads(text, parse_constant=_no_number))


def lenient(value: Any) -> Any:
    """A value whose objects are found without regard to case."""
    if isinstance(value, dict):
        return Fields({key: lenient(item) for key, item in value.items()})
    return [lenient(item) for item in value] if isinstance(value, list) else value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


class _Scanner:
    """Reads one text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[Keys, int] = {}
        self._line, self._counted = 1, 0

    def whole(self) -> Any:
        value = self._value((), 0)
        self._skip()
        if self.at < len(self.text):
            raise self._error("text follows the JSON")
        return value

    def _value(self, keys: Keys, depth: int) -> Any:
        self._skip()
        if depth > DEEPEST:
            raise self._error("it is nested too deeply")
        self.lines.setdefault(keys, self._now())
        mark = self.text[self.at : self.at + 1]
        if mark == "{":
            return self._object(keys, depth)
        if mark == "[":
            return self._list(keys, depth)
        if mark == '"':
            return self._string()
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self._error("it ends in the middle: it was cut off" if not mark else "a value is missing")
        if len(match[0]) > _LONGEST:
            raise self._error(f"a number has more than {_LONGEST} digits")
        self.at = match.end()
        return int(match[0]) if match[0].lstrip("-").isdigit() else float(match[0])

    def _object(self, keys: Keys, depth: int) -> Fields:
        found = Fields()
        self.at += 1
        while not self._closes("}", bool(found)):
            self._skip()
            line = self._now()
            if self.text[self.at : self.at + 1] != '"':
                raise self._error("a key is missing" if self.at < len(self.text) else "it was cut off")
            key = self._string()
            if key in found:
                raise self._error(f"the key {key!r:.80} stands twice in one object; which counts nobody can tell")
            self._skip()
            if self.text[self.at : self.at + 1] != ":":
                raise self._error("a colon is missing" if self.at < len(self.text) else "it was cut off")
            self.at += 1
            self.lines[*keys, key] = line
            found[key] = self._value((*keys, key), depth + 1)
        return found

    def _list(self, keys: Keys, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while not self._closes("]", bool(found)):
            found.append(self._value((*keys, len(found)), depth + 1))
        return found

    def _closes(self, mark: str, more: bool) -> bool:
        """Whether the collection ends here; if not, its next element follows."""
        self._skip()
        found = self.text[self.at : self.at + 1]
        if found == mark:
            self.at += 1
            return True
        if more and found != ",":
            raise self._error(f"a comma or {mark} is missing" if found else "it ends in the middle: it was cut off")
        self.at += 1 if more else 0
        return False

    def _string(self) -> str:
        try:
            text, self.at = scanstring(self.text, self.at + 1, False)
        except json.JSONDecodeError as error:
            self.at = error.pos
            unended = error.msg.startswith("Unterminated")
            raise self._error("a text has no end: it was cut off" if unended else error.msg) from None
        return str(text)

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        if match is not None:
            self.at = match.end()

    def _now(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _error(self, why: str) -> NotATemplate:
        column = self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        line = self.text.count("\n", 0, self.at) + 1
        return NotATemplate(f"line {line}, column {column}: {why}")
