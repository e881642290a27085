"""YAML as data files write it, with the place of every value.

YAML 1.2's core schema, narrowed: ``true`` and ``false`` are the only booleans beside their capitalised forms, dates
stay text, numbers that YAML 1.1 and 1.2 read differently are refused, and so are duplicate keys, aliases, tags, keys
that are not text, and whatever JSON cannot hold. Parsed by libyaml (PyYAML's C loader), which gives a node tree; values
are made here.
"""

from __future__ import annotations

import operator
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from engine.errors import Problem

LARGEST: Final = 1 << 20
"""Bytes of a data file beyond which it is refused."""
DEEPEST: Final = 32
"""Levels of nesting beyond which a data file is refused."""
MOST: Final = 2**53 - 1
"""The largest integer: larger ones are text (RFC 8785 section 3.2.2.3)."""
_REMEMBERED: Final = 256
"""Files of a policy folder whose documents are kept for who reads them again."""

Key = str | int
Keys = Sequence[Key]
"""The way from a document's root to a value: keys of objects, positions in lists."""

_PLAIN: Final = "plain"
_TEXT: Final = "text"
_COLLECTION: Final = "collection"
_WORDS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]+|\.(?![0-9]))?([eE][-+]?[0-9]+)?")
_AMBIGUOUS: Final = re.compile(
    r"[-+]?(0[0-9_]+|0[xXoObB][0-9a-fA-F_]+|[0-9][0-9]*_[0-9_]*|\.(inf|Inf|INF)|\.(nan|NaN|NAN))"
)
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BEYOND: Final = re.compile(rb"\n(?![ \n]|- |#|\Z)")
"""A line that does not belong to the value of the top-level key before it."""
_BREAK: Final = re.compile("[\n\r\x85\u2028\u2029]")
_MAYBE_NUMBER: Final = frozenset("0123456789+-.")
# More than this many levels cannot be handed to the parser's recursion unseen.
_SAFE_NESTING: Final = 4096


def is_plain(text: str) -> bool:
    """Whether a text that stands without quotes is read as this text, and not as a number, a boolean or nothing."""
    numbers = (_INTEGER, _AMBIGUOUS, _FLOAT)
    return text not in _WORDS and not any(pattern.fullmatch(text) for pattern in numbers)


class _Loader(yaml.CSafeLoader):
    """libyaml's node tree, whose tags only tell plain scalars, quoted ones and collections apart."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _COLLECTION
        return _PLAIN if implicit[0] else _TEXT

    # No tag depends on where a node stands. libyaml calls these for each node, so they are functions in C that give
    # nothing of use.
    descend_resolver = operator.is_  # type: ignore[assignment]
    ascend_resolver = tuple  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Document:
    """A data file: its bytes, its value (plain Python), and where each part of the value stands."""

    path: Path
    source: bytes
    value: Any
    text: str = field(repr=False)
    root: yaml.Node = field(repr=False)

    def problem(self, keys: Keys, message: str) -> Problem:
        """A problem with the value at ``keys``, or with the nearest part around it that exists."""
        return self._at(_follow(self.root, keys)[1], keys, message)

    def key_problem(self, keys: Keys, message: str) -> Problem:
        """A problem with the last key of ``keys`` itself, not with its value."""
        return self._at(_follow(self.root, keys)[0], keys, message)

    def spot_problem(self, keys: Keys, line: int, column: int, message: str) -> Problem:
        """A problem at a line and column (1-based) inside the text at ``keys``, placed where the file has it."""
        node = _follow(self.root, keys)[1]
        if not isinstance(node, yaml.ScalarNode):
            return self.problem(keys, message)
        raw = self.text[node.start_mark.index : node.end_mark.index]
        before = _offset(raw, node.value, node.style or "", line, column)
        lines = raw[:before].split("\n")
        start = node.start_mark
        at = start.column + len(lines[0]) if len(lines) == 1 else len(lines[-1])
        return _problem(self.path, start.line + len(lines), at + 1, keys, message)

    def _at(self, node: yaml.Node, keys: Keys, message: str) -> Problem:
        return _problem(self.path, node.start_mark.line + 1, node.start_mark.column + 1, keys, message)


def _problem(path: Path, line: int, column: int, keys: Keys, message: str) -> Problem:
    """A problem in which nothing of a hostile file reaches a terminal as it is."""
    return Problem(path, line, column, _printable(dotted(keys)), _printable(message))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def dotted(keys: Keys) -> str:
    """Keys as text: ("examples", 0, "name") is "examples[0].name"."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def read(path: Path, problems: list[Problem]) -> Document | None:
    """The document in a file; what keeps it from being one is added to ``problems``, and None returned."""
    source = source_of(path, problems)
    if source is None:
        return None
    found, document = _parsed(path, source)
    problems += found
    return document


