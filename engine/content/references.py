"""What files of a policy folder refer to in ``organization.yaml``: the roles that people hold, and the accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from engine.content.files import Document, Key
from engine.content.wording import suggestion
from engine.errors import Problem
from engine.model import Organization

_TOLD: Final = frozenset(("aws", "gcp", "github"))
"""Providers whose list of accounts is the whole of them: an Azure tenant is an account that no list of it names."""


def unowned(organization: Organization, documents: Iterable[Document], folder: Path) -> Iterator[Problem]:
    """Owners in files below ``folder`` that are no role, and nobody, of the ``owners``; nothing where none are set."""
    owners = organization.programme.owners
    known = {*owners, *(person for people in owners.values() for person in people)}
    for document in documents if owners else ():
        if not document.path.is_relative_to(folder):
            continue
        rows: list[tuple[tuple[Key, ...], str]] = [
            (("controls", index, "owner"), row["owner"]) for index, row in enumerate(document.value.get("controls", ()))
        ]
        if "owner" in document.value:
            rows.append((("owner",), document.value["owner"]))
        for keys, owner in rows:
            if owner not in known:
                hint = suggestion(owner, known)
                yield document.problem(keys, f"owners in organization.yaml holds no {owner}{hint}")


def accounts_of(organization: Organization, provider: str) -> frozenset[str] | None:
    """The accounts of a provider that the policy lists; None where it does not list them one by one."""
    listed = organization.access.get(provider, {}).get("accounts")
    if provider not in _TOLD or listed is None or isinstance(listed, str) or any("/" in name for name in listed):
        return None
    return frozenset(listed)


def no_account(account: str, known: Collection[str]) -> str:
    """That an account is not among those that the policy lists."""
    return f"access lists no account {account}{suggestion(account, sorted(known))}"


def unknown_accounts(organization: Organization, document: Document) -> Iterator[Problem]:
    """Accounts that rules of the boundary name and that no provider's list has."""
    for index, rule in enumerate(organization.programme.boundary):
        providers = [rule.provider] if rule.provider is not None else [*organization.providers]
        lists = [accounts_of(organization, provider) for provider in providers]
        known = frozenset[str]().union(*(listed for listed in lists if listed is not None))
        if None in lists:
            continue
        for place, account in enumerate(document.value["boundary"][index].get("accounts", ())):
            if account not in known:
                yield document.problem(("boundary", index, "accounts", place), no_account(account, known))
