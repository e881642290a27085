"""Every move of the default branch in the window: pull requests merged, and pushes that went around them.

Repository activity names each with its kind and who made it, a force push and a deletion too. Commits could not show
them: their dates are what their author says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.github.caller import Caller, Row

PUSH: Final = "GitHub::Push"
TYPES: Final = (ResourceType(PUSH, GLOBAL),)
ACTIVITY: Final = "GET /repos/{owner}/{repo}/activity"
_FILLS: Final = ("repository", "repository_created_at", "kind", "actor", "at", "after")


def _pushes(github: Caller, scope: Scope) -> Iterator[Found]:
    def of(row: Row) -> Iterator[Found]:
        repository = row["full_name"]
        query = {"ref": f"refs/heads/{row['default_branch']}", "time_period": "year"}
        for page in github.pages(ACTIVITY, query, repository=repository):
            for item in page:
                at = instant(item["timestamp"])
                if not isinstance(at, str):
                    raise ValueError("a time")
                if not _earlier(at, github.since):
                    yield Found(PUSH, f"{repository}/activity/{item['id']}", _push(row, item, at), item["after"])
            # The newest come first.
            if page and _earlier(str(instant(page[-1]["timestamp"])), github.since):
                return

    yield from github.every(of)


def _push(row: Row, item: Row, at: str) -> dict[str, object]:
    actor = item.get("actor")
    return {
        "repository": row["full_name"],
        "repository_created_at": instant(row.get("created_at")),
        "kind": attribute(item, "activity_type"),
        "actor": None if actor is None else attribute(actor, "login"),
        "at": at,
        "after": attribute(item, "after"),
    }


def _earlier(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) < datetime.fromisoformat(other)


READERS: Final = (
    Reader(
        operations=(ACTIVITY,),
        read=_pushes,
        where=GLOBAL,
        lists=(PUSH,),
        fills={PUSH: _FILLS},
        permissions=("contents:read",),
    ),
)
