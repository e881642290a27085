"""The language of the command line: every option that several verbs share, once, and the request that they make.

A name has one meaning, one form and one help over all verbs, and what every verb takes comes last, in one order:
``--format``, ``--output``, ``--policy``, ``--store``, ``--config``. ``tests/architecture/test_options.py`` holds all
verbs to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from engine.cli import settings

if TYPE_CHECKING:
    from engine.report import Format
    from engine.run.request import RunRequest

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]

SEVERITY: Final = click.Choice(settings.SEVERITIES)
FOLDER: Final = click.Path(file_okay=False, path_type=Path)
CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Day(click.ParamType[date]):
    """A date, as ISO 8601 writes it: 2026-11-27."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that an option says. Raises click.BadParameter, which names the option."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is no date (YYYY-MM-DD)", param, ctx)


DAY: Final = Day()


def dated(name: str, *names: str, text: str, required: bool = False) -> Option[Any]:
    """An option that is a date."""
    return click.option(name, *names, type=DAY, metavar="DATE", required=required, help=text)


CRITERION: Final = click.option(
    "--criterion", multiple=True, metavar="CRITERION", help="Only what is of security, CC6 or CC6.1. Repeatable."
)
_FILTERS: Final[tuple[Option[Any], ...]] = (
    click.option("--provider", multiple=True, metavar="NAME", help="Only this provider, such as aws. Repeatable."),
    CRITERION,
    click.option(
        "--check", multiple=True, metavar="GLOB", help="Only checks whose id matches, such as 'aws.iam.*'. Repeatable."
    ),
    click.option(
        "--severity",
        type=SEVERITY,
        metavar="LEVEL",
        help="Only checks at least this severe: low, medium, high, critical.",
    ),
)
ACCOUNT: Final = click.option("--account", multiple=True, metavar="ID", help="Only this account. Repeatable.")
_PLACES: Final[tuple[Option[Any], ...]] = (
    ACCOUNT,
    click.option("--region", multiple=True, metavar="NAME", help="Only this region, and what is global. Repeatable."),
)
SNAPSHOT: Final = click.option(
    "--snapshot", metavar="FILE|RUN", help="What was read: a stored snapshot, or that of a recorded run."
)
RUN: Final = click.option("--run", metavar="RUN", help="The recorded run to look at [default: the newest].")
FAIL_ON: Final = click.option(
    "--fail-on", type=SEVERITY, metavar="LEVEL", help="Least severity that counts as a failure [default: low]."
)
ALLOW_INCOMPLETE: Final = click.option(
    "--allow-incomplete", is_flag=True, default=None, help="Do not exit with 4 for what is incomplete."
)
DRY_RUN: Final = click.option("--dry-run", is_flag=True, help="Print what would be done, and change nothing.")
BY: Final = click.option("--by", required=True, metavar="NAME", help="Who answers for it.")
OCCURRENCE: Final = click.option(
    "--occurrence", metavar="PERIOD", help="The period that it belongs to, if made in another: 2026-Q3."
)
ID: Final = click.option("--id", "id_", metavar="ID", help="Its id, which names its file [default: made of the rest].")
ACCESS_LOG: Final = click.option(
    "--access-log",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The log that serve keeps of who read what.",
)
OUTPUT: Final = click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of standard output."
)
POLICY: Final = click.option("--policy", type=FOLDER, metavar="DIR", help="The organisation's policy folder.")
STORE: Final = click.option("--store", metavar="DIR|URL", help="The evidence store: a folder, or s3://, gs://, az://.")
CONFIG: Final = click.option(
    "--config", type=FOLDER, metavar="DIR", help="Folder of keys and trust file [default: ~/.config/auditreel]."
)
_DEBUG: Final = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")


def reports(formats: Iterable[Format]) -> Option[Any]:
    """``--output`` of a verb that judges: files beside what is printed, in these formats."""
    suffixes = ", ".join(form.suffix for form in formats)
    return click.option(
        "--output",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Write a report as well, in the format that its suffix says: {suffixes}. Repeatable.",
    )


def period(required: bool) -> Option[Any]:
    """``--from`` and ``--to``: the first and the last night of a period."""

    def both(command: F) -> F:
        for option in (
            dated("--to", text="Last night of the period.", required=required),
            dated("--from", "from_", text="First night of the period (YYYY-MM-DD, UTC).", required=required),
        ):
            command = option(command)
        return command

    return both


def within(days: int) -> Option[Any]:
    """``--within``: how far ahead to look."""
    return click.option(
        "--within",
        type=click.IntRange(0, 366),
        metavar="DAYS",
        default=days,
        show_default=True,
        help="Look so far ahead for what ends or falls due.",
    )


def filters(command: F) -> F:
    """The options that select checks; they go with ``POLICY``, which knows what checks there are."""
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


def written_format(*names: str) -> Option[Any]:
    """``--format`` of a verb that writes one output, to be resolved by :func:`engine.cli.outputs.form`."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(names),
        help=f"Form of the output [default: what --output ends in, else {names[0]}].",
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
    from engine.run.request import RunRequest

    known = settings.merged(flags)
    made = RunRequest(
        config=flags.get("config") or settings.configuration(),
        providers=tuple(known["provider"]),
        criteria=tuple(known["criterion"]),
        checks=tuple(known["check"]),
        severity=known["severity"],
        accounts=tuple(known["account"]),
        regions=tuple(known["region"]),
        policy=policy(flags.get("policy")),
        # A demonstration is recorded only where this command line says so, never where real runs go.
        store=flags.get("store") if flags.get("demo") else known["store"],
        snapshot=flags.get("snapshot"),
        demo=flags.get("demo"),
        fail_on=known["fail_on"],
        allow_incomplete=known["allow_incomplete"],
        kind=known["trigger"],
        timeout=known["timeout"],
        resume_within=known["resume_within"],
        witness=flags.get("witness"),
    )
    return made, known