@lru_cache(maxsize=_REMEMBERED)
def _parsed(path: Path, source: bytes) -> tuple[tuple[Problem, ...], Document | None]:
    """The document in these bytes, and what is wrong with them: the same for the same bytes, so found out once."""
    problems: list[Problem] = []
    document = parse(path, source, problems)
    return tuple(problems), document


def source_of(path: Path, problems: list[Problem]) -> bytes | None:
    """The bytes of a data file, of one that is too large a few too many; None, and a problem, where there are none."""
    try:
        # Opening what nobody writes to, such as a pipe, must not wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                problems.append(Problem(path, 1, 1, "", "is not a regular file"))
                return None
            with open(descriptor, "rb", buffering=0, closefd=False) as file:
                return file.readall() if state.st_size <= LARGEST else file.read(LARGEST + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        problems.append(Problem(path, 1, 1, "", f"cannot be read: {error.strerror}"))
        return None


def parse(path: Path, source: bytes, problems: list[Problem]) -> Document | None:
    """The document in the bytes of a file called ``path``; see :func:`read`."""
    text = _decoded(path, source, problems)
    if text is None:
        return None
    try:
        if _nesting_bound(text) > _SAFE_NESTING:
            _refuse_depth(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, (error.context, error.problem)))
        line, column = _stopped(mark, text)
        problems.append(Problem(path, line, column, "", message))
        return None
    except yaml.YAMLError as error:
        problems.append(Problem(path, 1, 1, "", str(error).partition("\n")[0]))
        return None
    if root is None:
        problems.append(Problem(path, 1, 1, "", "the file is empty"))
        return None
    builder = _Builder(path, text)
    value = builder.value(root, ())
    problems.extend(builder.problems)
    return None if builder.problems else Document(path, source, value, text, root)


def _stopped(mark: Any, text: str) -> tuple[int, int]:
    """Line and column (1-based) where the parser stopped: in the text, whose last line it ends though nobody did."""
    if mark is None:
        return 1, 1
    if mark.index >= len(text) and mark.column == 0 and mark.line > 0 and not _BREAK.search(text[-1:]):
        return mark.line, len(_BREAK.split(text)[-1]) + 1
    return mark.line + 1, mark.column + 1


def before(key: str, source: bytes) -> bytes | None:
    """The bytes of a data file before a top-level key, where nothing but that key's value follows it; else None.

    A line of a block mapping that begins in the first column is a key of it, an item of a list, a comment or the mark
    of a document, so the rest can neither change nor repeat what stands before.
    """
    head, found, tail = source.partition(f"\n{key}:\n".encode())
    return head + b"\n" if found and not _BEYOND.search(b"\n" + tail) else None


def _decoded(path: Path, source: bytes, problems: list[Problem]) -> str | None:
    """The file's text, or None with a problem: too large, not UTF-8, or holding characters that YAML does not allow."""
    if len(source) > LARGEST:
        problems.append(Problem(path, 1, 1, "", f"is larger than {LARGEST:,} bytes"))
        return None
    try:
        text = source.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = source[: error.start].split(b"\n")
        column = len(before[-1].decode("utf-8")) + 1
        problems.append(Problem(path, len(before), column, "", f"is not UTF-8: byte 0x{source[error.start]:02x}"))
        return None
    found = _FORBIDDEN.search(text)
    if found is not None:
        above = text[: found.start()].split("\n")
        message = f"holds the character U+{ord(found[0]):04X}, which YAML does not allow"
        problems.append(Problem(path, len(above), len(above[-1]) + 1, "", message))
        return None
    return text


def _nesting_bound(text: str) -> int:
    """A number that the nesting of ``text`` does not exceed: each level takes a bracket, or a column of some line."""
    longest = max(map(len, text.splitlines()), default=0)
    return text.count("[") + text.count("{") + 2 * longest


