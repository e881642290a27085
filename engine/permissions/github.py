"""How GitHub grants the least privilege: the permissions of a GitHub App, in its manifest.

Source: "Registering a GitHub App from a manifest". An App has no other form; a fine-grained personal access token is
made by hand, with the same permissions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

NAME: Final = "auditreel"
URL: Final = "https://github.com/apps"
DESCRIPTION: Final = "Reads the settings and the changes of repositories for auditreel, and nothing else."


def policy(names: Iterable[str]) -> str:
    """The manifest of an App that may read what ``names`` ("contents:read") say, and is told of no event."""
    manifest = {
        "name": NAME,
        "description": DESCRIPTION,
        "url": URL,
        "public": False,
        "default_events": [],
        "default_permissions": dict(name.split(":") for name in sorted(set(names))),
    }
    return json.dumps(manifest, indent=2)


def policy_note(names: Iterable[str]) -> str:
    """Where the manifest goes, and what an installation must be to show everything."""
    return (
        "github: post it as the field manifest to https://github.com/organizations/ORG/settings/apps/new; name and url "
        "are yours to change; install the App on all repositories, for what it is not installed on is not seen; "
        "who a ruleset does not bind is shown to who may edit it, and is unknown with these permissions"
    )
