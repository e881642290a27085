"""Options of the verbs that show stores to somebody, and the stores that they name."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli import options, settings
from engine.cli.options import day
from engine.cli.verify import store_of
from engine.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from engine.serve.library import Store

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_TAKEN: Final = frozenset({"api", "link"})
_KEY: Final = "AUDITREEL_SIGNING_KEY"
LOG: Final = "accesses.jsonl"

STORES: Final = click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="[NAME=]DIR",
    help="An evidence store; NAME stands in addresses. Repeatable.",
)
CONFIGS: Final = click.option(
    "--config",
    "configs",
    type=options.FOLDER,
    multiple=True,
    metavar="DIR",
    help="Folder of the trust file, one for all stores or one each. Repeatable [default: ~/.config/auditreel].",
)
LINKS: Final = click.option(
    "--links", type=options.FOLDER, metavar="DIR", help="Folder of links and their key [default: links in --config]."
)
LOG_FILE: Final = click.option(
    "--log", type=click.Path(path_type=Path), metavar="FILE", help="Log of accesses [default: in --links]."
)
FROM: Final = click.option("--from", "from_", metavar="DATE", help="First night to be seen [default: every one].")
TO: Final = click.option("--to", metavar="DATE", help="Last night to be seen.")
CRITERIA: Final = click.option(
    "--criterion",
    "criteria",
    multiple=True,
    metavar="C",
    help="Only what is of these: security, CC6 or CC6.1. Repeatable.",
)


def refuse_key() -> None:
    """Refuse to show evidence while holding the key that signs it. Raises UsageError."""
    if os.environ.get(_KEY):
        raise UsageError(
            f"serving: {_KEY} is set, and who shows evidence must not hold the key that signs it; unset it"
        )


def uninstalled(error: ModuleNotFoundError, extra: str) -> UsageError:
    """What is told where a library of an extra is missing; an import of ours that fails is raised as it is."""
    if (error.name or "").startswith("engine"):
        raise error
    said = f"serving: the library {error.name} is not installed."
    return UsageError(f"{said} Install it with: pip install 'auditreel[{extra}]'")


def nights(from_: str | None, to: str | None) -> tuple[date | None, date | None]:
    """The first and the last night to be seen. Raises UsageError."""
    first, last = day(from_) if from_ else None, day(to) if to else None
    if first is not None and last is not None and last < first:
        raise UsageError(f"reading the period: it ends on {last}, before it begins on {first}")
    return first, last


def named(given: Sequence[str]) -> dict[str, str]:
    """The stores by the name that each has in addresses."""
    found: dict[str, str] = {}
    for text in given or (store_of(None),):
        name, equals, place = text.partition("=")
        if not equals:
            place = text
            name = re.sub(r"[^A-Za-z0-9._-]", "-", Path(text).resolve().name).lstrip("._-") or "store"
        if re.fullmatch(_NAME, name) is None or name in _TAKEN:
            raise UsageError(f"serving {text}: {name} cannot stand in an address; use --store NAME=DIR")
        if name in found:
            raise UsageError(f"serving {text}: {name} is there twice; use --store NAME=DIR")
        if not Path(place).is_dir():
            raise UsageError(f"serving {text}: {place} is not there")
        found[name] = place
    return found


def each(configs: Sequence[Path], count: int) -> list[Path]:
    """The configuration folder of each store."""
    if len(configs) not in (0, 1, count):
        raise UsageError(f"serving: --config is given {len(configs)} times for {count} stores: once, or once for each")
    found = list(configs) or [settings.configuration()]
    return found if len(found) == count else found * count


def folder(links: Path | None, configs: Sequence[Path]) -> Path:
    """The folder of links, in which the log of accesses lies where nothing else is said."""
    return links or (configs[0] if configs else settings.configuration()) / "links"


def opened(stores: Sequence[str], configs: Sequence[Path], monotonic: Any) -> dict[str, Store]:
    """The stores that are named, open to be shown."""
    from engine.serve.library import Store

    places = named(stores)
    trusts = each(configs, len(places))
    return {name: Store(name, places[name], trust, monotonic) for name, trust in zip(places, trusts, strict=True)}
