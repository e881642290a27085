"""The command line is one language: an option has one meaning, form and help, and stands where it always does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import click
import pytest

from engine.cli import group

DIFFERS = {
    "--account": "a waiver is of one account; all else takes several",
    "--approver": "a change may have several who approved it; a waiver has one, and needs one",
    "--config": "serve and mcp show several stores, each with a trust file of its own",
    "--demo": "only a run can read the fictional company live",
    "--format": "each command has its own forms",
    "--kind": "evidence is of one kind; a request may be answered by several",
    "--control": "evidence is narrowed to controls; a request is answered by them",
    "--owner": "a risk has an owner, and so has a request; issues are narrowed to several",
    "--check": "checks select what is judged; a request is answered by what they show",
    "--output": "a run and a gate write reports beside what they print; others one file, a bundle or a folder",
    "--provider": "init knows the clouds that it can begin with; checks may be of others",
    "--reason": "a waiver, a withdrawn key and a replaced unit have reasons of their own",
    "--run": "where a run is looked at, it is the newest unless one is named; an export is then of a period",
    "--store": "serve and mcp show several stores, each with a name in addresses",
    "--target": "manifests are for a scheduler, tables for an engine",
    "--within": "an agenda looks further ahead than the news of a night",
}
"""Names whose declarations differ, each with its reason."""

LAST = ("--format", "--output", "--policy", "--store", "--config", "--debug", "--version", "--help")
"""What many commands take stands last, in this order."""


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            below = command.get_command(context, child)
            assert below is not None
            yield from commands(below, f"{name} {child}")


COMMANDS = dict(commands(group, "auditreel"))


def declared(command: click.Command) -> list[click.Option]:
    return [row for row in command.params if isinstance(row, click.Option)]


def form(option: click.Option) -> dict[str, object]:
    """What an option says of itself, but for whether it is required, which is the command's matter."""
    said = option.to_info_dict()
    return {key: said[key] for key in ("type", "multiple", "is_flag", "default", "help")} | {"metavar": option.metavar}


def test_an_option_has_one_meaning_over_all_commands_or_a_reason_why_not() -> None:
    said = defaultdict[str, dict[str, list[str]]](lambda: defaultdict(list))
    for name, command in COMMANDS.items():
        for option in declared(command):
            said[option.opts[0]][str(form(option))].append(name)
    differing = {option: dict(forms) for option, forms in said.items() if len(forms) > 1}
    assert sorted(differing) == sorted(DIFFERS), {
        option: forms for option, forms in differing.items() if option not in DIFFERS
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_what_many_commands_take_stands_last_and_in_one_order(name: str) -> None:
    order = [option.opts[0] for option in declared(COMMANDS[name])]
    assert order == sorted(order, key=lambda option: LAST.index(option) if option in LAST else -1)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_takes_and_does_in_the_same_way(name: str) -> None:
    wrong = []
    for option in declared(COMMANDS[name]):
        told = option.help or ""
        for true, what in (
            (told[:1].isupper() or told[:1].isdigit(), "does not begin as a sentence does"),
            (told.endswith((".", "]")), "does not end as a sentence does"),
            ("Default:" not in told, "tells a default otherwise than as [default: ...]"),
            (option.multiple == told.endswith("Repeatable."), "is repeatable and does not say so, or the other way"),
            (option.metavar or isinstance(option.type, click.Choice) or option.is_flag, "does not say what it takes"),
        ):
            wrong += [] if true else [f"{option.opts[0]} {what}: {told}"]
    assert wrong == []


SELECTING = [name for name, command in COMMANDS.items() if "--severity" in {row.opts[0] for row in declared(command)}]


@pytest.mark.parametrize("name", SELECTING)
def test_a_command_that_selects_checks_takes_the_policy_folder_that_knows_them(name: str) -> None:
    taken = {row.opts[0] for row in declared(COMMANDS[name])}
    assert {"--provider", "--criterion", "--check", "--severity", "--policy"} <= taken
