"""Reads the bytes of a CloudFormation template, YAML or JSON, strictly, with the line of every value.

YAML is read event by event, so that nothing is recursive and no tag makes an object: the tags that are allowed are the
short forms of intrinsic functions (CloudFormation User Guide, "Intrinsic function reference"). Aliases are allowed, as
CloudFormation allows them; what they add up to is limited, so that a few lines cannot stand for millions of values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from providers.templates import Document as Parsed
from providers.templates import Keys, NotATemplate
from providers.terraform.reading import decoded, no_number, once

LARGEST: Final = 2**20
"""Bytes of a template at the most (CloudFormation User Guide, "Quotas": a template body in an S3 object)."""
DEEPEST: Final = 64
"""Nesting beyond which a template is refused."""
MOST: Final = 200_000
"""Values beyond which a template is refused, with what its aliases stand for counted each time."""

Document = Parsed[Mapping[str, Any]]

SHORT: Final = {
    **{f"!{name}": name for name in ("Ref", "Condition")},
    **{
        f"!{name}": f"Fn::{name}"
        for name in (
            *("And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAtt"),
            *("GetAZs", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split", "Sub"),
            *("ToJsonString", "Transform", "ValueOf", "ValueOfAll"),
        )
    },
}
"""Short forms of YAML and the functions that they stand for."""
_TEXT: Final = ("tag:yaml.org,2002:str", "!")
_WORDS: Final = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
_NULLS: Final = ("", "~", "null", "Null", "NULL")
_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})", re.ASCII)


def document(data: bytes) -> Document:
    """The template in a file's bytes. Raises NotATemplate."""
    if len(data) > LARGEST:
        raise NotATemplate(f"it is larger than {LARGEST} bytes, which CloudFormation's templates are not")
    text = decoded(data)
    if not text.strip():
        raise NotATemplate("it is empty")
    is_json = text.lstrip().startswith("{")
    value = _json(text) if is_json else None
    try:
        found = _Builder().build(text)
    except NotATemplate:
        if not is_json:
            raise
        # JSON that YAML does not read (escapes of surrogates) has its values all the same, without lines.
        found = Parsed({}, {})
    whole: Any = value if is_json else found.value
    if not isinstance(whole, dict):
        raise NotATemplate("it holds no object, and so no template")
    return Parsed(whole, found.lines)


# --- JSON ------------------------------------------------------------------------------------------------------------


def _json(text: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_number, parse_float=str)
    except json.JSONDecodeError as error:
        raise NotATemplate(f"it is not JSON (line {error.lineno}, column {error.colno}): {error.msg}") from None
    except RecursionError:
        raise NotATemplate("it is nested too deeply") from None
    except ValueError as error:
        raise NotATemplate(str(error)) from None
    _limit(value)
    return value


def _limit(value: Any) -> None:
    level, count = [value], 0
    for _ in range(DEEPEST):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        count += len(level)
        if count > MOST:
            raise NotATemplate(f"it holds more than {MOST} values")
        if not level:
            return
    raise NotATemplate("it is nested too deeply")


# --- YAML ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A collection under construction: its tag's function, what it holds, and the key that waits for a value."""

    values: Any
    function: str | None
    anchor: str | None
    line: int
    size: int = 1
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Makes plain values of YAML's events."""

    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    lines: dict[Keys, int] = field(default_factory=dict)
    total: int = 0
    roots: list[Any] = field(default_factory=list)

    def build(self, text: str) -> Document:
        import yaml

        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self._event(event, yaml)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
            raise NotATemplate(f"{place}it is not YAML: {error.problem or error.context}") from None
        except yaml.YAMLError as error:
            raise NotATemplate(f"it is not YAML: {str(error).splitlines()[0]}") from None
        if not self.roots:
            raise NotATemplate("it is empty")
        return Parsed(self.roots[0], self.lines)

    def _event(self, event: Any, yaml: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent) and self.roots:
            raise NotATemplate(f"line {line}: a second document begins; a template is one")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._refuse_key(line)
            values: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.stack.append(_Open(values, self._function(event.tag, line), event.anchor, line))
            if len(self.stack) > DEEPEST:
                raise NotATemplate(f"line {line}: it is nested too deeply")
            self.lines.setdefault(self._path(), line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self.stack.pop()
            value = {done.function: done.values} if done.function else done.values
            # What is in it was counted when it was read.
            self.total -= done.size - 1
            self._add(value, done.size, done.line, done.anchor)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise NotATemplate(
                    f"line {line}: the alias *{event.anchor} stands for nothing that is complete before it"
                )
            self._refuse_key(line)
            value, size = self.anchors[event.anchor]
            self._add(value, size, line, None)

    def _scalar(self, event: Any, line: int) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.values, dict) and top.key is None:
            function = self._function(event.tag, line)
            if function is not None or event.value == "<<":
                raise NotATemplate(f"line {line}: {event.value!r:.80} is no key that CloudFormation reads")
            if event.value in top.values:
                raise NotATemplate(
                    f"line {line}: the key {event.value!r:.80} stands twice in one object; "
                    "which of the two counts nobody can tell"
                )
            top.key = event.value
            self.lines[self._path()] = line
            return
        function = self._function(event.tag, line)
        plain = event.implicit[0] and function is None
        value = _plain(event.value) if plain else event.value
        if function == "Fn::GetAtt":
            value = value.split(".", 1)
        size = 1 + len(event.value) // 16
        self._add({function: value} if function else value, size, line, event.anchor)

    def _add(self, value: Any, size: int, line: int, anchor: str | None) -> None:
        self.total += size
        if self.total > MOST:
            raise NotATemplate(f"line {line}: with its aliases it holds more than {MOST} values")
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.stack:
            self.roots.append(value)
            return
        top = self.stack[-1]
        top.size += size
        if isinstance(top.values, list):
            self.lines.setdefault(self._path(), line)
            top.values.append(value)
        else:
            top.values[top.key] = value
            top.key = None

    def _refuse_key(self, line: int) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.values, dict) and top.key is None:
            raise NotATemplate(f"line {line}: a key that is no text")

    @staticmethod
    def _function(tag: str | None, line: int) -> str | None:
        if tag is None or tag in _TEXT:
            return None
        if tag not in SHORT:
            raise NotATemplate(f"line {line}: the tag {tag!r:.80} is none of CloudFormation's short forms")
        return SHORT[tag]

    def _path(self) -> Keys:
        """Where the next value stands, functions in their long form."""
        keys: list[str | int] = []
        for holder in self.stack:
            if holder.function:
                keys.append(holder.function)
            key = holder.key if isinstance(holder.values, dict) else len(holder.values)
            if key is None:
                break
            keys.append(key)
        return tuple(keys)


def _plain(text: str) -> Any:
    """A plain scalar. What YAML 1.1 would read as a date, in octal or as yes and no stays text, as it is written."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _NULLS:
        return None
    return int(text) if _WHOLE.fullmatch(text) else text
