"""Which of the accounts that there are the policy wants to be scanned (``include`` and ``exclude`` of its access)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from providers.base import LeftOut, Scope


@dataclass(frozen=True, slots=True)
class Rules:
    """Accounts by id, by the group (unit, folder) that they lie in at any depth, or by a tag's values."""

    accounts: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Mapping[str, Any] | None, groups: str) -> Rules | None:
        """The rules that the policy states, None for none; ``groups`` is what it calls the groups of the provider."""
        if said is None:
            return None
        tags = {
            key: frozenset([value] if isinstance(value, str) else value) for key, value in said.get("tags", {}).items()
        }
        return cls(frozenset(said.get("accounts", ())), frozenset(said.get(groups, ())), tags)


@dataclass(frozen=True, slots=True)
class Member:
    """An account as its provider lists it. ``why_not`` says why it cannot be scanned ("suspended"), None if it can."""

    id: str
    name: str
    why_not: str | None = None


class Hierarchy(Protocol):
    """How accounts are grouped and tagged. What is asked of it may cost calls, and raises what these raise."""

    def below(self, parent: str) -> Collection[str]:
        """The accounts in a group, and in the groups below it."""
        ...

    def tags(self, account: str) -> Mapping[str, str] | None:
        """The tags of an account; None where nobody shows them."""
        ...


def sorted_out(
    found: Iterable[Member], include: Rules | None, exclude: Rules | None, hierarchy: Hierarchy, provider: str
) -> tuple[dict[str, str], tuple[LeftOut, ...]]:
    """The accounts to scan, by id with their names, and those left out: not active, not included, excluded.

    One of which nobody knows whether a rule leaves it out stays, so that what is not seen of it shows. Raises what
    reading groups and tags raises: which accounts are meant is not known then.
    """
    accounts: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for member in sorted(found, key=lambda row: row.id):
        why = _left_out(member, include, exclude, hierarchy)
        if why is None:
            accounts[member.id] = member.name
        else:
            left_out.append(LeftOut(Scope(provider, member.id, "*"), member.name, why))
    return accounts, tuple(left_out)


def _left_out(member: Member, include: Rules | None, exclude: Rules | None, hierarchy: Hierarchy) -> str | None:
    if member.why_not is not None:
        return member.why_not
    if include is not None and _matches(include, member, hierarchy) is False:
        return "not included"
    if exclude is not None and _matches(exclude, member, hierarchy) is True:
        return "excluded"
    return None


def _matches(rules: Rules, member: Member, hierarchy: Hierarchy) -> bool | None:
    """Whether rules are about an account; None where that lies with tags that nobody shows."""
    if member.id in rules.accounts or any(member.id in hierarchy.below(group) for group in sorted(rules.groups)):
        return True
    tags = hierarchy.tags(member.id) if rules.tags else {}
    return None if tags is None else any(tags.get(key) in values for key, values in rules.tags.items())
