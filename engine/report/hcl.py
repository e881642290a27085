"""Where blocks stand in HCL: a scanner of just that, which reads no expression.

Comments, quoted templates (nested ones too) and heredocs are passed over, so that a brace or the word "resource" in one
is none (HCL Native Syntax Specification, sections "Comments", "Template Expressions" and "Heredoc"). What it cannot
read to the end has the blocks that ended before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<blank>[^\S\n]+) | (?P<line>\n) | (?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    | (?P<heredoc><<-?(?P<end>[^\W\d][\w-]*)[^\S\n]*\n) | (?P<name>[^\W\d][\w-]*) | (?P<quote>") | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_STRING: Final = re.compile(r'(?:[^"\\$%\n]|\\.|\$(?!\{)|%(?!\{)|\$\$\{|%%\{)*', re.DOTALL)
_ESCAPE: Final = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class Block:
    """A block at the top of a file: ``resource "aws_s3_bucket" "logs"`` is kind "resource" with two labels.

    ``first`` and ``last`` are its lines, from 1. ``source`` is its argument of that name where it is literal text.
    """

    kind: str
    labels: tuple[str, ...]
    first: int
    last: int
    source: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks at the top of a file, in their order."""
    return tuple(_blocks(_tokens(text)))


def _blocks(tokens: Iterator[_Token]) -> Iterator[Block]:
    header: list[_Token] = []
    argument: list[_Token] = []
    source: str | None = None
    depth = 0
    for token in tokens:
        if token.text in ("{", "[", "(") and token.kind == "other":
            depth += 1
            argument = []
        elif token.text in ("}", "]", ")") and token.kind == "other":
            depth -= 1
            if depth < 0:
                return
            if depth == 0 and token.text == "}" and header and header[0].kind == "name":
                labels = tuple(part.text for part in header[1:])
                yield Block(header[0].text, labels, header[0].line, token.line, source)
            if depth == 0:
                header, source = [], None
        elif depth == 0:
            header = [*header, token] if token.kind in ("name", "string") else []
        elif depth == 1 and token.kind == "line":
            argument = []
        elif depth == 1:
            argument.append(token)
            if [part.text for part in argument[:2]] == ["source", "="] and len(argument) == 3:
                source = token.text if token.kind == "string" else None


def _tokens(text: str) -> Iterator[_Token]:
    """Names, literal strings ("template" where one holds an expression), line breaks and all other characters."""
    position, line = 0, 1
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            return
        kind, start, position = found.lastgroup or "", position, found.end()
        if kind == "end" or found["heredoc"]:
            kind = "heredoc"
            closing = re.compile(rf"^[^\S\n]*{re.escape(found['end'])}[^\S\n]*\r?$", re.MULTILINE).search(
                text, position
            )
            if closing is None:
                return
            position = closing.end()
        elif kind == "quote":
            end = _template(text, position)
            if end is None:
                return
            value, position = text[position : end - 1], end
            literal = _STRING.fullmatch(value) is not None
            kind = "string" if literal else "template"
            yield _Token(kind, _ESCAPE.sub(r"\1", value), line)
        if kind in ("name", "line", "other"):
            yield _Token(kind, found[0], line)
        line += text.count("\n", start, position)


def _template(text: str, position: int) -> int | None:
    """The position after the quote that ends a template which begins at ``position``; None where none does.

    What is open is kept as a stack, since a template may hold expressions that hold templates.
    """
    open_ = ['"']
    while position < len(text):
        if open_[-1] == '"':
            found = _STRING.match(text, position)
            position = found.end() if found else position
            if position >= len(text) or text[position] == "\n":
                return None
            if text[position] == '"':
                open_.pop()
                position += 1
                if not open_:
                    return position
            else:
                open_.append("{")
                position += 2
            continue
        character = text[position]
        if character in '"{':
            open_.append(character)
        elif character == "}":
            open_.pop()
        position += 1
    return None
