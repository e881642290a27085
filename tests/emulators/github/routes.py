"""Routes of GitHub's REST API, each with the permission that its reference gives it (version 2022-11-28)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.emulators.github.errors import INACCESSIBLE, Refused
from tests.emulators.github.wire import APP_ID, GitHub
from tests.emulators.identify import Request
from tests.emulators.wire import Answer

Route = Callable[[GitHub, Request, dict[str, str]], Answer]
_ROUTES: Final[list[tuple[str, re.Pattern[str], str, Route]]] = []
_R: Final = "/repos/{owner}/{repo}"


def routes(github: GitHub, asked: Request) -> Answer:
    """What GitHub answers."""
    try:
        for method, pattern, permission, route in _ROUTES:
            match = pattern.fullmatch(asked.path)
            if match and method == asked.method:
                _admitted(github, asked, permission)
                return route(github, asked, {name: unquote(value) for name, value in match.groupdict().items()})
        raise Refused(404, "Not Found")
    except Refused as refused:
        return refused.answer()


def _admitted(github: GitHub, asked: Request, permission: str) -> None:
    if permission == "jwt":
        _verified(github, asked.headers.get("authorization", ""))
        return
    if github.holder(asked) is None:
        raise Refused(401, "Bad credentials" if "authorization" in asked.headers else "Requires authentication")
    if permission == "":
        return
    if not github.world.grants(permission):
        name = permission.removeprefix("organization_").replace(":", "=")
        raise Refused(403, INACCESSIBLE, ("x-accepted-github-permissions", name))


def _verified(github: GitHub, authorization: str) -> None:
    """A JSON Web Token of the App: its signature, and by GitHub's clock neither early nor late nor long."""
    try:
        head, claims, signature = authorization.removeprefix("Bearer ").split(".")
        github.key.public_key().verify(_decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
        told, now = json.loads(_decoded(claims)), github.now.timestamp()
    except (ValueError, InvalidSignature):
        raise Refused(401, "A JSON web token could not be decoded") from None
    if told["iss"] != APP_ID or not (told["iat"] <= now < told["exp"] <= now + 600):
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def route(operation: str, permission: str) -> Callable[[Route], Route]:
    method, _, template = operation.partition(" ")
    pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)))

    def added(function: Route) -> Route:
        _ROUTES.append((method, pattern, permission, function))
        return function

    return added


def paged(github: GitHub, asked: Request, items: list[Any], key: str | None = None, **beside: Any) -> Answer:
    """A page of items, and where the next one is (Link)."""
    size, page = min(int(asked.query.get("per_page", "30")), github.world.page), int(asked.query.get("page", "1"))
    part = items[(page - 1) * size : page * size]
    links: tuple[tuple[str, str], ...] = ()
    if page * size < len(items):
        own = f"{github.url}{asked.path}"
        following = urlencode({**asked.query, "page": str(page + 1)})
        links = (("link", f'<{own}?page=1>; rel="first", <{own}?{following}>; rel="next"'),)
    return Answer.of(part if key is None else {"total_count": len(items), key: part, **beside}, 200, *links)


def repository(github: GitHub, of: Mapping[str, str]) -> dict[str, Any]:
    found = github.world.repositories.get(of["repo"])
    if found is None or of["owner"] != github.world.organization["login"] or of["repo"] in github.world.hidden:
        raise Refused(404, "Not Found")
    return found


def shown(github: GitHub) -> list[dict[str, Any]]:
    kept = ("archived", "disabled", "default_branch", "created_at")
    return [
        {
            "name": name,
            "full_name": f"{github.world.organization['login']}/{name}",
            **{key: row[key] for key in kept if key in row},
        }
        for name, row in github.world.repositories.items()
        if name not in github.world.hidden
    ]


# --- who, and where ---


