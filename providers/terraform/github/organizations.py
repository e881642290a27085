"""The organization: what members may do, and what workflows may.

Source: documentation of the provider integrations/github, github_organization_settings,
github_actions_organization_permissions.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.github.organizations import ORGANIZATION
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Setting

_DOC: Final = "provider documentation"
_GONE: Final = Unread("known_after_apply", detail="what deleting it leaves behind is not documented")


def _allowed(block: Block) -> Any:
    """Which actions workflows may use; nothing may run where Actions are off."""
    off = block.get("enabled_repositories") == "none"
    return None if off else block.get("allowed_actions", "all")


SETTINGS: Final = (
    Setting(
        ORGANIZATION,
        "github_organization_settings",
        {
            "default_repository_permission": Attribute("default_repository_permission", "read", _DOC),
            "members_can_create_public_repositories": Attribute("members_can_create_public_repositories", True, _DOC),
        },
        removed=dict.fromkeys(("default_repository_permission", "members_can_create_public_repositories"), _GONE),
    ),
    Setting(
        ORGANIZATION,
        "github_actions_organization_permissions",
        {
            "actions_enabled_repositories": Attribute("enabled_repositories"),
            "actions_allowed": Derived(("allowed_actions", "enabled_repositories"), _allowed, _DOC),
        },
        removed=dict.fromkeys(("actions_enabled_repositories", "actions_allowed"), _GONE),
    ),
)
