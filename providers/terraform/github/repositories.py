"""Repositories, what scans them, and the environments that are deployed to from them.

Source: documentation of the provider integrations/github, github_repository, github_repository_environment.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.github.environments import ENVIRONMENT
from providers.github.repositories import REPOSITORY
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Where

_DOC: Final = "provider documentation"
_OWNER_DECIDES: Final = Unread("known_after_apply", detail="the organization's defaults decide")
_NOT_HELD: Final = Unread("not_collected", detail="this plan does not hold it")


def _status(name: str) -> Derived:
    path = f"security_and_analysis.{name}.status"

    def read(block: Block) -> Any:
        value = block.get(path, _OWNER_DECIDES, optional=True)
        return value if isinstance(value, Unread) else value == "enabled"

    return Derived((path,), read)


def _disabled(block: Block) -> Any:
    # Whether GitHub has shut a repository that is there, the provider does not tell.
    return _NOT_HELD if isinstance(block.get("id", None, computed=False), str) else False


def _full(block: Block, where: Where) -> Any:
    name = block.get("name", None, computed=False)
    return f"{where.account}/{name}" if isinstance(name, str) and where.account is not None else None


def _own_full(block: Block) -> Any:
    owner, name = block.referring.place()[0], block.get("name", None, computed=False)
    return f"{owner}/{name}" if isinstance(name, str) and owner is not None else None


def _repository(block: Block) -> Any:
    owner, name = block.referring.place()[0], block.get("repository", computed=False)
    if isinstance(name, Unread):
        return name
    return f"{owner}/{name}" if owner is not None else _NOT_HELD


def _archived(block: Block) -> Any:
    found = block.named("repository", "github_repository")
    if isinstance(found, Unread) or len(found) != 1:
        return found if isinstance(found, Unread) else _NOT_HELD
    return found[0].get("archived", False)


def _environment(block: Block, where: Where) -> Any:
    names = [block.get(key, None, computed=False) for key in ("repository", "environment")]
    told = where.account is not None and all(isinstance(name, str) for name in names)
    return f"{where.account}/{names[0]}/environments/{names[1]}" if told else None


def _reviewers(block: Block) -> Any:
    """How many users and teams are named."""
    rows = block.blocks("reviewers")
    if isinstance(rows, Unread):
        return rows
    named = [row.get(kind, []) for row in rows for kind in ("teams", "users")]
    unread = next((names for names in named if isinstance(names, Unread)), None)
    return unread if unread is not None else sum(len(names) for names in named)


def _prevented(block: Block) -> Any:
    reviewers = _reviewers(block)
    return False if reviewers == 0 else block.get("prevent_self_review", False, optional=True)


MAPPINGS: Final = (
    Mapping(
        type=REPOSITORY,
        terraform="github_repository",
        keys=("id", "name", "full_name"),
        name=Derived(("name",), _own_full),
        identity=_full,
        properties={
            "archived": Attribute("archived", False, _DOC),
            "disabled": Derived((), _disabled, "GitHub shuts no new repository"),
            "secret_scanning": _status("secret_scanning"),
            "secret_push_protection": _status("secret_scanning_push_protection"),
            "vulnerability_alerts": Attribute("vulnerability_alerts", _OWNER_DECIDES, _DOC),
        },
    ),
    Mapping(
        type=ENVIRONMENT,
        terraform="github_repository_environment",
        keys=("id",),
        name=Attribute("environment", None),
        identity=_environment,
        properties={
            "repository": Derived(("repository",), _repository),
            "archived": Derived(("repository",), _archived, _DOC),
            "reviewers": Derived(("reviewers.teams", "reviewers.users"), _reviewers),
            "prevent_self_review": Derived(("prevent_self_review",), _prevented, _DOC),
        },
    ),
)
