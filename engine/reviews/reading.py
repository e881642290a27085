"""What is asked of one account's resources: the value, or a line that says why nobody knows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.model import Collection
from engine.reviews.model import EVERYBODY, Line
from providers.base import Resource, Unread

NOT_READ: Final = "the run did not read it: none of its checks needs it"


@dataclass
class Account:
    """The resources of one account by type, and how their listings ended.

    ``directory`` is what directories say of people by id. ``machines`` counts identities that are no people;
    ``complete`` are the places that were read to their end.
    """

    provider: str
    name: str
    resources: Mapping[str, list[Resource]]
    collections: Iterable[Collection]
    directory: Mapping[str, Mapping[str, Any]]
    machines: Counter[str] = field(default_factory=Counter)
    complete: set[tuple[str, str, str]] = field(default_factory=set)

    def gap(self, source: str, what: str, why: str, identity: str = EVERYBODY) -> Line:
        """A line for what nobody saw: ``what`` says of whom or which, ``why`` the reason, ``identity`` whose it is."""
        return Line(self.provider, self.name, source, identity, "not seen", name=what, unseen=why)

    def within(self, region: str) -> bool:
        """Whether anything was read of a region of the account, or of what stands for one."""
        return any(row.scope.region == region for row in self._rows())

    def all(self, source: str, gaps: list[Line]) -> list[Resource]:
        """The resources of a type; a listing that did not end well adds to ``gaps``."""
        rows = [row for row in self._rows() if row.type == source]
        failed = [row for row in rows if row.state == "failed"]
        if not rows:
            gaps.append(self.gap(source, f"every {source}", NOT_READ))
        gaps.extend(self.gap(source, f"every {source}", said(row.unread)) for row in failed)
        if rows and not failed:
            self.complete.add((self.provider, self.name, source))
        return self.resources.get(source, [])

    def _rows(self) -> Iterator[Collection]:
        mine = (self.provider, self.name)
        return (row for row in self.collections if (row.scope.provider, row.scope.account) == mine)


def missing(resource: Resource, *names: str) -> str | None:
    """Why properties of a resource, or anything within them, were not read; None where all of them were."""
    for name in names:
        for pointer, unread in resource.unread.items():
            if pointer == f"/{name}" or pointer.startswith(f"/{name}/"):
                return f"{name}: {said(unread)}"
        if name not in resource.properties:
            return f"{name}: {NOT_READ}"
    return None


def said(unread: Unread | None) -> str:
    """Why something was not read, with the permission that it would take."""
    if unread is None:
        return "unknown"
    return f"{unread.reason}, needs {unread.permission}" if unread.permission else unread.reason


def day(moments: Iterable[str | None]) -> str:
    """The day of the latest of some moments; "never" where there is none."""
    return max((moment[:10] for moment in moments if moment), default="never")
