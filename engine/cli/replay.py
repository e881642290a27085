"""``auditreel replay``: what was recorded, judged again."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of, told
from engine.errors import UsageError


@click.command("replay", context_settings=options.CONTEXT)
@click.argument("run", required=False, metavar="[RUN|BUNDLE]")
@click.option("--with", "with_", metavar="CHECK@VERSION", help="Judge a period by this version of a check.")
@options.period(required=False)
@options.STORE
@options.CONFIG
@options.debug
def command(
    run: str | None, with_: str | None, from_: date | None, to: date | None, store: str | None, config: Path | None
) -> int:
    """Judge the recorded RUN, or each run of a BUNDLE, again by its own checks, and compare every record.

    Without RUN, every run from one day to another. Exits with 5 where a record differs or cannot be replayed. With
    --with, the runs of a period are judged by another version of a check, and every verdict that the two do not share
    is listed; 4 where a run could not be judged by it.
    """
    from engine.custody import rejudging

    keys = config or settings.configuration()
    bundle = run is not None and Path(run).is_file()
    folder = "" if bundle else store_of(store)
    if with_ is None:
        if run is not None and from_ is None and to is None:
            verdict = rejudging.replay_bundle(Path(run), keys) if bundle else rejudging.replay(run, folder, keys)
        elif run is None and from_ is not None and to is not None:
            verdict = rejudging.replays((from_.isoformat(), to.isoformat()), folder, keys)
        else:
            raise UsageError("replaying: name a RUN, or a period: --from DATE --to DATE, and --with CHECK@VERSION")
    else:
        if run is not None or from_ is None or to is None:
            raise UsageError("judging a period again: --with takes --from DATE and --to DATE, and no RUN")
        verdict = rejudging.retest(*_version(with_), (from_.isoformat(), to.isoformat()), folder, keys)
    return told(verdict.lines, verdict.exit_code)


def _version(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"([a-z0-9_.]+)@([1-9][0-9]{0,8})", text)
    if found is None:
        raise UsageError(f"reading --with {text}: it is CHECK@VERSION, as in aws.iam.root_mfa_enabled@2")
    return found[1], int(found[2])
