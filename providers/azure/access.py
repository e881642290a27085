"""Which subscriptions there are to scan: those that one has a role in, all of the tenant, or those of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from providers.azure.shapes import arm_id
from providers.boundary import Rules

if TYPE_CHECKING:
    from providers.azure.caller import Caller

DESCENDANTS: Final = "Microsoft.Management/managementGroups/descendants"
VERSION: Final = "2020-05-01"
"""The api-version of management groups."""
_SUBSCRIPTION: Final = "/subscriptions"
"""The type of a descendant that is a subscription, in the words of the API."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the policy wants subscriptions to be found (``azure`` of organization.yaml's access).

    ``accounts`` is "tenant", or subscription ids, or empty for those in which the credentials have a role.
    ``groups`` are management groups of which it is asked what lies in them.
    """

    accounts: str | tuple[str, ...] = ()
    include: Rules | None = None
    exclude: Rules | None = None
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Access:
        """The access that the policy states."""
        accounts = said.get("accounts", ())
        return cls(
            accounts=accounts if isinstance(accounts, str) else tuple(accounts),
            include=_rules(said.get("include")),
            exclude=_rules(said.get("exclude")),
            groups=tuple(said.get("groups", ())),
        )


def _rules(said: Mapping[str, Any] | None) -> Rules | None:
    rules = Rules.of(said, "management_groups")
    return rules and replace(rules, tags={name.lower(): values for name, values in rules.tags.items()})


class ManagementGroups:
    """What lies below management groups, each asked for once; ``tags`` are those of the subscriptions that were listed.

    Ids, and names of tags, are compared in lower case: Azure knows no difference.
    """

    def __init__(self, azure: Caller, tags: Mapping[str, Mapping[str, str]]) -> None:
        self._azure, self._tags = azure, tags
        self._below: dict[str, dict[str, str]] = {}

    def below(self, parent: str) -> Mapping[str, str]:
        """The subscriptions in a management group and in those below it, by id with their names."""
        if parent not in self._below:
            rows = self._azure.items(f"/providers/Microsoft.Management/managementGroups/{parent}/descendants", VERSION)
            self._below[parent] = {
                arm_id(row["name"]): row["properties"].get("displayName") or row["name"]
                for row in rows
                if row["type"].lower() == _SUBSCRIPTION
            }
        return self._below[parent]

    def tags(self, account: str) -> Mapping[str, str] | None:
        """The tags of a subscription, their names in lower case; None for one that was not listed."""
        tags = self._tags.get(account)
        return None if tags is None else {name.lower(): value for name, value in tags.items()}
