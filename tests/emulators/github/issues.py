"""The issues of repositories: routes of GitHub's REST API (version 2022-11-28), written from its reference.

"REST API endpoints for issues", "... for labels", "... for issue comments". What the reference leaves open is what
others saw: the words of 403 and 410, and the lengths that 422 names.
"""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.github.errors import Refused
from tests.emulators.github.routes import paged, route
from tests.emulators.github.wire import GitHub
from tests.emulators.github.world import Tracker
from tests.emulators.identify import Request
from tests.emulators.wire import Answer

_R: Final = "/repos/{owner}/{repo}"
_STATES: Final = ("open", "closed")
_REASONS: Final = ("completed", "not_planned", "reopened", None)
LONGEST_TITLE: Final = 256
LONGEST_BODY: Final = 65_536


class Invalid(Refused):
    """422: a field is not what it may be."""

    def __init__(self, why: str) -> None:
        super().__init__(422, f"Validation Failed: {why}")


def _tracker(github: GitHub, of: dict[str, str], writes: bool = False) -> Tracker:
    found = github.world.trackers.get(of["repo"])
    if found is None or of["owner"] != github.world.organization["login"]:
        raise Refused(404, "Not Found")
    if writes and found.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    if writes and not found.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    return found


def _issue(tracker: Tracker, of: dict[str, str]) -> dict[str, Any]:
    found = tracker.issues.get(int(of["number"]))
    if found is None:
        deleted = int(of["number"]) <= tracker.last
        raise Refused(410, "This issue was deleted") if deleted else Refused(404, "Not Found")
    return found


def _shown(tracker: Tracker, row: dict[str, Any]) -> dict[str, Any]:
    named = [tracker.labels.get(name.lower(), {"name": name}) for name in row["labels"]]
    return {**{key: value for key, value in row.items() if key != "comments"}, "labels": named}


def _fits(fields: dict[str, Any]) -> None:
    title, body = fields.get("title"), fields.get("body")
    if title is not None and not 0 < len(title.encode("utf-16-le")) // 2 <= LONGEST_TITLE:
        raise Invalid(f"title is too long (maximum is {LONGEST_TITLE} characters)")
    if body is not None and len(body) > LONGEST_BODY:
        raise Invalid(f"body is too long (maximum is {LONGEST_BODY} characters)")
    if fields.get("state", "open") not in _STATES or fields.get("state_reason") not in _REASONS:
        raise Invalid("state or state_reason is none of the enumeration")


def _labelled(tracker: Tracker, row: dict[str, Any], names: list[str]) -> None:
    """Labels that there are not are made; without push access all are dropped."""
    for name in names if tracker.pushes else []:
        tracker.labels.setdefault(name.lower(), {"name": name, "color": "ededed", "description": None})
        if name.lower() not in [had.lower() for had in row["labels"]]:
            row["labels"].append(name)


def added(tracker: Tracker, title: str, body: str | None, labels: list[str], **more: Any) -> dict[str, Any]:
    """A new issue."""
    row: dict[str, Any] = {"title": title, "body": body, "state": "open", "state_reason": None, "labels": []}
    _labelled(tracker, row, labels)
    tracker.last += 1
    tracker.issues[tracker.last] = {"number": tracker.last, **row, "comments": [], **more}
    return tracker.issues[tracker.last]


@route(f"GET {_R}/installation", "jwt")
def installation(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    _tracker(github, of)
    return Answer.of({"id": 77})


@route(f"GET {_R}/issues", "issues:read")
def listed(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    """Issues and pull requests that have all of the labels: open ones, the newest first, unless asked otherwise."""
    tracker = _tracker(github, of)
    wanted = {name.lower() for name in asked.query.get("labels", "").split(",") if name}
    state = asked.query.get("state", "open")
    rows = [
        _shown(tracker, row)
        for row in sorted(tracker.issues.values(), key=lambda row: int(row["number"]))
        if state in ("all", row["state"]) and wanted <= {name.lower() for name in row["labels"]}
    ]
    return paged(github, asked, rows if asked.query.get("direction", "desc") == "asc" else rows[::-1])


@route(f"POST {_R}/issues", "issues:write")
def created(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    tracker, fields = _tracker(github, of, writes=True), asked.json
    _fits(fields)
    if not isinstance(fields.get("title"), str):
        raise Invalid("title is missing")
    row = added(tracker, fields["title"], fields.get("body"), fields.get("labels", []))
    return Answer.of(_shown(tracker, row), 201)


@route(f"PATCH {_R}/issues/{{number}}", "issues:write")
def changed(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    tracker = _tracker(github, of, writes=True)
    row, fields = _issue(tracker, of), asked.json
    _fits(fields)
    row.update({key: fields[key] for key in ("title", "body", "state", "state_reason") if key in fields})
    return Answer.of(_shown(tracker, row))


@route(f"GET {_R}/issues/{{number}}/comments", "issues:read")
def comments(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    return paged(github, asked, _issue(_tracker(github, of), of)["comments"])


@route(f"POST {_R}/issues/{{number}}/comments", "issues:write")
def commented(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    row = _issue(_tracker(github, of, writes=True), of)
    if row.get("locked"):
        raise Refused(403, "Unable to create comment because issue is locked.")
    _fits(asked.json)
    row["comments"].append({"id": len(row["comments"]) + 1, "body": asked.json["body"]})
    return Answer.of(row["comments"][-1], 201)


@route(f"POST {_R}/issues/{{number}}/labels", "issues:write")
def marked(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    tracker = _tracker(github, of, writes=True)
    row = _issue(tracker, of)
    _labelled(tracker, row, asked.json["labels"])
    return Answer.of(_shown(tracker, row)["labels"])


@route(f"DELETE {_R}/issues/{{number}}/labels/{{name}}", "issues:write")
def unmarked(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    tracker = _tracker(github, of, writes=True)
    row = _issue(tracker, of)
    left = [name for name in row["labels"] if name.lower() != of["name"].lower()]
    if len(left) == len(row["labels"]):
        raise Refused(404, "Label does not exist")
    row["labels"] = left
    return Answer.of(_shown(tracker, row)["labels"])


@route(f"GET {_R}/labels/{{name}}", "issues:read")
def label(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    found = _tracker(github, of).labels.get(of["name"].lower())
    if found is None:
        raise Refused(404, "Not Found")
    return Answer.of(found)


@route(f"POST {_R}/labels", "issues:write")
def labelled(github: GitHub, asked: Request, of: dict[str, str]) -> Answer:
    tracker, fields = _tracker(github, of, writes=True), asked.json
    if fields["name"].lower() in tracker.labels:
        raise Invalid("already_exists")
    if not tracker.pushes:
        raise Refused(404, "Not Found")
    tracker.labels[fields["name"].lower()] = fields
    return Answer.of(fields, 201)
