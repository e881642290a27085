"""What one frame looked at: which checks in which scopes, and whether their resources were all listed.

This is all that coverage and intervals know of a frame, so that they can be tried on frames that were never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.model import REGIONLESS, Scope
from engine.periods import Moment

Pair = tuple[Scope, str]
"""A check in a scope, which is what a frame covers or does not."""
Listing = Literal["complete", "failed"]

ANY = "*"


@dataclass(frozen=True, slots=True)
class View:
    """What frames have in common that looked at the same: compared and kept by identity, since most nights are alike.

    ``checks`` maps each check that was judged to the type of its resources. ``listings`` says how the listing of a
    type ended in a scope ("off" counts as complete: there is nothing). ``asked`` are the scopes that were asked,
    ``left`` those that exist and were left out on purpose. ``accounts`` and ``regions`` are the run's filters.
    ``filtered``: it was asked for a part of what is selected.
    """

    checks: Mapping[str, str]
    listings: Mapping[tuple[Scope, str], Listing]
    asked: frozenset[Scope]
    left: tuple[Scope, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    filtered: bool = False

    def within(self, scope: Scope) -> bool:
        """Whether the filters leave a scope to be judged, as the run's own rule does. "*" may be any."""
        accounts, regions = self.accounts, self.regions
        return (not accounts or scope.account in accounts) and (
            not regions or scope.region in (*regions, *REGIONLESS, ANY)
        )

    def judged(self, pair: Pair) -> Listing | None:
        """How the resources of a check were listed in a scope; None: it was not judged there."""
        scope, check = pair
        type_ = self.checks.get(check)
        return self.listed(scope, type_) if type_ is not None and self.within(scope) else None

    def listed(self, scope: Scope, type_: str) -> Listing | None:
        """How the resources of a type that lie in a scope were listed: there, or once for the whole account."""
        places = (scope, *(Scope(scope.provider, scope.account, region) for region in sorted(REGIONLESS)))
        return next((found for place in places if (found := self.listings.get((place, type_)))), None)

    def pairs(self, lying: Iterable[Pair] = ()) -> dict[Pair, Listing]:
        """Everything that was judged: where it was listed, and where it lies (``lying``) if that is elsewhere."""
        by_type: dict[str, list[tuple[Scope, Listing]]] = {}
        for (scope, type_), listing in self.listings.items():
            if self.within(scope):
                by_type.setdefault(type_, []).append((scope, listing))
        found = {
            (scope, check): listing for check, type_ in self.checks.items() for scope, listing in by_type.get(type_, ())
        }
        return found | {pair: how for pair in lying if (how := self.judged(pair)) is not None}

    def left_out(self, scope: Scope) -> bool:
        """Whether a scope is one that was left out on purpose: an account, or a region of one."""
        return any(
            item.provider == scope.provider and item.account == scope.account and item.region in (scope.region, ANY)
            for item in self.left
        )

    def gone(self, scope: Scope) -> bool:
        """Whether a scope was not there to ask. Where not all could be found, nobody can say so."""
        return scope not in self.asked and not any(
            item.provider == scope.provider and item.account in (scope.account, ANY) and item.region == ANY
            for item in self.asked
        )

    def dropped(self, pair: Pair) -> bool:
        """Whether this view selected the check no more, or its scope was no more there."""
        scope, check = pair
        return check not in self.checks or self.gone(scope)


@dataclass(frozen=True, slots=True)
class Look:
    """A frame: when, on which night (index in the calendar), and what it looked at."""

    moment: Moment
    night: int
    view: View
