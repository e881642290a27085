"""The reference of commands: every one with what it takes, as the command line itself declares it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

import click

from engine.catalog.markdown import GENERATED, anchor, code, listed, table, text_of
from engine.cli import group, settings

_EXIT_CODES: Final = (
    ("0", "all selected checks were evaluated, and nothing at or above `--fail-on` fails unwaived"),
    ("1", "a defect of auditreel, and nothing else"),
    ("2", "wrong usage, configuration or input file, or nothing selected"),
    ("3", "failures that no waiver accepts"),
    ("4", "not everything was seen"),
    ("5", "evidence could not be sealed, or does not verify"),
    ("130, 143", "stopped by a signal"),
)
_ABOUT: Final = """\
`run-checks` is `auditreel run`. Every command has `--help` (`-h`), and `--debug`, which shows where an error came
from. Results go to standard output, all else to the error stream."""
_SETTINGS: Final = """\
A setting is taken from the first that says it: the flag, the environment, `auditreel.toml` in the working folder or
above it up to the root of its repository, `config.toml` in `~/.config/auditreel`, the default. Lists are separated by
commas in a variable. An unknown key or variable is an error."""
_EXITS: Final = """\
Where several apply, the first of 2, 1, 5, 130 or 143, 3, 4 is taken. The help of a command says where it differs."""


def page() -> str:
    """The page of all commands, settings and exit codes."""
    return text_of(_lines())


def _lines() -> Iterator[str]:
    found = list(_commands(group, "auditreel"))
    yield "# Commands"
    yield ""
    yield GENERATED
    yield ""
    yield _ABOUT
    yield ""
    yield from table(
        ("Command", "What it does"),
        ((f"[{code(name)}](#{anchor(name)})", _first(command)) for name, command in found),
    )
    for name, command in found:
        yield from _command(name, command)
    yield from _settings()
    yield ""
    yield "## Exit codes"
    yield ""
    yield _EXITS
    yield ""
    yield from table(("Code", "Meaning"), _EXIT_CODES)


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its whole name."""
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for child in command.list_commands(context):
            below = command.get_command(context, child)
            if below is not None:
                yield from _commands(below, f"{name} {child}")
        if not command.invoke_without_command:
            return
    yield name, command


def _paragraphs(command: click.Command) -> list[str]:
    text = inspect.cleandoc(command.help or "").replace("\b\n", "").partition("\f")[0]
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _first(command: click.Command) -> str:
    return _paragraphs(command)[0]


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield ""
    yield f"## {name}"
    yield ""
    arguments = [row for row in command.params if isinstance(row, click.Argument)]
    yield "```text"
    yield " ".join([name, "[OPTIONS]", *(_argument(row) for row in arguments)])
    yield "```"
    for paragraph in (*_paragraphs(command), " ".join((command.epilog or "").split())):
        yield ""
        yield paragraph
    options = [row for row in command.params if isinstance(row, click.Option) and row.name not in ("debug", "help")]
    if options:
        yield ""
        yield from table(("Option", "What it does"), ((_option(row), _told(row)) for row in options))


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or argument.human_readable_name
    if argument.metavar:
        return name
    more = f"{name}..." if argument.nargs == -1 else name
    return more if argument.required else f"[{more}]"


def _option(option: click.Option) -> str:
    names = " / ".join((*option.opts, *option.secondary_opts))
    if option.is_flag:
        return code(names)
    if option.metavar:
        value = option.metavar
    elif isinstance(option.type, click.Choice):
        value = "|".join(option.type.choices)
    else:
        value = option.type.name.upper()
    return code(f"{names} {value}")


def _told(option: click.Option) -> str:
    told = (option.help or "").strip()
    if option.required:
        told = f"{told} Required."
    if option.show_default and option.default is not None and "[default" not in told:
        told = f"{told} [default: {option.default}]"
    return told.strip()


def _settings() -> Iterator[str]:
    yield ""
    yield "## Settings"
    yield ""
    yield _SETTINGS
    yield ""
    rows = (
        (code(f"--{name.replace('_', '-')}"), code(f"{settings.PREFIX}{name.upper()}"), code(name), _kind(setting))
        for name, setting in settings.SETTINGS.items()
    )
    yield from table(("Flag", "Variable", "Key", "Value"), rows)
    yield ""
    yield f"Variables that are no settings: {listed(settings.OTHER_VARIABLES)}."


def _kind(setting: settings.Setting) -> str:
    words = {"names": "list of text", "place": "folder", "flag": "true or false", "amount": "number"}
    kind = ", ".join(map(code, setting.choices)) or words.get(setting.kind, setting.kind)
    if setting.default in (None, (), False):
        return kind
    default = f"{setting.default:g}" if isinstance(setting.default, float) else setting.default
    return f"{kind}; default {default}"
