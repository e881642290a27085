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
    """Print the least privilege that the selected checks take, as a policy of the cloud.

    For AWS that is an IAM policy; for Azure a custom role, beside which permissions of Microsoft Graph are named; for
    Google Cloud a custom role; for GitHub the manifest of an App. As terraform or cloudformation it comes with a role
    that whoever scans takes on. It holds reads only. Nothing is called.
    """
    from engine import permissions, pipeline
    from engine.cli import streams
    from engine.report import records

    request, _ = options.request(flags)
    found = pipeline.permissions(request)
    if format_ == "json":
        actions = {name: list(needed.reading) for name, needed in found.items()}
        streams.emit(records.encoded(actions, indent=2) + "\n")
    elif format_ == "list":
        streams.emit("".join(f"{action}\n" for needed in found.values() for action in needed.reading))
    else:
        for provider, needed in found.items():
            streams.emit(f"{permissions.granting(format_, provider, needed.reading)}\n")
            if note := permissions.note(format_, provider, needed.reading):
                streams.say(note)
    for provider, needed in found.items():
        streams.say(f"{provider}: {len(needed.reading):,} actions, all of them reads")
        if needed.entering:
            streams.say(f"{provider}: who scans needs, to find and enter accounts: {', '.join(needed.entering)}")
    return 0
