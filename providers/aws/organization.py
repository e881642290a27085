"""Which accounts there are: those of the organization (AWS Organizations), or those that the policy lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from providers.base import LeftOut, Scope

if TYPE_CHECKING:
    from providers.aws.caller import Caller

OPERATIONS: Final = (
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListTagsForResource",
)
"""What listing an organization's accounts may call."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Accounts by id, by the organizational unit (or root) that they lie in at any depth, or by a tag's values."""

    accounts: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> Rules | None:
        """The rules that the policy states; None for none."""
        if said is None:
            return None
        tags = {
            key: frozenset([value] if isinstance(value, str) else value) for key, value in said.get("tags", {}).items()
        }
        return cls(frozenset(said.get("accounts", ())), frozenset(said.get("organizational_units", ())), tags)


@dataclass(frozen=True, slots=True)
class Access:
    """How the policy wants accounts to be found and entered (``aws`` of organization.yaml).

    ``accounts`` is "organization", or account ids, or empty for the caller's own alone. ``role`` is the name (with its
    path) of the role to assume in each; ``via`` are ARNs of roles to assume before it, one after another.
    """

    accounts: str | tuple[str, ...] = ()
    role: str | None = None
    external_id: str | None = None
    session_name: str | None = None
    via: tuple[str, ...] = ()
    include: Rules | None = None
    exclude: Rules | None = None

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
            include=Rules.of(said.get("include")),
            exclude=Rules.of(said.get("exclude")),
        )


@dataclass(frozen=True, slots=True)
class Member:
    """An account as Organizations lists it. ``state`` is ACTIVE, SUSPENDED, PENDING_CLOSURE, ..."""

    id: str
    name: str
    state: str


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
            Member(row["Id"], row["Name"], row.get("State") or row["Status"])
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


def sorted_out(
    found: Iterable[Member], access: Access, organization: Organization, provider: str
) -> tuple[dict[str, str], tuple[LeftOut, ...]]:
    """The accounts to scan, by id with their names, and those left out: not active, not included, excluded.

    Raises what reading units and tags raises: which accounts are meant is not known then.
    """
    accounts: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for member in sorted(found, key=lambda row: row.id):
        why = _left_out(member, access, organization)
        if why is None:
            accounts[member.id] = member.name
        else:
            left_out.append(LeftOut(Scope(provider, member.id, "*"), member.name, why))
    return accounts, tuple(left_out)


def _left_out(member: Member, access: Access, organization: Organization) -> str | None:
    if member.state != "ACTIVE":
        return member.state.lower().replace("_", " ")
    if access.include is not None and not _matches(access.include, member, organization):
        return "not included"
    if access.exclude is not None and _matches(access.exclude, member, organization):
        return "excluded"
    return None


def _matches(rules: Rules, member: Member, organization: Organization) -> bool:
    if member.id in rules.accounts or any(member.id in organization.below(unit) for unit in sorted(rules.units)):
        return True
    return bool(rules.tags) and any(
        organization.tags(member.id).get(key) in values for key, values in rules.tags.items()
    )
