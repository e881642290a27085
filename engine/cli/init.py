"""``auditreel init``: an evidence store, its keys and its trust file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from engine.cli import options, settings
from engine.errors import UsageError

DEFAULT_STORE: Final = "evidence"


@click.command("init", context_settings=options.CONTEXT)
@click.option("--store", metavar="DIR", help="Where evidence will be kept [default: evidence].")
@options.CONFIG
@options.debug
def command(store: str | None, config: Path | None) -> int:
    """Make an evidence store, a signing key (0600) and the trust file that pins it, outside of the store.

    What is there already is kept. Without auditreel.toml in the working folder one is written that names the store.
    """
    from engine import pipeline
    from engine.cli import streams

    place = settings.merged({"store": store})["store"] or DEFAULT_STORE
    folder = config or settings.configuration()
    key = pipeline.initialise(place, folder)
    streams.emit(f"store {place}\nkeys  {folder}\nkey   {key}\n")
    streams.say(_named(Path(settings.PROJECT_FILE), place))
    streams.say(
        f"Keep a copy of {folder} elsewhere: without it nothing can be added, and the trust file is what verifies."
    )
    return 0


def _named(path: Path, place: str) -> str:
    """Name the store in a new project file; where there is one already, say what to add."""
    line = f"store = {_quoted(place)}"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except FileExistsError:
        return f"{path} is there already; it decides where runs are recorded: {line}"
    except OSError as error:
        raise UsageError(f"writing {path}: {error.strerror or error}") from error
    return f"{path} names the store: from now on every run here is recorded."


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0, which escapes as JSON does."""
    import json

    return json.dumps(text)