def _refuse_depth(text: str) -> None:
    """Raise MarkedYAMLError where ``text`` is nested deeper than DEEPEST: events need no recursion, node trees do."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > DEEPEST:
                raise yaml.MarkedYAMLError(problem=_too_deep(), problem_mark=_start(event))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _too_deep() -> str:
    return f"is nested deeper than {DEEPEST} levels"


class _Builder:
    """Makes plain values of a node tree, and notes what may not stand in it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, keys: tuple[Key, ...]) -> Any:
        """The value of a node; None where there was a problem with it."""
        if id(node) in self._seen:
            # The node is the anchor's; only the events know where the alias stands.
            self._note(self._alias() or node, keys, "aliases (*name) are not used in data files: write the value out")
            return None
        self._seen.add(id(node))
        if node.tag == _PLAIN:
            return self._plain(node, keys)
        if node.tag == _TEXT:
            if "\0" in node.value:
                self._note(node, keys, "holds the character U+0000")
            return node.value
        if node.tag != _COLLECTION:
            self._note(node, keys, f"tags ({node.tag[:80]}) are not used in data files")
            return None
        if len(keys) >= DEEPEST:
            self._note(node, keys, _too_deep())
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*keys, index)) for index, item in enumerate(node.value)]
        return self._object(node, keys)

    def _object(self, node: yaml.Node, keys: tuple[Key, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # A collection as a key is refused without a look inside: its nesting is not bounded by ``keys``.
            key = self.value(key_node, keys) if isinstance(key_node, yaml.ScalarNode) else ()
            if not isinstance(key, str):
                self._note(key_node, keys, "a key is not text: quote it")
                continue
            if key in values:
                self._note(key_node, (*keys, key), "is there twice")
            values[key] = self.value(value_node, (*keys, key))
        return values

    def _plain(self, node: yaml.Node, keys: tuple[Key, ...]) -> Any:
        text: str = node.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _MAYBE_NUMBER:
            return text
        if _INTEGER.fullmatch(text):
            if len(text) > 17 or abs(int(text)) > MOST:
                self._note(node, keys, "is beyond 2^53: quote it")
                return None
            return int(text)
        if _AMBIGUOUS.fullmatch(text):
            self._note(node, keys, f"{text[:80]!r} is a number in some readings of YAML: quote it, or write it plainly")
            return None
        if _FLOAT.fullmatch(text) and any(character.isdigit() for character in text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                self._note(node, keys, "is too large for a number: quote it")
                return None
            return number
        return text

    def _alias(self) -> yaml.Event | None:
        events = yaml.parse(self.text, Loader=_Loader)
        return next((event for event in events if isinstance(event, yaml.AliasEvent)), None)

    def _note(self, at: yaml.Node | yaml.Event, keys: Keys, message: str) -> None:
        mark = _start(at)
        self.problems.append(_problem(self.path, mark.line + 1, mark.column + 1, keys, message))


def _start(at: yaml.Node | yaml.Event) -> Any:
    """The mark where a node or an event begins; what the parser made has one."""
    return at.start_mark


def _follow(root: yaml.Node, keys: Keys) -> tuple[yaml.Node, yaml.Node]:
    """The nodes of the last key and of its value on the way ``keys``, as far as it goes."""
    key_node = node = root
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next(((name, value) for name, value in node.value if name.value == key), None)
            if pair is None:
                break
            key_node, node = pair
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            key_node = node = node.value[key]
        else:
            break
    return key_node, node


def _offset(raw: str, value: str, style: str, line: int, column: int) -> int:
    """Where in a scalar's source its value's ``line`` and ``column`` (1-based) stand.

    YAML folds, escapes and re-indents white space only, and adds indicators; so the other characters of a value come
    in the same order in its source, and counting them off finds the place.
    """
    lines = value.split("\n")
    index = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
    # The indicators of a block scalar's first line (|, >-, a comment) are no part of the value.
    position = raw.find("\n") + 1 if style in ("|", ">") else 0
    after = position + (style in ('"', "'"))
    for character in value[:index]:
        if not character.isspace():
            found = raw.find(character, after)
            if found < 0:
                return position
            position, after = found, found + 1
    if index < len(value) and not value[index].isspace():
        found = raw.find(value[index], after)
        return found if found >= 0 else after
    return after
