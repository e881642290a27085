"""``auditreel mcp``: sealed evidence for a model, over the Model Context Protocol."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from engine.cli import options, shown, streams


@click.command("mcp", context_settings=options.CONTEXT)
@shown.STORES
@shown.CONFIGS
@shown.LINKS
@shown.LOG_FILE
@click.option(
    "--for",
    "reader",
    default="an MCP client",
    show_default=True,
    metavar="NAME",
    help="Who asks; it stands in the log.",
)
@shown.FROM
@shown.TO
@shown.CRITERIA
@options.POLICY
@options.debug
def command(
    stores: tuple[str, ...],
    configs: tuple[Path, ...],
    links: Path | None,
    log: Path | None,
    reader: str,
    from_: str | None,
    to: str | None,
    criteria: tuple[str, ...],
    policy: Path | None,
) -> int:
    """Let a model ask evidence stores, read-only, over the Model Context Protocol on standard input and output.

    A client starts it. It holds no signing key and writes nothing but a log of what was asked. What does not verify is
    answered with an error, never with data.
    """
    shown.refuse_key()
    first, last = shown.nights(from_, to)
    try:
        from engine.serve import stdio
    except ModuleNotFoundError as error:
        raise shown.uninstalled(error, "mcp") from error
    from engine import preflight
    from engine.cli.clock import system_clock
    from engine.serve.accesses import AccessLog
    from engine.serve.links import unsigned
    from engine.serve.tools import Tools

    clock = system_clock()
    found = shown.opened(stores, configs, clock.monotonic)
    wanted = preflight.criteria(criteria, options.policy(policy)) if criteria else None
    link = unsigned(reader, tuple(store.id for store in found.values()), first, last, wanted)
    record = AccessLog(log or shown.folder(links, configs) / shown.LOG, [Path(store.place) for store in found.values()])
    with closing(record):
        streams.say(f"answering questions about {', '.join(found)} on standard input and output")
        stdio.run(Tools(found, link, record, clock, streams.say))
    return 0
