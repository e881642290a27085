"""How a run enters what it reads: the settings of a provider, and the accounts that its boundary leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import engine
from engine.content.load import Content
from engine.errors import UsageError
from engine.judging.boundary import Boundary, groups_of
from engine.model import LISTINGS, Clock
from engine.run.request import RunRequest
from providers import NotInstalled, opened
from providers.base import Directory, NotConfigured, Provider


def access_of(content: Content, provider: str) -> Mapping[str, Any]:
    """What the policy says of a provider's accounts, and of which groups of them its boundary speaks.

    Of listings it is what they are, and where they lie.
    """
    if provider == LISTINGS:
        return {"folder": str(content.root.tables), "tables": content.policy.tables}
    access = content.policy.organization.access.get(provider, {})
    groups = groups_of(content.policy.organization.programme.boundary, provider)
    return {**access, "groups": groups} if groups else access


def apart(boundary: Boundary, provider: str, found: Directory) -> dict[str, str]:
    """The accounts of which nothing can be in the boundary, so that nothing is read there, and why: the rule."""
    known = boundary.knowing({f"{provider}/{group}": accounts for group, accounts in found.groups.items()})
    rules = {account: known.of_account(provider, account) for account in found.accounts}
    return {account: f"out of the boundary ({rule})" for account, rule in rules.items() if rule is not None}


def open_provider(provider: str, request: RunRequest, content: Content, clock: Clock) -> Provider:
    """A provider, ready to be asked. Raises UsageError where its SDK or its configuration is missing."""
    try:
        return opened(provider, **settings_of(provider, request, content, clock))
    except (NotInstalled, NotConfigured) as error:
        raise UsageError(f"opening {provider}: {error}") from error


def settings_of(provider: str, request: RunRequest, content: Content, clock: Clock) -> Mapping[str, Any]:
    """What a provider is opened with."""
    access = access_of(content, provider)
    if provider == LISTINGS:
        access = {**access, "as_of": clock.now()}
    return {"timeout": request.timeout, "agent": f"auditreel/{engine.__version__}", "access": access}
