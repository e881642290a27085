"""Who answers for a check, by the policies that sealed runs were judged by: the newest that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evidence.period.failures import names
from engine.evidence.period.film import Basis
from engine.model import Check


def newest_check(bases: Sequence[Basis], check: str) -> Check:
    """A check (id) as the newest of the runs that had it. Raises StopIteration where none had."""
    return next(basis.policy.checks[check] for basis in reversed(bases) if check in basis.policy.checks)


def owners_of(bases: Sequence[Basis], check: str) -> tuple[str, ...]:
    """The roles that own the controls that rest on a check, in the newest policy in which there are any."""
    for basis in reversed(bases):
        owners = {control.owner for control in basis.policy.controls if names(control, check)}
        if owners:
            held = basis.policy.organization.programme.owners
            return tuple(sorted({role for owner in owners for role in roles_of(owner, held) or (owner,)}))
    return ()


def roles_of(owner: str, held: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The role that an owner is, or the roles that it holds as a person; empty for one that the owner map lacks."""
    return (owner,) if owner in held else tuple(sorted(role for role, people in held.items() if owner in people))
