"""Which accounts there are: those of the organization (AWS Organizations), or those that the policy lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from providers.boundary import Member, Rules

if TYPE_CHECKING:
    from providers.aws.caller import Caller

OPERATIONS: Final = (
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListTagsForResource",
)
"""What listing an organization's accounts may call."""
_NOT_RUNNING: Final = frozenset({"CLOSED", "PENDING_ACTIVATION", "PENDING_CLOSURE", "SUSPENDED"})
"""The states of an account (API reference, Account) but ACTIVE. A word that is none of these leaves no account out."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the policy wants accounts to be found and entered (``aws`` of organization.yaml).

    ``accounts`` is "organization", or account ids, or empty for the caller's own alone. ``role`` is the name (with its
    path) of the role to assume in each; ``via`` are ARNs of roles to assume before it, one after another. ``groups``
    are units and roots of which it is asked what lies in them.
    """

    accounts: str | tuple[str, ...] = ()
    role: str | None = None
    external_id: str | None = None
    session_name: str | None = None
    via: tuple[str, ...] = ()
    include: Rules | None = None
    exclude: Rules | None = None
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Access:
        """The access that the policy states."""
        accounts = said.get("accounts", ())
        return cls(
            accounts=accounts if isinstance(accounts, str) else tuple(accounts),
            role=said.get("role"),
            external_id=said.get("external_id"),
            session_name=said.get("session_name"),
            via=tuple(said.get("via", ())),
            include=Rules.of(said.get("include"), "organizational_units"),
            exclude=Rules.of(said.get("exclude"), "organizational_units"),
            groups=tuple(said.get("groups", ())),
        )


class Organization:
    """What AWS Organizations says, each thing asked once. ``callers`` gives the caller for an operation."""

    def __init__(self, callers: Callable[[str], Caller]) -> None:
        self._callers = callers
        self._below: dict[str, tuple[str, ...]] = {}
        self._tags: dict[str, Mapping[str, str]] = {}

    def members(self) -> list[Member]:
        """Every account (organizations:ListAccounts)."""
        # Status is the older name of State, which AWS retired in September 2026.
        return [
            Member(row["Id"], row["Name"], _why_not(row.get("State") or row["Status"]))
            for row in self._pages("ListAccounts", "Accounts")
        ]

    def below(self, parent: str) -> tuple[str, ...]:
        """The accounts in a root or an organizational unit, and in the units below it."""
        if parent not in self._below:
            own = [row["Id"] for row in self._pages("ListAccountsForParent", "Accounts", ParentId=parent)]
            units = list(self._pages("ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent))
            self._below[parent] = (*own, *(account for unit in units for account in self.below(unit["Id"])))
        return self._below[parent]

    def tags(self, account: str) -> Mapping[str, str]:
        """The tags of an account."""
        if account not in self._tags:
            rows = self._pages("ListTagsForResource", "Tags", ResourceId=account)
            self._tags[account] = {row["Key"]: row["Value"] for row in rows}
        return self._tags[account]

    def _pages(self, operation: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        caller = self._callers(f"organizations:{operation}")
        return caller.pages("organizations", xform_name(operation), key, **arguments)


def _why_not(state: str) -> str | None:
    """Why an account in a state of Organizations is not scanned; None for one that can be, or that nobody knows."""
    return state.lower().replace("_", " ") if state in _NOT_RUNNING else None
