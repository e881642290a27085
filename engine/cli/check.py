"""``auditreel check``: list, show, write and test checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli import options
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.content.resources import ResourceSchema
    from engine.model import Check
    from engine.report.layout import Page

BAD_CONTENT: Final = 2
_ID: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}")


@click.group("check", context_settings=options.CONTEXT)
def command() -> None:
    """List, show, write and test checks."""


@command.command("list", context_settings=options.CONTEXT)
@options.selection
@options.output_format("text", "json")
@options.debug
def list_(format_: str, **flags: Any) -> int:
    """The checks that the filters select; without filters all."""
    from engine import pipeline
    from engine.cli import streams
    from engine.report import records
    from engine.report.layout import page

    request, _ = options.request(flags)
    found = pipeline.checks(request).checks
    if format_ == "json":
        streams.emit(records.encoded([document(check) for check in found], indent=2) + "\n")
    else:
        streams.emit("".join(f"{line.rstrip()}\n" for line in lines(found, page(streams.options()))))
    return 0


def document(check: Check) -> dict[str, Any]:
    """A check's headline as plain JSON values."""
    return {
        "id": check.id,
        "version": check.version,
        "title": check.title,
        "severity": check.severity,
        "criteria": list(check.criteria),
        "resource_type": check.resource_type,
        "digest": check.digest,
    }


def lines(checks: Sequence[Check], page: Page) -> Iterator[str]:
    """A line for each check, and their number."""
    from engine.report.layout import cells, counted, left

    name = max(cells(check.id) for check in checks)
    tags = max(cells(_tags(check)) for check in checks)
    room = page.width - name - tags - 12
    for check in checks:
        title = f"  {left(check.title, room)}" if room >= 20 else ""
        yield f"{left(check.id, name)}  {left(check.severity, 8)}  {left(_tags(check), tags)}{title}"
    yield page.paint(f"{counted(len(checks), 'check')}; what one asks for: auditreel explain CHECK", "dim")


def _tags(check: Check) -> str:
    first, *more = check.criteria
    return f"{first} +{len(more)}" if more else first


@command.command("show", context_settings=options.CONTEXT)
@click.argument("check")
@click.option("--policy", type=options.FOLDER, metavar="DIR", help="The organisation's policy folder.")
@options.debug
def show(check: str, policy: Path | None) -> int:
    """The data file of CHECK as it is; its path is told on the error stream."""
    from engine import pipeline
    from engine.cli import streams

    found = pipeline.explain(check, policy).check
    streams.say(str(found.path))
    streams.emit(found.source.decode("utf-8"))
    return 0


@command.command("new", context_settings=options.CONTEXT)
@click.argument("check")
@click.option("--type", "resource_type", metavar="T", help="What it judges, such as AWS::S3::Bucket.")
@options.debug
def new(check: str, resource_type: str | None) -> int:
    """Write the data file of a new CHECK (provider.service.name), to be filled in; it is refused until it is."""
    from engine.cli import streams
    from engine.content.resources import load_types
    from engine.content.root import find
    from engine.examples import skeleton

    root = find()
    if not _ID.fullmatch(check):
        raise UsageError(f"writing a new check: {check!r} is no id; use provider.service.name in lower-case words")
    target = root.checks.joinpath(*check.split(".")).with_suffix(".yaml")
    types = load_types(root.schemas)
    wanted = resource_type or _likely_type(check, types)
    if wanted not in types:
        raise UsageError(_types_there_are(f"there is no resource type {wanted}", types))
    text = skeleton(check, types[wanted])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"writing a new check: {target} is there already; see: auditreel check show {check}") from None
    except OSError as error:
        raise UsageError(f"writing a new check: {target}: {error.strerror or error}") from error
    streams.emit(f"{target}\n")
    streams.say(f"Until it is filled in, no command accepts it. Then: auditreel check test {check}")
    return 0


def _likely_type(check: str, types: Mapping[str, ResourceSchema]) -> str:
    """The type whose schema file has the longest name that the id starts with. Raises UsageError where none does."""
    provider, service, name = check.split(".")
    words = f"{service}_{name}_"
    near = {
        found.path.name.removesuffix(".schema.json"): found.name
        for found in types.values()
        if found.path.parent.name == provider
    }
    fitting = [stem for stem in near if words.startswith(f"{stem}_")]
    if fitting:
        return near[max(fitting, key=len)]
    raise UsageError(_types_there_are(f"the id {check} does not begin with a resource type", near.values()))


def _types_there_are(why: str, names: Iterable[str]) -> str:
    return f"writing a new check: {why}; name one with --type: {', '.join(sorted(names)) or 'there are none'}"


@command.command("test", context_settings=options.CONTEXT)
@click.argument("patterns", nargs=-1, metavar="[GLOB]...")
@click.option("--policy", type=options.FOLDER, metavar="DIR", help="The organisation's policy folder.")
@options.debug
def test(patterns: tuple[str, ...], policy: Path | None) -> int:
    """Judge the examples of the checks; each must give the verdict that it states. Exits with 2 where one does not."""
    from engine import pipeline
    from engine.cli import streams

    found = pipeline.examined(patterns, policy)
    problems = [problem for rows in found.values() for problem in rows]
    streams.emit("".join(f"{problem}\n" for problem in problems))
    told = f"{len(problems):,} problems" if problems else "every example gives its verdict"
    streams.say(f"{len(found):,} checks: {told}")
    return BAD_CONTENT if problems else 0
