"""Pull requests merged into the default branch in the window: who wrote, who approved, which checks had passed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.github.caller import Caller, Row

PULL: Final = "GitHub::PullRequest"
TYPES: Final = (ResourceType(PULL, GLOBAL),)
LIST: Final = "GET /repos/{owner}/{repo}/pulls"
REVIEWS: Final = "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews"
COMMITS: Final = "GET /repos/{owner}/{repo}/pulls/{pull_number}/commits"
RUNS: Final = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs"
STATUSES: Final = "GET /repos/{owner}/{repo}/commits/{ref}/statuses"
MOST_COMMITS: Final = 250
"""Of a pull request that GitHub lists; whether there are more, it does not say."""
PASSED: Final = frozenset({"success", "neutral", "skipped"})
"""The conclusions with which GitHub takes a required check as passed ("About status checks")."""
DECISIVE: Final = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
_WORDS: Final = re.compile(r"[\s()\[\]<>{},;:\"'`|*]+")
_REFERENCE: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9_]{0,30}-[0-9]{1,12}\b|(?:\b[\w.-]+/[\w.-]+)?#[0-9]{1,12}\b")
"""The key of a ticket (PAY-12), or an issue or pull request (#12, acme/web#12). No addresses: some are secrets."""
_LONGEST_WORD: Final = 200
_NEVER: Final = "9999-01-01T00:00:00Z"
_MOST_REFERENCES: Final = 100
_LISTED: Final = ("repository", "number", "author", "merged_at", "head", "references")


def _merged(github: Caller, scope: Scope) -> Iterator[Found]:
    def of(row: Row) -> Iterator[Found]:
        repository = row["full_name"]
        query = {"state": "closed", "base": row["default_branch"], "sort": "updated", "direction": "desc"}
        for item in github.items(LIST, query, repository=repository):
            if _moment(item["updated_at"]) < _moment(github.since):
                # None that follows was merged later than it was last touched.
                return
            if item["merged_at"] is not None and _moment(item["merged_at"]) >= _moment(github.since):
                id_ = f"{repository}/pull/{item['number']}"
                yield Found(PULL, id_, _told(repository, item), f"{repository}#{item['number']}")

    yield from github.every(of)


def _told(repository: str, item: Row) -> Mapping[str, Any]:
    head, user = item["head"], item.get("user")
    said = " ".join(part for part in (item.get("title"), head.get("ref"), item.get("body")) if isinstance(part, str))
    return {
        "repository": repository,
        "number": attribute(item, "number"),
        "author": None if user is None else attribute(user, "login"),
        "merged_at": instant(item["merged_at"]),
        "head": attribute(head, "sha"),
        # What is said stays where it is: only what looks like a reference is kept.
        "references": _references(said),
    }


def _references(said: str) -> list[str]:
    """What looks like one, in words of a length that nobody can make a search of hours of."""
    words = (word for word in _WORDS.split(said) if len(word) <= _LONGEST_WORD)
    return sorted({found for word in words for found in _REFERENCE.findall(word)})[:_MOST_REFERENCES]


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _approvals(github: Caller, pull: Resource) -> Mapping[str, Any]:
    """Whose last word before the merge was an approval. A comment takes none back."""
    merged, last = _moment(pull.properties["merged_at"]), {}
    of = {"repository": pull.properties["repository"], "pull_number": pull.properties["number"]}
    for row in github.items(REVIEWS, **of):
        if row["state"] in DECISIVE and _moment(row["submitted_at"]) <= merged:
            user = row["user"] or {}
            last[user.get("id")] = row
    return {
        "approvals": [_approval(row, pull.properties["head"]) for row in last.values() if row["state"] == "APPROVED"]
    }


def _approval(row: Row, head: str) -> Mapping[str, Any]:
    user = row["user"]
    return {
        # Nobody's, where the account is deleted.
        "login": None if user is None else attribute(user, "login"),
        "kind": None if user is None else attribute(user, "type"),
        "of_head": row.get("commit_id") == head,
    }


def _authors(github: Caller, pull: Resource) -> Mapping[str, Any]:
    of = {"repository": pull.properties["repository"], "pull_number": pull.properties["number"]}
    rows = list(github.items(COMMITS, **of))
    if len(rows) >= MOST_COMMITS:
        return {"commit_authors": Unread("unavailable", COMMITS, None, f"GitHub lists {MOST_COMMITS} commits at most")}
    nobody = Unread("ambiguous", COMMITS, None, "a commit whose author has no account")
    logins: dict[str, Any] = {}
    for row in rows:
        author = row["author"]
        # An empty object where the address of the commit belongs to nobody.
        login = author.get("login") if author else None
        logins[login or ""] = {"login": login or nobody}
    return {"commit_authors": list(logins.values())}


def _checks(github: Caller, pull: Resource) -> Mapping[str, Any]:
    """What each check run and commit status had said last of what was merged, before the merge.

    What ended later decided nothing. Checks of one name by several apps stay apart.
    """
    of = {"repository": pull.properties["repository"], "ref": pull.properties["head"]}
    runs = [_run(row) for row in github.items(RUNS, {"filter": "all"}, "check_runs", **of)]
    statuses = [_status(row) for row in github.items(STATUSES, **of)]
    merged, last = _moment(pull.properties["merged_at"]), {}
    for name, source, ended, passed in sorted((*runs, *statuses), key=lambda row: _moment(row[2] or _NEVER)):
        if ended is not None and _moment(ended) <= merged:
            last[name, source] = {"name": name, "passed": passed}
    return {"checks": list(last.values())}


def _run(row: Row) -> tuple[str, str, str | None, bool]:
    passed = row["status"] == "completed" and row["conclusion"] in PASSED
    return row["name"], str((row["app"] or {}).get("id")), row["completed_at"], passed


def _status(row: Row) -> tuple[str, str, str | None, bool]:
    return row["context"], "status", row["created_at"], row["state"] == "success"


def _of(operations: tuple[str, ...], fill: str, read: Any, permissions: tuple[str, ...], *needs: str) -> Reader:
    return Reader(
        operations=operations,
        read=read,
        per="resource",
        where=GLOBAL,
        of=PULL,
        fills={PULL: (fill,)},
        permissions=permissions,
        needs=("repository", *needs),
    )


READERS: Final = (
    Reader(
        operations=(LIST,),
        read=_merged,
        where=GLOBAL,
        lists=(PULL,),
        fills={PULL: _LISTED},
        permissions=("pull_requests:read",),
    ),
    _of((REVIEWS,), "approvals", _approvals, ("pull_requests:read",), "number", "merged_at", "head"),
    _of((COMMITS,), "commit_authors", _authors, ("pull_requests:read",), "number"),
    _of((RUNS, STATUSES), "checks", _checks, ("checks:read", "statuses:read"), "head", "merged_at"),
)
