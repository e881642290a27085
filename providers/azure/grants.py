"""Which actions the caller may perform in a subscription, by which an empty answer is told from a withheld one.

Resource Graph leaves out what the caller may not read ("Permissions in Azure Resource Graph"): a role without an action
yields fewer rows, not an error. So do lists of Resource Manager: role assignments were seen to be none for who may not
read them (github.com/Azure/azure-sdk-for-python, issue 22873). A listing counts only where the action is granted for
the whole subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether any entry of Permissions_List grants an action ("Microsoft.Storage/storageAccounts/read").

    Each entry is one role: its ``actions`` less its ``notActions``, compared without regard to case, "*" for any text.
    """
    return any(
        _matches(entry.get("actions"), action) and not _matches(entry.get("notActions"), action)
        for entry in permissions
    )


def _matches(patterns: Any, action: str) -> bool:
    found: Sequence[Any] = patterns if isinstance(patterns, list) else ()
    # fnmatch gives meaning to "[" and "?", which no action holds.
    return any(isinstance(pattern, str) and fnmatchcase(action.lower(), pattern.lower()) for pattern in found)
