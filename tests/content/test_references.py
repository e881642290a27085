"""The generated references are what they are made of, lead nowhere else, and say what the readers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from os.path import normpath
from pathlib import Path

import click

from engine.catalog import pages, stray
from engine.catalog.markdown import anchor
from engine.cli import group
from engine.content.load import Content, load
from engine.content.root import find
from providers import declared
from providers.base import Reader

CHECKOUT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]*)\)")
ELSEWHERE = {
    # Both are listed by repository, and carry a property of the repository that was listed for it.
    ("GitHub::Push", "repository_created_at"),
    ("GitHub::Environment", "archived"),
}


@cache
def content() -> Content:
    return load(find())


@cache
def written() -> dict[Path, str]:
    return pages(content())


def test_the_references_are_current() -> None:
    """Where this fails: python -m engine.catalog."""
    outdated = [path for path, text in written().items() if not _is(CHECKOUT / path, text)]
    assert (outdated, stray(CHECKOUT, written())) == ([], [])


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


def test_every_check_type_and_command_has_a_place_that_the_index_leads_to() -> None:
    found = {
        target
        for path, text in written().items()
        for link in LINK.findall(text)
        if (target := _target(path, link)) is not None
    }
    assert found - _headings() == set()
    reached = {heading for _, heading in found}
    assert {anchor(name) for name in (*content().checks, *content().types, "auditreel report type2")} - reached == set()


def _target(page: Path, link: str) -> tuple[Path, str] | None:
    path, _, heading = link.partition("#")
    if "://" in link:
        return None
    return Path(normpath(page.parent / path)) if path else page, heading


def _headings() -> set[tuple[Path, str]]:
    headings = {(path, "") for path in written()}
    for path, text in written().items():
        headings |= {(path, anchor(line.lstrip("#").strip())) for line in text.splitlines() if line.startswith("#")}
    return headings


def test_a_property_is_said_to_come_from_an_operation_of_the_reader_that_fills_it() -> None:
    wrong = [
        (name, property_, schema["x-operation"])
        for name, type_ in content().types.items()
        for property_, schema in type_.properties.items()
        if not _given(type_.path.parent.name, name, property_, schema["x-operation"])
    ]
    assert [row for row in wrong if row[:2] not in ELSEWHERE] == []
    assert {row[:2] for row in wrong} == ELSEWHERE


def _given(provider: str, type_: str, property_: str, operation: str) -> bool:
    package = declared(provider)
    operations = [
        name
        for reader in _readers(package.readers)
        if property_ in reader.fills.get(type_, ())
        for name in reader.operations
    ]
    if not operations:
        return property_ in package.discovered.get(type_, ())
    return any(name in operation for name in operations)


def _readers(readers: tuple[Reader, ...]) -> Iterator[Reader]:
    for reader in readers:
        yield reader
        yield from reader.alternatives


def test_every_option_says_what_it_is_for_and_whether_it_may_be_repeated() -> None:
    silent = [f"{name} {option.opts[0]}" for name, option in _options(group, "auditreel") if not option.help]
    unsaid = [
        f"{name} {option.opts[0]}"
        for name, option in _options(group, "auditreel")
        if option.multiple != ("Repeatable" in (option.help or ""))
    ]
    assert (silent, unsaid) == ([], [])


def _options(command: click.Command, name: str) -> Iterator[tuple[str, click.Option]]:
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for child in command.list_commands(context):
            below = command.get_command(context, child)
            assert below is not None
            yield from _options(below, f"{name} {child}")
    yield from ((name, row) for row in command.params if isinstance(row, click.Option))
