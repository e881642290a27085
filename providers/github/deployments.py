"""Deployments in the window: what was deployed where, by whom, from which pull request, and who let it through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.github.caller import Caller, Row

DEPLOYMENT: Final = "GitHub::Deployment"
TYPES: Final = (ResourceType(DEPLOYMENT, GLOBAL),)
LIST: Final = "GET /repos/{owner}/{repo}/deployments"
STATUSES: Final = "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses"
RUN: Final = "GET /repos/{owner}/{repo}/actions/runs/{run_id}"
APPROVALS: Final = "GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals"
PULLS: Final = "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls"
_RUN: Final = re.compile(r"/actions/runs/([0-9]+)")
_LISTED: Final = ("repository", "number", "environment", "creator", "sha", "at")


def _deployments(github: Caller, scope: Scope) -> Iterator[Found]:
    def of(row: Row) -> Iterator[Found]:
        repository, since = row["full_name"], datetime.fromisoformat(github.since)
        for page in github.pages(LIST, repository=repository):
            for item in page:
                if datetime.fromisoformat(item["created_at"]) >= since:
                    id_ = f"{repository}/deployments/{item['id']}"
                    yield Found(DEPLOYMENT, id_, _told(repository, item), item["environment"])
            # The newest come first, which is not documented: a page that is older ends it only if it is so ordered.
            ids = [item["id"] for item in page]
            old = all(datetime.fromisoformat(item["created_at"]) < since for item in page)
            if page and old and ids == sorted(ids, reverse=True):
                return

    yield from github.every(of)


def _told(repository: str, item: Row) -> Mapping[str, Any]:
    creator = item.get("creator")
    return {
        "repository": repository,
        "number": attribute(item, "id"),
        "environment": attribute(item, "environment"),
        "creator": None if creator is None else attribute(creator, "login"),
        "sha": attribute(item, "sha"),
        "at": instant(item["created_at"]),
    }


def _outcome(github: Caller, deployment: Resource) -> Mapping[str, Any]:
    """How it went, and the workflow run that it was part of, by the address of its log."""
    of = {"repository": deployment.properties["repository"], "deployment_id": deployment.properties["number"]}
    rows = list(github.items(STATUSES, **of))
    said = (row.get(name) for row in rows for name in ("log_url", "target_url"))
    runs = {match.group(1) for text in said if isinstance(text, str) and (match := _RUN.search(text))}
    return {"states": [row["state"] for row in rows], "run": _one(runs)}


def _one(runs: set[str]) -> int | Unread | None:
    if len(runs) > 1:
        return Unread("ambiguous", STATUSES, None, "of several workflow runs")
    return int(next(iter(runs))) if runs else None


def _let_through(github: Caller, deployment: Resource) -> Mapping[str, Any]:
    """Who approved the run for the environment, and who started it. Outside of a workflow run nobody is asked."""
    run = deployment.properties["run"]
    if run is None:
        nobody = Unread("missing_attribute", APPROVALS, None, "not made by a workflow run")
        return {"approvals": nobody, "starters": nobody}
    of = {"repository": deployment.properties["repository"], "run_id": run}
    told = github.get(RUN, **of)
    starters = {row.get("login") for row in (told["actor"], told["triggering_actor"]) if row}
    place = deployment.properties["environment"]
    approved = [
        row["user"] or {}
        for row in github.items(APPROVALS, **of)
        if row["state"] == "approved" and any(item["name"] == place for item in row["environments"])
    ]
    return {
        "approvals": [{"login": user.get("login"), "kind": user.get("type")} for user in approved],
        "starters": sorted(login for login in starters if isinstance(login, str)),
    }


def _pulls(github: Caller, deployment: Resource) -> Mapping[str, Any]:
    """The pull requests that brought what was deployed. Of a commit that is not in the default branch: open ones."""
    of = {"repository": deployment.properties["repository"], "commit_sha": deployment.properties["sha"]}
    return {
        "pull_requests": [
            {"number": attribute(row, "number"), "merged": row["merged_at"] is not None}
            for row in github.items(PULLS, **of)
        ]
    }


def _of(
    operations: tuple[str, ...], fills: tuple[str, ...], read: Any, permissions: tuple[str, ...], *needs: str
) -> Reader:
    return Reader(
        operations=operations,
        read=read,
        per="resource",
        where=GLOBAL,
        of=DEPLOYMENT,
        fills={DEPLOYMENT: fills},
        permissions=permissions,
        needs=("repository", *needs),
    )


READERS: Final = (
    Reader(
        operations=(LIST,),
        read=_deployments,
        where=GLOBAL,
        lists=(DEPLOYMENT,),
        fills={DEPLOYMENT: _LISTED},
        permissions=("deployments:read",),
    ),
    _of((STATUSES,), ("states", "run"), _outcome, ("deployments:read",), "number"),
    _of(
        (RUN, APPROVALS),
        ("approvals", "starters"),
        _let_through,
        ("actions:read", "actions:read"),
        "run",
        "environment",
    ),
    _of((PULLS,), ("pull_requests",), _pulls, ("pull_requests:read",), "sha"),
)
