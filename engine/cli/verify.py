"""``auditreel verify``: a store, a run, a record or a bundle, completely and offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from engine.cli import options, settings
from engine.errors import UsageError


@click.command("verify", context_settings=options.CONTEXT)
@click.argument("targets", nargs=-1, metavar="[RUN|RECORD|BUNDLE|STORE]...")
@click.option(
    "--allow-unanchored",
    is_flag=True,
    help="Accept that nothing shows where the chain ends, and time stamps of authorities that are not pinned.",
)
@options.STORE
@options.CONFIG
@options.debug
def command(targets: tuple[str, ...], allow_unanchored: bool, store: str | None, config: Path | None) -> int:
    """Verify everything in the store, or a RUN of it, a RECORD (its proof) or a BUNDLE, against the trust file.

    Without an argument it is the store of --store. Another STORE is named as an argument, such as a copy. Two stores or
    bundles are compared as well: whether they tell one story. Exits with 5 where anything does not verify, or could not
    be verified.
    """
    from engine.custody import inspection, verification

    folder = config or settings.configuration()
    if len(targets) > 2:
        raise UsageError(f"verifying {len(targets)} targets: one is verified, two are compared")
    is_run = len(targets) == 1 and not Path(targets[0]).exists() and inspection.is_run(targets[0])
    places = targets if targets and not is_run else (store_of(store),)
    for place in places:
        if "://" not in place and not Path(place).exists():
            raise UsageError(f"verifying {place}: it is not there")
    if len(places) == 2:
        verdict = verification.compare(*places, folder, allow_unanchored)
    else:
        known = places[0] if is_run else _named(store)
        verdict = verification.verify(targets[0] if is_run else places[0], folder, allow_unanchored, known)
    return told(verdict.lines, verdict.exit_code)


def store_of(flag: str | None) -> str:
    """The store that a flag, the environment, a file or the policy names. Raises UsageError where none does."""
    place = _named(flag)
    if place is None:
        raise UsageError("finding the evidence store: none is named; use --store DIR, or auditreel init")
    return place


def _named(flag: str | None) -> str | None:
    from engine.custody import stores

    place = settings.merged({"store": flag})["store"]
    return str(place) if place is not None else stores.stated(options.policy(None))


def told(lines: Sequence[str], code: int) -> int:
    """Print what verifying or replaying showed, and why where it ends with another code than 0; gives the code."""
    from engine.cli import streams
    from engine.report.safe import safe

    streams.emit("".join(f"{safe(line, 4000)}\n" for line in lines))
    if code:
        # The first line is how it is anchored, the next one why it is no evidence.
        streams.say(f"exit {code}: {safe(next(iter(lines[1:]), 'it does not verify'), 400)}")
    return code
