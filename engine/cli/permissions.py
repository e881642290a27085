"""``auditreel permissions``: the least privilege that the selected checks take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from engine.cli import options
from engine.errors import UsageError
from engine.model import CLOUDS


@click.command("permissions", context_settings=options.CONTEXT)
@options.filters
@options.output_format("policy", "terraform", "cloudformation", "list", "json")
@options.POLICY
@options.debug
def command(format_: str, **flags: Any) -> int:
    """Print the least privilege that the selected checks take, as a policy of the cloud.

    For AWS that is an IAM policy; for Azure a custom role, beside which permissions of Microsoft Graph are named; for
    Google Cloud a custom role; for GitHub the manifest of an App. Without --provider it is for the clouds that
    organization.yaml names, else for all, each under a heading. As terraform or cloudformation it comes with a role
    that whoever scans takes on. It holds reads only. Nothing is called.
    """
    from engine import permissions
    from engine.cli import streams
    from engine.report import records
    from engine.run import preflight

    request, _ = options.request(flags)
    found = preflight.permissions(request)
    if format_ == "json":
        actions = {name: list(needed.reading) for name, needed in found.items()}
        streams.emit(records.encoded(actions, indent=2) + "\n")
    elif format_ == "list":
        for provider, needed in found.items():
            streams.emit("".join(f"{line}\n" for line in (*_heading(provider, found), *needed.reading)))
    else:
        for provider, needed in found.items():
            try:
                text = permissions.granting(format_, provider, needed.reading)
            except UsageError as error:
                if len(found) == 1:
                    raise
                # Of several clouds one that the tool does not make roles in is told, and keeps the others from nobody.
                streams.say(f"{provider}: nothing is written for it: {error}")
                continue
            streams.emit("".join(f"{line}\n" for line in (*_heading(provider, found), text)))
            if note := permissions.note(format_, provider, needed.reading):
                streams.say(note)
    for provider, needed in found.items():
        streams.say(f"{provider}: {len(needed.reading):,} actions, all of them reads")
        if needed.entering:
            streams.say(f"{provider}: who scans needs, to find and enter accounts: {', '.join(needed.entering)}")
    if signing := preflight.signing_permissions(request.config):
        streams.say(f"signing key: who records or exports needs, on {signing[0]}: {', '.join(signing[1])}")
    return 0


def _heading(provider: str, found: Mapping[str, Any]) -> Iterator[str]:
    """A comment that says whose policy follows, where there are several."""
    if len(found) > 1:
        yield f"# {CLOUDS.get(provider, provider)}"
