"""How the programs that run a build read a step's output: which of its lines are commands to them, and what they say.

After GitHub's runner (ActionCommand: ``::name properties::data`` at the start of a line, ``##[name properties]data``
anywhere) and Azure's agent (``##vso[area.event properties]data`` anywhere), whatever they do with a command's name.
"""

from __future__ import annotations

from dataclasses import dataclass

GITHUB = ("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
          "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning")  # fmt: skip
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_AZURE = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%"))


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    data: str


def github(text: str) -> list[Command]:
    """The commands that GitHub's runner finds, of either form."""
    found = (_github(line) or _bracketed(line, "##[", _AZURE) for line in _lines(text))
    return [command for command in found if command is not None and command.name in GITHUB]


def azure(text: str) -> list[Command]:
    """The commands that Azure's agent finds."""
    found = (_bracketed(line, "##vso[", _AZURE) for line in _lines(text))
    return [command for command in found if command is not None]


def _lines(text: str) -> list[str]:
    # Both read lines as .NET does: a carriage return ends one too.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _github(line: str) -> Command | None:
    line = line.lstrip()
    if not line.startswith("::") or "::" not in line[2:]:
        return None
    head, _, data = line[2:].partition("::")
    name, _, rest = head.partition(" ")
    return Command(name.lower(), _properties(rest.strip(), ",", _PROPERTY), _unescaped(data, _DATA))


def _bracketed(line: str, prefix: str, table: tuple[tuple[str, str], ...]) -> Command | None:
    start = line.lower().find(prefix)
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, rest = line[start + len(prefix) : end].partition(" ")
    return Command(name.lower(), _properties(rest, ";", table), _unescaped(line[end + 1 :], table))


def _properties(text: str, separator: str, table: tuple[tuple[str, str], ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(separator) if "=" in pair]
    return {name: _unescaped(value, table) for name, _, value in pairs if value}


def _unescaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for escape, character in table:
        text = text.replace(escape, character)
    return text
