"""Which accounts there are, as far as the credentials at hand say, and the boundary that their names suggest.

A proposal is written as comments: nothing is out of the boundary before somebody approves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from engine.errors import DiscoveryError, UsageError
from engine.model import Clock
from engine.run import preflight

_TRIALS: Final = re.compile(
    r"sandbox(es)?|sbx|dev(el|elopment)?|tests?|testing|qa|demos?|labs?|playground|poc|trials?|experiments?|scratch|training"
)
"""Words of an account's name that suggest that nothing of customers is in it."""
_ACCESS: Final = {
    "aws": "{accounts: organization, role: ROLE-TO-ASSUME}",
    "azure": "{accounts: tenant}",
    "gcp": "{accounts: organization}",
}
"""What ``access`` has to say so that all accounts are scanned, where a provider has several."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider told: its accounts by id with their names; or ``why`` nothing is known, or perhaps not all."""

    provider: str
    accounts: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def discovered(providers: Iterable[str], clock: Clock) -> tuple[Found, ...]:
    """What each provider tells of its accounts by the credentials at hand. Raises nothing that a cloud says."""
    return tuple(_found(provider, clock) for provider in providers)


def _found(provider: str, clock: Clock) -> Found:
    try:
        directory = preflight.accounts(provider, clock)
    except (UsageError, DiscoveryError) as error:
        return Found(provider, why=str(error))
    failed = [f"{operation}: {why.reason}" for operation, why in sorted(directory.failures.items())]
    return Found(
        provider,
        directory.accounts,
        {row.scope.account: f"{row.name}, {row.why}" for row in directory.left_out},
        f"there may be more ({'; '.join(failed)})" if failed else "",
    )


def proposed_out(name: str) -> bool:
    """Whether an account's name suggests that it is no part of what customers rely on."""
    return any(map(_TRIALS.fullmatch, re.findall(r"[a-z]+", name.lower())))


def proposal(found: Sequence[Found], on: date) -> Iterator[str]:
    """The lines of ``organization.yaml`` on accounts and boundary, all of them comments."""
    yield "# What is part of the system, and what is not. Everything is in it until a rule with an approver says"
    yield "# otherwise; once a boundary is written, an account that no rule names makes every run incomplete."
    for row in found:
        yield from _told(row)
    several = [row for row in found if len(row.accounts) > 1 and row.provider in _ACCESS]
    if several:
        yield "# access:"
        yield from (f"#   {row.provider}: {_ACCESS[row.provider]}" for row in several)
    yield "# boundary:"
    trials = {row.provider: [id_ for id_, name in row.accounts.items() if proposed_out(name)] for row in found}
    rules = [(provider, ids) for provider, ids in trials.items() if ids]
    for provider, ids in rules or [("aws", ["111122223333"])]:
        yield f"#   - id: {provider}-trials"
        yield f"#     provider: {provider}"
        yield f"#     accounts: {_list(ids)}"
        yield "#     reason: Nothing of customers is there, and no way leads from it to production."
        yield "#     approver: WHO APPROVES"
        yield f"#     approved_on: {on}"
    for row in found or (Found("aws"),):
        yield f"#   - id: {row.provider}-live"
        yield "#     state: in"
        yield f"#     provider: {row.provider}"
        live = [id_ for id_ in row.accounts if id_ not in trials.get(row.provider, ())]
        if live:
            yield f"#     accounts: {_list(live)}"
        yield "#     reason: What customers rely on runs there."
        yield "#     approver: WHO APPROVES"
        yield f"#     approved_on: {on}"


def _told(row: Found) -> Iterator[str]:
    for id_, name in row.accounts.items():
        hint = ", by its name perhaps not part of the system" if proposed_out(name) else ""
        named = f" {_safe(name)}" if name != id_ else ""
        yield f"# {row.provider} {_safe(id_)}{named}{hint}"
    for id_, why in row.left_out.items():
        yield f"# {row.provider} {_safe(id_)} {_safe(why)}"
    if row.why:
        yield f"# {row.provider}: {_safe(row.why, 300)}"


def _safe(text: str, longest: int = 80) -> str:
    """A name from outside as a part of one comment line."""
    return "".join(character for character in text if character.isprintable())[:longest]


def _list(ids: Iterable[str]) -> str:
    import json

    return f"[{', '.join(map(json.dumps, ids))}]"
