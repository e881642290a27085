"""``auditreel mcp``: sealed evidence for a model, over the Model Context Protocol."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import click

from engine.cli import options, shown, streams


@click.command("mcp", context_settings=options.CONTEXT)
@shown.reader(required=False)
@options.period(required=False)
@options.CRITERION
@shown.LINKS
@options.ACCESS_LOG
@options.POLICY
@shown.STORES
@shown.CONFIGS
@options.debug
def command(
    reader: str | None,
    from_: date | None,
    to: date | None,
    criterion: tuple[str, ...],
    links: Path | None,
    access_log: Path | None,
    policy: Path | None,
    stores: tuple[str, ...],
    configs: tuple[Path, ...],
) -> int:
    """Let a model ask evidence stores, read-only, over the Model Context Protocol on standard input and output.

    A client starts it. It holds no signing key and writes nothing but a log of what was asked, in the folder of the
    links where --access-log names no file, by "an MCP client" where --for names nobody. What does not verify is
    answered with an error, never with data. A bucket is asked for news once a minute; each answer says as of when it
    is.
    """
    shown.refuse_key()
    shown.refuse_backwards("limiting what may be asked to a period", from_, to)
    try:
        from engine.serve import stdio
    except ModuleNotFoundError as error:
        raise shown.uninstalled(error, "mcp") from error
    from engine.cli.clock import system_clock
    from engine.run import preflight
    from engine.serve.accesses import AccessLog
    from engine.serve.links import unsigned
    from engine.serve.tools import Tools

    clock = system_clock()
    found = shown.opened(stores, configs, clock)
    wanted = preflight.criteria(criterion, options.policy(policy)) if criterion else None
    link = unsigned(reader or "an MCP client", tuple(store.id for store in found.values()), from_, to, wanted)
    log = access_log or shown.folder(links, configs) / shown.LOG
    record = AccessLog(log, [place for store in found.values() for place in store.folders])
    with closing(record):
        streams.say(f"answering questions about {', '.join(found)} on standard input and output")
        stdio.run(Tools(found, link, record, clock, streams.say))
    return 0
