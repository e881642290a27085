"""``auditreel check``: list, show, write and test checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.model import Check
    from engine.report.layout import Page

BAD_CONTENT: Final = 2


@click.group("check", context_settings=options.CONTEXT)
def command() -> None:
    """List, show, write and test checks."""


@command.command("list", context_settings=options.CONTEXT)
@options.filters
@options.output_format("text", "json")
@options.POLICY
@options.debug
def list_(format_: str, **flags: Any) -> int:
    """The checks that the filters select; without filters all."""
    from engine.cli import streams
    from engine.report import records
    from engine.report.layout import page
    from engine.run import preflight

    request, _ = options.request(flags)
    found = preflight.checks(request).checks
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
@options.POLICY
@options.debug
def show(check: str, policy: Path | None) -> int:
    """The data file of CHECK as it is; its path is told on the error stream."""
    from engine.cli import streams
    from engine.run import preflight

    found = preflight.explain(check, options.policy(policy)).check
    streams.say(str(found.path))
    streams.emit(found.source.decode("utf-8"))
    return 0


@command.command("new", context_settings=options.CONTEXT)
@click.argument("check")
@click.option("--type", "resource_type", metavar="TYPE", help="What it judges, such as AWS::S3::Bucket.")
@options.POLICY
@options.debug
def new(check: str, resource_type: str | None, policy: Path | None) -> int:
    """Write the data file of a new CHECK (provider.service.name), to be filled in; it is refused until it is.

    It is written below checks/ of the policy folder that --policy or auditreel.toml names, else of this checkout.
    """
    from engine.authoring.drafts import draft
    from engine.cli import streams

    streams.emit(f"{draft(check, resource_type, options.policy(policy))}\n")
    streams.say(f"Until it is filled in, no command accepts it. Then: auditreel check test {check}")
    return 0


@command.command("test", context_settings=options.CONTEXT)
@click.argument("checks", nargs=-1, metavar="[GLOB|FILE]...")
@options.POLICY
@options.debug
def test(checks: tuple[str, ...], policy: Path | None) -> int:
    """Judge the examples of the checks; each must give the verdict that it states. Exits with 2 where one does not.

    A check is named by its id or a pattern of ids, or by its file, which may lie anywhere.
    """
    from engine.cli import streams
    from engine.report.layout import counted
    from engine.run import preflight

    files = [Path(name) for name in checks if _is_file(name)]
    patterns = [name for name in checks if not _is_file(name)]
    found = preflight.examined(patterns, options.policy(policy), files)
    problems = [problem for rows in found.values() for problem in rows]
    streams.emit("".join(f"{problem}\n" for problem in problems))
    told = counted(len(problems), "problem") if problems else "every example gives its verdict"
    streams.say(f"{counted(len(found), 'check')}: {told}")
    return BAD_CONTENT if problems else 0


def _is_file(name: str) -> bool:
    """Whether an argument names a file: ids have no slash, and hardly a service has a check called "yaml"."""
    return "/" in name or (name.endswith((".yaml", ".yml")) and Path(name).is_file())