@route("GET /", "jwt")
def root(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return Answer.of({})


@route("GET /user", "")
def user(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = github.world.users.get(github.holder(asked) or "")
    if found is None:
        raise Refused(403, INACCESSIBLE)
    return Answer.of(found)


@route("GET /users/{username}", "")
def account(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    rows = [*github.world.users.values(), github.world.organization]
    found = next((row for row in rows if row["login"].lower() == of["username"].lower()), None)
    if found is None:
        raise Refused(404, "Not Found")
    return Answer.of({key: found[key] for key in ("login", "id", "type")})


@route("GET /app", "jwt")
def app(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return Answer.of({"id": int(APP_ID), "slug": "auditreel"})


@route("GET /app/installations", "jwt")
def installations(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    world = github.world
    row = {
        "id": 77,
        "account": {"login": world.organization["login"], "type": "Organization"},
        "repository_selection": world.selection,
        "suspended_at": "2026-11-01T00:00:00Z" if world.suspended else None,
    }
    other = {"id": 78, "account": {"login": "ada", "type": "User"}, "repository_selection": "all", "suspended_at": None}
    return paged(github, asked, [row, other])


@route("POST /app/installations/{id}/access_tokens", "jwt")
def access_token(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    if github.world.suspended:
        raise Refused(403, "This installation has been suspended")
    github.issued += 1
    token = f"ghs_swordfish{github.issued}"
    github.tokens[token] = "installation"
    ends = (github.now + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    return Answer.of({"token": token, "expires_at": ends, "repository_selection": github.world.selection}, 201)


# --- the organization ---


@route("GET /orgs/{org}", "organization_administration:read")
def organization(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return Answer.of({k: v for k, v in github.world.organization.items() if k not in ("actions", "workflow")})


@route("GET /orgs/{org}/actions/permissions", "organization_administration:read")
def actions(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return Answer.of(github.world.organization["actions"])


@route("GET /orgs/{org}/actions/permissions/workflow", "organization_administration:read")
def workflow(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return Answer.of(github.world.organization["workflow"])


@route("GET /orgs/{org}/repos", "metadata:read")
def repositories(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, shown(github))


@route("GET /installation/repositories", "metadata:read")
def of_installation(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, shown(github), "repositories", repository_selection=github.world.selection)


@route("GET /users/{username}/repos", "metadata:read")
def of_user(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, [])


@route("GET /user/repos", "metadata:read")
def of_self(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, [])


# --- settings of a repository ---


@route(f"GET {_R}", "metadata:read")
def one(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    tracker = github.world.trackers.get(of["repo"])
    if tracker is not None:
        return Answer.of({"archived": tracker.archived, "has_issues": tracker.has_issues})
    found = repository(github, of)
    row = next(item for item in shown(github) if item["name"] == of["repo"])
    told = found.get("security_and_analysis") if github.world.grants("administration:read") else None
    return Answer.of(row if told is None else {**row, "security_and_analysis": told})


@route(f"GET {_R}/vulnerability-alerts", "administration:read")
def alerts(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    if not repository(github, of)["vulnerability_alerts"]:
        raise Refused(404, "Vulnerability alerts are disabled.")
    return Answer(204)


@route(f"GET {_R}/branches/{{branch}}/protection", "administration:read")
def protection(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = repository(github, of)
    if found.get("empty"):
        raise Refused(404, "Branch not found")
    if found["protection"] is None or of["branch"] != found["default_branch"]:
        raise Refused(404, "Branch not protected")
    return Answer.of({"url": f"{github.url}{asked.path}", **found["protection"]})


@route(f"GET {_R}/rules/branches/{{branch}}", "metadata:read")
def rules(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, repository(github, of)["rules"])


@route(f"GET {_R}/rulesets/{{id}}", "metadata:read")
def ruleset(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = dict(repository(github, of)["rulesets"][int(of["id"])])
    if not github.world.administers:
        found.pop("bypass_actors")
    return Answer.of(found)


@route(f"GET {_R}/codeowners/errors", "contents:read")
def codeowners(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = repository(github, of).get("codeowners")
    if found is None:
        raise Refused(404, "Not Found")
    return Answer.of({"errors": found})


@route(f"GET {_R}/git/trees/{{tree}}", "contents:read")
def tree(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    """The tree of a branch, and that of its folder .github: where a CODEOWNERS file is, it lies in that."""
    found = repository(github, of)
    if found.get("empty"):
        raise Refused(409, "Git Repository is empty.")
    owned = found.get("codeowners") is not None
    rows = [{"path": "src", "type": "tree", "sha": "f1"}]
    if owned and of["tree"] == found["default_branch"]:
        rows.append({"path": ".github", "type": "tree", "sha": "f2"})
    elif of["tree"] == "f2":
        rows = [{"path": "CODEOWNERS", "type": "blob", "sha": "f3"}]
    return Answer.of({"sha": of["tree"], "tree": rows, "truncated": False})


@route(f"GET {_R}/commits", "contents:read")
def commits(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    if repository(github, of).get("empty"):
        raise Refused(409, "Git Repository is empty.")
    return paged(github, asked, [{"sha": "a1"}])


@route(f"GET {_R}/environments", "actions:read")
def environments(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, repository(github, of)["environments"], "environments")


# --- events of a repository ---


@route(f"GET {_R}/activity", "contents:read")
def activity(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = repository(github, of)
    ref = asked.query.get("ref")
    if ref != f"refs/heads/{found['default_branch']}":
        return paged(github, asked, [])
    rows = [{**row, "ref": ref, "actor": github.world.user(row["actor"])} for row in found["activity"]]
    return paged(github, asked, sorted(rows, key=lambda row: row["timestamp"], reverse=True))


@route(f"GET {_R}/pulls", "pull_requests:read")
def pulls(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    rows = [
        {
            **{k: v for k, v in row.items() if k not in ("reviews", "commits")},
            "user": github.world.user(row["user"]),
            "base": {"ref": row["base"]},
        }
        for row in repository(github, of)["pulls"]
        if row["base"] == asked.query.get("base", row["base"])
    ]
    assert asked.query.items() >= {"state": "closed", "sort": "updated", "direction": "desc"}.items()
    return paged(github, asked, sorted(rows, key=lambda row: row["updated_at"], reverse=True))


def _pull(github: GitHub, of: Mapping[str, str]) -> dict[str, Any]:
    found = [row for row in repository(github, of)["pulls"] if str(row["number"]) == of["number"]]
    if not found:
        raise Refused(404, "Not Found")
    return found[0]


@route(f"GET {_R}/pulls/{{number}}/reviews", "pull_requests:read")
def reviews(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    rows = [{**row, "user": github.world.user(row["user"])} for row in _pull(github, of).get("reviews", [])]
    return paged(github, asked, rows)


@route(f"GET {_R}/pulls/{{number}}/commits", "pull_requests:read")
def pull_commits(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    authors = _pull(github, of).get("commits", [])
    return paged(github, asked, [{"sha": f"c{n}", "author": github.world.user(who)} for n, who in enumerate(authors)])


@route(f"GET {_R}/commits/{{sha}}/check-runs", "checks:read")
def check_runs(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    assert asked.query.get("filter") == "all"
    rows = repository(github, of).get("check_runs", {}).get(of["sha"], [])
    return paged(github, asked, [{"app": {"id": 15368}, **row} for row in rows], "check_runs")


@route(f"GET {_R}/commits/{{sha}}/statuses", "statuses:read")
def statuses(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, repository(github, of).get("statuses", {}).get(of["sha"], []))


@route(f"GET {_R}/commits/{{sha}}/pulls", "pull_requests:read")
def commit_pulls(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = repository(github, of)
    numbers = found.get("commit_pulls", {}).get(of["sha"], [])
    rows = [
        {"number": row["number"], "merged_at": row["merged_at"]} for row in found["pulls"] if row["number"] in numbers
    ]
    return paged(github, asked, rows)


@route(f"GET {_R}/deployments", "deployments:read")
def deployments(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    rows = [
        {**{k: v for k, v in row.items() if k != "statuses"}, "creator": github.world.user(row["creator"])}
        for row in repository(github, of)["deployments"]
    ]
    return paged(github, asked, sorted(rows, key=lambda row: row["id"], reverse=True))


@route(f"GET {_R}/deployments/{{id}}/statuses", "deployments:read")
def deployment_statuses(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    rows = [row for row in repository(github, of)["deployments"] if str(row["id"]) == of["id"]]
    return paged(github, asked, rows[0]["statuses"])


def _run(github: GitHub, of: Mapping[str, str]) -> dict[str, Any]:
    found = repository(github, of).get("runs", {}).get(int(of["id"]))
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route(f"GET {_R}/actions/runs/{{id}}", "actions:read")
def run(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = _run(github, of)
    actors = {name: github.world.user(found[name]) for name in ("actor", "triggering_actor")}
    return Answer.of({"id": int(of["id"]), **actors})


@route(f"GET {_R}/actions/runs/{{id}}/approvals", "actions:read")
def approvals(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    rows = [
        {
            "state": row["state"],
            "user": github.world.user(row["user"]),
            "environments": [{"name": name} for name in row["environments"]],
        }
        for row in _run(github, of)["approvals"]
    ]
    return Answer.of(rows)
