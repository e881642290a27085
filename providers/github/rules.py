"""What binds changes of the default branch: branch protection, and rulesets of the repository and the organization.

GitHub answers 404 both for what is not there and for what the caller may not know. Of branch protection the message
"Branch not protected" says that there is none; "Branch not found" is believed of a repository whose commits answer
409, which documents that it is empty. Everything else is a denial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, MISSING, Reader, Resource, Unread, attribute
from providers.github.errors import Answered, MalformedAnswer
from providers.github.repositories import CODEOWNERS, COMMITS, REPOSITORY

if TYPE_CHECKING:
    from providers.github.caller import Caller

TYPES: Final[tuple[()]] = ()
PROTECTION: Final = "GET /repos/{owner}/{repo}/branches/{branch}/protection"
RULES: Final = "GET /repos/{owner}/{repo}/rules/branches/{branch}"
RULESET: Final = "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}"
TREE: Final = "GET /repos/{owner}/{repo}/git/trees/{tree_sha}"
FILE: Final = "CODEOWNERS"
PLACES: Final = (".github", "docs")
UNPROTECTED: Final = "Branch not protected"
NO_BRANCH: Final = "Branch not found"
EMPTY: Final = 409
"""Status of the commits of an empty repository ("Git Repository is empty.")."""
UNBOUND: Final = frozenset({"always", "exempt"})
"""The bypass modes by which an actor need not even open a pull request."""


def _protection(github: Caller, repository: Resource) -> Mapping[str, Any]:
    branch = repository.properties["default_branch"]
    try:
        told = github.optional(PROTECTION, {UNPROTECTED: None}, repository=repository.id, branch=branch)
    except Answered as error:
        if error.status != 404 or error.message != NO_BRANCH or not _is_empty(github, repository.id):
            raise
        return {"protection": None}
    return {"protection": None if told is None else _protected(told)}


def _is_empty(github: Caller, repository: str) -> bool:
    try:
        next(github.items(COMMITS, {"per_page": 1}, repository=repository), None)
    except Answered as error:
        return error.status == EMPTY
    return False


def _protected(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a protected branch asks for; what it does not ask for, its documentation leaves out.

    So an answer of something else would ask for nothing: that it is one of a protection, its own address says.
    """
    if not isinstance(told["url"], str):
        raise TypeError("url")
    reviews, checks = told.get("required_pull_request_reviews"), told.get("required_status_checks")
    found = {
        "enforce_admins": _enabled(told, "enforce_admins"),
        "allow_force_pushes": _enabled(told, "allow_force_pushes"),
        "approvals": None,
        "code_owner_review": False,
        "required_checks": [] if checks is None else _contexts(checks),
    }
    if reviews is None:
        return found
    # Of a rule that asks for reviews of code owners alone, or of nobody, the count may not be there.
    asked = reviews.get("required_approving_review_count", MISSING)
    return {**found, "approvals": asked, "code_owner_review": attribute(reviews, "require_code_owner_reviews")}


def _enabled(told: Mapping[str, Any], name: str) -> Any:
    """A switch; the documentation allows one that is off to be left out."""
    return attribute(told[name], "enabled") if told.get(name) is not None else False


def _contexts(told: Mapping[str, Any]) -> list[str]:
    """The names of required checks: with their apps as ``checks``, and as ``contexts`` where those are not there."""
    checks = told.get("checks")
    return [row["context"] for row in checks] if checks is not None else list(told["contexts"])


def _rules(github: Caller, repository: Resource) -> Mapping[str, Any]:
    branch = repository.properties["default_branch"]
    return {
        "branch_rules": [
            _rule(row["type"], row["ruleset_id"], row.get("parameters") or {})
            for row in github.items(RULES, repository=repository.id, branch=branch)
        ]
    }


def _rule(type_: str, ruleset: int, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    reviews, checks = type_ == "pull_request", type_ == "required_status_checks"
    return {
        "type": type_,
        "ruleset_id": ruleset,
        "approvals": attribute(parameters, "required_approving_review_count") if reviews else None,
        "code_owner_review": attribute(parameters, "require_code_owner_review") if reviews else False,
        "required_checks": [row["context"] for row in parameters["required_status_checks"]] if checks else [],
    }


def _rulesets(github: Caller, repository: Resource) -> Mapping[str, Any]:
    """The rulesets that the branch's rules come from, and how many actors each of them does not bind."""
    types: dict[int, list[str]] = {}
    for rule in repository.properties["branch_rules"]:
        types.setdefault(rule["ruleset_id"], []).append(rule["type"])
    return {
        "rulesets": [
            {"id": id_, "rules": rules, "unbound_actors": _unbound(github, repository.id, id_)}
            for id_, rules in sorted(types.items())
        ]
    }


def _unbound(github: Caller, repository: str, id_: int) -> int | Unread:
    told = github.part(RULESET, lambda: github.get(RULESET, repository=repository, ruleset_id=id_), "metadata:read")
    if isinstance(told, Unread):
        return told
    actors = told.get("bypass_actors")
    if actors is None:
        return Unread("missing_attribute", RULESET, None, "bypass_actors is shown to who may edit the ruleset")
    return sum(actor["bypass_mode"] in UNBOUND for actor in actors)


def _code_owners(github: Caller, repository: Resource) -> Mapping[str, Any]:
    """Whether a CODEOWNERS file names who must review, and how many errors are in it.

    404 documents that there is none, and is what the caller may not know, too: the tree of the branch decides.
    """
    branch = repository.properties["default_branch"]
    try:
        errors = github.get(CODEOWNERS, {"ref": branch}, repository=repository.id)["errors"]
    except Answered as error:
        if error.status != 404 or _names_owners(github, repository.id, branch):
            raise
        return {"code_owners_file": False, "code_owners_errors": 0}
    return {"code_owners_file": True, "code_owners_errors": len(errors)}


def _names_owners(github: Caller, repository: str, branch: str) -> bool:
    """Whether there is a CODEOWNERS file where GitHub looks for one: at the top, in .github or in docs."""
    try:
        top = _tree(github, repository, branch)
    except Answered as error:
        if error.status == EMPTY:
            return False
        raise
    return FILE in top or any(FILE in _tree(github, repository, top[name]) for name in PLACES if name in top)


def _tree(github: Caller, repository: str, tree: str) -> Mapping[str, str]:
    """The names in a tree of a commit, and what they name."""
    told = github.get(TREE, repository=repository, tree_sha=tree)
    if told["truncated"] is not False:
        raise MalformedAnswer(TREE, "a tree that is not whole", temporary=False)
    return {row["path"]: row["sha"] for row in told["tree"]}


def _of(
    operations: tuple[str, ...], fills: tuple[str, ...], read: Any, permissions: tuple[str, ...], need: str
) -> Reader:
    return Reader(
        operations=operations,
        read=read,
        per="resource",
        where=GLOBAL,
        of=REPOSITORY,
        fills={REPOSITORY: fills},
        permissions=permissions,
        needs=(need,),
    )


READERS: Final = (
    _of(
        (PROTECTION, COMMITS),
        ("protection",),
        _protection,
        ("administration:read", "contents:read"),
        "default_branch",
    ),
    _of((RULES,), ("branch_rules",), _rules, ("metadata:read",), "default_branch"),
    _of((RULESET,), ("rulesets",), _rulesets, ("metadata:read",), "branch_rules"),
    _of(
        (CODEOWNERS, TREE),
        ("code_owners_file", "code_owners_errors"),
        _code_owners,
        ("contents:read", "contents:read"),
        "default_branch",
    ),
)
