"""``auditreel permissions``: the least privilege that the selected checks take."""

from __future__ import annotations

from typing import Any

import click

from engine.cli import options


@click.command("permissions", context_settings=options.CONTEXT)
@options.selection
@options.output_format("policy", "terraform", "cloudformation", "list", "json")
@options.debug
def command(format_: str, **flags: Any) -> int:
    """Print the least privilege that the selected checks take, as a policy of the cloud (for AWS: an IAM policy).

    As terraform or cloudformation it comes with a role that whoever scans takes on. It holds reads only. Nothing is
    called.
    """
    from engine import permissions, pipeline
    from engine.cli import streams
    from engine.report import records

    request, _ = options.request(flags)
    found = pipeline.permissions(request)
    if format_ == "json":
        streams.emit(records.encoded({name: list(actions) for name, actions in found.items()}, indent=2) + "\n")
    elif format_ == "list":
        streams.emit("".join(f"{action}\n" for actions in found.values() for action in actions))
    else:
        for provider, actions in found.items():
            streams.emit(f"{permissions.granting(format_, provider, actions)}\n")
            if note := permissions.note(format_, provider, actions):
                streams.say(note)
    for provider, actions in found.items():
        streams.say(f"{provider}: {len(actions):,} actions, all of them reads")
    return 0
