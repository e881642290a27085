"""Options that several verbs share, and the request that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from engine.cli import settings
from engine.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from engine.request import RunRequest

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]

SEVERITY: Final = click.Choice(settings.SEVERITIES)
FOLDER: Final = click.Path(file_okay=False, path_type=Path)
CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


POLICY: Final = click.option("--policy", type=FOLDER, metavar="DIR", help="The organisation's policy folder.")
_FILTERS: Final[tuple[Option[Any], ...]] = (
    click.option(
        "--provider", multiple=True, metavar="P", help="Only checks of this provider, such as aws. Repeatable."
    ),
    click.option("--criterion", multiple=True, metavar="C", help="Only checks for security, CC6 or CC6.1. Repeatable."),
    click.option(
        "--check", multiple=True, metavar="GLOB", help="Only checks whose id matches, such as 'aws.iam.*'. Repeatable."
    ),
    click.option(
        "--severity",
        type=SEVERITY,
        metavar="LEVEL",
        help="Only checks at least this severe: low, medium, high, critical.",
    ),
    POLICY,
)
_PLACES: Final[tuple[Option[Any], ...]] = (
    click.option("--account", multiple=True, metavar="A", help="Judge only this account. Repeatable."),
    click.option(
        "--region", multiple=True, metavar="R", help="Judge only this region, and what is global. Repeatable."
    ),
)
_DEBUG: Final = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")
CONFIG: Final = click.option(
    "--config", type=FOLDER, metavar="DIR", help="Folder of keys and trust file [default: ~/.config/auditreel]."
)
STORE: Final = click.option("--store", metavar="DIR|URL", help="The evidence store: a folder, or s3://, gs://, az://.")


def filters(command: F) -> F:
    """The options that select checks, and the policy folder that knows which there are."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def places(command: F) -> F:
    """The options that narrow where something is judged."""
    for option in reversed(_PLACES):
        command = option(command)
    return command


def debug(command: F) -> F:
    """``--debug``; the outermost function looks for it, wherever an error comes from."""
    result: F = _DEBUG(command)
    return result


def output_format(*names: str) -> Option[Any]:
    """``--format`` of a verb that knows these formats, the first by default."""
    return click.option(
        "--format", "format_", type=click.Choice(names), default=names[0], show_default=True, help="Form of the output."
    )


def policy(flag: Path | None) -> Path | None:
    """The policy folder that a flag, the environment or a file names."""
    place = flag or settings.merged({})["policy"]
    if place is None:
        return None
    # A project file's paths are whole ones; what people read is told from where they stand.
    path, here = Path(place), Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path != here and path.is_relative_to(here) else path


def request(flags: Mapping[str, Any]) -> tuple[RunRequest, Mapping[str, Any]]:
    """What the flags, the environment and the files ask for, and every setting by name."""
    from engine.request import RunRequest

    known = settings.merged(flags)
    made = RunRequest(
        config=flags.get("config") or settings.configuration(),
        providers=tuple(known["provider"]),
        criteria=tuple(known["criterion"]),
        checks=tuple(known["check"]),
        severity=known["severity"],
        accounts=tuple(known["account"]),
        regions=tuple(known["region"]),
        policy=Path(known["policy"]) if known["policy"] is not None else None,
        # A demonstration is recorded only where this command line says so, never where real runs go.
        store=flags.get("store") if flags.get("demo") else known["store"],
        snapshot=flags.get("snapshot"),
        demo=flags.get("demo"),
        fail_on=known["fail_on"],
        allow_incomplete=known["allow_incomplete"],
        kind=known["kind"],
        timeout=known["timeout"],
        resume_within=known["resume_within"],
        witness=flags.get("witness"),
    )
    return made, known


def day(text: str) -> date:
    """A date that a flag names. Raises UsageError."""
    from datetime import date as calendar

    try:
        return calendar.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"reading the period: {text} is no date (YYYY-MM-DD)") from error
