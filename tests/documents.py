"""The examples of the documents that people read: files to write, commands to give, screens that they print.

A fenced block of ``sh`` holds commands, one a line (``\\`` goes on with the next); a comment behind one may say how it
ends ("exit 3"), else it ends with 0. A block of ``console`` is a command after ``$`` and the screen that follows. Any
other block is the file whose name, in code, stands last in the paragraph before it, which ends with a colon; it is
appended where that says "add to". Without such a name it is only shown.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from engine import cli

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"^( *)```(\w*)$")
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*\.\w+)`[^`]*:$")
_CALL = re.compile(r"`((?:auditreel|run-checks) [^`]+)`")
_LINE = re.compile(r"^ *(?:- )?((?:auditreel|run-checks) [^#`|&>\n]+)", re.MULTILINE)
_EXIT = re.compile(r"\bexit (\d+)\b")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``file`` is the path that its text is to be written, or (``added``) appended to."""

    language: str
    text: str
    line: int
    file: str | None = None
    added: bool = False


@dataclass(frozen=True)
class Command:
    """A command as it stands (``text``), and the exit code that the document says it has."""

    text: str
    line: int
    code: int = 0


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    lines = document.read_text("utf-8").split("\n")
    found = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            at += 1
            continue
        indent, language = opening.groups()
        end = next(number for number in range(at + 1, len(lines)) if lines[number] == f"{indent}```")
        text = "".join(line.removeprefix(indent) + "\n" for line in lines[at + 1 : end])
        before = _before(lines, at)
        name = _FILE.search(before) if language not in ("sh", "console") else None
        added = name is not None and re.search(r"\badd to `[^`]+`$", before[: name.end(1) + 1]) is not None
        found.append(Block(language, text, at + 1, name[1] if name else None, added))
        at = end + 1
    return found


def _before(lines: list[str], at: int) -> str:
    """The paragraph right before a line."""
    end = at - 1 if at and not lines[at - 1].strip() else at
    start = end
    while start and lines[start - 1].strip() and not lines[start - 1].startswith("```"):
        start -= 1
    return "\n".join(lines[start:end])


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block of ``sh``."""
    whole, first = "", block.line
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        first = first if whole else number
        whole += line
        if line.endswith("\\"):
            whole = whole[:-1]
            continue
        text, comment = _parted(whole)
        if text:
            said = _EXIT.search(comment)
            yield Command(text, first, int(said[1]) if said else 0)
        whole = ""


def _parted(line: str) -> tuple[str, str]:
    """A line of shell, and the comment behind it."""
    for match in re.finditer(r"(?:^|\s)#", line):
        try:
            shlex.split(line[: match.start()])
        except ValueError:
            continue  # inside quotes
        return line[: match.start()].strip(), line[match.end() :].strip()
    return line.strip(), ""


def screen(block: Block) -> tuple[str, list[str]]:
    """The command of a block of ``console``, and the lines that it prints."""
    command, *lines = block.text.rstrip("\n").split("\n")
    return command.removeprefix("$ "), lines


def calls(document: Path) -> Iterator[tuple[int, list[str]]]:
    """Every call of ours that a document shows, in prose and in files for CI too, with its line."""
    text = document.read_text("utf-8")
    for match in _CALL.finditer(text):
        yield text[: match.start()].count("\n") + 1, shlex.split(match[1])
    for block in blocks(document):
        if block.language == "console":
            continue
        joined = re.sub(r"\\\n\s*", " ", block.text)
        for match in _LINE.finditer(joined):
            yield block.line, shlex.split(match[1])


def wrong(words: list[str]) -> str | None:
    """What a call of ours names that there is not: a command or an option; None for nothing."""
    name, *arguments = words
    command: click.Command = cli.verb("run") if name == "run-checks" else cli.group
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        below = command.get_command(context, arguments[0])
        if below is None:
            return None if command.invoke_without_command else f"there is no {context.command_path} {arguments[0]}"
        command, arguments = below, arguments[1:]
        context = click.Context(command, context, info_name=command.name)
    known = {option for row in command.params for option in (*row.opts, *row.secondary_opts)} | {"--help", "-h"}
    unknown = [
        word for word in arguments if word.startswith("-") and word.partition("=")[0] not in known and word != "-"
    ]
    return f"{context.command_path} knows no {', '.join(unknown)}" if unknown else None


def prose(document: Path) -> Iterator[tuple[int, str]]:
    """The lines outside of fenced blocks, with their numbers."""
    fenced = False
    for number, line in enumerate(document.read_text("utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line
