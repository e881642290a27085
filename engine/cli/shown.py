"""Options of the verbs that show stores to somebody, and the stores that they name."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli import options, settings, streams
from engine.cli.verify import store_of
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.model import Clock
    from engine.serve.library import Store

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_TAKEN: Final = frozenset({"api", "link"})
_KEY: Final = "AUDITREEL_SIGNING_KEY"
LOG: Final = "accesses.jsonl"

STORES: Final = click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="[NAME=]DIR|URL",
    help="An evidence store: a folder, or s3://, gs://, az://; NAME stands in addresses. Repeatable.",
)
CONFIGS: Final = click.option(
    "--config",
    "configs",
    type=options.FOLDER,
    multiple=True,
    metavar="DIR",
    help="Folder of the trust file, for all stores or each [default: ~/.config/auditreel]. Repeatable.",
)
LINKS: Final = click.option(
    "--links", type=options.FOLDER, metavar="DIR", help="Folder of links and their key [default: links in --config]."
)


def reader(required: bool) -> options.Option[Any]:
    """``--for``: who reads what is shown."""
    said = "Who reads; it stands in the log."
    return click.option("--for", "reader", required=required, metavar="NAME", help=said)


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


def refuse_backwards(doing: str, starts: date | None, ends: date | None) -> None:
    """Refuse a period that ends before it begins; ``doing`` is what it is for. Raises UsageError."""
    if starts is not None and ends is not None and ends < starts:
        raise UsageError(f"{doing}: it ends on {ends}, before it begins on {starts}")


def named(given: Sequence[str]) -> dict[str, str]:
    """The stores by the name that each has in addresses."""
    found: dict[str, str] = {}
    for text in given or (store_of(None),):
        name, equals, place = text.partition("=")
        if not equals or "://" in name:
            place = text
            last = text.rstrip("/").rpartition("/")[2] if "://" in text else Path(text).resolve().name
            name = re.sub(r"[^A-Za-z0-9._-]", "-", last).lstrip("._-") or "store"
        if re.fullmatch(_NAME, name) is None or name in _TAKEN:
            raise UsageError(f"serving {text}: {name} cannot stand in an address; use --store NAME=DIR")
        if name in found:
            raise UsageError(f"serving {text}: {name} is there twice; use --store NAME=DIR")
        if "://" not in place and not Path(place).is_dir():
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


def opened(stores: Sequence[str], configs: Sequence[Path], clock: Clock) -> dict[str, Store]:
    """The stores that are named, open to be shown; of one in a bucket it is said where that cannot be read."""
    from engine.serve.following import source
    from engine.serve.library import Store

    places = named(stores)
    trusts = each(configs, len(places))
    return {
        name: Store(name, places[name], trust, clock.monotonic, source(places[name], trust, clock, streams.say))
        for name, trust in zip(places, trusts, strict=True)
    }
